"""Gives matplotlib a directory to write to where the user's home is none, as in containers and on nodes.

Without one matplotlib makes a new directory in each process, says so at length, and searches the machine's
fonts anew, which takes seconds for each report.
"""

import os
import tempfile
from pathlib import Path

from aspsfusion.writable import can_write, is_own

VARIABLE = "MPLCONFIGDIR"
"""Variable of the environment by which matplotlib is told its directory."""


def give_matplotlib_a_home() -> None:
    """Set MPLCONFIGDIR for this process unless it is set or matplotlib's own choice can be written to.

    To be called before matplotlib is imported for the first time.
    """
    if os.environ.get(VARIABLE):
        return
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "matplotlib"
    if can_write(configuration):
        return
    shared = Path(tempfile.gettempdir()) / f"aspsfusion-matplotlib-{os.getuid()}"
    if is_own(shared):
        os.environ[VARIABLE] = str(shared)
