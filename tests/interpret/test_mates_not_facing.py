"""Libraries whose mates do not face each other: pairs of the fusion are not found, so nothing is excluded."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from aspsfusion.evidence.coverage import Coverage
from aspsfusion.evidence.strand import FACING_SHARE, MIN_PAIRS, Direction
from aspsfusion.interpret.quality import incomplete_evidence
from carriers.genes import opposite
from carriers.junctions import listed
from carriers.reads import Fragment, Library, across, bridging
from carriers.sample import Report, Runner
from carriers.wild_type import covered, wild_type

LIBRARY = Library(read=75, insert=190)
OVERLAPPING = Library(read=100, insert=130, spread=10)

Turn = Callable[[Fragment], Fragment]


def as_sequenced(fragment: Fragment) -> Fragment:
    return fragment


def second_turned(fragment: Fragment) -> Fragment:
    """Both mates have the same strand: the second one was stored as its reverse complement."""
    first, second = fragment.reads
    return replace(fragment, reads=(first, opposite(second)))


def both_turned(fragment: Fragment) -> Fragment:
    first, second = fragment.reads
    return replace(fragment, reads=(opposite(first), opposite(second)))


def texts(report: Report) -> list[str]:
    return [flag["text"] for flag in report["qc"]["flags"] if flag["code"] == "MATES_NOT_FACING"]


def codes(report: Report) -> set[str]:
    return {reason["code"] for reason in report["verdict"]["reasons"]}


@pytest.mark.parametrize("turn", [second_turned, both_turned])
@pytest.mark.parametrize("kind", ["bridging", "crossing"])
def test_a_carrier_is_not_excluded(runner: Runner, turn: Turn, kind: str) -> None:
    rng = random.Random(f"{kind} of mates")
    joined = listed(runner.genes, "type 1").joined
    fusion = (
        bridging(joined, 3, LIBRARY, rng, "f")
        if kind == "bridging"
        else across(joined, 3, (15, 30), LIBRARY, rng, "f")
    )
    sample = [turn(fragment) for fragment in fusion + wild_type(runner.genes, LIBRARY, rng)]
    report = runner.report(sample)
    assert report["verdict"]["call"] != "EXCLUDED"
    (text,) = texts(report)
    assert "the mates do not face each other" in text
    assert "as the sequencer wrote them" in text
    assert report["verdict"]["call"] == "CONFIRMED" or "MATES_NOT_FACING" in codes(report)


@pytest.mark.parametrize("library", [LIBRARY, OVERLAPPING], ids=["apart", "overlapping"])
def test_an_ordinary_library_is_excluded(runner: Runner, library: Library) -> None:
    report = runner.report(wild_type(runner.genes, library, random.Random(4)))
    assert report["verdict"]["call"] == "EXCLUDED"
    assert texts(report) == []


def test_mates_that_overlap_do_not_hide_it(runner: Runner) -> None:
    """Mates of one strand cannot be merged, however much they overlap."""
    rng = random.Random(8)
    report = runner.report([second_turned(f) for f in wild_type(runner.genes, OVERLAPPING, rng)])
    assert covered(report)
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert codes(report) == {"MATES_NOT_FACING"}


@pytest.mark.parametrize(
    ("facing", "not_facing", "said"),
    [
        (0, MIN_PAIRS - 1, False),
        (0, MIN_PAIRS, True),
        (int(FACING_SHARE * 40), 40 - int(FACING_SHARE * 40), False),
        (int(FACING_SHARE * 40) - 1, 41 - int(FACING_SHARE * 40), True),
        (10_000, 100, False),
    ],
)
def test_the_share_of_pairs_decides(facing: int, not_facing: int, said: bool) -> None:
    direction = Direction(spliced=1, facing=facing, not_facing=not_facing)
    reasons = incomplete_evidence({}, {}, Coverage(10, direction=direction))
    assert [reason.code for reason in reasons] == ["MATES_NOT_FACING"] * said
    if said:
        assert f"In {not_facing} of {facing + not_facing} wild-type pairs" in reasons[0].text
