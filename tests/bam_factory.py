"""Writes reads that a test has made as unaligned or aligned BAM, CRAM and SAM files.

Alignments are made up: positions, clips and flags need not fit the reads, since extraction must not depend
on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pysam

from aspsfusion.io.fasta import reverse_complement

GRCH38_LENGTHS = {"chr1": 248956422, "chr17": 83257441, "chrX": 156040895}
GRCH37_LENGTHS = {"1": 249250621, "17": 81195210, "X": 155270560}
MOUSE_LENGTHS = {"chr1": 195471971, "chr2": 182113224, "chrX": 171031299}
UNALIGNED: dict[str, int] = {}

PAIRED, PROPER, UNMAPPED, MATE_UNMAPPED, REVERSE, MATE_REVERSE = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20
FIRST, SECOND, SECONDARY, SUPPLEMENTARY = 0x40, 0x80, 0x100, 0x800


@dataclass(frozen=True)
class Record:
    """A record of a BAM file.

    Attributes:
        name: read name.
        bases: bases in the order of sequencing.
        flag: flags of the SAM specification.
        contig: where it is placed, None for an unmapped read.
        position: its first aligned base, 0-based.
        cigar: operations; all bases match by default.
        qualities: as in FASTQ; `I` throughout by default.
        tags: further tags.
        mate: contig and 0-based position that it states of its mate.
    """

    name: str
    bases: str
    flag: int = UNMAPPED
    contig: str | None = None
    position: int = -1
    cigar: str = ""
    qualities: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    mate: tuple[str, int] | None = None


def pair(name: str, first: str, second: str) -> list[Record]:
    """An unaligned pair."""
    both = PAIRED | UNMAPPED | MATE_UNMAPPED
    return [Record(name, first, both | FIRST), Record(name, second, both | SECOND)]


def placed(record: Record, contig: str, position: int, *, reverse: bool = False, cigar: str = "") -> Record:
    """The record with a position."""
    flag = record.flag & ~UNMAPPED | (REVERSE if reverse else 0)
    return replace(record, flag=flag, contig=contig, position=position, cigar=cigar)


def placed_pair(name: str, first: str, second: str, contig: str, position: int) -> list[Record]:
    """A pair that lies properly on a contig."""
    one, two = pair(name, first, second)
    flag = PAIRED | PROPER
    return [
        replace(
            placed(one, contig, position), flag=flag | FIRST | MATE_REVERSE, mate=(contig, position + 100)
        ),
        replace(placed(two, contig, position + 100), flag=flag | SECOND | REVERSE, mate=(contig, position)),
    ]


def write_records(
    path: Path,
    records: Sequence[Record],
    lengths: dict[str, int] = UNALIGNED,
    program: str = "aligner",
    reference: Path | None = None,
    options: Sequence[str] = (),
    command: str = "",
) -> Path:
    """Write records as they stand; the format follows from the file's suffix."""
    header = pysam.AlignmentHeader.from_dict(
        {
            "HD": {"VN": "1.6", "SO": "unsorted"},
            "SQ": [{"SN": name, "LN": length} for name, length in lengths.items()],
            "PG": [{"ID": program, "PN": program, **({"CL": command} if command else {})}],
        }
    )
    mode = {".bam": "wb", ".cram": "wc", ".sam": "w"}[path.suffix]
    with pysam.AlignmentFile(
        str(path),
        mode,
        header=header,
        reference_filename=None if reference is None else str(reference),
        format_options=list(options) or None,
    ) as out:
        for record in records:
            out.write(aligned_segment(record, header))
    return path


def aligned_segment(record: Record, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    """The record as pysam has it: bases and qualities of a reverse read are turned round."""
    segment = pysam.AlignedSegment(header)
    segment.query_name = record.name
    segment.flag = record.flag
    reverse = bool(record.flag & REVERSE)
    qualities = record.qualities or "I" * len(record.bases)
    segment.query_sequence = reverse_complement(record.bases) if reverse else record.bases
    if record.bases:
        segment.query_qualities_str = qualities[::-1] if reverse else qualities
    segment.reference_id = -1 if record.contig is None else header.get_tid(record.contig)
    segment.reference_start = record.position
    segment.next_reference_id = -1 if record.mate is None else header.get_tid(record.mate[0])
    segment.next_reference_start = -1 if record.mate is None else record.mate[1]
    if record.contig is not None and not record.flag & UNMAPPED:
        segment.cigarstring = record.cigar or f"{len(record.bases)}M"
        segment.mapping_quality = 60
    for tag, value in record.tags:
        segment.set_tag(tag, value, "Z")
    return segment
