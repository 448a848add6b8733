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

    def update(self, count: int, note: str = "") -> None:
        """Show a count if the last line is old enough."""
        now = time.monotonic()
        if now - self._last < (TERMINAL_INTERVAL if self._terminal else LOG_INTERVAL):
            return
        self._last = now
        rate = count / max(now - self._started, 1e-9)
        text = f"{count:,} {self._unit} ({rate:,.0f} a second){note}"
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()
