"""Runs Snakemake in processes of their own that do not load it anew each time.

Loading Snakemake takes longer than all that it does in a small run. Here a server loads it once, and each run
is a fork of that server: its arguments, working directory, environment, output and status are those of a
process that was started with `python -m snakemake`.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

LOADED = ("snakemake.cli", "snakemake.report", "jsonschema", "smart_open")
"""Modules that every run needs."""

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(list(LOADED))


class SnakemakeRun:
    """A run that has been started, the leader of a process group of its own.

    Args:
        arguments: of `snakemake`.
        directory: in which it runs.
        said: file that takes what it says.
        environment: its environment; that of this process where none is given.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        directory: Path,
        said: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        variables = dict(os.environ if environment is None else environment)
        self._process = _FORKS.Process(target=_run, args=(list(arguments), directory, said, variables))
        self._process.start()

    @property
    def pid(self) -> int:
        """Number of the process, and of its group."""
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        """Return its status, None while it runs."""
        return self._process.exitcode

    def wait(self) -> int:
        """Return its status when it has ended."""
        self._process.join()
        assert self._process.exitcode is not None
        return self._process.exitcode

    def kill(self) -> None:
        """End it; what it started runs on."""
        self._process.kill()

    def kill_all(self) -> None:
        """End it with all that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def snakemake(
    arguments: Sequence[str], directory: Path, said: Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake to its end; the arguments are those of `SnakemakeRun`."""
    run = SnakemakeRun(arguments, directory, said, environment)
    try:
        status = run.wait()
    except BaseException:  # the test was interrupted, or is at its time limit
        run.kill_all()
        raise
    return subprocess.CompletedProcess(list(arguments), status, said.read_text(encoding="utf-8"))


def _run(arguments: list[str], directory: Path, said: Path, environment: dict[str, str]) -> None:
    """Become a process that was started with these arguments."""
    os.setsid()
    # Where the tests run in the background of a script, they and all that they start ignore interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    output = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, sys.stdout.fileno())
    os.dup2(output, sys.stderr.fileno())
    os.close(output)
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["snakemake", *arguments]
    from snakemake.cli import main  # in this process, where it is loaded

    main()
