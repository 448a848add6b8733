"""Entry point of `aspsfusion` and `python -m aspsfusion`."""

import gc
import os
import sys

from aspsfusion.cli import main as run_command_line
from aspsfusion.cli.ending import end_on_signals

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""New objects after which Python looks for cycles. The libraries make some hundred thousand while they are
loaded, and the usual 700 would spend a fifth of a short command on looking at them again and again."""


def main() -> None:
    """Run the command line and leave with its exit status."""
    end_on_signals()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    # NumPy starts a thread for each core otherwise, which wait in a loop for matrices that nobody multiplies.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    status = run_command_line()
    # What is alive now dies with the process: it need not be searched for cycles once more.
    gc.freeze()
    sys.exit(status)


if __name__ == "__main__":
    main()
