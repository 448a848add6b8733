"""Gives matplotlib a directory to write to where the user's home is none, as in containers and on nodes.

Without one matplotlib makes a new directory in each process, says so at length, and searches the machine's
fonts anew, which takes seconds for each report.
"""

import os
import stat
import tempfile
from pathlib import Path

VARIABLE = "MPLCONFIGDIR"
"""Variable of the environment by which matplotlib is told its directory."""


def give_matplotlib_a_home() -> None:
    """Set MPLCONFIGDIR for this process unless it is set or matplotlib's own choice can be written to.

    To be called before matplotlib is imported for the first time.
    """
    if os.environ.get(VARIABLE):
        return
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "matplotlib"
    if _can_write(configuration):
        return
    shared = Path(tempfile.gettempdir()) / f"aspsfusion-matplotlib-{os.getuid()}"
    if _is_own(shared):
        os.environ[VARIABLE] = str(shared)


def _can_write(directory: Path) -> bool:
    """Tell whether files can be made in a directory, by making one: a disk may be read-only."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def _is_own(directory: Path) -> bool:
    """Make a directory and tell whether it is ours alone to write: anyone may put something into /tmp."""
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022
