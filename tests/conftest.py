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
from repository import ROOT, SHIPPED_PANEL

# Neither an example nor the making of examples fails because something else keeps the processors busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

SMALL_BATCH = "small batch"
ORDER = (SMALL_BATCH, "tests/workflow/test_demonstration.py")
"""Groups of tests that begin."""


@pytest.fixture(scope="session")
def demo_panel_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped panel built once on the demonstration reference."""
    directory = tmp_path_factory.mktemp("demo_panel")
    genome = directory / "demo.fa.gz"
    write_demonstration_reference(demonstration_reference(load_panel_spec(SHIPPED_PANEL)), genome)
    build_panel(SHIPPED_PANEL, genome, None, directory / "panel")
    return directory / "panel"


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


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file to one worker, the longest first: those that run the workflow.

    What the tests of a file share is made once, and the small batch that tests of the workflow begin with.
    """
    groups = {item: group_of(item) for item in items}
    items.sort(key=lambda item: ORDER.index(groups[item]) if groups[item] in ORDER else len(ORDER))
    for item, group in groups.items():
        item.add_marker(pytest.mark.xdist_group(group))


def group_of(item: pytest.Item) -> str:
    """Return the name of the tests that one worker runs."""
    if "undisturbed" in getattr(item, "fixturenames", ()):
        return SMALL_BATCH
    return str(item.path.relative_to(ROOT))
