"""Reads the BAM of a sample of long reads and writes its evidence."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import pysam

from aspsfusion.config import CallParameters
from aspsfusion.evidence.evidence_file import Evidence, write_evidence
from aspsfusion.evidence.long_reads import LongPlatform
from aspsfusion.evidence.placements import (
    LONG_READS,
    UMI_TAG,
    as_sequenced,
    label_of,
    primary_record,
    records_by_number,
)
from aspsfusion.io.files import replacing
from aspsfusion.io.records import Records
from aspsfusion.long.collector import Collector, LongRead
from aspsfusion.long.pieces import in_order, piece_of
from aspsfusion.panel.panel import Panel, load_panel


def _platform(header: Mapping[str, Any]) -> LongPlatform | None:
    comments = header.get("CO", [])
    return next((name for name in get_args(LongPlatform) if f"{LONG_READS}{name}" in comments), None)


def is_long(bam: Path) -> bool:
    """Tell whether a BAM is of long reads; False for what cannot be read, which is for others to say."""
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            return _platform(stream.header.to_dict()) is not None
    except (OSError, ValueError):
        return False


def run_long_evidence(
    panel_directory: Path,
    bam: Path,
    output: Path,
    parameters: CallParameters,
    *,
    force: bool = False,
) -> Evidence:
    """Collect the evidence of one sample of long reads and write it; see `evidence.run_evidence`.

    Raises:
        ReadsError: the BAM cannot be read or belongs to another panel.
    """
    panel = load_panel(panel_directory)
    evidence = collect_long_evidence(panel, records_by_number(panel, bam), parameters)
    with replacing(output, force=force) as draft:
        write_evidence(evidence, draft)
    return evidence


def collect_long_evidence(panel: Panel, records: Records, parameters: CallParameters) -> Evidence:
    """Collect the evidence of the long reads of a sample from their records, which are in their order."""
    collector = Collector(panel, parameters)
    for read in reads_of(records):
        collector.add(read)
    return collector.evidence(_platform(records.header) or "long")


def reads_of(records: Records) -> Iterator[LongRead]:
    """Yield the reads of a sample."""
    header = pysam.AlignmentHeader.from_dict(records.header)
    segments = (pysam.AlignedSegment.fromstring(line, header) for line in records.lines())
    for name, own in groupby(segments, key=lambda record: record.query_name):
        group = list(own)
        first = primary_record(group)
        tag = str(first.get_tag(UMI_TAG)) if first.has_tag(UMI_TAG) else ""
        pieces = in_order(piece_of(record) for record in group if not record.is_unmapped)
        yield LongRead(int(str(name)), label_of(first), tag, as_sequenced(first), pieces)
