"""Tells where a process can put files of its own, also where the home or the installation is read-only."""

import os
import stat
import tempfile
from pathlib import Path


def can_write(directory: Path) -> bool:
    """Tell whether files can be made in a directory, by making one: a mount may be read-only.

    The directory is made if it is not there.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError:
        return False


def is_own(directory: Path) -> bool:
    """Make a directory and tell whether it is this user's alone to write.

    Anyone may put something into the directory of temporary files: a directory or link of another user there
    is not to be trusted.
    """
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        found = directory.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def cache_of_the_user() -> Path:
    """Return the user's cache directory for this program, whether or not it is there (XDG Base Directory)."""
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path("~/.cache").expanduser()) / "aspsfusion"
