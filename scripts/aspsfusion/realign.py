"""Lays a fragment on a candidate junction and decides whether it speaks for it.

The reads themselves decide, not the aligner: each read is laid end to end on the sequence across the
junction, and must beat every wild-type placement of the same read by a margin. A read that no placement
brings near the junction is left alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from aspsfusion.anchors import Anchors
from aspsfusion.junction_model import JunctionModel
from aspsfusion.kernels import align_across, mismatches_at
from aspsfusion.panel import Junction
from aspsfusion.parameters import CallParameters
from aspsfusion.placements import as_bases
from aspsfusion.records import Fragment, Mate
from aspsfusion.sequences import reverse_complement

INDEL_WINDOW = 8
"""Bases by which an indel may shift a read against its placement; longer ones are rare in short reads."""

ANCHOR_PER_EDIT = 12
"""Anchor bases for each edit allowed in an anchor: one of fewer than 12 bases must be exact."""

Kind = Literal["split", "spanning", "short"]
"""How a fragment fits a junction: a read crosses it with sufficient anchors; the mates lie on its two sides;
or a read fits it end to end, but its anchors are too short or too faulty to count."""

_PREFERENCE: dict[Kind, int] = {"split": 0, "spanning": 1, "short": 2}


@dataclass(frozen=True)
class Laid:
    """A read laid on a junction; positions relative to the first base of the 3' gene.

    Attributes:
        reverse: whether the read is antisense to the fusion transcript.
        start: first base, negative in the 5' gene.
        end: end, half-open.
        edits: edits of the whole read.
        before: read bases in front of the junction.
        edits_before: edits among those.
    """

    reverse: bool
    start: int
    end: int
    edits: int
    before: int
    edits_before: int


@dataclass(frozen=True)
class Support:
    """A fragment that speaks for a junction.

    Attributes:
        fragment: the fragment.
        kind: see `Kind`.
        laid: its reads as laid on the junction, in the order of the mates; None for a read without place.
        edits: edits of all laid reads together.
        crossing: index of the mate that crosses with the longest shorter anchor; 0 when spanning.
    """

    fragment: Fragment
    kind: Kind
    laid: tuple[Laid | None, ...]
    edits: int
    crossing: int

    @property
    def anchors(self) -> tuple[int, int]:
        """Bases of the 5' and of the 3' gene in the crossing read; zeros when none crosses."""
        laid = self.laid[self.crossing]
        if self.kind != "split" or laid is None:
            return 0, 0
        return laid.before, laid.end - laid.start - laid.before

    @property
    def sides(self) -> tuple[list[str], list[str]]:
        """Bases of the fragment in the 5' and in the 3' gene, read by read, in the fusion's orientation."""
        five, three = [], []
        for mate, laid in zip(self.fragment.mates, self.laid, strict=True):
            if laid is not None:
                bases = reverse_complement(mate.sequence) if laid.reverse else mate.sequence
                five.append(bases[: laid.before])
                three.append(bases[laid.before :])
        return five, three

    @property
    def span(self) -> tuple[int, int, bool]:
        """Start and end of the fragment on the fusion transcript, and whether its first mate is antisense."""
        present = [laid for laid in self.laid if laid is not None]
        first = self.laid[0]
        return (
            min(laid.start for laid in present),
            max(laid.end for laid in present),
            first.reverse if first is not None else not present[0].reverse,
        )


class Realigner:
    """Decides for fragments and junctions of one sample.

    Args:
        parameters: thresholds.
    """

    def __init__(self, parameters: CallParameters) -> None:
        self._parameters = parameters

    def support(self, fragment: Fragment, model: JunctionModel) -> Support | None:
        """Return how a fragment supports a junction, None when it does not.

        Args:
            fragment: not explained by the wild type.
            model: the junction.

        Returns:
            Its support, the strongest kind first. Both mates must fit the fusion transcript; a mate that the
            panel can not place is passed over, one that lies in a third gene forbids the support. A short
            support does not count; it keeps the fragment from proposing a junction beside the true one.
        """
        laid = [list(self._lay(mate, model)) for mate in fragment.mates]
        found = [
            support
            for combination in self._combinations(fragment, laid, model)
            if (support := self._judge(fragment, combination, model))
        ]
        return min(found, key=lambda support: (_PREFERENCE[support.kind], support.edits), default=None)

    def _combinations(
        self, fragment: Fragment, laid: list[list[Laid]], model: JunctionModel
    ) -> Iterator[tuple[Laid | None, ...]]:
        if len(laid) == 1:
            for single in laid[0]:
                yield (single,)
            return
        paired = False
        for first in laid[0]:
            for second in laid[1]:
                if first.reverse == second.reverse:
                    continue
                left, right = (second, first) if first.reverse else (first, second)
                length = max(first.end, second.end) - min(first.start, second.start)
                if left.start <= right.start and length <= self._parameters.max_insert:
                    paired = True
                    yield first, second
        if paired:
            return
        for index, other in ((0, 1), (1, 0)):
            for single in laid[index]:
                if self._may_be_absent(fragment.mates[other], single, model):
                    yield (single, None) if index == 0 else (None, single)

    def _may_be_absent(self, mate: Mate, crossing: Laid, model: JunctionModel) -> bool:
        """Whether a mate that does not fit the fusion transcript leaves the crossing read credible.

        It does when the panel can not place it, or when it lies on the other strand in the part of the two
        genes that the fusion keeps, for example in an exon that the model's transcripts lack. A mate that
        runs on in the wild type across the breakpoint, or lies in a third gene, contradicts the read.
        """
        if not mate.placements:
            return True
        best = min(placement.edits for placement in mate.placements)
        near = [p for p in mate.placements if p.edits < best + self._parameters.margin]
        return any(p.reverse != crossing.reverse and model.keeps(p) for p in near)

    def _judge(
        self, fragment: Fragment, laid: tuple[Laid | None, ...], model: JunctionModel
    ) -> Support | None:
        edits = sum(item.edits for item in laid if item is not None)
        crossing = [
            (min(item.before, item.end - item.start - item.before), -index)
            for index, (mate, item) in enumerate(zip(fragment.mates, laid, strict=True))
            if item is not None and self._crosses(mate, item, model.anchors)
        ]
        if crossing:
            return Support(fragment, "split", laid, edits, -max(crossing)[1])
        if len(laid) == 2 and laid[0] is not None and laid[1] is not None:
            left, right = (1, 0) if laid[0].reverse else (0, 1)
            if self._spans(fragment, laid[left], laid[right], left, right, model.junction):
                return Support(fragment, "spanning", laid, edits, 0)
        for index, item in enumerate(laid):
            if item is not None and 0 < item.before < item.end - item.start:
                return Support(fragment, "short", laid, edits, index)
        return None

    def _crosses(self, mate: Mate, laid: Laid, anchors: Anchors) -> bool:
        """Whether a read crosses with unique anchors and beats the wild type by the margin."""
        behind = laid.end - laid.start - laid.before
        if laid.before < anchors.five_prime or behind < anchors.three_prime:
            return False
        edits_behind = laid.edits - laid.edits_before
        if laid.edits_before > laid.before // ANCHOR_PER_EDIT or edits_behind > behind // ANCHOR_PER_EDIT:
            return False
        wild_type = min((p.edits for p in mate.placements), default=len(mate.sequence))
        return wild_type - laid.edits >= self._parameters.margin

    def _spans(
        self,
        fragment: Fragment,
        left: Laid | None,
        right: Laid | None,
        left_index: int,
        right_index: int,
        junction: Junction,
    ) -> bool:
        """Whether the mates lie on the two sides, each in its own gene and in no other."""
        assert left is not None
        assert right is not None
        span = self._parameters.min_span
        if min(left.end, 0) - left.start < span or right.end - max(right.start, 0) < span:
            return False
        margin = self._parameters.margin
        return fragment.mates[left_index].near_best_genes(margin) == {junction.five_gene} and fragment.mates[
            right_index
        ].near_best_genes(margin) == {junction.three_gene}

    def _lay(self, mate: Mate, model: JunctionModel) -> Iterator[Laid]:
        """Yield the ways in which a read fits the fusion transcript, the best one for each strand."""
        if not mate.sequence:
            return
        limit = int(len(mate.sequence) * self._parameters.max_edit_rate)
        best: dict[bool, Laid] = {}
        tried = set()
        for reverse, five, three, offset in self._offsets(mate, model):
            if (reverse, five, three, offset) in tried:
                continue
            tried.add((reverse, five, three, offset))
            found = _lay_at(mate.sequence, reverse, model, five, three, offset, limit)
            if found and (reverse not in best or found.edits < best[reverse].edits):
                best[reverse] = found
        for reverse in sorted(best):
            yield best[reverse]

    def _offsets(self, mate: Mate, model: JunctionModel) -> Iterator[tuple[bool, str, str, int]]:
        """Yield strand, the two contigs and the read's start relative to the junction."""
        main_five, main_three = model.main_forms
        for placement in mate.placements:
            # An indel within the placement makes its two ends tell different starts of the whole read.
            starts = {placement.start - placement.query_start, placement.end - placement.query_end}
            for start in sorted(starts):
                if placement.contig in model.five:
                    offset = start - model.five[placement.contig]
                    yield placement.reverse, placement.contig, main_three, offset
                if placement.contig in model.three:
                    offset = start - model.three[placement.contig]
                    yield placement.reverse, main_five, placement.contig, offset


def _lay_at(
    sequence: str, reverse: bool, model: JunctionModel, five: str, three: str, offset: int, limit: int
) -> Laid | None:
    """Lay a read at an offset, without gaps if that fits, else with gaps around it."""
    length = len(sequence)
    bases = as_bases(reverse_complement(sequence) if reverse else sequence)
    joined, junction = model.joined(five, three)
    edits = int(mismatches_at(bases, joined, junction + offset, limit))
    if edits <= limit:
        before = min(max(0, -offset), length)
        edits_before = int(mismatches_at(bases[:before], joined, junction + offset, limit))
        return Laid(reverse, offset, offset + length, edits, before, edits_before)
    if offset >= 0 or offset + length <= 0:
        return None  # beside the junction the wild type's own placements have judged the read
    edits, before, edits_before, start = align_across(
        bases,
        joined,
        junction,
        junction + offset - INDEL_WINDOW,
        junction + offset + length + INDEL_WINDOW,
    )
    if edits > limit:
        return None
    begin = int(start) - junction
    return Laid(reverse, begin, begin + length, int(edits), int(before), int(edits_before))
