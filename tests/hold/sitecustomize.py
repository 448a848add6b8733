"""Holds a command of this program where it opens a certain file, until a test lets it go on.

Python loads a module of this name when it starts; tests put this directory on the path of what they start.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

VARIABLE = "ASPSFUSION_TEST_HOLD"
"""JSON: `where` is the end of the file's path, `pipe` what the command waits for, `mark` what it makes."""


def _hold(where: str, pipe: str, mark: str) -> None:
    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and str(details[0]).endswith(where):
            Path(mark).write_text(str(os.getpid()))
            Path(pipe).read_bytes()

    sys.addaudithook(watch)


if VARIABLE in os.environ and any(Path(word).name == "aspsfusion" for word in sys.orig_argv[1:2]):
    _hold(**json.loads(os.environ[VARIABLE]))
