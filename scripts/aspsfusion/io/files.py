"""Writes files that appear whole or not at all, and notices input files that change while they are read.

A file that is still being copied reads well up to its present end: what it gave would look like a complete
sample. So size, time and inode of an input are compared before and after.
"""

import io
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from aspsfusion.errors import MAKE_ROOM, NO_ROOM, ParameterError, ReadsError
from aspsfusion.io.temporary import removed_after, used_by_libraries

PRIVATE = 0o700
"""Mode of a directory that nobody else may read."""


class Progress(Protocol):
    """What is called now and then in long work, to say how far it has come."""

    def __call__(
        self, count: int, note: str = "", /, *, read: int | None = None, total: int | None = None
    ) -> None:
        """Take how many are done so far, what to say besides, and bytes read of those of the whole input."""


def no_progress(count: int, note: str = "", *, read: int | None = None, total: int | None = None) -> None:
    """Report to nobody."""


@contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path` and rename it to `path` when the block ends well.

    A block that raises leaves nothing behind and an existing file as it was. Directories that are
    missing are made. What a process that was killed left of the same file is removed.

    Yields:
        The path to write to, in the same directory, so that the rename is atomic.

    Raises:
        ParameterError: the file exists and `force` is not set, or it cannot be written.
    """
    temporary = _draft(path)
    try:
        _refuse_to_lose(path, force=force)
        path.parent.mkdir(parents=True, exist_ok=True)
        _discard_abandoned(path)
        with removed_after(temporary):
            yield temporary
            temporary.replace(path)
    except OSError as error:
        if error.filename and Path(str(error.filename)) not in (path, temporary, path.parent):
            raise  # about another file, which has its own words
        if error.errno in NO_ROOM:
            problem, remedy = f"cannot be written: {NO_ROOM[error.errno]}", MAKE_ROOM
        else:
            problem = f"cannot be written ({error.strerror or error})"
            remedy = "give an --output that can be written"
        raise ParameterError(problem, path=path, remedy=remedy) from error


def write_text(path: Path, text: str, *, force: bool = True) -> None:
    """Write a file of text as UTF-8, see `replacing`; one that exists is replaced unless told otherwise."""
    with replacing(path, force=force) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name a file in those errors of the system that name none, where several are written."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


@contextmanager
def scratch_beside(path: Path, mode: int = 0o777) -> Iterator[Path]:
    """Give a temporary directory beside `path`, from where a finished result can be renamed to it.

    Yields:
        The directory, empty; it is removed at the end. What a process that was killed left of the same
        result is removed at the beginning.

    Raises:
        OSError: it cannot be made.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _discard_abandoned(path)
    scratch = _draft(path)
    shutil.rmtree(scratch, ignore_errors=True)  # of a killed process that had the same number
    with removed_after(scratch):
        scratch.mkdir(mode=mode)
        with used_by_libraries(scratch):
            yield scratch


class _NamedFile(io.FileIO):
    """A file whose name is in the errors of its writes, which the system leaves out."""

    def write(self, data: Any, /) -> int:
        with writing(Path(str(self.name))):
            return super().write(data)


def open_to_write(path: Path) -> io.BufferedWriter:
    """Open one of several files that are written at the same time; its errors name it."""
    return io.BufferedWriter(_NamedFile(str(path), "wb"))


class Stamp(NamedTuple):
    """A file's identity at one moment.

    Attributes:
        modified: time of its last change, in nanoseconds.
        inode: number of the file after the name.
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
            change = "was written again"
            if now.size != before.size:
                word = "grew" if now.size > before.size else "shrank"
                change = f"{word} from {before.size} to {now.size} bytes"
            raise ReadsError(
                f"{change} while it was read",
                path=before.path,
                remedy="wait until it is completely written and run again",
            )


_DRAFT = re.compile(r"\.[0-9]+\.tmp\.")


def _draft(path: Path) -> Path:
    # The suffix stays at the end because some writers choose the format by it.
    return path.with_name(f".{os.getpid()}.tmp.{path.name}")


def _discard_abandoned(path: Path) -> None:
    """Remove the drafts of other processes, and what belongs to them, such as an index.

    Two processes that write the same file contradict each other anyhow: then the one that began first fails.
    """
    own = _draft(path).name
    # Most names are no drafts, and there may be as many files here as a batch has samples.
    with os.scandir(path.parent) as entries:
        drafts = [entry.name for entry in entries if _DRAFT.match(entry.name)]
    for name in drafts:
        if name.startswith(own) or not name.partition(".tmp.")[2].startswith(path.name):
            continue
        draft = path.with_name(name)
        if draft.is_dir():
            shutil.rmtree(draft, ignore_errors=True)
        else:
            draft.unlink(missing_ok=True)


def _refuse_to_lose(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise ParameterError("is a directory", path=path, remedy="give the name of a file as --output")
    if path.exists() and not force:
        raise ParameterError(
            "exists already", path=path, remedy="give another --output, or --force to replace it"
        )
