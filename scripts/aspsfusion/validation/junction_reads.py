"""Single fragments at the junctions of the target: which of them are counted, and for which junction.

The study of cells asks for verdicts; this one asks for reads. Fragments of each listed junction of the
target are given to the stages without any other, and each is looked up in the calls by its name.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from aspsfusion.call.calls_file import CallsFile
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.panel.spec import JunctionSpec
from aspsfusion.simulate.records import SimulatedFragment, SimulationParameters
from aspsfusion.simulate.simulate import simulate
from aspsfusion.validation.chain import Chain

READ_LENGTH = 101
INSERT = 250.0
INSERT_SD = 40.0

SHORT_ANCHOR = (11, 20)
"""Bases of the 5' gene, first and last, of the reads that general aligners place worst: too short to be
placed within a repeat, long enough to name the gene."""

DRAWN_PER_ROUND = 10
"""Fragments drawn for each one wanted; draws are repeated until there are enough."""


@dataclass(frozen=True)
class JunctionReads:
    """What became of the fragments of one junction; a row of the table.

    Attributes:
        question: which fragments.
        junction: id in the catalogue.
        sample: the junctions whose fragments were in the sample.
        fragments: how many fragments of this junction were given.
        right: counted for this junction and typable.
        not_typable: counted for a listed junction of the target, whichever it is, and said to fit another one
            about as well.
        other_type: counted for another listed junction of the target, and said to be typable.
        elsewhere: counted for a junction that is not listed.
        not_counted: counted for none.
    """

    question: str
    junction: str
    sample: str
    fragments: int
    right: int
    not_typable: int
    other_type: int
    elsewhere: int
    not_counted: int


def junction_reads(chain: Chain, number: int, seed: int) -> list[JunctionReads]:
    """Return what becomes of fragments of the target's listed junctions.

    Args:
        chain: the stages.
        number: fragments of each junction and question.
        seed: seed of the fragments.
    """
    panel = chain.panel
    listed = {
        junction: spec
        for junction, spec in panel.catalogue.items()
        if spec.fusion == panel.spec.target.fusion
        and spec.five_prime.coding_position is None
        and spec.three_prime.coding_position is None
    }
    rows = []
    for question, chosen in (("short 5' anchor", _short_anchor), ("crosses or bridges", _spans)):
        drawn = {
            spec.id: _draw(panel, spec, chosen, number, seed + place)
            for place, spec in enumerate(listed.values())
        }
        mixtures = [[name] for name in drawn] + ([list(drawn)] if len(drawn) > 1 else [])
        for names in mixtures:
            fragments = [fragment for name in names for fragment in drawn[name]]
            calls = chain.calls("junction_reads", fragments)
            counted = _counted(calls)
            rows += [_row(question, name, names, drawn[name], counted, listed) for name in names]
    return rows


def _draw(
    panel: Panel,
    spec: JunctionSpec,
    chosen: Callable[[SimulatedFragment], bool],
    number: int,
    seed: int,
) -> list[SimulatedFragment]:
    """Return `number` fragments of a junction that are as chosen, no two of them with the same ends.

    Fragments with the same ends would be taken for copies of one molecule, and one of them not counted.
    """
    five, three = spec.five_prime, spec.three_prime
    found: list[SimulatedFragment] = []
    ends: set[tuple[int, int]] = set()
    turn = 0
    while len(found) < number:
        parameters = SimulationParameters(
            fusions=(f"{five.gene}:{five.exon}::{three.gene}:{three.exon}=n{DRAWN_PER_ROUND * number}",),
            read_length=READ_LENGTH,
            insert_mean=INSERT,
            insert_sd=INSERT_SD,
            seed=seed * 1000 + turn,
        )
        for fragment in simulate(panel, parameters):
            here = fragment.truth.start, fragment.truth.end
            if chosen(fragment) and here not in ends:
                ends.add(here)
                found.append(replace(fragment, name=f"{spec.id}:{len(found)}"))
        turn += 1
    return found[:number]


def _short_anchor(fragment: SimulatedFragment) -> bool:
    truth = fragment.truth
    return SHORT_ANCHOR[0] <= truth.anchor_five_prime <= SHORT_ANCHOR[1]


def _spans(fragment: SimulatedFragment) -> bool:
    truth = fragment.truth
    return truth.junction is not None and truth.start <= truth.junction < truth.end


@dataclass(frozen=True)
class _Place:
    """Where a fragment was counted."""

    catalogue_id: str | None
    typable: bool


def _counted(calls: CallsFile) -> dict[str, _Place]:
    """Return where each fragment is counted."""
    return {
        read.name: _Place(junction.catalogue_id, read.typable)
        for junction in calls.calls.junctions
        for read in junction.reads
    }


def _row(
    question: str,
    name: str,
    names: Sequence[str],
    fragments: Sequence[SimulatedFragment],
    counted: dict[str, _Place],
    listed: dict[Junction, JunctionSpec],
) -> JunctionReads:
    ids = {spec.id for spec in listed.values()}
    places = [counted[fragment.name] for fragment in fragments if fragment.name in counted]
    of_target = [place for place in places if place.catalogue_id in ids]
    right = sum(place.typable and place.catalogue_id == name for place in of_target)
    not_typable = sum(not place.typable for place in of_target)
    return JunctionReads(
        question=question,
        junction=name,
        sample=" + ".join(names),
        fragments=len(fragments),
        right=right,
        not_typable=not_typable,
        other_type=len(of_target) - right - not_typable,
        elsewhere=len(places) - len(of_target),
        not_counted=len(fragments) - len(places),
    )
