"""Tells a waiting person, or a log, how far a long stage has come."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

TERMINAL_INTERVAL = 0.5
LOG_INTERVAL = 60.0
"""Seconds between two lines: a terminal's line is written over, a log keeps every one."""


class ProgressLine:
    """A line with counts and their rate on standard error.

    On a terminal the line is renewed in place; in a log a new one is written each minute.

    Args:
        unit: what is counted, for example `fragments`.
        stream: where to write; standard error by default.
    """

    def __init__(self, unit: str, stream: TextIO | None = None) -> None:
        self._unit = unit
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def update(
        self, count: int, note: str = "", *, read: int | None = None, total: int | None = None
    ) -> None:
        """Show a count if the last line is old enough.

        Args:
            count: how many so far.
            note: what to say besides.
            read: bytes of the input read so far.
            total: bytes of the whole input, from which the time left is told.
        """
        now = time.monotonic()
        if now - self._last < (TERMINAL_INTERVAL if self._terminal else LOG_INTERVAL):
            return
        self._last = now
        elapsed = max(now - self._started, 1e-9)
        text = f"{count:,} {self._unit} ({count / elapsed:,.0f} a second){note}"
        if read is not None:
            text += f", {read / elapsed / 1e6:,.1f} MB/s"
            if read and total is not None:
                text += f", {_clock(elapsed * max(0, total - read) / read)} left"
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
