"""Models a candidate junction: the sequences that a read of it would show.

A junction is a 5' place and a 3' place on the genome, with bases inserted between them or none. Its forms are
the contigs, transcripts or unspliced genes, that hold one of the two places; a read of the junction shows one
form of the 5' gene up to the place, then the inserted bases, then one form of the 3' gene.
"""

import copy
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from aspsfusion.evidence.anchors import Anchors, boundaries
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.panel.transcripts import DECOY

SHOWN = 8
"""Bases beyond a junction that are compared before a read is aligned to it. Of foreign ones no more than one
fits by chance once in 2,600 times, no more than two once in 240."""


def in_order(junction: Junction) -> tuple[str, int, str, int, int, str]:
    """Return what junctions are sorted by where nothing else distinguishes them."""
    inserted = junction.inserted
    return (
        junction.five_gene,
        junction.five_pos,
        junction.three_gene,
        junction.three_pos,
        len(inserted),
        inserted,
    )


@dataclass(frozen=True)
class Side:
    """One gene of a junction in all its forms, the primary transcript first where possible.

    Attributes:
        boundaries: for each form the position of the first base after the junction, 0-based.
        bases: for each form what a read of the junction may show of it, up to the junction or from there on.
    """

    five_prime: bool
    boundaries: dict[str, int]
    bases: dict[str, bytes]

    @cached_property
    def main_form(self) -> str:
        """Contig that stands for the side."""
        return next(iter(self.boundaries))

    def form_for(self, contig: str, reach: int) -> str:
        """Return the main form where it has the same bases as another one, else that one.

        Args:
            contig: the other form.
            reach: bases from the junction that a read covers; negative when it does not reach the side.
        """
        return self.main_form if reach <= self._shared[contig] else contig

    @cached_property
    def _shared(self) -> dict[str, int]:
        """For each form the bases from the junction on that it shares with the main form."""
        main, step = self.bases[self.main_form], -1 if self.five_prime else 1
        return {contig: _shared(main, bases, step=step) for contig, bases in self.bases.items()}


def _side(panel: Panel, contigs: ContigBases, place: tuple[str, int], *, five_prime: bool) -> Side:
    """Return a side of a junction by its gene and genomic position.

    The RNA of a breakpoint inside an intron keeps the piece of the broken intron next to it; the exons beyond
    that piece are spliced as ever, and mates are in them. So such a side has a form for each transcript too:
    its exons and the piece. The boundary of such a form is that of its exons, moved by the length of the
    piece, so that a read's place relative to the junction follows from its place on the transcript as for any
    other form.
    """
    gene, position = place
    found = dict(boundaries(panel, gene, position, after=five_prime))
    bases = {
        contig: contigs[contig][:boundary] if five_prime else contigs[contig][boundary:]
        for contig, boundary in found.items()
    }
    unspliced = panel.unspliced.get(gene)
    if unspliced is None or unspliced.key not in found:
        return Side(five_prime, found, bases)
    broken, intron = found[unspliced.key], contigs[unspliced.key]
    for transcript in panel.by_gene[gene]:
        key = transcript.key
        for before, after in pairwise(transcript.exons):
            start = unspliced.from_genome(transcript.to_genome(before.tx_end - 1)) + 1
            end = unspliced.from_genome(transcript.to_genome(after.tx_start))
            if start <= broken <= end and five_prime:
                found[key] = before.tx_end + broken - start
                bases[key] = contigs[key][: before.tx_end] + intron[start:broken]
            elif start <= broken <= end:
                found[key] = before.tx_end - (end - broken)
                bases[key] = intron[broken:end] + contigs[key][before.tx_end :]
    return Side(five_prime, found, bases)


class JunctionModel:
    """A candidate junction with the sequences across it.

    Attributes:
        junction: genomic positions.
        anchors: that a split read needs.
        charge: edits that the inserted bases cost a read; see `charged`.
    """

    def __init__(self, panel: Panel, contigs: ContigBases, junction: Junction, anchors: Anchors) -> None:
        self.junction = junction
        self.anchors = anchors
        self.five = _side(panel, contigs, (junction.five_gene, junction.five_pos), five_prime=True)
        self.three = _side(panel, contigs, (junction.three_gene, junction.three_pos), five_prime=False)
        self.inserted = junction.inserted.encode("ascii")
        self.charge = 0
        self._panel = panel
        self._joined: dict[tuple[str, str], tuple[bytes, int]] = {}

    @property
    def usable(self) -> bool:
        """Whether the panel holds sequence on both sides."""
        return bool(self.five.boundaries) and bool(self.three.boundaries)

    def charged(self) -> "JunctionModel":
        """Return the model of a junction whose inserted bases one fragment alone has shown.

        They are no known sequence then: each counts as an edit.
        """
        model = copy.copy(self)
        model.charge = len(self.inserted)
        return model

    def joined(self, five: str, three: str) -> tuple[bytes, int]:
        """Return the fusion transcript of two forms and the position of the first base of the 3' gene."""
        key = (five, three)
        if key not in self._joined:
            upstream = self.five.bases[five] + self.inserted
            self._joined[key] = upstream + self.three.bases[three], len(upstream)
        return self._joined[key]

    def keeps(self, placement: Placement) -> bool:
        """Whether a placement reaches into the part of one of the two genes that the fusion keeps."""
        if placement.gene == DECOY:
            return False
        first, last = (
            self._panel.genomic_position(placement.contig, position)
            for position in (placement.start, placement.end - 1)
        )
        sense = 1 if self._panel.primary[placement.gene].strand == "+" else -1
        if placement.gene == self.junction.five_gene and (last - self.junction.five_pos) * sense <= 0:
            return True
        return placement.gene == self.junction.three_gene and (first - self.junction.three_pos) * sense >= 0

    def flanks(self, length: int) -> tuple[str, str]:
        """Return up to `length` reference bases on each side of the junction, without inserted ones."""
        left, right = self.five.bases[self.five.main_form], self.three.bases[self.three.main_form]
        return left[max(0, len(left) - length) :].decode("ascii"), right[:length].decode("ascii")


def _shared(one: bytes, other: bytes, *, step: int) -> int:
    """Return how many bases two sequences share from their start, or with a step of -1 from their end."""
    length = min(len(one), len(other))
    ours, theirs = (np.frombuffer(bases, dtype=np.uint8)[::step][:length] for bases in (one, other))
    differ = np.flatnonzero(ours != theirs)
    return int(differ[0]) if differ.size else length


class _Border(NamedTuple):
    """Where junctions cut a contig, and what all of them show next to it instead.

    Attributes:
        boundary: position of the first base after the junction, 0-based.
        foreign: bases that a read of the junctions shows after the boundary or, where the contig is of the 3'
            gene, before it; none where they say nothing.
        inserted: whether they may begin with inserted bases.
    """

    boundary: int
    five_prime: bool
    foreign: bytes
    inserted: bool
    numbers: list[int]


class ModelIndex:
    """Finds the junctions that a fragment can support at all, without aligning its reads to them.

    A read can only run over a junction whose boundary is within the read as placed on one of the junction's
    contigs, and a pair can only bridge one between the two genes of its mates. A read that runs over one
    without gaps has fewer edits there than on the wild type, so its bases beyond the boundary differ from the
    junction's in fewer. Nothing is lost by passing over all others.

    Args:
        reach: bases by which gaps may move a read against its placement.
    """

    def __init__(self, models: Sequence[JunctionModel], reach: int) -> None:
        self._models = models
        self._reach = reach
        borders: dict[str, dict[tuple[int, bool, bytes, bool], list[int]]] = {}
        self._by_genes: dict[tuple[str, str], list[int]] = {}
        for number, model in enumerate(models):
            before, after = (side.bases[side.main_form] for side in (model.five, model.three))
            inserted = bool(model.inserted)
            # A read that begins in more inserted bases than that is found by its other placements alone.
            shown = SHOWN if len(model.inserted) <= reach else 0
            for side, foreign in (
                (model.five, (model.inserted + after[:shown])[:shown]),
                (model.three, (before[-shown:] + model.inserted)[-shown:] if shown else b""),
            ):
                for contig, boundary in side.boundaries.items():
                    key = boundary, side.five_prime, foreign, inserted
                    borders.setdefault(contig, {}).setdefault(key, []).append(number)
            genes = (model.junction.five_gene, model.junction.three_gene)
            self._by_genes.setdefault(genes, []).append(number)
        self._by_contig = {
            contig: [_Border(*key, numbers) for key, numbers in sorted(own.items())]
            for contig, own in borders.items()
        }

    def near(self, fragment: Fragment, margin: int, *, gapped: bool) -> list[JunctionModel]:
        """Return the junctions that a fragment's reads may cross or bridge.

        Args:
            fragment: with its placements.
            margin: see `Mate.near_best_genes`; a read with more edits is aligned with gaps, too.
            gapped: whether there are to be any.
        """
        numbers: set[int] = set()
        for mate in fragment.mates:
            for border in self._borders(mate, any_bases=gapped and mate.fewest_edits(0) > margin):
                numbers.update(border.numbers)
        if len(fragment.mates) == BOTH_ENDS:
            one, other = (mate.near_best_genes(margin) for mate in fragment.mates)
            for five, three in ((one, other), (other, one)):
                if len(five) == len(three) == 1:
                    numbers.update(self._by_genes.get((next(iter(five)), next(iter(three))), ()))
        return [self._models[number] for number in sorted(numbers)]

    def _borders(self, mate: Mate, *, any_bases: bool) -> Iterator[_Border]:
        """Yield the borders that a read runs over, or may with gaps, and may fit better than its gene."""
        length, most = len(mate.sequence), mate.fewest_edits(0) - 1
        oriented: dict[bool, bytes] = {}
        fits: dict[tuple[bool, int, bool, bytes, bool], bool] = {}
        for placement in mate.placements:
            borders = self._by_contig.get(placement.contig)
            if borders is None:
                continue
            reverse = placement.reverse
            if reverse not in oriented:
                oriented[reverse] = mate.oriented(reverse=reverse).encode("ascii")
            starts = {placement.start - placement.query_start, placement.end - placement.query_end}
            first = bisect_left(borders, min(starts) - self._reach, key=_boundary)
            last = bisect_right(borders, max(starts) + length + self._reach, key=_boundary)
            for border in borders[first:last]:
                if any_bases:
                    yield border
                    continue
                for start in starts:
                    key = (reverse, border.boundary - start, *border[1:4])
                    if key not in fits:
                        fits[key] = _may_fit(oriented[reverse], border.boundary - start, border, most)
                    if fits[key]:
                        yield border
                        break


def _boundary(border: _Border) -> int:
    return border.boundary


def _may_fit(bases: bytes, cut: int, border: _Border, most: int) -> bool:
    """Whether a read that is cut at a base may show what is beyond a border with so many edits at most."""
    if not 0 < cut < len(bases):
        return border.inserted
    if border.five_prime:
        piece, foreign = bases[cut : cut + SHOWN], border.foreign
    else:
        piece, foreign = bases[max(0, cut - SHOWN) : cut][::-1], border.foreign[::-1]
    return sum(map(int.__ne__, piece, foreign)) <= most
