"""Studies reads instead of cells: fragments at the target's junctions, and real reads diluted.

Junction reads: fragments of each listed junction of the target are given to the stages without any other, and
each is looked up in the calls by its name: which are counted, and for which junction?

Dilution: the fragments that support the target fusion in a real positive sample are taken out of it, and some
of them, chosen by chance, are put back: how many does a verdict need? No other reads are needed.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from aspsfusion.errors import ReadsError
from aspsfusion.io.files import Progress, no_progress
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.spec import JunctionSpec
from aspsfusion.report.models import Report
from aspsfusion.screen.fastq import open_reads
from aspsfusion.screen.pairs import Lane
from aspsfusion.simulate.records import SimulatedFragment, SimulationParameters, TruthRecord
from aspsfusion.simulate.simulate import simulate
from aspsfusion.validation.run import Chain

READ_LENGTH = 101
INSERT = 250.0
INSERT_SD = 40.0

SHORT_ANCHOR = (11, 20)
"""Bases of the 5' gene, first and last, of the reads that general aligners place worst: too short to be
placed within a repeat, long enough to name the gene."""

DRAWN_PER_ROUND = 10
"""Fragments drawn for each one wanted; draws are repeated until there are enough."""

LINES_PER_RECORD = 4


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
    """Return what becomes of so many fragments of each of the target's listed junctions and questions."""
    panel = chain.panel
    listed = [
        spec
        for spec in panel.catalogue.values()
        if spec.fusion == panel.spec.target.fusion
        and spec.five_prime.coding_position is None
        and spec.three_prime.coding_position is None
    ]
    rows = []
    for question, chosen in (("short 5' anchor", _short_anchor), ("crosses or bridges", _spans)):
        drawn = {
            spec.id: _draw(panel, spec, chosen, number, seed + place) for place, spec in enumerate(listed)
        }
        mixtures = [[name] for name in drawn] + ([list(drawn)] if len(drawn) > 1 else [])
        for names in mixtures:
            fragments = [fragment for name in names for fragment in drawn[name]]
            counted = {
                read.label: (junction.catalogue_id, read.typable)
                for junction in chain.calls(chain.write_fragments(fragments)).junctions
                for read in junction.reads
            }
            for name in names:
                found = [counted[f.name] for f in drawn[name] if f.name in counted]
                rows.append(_row((question, name, " + ".join(names)), len(drawn[name]), found, set(drawn)))
    return rows


def _row(
    title: tuple[str, str, str], given: int, found: Sequence[tuple[str | None, bool]], listed: Collection[str]
) -> JunctionReads:
    """Return the row of a junction, titled by question, junction and sample.

    Of the fragments given, `found` has for each that was counted the id of the junction that it was counted
    for, and whether it is typable; `listed` are the ids of the target's junctions.
    """
    of_target = [(name, typable) for name, typable in found if name in listed]
    right = sum(typable and name == title[1] for name, typable in of_target)
    not_typable = sum(not typable for _, typable in of_target)
    return JunctionReads(
        *title,
        fragments=given,
        right=right,
        not_typable=not_typable,
        other_type=len(of_target) - right - not_typable,
        elsewhere=len(found) - len(of_target),
        not_counted=given - len(found),
    )


def _draw(
    panel: Panel,
    spec: JunctionSpec,
    chosen: Callable[[TruthRecord], bool],
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
            if chosen(fragment.truth) and here not in ends:
                ends.add(here)
                found.append(replace(fragment, name=f"{spec.id}:{len(found)}"))
        turn += 1
    return found[:number]


def _short_anchor(truth: TruthRecord) -> bool:
    return SHORT_ANCHOR[0] <= truth.anchor_five_prime <= SHORT_ANCHOR[1]


def _spans(truth: TruthRecord) -> bool:
    return truth.junction is not None and truth.start <= truth.junction < truth.end


@dataclass(frozen=True)
class Dilution:
    """Verdicts on one sample with so many of its fusion fragments; a row of the table.

    Attributes:
        fragments: fusion fragments put back.
        draws: samples made.
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
    progress: Progress = no_progress,
) -> list[Dilution]:
    """Dilute the fusion fragments of a sample and count the verdicts.

    For each number of fragments that are put back, so many samples are drawn.

    Raises:
        ReadsError: the sample does not show the fusion.
    """
    whole = chain.report(chain.examine("undiluted", [lane]))
    place = _target_place(whole)
    if place is None:
        raise ReadsError(
            f"shows no {whole.verdict.target}",
            path=lane.fastq_1,
            remedy="give the reads of a positive sample",
        )
    supporting = {read.name for fusion in whole.fusions if fusion.is_target for read in fusion.reads}
    records = [_records(path) for path in (lane.fastq_1, lane.fastq_2) if path]
    names = [record.split(maxsplit=1)[0].removeprefix("@").removesuffix("/1") for record in records[0]]
    with_fusion = [row for row, name in enumerate(names) if name in supporting]
    without = _without_fusion(chain, records, names, supporting)
    rows = []
    for turn, number in enumerate(numbers):
        if number > len(with_fusion):
            continue
        calls, places = [], []
        for draw in range(draws):
            rng = np.random.default_rng([seed, number, draw])
            chosen = sorted([*without, *rng.choice(with_fusion, number, replace=False).tolist()])
            reads = chain.write_reads(["".join(mate[row] for row in chosen) for mate in records])
            report = chain.report(chain.examine(f"dilution.{number}.{draw}", [reads]))
            calls.append(report.verdict.call)
            places.append(_target_place(report))
            progress(turn * draws + draw + 1, f" of {len(numbers) * draws}")
        rows.append(
            Dilution(
                fragments=number,
                draws=draws,
                confirmed=calls.count("CONFIRMED"),
                indeterminate=calls.count("INDETERMINATE"),
                excluded=calls.count("EXCLUDED"),
                named=draws - places.count(None),
                exact=places.count(place),
            )
        )
    return rows


def _target_place(report: Report) -> tuple[int, int] | None:
    """Return the positions (1-based) of the joined bases of the first target fusion, None without one."""
    return next(((f.five_prime.pos, f.three_prime.pos) for f in report.fusions if f.is_target), None)


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
            read.label
            for junction in chain.calls([reads]).junctions
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
