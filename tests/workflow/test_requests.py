"""What jobs ask for follows the size of a sample's files, and grows with each attempt."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from repository import ROOT

RULES = ROOT / "workflow" / "rules" / "requests.smk"
MEGABYTE = 1_000_000
SIZES = {"small": 1, "large": 4000, "captured": 4000}


@pytest.fixture
def requests(tmp_path: Path) -> dict[str, Any]:
    """Return the functions of the rules, for samples with files that take no room."""
    samples = {}
    for name, size in SIZES.items():
        path = tmp_path / name
        with path.open("wb") as stream:
            stream.truncate(size * MEGABYTE)
        library = "capture" if name == "captured" else "polyA"
        samples[name] = SimpleNamespace(reads=[str(path)], library=library)
    names: dict[str, Any] = {"SAMPLES": samples, "Path": Path}
    exec(compile(RULES.read_text(), str(RULES), "exec"), names)  # plain Python, included by Snakemake
    return names


def of(sample: str) -> SimpleNamespace:
    """Return the wildcards of a sample."""
    return SimpleNamespace(sample=sample)


def test_a_library_made_for_the_genes_is_expected_to_hold_nothing_else(requests: dict[str, Any]) -> None:
    request = requests["for_candidates"](2000, 12)
    assert request(of("captured"), 1) == 2000 + 4000 * 12
    assert request(of("large"), 1) == 2000 + 4000 * 12 * requests["USUAL_CANDIDATES"]
    assert request(of("small"), 1) == pytest.approx(2000, abs=1)


def test_the_second_attempt_expects_that_of_any_library(requests: dict[str, Any]) -> None:
    request = requests["for_candidates"](2000, 12)
    assert request(of("large"), 2) == 4000 + 4000 * 12
    assert request(of("large"), 3) == 2 * request(of("large"), 2)


@pytest.mark.parametrize("sample", SIZES)
def test_every_attempt_asks_for_twice_as_much_at_least(requests: dict[str, Any], sample: str) -> None:
    for request in (requests["minutes_for_reads"](10, 500), requests["for_candidates"](10, 0.16)):
        asked = [request(of(sample), attempt) for attempt in (1, 2, 3)]
        assert asked[1] >= 2 * asked[0] - 1
        assert asked[2] >= 2 * asked[1] - 1
    assert [requests["doubling"](1000)(of(sample), attempt) for attempt in (1, 2)] == [1000, 2000]


def test_only_large_samples_get_threads(requests: dict[str, Any]) -> None:
    threads = requests["threads_for"](2, 500)
    assert [threads(of(sample)) for sample in ("small", "large")] == [1, 2]
