"""Finds where a molecule's ends are: the place in the genome at which a read begins.

Synthesis began there, so copies of a molecule have it in common, whatever was trimmed off, misread or left
out further on. The place is never carried through an indel or a clipped piece: the read's first bases are
looked for around the place that the alignment implies.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import NamedTuple

import pysam

from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.placements import MERGED_TAG, ContigBases, RecordGroup, as_sequenced
from aspsfusion.evidence.primers import Primer
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel

END_SLACK = 3
"""Bases by which the end of a copy may be off where an indel beside it makes it unclear, or one UMI says that
it is a copy."""

CLEAR_PIECE = 8
"""Bases of the shortest clipped piece that shows by itself where it belongs."""

FIRST_BASES = 12
"""First bases of a read that are compared with the contig."""

CLEAR_BASES = 4
"""First bases without errors of a clear end: an indel among them looks like mismatches."""

MIN_PIECE = 5
"""Bases of the shortest clipped piece that is looked for by itself."""

MIN_RUN = 3
"""Bases of the shortest homopolymer run that may be misread in length."""

UNPLACED_PREFIX = 24
"""First bases of an unaligned read that stand in for its position; a shorter one says nothing."""

MAX_ONE_BASE = 0.8
"""Share of one base from which a read says nothing: dark cycles are read as G, failed ones as N."""

_CLIPS = (4, 5)

Place = tuple[str, bool, int]
"""Contig, whether antisense, and position of an end."""


class End(NamedTuple):
    """One end of a molecule.

    Attributes:
        contig: chromosome, or what stands in for it.
        antisense: whether the read from here on is on the reverse strand.
        position: of the first base, 0-based.
        run: first position of the homopolymer run there, None where it is in none.
        clear: whether the first bases show the position.
        bases: the read from here on, as sequenced.
    """

    contig: str
    antisense: bool
    position: int
    run: int | None
    clear: bool
    bases: str

    @property
    def place(self) -> "Place":
        """Contig, direction and position."""
        return self[:3]

    @property
    def places(self) -> tuple["Place", ...]:
        """Its place, and that of the homopolymer run it is in."""
        return (self.place,) if self.run is None else (self.place, (self.contig, self.antisense, self.run))


class Begin(NamedTuple):
    """Where on a contig a read begins; see `End`."""

    position: int
    run: int | None
    clear: bool

    def relative_to(self, position: int) -> "Begin":
        """Return the same counted from a position of the contig."""
        run = None if self.run is None else self.run - position
        return Begin(self.position - position, run, self.clear)


class Shown(NamedTuple):
    """What a fragment shows of its molecule: the ends that have a place, and a mate without one.

    Attributes:
        ends: one or two, in order.
        rest: bases of the mate without a place; empty when they say nothing.
    """

    ends: tuple[End, ...]
    rest: str = ""


def in_order(ends: Iterable[End]) -> tuple[End, ...]:
    """Return ends by their places."""
    both = tuple(ends)
    if len(both) == BOTH_ENDS:
        one, other = both
        return both if one.place <= other.place else (other, one)
    return tuple(sorted(both, key=lambda end: end.place))


def first_base(contig: bytes, read: bytes, position: int, clipped: int, *, reverse: bool) -> Begin:
    """Return where on its contig a read begins, 0-based, and whether its first bases show that.

    Args:
        contig: bases.
        read: on the contig's strand.
        position: of the read's first base in its own direction, as the alignment implies.
        clipped: bases there that the alignment left out.
        reverse: whether the read is antisense, so that its first base is the rightmost one.
    """
    step = -1 if reverse else 1
    begin = read[: -FIRST_BASES - 1 : -1] if reverse else read[:FIRST_BASES]
    found, clear = position, True
    if _bases_at(contig, position, step, len(begin)) != begin:
        found, clear = _searched(contig, begin, position, clipped, step)
    return Begin(found, _start_of_run(contig, found, step), clear)


def _bases_at(contig: bytes, position: int, step: int, length: int) -> bytes:
    """Return bases of a contig from a position on in a direction, fewer beside its ends."""
    if step > 0:
        return contig[max(0, position) : max(0, position + length)]
    return contig[max(0, position - length + 1) : max(0, position + 1)][::-1]


def _searched(contig: bytes, begin: bytes, position: int, clipped: int, step: int) -> tuple[int, bool]:
    """Return where the first bases of a read fit best, and whether they show that."""
    differ = _differences(contig, begin, position, step)
    if clipped < MIN_PIECE:
        return position, len(differ) <= 1 and all(at >= CLEAR_BASES for at in differ)
    piece = begin[:clipped]
    shifts = sorted(range(-END_SLACK, END_SLACK + 1), key=abs)
    wrong = {shift: len(_differences(contig, piece, position + step * shift, step)) for shift in shifts}
    best = min(shifts, key=lambda shift: wrong[shift])
    if wrong[best] <= len(piece) // FIRST_BASES:
        return position + step * best, best == 0 or len(piece) >= CLEAR_PIECE
    # A piece that fits nowhere comes from elsewhere: its length alone says where the read would begin.
    return position, 4 * wrong[best] > len(piece)


def _differences(contig: bytes, piece: bytes, position: int, step: int) -> list[int]:
    there = _bases_at(contig, position, step, len(piece))
    if len(there) < len(piece):
        return list(range(len(piece)))
    return [at for at, (one, other) in enumerate(zip(piece, there, strict=True)) if one != other]


def _start_of_run(contig: bytes, position: int, step: int) -> int | None:
    """Return the first base in a direction of the homopolymer run at a position, None where there is none."""
    if not 0 <= position < len(contig):
        return None
    base, first, last = contig[position], position, position
    while 0 <= first - step < len(contig) and contig[first - step] == base:
        first -= step
    while 0 <= last + step < len(contig) and contig[last + step] == base:
        last += step
    return first if abs(last - first) + 1 >= MIN_RUN else None


def without_primed(shown: Shown, primed: Collection[Place]) -> Shown:
    """Leave out the one of two ends that is at a primer, where the other one is not.

    A molecule may be amplified from several primers, which give it several ends: what distinguishes it from
    others is the end that no primer chose.

    Args:
        shown: by a fragment.
        primed: places at which reads from a primer begin.
    """
    if not primed:
        return shown
    free = tuple(end for end in shown.ends if end.place not in primed)
    return shown._replace(ends=free) if len(free) == 1 and len(shown.ends) > 1 else shown


class EndFinder:
    """Finds the ends that the records of fragments show.

    Positions are those of the genome, so that a read is at the same place in every transcript that shares the
    exon: a trimmed copy may have been aligned to another transcript.

    Args:
        primers: of the library, whose ends do not distinguish molecules.

    Attributes:
        primed: places at which reads from a primer begin.
    """

    def __init__(self, panel: Panel, primers: Iterable[Primer] = ()) -> None:
        self._bases = ContigBases(panel)
        self._blocks = contig_blocks(panel)
        self.primed: set[Place] = set()
        for place in (place for primer in primers for place in primer.places):
            blocks = self._blocks[place.contig]
            self.primed |= {
                (blocks.chromosome, place.reverse == blocks.forward, blocks.to_genome(position))
                for position in place.first_bases
            }

    def shown_by(self, reads: Iterable[tuple[pysam.AlignedSegment, RecordGroup]]) -> Shown:
        """Return what the reads show of a molecule's two ends, in one order whichever mate read it.

        A merged read shows both ends. The other end of a single read is not known: trimming moves it. Where
        no read is aligned, their first bases stand in for the places. An end that a primer made is left out.

        Args:
            reads: of the fragment, the primary record of each and all its records.
        """
        ends: list[End] = []
        unplaced: list[str] = []
        for record, records in reads:
            if record.is_unmapped:
                unplaced.append(as_sequenced(record))
                continue
            ends.append(self._end(record, records))
            if record.has_tag(MERGED_TAG):
                ends.append(self._other_end(record))
        if not ends:
            first = [bases[:UNPLACED_PREFIX] for bases in unplaced]
            stand_ins = [
                End(f"unplaced {place}", False, 0, None, True, bases)
                for place, bases in zip(first, unplaced, strict=True)
            ]
            return Shown(in_order(stand_ins))
        rest = unplaced[0] if unplaced and says_something(unplaced[0]) else ""
        return without_primed(Shown(in_order(ends), rest), self.primed)

    def _end(self, primary: pysam.AlignedSegment, records: RecordGroup) -> End:
        """Return the end at which a read begins, by the record that holds the read's first bases."""
        record, clipped = primary, _clipped(primary, at_start=not primary.is_reverse)
        if clipped:
            for other in records:
                less = _clipped(other, at_start=not other.is_reverse)
                if less < clipped:
                    record, clipped = other, less
        bases = primary.query_sequence or ""
        if record.is_reverse != primary.is_reverse:
            bases = reverse_complement(bases)
        return self._place(record, bases, clipped, reverse=record.is_reverse)

    def _other_end(self, record: pysam.AlignedSegment) -> End:
        """Return the end at which a merged read ends, as the other mate read it."""
        reverse = not record.is_reverse
        return self._place(
            record, record.query_sequence or "", _clipped(record, at_start=not reverse), reverse=reverse
        )

    def _place(self, record: pysam.AlignedSegment, bases: str, clipped: int, *, reverse: bool) -> End:
        position = (
            int(record.reference_end or 0) - 1 + clipped if reverse else record.reference_start - clipped
        )
        name = str(record.reference_name)
        found = first_base(self._bases[name], bases.encode("ascii"), position, clipped, reverse=reverse)
        blocks = self._blocks[name]
        return End(
            blocks.chromosome,
            reverse == blocks.forward,
            blocks.to_genome(found.position),
            None if found.run is None else blocks.to_genome(found.run),
            found.clear,
            reverse_complement(bases) if reverse else bases,
        )


class Blocks(NamedTuple):
    """Exons of a contig: first base of each on the contig, and where that base is on the chromosome."""

    chromosome: str
    forward: bool
    starts: list[int]
    positions: list[int]

    def to_genome(self, position: int) -> int:
        """Return the genomic position of a base; one beside the contig goes on from its outer exon."""
        block = max(0, bisect_right(self.starts, position) - 1)
        offset = position - self.starts[block]
        return self.positions[block] + (offset if self.forward else -offset)


def contig_blocks(panel: Panel) -> dict[str, Blocks]:
    """Return where on its chromosome each sequence of a panel is, by the sequence's name."""
    found = {}
    for transcript in panel.transcripts.values():
        forward = transcript.strand == "+"
        found[transcript.key] = Blocks(
            transcript.chrom,
            forward,
            [exon.tx_start for exon in transcript.exons],
            [exon.start if forward else exon.end - 1 for exon in transcript.exons],
        )
    for whole in panel.unspliced.values():
        forward = whole.strand == "+"
        found[whole.key] = Blocks(whole.chrom, forward, [0], [whole.start if forward else whole.end - 1])
    for decoy in panel.decoys:
        found[decoy] = Blocks(decoy, True, [0], [0])
    return found


def _clipped(record: pysam.AlignedSegment, *, at_start: bool) -> int:
    """Return the bases that the alignment leaves out at the left or right end of a read."""
    operation, length = (record.cigartuples or [(0, 0)])[0 if at_start else -1]
    return length if operation in _CLIPS else 0


def says_something(bases: str) -> bool:
    """Tell whether a read without a place can distinguish molecules: it is not short, dark, nor unknown.

    >>> says_something("ACGT" * 6), says_something("G" * 75), says_something("ACGT")
    (True, False, False)
    """
    return len(bases) >= UNPLACED_PREFIX and max(map(bases.count, "ACGTN")) <= MAX_ONE_BASE * len(bases)
