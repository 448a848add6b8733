"""Real reads diluted into real reads: how many fragments of a fusion are needed in a sample that has it.

The fragments that support the target fusion in a positive sample are taken out of it, and some of them,
chosen by chance, are put back. Such a control needs no other reads than those of one positive sample.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aspsfusion.errors import ReadsError
from aspsfusion.screen.fastq import open_reads
from aspsfusion.screen.pairs import Lane
from aspsfusion.validation.chain import Chain

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
