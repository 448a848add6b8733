"""The demonstration's table: what agrees and what does not."""

from pathlib import Path

import pytest

from aspsfusion.errors import ParameterError
from aspsfusion.simulate.demo import (
    MARK,
    Demo,
    DemoSample,
    Expected,
    ExpectedFusion,
    compare,
    load_demo,
    run_demo,
    table,
)
from repository import ROOT


@pytest.fixture
def demo() -> Demo:
    """Return the demonstration of the repository."""
    return load_demo()


def test_demonstration_covers_every_verdict(demo: Demo) -> None:
    assert len(demo.samples) == 6
    assert {sample.expected.call for sample in demo.samples} == {"CONFIRMED", "EXCLUDED", "INDETERMINATE"}
    assert [sample.paired for sample in demo.samples].count(False) == 1
    assert (ROOT / demo.panel).is_file()


def test_simulation_settings_become_options() -> None:
    sample = DemoSample(
        id="s",
        title="t",
        simulate={"coverage": ["A=1", "B=2"], "single_end": True, "fragments": 3, "force": False},
        expected=Expected(call="EXCLUDED", fusions=[]),
    )
    assert sample.options() == ["--coverage", "A=1", "--coverage", "B=2", "--single-end", "--fragments", "3"]


def test_sample_without_report_disagrees() -> None:
    expected = Expected(call="CONFIRMED", fusions=[ExpectedFusion(name="A::B", type="type 1")])
    outcome = compare(DemoSample(id="s", title="t", simulate={}, expected=expected), None)
    assert (outcome.expected, outcome.obtained, outcome.agree) == ("CONFIRMED: A::B type 1", "FAILED", False)
    assert table([outcome]).splitlines()[-1].split() == [
        "s",
        "t",
        "CONFIRMED:",
        "A::B",
        "type",
        "1",
        "FAILED",
        "NO",
    ]


def test_directory_with_something_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(ParameterError, match="holds no demonstration"):
        run_demo(tmp_path, 1)
    assert (tmp_path / "thesis.txt").exists()
    assert not (tmp_path / MARK).exists()
