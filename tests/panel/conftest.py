"""The small panel, for the tests of this package."""

from pathlib import Path

import pytest

from small_panel import SmallPanel


@pytest.fixture
def small(tmp_path: Path) -> SmallPanel:
    return SmallPanel.in_directory(tmp_path)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> SmallPanel:
    """The unchanged panel, built once."""
    small = SmallPanel.in_directory(tmp_path_factory.mktemp("whole"))
    small.build()
    return small
