"""Copies that errors, trimming or the other strand make different are one molecule all the same."""

import random
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle

import pytest

from carriers.junctions import listed
from carriers.misreading import mutated
from carriers.reads import Fragment, Library, across, sequenced
from carriers.sample import Report, Runner, target_of
from carriers.wild_type import wild_type

Change = Callable[[Fragment, random.Random], Fragment]
"""What happens to a copy before it is read."""

Names = Callable[[str, bool, random.Random], str]
"""The UMI of a copy as its name has it, by that of the molecule and whether its first read is antisense."""

PAIRS = Library(insert=220, errors=0)
SHORT = Library(read=100, paired=False, insert=62, spread=6, adapters=True, errors=0)


def as_it_is(fragment: Fragment, rng: random.Random) -> Fragment:
    return fragment


def cut_first(fragment: Fragment, rng: random.Random) -> Fragment:
    first, *others = fragment.reads
    return replace(fragment, reads=(first[rng.choice((0, 0, 1, 3, 6, 9)) :], *others))


def noisy_second(fragment: Fragment, rng: random.Random) -> Fragment:
    first, second = fragment.reads
    return replace(fragment, reads=(first, mutated(second, 0.08, rng)))


def dark_end(fragment: Fragment, rng: random.Random) -> Fragment:
    first, second = fragment.reads
    dark = rng.choice((0, 7, 9, 12, 16, 25, 40))
    return replace(fragment, reads=(first, second[: len(second) - dark] + "G" * dark))


def exchanged(umi: str, reverse: bool, rng: random.Random) -> str:
    first, second = umi[:6], umi[6:]
    return f"{second}_{first}" if reverse else f"{first}_{second}"


def misread(umi: str, reverse: bool, rng: random.Random) -> str:
    return mutated(umi, 0.02, rng)


def exact(umi: str, reverse: bool, rng: random.Random) -> str:
    return umi


def report_of(
    runner: Runner, library: Library, count: int, copies: int, change: Change, umi: Names | None = None
) -> Report:
    """Return the report of a sample with so many molecules of the type 1 fusion, each in so many copies."""
    rng, joined = random.Random(3), listed(runner.genes, "type 1").joined

    def drawn() -> str:
        return "".join(rng.choices("ACGT", k=12))

    sample = []
    for number in range(count):
        begin, length = joined.left - 22 - 3 * number, library.insert + number % 3
        bases, own = joined.bases[begin : begin + length], drawn()
        for copy in range(copies):
            reverse = rng.random() < 0.5
            end = f"_{umi(own, reverse, rng)}" if umi else ""
            fragment = sequenced(bases, library, rng, f"f{number}.{copy}{end}", reverse=reverse)
            sample.append(change(fragment, rng))
    others = wild_type(runner.genes, library, rng)
    if umi:
        others = [each.named(f"{each.name}_{umi(drawn(), False, rng)}") for each in others]
    return runner.report([*others, *sample])


@pytest.mark.parametrize(
    ("library", "copies", "change", "umi"),
    [
        (PAIRS, 12, as_it_is, exchanged),
        (PAIRS, 120, as_it_is, misread),
        (PAIRS, 12, cut_first, exact),
        (replace(PAIRS, insert=90), 12, cut_first, exact),
        (PAIRS, 12, cut_first, None),
        (replace(PAIRS, insert=90), 12, cut_first, None),
        (PAIRS, 12, noisy_second, None),
        (PAIRS, 12, noisy_second, exact),
        (replace(PAIRS, read=150, insert=280), 12, dark_end, None),
        (SHORT, 6, as_it_is, None),
    ],
    ids=[
        "the two strands of duplex UMIs",
        "UMIs of many copies with errors",
        "UMIs, cut at the 5' end",
        "UMIs, merged, cut at the 5' end",
        "both strands, cut at the 5' end",
        "both strands, merged, cut at the 5' end",
        "noisy second reads",
        "UMIs, noisy second reads",
        "dark ends of second reads",
        "both strands of short molecules in single reads",
    ],
)
def test_two_molecules_do_not_confirm(
    runner: Runner, library: Library, copies: int, change: Change, umi: Names | None
) -> None:
    report = report_of(runner, library, 2, copies, change, umi)
    fusion = target_of(report)
    assert fusion is not None
    assert 0 < fusion["fragments"] <= 2
    assert report["verdict"]["call"] == "INDETERMINATE"


@pytest.mark.parametrize("umi", [None, exchanged, exact])
def test_as_many_molecules_are_counted_as_there_are(runner: Runner, umi: Names | None) -> None:
    fusion = target_of(report_of(runner, PAIRS, 9, 4, as_it_is, umi))
    assert fusion is not None
    assert fusion["fragments"] == 9


def test_whole_single_reads_of_both_strands_at_one_place_are_two(runner: Runner) -> None:
    """Of 60 bases each and so on the junction by chance: what comes after them is not known."""
    library = Library(read=60, paired=False, insert=200, errors=0)
    rng, joined = random.Random(1), listed(runner.genes, "type 1").joined
    place = slice(joined.left - 30, joined.left + 30)
    both = [
        sequenced(joined.bases[place.start : place.start + 200], library, rng, "f", reverse=False),
        sequenced(joined.bases[place.stop - 200 : place.stop], library, rng, "r", reverse=True),
        *across(joined, 3, (12, 24), library, rng, "o"),
    ]
    fusion = target_of(runner.report([*wild_type(runner.genes, library, rng), *both]))
    assert fusion is not None
    assert fusion["fragments"] == 5


def test_a_few_indices_in_the_names_join_no_molecules(runner: Runner) -> None:
    """Three values of 8 bases, as of pooled lanes, pass for UMIs; some ends are near by chance."""
    indices = cycle(("ACGTACGT", "TTGACCAA", "GGATCCTA"))

    def index(umi: str, reverse: bool, rng: random.Random) -> str:
        return next(indices)

    fusion = target_of(report_of(runner, PAIRS, 9, 1, as_it_is, index))
    assert fusion is not None
    assert fusion["fragments"] == 9
