"""Fixtures of the tests of the validation study."""

from pathlib import Path

import pytest

from aspsfusion.validation.run import Chain


@pytest.fixture
def chain(demo_panel_directory: Path, tmp_path: Path) -> Chain:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Chain(demo_panel_directory, scratch)
