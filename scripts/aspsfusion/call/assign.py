"""Finds the junctions that each open fragment fits, and gives each fragment to one of them.

Candidates are the catalogue's junctions, which are tested whether or not an alignment proposes them, the
junctions that split reads propose, and the exon borders that spanning pairs could bridge.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from aspsfusion.call.borders import KnownPlaces
from aspsfusion.call.doubt import require_no_doubt
from aspsfusion.call.filters import STRONGER_RATIO
from aspsfusion.call.junction import JunctionModel, ModelIndex, in_order
from aspsfusion.call.proposals import Proposer
from aspsfusion.call.realign import INDEL_WINDOW, Realigner
from aspsfusion.call.support import Support
from aspsfusion.config import BOTH_SIDES, CallParameters
from aspsfusion.evidence.anchors import AnchorFinder
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.evidence.twice import TwiceEdited
from aspsfusion.io.workers import ALONE, FEW, Workers
from aspsfusion.panel.panel import Junction, Panel, load_panel

MIN_PROPOSERS = 2
"""Fragments that must propose a junction off the exon borders for all others to be tested there."""

MANY = 4000
"""Fragments from which on testing them is shared: it takes 0.3 ms each, and 0.8 s until others have begun."""

GAPLESS_ENOUGH = 2
"""Edits of a fragment on its best junction up to which no alignment with gaps is tried: it could be better by
one edit at the most, as a gap is an edit itself."""

Supports = dict[int, list[tuple[Junction, Support]]]
"""The junctions that each fragment fits about equally well, by its number."""


class Assigned(NamedTuple):
    """A fragment's support for the junction that it was given to.

    Attributes:
        typable: whether it fits no other known junction about as well.
    """

    support: Support
    typable: bool


class Assignment(NamedTuple):
    """Which junction each fragment was given to.

    Attributes:
        junctions: the fragments that count, by junction.
        touching: the fragments that were given to a junction and only touch it, by junction.
        numbers: of all fragments that were given to a junction.
    """

    junctions: dict[Junction, list[Assigned]]
    touching: dict[Junction, list[Fragment]]
    numbers: set[int]


class SupportFinder:
    """Tests the fragments of any number of samples at the junctions of a panel.

    Models of junctions are kept from one sample to the next, because making them takes time; they depend on
    the panel alone.

    Args:
        known_first: whether known junctions are tested beside each that is a variant of one and, where they
            fit about as well, have precedence: errors of long reads make variants.
    """

    def __init__(self, panel: Panel, parameters: CallParameters, *, known_first: bool = False) -> None:
        self._known_first = known_first
        self.contigs = ContigBases(panel)
        self.realigner = Realigner(parameters)
        self._panel = panel
        self._parameters = parameters
        self._anchors = AnchorFinder(panel, parameters.min_anchor)
        self._proposer = Proposer(panel, self.contigs, parameters)
        self._models: dict[Junction, JunctionModel | None] = {}
        self._known = KnownPlaces(panel, self._proposer.boundaries)

    def boundaries(self, junction: Junction) -> int:
        """Return how many sides of a junction are at an exon border."""
        return self._proposer.boundaries.count(junction)

    def known_place(self, junction: Junction) -> Junction | None:
        """Return the listed junction, or that between exon borders, that a junction is or is a variant of."""
        return self._known.nearest(junction)

    def split_junctions(self, fragment: Fragment) -> list[Junction]:
        """Return the junctions that a fragment's reads with pieces in two genes propose."""
        return sorted(self._proposer.from_split_reads(fragment), key=in_order)

    def at_known_place(self, junction: Junction) -> bool:
        """Whether a junction is listed or is between two exon borders, without inserted bases."""
        return junction in self._panel.catalogue or (
            not junction.inserted and self.boundaries(junction) == BOTH_SIDES
        )

    def model(self, junction: Junction) -> JunctionModel | None:
        """Return the model of a junction, None where the panel lacks sequence of a side."""
        if junction not in self._models:
            model = JunctionModel(self._panel, self.contigs, junction, self._anchors.find(junction))
            self._models[junction] = model if model.usable else None
        return self._models[junction]

    def find(
        self, fragments: list[Fragment], settled: TwiceEdited | None = None, workers: Workers = ALONE
    ) -> Supports:
        """Return the junctions that each fragment supports about equally well.

        Args:
            fragments: fragments that the wild type does not explain at once.
            settled: further ones that support none that is known.
            workers: share the work.

        Raises:
            SettledInDoubtError: they might support one that is not.
        """
        proposed = self._without_errors(self._with_known(self._proposer.propose(fragments)))
        tested = [*self._panel.catalogue, *sorted(set(proposed) - set(self._panel.catalogue), key=in_order)]
        common = [junction for junction in tested if self._is_common(junction, proposed)]
        if settled:
            others = (self.model(junction) for junction in common if not self.at_known_place(junction))
            require_no_doubt(filter(None, others), settled, self.contigs)
        supports = self._evaluate_all(fragments, common, workers)
        for junction in tested:
            if not self._is_common(junction, proposed):
                _add_to(supports, self._evaluate(proposed[junction], [junction], charged=True))
        counted = {
            number for number, found in supports.items() if any(support.counts for _, support in found)
        }
        bridged = {
            junction
            for fragment in fragments
            if fragment.number not in counted
            for junction in self._proposer.from_spanning_pair(fragment)
        }
        further = sorted(bridged - set(tested), key=in_order)
        _add_to(supports, self._evaluate_all(fragments, further, workers))
        return {number: self._near_best(found) for number, found in supports.items()}

    def fitting(
        self, fragments: Iterable[Fragment], junctions: Iterable[Junction]
    ) -> dict[Junction, list[Support]]:
        """Return the fragments that cross or bridge each of some junctions, whoever proposed it."""
        found: dict[Junction, list[Support]] = {}
        for supports in self._evaluate(fragments, junctions).values():
            for junction, support in supports:
                if support.counts:
                    found.setdefault(junction, []).append(support)
        return found

    def _with_known(self, proposed: dict[Junction, list[Fragment]]) -> dict[Junction, list[Fragment]]:
        """Add the known junctions that proposals are variants of, where these have precedence."""
        if self._known_first:
            for junction, proposers in list(proposed.items()):
                known = self.known_place(junction)
                if known is not None and known != junction:
                    proposed.setdefault(known, []).extend(proposers)
        return proposed

    def _without_errors(self, proposed: Mapping[Junction, list[Fragment]]) -> dict[Junction, list[Fragment]]:
        """Leave out variants of a known junction that errors in its many reads explain."""
        kept = {}
        for junction, proposers in proposed.items():
            known = self.known_place(junction)
            stronger = 0 if known is None or known == junction else len(proposed.get(known, ()))
            if stronger < STRONGER_RATIO * len(proposers):
                kept[junction] = proposers
        return kept

    def _is_common(self, junction: Junction, proposed: Mapping[Junction, list[Fragment]]) -> bool:
        """Whether all fragments are tested at a junction, or those alone that propose it.

        In a sample with many fusion fragments sequencing errors propose hundreds of places beside the true
        one, each once. No other fragment needs to be tested there: of a junction off the exon borders that
        is to be reported, several fragments have anchors long enough to propose it.
        """
        return self.at_known_place(junction) or len(proposed[junction]) >= MIN_PROPOSERS

    def _evaluate_all(
        self, fragments: Sequence[Fragment], junctions: Sequence[Junction], workers: Workers
    ) -> Supports:
        """Test all fragments, in other processes too where there are many."""
        if len(fragments) < MANY:
            return self._evaluate(fragments, junctions)
        parts = [fragments[first : first + MANY // FEW] for first in range(0, len(fragments), MANY // FEW)]
        setup = EvaluationSetup(self._panel.directory, self._parameters, self._known_first, (*junctions,))
        found: Supports = {}
        for some in workers.map(Evaluator, setup, parts):
            found |= some
        return found

    def _evaluate(
        self, fragments: Iterable[Fragment], junctions: Iterable[Junction], *, charged: bool = False
    ) -> Supports:
        """Test each fragment at each junction that it may cross or bridge.

        Args:
            fragments: to be tested.
            junctions: candidates.
            charged: whether inserted bases cost edits, because one fragment alone has shown them.
        """
        index = self.index(junctions, charged=charged)
        return self.tested(fragments, index) if index else {}

    def index(self, junctions: Iterable[Junction], *, charged: bool = False) -> ModelIndex | None:
        """Return the models of junctions, None where there are none."""
        models = [model for junction in junctions if (model := self.model(junction))]
        if charged:
            models = [model.charged() for model in models]
        return ModelIndex(models, INDEL_WINDOW) if models else None

    def tested(self, fragments: Iterable[Fragment], index: ModelIndex) -> Supports:
        """Return the junctions that each fragment fits, whatever others do."""
        found: Supports = {}
        for fragment in fragments:
            margin = self._parameters.margin
            # With no more edits than the margin gaps leave no room for one, see `Realigner.alignments`. Of
            # long reads a variant with the indel of an error would without gaps hide the known junction.
            may_have_gaps = any(mate.fewest_edits(0) > margin for mate in fragment.mates)
            short = (False, True) if may_have_gaps else (False,)
            for gapped in (True,) if self._known_first else short:
                supports = [
                    (model.junction, support)
                    for model in index.near(fragment, margin, gapped=gapped)
                    if (support := self.realigner.support(fragment, model, gapped=gapped))
                ]
                costs = [support.cost for _, support in supports if support.counts]
                if min(costs, default=GAPLESS_ENOUGH + 1) <= GAPLESS_ENOUGH:
                    break
            if supports:
                found[fragment.number] = supports
        return found

    def _near_best(self, found: list[tuple[Junction, Support]]) -> list[tuple[Junction, Support]]:
        """Keep the junctions that explain a fragment with fewer than `margin` edits above the best."""
        limit = min(support.cost for _, support in found) + self._parameters.margin
        return [item for item in found if item[1].cost < limit]

    def assign(self, supports: Supports) -> Assignment:
        """Give every fragment to one junction; those that only touch it are taken along, but not counted."""
        by_junction: dict[Junction, list[Support]] = {}
        for found in supports.values():
            for junction, support in found:
                by_junction.setdefault(junction, []).append(support)
        assigned: dict[Junction, list[Assigned]] = {}
        touching: dict[Junction, list[Fragment]] = {}
        taken: set[int] = set()
        for junction in self._strongest_first(by_junction, supports):
            group = [support for support in by_junction[junction] if support.fragment.number not in taken]
            if any(support.counts for support in group):
                assigned[junction] = [
                    Assigned(support, self._typable(junction, supports[support.fragment.number]))
                    for support in group
                    if support.kind != "touching"
                ]
                touching[junction] = [support.fragment for support in group if support.kind == "touching"]
                taken.update(support.fragment.number for support in group)
        return Assignment(assigned, touching, taken)

    def _strongest_first(
        self, by_junction: Mapping[Junction, list[Support]], supports: Supports
    ) -> list[Junction]:
        """Return the junctions in the order in which they take fragments.

        The junction that most fragments support with a crossing read comes first; among equals a listed
        one, then one between exon borders. Anchors that end in a repeat fit several positions of an exon;
        this order gives them to the position that the longer anchors prove. A place off the exon borders with
        too few fragments to be reported comes last: a sequencing error beside a junction makes a fragment
        fit a place some bases off a little better, and that must not hide what it says about the junction.
        """
        best_for: Counter[Junction] = Counter()
        for found in supports.values():
            fewest = min(support.cost for _, support in found)
            best_for.update(j for j, support in found if support.kind == "split" and support.cost == fewest)

        def rank(junction: Junction) -> tuple[object, ...]:
            group = by_junction[junction]
            few = best_for[junction] < self._parameters.min_fragments_other
            return (
                self._known_first and not self.at_known_place(junction),
                few and self.known_place(junction) is None,
                -best_for[junction],
                junction not in self._panel.catalogue,
                -self.boundaries(junction),
                -len(group),
                sum(support.cost for support in group),
                in_order(junction),
            )

        return sorted(by_junction, key=rank)

    def _typable(self, junction: Junction, found: list[tuple[Junction, Support]]) -> bool:
        """Whether no other known place explains a fragment about as well as the junction it was given to.

        Known places are listed junctions and those between exon borders; a pair that bridges a junction
        often fits several of them. A variant of a known junction is at its place.
        """
        place = self.known_place(junction) or junction
        return not any(
            other != place and support.kind != "touching" and self.at_known_place(other)
            for other, support in found
        )


def _add_to(supports: Supports, more: Supports) -> None:
    for number, found in more.items():
        supports.setdefault(number, []).extend(found)


@dataclass(frozen=True)
class EvaluationSetup:
    """What fragments are tested by; see `SupportFinder`."""

    panel: Path
    parameters: CallParameters
    known_first: bool
    junctions: tuple[Junction, ...]


class Evaluator:
    """Tests some fragments at the same junctions as others."""

    def __init__(self, setup: EvaluationSetup) -> None:
        panel = load_panel(setup.panel)
        self._finder = SupportFinder(panel, setup.parameters, known_first=setup.known_first)
        self._index = self._finder.index(setup.junctions)

    def __call__(self, fragments: Sequence[Fragment]) -> Supports:
        """Return the junctions that each fragment fits."""
        return self._finder.tested(fragments, self._index) if self._index else {}
