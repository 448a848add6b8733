"""A few samples of each kind of the acceptance studies, and the study's own machinery."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from carriers import study
from carriers.carrier_kinds import binomial_interval
from carriers.junctions import LIBRARIES, listed
from carriers.kind import Outcome
from carriers.reads import Library, across, write
from carriers.sample import Runner, analysed
from carriers.study import KINDS, read_outcomes, run_study, state_of, wanted
from carriers.table import violations
from carriers.wild_type import wild_type

SLICES = {
    "inserted": range(6),
    "variants": range(6),
    "random": range(8),
    "agreeing": (0, 1, 2, 4, 8, 10, 19, 24),
    "between": range(6),
    "negatives": range(11),
    # At 30 and at 100 informative fragments; a sample of 1,000 takes seconds.
    "chimera_cost": (0, 1, 3, 4),
    "foreign": (1, 5, 7, 9),
    # Copies of each sort once, then distinct molecules.
    "molecules": (*range(1, 40, 5), 0, 10),
}
"""Samples of each kind that the suite judges. Shares are tested below, equal names in `test_equal_names`."""


@pytest.mark.parametrize("name", SLICES)
def test_promises_are_kept(runner: Runner, name: str) -> None:
    outcomes = [KINDS[name].outcome(runner, number) for number in SLICES[name]]
    assert violations([KINDS[name]], outcomes) == [], [outcome for outcome in outcomes if outcome.failed]


def test_shares_are_estimated(runner: Runner) -> None:
    """Of some 300 fragments at the acceptor, a single estimate is off by three points now and then."""
    for number in (1, 4):
        facts = KINDS["share"].outcome(runner, number).facts
        assert facts["estimate"] == pytest.approx(facts["level"], abs=0.08)


def test_a_sample_can_be_made_again(runner: Runner) -> None:
    assert KINDS["random"].outcome(runner, 3) == KINDS["random"].outcome(runner, 3)


def test_the_command_line_says_the_same(runner: Runner, tmp_path: Path) -> None:
    rng, library = random.Random(1), LIBRARIES["2x75"]
    fragments = across(listed(runner.genes, "type 2").joined, 4, (17, 17), library, rng, "f")
    fragments += wild_type(runner.genes, library, rng)
    report = runner.report(fragments)
    said = analysed(runner.panel, tmp_path, [write(fragments, tmp_path / "r")])
    del report["inputs"], said["inputs"]  # one wrote its files compressed
    assert said == report
    assert report["verdict"]["call"] == "CONFIRMED"


@pytest.mark.parametrize("library", [Library(trimmed=True), Library(paired=False, trimmed=True)])
def test_each_fragment_shows_both_sides(runner: Runner, library: Library) -> None:
    exact = replace(library, errors=0.0)
    joined = listed(runner.genes, "type 1", "ACGTTGCA").joined
    shown = joined.bases[joined.left - 17 : joined.right + 17]
    fragments = across(joined, 20, (17, 17), exact, random.Random(2), "f")
    assert all(fragment.shows(shown) for fragment in fragments)
    assert min(len(read) for fragment in fragments for read in fragment.reads) < 75


def test_a_stopped_study_goes_on(
    demo_panel_directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    results, judged = tmp_path / "results.jsonl", []

    def judge(panel: Path, samples: list[tuple[str, int]], cores: int) -> Iterator[Outcome]:
        for name, number in samples:
            judged.append((name, number))
            yield Outcome(name, number, "any", "", "EXCLUDED", [], {"not CONFIRMED": number != 2})

    monkeypatch.setattr(study, "judge_all", judge)
    samples = wanted(["negatives"], 3)
    assert run_study(demo_panel_directory, results, samples, 1) == 1
    said = capsys.readouterr().out
    assert "VIOLATED negatives: not CONFIRMED: all" in said
    assert "negatives:2" in said
    # A line that was cut short is done again, and all are when the state is another one.
    whole = results.read_text()
    results.write_text(whole[:-5])
    run_study(demo_panel_directory, results, samples, 1)
    assert judged == [*samples, samples[2]]
    state = state_of(demo_panel_directory)
    assert len(read_outcomes(results, state)) == 3
    assert read_outcomes(results, "another") == []


def test_interval_of_a_share() -> None:
    # Of Binomial(10, 0.5), 2 to 8 hold 97.9 percent.
    assert binomial_interval(5, 10) == (0.2, 0.8)
