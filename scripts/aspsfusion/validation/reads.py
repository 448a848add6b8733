"""Single fragments at the junctions of the target: which of them are counted, and for which junction.

The study of cells asks for verdicts; this one asks for reads. Fragments of each listed junction of the
target are given to the stages without any other, and each is looked up in the calls by its name.

Real reads diluted into real reads: how many fragments of a fusion are needed in a sample that has it.

The fragments that support the target fusion in a positive sample are taken out of it, and some of them,
chosen by chance, are put back. Such a control needs no other reads than those of one positive sample.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aspsfusion.call.calls_file import CallsFile
from aspsfusion.errors import ReadsError
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.panel.spec import JunctionSpec
from aspsfusion.screen.fastq import open_reads
from aspsfusion.screen.pairs import Lane
from aspsfusion.simulate.records import SimulatedFragment, SimulationParameters
from aspsfusion.simulate.simulate import simulate
from aspsfusion.validation.run import Chain

LINES_PER_RECORD = 4


@dataclass(frozen=True)
class Dilution:
    """Verdicts on one sample with so many of its fusion fragments; a row of the table.

    Attributes:
        fragments: fusion fragments put back.
        draws: samples made.
        confirmed: verdicts CONFIRMED.
        indeterminate: verdicts INDETERMINATE.
        excluded: verdicts EXCLUDED.
        named: samples whose report lists the target fusion.
        exact: of these, samples with the junction of the undiluted sample.
    """

    fragments: int
    draws: int
    confirmed: int
    indeterminate: int
    excluded: int
    named: int
    exact: int


def dilute(
    chain: Chain,
    lane: Lane,
    numbers: Sequence[int],
    draws: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Dilution]:
    """Dilute the fusion fragments of a sample and count the verdicts.

    Args:
        chain: the stages.
        lane: reads of a sample that has the target fusion.
        numbers: fusion fragments to put back.
        draws: samples for each number.
        seed: seed of the choices.
        progress: called after each sample with the samples done and all samples.

    Raises:
        ReadsError: the sample does not show the fusion.
    """
    whole = chain.report_of_files("undiluted", lane)
    target = [fusion for fusion in whole.fusions if fusion.is_target]
    if not target:
        raise ReadsError(
            f"shows no {whole.verdict.target}",
            path=lane.fastq_1,
            remedy="give the reads of a positive sample",
        )
    place = target[0].five_prime.pos, target[0].three_prime.pos
    supporting = {read.name for fusion in target for read in fusion.reads}
    records = [_records(path) for path in (lane.fastq_1, lane.fastq_2) if path]
    names = [record.split(maxsplit=1)[0].removeprefix("@").removesuffix("/1") for record in records[0]]
    with_fusion = [row for row, name in enumerate(names) if name in supporting]
    without = _without_fusion(chain, records, names, supporting)
    rows = []
    for turn, number in enumerate(numbers):
        if number > len(with_fusion):
            continue
        calls, named, exact = [], 0, 0
        for draw in range(draws):
            rng = np.random.default_rng([seed, number, draw])
            chosen = sorted([*without, *rng.choice(with_fusion, number, replace=False).tolist()])
            reads = chain.write_reads(["".join(mate[row] for row in chosen) for mate in records])
            report = chain.report_of_files(f"dilution.{number}.{draw}", reads)
            calls.append(report.verdict.call)
            found = [fusion for fusion in report.fusions if fusion.is_target]
            named += bool(found)
            exact += bool(found) and (found[0].five_prime.pos, found[0].three_prime.pos) == place
            progress(turn * draws + draw + 1, len(numbers) * draws)
        rows.append(
            Dilution(
                fragments=number,
                draws=draws,
                confirmed=calls.count("CONFIRMED"),
                indeterminate=calls.count("INDETERMINATE"),
                excluded=calls.count("EXCLUDED"),
                named=named,
                exact=exact,
            )
        )
    return rows


def _without_fusion(
    chain: Chain, records: Sequence[Sequence[str]], names: Sequence[str], supporting: Collection[str]
) -> list[int]:
    """Return the rows of the fragments that do not speak for the fusion, not even weakly.

    Copies of a supporting fragment are not named in a report; they are seen once it is gone.
    """
    spec = chain.panel.spec
    gone = set(supporting)
    while True:
        rows = [row for row, name in enumerate(names) if name not in gone]
        reads = chain.write_reads(["".join(mate[row] for row in rows) for mate in records])
        left = {
            read.name
            for junction in chain.calls_of_files("without", reads).calls.junctions
            if (junction.five_gene, junction.three_gene) == (spec.target.five_prime, spec.target.three_prime)
            for read in junction.reads
        }
        if not left:
            return rows
        gone |= left


def _records(path: Path) -> list[str]:
    """Return the records of a small FASTQ as text."""
    with open_reads(path) as stream:
        lines = stream.read().decode("ascii").splitlines(keepends=True)
    return ["".join(lines[i : i + LINES_PER_RECORD]) for i in range(0, len(lines), LINES_PER_RECORD)]


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
