"""Counts outcomes: shares with confidence intervals, limits of detection, calibration of the exclusion."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from aspsfusion.interpret.rna_quality import score_interval
from aspsfusion.report.models import Call
from aspsfusion.validation.outcomes import Outcome, as_expected, violations
from aspsfusion.validation.study import ARMS, Arm, Cell, Study, Truth

INTERVAL_LEVEL = 0.95
"""Coverage of the confidence intervals."""

DETECTION_SHARE = 0.95
"""Share of samples that must be confirmed for a number of fragments to count as detectable: the usual
definition of a limit of detection (CLSI EP17-A2)."""

DETECTION_FACTOR = "fragments across the junction"
"""The factor from which limits of detection are taken; its levels are read layouts."""

EXCLUSION_LEVELS = (0.95, 0.99)
"""Probabilities for which the exclusion statement is checked."""


@dataclass(frozen=True)
class Share:
    """A part of a whole with its confidence interval."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        """The share, None of nothing."""
        return self.part / self.whole if self.whole else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The score interval, None of nothing."""
        return score_interval(self.part, self.whole, INTERVAL_LEVEL) if self.whole else None

    def percent(self) -> str:
        """Return the share and its interval in percent.

        >>> Share(199, 200).percent()
        '99.5 (97.2 to 99.9)'
        >>> Share(0, 0).percent()
        '-'
        """
        if self.value is None or self.interval is None:
            return "-"
        low, high = self.interval
        return f"{100 * self.value:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def share(outcomes: Iterable[Outcome], condition: Callable[[Outcome], bool | None]) -> Share:
    """Return the share of outcomes that meet a condition; those for which it is None are left out."""
    answers = [answer for answer in map(condition, outcomes) if answer is not None]
    return Share(sum(answers), len(answers))


@dataclass(frozen=True)
class CellRow:
    """One arm of one cell, counted; a row of validation.tsv.

    Attributes:
        column: value of the second factor; may be empty.
        expected: the verdict that should come out.
        as_expected: samples in which it does, with the expected reason.
        violations: samples in which something came out that must not.
        declared_confirmed: verdicts CONFIRMED where the tumour cells are declared; None where they are not.
        named: samples whose report lists the simulated fusion.
        right_type: samples with the right type, of `typed`.
        typed: samples in which the fusion is listed and the type is compared.
        exact: samples with the junction exact, of `named`.
        fragments: mean of the fragments counted for the fusion.
        crossing: mean of the molecules of which a read shows the junction.
        informative: mean of the wild-type fragments at the acceptor with the fewest.
    """

    cell: str
    factor: str
    level: str
    column: str
    arm: Arm
    truth: Truth
    samples: int
    expected: Call
    as_expected: int
    confirmed: int
    indeterminate: int
    excluded: int
    violations: int
    declared_confirmed: int | None
    declared_indeterminate: int | None
    declared_excluded: int | None
    named: int
    right_type: int
    typed: int
    exact: int
    fragments: float
    crossing: float
    informative: float

    @property
    def sensitivity(self) -> Share:
        """Share of samples that were confirmed."""
        return Share(self.confirmed, self.samples)


def cell_rows(study: Study, outcomes: Sequence[Outcome]) -> list[CellRow]:
    """Return a row for each arm of each cell that has outcomes, in the order of the study."""
    by_arm: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        by_arm.setdefault((outcome.cell, outcome.arm), []).append(outcome)
    return [
        _row(cell, arm, by_arm[cell.name, arm])
        for cell in study.cells
        for arm in ARMS
        if (cell.name, arm) in by_arm
    ]


def _row(cell: Cell, arm: Arm, found: Sequence[Outcome]) -> CellRow:
    def mean(values: Iterable[int]) -> float:
        return round(sum(values) / len(found), 1)

    calls = [outcome.call for outcome in found]
    declared = [outcome.declared for outcome in found]

    def of_declared(call: Call) -> int | None:
        return None if None in declared else declared.count(call)

    return CellRow(
        cell=cell.name,
        factor=cell.factor,
        level=cell.level,
        column=cell.column or "",
        arm=arm,
        truth=cell.truth_of(arm),
        samples=len(found),
        expected=cell.expected(arm).verdict,
        as_expected=sum(as_expected(outcome, cell) for outcome in found),
        confirmed=calls.count("CONFIRMED"),
        indeterminate=calls.count("INDETERMINATE"),
        excluded=calls.count("EXCLUDED"),
        violations=sum(bool(violations(outcome, cell)) for outcome in found),
        declared_confirmed=of_declared("CONFIRMED"),
        declared_indeterminate=of_declared("INDETERMINATE"),
        declared_excluded=of_declared("EXCLUDED"),
        named=sum(outcome.named is True for outcome in found),
        right_type=sum(outcome.right_type is True for outcome in found),
        typed=sum(outcome.right_type is not None for outcome in found),
        exact=sum(outcome.exact is True for outcome in found),
        fragments=mean(outcome.fragments for outcome in found),
        crossing=mean(outcome.crossing for outcome in found),
        informative=mean(outcome.informative for outcome in found),
    )


@dataclass(frozen=True)
class Detection:
    """The limit of detection of one read layout.

    Attributes:
        layout: the level of its cells.
        limit: fewest fragments across the junction from which on DETECTION_SHARE of the samples are
            confirmed at every larger number that was tried; None when there is none.
        tried: the share confirmed by number of fragments, the smallest first.
    """

    layout: str
    limit: int | None
    tried: dict[int, Share]


def detection_limits(study: Study, rows: Sequence[CellRow]) -> list[Detection]:
    """Return the limit of detection of each layout among the cells of DETECTION_FACTOR."""
    layouts: dict[str, dict[int, Share]] = {}
    for row in rows:
        if row.factor == DETECTION_FACTOR and row.arm == "positive":
            number = study.cell(row.cell).fragments
            tried = layouts.setdefault(row.level, {})
            tried[study.fragments if number is None else number] = row.sensitivity
    limits = []
    for layout, tried in layouts.items():
        limit = None
        for number in sorted(tried, reverse=True):
            if (tried[number].value or 0.0) < DETECTION_SHARE:
                break
            limit = number
        limits.append(Detection(layout, limit, dict(sorted(tried.items()))))
    return limits


@dataclass(frozen=True)
class Calibration:
    """How often a fusion at or above the stated detectable fraction was not seen.

    Attributes:
        fraction: true share of fusion transcripts at the acceptor.
        level: probability with which the detectable fraction would be seen.
        missed: samples in which nothing was seen, of those whose stated fraction is at most the true one.
    """

    fraction: float
    level: float
    missed: Share


def calibration(
    study: Study, outcomes: Sequence[Outcome], stated_at: float = EXCLUSION_LEVELS[0]
) -> list[Calibration]:
    """Return the calibration of the exclusion statement for each true share that cells have.

    A report that states the share f with confidence c says by (1 - f)^n = 1 - c that it rests on n fragments
    that count, and with them the share for every other confidence follows. Only samples in which the true
    share is not below the stated one count: the statement says nothing of the others. The shares that the
    reports state are with the confidence `stated_at`.
    """
    shares = {cell.name: cell.fraction for cell in study.cells if cell.fraction is not None}
    found = []
    for fraction in sorted(set(shares.values())):
        positives = [o for o in outcomes if shares.get(o.cell) == fraction and o.arm == "positive"]
        for level in EXCLUSION_LEVELS:
            exponent = math.log(1 - level) / math.log(1 - stated_at)
            stated = [
                o
                for o in positives
                if o.detectable is not None and 1 - (1 - o.detectable) ** exponent <= fraction
            ]
            found.append(Calibration(fraction, level, share(stated, lambda o: not o.seen)))
    return found
