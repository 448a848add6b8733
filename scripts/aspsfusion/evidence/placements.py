"""Reads the records of the panel BAM: a read's bases, its tags, and all its placements."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pysam

from aspsfusion.errors import ReadsError
from aspsfusion.evidence.fragments import Placement
from aspsfusion.io.bam import open_alignments, records_of, sort_bam
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.io.records import Records, packed
from aspsfusion.io.temporary import scratch_directory
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Panel

MERGED_TAG = "YM"
"""BAM tag of a read that two overlapping mates were merged into."""

UMI_TAG = "RX"
"""BAM tag of the UMI, as the SAM specification has it."""

DECLARED_UMIS = "UMIs by the read structures "
"""Begins the comment in the header of a BAM whose UMIs are those of read structures and no others."""

LONG_READS = "long reads of platform "
"""Begins the comment in the header of a BAM of long reads, whose records are the pieces of each read."""

LEAST_KNOWN = 20
MOST_ALIKE = 0.8
"""Known bases of a read that may say something, and the share of one base from which it says nothing."""

LABEL_TAG = "YN"
"""BAM tag of the read's own name: between the stages a record is named by the number of its fragment."""

NO_LIMIT = 1 << 30
"""As limit of `mismatches_at`: all mismatches are counted."""

RecordGroup = list[pysam.AlignedSegment]
"""The primary and the supplementary records of one read."""

PART_RECORDS = 10_000
"""Records after which a part of a file ends, with the fragment."""

_CIGAR = re.compile(r"(\d+)([MIDNSHP=X])")


class ContigBases:
    """The panel's sequences as bytes, made when first asked for."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._bases: dict[str, bytes] = {}

    def __getitem__(self, contig: str) -> bytes:
        if contig not in self._bases:
            self._bases[contig] = self._panel.sequence_of(contig).encode("ascii")
        return self._bases[contig]


def panel_contigs(panel: Panel) -> list[str]:
    """Return the names of the panel's sequences in the order of the panel BAM."""
    return [*panel.transcripts, *(unspliced.key for unspliced in panel.unspliced.values()), *panel.decoys]


def require_same_panel(panel: Panel, names: Iterable[str], bam: Path) -> None:
    """Refuse a BAM whose sequences are not those of the panel.

    Raises:
        ReadsError: they differ.
    """
    if list(names) != panel_contigs(panel):
        raise ReadsError(
            "was aligned to another panel", path=bam, remedy="run 'aspsfusion align' with this panel"
        )


def primary_record(records: RecordGroup) -> pysam.AlignedSegment:
    """Return the primary record of a read."""
    return next(r for r in records if not (r.is_supplementary or r.is_secondary))


def fragment_number(name: str, bam: Path) -> int:
    """Return the number of a fragment by the name of its records.

    Raises:
        ReadsError: the record is not named by a number.
    """
    if not (name.isascii() and name.isdecimal()):
        raise ReadsError(
            f"names a read {name[:40]!r}, and not by the number of its fragment",
            path=bam,
            remedy="run 'aspsfusion screen' and 'aspsfusion align' again",
        )
    return int(name)


def records_in(panel: Panel, bam: Path) -> Records:
    """Read a BAM that `aspsfusion align` wrote.

    Raises:
        ReadsError: it cannot be read, was aligned to another panel, or a record is not named by a number.
    """
    parts: list[bytes] = []
    held: list[pysam.AlignedSegment] = []
    with open_alignments(bam) as stream:
        require_same_panel(panel, stream.references, bam)
        for name, records in groupby(records_of(stream, bam), key=lambda record: str(record.query_name)):
            fragment_number(name, bam)
            if len(held) >= PART_RECORDS:
                parts.append(packed(held))
                held = []
            held += records
        return Records(stream.header.to_dict(), [*parts, packed(held)])


def records_by_number(panel: Panel, bam: Path) -> Records:
    """Read a BAM that `aspsfusion align` wrote, in the order of the fragments; see `records_in`."""
    try:
        with pysam.AlignmentFile(str(bam), check_sq=False) as stream:
            names = list(stream.references)
    except (OSError, ValueError) as error:
        raise ReadsError(
            f"cannot be read ({error})", path=bam, remedy="run 'aspsfusion align' again"
        ) from error
    require_same_panel(panel, names, bam)
    with scratch_directory() as scratch:
        ordered = scratch / "by_number.bam"
        sort_bam(bam, ordered, scratch, "-n", "-l", "1", remedy="run 'aspsfusion align' again")
        return records_in(panel, ordered)


def label_of(record: pysam.AlignedSegment) -> str:
    """Return the read's own name that a record of the panel BAM carries, empty without one."""
    return str(record.get_tag(LABEL_TAG)) if record.has_tag(LABEL_TAG) else ""


def says_nothing(records: RecordGroup) -> bool:
    """Tell whether a read has no place on the panel and no sequence that could have one.

    So are reads that are empty, not known (N), or of one base nearly throughout, as the second mates of dark
    cycles are.
    """
    record = primary_record(records)
    if not record.is_unmapped:
        return False
    known = [base for base in record.query_sequence or "" if base in "ACGT"]
    return len(known) < LEAST_KNOWN or max(map(known.count, "ACGT")) >= MOST_ALIKE * len(known)


def as_sequenced(record: pysam.AlignedSegment) -> str:
    """Return the bases of a record in the order of sequencing."""
    sequence = record.query_sequence or ""
    return reverse_complement(sequence) if record.is_reverse else sequence


def read_placements(
    records: Iterable[pysam.AlignedSegment], contigs: ContigBases, ranks: Mapping[str, int]
) -> tuple[Placement, ...]:
    """Return every placement of one read: its records and the alternatives in their XA tags.

    Returns:
        Placements, fewest edits first, then by rank and position.
    """
    found: dict[_Hit, Placement] = {}
    for record in records:
        if record.is_unmapped:
            continue
        sequence = record.query_sequence or ""
        turned = ""
        for hit, edits in _hits(record):
            if hit in found:
                continue
            if hit.reverse != record.is_reverse and not turned:
                turned = reverse_complement(sequence)
            bases = turned if hit.reverse != record.is_reverse else sequence
            found[hit] = _placement(hit, edits, bases, contigs[hit.contig])
    return tuple(
        sorted(found.values(), key=lambda p: (p.edits, ranks[p.contig], p.start, p.query_start, p.reverse))
    )


class _Hit(NamedTuple):
    """An alignment as the aligner wrote it; `start` is 0-based."""

    contig: str
    reverse: bool
    start: int
    cigar: str


def _hits(record: pysam.AlignedSegment) -> Iterator[tuple[_Hit, int]]:
    """Yield the alignment of a record and the alternatives in its XA tag, each with its edits."""
    yield (
        _Hit(str(record.reference_name), record.is_reverse, record.reference_start, str(record.cigarstring)),
        int(record.get_tag("NM")),
    )
    if record.has_tag("XA"):
        for entry in str(record.get_tag("XA")).rstrip(";").split(";"):
            contig, position, cigar, edits = entry.split(",")
            yield _Hit(contig, position[0] == "-", int(position[1:]) - 1, cigar), int(edits)


@lru_cache(maxsize=4096)
def _shape(cigar: str) -> tuple[int, int, int]:
    """Return the bases soft-clipped at the left and at the right end, and the contig bases covered."""
    operations = [(int(length), operation) for length, operation in _CIGAR.findall(cigar)]
    left = operations[0][0] if operations[0][1] == "S" else 0
    right = operations[-1][0] if operations[-1][1] == "S" else 0
    return left, right, sum(length for length, operation in operations if operation in "MDN=X")


def _placement(hit: _Hit, edits: int, bases: str, reference: bytes) -> Placement:
    """Return a placement; clipped ends are compared with the contig as if the read went on in it."""
    left, right, covered = _shape(hit.cigar)
    end = hit.start + covered
    if left:
        edits += mismatches_at(bases[:left].encode("ascii"), reference, hit.start - left, NO_LIMIT)
    if right:
        edits += mismatches_at(bases[len(bases) - right :].encode("ascii"), reference, end, NO_LIMIT)
    return Placement(hit.contig, hit.reverse, hit.start, end, left, len(bases) - right, edits)
