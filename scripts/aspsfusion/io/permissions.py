"""Decides who may read the files of patients, and whose caches are believed.

The umask of a command is set, whatever that of the user is. Set once for a process, it holds for whatever is
written: results, drafts and logs, indexes that a library writes beside them, and directories. It can only
take rights away from what a writer asks for.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from aspsfusion.errors import InstallationError, ParameterError

VARIABLE = "ASPSFUSION_FILE_MODE"
"""Environment variable with one of `UMASKS`; the workflow sets it by its key `file_mode`."""

USUAL = "0640"
UMASKS = {"0640": 0o027, "0600": 0o077}
"""Modes of files, and the umasks that give them: read by the group, or by nobody else. Directories become
0750 and 0700. None lets everybody read what belongs to a patient."""


def mode_text(value: object) -> object:
    """Return a mode as it is written where YAML read it as a number, anything else as it is.

    >>> mode_text(0o640), mode_text("0600")
    ('0640', '0600')
    """
    return f"{value:04o}" if type(value) is int else value


def stated_mode() -> str:
    """Return the mode that the environment states, or the usual one."""
    return os.environ.get(VARIABLE) or USUAL


def set_umask(mode: str) -> int:
    """Set this process's umask so that files get a mode, and return the one before.

    Raises:
        ParameterError: the mode is none of `UMASKS`.
    """
    if mode not in UMASKS:
        raise ParameterError(
            f"'{mode}' is no mode for files of patients", remedy=f"set {VARIABLE} to {' or '.join(UMASKS)}"
        )
    return os.umask(UMASKS[mode])


def close_directory(directory: Path, mode: str) -> None:
    """Take from a directory of this user the rights that a mode does not give; leave any other as it is."""
    with suppress(FileNotFoundError, PermissionError):
        directory.chmod(stat.S_IMODE(directory.stat().st_mode) & ~UMASKS[mode])


@contextmanager
def private_files() -> Iterator[None]:
    """Let only those whom the environment states read what the block or the decorated function writes.

    Raises:
        ParameterError: what the environment states is none of `UMASKS`.
    """
    before = set_umask(stated_mode())
    try:
        yield
    finally:
        os.umask(before)


def require_own_cache() -> None:
    """Refuse a cache from which Snakemake might run the code of another user; let nobody else write to it.

    It keeps copies of workflow files there. They are believed only in a directory that belongs to this user
    and is no link, below one in which nobody else can exchange it. What is not there yet, Snakemake makes.

    Raises:
        InstallationError: the directory is a link, or somebody else's, or lies where others can replace it.
    """
    try:
        parent = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
        cache = parent / "snakemake"
        above, state = parent.stat(), cache.lstat()
    except (OSError, RuntimeError):
        return  # there is none, or it is closed to Snakemake too
    replaceable = above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX
    if stat.S_ISLNK(state.st_mode) or state.st_uid != os.geteuid() or replaceable:
        raise InstallationError(
            "is a cache that another user can fill",
            path=cache,
            remedy="set XDG_CACHE_HOME to a directory of your own, or remove what is there",
        )
    if state.st_mode & 0o022:
        cache.chmod(stat.S_IMODE(state.st_mode) & ~0o022)
