"""Writing files so that none is ever seen half written and none is lost by mistake."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aspsfusion.errors import ParameterError


@contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary path beside `path` and rename it to `path` when the block ends well.

    A block that raises leaves nothing behind and an existing file as it was. Directories that are
    missing are made.

    Args:
        path: the file to be written.
        force: replace an existing file; without it an existing file is an error.

    Yields:
        The path to write to, in the same directory, so that the rename is atomic.

    Raises:
        ParameterError: the file exists and `force` is not set, or it can not be written.
    """
    # The suffix stays at the end because some writers choose the format by it.
    temporary = path.with_name(f".{os.getpid()}.tmp.{path.name}")
    try:
        _refuse_to_lose(path, force=force)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield temporary
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise ParameterError(
            f"can not be written ({error.strerror or error})",
            path=path,
            remedy="give an --output that can be written",
        ) from error


def _refuse_to_lose(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise ParameterError("is a directory", path=path, remedy="give the name of a file as --output")
    if path.exists() and not force:
        raise ParameterError(
            "exists already", path=path, remedy="give another --output, or --force to replace it"
        )
