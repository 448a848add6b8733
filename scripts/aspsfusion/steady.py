"""Notices an input file that changed while it was read.

A file that is still being copied reads well up to its present end: what it gave would look like a complete
sample. So its size and its time are compared before and after.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.errors import ReadsError


@dataclass(frozen=True)
class Stamp:
    """A file's identity at one moment.

    Attributes:
        path: the file.
        size: bytes.
        modified: time of its last change, in nanoseconds.
        inode: number of the file behind the name.
    """

    path: Path
    size: int
    modified: int
    inode: int


def stamp_of(path: Path) -> Stamp | None:
    """Return the stamp of a file, None for a pipe or for what is not there."""
    try:
        if not path.is_file():
            return None
        state = path.stat()
    except OSError:
        return None
    return Stamp(path, state.st_size, state.st_mtime_ns, state.st_ino)


def stamps_of(paths: Iterable[Path]) -> list[Stamp]:
    """Return the stamps of those paths that are files."""
    return [stamp for stamp in map(stamp_of, paths) if stamp is not None]


def require_unchanged(stamps: Iterable[Stamp]) -> None:
    """Refuse files that are not what they were when their stamps were taken.

    Raises:
        ReadsError: a file vanished, grew, shrank or was written again.
    """
    for before in stamps:
        now = stamp_of(before.path)
        if now is None:
            raise ReadsError(
                "vanished while it was read",
                path=before.path,
                remedy="put it back, leave it there and run again",
            )
        if now != before:
            change = (
                f"grew from {before.size} to {now.size} bytes"
                if now.size > before.size
                else f"shrank from {before.size} to {now.size} bytes"
                if now.size < before.size
                else "was written again"
            )
            raise ReadsError(
                f"{change} while it was read",
                path=before.path,
                remedy="wait until it is completely written and run again",
            )
