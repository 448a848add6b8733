"""What a kind of samples is: how one is made and judged, and what is promised of all."""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

from carriers.sample import Report, Runner

NOT_EXCLUDED, CONFIRMED, COVERED = "not EXCLUDED", "CONFIRMED", "wild type would exclude"
"""Names of checks that several kinds have."""


LISTED = 5
"""Candidates that are named in a list of what is not as expected: those at known places first."""

Cell = TypeVar("Cell")


def mixed(cells: Iterable[Cell]) -> list[Cell]:
    """Return cells in an order that is always the same, so that a few of them are of all sorts."""
    found = list(cells)
    random.Random(0).shuffle(found)
    return found


@dataclass(frozen=True)
class Outcome:
    """What became of a sample.

    Attributes:
        kind: name of its kind.
        number: of the sample; both are the seed of its random numbers.
        shape: what the sample is, so that like ones are counted together.
        detail: what distinguishes it from those.
        call: the verdict.
        reasons: codes of its reasons.
        checks: whether it is as expected, by the name of what is expected; without those that do not apply.
        facts: numbers that a promise rests on.
        found: what the report says, in words, where something is not as expected.
        state: checksum of the program, the panel and the simulator.
        cpu: seconds that the sample took.
    """

    kind: str
    number: int
    shape: str
    detail: str
    call: str
    reasons: list[str]
    checks: dict[str, bool]
    facts: dict[str, float] = field(default_factory=dict)
    found: str = ""
    state: str = ""
    cpu: float = 0.0

    @property
    def failed(self) -> list[str]:
        """The checks that it does not keep."""
        return [name for name, kept in self.checks.items() if not kept]

    def as_dict(self) -> dict[str, Any]:
        """Return what JSON holds of it."""
        return asdict(self)

    @classmethod
    def of(
        cls,
        sample: tuple[str, int],
        shape: str,
        detail: str,
        report: Report,
        checks: dict[str, bool],
        facts: dict[str, float] | None = None,
    ) -> Self:
        """Return the outcome of a sample by its report."""
        call = report["verdict"]["call"]
        return cls(
            *sample,
            shape,
            detail,
            call,
            [reason["code"] for reason in report["verdict"]["reasons"]],
            checks,
            facts or {},
            "" if all(checks.values()) else in_words(report),
        )


def in_words(report: Report) -> str:
    """Return what a report found, short enough for a list."""
    found = [
        f"{fusion['hgvs']} {fusion['type']} inserted '{fusion['inserted_sequence']}' "
        f"frame {fusion['in_frame']} {fusion['split_reads']}+{fusion['spanning_pairs']}"
        for fusion in report["fusions"]
    ]
    strongest = sorted(report["filtered"], key=lambda each: (not each["known_place"], -each["fragments"]))
    found += [
        f"filtered {each['name']} {each['five_prime']['site']} :: {each['three_prime']['site']} "
        f"'{each['inserted_sequence']}' {each['split_reads']}+{each['spanning_pairs']} "
        f"{each['reasons'][0]['code']}"
        for each in strongest[:LISTED]
    ]
    found += [
        f"bridge {each['five_prime']['gene']} {each['five_prime']['site']} :: {each['three_prime']['site']} "
        f"{each['agreeing_split_reads']} split, {each['agreeing_fragments']} agree"
        for each in report["unexplained_bridges"][:LISTED]
    ]
    found += [f"one-sided {each['gene']}:{each['pos']} {each['fragments']}" for each in report["one_sided"]]
    return "; ".join(found) or "nothing found"


@dataclass(frozen=True)
class Promise:
    """What the samples of a kind keep together.

    Attributes:
        words: what is promised.
        kept: returns the measured value in words, and whether it keeps the promise.
    """

    words: str
    kept: Callable[[Sequence[Outcome]], tuple[str, bool]]


def share(check: str, least: float = 1.0) -> Promise:
    """Promise that a check holds in so large a share of the samples that it applies to."""

    def kept(outcomes: Sequence[Outcome]) -> tuple[str, bool]:
        values = [outcome.checks[check] for outcome in outcomes if check in outcome.checks]
        good = sum(values)
        return f"{good} of {len(values)}", good >= least * len(values)

    return Promise(f"{check}: " + ("all" if least == 1.0 else f"{100 * least:g}%"), kept)


@dataclass(frozen=True)
class Kind:
    """A kind of samples.

    Attributes:
        name: its name on the command line.
        samples: number of samples of the whole study.
        judge: makes a sample, given its number and random numbers, and returns its outcome.
        promises: what is promised of all of them together.
    """

    name: str
    samples: int
    judge: Callable[[Runner, int, random.Random], Outcome]
    promises: tuple[Promise, ...]

    def outcome(self, runner: Runner, number: int) -> Outcome:
        """Return the outcome of a sample."""
        return self.judge(runner, number, random.Random(f"{self.name}:{number}"))
