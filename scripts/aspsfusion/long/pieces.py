"""Reads the pieces of a long read: where its stretches are aligned to the panel, in the order of the read.

Positions are 0-based and half-open. A piece is linear in its CIGAR; nothing here looks at pairs of bases.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

import pysam

MATCHES, ON_READ, ON_CONTIG = (0, 7, 8), (0, 1, 7, 8), (0, 2, 3, 7, 8)
"""Operations of a CIGAR, by what they take a base of."""

CLIPS = (4, 5)

MATCH, INSERTION, DELETION, SKIP, EQUAL, MISMATCH = 0, 1, 2, 3, 7, 8

LARGE = 30
"""Bases of an indel from which it is no error, but other sequence or an exon that the read has not."""

OUTER = 30
"""Bases beside the ends of a transcript: where it begins and ends varies."""

CONTAINED = 0.8
"""Share of a piece's bases of the read in a longer piece from which it is another place of the same bases."""


class Piece(NamedTuple):
    """A stretch of a read that is aligned to a panel sequence.

    Attributes:
        contig: record name of the panel sequence.
        reverse: whether the read is antisense to it.
        start: first aligned base on the contig.
        end: end on the contig.
        query_start: first aligned base of the read, turned to the contig's strand.
        query_end: end of the aligned bases, likewise.
        length: bases of the whole read.
        edits: mismatches and bases of indels.
        cigar: operations and lengths from `start` to `end`.
    """

    contig: str
    reverse: bool
    start: int
    end: int
    query_start: int
    query_end: int
    length: int
    edits: int
    cigar: tuple[tuple[int, int], ...]

    @property
    def gene(self) -> str:
        """HGNC symbol of the contig's gene."""
        return self.contig.split("|", 1)[0]

    @property
    def span(self) -> tuple[int, int]:
        """Bases of the read as it was sequenced, half-open."""
        if self.reverse:
            return self.length - self.query_end, self.length - self.query_start
        return self.query_start, self.query_end

    def last_before(self, query: int) -> tuple[int, int]:
        """Return the last place on read and contig that is at or before a base of the read and in a match.

        The piece's start where there is none.
        """
        reads, contigs = self._corners
        for index in range(bisect_right(reads, query) - 1, -1, -1):
            if index < len(self.cigar) and self.cigar[index][0] in MATCHES:
                into = min(query - reads[index], self.cigar[index][1])
                return reads[index] + into, contigs[index] + into
        return self.query_start, self.start

    def first_after(self, query: int) -> tuple[int, int]:
        """Return the first place at or after a base of the read that is in a match; the end without one."""
        reads, contigs = self._corners
        for index in range(max(0, bisect_left(reads, query) - 1), len(self.cigar)):
            if self.cigar[index][0] in MATCHES and reads[index + 1] >= query:
                into = max(0, query - reads[index])
                return reads[index] + into, contigs[index] + into
        return self.query_end, self.end

    def changes(self) -> Iterator[int]:
        """Yield the positions on the contig at which the read has another base."""
        at = self.start
        for operation, length in self.cigar:
            if operation == MISMATCH:
                yield from range(at, at + length)
            at += length * (operation in ON_CONTIG)

    def without_large_indels(self) -> Iterator["Piece"]:
        """Yield the parts between insertions and deletions that are no errors; itself if there are none."""
        if not any(op in (INSERTION, DELETION, SKIP) and size >= LARGE for op, size in self.cigar):
            yield self
            return
        query, at = self.query_start, self.start
        part: list[tuple[int, int]] = []
        first = query, at
        for operation, size in (*self.cigar, (SKIP, LARGE)):
            if operation in (INSERTION, DELETION, SKIP) and size >= LARGE:
                if part:
                    edits = sum(length for op, length in part if op not in (MATCH, EQUAL))
                    yield self._replace(
                        query_start=first[0],
                        query_end=query,
                        start=first[1],
                        end=at,
                        edits=edits,
                        cigar=tuple(part),
                    )
                part = []
            else:
                part.append((operation, size))
            query += size * (operation in ON_READ)
            at += size * (operation in ON_CONTIG)
            if not part:
                first = query, at

    @property
    def _corners(self) -> tuple[list[int], list[int]]:
        """Places on read and contig at which the operations begin, and those of the end."""
        reads = [length if operation in ON_READ else 0 for operation, length in self.cigar]
        contigs = [length if operation in ON_CONTIG else 0 for operation, length in self.cigar]
        return (
            list(accumulate(reads, initial=self.query_start)),
            list(accumulate(contigs, initial=self.start)),
        )


def piece_of(record: pysam.AlignedSegment) -> Piece:
    """Return the piece that a record of the panel BAM holds."""
    operations = record.cigartuples or []
    left = operations[0][1] if operations[0][0] in CLIPS else 0
    right = operations[-1][1] if operations[-1][0] in CLIPS else 0
    end = left + record.query_alignment_length
    return Piece(
        str(record.reference_name),
        record.is_reverse,
        record.reference_start,
        int(record.reference_end or 0),
        left,
        end,
        end + right,
        int(record.get_tag("NM")),
        tuple(operations[bool(left) : len(operations) - bool(right)]),
    )


def in_order(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces of a read in its order, without those whose bases a longer one has.

    Of pieces sorted by their beginnings only the one that reaches furthest can hold the next one.
    """
    kept: list[Piece] = []
    for piece in sorted(pieces, key=lambda each: (each.span[0], -each.span[1], each.contig)):
        first, last = piece.span
        if kept:
            begin, end = kept[-1].span
            shared = min(last, end) - first
            if shared >= CONTAINED * (last - first):
                continue
            if shared >= CONTAINED * (end - begin):
                kept.pop()
        kept.append(piece)
    return kept


class OpenEnd(NamedTuple):
    """Bases of a read beside a piece that no piece holds; `begin` and `end` as sequenced.

    `upstream` tells whether they are upstream of the piece in the direction of its gene.
    """

    piece: Piece
    upstream: bool
    begin: int
    end: int


def open_ends(pieces: Sequence[Piece]) -> Iterator[OpenEnd]:
    """Yield what is open before and after each piece of a read, in its order."""
    for index, piece in enumerate(pieces):
        first, last = piece.span
        begin = pieces[index - 1].span[1] if index else 0
        end = pieces[index + 1].span[0] if index + 1 < len(pieces) else piece.length
        if begin < first:
            yield OpenEnd(piece, not piece.reverse, begin, first)
        if last < end:
            yield OpenEnd(piece, piece.reverse, last, end)


def error_rate(pieces: Sequence[Piece]) -> float:
    """Return the share of edits in the aligned bases of pieces; 0 without any."""
    bases = sum(piece.query_end - piece.query_start for piece in pieces)
    return sum(piece.edits for piece in pieces) / bases if bases else 0.0
