"""A template prints what it is given: escaped, and never an empty place for a misspelt name."""

import subprocess
import sys
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from aspsfusion.report.html_parts import ENVIRONMENT


def test_text_is_escaped() -> None:
    assert ENVIRONMENT.from_string("{{ view }}").render(view="<b>") == "&lt;b&gt;"


def test_a_misspelt_name_is_an_error() -> None:
    with pytest.raises(UndefinedError):
        ENVIRONMENT.from_string("{{ veiw }}").render(view="x")


def test_nothing_outside_of_the_package_is_read_as_a_template(tmp_path: Path) -> None:
    """No compiled template is kept: what somebody put into a cache directory would be run."""
    program = (
        "from aspsfusion.report.html_parts import ENVIRONMENT\n"
        "ENVIRONMENT.get_template('report.html.j2')\n"
        "print(ENVIRONMENT.bytecode_cache)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "None\n"
    assert not list(tmp_path.iterdir())
