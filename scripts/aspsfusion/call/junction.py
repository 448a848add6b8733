"""Models a candidate junction: the sequences that a read of it would show.

A junction is a 5' place and a 3' place on the genome. Its forms are the contigs, transcripts or unspliced
genes, that hold one of the two places; a read of the junction shows one form of the 5' gene up to the place,
then one of the 3' gene.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import pairwise

import numpy as np

from aspsfusion.evidence.anchors import Anchors, boundaries
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Placement
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Junction, Panel


def in_order(junction: Junction) -> tuple[str, int, str, int]:
    """Return what junctions are sorted by where nothing else distinguishes them."""
    return junction.five_gene, junction.five_pos, junction.three_gene, junction.three_pos


class JunctionModel:
    """A candidate junction with the sequences across it.

    Args:
        panel: with the transcripts.
        contigs: the panel's sequences.
        junction: genomic positions.
        anchors: that a split read needs.

    Attributes:
        junction: genomic positions.
        anchors: that a split read needs.
        five: for each form of the 5' gene the position of the first base after the junction, 0-based.
        three: for each form of the 3' gene the position of its first joined base, 0-based.
    """

    def __init__(self, panel: Panel, contigs: ContigBases, junction: Junction, anchors: Anchors) -> None:
        self.junction = junction
        self.anchors = anchors
        self._panel = panel
        self._contigs = contigs
        five = boundaries(panel, junction.five_gene, junction.five_pos, after=True)
        three = boundaries(panel, junction.three_gene, junction.three_pos, after=False)
        self._left = {contig: contigs[contig][:boundary] for contig, boundary in five}
        self._right = {contig: contigs[contig][boundary:] for contig, boundary in three}
        self.five = dict(five)
        self.three = dict(three)
        self._add_spliced_forms()
        self._joined: dict[tuple[str, str], tuple[bytes, int]] = {}

    def _add_spliced_forms(self) -> None:
        """Add the forms of a breakpoint inside an intron in which the other introns are spliced out.

        The RNA of such a breakpoint keeps the piece of the broken intron next to it; the exons beyond that
        piece are spliced as ever, and mates are in them. The boundary of such a form on a transcript is that
        of its exons, moved by the length of the piece, so that a read's place relative to the junction
        follows from its place on the transcript as for any other form.
        """
        for key, (exons, piece) in self._pieces(self.junction.five_gene, self.five, five_side=True):
            self._left[key] = self._contigs[key][:exons] + piece
            self.five[key] = exons + len(piece)
        for key, (exons, piece) in self._pieces(self.junction.three_gene, self.three, five_side=False):
            self._right[key] = piece + self._contigs[key][exons:]
            self.three[key] = exons - len(piece)

    def _pieces(
        self, gene: str, forms: Mapping[str, int], *, five_side: bool
    ) -> list[tuple[str, tuple[int, bytes]]]:
        """Return for each transcript with the broken intron its exons' border and the piece of the intron.

        Args:
            gene: gene of the side.
            forms: boundaries by contig; a breakpoint inside an intron has that of the unspliced gene alone.
            five_side: whether the exons are upstream of the breakpoint.
        """
        unspliced = self._panel.unspliced.get(gene)
        if unspliced is None or unspliced.key not in forms:
            return []
        broken, bases = forms[unspliced.key], self._contigs[unspliced.key]
        found = []
        for transcript in self._panel.by_gene[gene]:
            for before, after in pairwise(transcript.exons):
                start = unspliced.from_genome(transcript.to_genome(before.tx_end - 1)) + 1
                end = unspliced.from_genome(transcript.to_genome(after.tx_start))
                if start <= broken <= end:
                    piece = bases[start:broken] if five_side else bases[broken:end]
                    found.append((transcript.key, (before.tx_end, piece)))
        return found

    @property
    def usable(self) -> bool:
        """Whether the panel holds sequence on both sides."""
        return bool(self.five) and bool(self.three)

    @cached_property
    def main_forms(self) -> tuple[str, str]:
        """Contigs of the two sides that stand for the junction, primary transcripts where possible."""
        return next(iter(self.five)), next(iter(self.three))

    def form_for(self, contig: str, reach: int, *, five_side: bool) -> str:
        """Return the first of the forms with the same bases as one up to a distance from the junction.

        Args:
            contig: the form.
            reach: bases from the junction that a read covers; negative when it does not reach the side.
            five_side: whether it is the 5' side.
        """
        side = self._shared_five if five_side else self._shared_three
        main = self.main_forms[0 if five_side else 1]
        return main if reach <= side[contig] else contig

    @cached_property
    def _shared_five(self) -> dict[str, int]:
        main = self._left[self.main_forms[0]]
        return {contig: _shared(main, bases, step=-1) for contig, bases in self._left.items()}

    @cached_property
    def _shared_three(self) -> dict[str, int]:
        main = self._right[self.main_forms[1]]
        return {contig: _shared(main, bases, step=1) for contig, bases in self._right.items()}

    def joined(self, five: str, three: str) -> tuple[bytes, int]:
        """Return the fusion transcript of two contigs and the position of the first base of the 3' gene."""
        key = (five, three)
        if key not in self._joined:
            left, right = self._left[five], self._right[three]
            self._joined[key] = left + right, len(left)
        return self._joined[key]

    def keeps(self, placement: Placement) -> bool:
        """Whether a placement reaches into the part of one of the two genes that the fusion keeps."""
        first, last = (
            self._panel.genomic_position(placement.contig, position)
            for position in (placement.start, placement.end - 1)
        )
        sense = 1 if self._panel.primary[placement.gene].strand == "+" else -1
        if placement.gene == self.junction.five_gene and (last - self.junction.five_pos) * sense <= 0:
            return True
        return placement.gene == self.junction.three_gene and (first - self.junction.three_pos) * sense >= 0

    def flanks(self, length: int) -> tuple[str, str]:
        """Return up to `length` reference bases on each side of the junction."""
        bases, junction = self.joined(*self.main_forms)
        left = bases[max(0, junction - length) : junction].decode("ascii")
        return left, bases[junction : junction + length].decode("ascii")


def _shared(one: bytes, other: bytes, *, step: int) -> int:
    """Return how many bases two sequences share from their start, or with a step of -1 from their end."""
    length = min(len(one), len(other))
    ours, theirs = (np.frombuffer(bases, dtype=np.uint8)[::step][:length] for bases in (one, other))
    differ = np.flatnonzero(ours != theirs)
    return int(differ[0]) if differ.size else length


class ModelIndex:
    """Finds the junctions that a fragment can support at all, without aligning its reads to them.

    A read can only run over a junction whose boundary is within the read as placed on one of the junction's
    contigs, and a pair can only bridge one between the two genes of its mates. Nothing is lost by passing
    over all others.

    Args:
        models: in the order in which they are to be returned.
        reach: bases by which gaps may move a read against its placement.
    """

    def __init__(self, models: Sequence[JunctionModel], reach: int) -> None:
        self._models = models
        self._reach = reach
        by_contig: dict[str, list[tuple[int, int]]] = {}
        self._by_genes: dict[tuple[str, str], list[int]] = {}
        for number, model in enumerate(models):
            for contig, boundary in (*model.five.items(), *model.three.items()):
                by_contig.setdefault(contig, []).append((boundary, number))
            genes = (model.junction.five_gene, model.junction.three_gene)
            self._by_genes.setdefault(genes, []).append(number)
        self._by_contig = {contig: sorted(entries) for contig, entries in by_contig.items()}

    def near(self, fragment: Fragment, margin: int) -> list[JunctionModel]:
        """Return the junctions that a fragment's reads may cross or bridge.

        Args:
            fragment: with its placements.
            margin: see `Mate.near_best_genes`.
        """
        numbers: set[int] = set()
        for mate in fragment.mates:
            for placement in mate.placements:
                entries = self._by_contig.get(placement.contig)
                if entries is None:
                    continue
                start = placement.start - placement.query_start
                end = placement.end - placement.query_end + len(mate.sequence)
                first = bisect_left(entries, (min(start, end) - self._reach, 0))
                last = bisect_right(entries, (max(start, end) + self._reach, len(self._models)))
                numbers.update(number for _, number in entries[first:last])
        if len(fragment.mates) == BOTH_ENDS:
            one, other = (mate.near_best_genes(margin) for mate in fragment.mates)
            for five, three in ((one, other), (other, one)):
                if len(five) == len(three) == 1:
                    numbers.update(self._by_genes.get((next(iter(five)), next(iter(three))), ()))
        return [self._models[number] for number in sorted(numbers)]
