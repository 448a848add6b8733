"""Fixtures that several tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from carriers.sample import Runner, open_runner
from once import made_once
from repository import ROOT, SHIPPED_PANEL

# Neither an example nor the making of examples fails because something else keeps the processors busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

FIRST = tuple(
    f"tests/workflow/test_{name}.py" for name in ("rerun", "demonstration", "workflow", "module", "resume")
)
"""Files whose tests take longest, so that no worker begins one of them when the others have ended."""


@pytest.fixture(scope="session")
def demo_panel_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped panel built once on the demonstration reference."""

    def build(directory: Path) -> None:
        directory.mkdir()
        genome = directory / "demo.fa.gz"
        write_demonstration_reference(demonstration_reference(load_panel_spec(SHIPPED_PANEL)), genome)
        build_panel(SHIPPED_PANEL, genome, None, directory / "panel")

    return made_once(tmp_path_factory, "demo_panel", build) / "panel"


@pytest.fixture(scope="session")
def demo_panel(demo_panel_directory: Path) -> Panel:
    """The shipped panel on the demonstration reference, in memory."""
    return load_panel(demo_panel_directory)


@pytest.fixture(scope="session")
def runner(demo_panel_directory: Path) -> Iterator[Runner]:
    """The stages on that panel, for reads of the independent simulator."""
    with open_runner(demo_panel_directory) as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Directory of real reads and real reference sequence; skips where none was given."""
    path = os.environ.get("ASPSFUSION_REAL_DATA")
    if not path:
        pytest.skip("ASPSFUSION_REAL_DATA is not set")
    return Path(path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; a worker is given the tests of a whole file."""
    order = {ROOT / name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
