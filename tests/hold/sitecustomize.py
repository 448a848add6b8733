"""Holds or disturbs a command of this program at a mark, which is the same on any machine.

Python loads a module of this name when it starts; tests put this directory on the path of what they start.
"""

import atexit
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

HOLD = "ASPSFUSION_TEST_HOLD"
"""JSON: `where` is the end of the file's path, `pipe` what the command waits for, `mark` what it makes."""

DISTURB = "ASPSFUSION_TEST_DISTURB"
"""JSON: arguments of `_disturb`."""

EVENTS = ("open", "os.", "shutil.", "tempfile.")


def _hold(where: str, pipe: str, mark: str) -> None:
    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and str(details[0]).endswith(where):
            Path(mark).write_text(str(os.getpid()))
            Path(pipe).read_bytes()

    sys.addaudithook(watch)


def _disturb(below: list[str], counts: str, job: str, at: int, number: int, room: int) -> None:
    """Count what a command does to files below directories, and disturb it once.

    Args:
        below: the directories; relative paths are below the working directory.
        counts: directory for the number of events of each job, written when it ends.
        job: job that is disturbed, empty for none.
        at: event at which it is.
        number: signal for its whole process group, 0 for none.
        room: bytes that no file may grow beyond from then on, where there is no signal.
    """
    own = next((word for word in reversed(sys.orig_argv) if word in _JOBS), "")
    seen = [0]

    def watch(event: str, details: tuple[Any, ...]) -> None:
        path = str(details[0]) if details and isinstance(details[0], str | os.PathLike) else "/"
        if not event.startswith(EVENTS) or (path.startswith("/") and not path.startswith(tuple(below))):
            return
        seen[0] += 1
        if own == job and seen[0] == at:
            if number:
                os.killpg(0, number)
            else:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    def write() -> None:
        (Path(counts) / own).write_text(str(seen[0]))

    if not job:
        atexit.register(write)
    sys.addaudithook(watch)


_JOBS = ("build", "screen", "extract", "analyse", "compare", "report", "summary", "check", "manifest")
"""Words by which the commands of the workflow's jobs are known."""

if any(Path(word).name == "aspsfusion" for word in sys.orig_argv[1:2]):
    for variable, act in ((HOLD, _hold), (DISTURB, _disturb)):
        if variable in os.environ:
            act(**json.loads(os.environ[variable]))
