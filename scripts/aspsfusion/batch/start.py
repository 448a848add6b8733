"""Starts the workflow that comes with the program, from any directory."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from aspsfusion.errors import ParameterError
from aspsfusion.io.shipped import PROFILES, SNAKEFILE, shipped
from aspsfusion.io.temporary import run_child

DEFAULT_PROFILE = "default"
_STATUS_OF_A_SIGNAL = 128


def profile_directory(name: str) -> Path:
    """Return the directory of a profile: a bare name is one that comes with the program, a path is itself.

    Raises:
        ParameterError: there is no such profile.
    """
    packaged = shipped(PROFILES)
    directory = Path(name) if "/" in name else packaged / name
    if not directory.is_dir():
        known = sorted(path.name for path in packaged.iterdir() if path.is_dir())
        raise ParameterError(
            f"--profile {name}: there is no such profile",
            remedy=f"give {' or '.join(known)}, or the path of a directory, such as ./{Path(name).name}",
        )
    return directory


def run_workflow(
    config: Path,
    arguments: Sequence[str],
    *,
    profile: str = DEFAULT_PROFILE,
    directory: Path | None = None,
    said: IO[str] | None = None,
) -> int:
    """Run Snakemake on the workflow and return its exit status, 128 and the signal's number after a signal.

    Args:
        config: configuration file.
        arguments: further arguments of `snakemake`.
        profile: see `profile_directory`.
        directory: where it runs, and keeps its notes in `.snakemake`; here by default.
        said: takes what it says, which is shown by default.

    Raises:
        ParameterError: there is no such profile.
    """
    # By paths, and with -P: what is in the directory that it runs in, be it a profile or a module of the same
    # name, is not what was asked for.
    own = ["--snakefile", shipped(SNAKEFILE), "--workflow-profile", profile_directory(profile).resolve()]
    command = [sys.executable, "-P", "-m", "snakemake", *map(str, own), "--configfile", str(config.resolve())]
    status = run_child(
        [*command, *arguments],
        own_group=True,
        cwd=directory,
        stdout=said,
        stderr=None if said is None else subprocess.STDOUT,
    ).returncode
    return status if status >= 0 else _STATUS_OF_A_SIGNAL - status
