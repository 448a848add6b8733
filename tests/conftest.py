"""Fixtures that several tests share."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from aspsfusion.__main__ import OBJECTS_BETWEEN_COLLECTIONS
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference
from carriers.sample import Runner, open_runner
from once import made_once
from repository import BCR_ABL1_PANEL, ROOT, SHIPPED_PANEL

# Neither an example nor the making of examples fails because something else keeps the processors busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

FIRST = tuple(
    f"tests/workflow/test_{name}.py" for name in ("rerun", "demonstration", "workflow", "module", "resume")
)
"""Files whose tests take longest, so that no worker begins one of them when the others have ended."""


def _on_demonstration_reference(directory: Path, panel_yaml: Path) -> None:
    genome = directory / "demo.fa.gz"
    write_demonstration_reference(demonstration_reference(load_panel_spec(panel_yaml)), genome)
    build_panel(panel_yaml, genome, None, directory / "panel")


@pytest.fixture(scope="session")
def demo_panel_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped panel built once on the demonstration reference."""

    def build(directory: Path) -> None:
        directory.mkdir()
        _on_demonstration_reference(directory, SHIPPED_PANEL)

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
def filler_runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """The stages on the shipped panel without its real bases, for coincidences that filler has."""

    def build(directory: Path) -> None:
        directory.mkdir()
        panel_yaml = directory / "panel.yaml"
        stated = SHIPPED_PANEL.read_text(encoding="utf-8")
        panel_yaml.write_text(stated.replace("build: GRCh38", "build: none"), encoding="utf-8")
        _on_demonstration_reference(directory, panel_yaml)

    with open_runner(made_once(tmp_path_factory, "filler_panel", build) / "panel") as opened:
        yield opened


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Directory of real reads and real reference sequence; skips where none was given."""
    path = os.environ.get("ASPSFUSION_REAL_DATA")
    if not path:
        pytest.skip("ASPSFUSION_REAL_DATA is not set")
    return Path(path)


@pytest.fixture(scope="session")
def real_panel_directory(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A panel of BCR::ABL1 built once on the real reference; no test writes into it."""

    def build(directory: Path) -> None:
        build_panel(BCR_ABL1_PANEL, real_data / "genome.fa.gz", real_data / "genes.gtf", directory)

    return made_once(tmp_path_factory, "real_panel", build)


def pytest_collection_finish() -> None:
    """Keep Python from looking for cycles among all that was loaded, which is a tenth of the tests' time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first; a worker is given the tests of a whole file."""
    order = {ROOT / name: place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: order.get(item.path, len(order)))
