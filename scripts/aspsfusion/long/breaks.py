"""Finds where a long read goes from one piece to another, and names what library preparation makes of that.

A read of cDNA may hold more than one molecule: two that were joined end to end, or over a primer, or over the
tail of the first (concatemers); one that was primed at a run of A inside a transcript (internal priming); one
that is read back on its other strand (strand switch). None of these joins is in the RNA.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.long.pieces import OUTER, Piece
from aspsfusion.native import align_across
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import DECOY

Artefact = Literal["concatemer", "internal priming", "strand switch"]

PRIMERS = (
    "ACTTGCCTGTCGCTCTATCTTC",
    "TTTCTGTTGGTGCTGATATTGCTGGG",
    "AAGCAGTGGTATCAACGCAGAGTAC",
    "GCAATGAAGTCGCAGGGTTGGG",
    "CTACACGACGCTCTTCCGATCT",
)
"""Primers of cDNA for long reads: VNP and SSP (Oxford Nanopore, as in pychopper), SMARTer IIA (Takara, and
in template switch oligos), 5' primer of Iso-Seq (PacBio), read 1 of 10x Genomics."""

PRIMER_EDITS = 0.25
"""Share of edits up to which a primer is found."""

TAIL, TAIL_BASES = 15, 12
"""Bases in which so many A, or T, are a tail."""

RICH, RICH_BASES = 20, 12
"""Bases of a gene after its piece in which so many A may have primed synthesis."""

MOST_BETWEEN = 500
"""Bases between two pieces above which they are of two molecules; a cryptic exon has fewer."""

REPEATED = 50
"""Bases that a read shows of a gene for the second time from which it holds two molecules of it."""

LISTED_REACH = 10
"""Bases by which a piece's end may be off a listed junction, whose place excuses it."""


BESIDE = 5
"""Bases of the pieces that are looked at with those between them: an aligner's piece may run over its end."""


class Break(NamedTuple):
    """A change of a read from one gene to another, in the direction of the genes.

    Attributes:
        five: piece of the gene that comes first.
        three: piece of the other gene.
        reverse: whether the read is antisense to them.
        artefact: by its name; empty for a candidate.
    """

    five: Piece
    three: Piece
    reverse: bool
    artefact: Artefact | Literal[""]


class BreakFinder:
    """Finds the breaks of reads.

    Args:
        panel: that they are aligned to.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def breaks(self, read: str, pieces: Sequence[Piece]) -> Iterator[Break]:
        """Yield the breaks of a read, and the joins of two molecules of one gene.

        Args:
            read: bases as sequenced.
            pieces: in the order of the read.
        """
        for one, other in pairwise(pieces):
            reverse = one.reverse
            five, three = (other, one) if reverse else (one, other)
            if DECOY in (one.gene, other.gene):
                continue  # what resembles a target goes on as it likes
            if one.reverse != other.reverse:
                yield Break(five, three, reverse, "strand switch")
            elif five.gene != three.gene:
                yield Break(five, three, reverse, self._artefact(read, five, three))
            elif five.contig == three.contig and five.end - three.start >= REPEATED:
                yield Break(five, three, reverse, "concatemer")

    def _artefact(self, read: str, five: Piece, three: Piece) -> Artefact | Literal[""]:
        """Return the name of the artefact that joins two genes on one strand; empty for none."""
        if self._is_listed(five, three):
            return ""
        if three.query_start - five.query_end > MOST_BETWEEN:
            return "concatemer"
        between = _between(read, five, three)
        if _has(between, "A", TAIL, TAIL_BASES) or _has(between, "T", TAIL, TAIL_BASES):
            after = self._panel.sequence_of(five.contig)[five.end : five.end + RICH]
            return "internal priming" if _has(after, "A", RICH, RICH_BASES) else "concatemer"
        if _has_primer(between) or self._size(five) - five.end <= OUTER or three.start <= OUTER:
            return "concatemer"
        return ""

    def _size(self, piece: Piece) -> int:
        return len(self._panel.sequence_of(piece.contig))

    def _is_listed(self, five: Piece, three: Piece) -> bool:
        last = self._panel.genomic_position(five.contig, five.end - 1)
        first = self._panel.genomic_position(three.contig, three.start)
        return any(
            (five.gene, three.gene) == (listed.five_gene, listed.three_gene)
            and max(abs(last - listed.five_pos), abs(first - listed.three_pos)) <= LISTED_REACH
            for listed in self._panel.catalogue
        )


def _between(read: str, five: Piece, three: Piece) -> str:
    """Return the bases of a read between two pieces, and some of those beside them, in sense."""
    first, last = sorted((five.query_end, three.query_start))
    first, last = max(0, first - BESIDE), min(five.length, last + BESIDE)
    if five.reverse:
        return reverse_complement(read[five.length - last : five.length - first])
    return read[first:last]


def _has(bases: str, base: str, length: int, least: int) -> bool:
    """Tell whether so many of some neighbouring bases are one base.

    >>> _has("CCAAAATAAAAAAAAAAC", "A", 15, 12), _has("ACACACACACACACACAC", "A", 15, 12)
    (True, False)
    """
    count = 0
    for index, each in enumerate(bases):
        count += each == base
        count -= index >= length and bases[index - length] == base
        if count >= least:
            return True
    return False


def _has_primer(bases: str) -> bool:
    """Tell whether bases hold a primer on either strand.

    >>> _has_primer("GATTTTTCTGTTGGTGTGATATTGCTGGGCA"), _has_primer("GATTACAGATTACAGATTACAGATTACAGATTACA")
    (True, False)
    """
    text = bases.encode("ascii")
    return any(
        align_across(primer.encode("ascii"), text, 0, 0, len(text))[0] <= PRIMER_EDITS * len(primer)
        for own in PRIMERS
        for primer in (own, reverse_complement(own))
        if len(text) >= (1 - PRIMER_EDITS) * len(primer)
    )


def begins_foreign(bases: str) -> bool:
    """Tell whether what a read shows beyond a gene is a tail or a primer, and no other gene."""
    return _has(bases, "A", TAIL, TAIL_BASES) or _has(bases, "T", TAIL, TAIL_BASES) or _has_primer(bases)
