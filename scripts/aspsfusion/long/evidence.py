"""Reads the BAM of a sample of long reads and writes its evidence."""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import get_args

import pysam

from aspsfusion.config import CallParameters
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.long_reads import LongPlatform
from aspsfusion.evidence.placements import (
    LONG_READS,
    UMI_TAG,
    as_sequenced,
    fragment_number,
    label_of,
    primary_record,
    require_same_panel,
)
from aspsfusion.io.bam import sort_bam
from aspsfusion.io.files import replacing
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.long.collector import Collector, LongRead
from aspsfusion.long.pieces import in_order, piece_of
from aspsfusion.panel.panel import load_panel


def _platform(stream: pysam.AlignmentFile) -> LongPlatform | None:
    """Return the platform of a BAM of long reads, None for one of short reads."""
    comments = stream.header.to_dict().get("CO", [])
    return next((name for name in get_args(LongPlatform) if f"{LONG_READS}{name}" in comments), None)


def is_long(bam: Path) -> bool:
    """Tell whether a BAM is of long reads; False for what cannot be read, which is for others to say."""
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            return _platform(stream) is not None
    except (OSError, ValueError):
        return False


def run_long_evidence(
    panel_directory: Path,
    bam: Path,
    output: Path,
    parameters: CallParameters,
    *,
    by_number: bool = False,
    force: bool = False,
) -> Evidence:
    """Collect the evidence of one sample of long reads and write it; see `evidence.run_evidence`.

    Args:
        panel_directory: that the BAM was aligned to.
        bam: BAM written by `aspsfusion align`.
        output: gzip JSON to write.
        parameters: thresholds of the call.
        by_number: whether the records are in the order of the reads.
        force: replace an existing file.

    Raises:
        ReadsError: the BAM cannot be read or belongs to another panel.
    """
    panel = load_panel(panel_directory)
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        require_same_panel(panel, stream.references, bam)
        platform = _platform(stream) or "long"
    with scratch_directory() as scratch:
        ordered = bam
        if not by_number:
            ordered = scratch / "by_number.bam"
            sort_bam(bam, ordered, scratch, "-n", "-l", "1", remedy="run 'aspsfusion align' again")
        collector = Collector(panel, parameters)
        for read in reads_of(ordered):
            collector.add(read)
        evidence = collector.evidence(platform)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


def reads_of(bam: Path) -> Iterator[LongRead]:
    """Yield the reads of a BAM in which the records of each follow each other."""
    with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
        for number, records in groupby(stream, key=lambda record: fragment_number(record, bam)):
            group = list(records)
            first = primary_record(group)
            label = label_of(first)
            tag = str(first.get_tag(UMI_TAG)) if first.has_tag(UMI_TAG) else ""
            pieces = in_order(piece_of(record) for record in group if not record.is_unmapped)
            yield LongRead(number, label, tag, as_sequenced(first), pieces)
