"""Fixtures that the workflow's tests share."""

from pathlib import Path

import pytest

from aspsfusion.simulate.demo import Outcome, run_demo
from repository import ROOT

CORES = 2


@pytest.fixture(scope="session")
def demonstration_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    """Run the demonstration once for all tests; return its directory and its table."""
    output = tmp_path_factory.mktemp("workflow") / "demo"
    return output, run_demo(ROOT, output, CORES)
