"""The progress line: renewed in place on a terminal, seldom in a log."""

import io
import time

import pytest

from aspsfusion.cli.options import ProgressLine


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_line_is_renewed_and_cleared(clock: list[float]) -> None:
    stream = Terminal()
    with ProgressLine("fragments", stream) as line:
        line.update(10)
        assert stream.getvalue() == ""
        clock[0] = 2.0
        line.update(3000, ", 7 kept")
        assert stream.getvalue().endswith("3,000 fragments (1,500 a second), 7 kept")
    assert stream.getvalue().endswith("\r\x1b[K")


def test_a_log_gets_a_line_a_minute(clock: list[float]) -> None:
    stream = io.StringIO()
    with ProgressLine("fragments", stream) as line:
        for second in range(0, 130, 10):
            clock[0] = float(second)
            line.update(second)
    assert stream.getvalue() == "60 fragments (1 a second)\n120 fragments (1 a second)\n"
