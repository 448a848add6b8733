"""Turns the records of the panel BAM into fragments whose placements say how well the panel explains them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import pysam

from aspsfusion.evidence.fragments import Placement
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Panel

_CIGAR = re.compile(r"(\d+)([MIDNSHP=X])")
_NO_LIMIT = 1 << 30


class ContigBases:
    """The panel's sequences as bytes, made when first asked for."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._bases: dict[str, bytes] = {}

    def __getitem__(self, contig: str) -> bytes:
        if contig not in self._bases:
            self._bases[contig] = self._panel.sequence_of(contig).encode("ascii")
        return self._bases[contig]


def as_sequenced(record: pysam.AlignedSegment) -> str:
    """Return the bases of a record in the order of sequencing."""
    sequence = record.query_sequence or ""
    return reverse_complement(sequence) if record.is_reverse else sequence


def read_placements(
    records: Iterable[pysam.AlignedSegment], contigs: ContigBases, ranks: Mapping[str, int]
) -> tuple[Placement, ...]:
    """Return every placement of one read: its records and the alternatives in their XA tags.

    Args:
        records: primary and supplementary records of the read.
        contigs: the panel's sequences.
        ranks: order of preference among equal contigs.

    Returns:
        Placements, fewest edits first, then by rank and position.
    """
    found: dict[tuple[str, bool, int, str], Placement] = {}
    for record in records:
        if record.is_unmapped:
            continue
        sequence = record.query_sequence or ""
        turned = ""
        for contig, reverse, start, cigar, edits in _hits(record):
            key = (contig, reverse, start, cigar)
            if key in found:
                continue
            if reverse != record.is_reverse and not turned:
                turned = reverse_complement(sequence)
            bases = turned if reverse != record.is_reverse else sequence
            found[key] = _placement(contig, reverse, start, cigar, edits, bases, contigs[contig])
    return tuple(
        sorted(found.values(), key=lambda p: (p.edits, ranks[p.contig], p.start, p.query_start, p.reverse))
    )


def _hits(record: pysam.AlignedSegment) -> Iterator[tuple[str, bool, int, str, int]]:
    """Yield contig, strand, 0-based start, CIGAR and edits of a record and its alternatives."""
    yield (
        str(record.reference_name),
        record.is_reverse,
        record.reference_start,
        str(record.cigarstring),
        int(record.get_tag("NM")),
    )
    if record.has_tag("XA"):
        for hit in str(record.get_tag("XA")).rstrip(";").split(";"):
            contig, position, cigar, edits = hit.split(",")
            yield contig, position[0] == "-", int(position[1:]) - 1, cigar, int(edits)


@lru_cache(maxsize=4096)
def _shape(cigar: str) -> tuple[int, int, int]:
    """Return the bases clipped in front and behind, and the contig bases covered."""
    operations = [(int(length), operation) for length, operation in _CIGAR.findall(cigar)]
    front = operations[0][0] if operations[0][1] == "S" else 0
    back = operations[-1][0] if operations[-1][1] == "S" else 0
    return front, back, sum(length for length, operation in operations if operation in "MDN=X")


def _placement(
    contig: str, reverse: bool, start: int, cigar: str, edits: int, bases: str, reference: bytes
) -> Placement:
    """Make a placement, the clipped ends compared with the contig as if the read went on in it."""
    front, back, covered = _shape(cigar)
    end = start + covered
    if front:
        edits += mismatches_at(bases[:front].encode("ascii"), reference, start - front, _NO_LIMIT)
    if back:
        edits += mismatches_at(bases[len(bases) - back :].encode("ascii"), reference, end, _NO_LIMIT)
    return Placement(contig, reverse, start, end, front, len(bases) - back, edits)
