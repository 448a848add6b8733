"""A report can be drawn where there is no home to write to, and fonts are searched once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aspsfusion.matplotlib_home import VARIABLE, give_matplotlib_a_home

BUILDING = "Matplotlib is building the font cache; this may take a moment."
"""What matplotlib says on a slow machine the first time that it looks at the fonts."""
UNWRITABLE = "/proc/none"
"""No user, not even root, can make this directory."""


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Take the home away and return the directory of temporary files."""
    for name in (VARIABLE, "XDG_CONFIG_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", UNWRITABLE)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path / f"aspsfusion-matplotlib-{os.getuid()}"


def test_home_of_the_user_is_left_alone(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    give_matplotlib_a_home()
    assert VARIABLE not in os.environ
    assert not elsewhere.exists()


def test_choice_of_the_user_is_left_alone(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, UNWRITABLE)
    give_matplotlib_a_home()
    assert os.environ[VARIABLE] == UNWRITABLE


def test_directory_that_others_can_write_to_is_not_taken(elsewhere: Path) -> None:
    elsewhere.mkdir()
    elsewhere.chmod(0o777)
    give_matplotlib_a_home()
    assert VARIABLE not in os.environ


def test_matplotlib_says_nothing_without_a_home(elsewhere: Path) -> None:
    code = (
        "from aspsfusion.matplotlib_home import give_matplotlib_a_home; give_matplotlib_a_home();"
        "import matplotlib.font_manager"
    )
    for expected in ({"", BUILDING}, {""}):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stderr.strip() in expected
    fonts = list(elsewhere.glob("fontlist*.json"))
    assert len(fonts) == 1
