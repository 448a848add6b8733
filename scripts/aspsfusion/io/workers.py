"""Shares the work on one sample between processes, and gives the results in order.

Python runs one thread at a time, and the aligner holds it while it works: more processors are used by more
processes. Each has a thread here that sends it an item and waits for the result. A process ends when its
connection closes, as it does however this process ends.
"""

import contextlib
import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, islice
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from aspsfusion.errors import TooBigError

Setup = TypeVar("Setup")
Item = TypeVar("Item")
Result = TypeVar("Result")

FEW = 8
"""Items below which none is sent away: they are done before other processes have started."""

WAITING = 2
"""Items that are made ahead for each process, so that it goes on at once."""

# A process that is copied would lose the threads that wait for signals, and the locks that they hold.
_PROCESSES = multiprocessing.get_context("spawn")

_made: list[tuple[object, Callable[[Any], Any]]] = []
"""What a process works with at present, and what it was made of."""


class Workers:
    """Processes for the work on a sample; to be used in a `with` block.

    Args:
        number: of them; with 1 all is done in this process.
    """

    def __init__(self, number: int = 1) -> None:
        self._number = number
        self._free: SimpleQueue[Connection] = SimpleQueue()
        self._started: list[Connection] = []
        self._threads = ThreadPoolExecutor(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        for connection in self._started:
            connection.close()

    def map(
        self, make: Callable[[Setup], Callable[[Item], Result]], setup: Setup, items: Iterable[Item]
    ) -> Iterator[Result]:
        """Return what `make(setup)` returns for each item, in the order of the items.

        What is made may keep what it has read or opened, but no result may depend on the items before it.
        Other processes begin at once: all items of a list are on their way when this returns.

        Args:
            make: a public name of a module.
            setup: small, and equal to itself after it was sent.
            items: anything that can be sent.

        Raises:
            TooBigError: a process was killed.
        """
        coming = iter(items)
        first = list(islice(coming, FEW)) if self._number > 1 else []
        if len(first) < FEW:
            return map(make(setup), chain(first, coming))
        self._start()
        messages = ((make, setup, item) for item in chain(first, coming))
        waiting: deque[Future[Result]] = deque()
        if isinstance(items, list):
            waiting.extend(self._threads.submit(self._ask, message) for message in messages)
        return self._results(messages, waiting)

    def _results(
        self, messages: Iterator[tuple[object, ...]], waiting: "deque[Future[Result]]"
    ) -> Iterator[Result]:
        for message in messages:
            waiting.append(self._threads.submit(self._ask, message))
            if len(waiting) > WAITING * self._number:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _start(self) -> None:
        while len(self._started) < self._number:
            ours, theirs = _PROCESSES.Pipe()
            _PROCESSES.Process(target=_serve, args=(theirs, gc.get_threshold()), daemon=True).start()
            theirs.close()
            self._started.append(ours)
            self._free.put(ours)

    def _ask(self, message: tuple[object, ...]) -> Any:
        connection = self._free.get()
        try:
            connection.send(message)
            result, error = connection.recv()
        except (EOFError, ConnectionError) as lost:
            raise TooBigError(
                "a process of this command was killed, usually because memory ran out",
                remedy="give it more memory, or fewer threads",
            ) from lost
        finally:
            self._free.put(connection)
        if error is not None:
            raise error
        return result


ALONE = Workers()
"""This process alone."""


def _serve(connection: Connection, collect_after: tuple[int, int, int]) -> None:
    """Do what comes through a connection until that is closed."""
    gc.set_threshold(*collect_after)
    # Signals may reach all processes of a command; the first one ends the others.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            make, setup, item = connection.recv()
            answer: tuple[Any, Exception | None]
            try:
                if not (_made and _made[0][0] == (make, setup)):
                    _made[:] = [((make, setup), make(setup))]
                answer = _made[0][1](item), None
            except Exception as error:
                answer = None, error
            connection.send(answer)
