"""Passes text on to a terminal or a log without what steers a terminal."""

import contextlib
import sys
from collections.abc import Iterator
from typing import Any, TextIO, cast

from aspsfusion.errors import printable

_KEPT = ("\n", "\t")


class PlainText:
    """A text stream of which the reader sees every character: names in files may hold any.

    Args:
        stream: takes what can be printed, and escapes for the rest.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text and return its length."""
        if not text.isprintable():
            text = "".join(c if c in _KEPT else printable(c) for c in text)
        try:
            self.stream.write(text)
        except UnicodeEncodeError as error:
            self.stream.write(text.encode(error.encoding, "backslashreplace").decode(error.encoding))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def stream_below(stream: TextIO) -> TextIO:
    """Return a stream that takes steering characters as they are."""
    return stream.stream if isinstance(stream, PlainText) else stream


@contextlib.contextmanager
def plain_output() -> Iterator[None]:
    """Let what is printed in the block go through `PlainText`."""
    with (
        contextlib.redirect_stdout(cast(TextIO, PlainText(sys.stdout))),
        contextlib.redirect_stderr(cast(TextIO, PlainText(sys.stderr))),
    ):
        yield
