"""Finds where a long read goes from one piece to another, and names what library preparation makes of that.

A read of cDNA may hold more than one molecule: two that were joined end to end, or over a primer, or over the
tail of the first (concatemers); one that was primed at a run of A inside a transcript (internal priming); one
that is read back on its other strand (strand switch). None of these joins is in the RNA.

A tail or a primer alone proves none of them: bases between the genes of a fusion may be rich in A, and a long
stretch resembles a primer by chance. Such a break stays a candidate. What an artefact makes stands alone,
and reads of a fusion agree, which `call` decides.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
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

PRIMER_EDITS = 0.2
"""Share of edits up to which a primer is found: 98 percent of 500 with 10 percent errors, and in 250 random
bases 1 of 2,000."""

TAIL, TAIL_BASES = 15, 12
"""Bases in which so many A, or T, are a tail."""

RICH, RICH_BASES = 20, 12
"""Bases of a gene after its piece in which so many A may have primed synthesis."""

MOST_BETWEEN = 800
"""Bases between two pieces above which no window holds them: a read with 1,400 takes 2 s of a processor, and
one with 700 0.4 s. What leaves a gene for more is a one-sided break. A cryptic exon has fewer."""

MORE_PIECES = (3, 4, 5)
"""Numbers of pieces of which the outer ones may be joined by a fusion."""

REPEATED = 50
"""Bases that a read shows of a gene for the second time from which it holds two molecules of it."""

LISTED_REACH = 10
"""Bases by which a piece's end may be off."""

NEAR = 60
"""Bases beyond a gene in which a primer follows it, with the tail of the gene's transcript or without."""

BESIDE = 5
"""Bases of the pieces that are looked at with those between them: an aligner's piece may run over its end."""


class Break(NamedTuple):
    """A change of a read from one gene to another, in the direction of the genes.

    Attributes:
        five: piece of the gene that comes first.
        three: piece of the other gene.
        reverse: whether the read is antisense to them.
        artefact: by its name; empty where none explains it.
        proven: whether nothing but the artefact explains it; else it is a candidate.
    """

    five: Piece
    three: Piece
    reverse: bool
    artefact: Artefact | Literal[""]
    proven: bool

    @property
    def candidate(self) -> bool:
        """Whether a junction may explain it."""
        return not (self.artefact and self.proven)


class BreakFinder:
    """Finds the breaks of reads."""

    def __init__(self, panel: Panel) -> None:
        self._panel = panel

    def breaks(self, read: str, pieces: Sequence[Piece]) -> Iterator[Break]:
        """Yield the breaks of a read, and the joins of two molecules of one gene.

        Two genes of one strand break also across what is between them: a piece that is antisense, of another
        gene or of a decoy may be a part of the bases that the fusion has there.
        """
        known = [piece for piece in pieces if piece.gene != DECOY]
        for first, size in product(range(len(known)), MORE_PIECES):
            if first + size <= len(known):
                yield from self._across(read, known[first : first + size])
        for one, other in pairwise(known):
            reverse = one.reverse
            five, three = (other, one) if reverse else (one, other)
            if one.reverse != other.reverse:
                yield Break(five, three, reverse, "strand switch", proven=True)
            elif five.gene != three.gene:
                yield Break(five, three, reverse, *self._artefact(read, five, three))
            elif five.contig == three.contig and five.end - three.start >= REPEATED:
                yield Break(five, three, reverse, "concatemer", proven=True)

    def _across(self, read: str, pieces: Sequence[Piece]) -> Iterator[Break]:
        """Yield the break of the outer ones of some pieces, if they are of two genes of one strand."""
        one, *between, other = pieces
        if one.reverse != other.reverse or one.gene == other.gene:
            return
        five, three = (other, one) if one.reverse else (one, other)
        artefact, proven = self._artefact(read, five, three)
        if not proven:
            if not artefact and any(piece.reverse != one.reverse for piece in between):
                artefact = "strand switch"
            yield Break(five, three, one.reverse, artefact, proven=False)

    def is_outer(self, piece: Piece, *, upstream: bool) -> bool:
        """Tell whether a piece ends where its gene's primary transcript does, or beyond.

        Where another transcript of the panel ends says nothing: one may end where a fusion does.

        Args:
            piece: of a gene.
            upstream: whether the upstream end is meant.
        """
        primary = self._panel.primary[piece.gene]
        own, outermost = (
            (piece.start, primary.to_genome(0))
            if upstream
            else (piece.end - 1, primary.to_genome(len(primary.sequence) - 1))
        )
        inside = self._panel.genomic_position(piece.contig, own) - outermost
        return (inside if upstream == (primary.strand == "+") else -inside) <= OUTER

    def _artefact(self, read: str, five: Piece, three: Piece) -> tuple[Artefact | Literal[""], bool]:
        """Return the name of the artefact that may join two genes on one strand, and whether it did."""
        if three.query_start - five.query_end > MOST_BETWEEN:
            return "concatemer", True
        if self._is_listed(five, three):
            return "", False
        if self.is_outer(five, upstream=False) or self.is_outer(three, upstream=True):
            return "concatemer", True
        between = _between(read, five, three)
        tail, primer = _has_tail(between), _has_primer(between)
        after = self._panel.sequence_of(five.contig)[five.end : five.end + RICH]
        if tail and _has(after, "A", RICH, RICH_BASES):
            return "internal priming", primer
        return "concatemer" if tail or primer else "", tail and primer

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


def _has_tail(bases: str) -> bool:
    return _has(bases, "A", TAIL, TAIL_BASES) or _has(bases, "T", TAIL, TAIL_BASES)


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
    """Tell whether bases that follow a gene's piece begin with a tail or a primer, which no other gene does.

    >>> begins_foreign("CTAAAAAAAAAAAAAAAAAAG" + "GC" * 50), begins_foreign("GC" * 20 + "A" * 20)
    (True, False)
    """
    return _has_tail(bases[: TAIL + 2 * BESIDE]) or _has_primer(bases[:NEAR])
