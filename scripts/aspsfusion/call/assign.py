"""Finds the junctions that explain each open fragment about equally well.

Candidates are the catalogue's junctions, which are tested whether or not an alignment proposes them, the
junctions that split reads propose, and the exon borders that spanning pairs could bridge.

Counts the molecules of a junction once each.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from aspsfusion.call.calls_file import CalledRead, MatePlace
from aspsfusion.call.junction import JunctionModel, ModelIndex
from aspsfusion.call.proposals import Proposer, propose
from aspsfusion.call.realign import INDEL_WINDOW, PREFERENCE, Realigner, Support
from aspsfusion.config import BOTH_SIDES, CallParameters
from aspsfusion.evidence.anchors import AnchorFinder
from aspsfusion.evidence.fragments import Fragment
from aspsfusion.evidence.molecules import cluster_umis
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Junction, Panel


class Assigned(NamedTuple):
    """A fragment's support for the junction that it was given to, and whether it fits no other known one."""

    support: Support
    typable: bool


class Counted(NamedTuple):
    """The same for a molecule, with the number of its copies."""

    support: Support
    typable: bool
    copies: int


def unique_molecules(group: Iterable[Assigned]) -> list[Counted]:
    """Remove duplicates by the fragment's place on the fusion transcript, copies added up.

    Copies of one molecule may have been aligned with either gene in front; on the junction they lie in the
    same place. Of several the one with the strongest kind of support, the fewest edits, then the first name
    is kept. UMIs tell molecules of one place apart, as before.
    """
    by_place: dict[tuple[int, int, str], list[Assigned]] = {}
    for item in group:
        by_place.setdefault(item.support.span, []).append(item)
    kept: list[Counted] = []
    for items in by_place.values():
        umis = cluster_umis(item.support.fragment.umi for item in items)
        of_molecule: dict[str, list[Assigned]] = {}
        for item in items:
            of_molecule.setdefault(umis[item.support.fragment.umi], []).append(item)
        for copies in of_molecule.values():
            best = min(copies, key=lambda i: (PREFERENCE[i.support.kind], *_strength(i.support)))
            kept.append(Counted(best.support, best.typable, sum(i.support.fragment.copies for i in copies)))
    return sorted(kept, key=lambda item: (item.support.span, item.support.fragment.name))


def _strength(support: Support) -> tuple[int, str]:
    return support.edits, support.fragment.name


def called_read(item: Counted) -> CalledRead:
    """Return a counted molecule as it stands in the calls file."""
    support = item.support
    five, three = support.anchors
    laid = support.laid[support.crossing]
    assert laid is not None
    assert support.kind != "touching"
    sequence = support.fragment.mates[support.crossing].sequence
    return CalledRead(
        name=support.fragment.name,
        kind=support.kind,
        copies=item.copies,
        typable=item.typable,
        anchor_five_prime=five,
        anchor_three_prime=three,
        mismatches=support.edits,
        sequence=reverse_complement(sequence) if laid.reverse else sequence,
        offset=laid.start,
        places=tuple(
            MatePlace(mate.number, place.reverse, place.start, place.edits)
            for mate, place in zip(support.fragment.mates, support.laid, strict=True)
            if place is not None
        ),
    )


MIN_PROPOSERS = 2
"""Fragments that must propose a junction off the exon borders for all others to be tested there."""

GAPLESS_ENOUGH = 2
"""Edits of a fragment on its best junction up to which no alignment with gaps is tried: it could be better by
one edit at the most, as a gap is an edit itself."""

Supports = dict[str, list[tuple[Junction, Support]]]
"""The junctions that fit each fragment, by its name."""


class SupportFinder:
    """Tests fragments of any number of samples at the junctions of a panel.

    Args:
        panel: built panel.
        parameters: thresholds.

    Attributes:
        contigs: bases of the panel's contigs.
    """

    def __init__(self, panel: Panel, parameters: CallParameters) -> None:
        self.contigs = ContigBases(panel)
        self._panel = panel
        self._parameters = parameters
        self._anchors = AnchorFinder(panel, parameters.min_anchor)
        self._proposer = Proposer(panel, self.contigs, parameters)
        self._realigner = Realigner(parameters)
        self._models: dict[Junction, JunctionModel | None] = {}

    def boundaries(self, junction: Junction) -> int:
        """Return how many sides of a junction lie at an exon border."""
        return self._proposer.boundaries.count(junction)

    def at_known_place(self, junction: Junction) -> bool:
        """Whether a junction is listed or lies between two exon borders."""
        return junction in self._panel.catalogue or self.boundaries(junction) == BOTH_SIDES

    def model(self, junction: Junction) -> JunctionModel:
        """Return the model of a junction that a fragment was found to support."""
        found = self._models[junction]
        assert found is not None
        return found

    def find(self, fragments: list[Fragment]) -> Supports:
        """Return the junctions that each fragment supports about equally well.

        Args:
            fragments: fragments that the wild type does not explain at once.
        """
        proposed = propose(self._proposer, fragments)
        tested = [*self._panel.catalogue, *sorted(set(proposed) - set(self._panel.catalogue), key=in_order)]
        common = [junction for junction in tested if self._is_common(junction, proposed)]
        supports = self._evaluate(fragments, self._models_of(common))
        for junction in tested:
            if not self._is_common(junction, proposed):
                self._add_to(supports, self._evaluate(proposed[junction], self._models_of([junction])))
        counted = {
            name
            for name, found in supports.items()
            if any(support.kind in ("split", "spanning") for _, support in found)
        }
        bridging = {
            junction
            for fragment in fragments
            if fragment.name not in counted
            for junction in self._proposer.from_spanning_pair(fragment)
        }
        fresh = self._models_of(sorted(bridging - set(tested), key=in_order))
        if fresh:
            self._add_to(supports, self._evaluate(fragments, fresh))
        return {name: self._near_best(found) for name, found in supports.items()}

    def _is_common(self, junction: Junction, proposed: Mapping[Junction, list[Fragment]]) -> bool:
        """Whether all fragments are tested at a junction, or those alone that propose it.

        In a sample with many fusion fragments sequencing errors propose hundreds of places beside the true
        one, each once. No other fragment needs to be tested there: of a junction off the exon borders that
        is to be reported, several fragments have anchors long enough to propose it.
        """
        return self.at_known_place(junction) or len(proposed[junction]) >= MIN_PROPOSERS

    @staticmethod
    def _add_to(supports: Supports, more: Supports) -> None:
        for name, found in more.items():
            supports.setdefault(name, []).extend(found)

    def _models_of(self, junctions: Iterable[Junction]) -> list[JunctionModel]:
        """Return models of the junctions for which the panel holds sequence on both sides.

        They are kept, so that one caller is quick with many samples.
        """
        models = []
        for junction in junctions:
            if junction not in self._models:
                model = JunctionModel(self._panel, self.contigs, junction, self._anchors.find(junction))
                self._models[junction] = model if model.usable else None
            found = self._models[junction]
            if found is not None:
                models.append(found)
        return models

    def _evaluate(self, fragments: Iterable[Fragment], models: list[JunctionModel]) -> Supports:
        found: Supports = {}
        index = ModelIndex(models, INDEL_WINDOW)
        for fragment in fragments:
            near = index.near(fragment, self._parameters.margin)
            for gapped in (False, True):
                supports = [
                    (model.junction, support)
                    for model in near
                    if (support := self._realigner.support(fragment, model, gapped=gapped))
                ]
                counted = [s.cost for _, s in supports if s.kind in ("split", "spanning")]
                if min(counted, default=GAPLESS_ENOUGH + 1) <= GAPLESS_ENOUGH:
                    break
            if supports:
                found[fragment.name] = supports
        return found

    def _near_best(self, found: list[tuple[Junction, Support]]) -> list[tuple[Junction, Support]]:
        """Keep the junctions that explain a fragment with fewer than `margin` edits above the best."""
        limit = min(support.cost for _, support in found) + self._parameters.margin
        return [item for item in found if item[1].cost < limit]


def in_order(junction: Junction) -> tuple[str, int, str, int]:
    """Return what junctions are sorted by where nothing else tells them apart."""
    return junction.five_gene, junction.five_pos, junction.three_gene, junction.three_pos
