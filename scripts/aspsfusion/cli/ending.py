"""Ends the program on SIGTERM, SIGINT and SIGHUP: nothing unfinished stays, one sentence, 128 + signal."""

import os
import signal
import threading

from aspsfusion.io.temporary import leave_nothing

ENDING_SIGNALS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
"""A closed terminal, Ctrl-C, and what batch systems send before they kill."""

_STATUS_OF_A_SIGNAL = 128

_ending = threading.RLock()


def end_on_signals() -> None:
    """From now on end this process on a signal, unless whoever started it had that signal ignored (nohup).

    The process is not unwound: a thread that waits for a pipe or a library that computes would keep it, and
    batch systems kill what takes long. Python calls handlers between two steps of the main thread alone,
    which may be in a library for minutes. So a second thread is woken by the signal as well; the first one
    that comes ends all.
    """
    awaited = [number for number in ENDING_SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    if not awaited:
        return
    read, write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(read, True)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_wait, args=(read, awaited), name="signals", daemon=True).start()
    for number in awaited:
        signal.signal(number, lambda number, frame: _end(number))


def _wait(descriptor: int, awaited: list[signal.Signals]) -> None:
    while True:
        for number in os.read(descriptor, 1):  # the wake-up is for every signal that has a handler
            if number in awaited:
                _end(number)


def _end(number: int) -> None:
    with _ending:
        leave_nothing(number)
        line = "\r\x1b[K" if os.isatty(2) else ""
        name = signal.Signals(number).name
        text = (
            f"{line}aspsfusion: ended by {name}; what was unfinished is removed, run the same command again\n"
        )
        try:
            os.write(2, text.encode("ascii"))
        finally:
            os._exit(_STATUS_OF_A_SIGNAL + number)
