"""Finds fragments that join the two target genes without a reported junction, and how many of them agree.

A single one is most often a chimera of library preparation, which joins two genes anywhere. Several that
could be of one junction are not: the fusion may be there in a form that no junction describes. So what agrees
is counted, whether a rejected candidate took it or nothing did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from typing import NamedTuple

import numpy as np

from aspsfusion.call.assign import SupportFinder
from aspsfusion.call.borders import NEAR
from aspsfusion.call.calls_file import Bridge, CalledJunction
from aspsfusion.call.proposals import BORDER_REACH
from aspsfusion.call.support import Support
from aspsfusion.config import CallParameters
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.panel.panel import Junction, Panel, Transcript
from aspsfusion.panel.screen_targets import INTRON_FLANK
from aspsfusion.panel.transcripts import DECOY

MAX_COMPARED = 300
"""Fragments on one pair of contigs that are compared with each other: of more, some of these agree."""


class Stretch(NamedTuple):
    """Bases of a gene that a fragment shows; `contig` is its primary transcript where that holds them."""

    contig: str
    start: int
    end: int


@dataclass(frozen=True)
class Join:
    """A join of two genes by a fragment, on one contig of each.

    Attributes:
        split: whether one read shows both genes, so that `five.end` and `three.start` are the joined places.
        five: what it shows of the gene that comes first.
        three: what it shows of the other one.
    """

    number: int
    split: bool
    five: Stretch
    three: Stretch


class Agreement(NamedTuple):
    """How many fragments agree with one, itself included.

    Attributes:
        split: those with a read split at the same two places.
        all: those that could be of one junction with it.
    """

    split: int = 0
    all: int = 0


class Compared(NamedTuple):
    """Junctions with the numbers of fragments that agree, and the bridges that no junction took."""

    junctions: tuple[CalledJunction, ...]
    bridges: tuple[Bridge, ...]


class BridgeFinder:
    """Compares the fragments that join the two target genes of a panel without a reported junction."""

    def __init__(self, panel: Panel, supports: SupportFinder, parameters: CallParameters) -> None:
        self._panel = panel
        self._supports = supports
        self._parameters = parameters
        self._genes = {panel.spec.target.five_prime, panel.spec.target.three_prime}

    def compare(
        self,
        junctions: Iterable[CalledJunction],
        supports: Mapping[Junction, Sequence[Support]],
        unexplained: Iterable[Fragment],
        longest: int,
    ) -> Compared:
        """Count what agrees among fragments of rejected candidates and those that nothing explains.

        Args:
            junctions: all of a sample; reported ones stay as they are.
            supports: molecules of each junction.
            unexplained: fragments that neither a junction nor the wild type explains.
            longest: longest fragment of the sample in nt.
        """
        junctions, unexplained = list(junctions), list(unexplained)
        rejected = [j.junction for j in junctions if j.rejections and self._between_targets(j.junction)]
        # A candidate that one fragment proposes was tested with this one alone.
        fitting = self._supports.fitting(unexplained, rejected)
        of_candidate = {
            junction: [
                join
                for support in (*supports[junction], *fitting.get(junction, ()))
                for join in self._of_support(junction, support)
            ]
            for junction in rejected
        }
        bridging = [
            (fragment, joins, place)
            for fragment in unexplained
            for joins, place in self._of_fragment(fragment)
            if joins
        ]
        agreeing = agreements(chain(*of_candidate.values(), *(joins for _, joins, _ in bridging)), longest)
        compared = []
        for junction in junctions:
            found = [agreeing[join.number] for join in of_candidate.get(junction.junction, ())]
            compared.append(
                replace(
                    junction,
                    agreeing_split=max((each.split for each in found), default=0),
                    agreeing=max((each.all for each in found), default=0),
                )
            )
        bridges = [
            self._bridge(fragment, joins[0].split, place, agreeing[fragment.number])
            for fragment, joins, place in bridging
        ]
        bridges.sort(key=lambda b: (-b.agreeing, not b.split, b.number, b.five_pos, b.three_pos))
        return Compared(tuple(compared), tuple(bridges))

    def _between_targets(self, junction: Junction) -> bool:
        return {junction.five_gene, junction.three_gene} == self._genes

    def _of_support(self, junction: Junction, support: Support) -> list[Join]:
        if support.kind == "spanning":
            return [join for joins, _ in self._of_pair(support.fragment) for join in joins]
        return self._of_split(support.fragment, junction)

    def _of_fragment(self, fragment: Fragment) -> list[tuple[list[Join], Junction]]:
        """Return how a fragment joins the two genes, each with the innermost places that it shows."""
        split = [
            (self._of_split(fragment, junction), junction)
            for junction in self._supports.split_junctions(fragment)
            if self._between_targets(junction)
        ]
        return split or list(self._of_pair(fragment))

    def _of_split(self, fragment: Fragment, junction: Junction) -> list[Join]:
        return self._joins(fragment.number, junction, None)

    def _of_pair(self, fragment: Fragment) -> Iterator[tuple[list[Join], Junction]]:
        if len(fragment.mates) != BOTH_ENDS:
            return
        for upstream, downstream in (fragment.mates, fragment.mates[::-1]):
            before, after = self._places(upstream, reverse=False), self._places(downstream, reverse=True)
            if not before or not after or {before[0].gene, after[0].gene} != self._genes:
                continue
            inner = self._inner(before[0], after[0])
            joins = [
                join
                for left, right in product(before, after)
                for join in self._joins(
                    fragment.number,
                    self._inner(left, right),
                    (left.end - left.start, right.end - right.start),
                )
            ]
            yield list(dict.fromkeys(joins)), inner

    def _inner(self, left: Placement, right: Placement) -> Junction:
        """Return the innermost bases that two mates show."""
        last = self._panel.genomic_position(left.contig, left.end - 1)
        first = self._panel.genomic_position(right.contig, right.start)
        return Junction(left.gene, last, right.gene, first)

    def _joins(self, number: int, place: Junction, shown: tuple[int, int] | None) -> list[Join]:
        """Return a fragment's joins; `shown` are the bases of a pair's mates, None for a split read."""
        five, three = shown or (1, 1)
        return [
            Join(number, shown is None, left, right)
            for left in self._stretches(place.five_gene, place.five_pos, five, five_prime=True)
            for right in self._stretches(place.three_gene, place.three_pos, three, five_prime=False)
        ]

    def _places(self, mate: Mate, *, reverse: bool) -> list[Placement]:
        """Return where a mate is placed in the only gene that it fits; nothing on the other strand.

        Its best placement, and the one on the primary transcript: of mates that one junction made, one may
        fit another transcript by a chance base, and still agrees with the others on this one.
        """
        genes = mate.near_best_genes(self._parameters.margin)
        if len(genes) != 1 or DECOY in genes:
            return []
        best = mate.placements[0]
        primary = self._panel.primary[best.gene].key
        candidates = (best, *(p for p in mate.placements[1:] if p.contig == primary))
        return [
            p for p in candidates if p.reverse == reverse and p.end - p.start >= self._parameters.min_span
        ]

    def _stretches(self, gene: str, position: int, length: int, *, five_prime: bool) -> Iterator[Stretch]:
        """Yield a stretch that ends at a join, or begins there, on the primary transcript and the whole gene.

        Of one join in an intron some fragments show bases of the exons alone, and others are cut at the
        border in either sequence. So bases of an intron count on the transcript as if they took the place of
        the next exon's, and a stretch is as long as what the fragment shows.

        Args:
            gene: HGNC symbol.
            position: genomic position of its base next to the join.
            length: bases that the fragment shows.
            five_prime: whether the gene is the one that comes first.
        """
        primary, unspliced = self._panel.primary[gene], self._panel.unspliced.get(gene)
        places = {primary.key: _on_transcript(primary, position, five_prime=five_prime)}
        if unspliced is not None:
            places[unspliced.key] = unspliced.from_genome(position)
        for contig, place in places.items():
            if place is not None:
                start = place + 1 - length if five_prime else place
                yield Stretch(contig, start, start + length)

    def _bridge(self, fragment: Fragment, split: bool, place: Junction, agreeing: Agreement) -> Bridge:
        return Bridge(
            number=fragment.number,
            label=fragment.label,
            split=split,
            five_gene=place.five_gene,
            five_pos=place.five_pos,
            three_gene=place.three_gene,
            three_pos=place.three_pos,
            inserted=place.inserted,
            listed=split and self._supports.known_place(place) in self._panel.catalogue,
            agreeing_split=agreeing.split,
            agreeing=agreeing.all,
        )


def _on_transcript(transcript: Transcript, position: int, *, five_prime: bool) -> int | None:
    """Return the place of a genomic position on a transcript; of an intron, only beside an exon.

    Bases of an intron go on from the exon before them, or up to the exon after them for the 3' gene.
    """
    sense = 1 if transcript.strand == "+" else -1
    place = transcript.from_genome(position)
    if place is not None:
        return place
    for exon in transcript.exons:
        inner = exon.tx_end - 1 if five_prime else exon.tx_start
        distance = (position - transcript.to_genome(inner)) * sense
        if 0 < (distance if five_prime else -distance) <= INTRON_FLANK:
            return inner + distance
    return None


def agreements(joins: Iterable[Join], longest: int) -> dict[int, Agreement]:
    """Return for each fragment how many could be of one junction with it.

    Reads split at places within NEAR bases of each other agree. A pair agrees with a junction, a split read's
    or one between its own mates and those of another pair, that makes its fragment no longer than `longest`.

    Args:
        joins: of any number of fragments.
        longest: longest fragment of the sample in nt.
    """
    by_contigs: dict[tuple[str, str], list[Join]] = {}
    found: dict[int, Agreement] = {}
    for join in joins:
        by_contigs.setdefault((join.five.contig, join.three.contig), []).append(join)
        found[join.number] = Agreement()
    for group in by_contigs.values():
        for number, agreement in _in_group(group[:MAX_COMPARED], longest):
            before = found[number]
            found[number] = Agreement(max(before.split, agreement.split), max(before.all, agreement.all))
    return found


def _in_group(group: Sequence[Join], longest: int) -> Iterator[tuple[int, Agreement]]:
    """Yield what agrees at each junction that the joins between two contigs suggest."""
    numbers = np.array([join.number for join in group])
    split = np.array([join.split for join in group])
    begins, last = np.array([join.five[1:] for join in group]).T
    first, ends = np.array([join.three[1:] for join in group]).T
    pairs = [join for join in group if not join.split]
    places = {(join.five.end, join.three.start) for join in group if join.split}
    places |= {(one.five.end, other.three.start) for one in pairs for other in pairs}
    for end, start in sorted(places):
        here = split & (abs(last - end) <= NEAR) & (abs(first - start) <= NEAR)
        bridges = ~split & (last <= end + BORDER_REACH) & (first >= start - BORDER_REACH)
        bridges &= end - begins + ends - start <= longest
        members = set(numbers[here | bridges].tolist())
        for number in members:
            yield number, Agreement(len(set(numbers[here].tolist())), len(members))
