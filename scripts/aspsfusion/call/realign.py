"""Lays a fragment on a candidate junction and decides whether it speaks for it.

The reads themselves decide, not the aligner: each read is laid end to end on the sequence across the
junction, and must beat every wild-type placement of the same read by a margin. A read that no placement
brings near the junction is left alone.

How a fragment lies on a junction, and what that makes it count for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from aspsfusion.call.junction import JunctionModel
from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import Anchors
from aspsfusion.evidence.fragments import Fragment, Mate
from aspsfusion.evidence.molecules import UNPLACED_PREFIX
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import align_across, mismatches_at
from aspsfusion.panel.panel import Junction

Kind = Literal["split", "spanning", "short", "touching"]
"""How a fragment fits a junction: a read crosses it with sufficient anchors; the mates lie on its two sides;
a read runs over it with fewer bases than an anchor, all of them right; or a read fits it better than the wild
type, but too poorly to count."""

PREFERENCE: dict[Kind, int] = {"split": 0, "spanning": 1, "short": 2, "touching": 3}
"""The better kinds of support first."""


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

    @property
    def behind(self) -> int:
        """Read bases behind the junction."""
        return self.end - self.start - self.before

    @property
    def edits_behind(self) -> int:
        """Edits among the bases behind the junction."""
        return self.edits - self.edits_before


@dataclass(frozen=True)
class Support:
    """A fragment that speaks for a junction.

    Attributes:
        fragment: the fragment.
        kind: see `Kind`.
        laid: its reads as laid on the junction, in the order of the mates; None for a read without place.
        edits: edits of all laid reads together.
        cost: the same with the fewest edits of reads without place anywhere in the panel, by which the
            junctions that a fragment fits are compared: a read left out must not make a junction better.
        crossing: index of the mate that crosses with the longest shorter anchor; 0 when spanning.
    """

    fragment: Fragment
    kind: Kind
    laid: tuple[Laid | None, ...]
    edits: int
    cost: int
    crossing: int

    @property
    def anchors(self) -> tuple[int, int]:
        """Bases of the 5' and the 3' gene in the read that runs over the junction; zeros when none does."""
        laid = self.laid[self.crossing]
        if self.kind == "spanning" or laid is None:
            return 0, 0
        return laid.before, laid.behind

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

    @cached_property
    def span(self) -> tuple[int, int, str]:
        """What copies of a molecule have in common: start and end on the fusion transcript, and the rest.

        The rest is empty where both ends of the molecule lie on the transcript. Else it tells which end the
        one read shows, and names the mate without place by its first bases.
        """
        present = [laid for laid in self.laid if laid is not None]
        rest = ""
        if not self.fragment.both_ends_known or len(present) < len(self.laid):
            absent = [m for m, laid in zip(self.fragment.mates, self.laid, strict=True) if laid is None]
            rest += "-" if present[0].reverse else "+"
            rest += "".join(mate.sequence[:UNPLACED_PREFIX] for mate in absent)
        return min(laid.start for laid in present), max(laid.end for laid in present), rest


INDEL_WINDOW = 8
"""Bases by which an indel may shift a read against its placement; longer ones are rare in short reads."""

ANCHOR_PER_EDIT = 12
"""Anchor bases for each edit allowed in an anchor: one of fewer than 12 bases must be exact."""


def _lead(mate: Mate, laid: Laid) -> int:
    """Return by how many edits a read fits the junction better than its best wild-type placement."""
    return min((p.edits for p in mate.placements), default=len(mate.sequence)) - laid.edits


class Realigner:
    """Decides for fragments and junctions of one sample.

    Args:
        parameters: thresholds.
    """

    def __init__(self, parameters: CallParameters) -> None:
        self._parameters = parameters

    def support(self, fragment: Fragment, model: JunctionModel, *, gapped: bool = True) -> Support | None:
        """Return how a fragment supports a junction, None when it does not.

        Args:
            fragment: not explained by the wild type.
            model: the junction.
            gapped: whether reads that do not fit without gaps are tried with them.

        Returns:
            Its support, the strongest kind first. Both mates must fit the fusion transcript; a mate that the
            panel can not place is passed over, one that lies in a third gene forbids the support. A touching
            support does not count; it keeps the fragment from proposing a junction beside the true one.
        """
        laid = [list(self._lay(mate, model, gapped=gapped)) for mate in fragment.mates]
        found = [
            support
            for combination in self._combinations(fragment, laid, model)
            if (support := self._judge(fragment, combination, model))
        ]
        return min(found, key=lambda support: (PREFERENCE[support.kind], support.cost), default=None)

    def ways(self, mate: Mate, model: JunctionModel) -> Iterator[Laid]:
        """Yield the ways in which a read fits the fusion transcript, the best one for each strand."""
        return self._lay(mate, model, gapped=True)

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
        absent = (m for m, item in zip(fragment.mates, laid, strict=True) if item is None)
        cost = edits + sum(min((p.edits for p in mate.placements), default=0) for mate in absent)
        crossing = [
            (min(item.before, item.end - item.start - item.before), -index)
            for index, (mate, item) in enumerate(zip(fragment.mates, laid, strict=True))
            if item is not None and self._crosses(mate, item, model.anchors)
        ]
        if crossing:
            return Support(fragment, "split", laid, edits, cost, -max(crossing)[1])
        if len(laid) == 2 and laid[0] is not None and laid[1] is not None:
            left, right = (1, 0) if laid[0].reverse else (0, 1)
            if self._spans(fragment, laid[left], laid[right], left, right, model.junction):
                return Support(fragment, "spanning", laid, edits, cost, 0)
        over = [
            (self._short_kind(mate, item, laid), index)
            for index, (mate, item) in enumerate(zip(fragment.mates, laid, strict=True))
            if item is not None and item.before > 0 and item.behind > 0
        ]
        kinds = [(PREFERENCE[kind], index, kind) for kind, index in over if kind]
        if kinds:
            _, index, kind = min(kinds)
            return Support(fragment, kind, laid, edits, cost, index)
        return None

    def _crosses(self, mate: Mate, laid: Laid, anchors: Anchors) -> bool:
        """Whether a read crosses with unique anchors and beats the wild type by the margin."""
        if laid.before < anchors.five_prime or laid.behind < anchors.three_prime:
            return False
        if laid.edits_before > laid.before // ANCHOR_PER_EDIT:
            return False
        if laid.edits_behind > laid.behind // ANCHOR_PER_EDIT:
            return False
        return _lead(mate, laid) >= self._parameters.margin

    def _short_kind(self, mate: Mate, laid: Laid, fragment: tuple[Laid | None, ...]) -> Kind | None:
        """Return how a read with a short side speaks for a junction that other fragments prove.

        Its short side must be free of errors, its mate must fit the fusion transcript too, and it must beat
        the wild type by the same margin as any other read: the junction's place is known, so a few bases
        tell it from the wild type, but they could not have told where it is.
        """
        lead = _lead(mate, laid)
        before_is_short = laid.before < laid.behind
        short = laid.before if before_is_short else laid.behind
        wrong = laid.edits_before if before_is_short else laid.edits_behind
        exact = short >= self._parameters.min_overhang and wrong == 0
        if exact and lead >= self._parameters.margin and None not in fragment:
            return "short"
        return "touching" if lead > 0 else None

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

    def _lay(self, mate: Mate, model: JunctionModel, *, gapped: bool) -> Iterator[Laid]:
        """Yield the ways in which a read fits the fusion transcript, the best one for each strand."""
        if not mate.sequence:
            return
        limit = int(len(mate.sequence) * self._parameters.max_edit_rate)
        # With gaps a read must still beat the wild type by the margin to count.
        wild_type = min((p.edits for p in mate.placements), default=limit)
        gap_limit = min(limit, wild_type - self._parameters.margin) if gapped else 0
        best: dict[bool, Laid] = {}
        tried = set()
        for reverse, five, three, offset in self._offsets(mate, model):
            if (reverse, five, three, offset) in tried:
                continue
            tried.add((reverse, five, three, offset))
            found = _lay_at(mate.sequence, reverse, model, five, three, offset, limit, gap_limit)
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
                    form = model.form_for(placement.contig, INDEL_WINDOW - offset, five_side=True)
                    yield placement.reverse, form, main_three, offset
                if placement.contig in model.three:
                    offset = start - model.three[placement.contig]
                    reach = offset + len(mate.sequence) + INDEL_WINDOW
                    form = model.form_for(placement.contig, reach, five_side=False)
                    yield placement.reverse, main_five, form, offset


def _lay_at(
    sequence: str,
    reverse: bool,
    model: JunctionModel,
    five: str,
    three: str,
    offset: int,
    limit: int,
    gap_limit: int,
) -> Laid | None:
    """Lay a read at an offset, without gaps if that takes at most `limit` edits, else with gaps around it.

    Gaps are tried for reads that run over the junction, if `gap_limit` leaves room for an edit.
    """
    length = len(sequence)
    bases = (reverse_complement(sequence) if reverse else sequence).encode("ascii")
    joined, junction = model.joined(five, three)
    edits = mismatches_at(bases, joined, junction + offset, limit)
    if edits <= limit:
        before = min(max(0, -offset), length)
        edits_before = mismatches_at(bases[:before], joined, junction + offset, limit)
        return Laid(reverse, offset, offset + length, edits, before, edits_before)
    if offset >= 0 or offset + length <= 0:
        return None  # beside the junction the wild type's own placements have judged the read
    if gap_limit < 1:
        return None
    edits, before, edits_before, start = align_across(
        bases,
        joined,
        junction,
        junction + offset - INDEL_WINDOW,
        junction + offset + length + INDEL_WINDOW,
    )
    if edits > gap_limit:
        return None
    begin = start - junction
    return Laid(reverse, begin, begin + length, edits, before, edits_before)
