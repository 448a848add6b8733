"""Fixtures that the workflow's tests share."""

from pathlib import Path

import pytest

from aspsfusion.simulate.demo import Outcome, run_demo
from once import made_once
from small_batch import SmallBatch, small_batch

CORES = 2


@pytest.fixture(scope="session")
def demonstration_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    """Run the demonstration once for all tests; return its directory and its table."""
    output = tmp_path_factory.mktemp("workflow") / "demo"
    return output, run_demo(output, CORES)


@pytest.fixture(scope="session")
def undisturbed(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> SmallBatch:
    """Run a small batch: two carriers and an exclusion. Whoever changes anything takes a copy."""

    def run(directory: Path) -> None:
        batch = small_batch(directory, demo_panel_directory, ("pairs", "single", "wild_type"))
        done = batch.run()
        assert done.returncode == 0, done.stdout

    return SmallBatch(made_once(tmp_path_factory, "undisturbed", run))
