"""Brings the mates of a lane together: two files in step, one interleaved file, or single reads.

Each file is inflated and scanned ahead in a thread of its own; the compiled code holds no lock.

Fragments of a block: both mates of each, and how those that are kept are written.
"""

import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

from aspsfusion.errors import ReadsError
from aspsfusion.io.compressed import STANDARD_INPUT
from aspsfusion.native import (
    MARK_SIGN,
    MARK_SLASH,
    STEP_OK,
    STEP_OTHER_NAME,
    ScreenTable,
    first_out_of_step,
    kept_fragments,
    write_fragments,
)
from aspsfusion.screen.fastq import FastqScanner, ScannedBlock


class Fragments(NamedTuple):
    """Fragments in the order of the files.

    Attributes:
        mates: for each mate of a fragment the block that holds it.
        strides: how many records of the block a fragment takes.
    """

    mates: tuple[ScannedBlock, ...]
    stride: int
    size: int

    def kept(self) -> memoryview:
        """Return the places of the fragments of which either mate is from the panel (int64)."""
        hits = [block.hits[first:] for block, first in self._columns()]
        return kept_fragments(hits, self.stride, self.size)

    def records(self, index: int) -> list[bytes]:
        """Return the bytes of a fragment's records, first mate first."""
        return [block.record(index * self.stride + first) for block, first in self._columns()]

    def written(self, chosen: memoryview, first_number: int) -> memoryview:
        """Return the records of some fragments as later stages read them, see `write_fragments`."""
        columns = [(block.data, block.starts[first:]) for block, first in self._columns()]
        return write_fragments(columns, self.stride, chosen, first_number)

    def _columns(self) -> list[tuple[ScannedBlock, int]]:
        if self.stride == 2:
            return [(self.mates[0], 0), (self.mates[0], 1)]
        return [(block, 0) for block in self.mates]


BLOCKS_AHEAD = 4
"""Scanned blocks of a file that may wait for those of the other one."""

SAME_READS_LOOKED_AT = 1000
"""Records at the beginning of two mate files whose bases are compared."""


class Lane(NamedTuple):
    """The files of a lane.

    Attributes:
        fastq_1: first mates, single reads, or interleaved mates; `-` is standard input.
        fastq_2: second mates.
        interleaved: whether fastq_1 holds interleaved mates; None to tell it from the names.
    """

    fastq_1: Path
    fastq_2: Path | None = None
    interleaved: bool | None = None

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [self.fastq_1] if self.fastq_2 is None else [self.fastq_1, self.fastq_2]


class _Ahead:
    """Runs a scanner in a thread, some blocks ahead of who asks for them."""

    def __init__(self, scanner: FastqScanner) -> None:
        self.scanner = scanner
        self._blocks: queue.SimpleQueue[ScannedBlock | Exception | None] = queue.SimpleQueue()
        # A token allows one block to be read. Both queues wake a thread without a step in Python.
        self._tokens: queue.SimpleQueue[bool] = queue.SimpleQueue()
        for _ in range(BLOCKS_AHEAD):
            self._tokens.put(True)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"reads {scanner.label}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while self._tokens.get() and not self._stop.is_set():
                block = self.scanner.next_block()
                self._blocks.put(block)
                if block is None:
                    return
        except Exception as error:  # handed on to the thread that asks, which raises it
            self._blocks.put(error)

    def next_block(self) -> ScannedBlock | None:
        block = self._blocks.get()
        if isinstance(block, Exception):
            raise block
        self._tokens.put(True)
        return block

    def close(self) -> None:
        self._stop.set()
        self._tokens.put(False)  # wakes the thread if it waits for one
        self._thread.join()
        self.scanner.close()


class LaneReader:
    """Reads the fragments of one lane.

    Attributes:
        scanners: the lane's files with their counts.
        mates: 2 for pairs, 1 for single reads; known once the first fragments were read.
        interleaved: whether one file holds both mates.

    Raises:
        ReadsError: a file cannot be opened, or the files cannot be mates.
    """

    def __init__(self, lane: Lane, table: ScreenTable, genes: int) -> None:
        self._lane = lane
        _refuse_same_file(lane)
        self.mates = len(lane.paths)
        self.interleaved = bool(lane.interleaved)
        may_interleave = lane.fastq_2 is None and lane.interleaved is not False
        with ExitStack() as opened:
            self.scanners = [
                opened.enter_context(
                    closing(
                        FastqScanner(
                            path,
                            table,
                            genes,
                            2 if may_interleave else 1,
                            tentative=lane.interleaved is None,
                        )
                    )
                )
                for path in lane.paths
            ]
            opened.pop_all()

    def fragments(self) -> Iterator[Fragments]:
        """Yield the fragments block by block; nothing when the files hold no read.

        The bytes of a block are there until the next one is asked for: then their memory is used again.

        Raises:
            ReadsError: a file is damaged, or the mates are out of step.
        """
        with ExitStack() as stack:
            if len(self.scanners) == 2:
                ahead = [stack.enter_context(closing(_Ahead(scanner))) for scanner in self.scanners]
                yield from self._of_two_files(ahead)
            else:
                scanner = self.scanners[0]
                stack.enter_context(closing(scanner))
                yield from self._of_one_file(scanner, stack)

    def _of_one_file(self, scanner: FastqScanner, stack: ExitStack) -> Iterator[Fragments]:
        block = scanner.next_block()
        if block is None:
            return
        if self._lane.interleaved is None:
            self.interleaved = _holds_mates_by_turns(block)
            scanner.group = 2 if self.interleaved else 1
            scanner.tentative = False
        self.mates = 2 if self.interleaved else 1
        ahead = stack.enter_context(closing(_Ahead(scanner)))
        done = 0
        while block is not None:
            count = block.size // self.mates
            if self.interleaved:
                self._require_in_step(block, block.tail(1), count, done)
            yield Fragments((block,), self.mates, count)
            scanner.give_back(block)
            done += count
            block = ahead.next_block()

    def _of_two_files(self, ahead: Sequence[_Ahead]) -> Iterator[Fragments]:
        pending: list[ScannedBlock | None] = [None, None]
        done = 0
        while True:
            pending = [
                reader.next_block() if block is None else block
                for reader, block in zip(ahead, pending, strict=True)
            ]
            first, second = pending
            if first is None and second is None:
                return
            if first is None or second is None:
                raise self._unequal(0 if first is None else 1, done)
            count = min(first.size, second.size)
            self._require_in_step(first, second, count, done)
            if not done:
                self._refuse_same_reads(first, second, count)
            yield Fragments((first, second), 1, count)
            done += count
            pending = [block.tail(count) if block.size > count else None for block in (first, second)]
            for scanner, block, rest in zip(self.scanners, (first, second), pending, strict=True):
                if rest is None:
                    scanner.give_back(block)

    def _require_in_step(self, first: ScannedBlock, second: ScannedBlock, count: int, done: int) -> None:
        stride = 2 if self.interleaved else 1
        index, problem = _first_out_of_step(first, second, count, stride)
        if problem == STEP_OK:
            return
        labels = [scanner.label for scanner in self.scanners] * (3 - len(self.scanners))
        record, other = done + index + 1, ""
        names = [_header(block, stride * index) for block in (first, second)]
        if self.interleaved:
            record = 2 * (done + index) + 1
        else:
            other = f" in {labels[1]}"
        if problem == STEP_OTHER_NAME:
            text = f"mates are out of step: {names[0]!r} is opposite {names[1]!r}{other}"
            remedy = "give the mate files of one run, unsorted and unfiltered"
        else:
            text = (
                f"mates are not first and second: {names[0]!r} is opposite {names[1]!r}{other}; "
                "R1 was given as R2, or the two in exchanged order"
            )
            remedy = "give R1 and then R2 of one run"
        raise ReadsError(text, path=labels[0], where=f"record {record}", remedy=remedy)

    def _unequal(self, short: int, done: int) -> ReadsError:
        labels = [scanner.label for scanner in self.scanners]
        return ReadsError(
            f"ends after {done} records, while {labels[1 - short]} goes on",
            path=labels[short],
            where=f"record {done + 1}",
            remedy="give the complete mate files of one run",
        )

    def _refuse_same_reads(self, first: ScannedBlock, second: ScannedBlock, count: int) -> None:
        places = range(min(count, SAME_READS_LOOKED_AT))
        different = set()
        for place in places:
            bases = _bases(first, place)
            if bases != _bases(second, place):
                return
            different.add(bases)
        # A single read, or one that is always the same, may have a mate that looks like it.
        if len(different) > 1:
            raise ReadsError(
                f"holds the same reads as {self.scanners[0].label}",
                path=self.scanners[1].label,
                remedy="give the file of the second mates",
            )


def _refuse_same_file(lane: Lane) -> None:
    if lane.fastq_2 is None:
        return
    if lane.fastq_2 == STANDARD_INPUT:
        raise ReadsError(
            "cannot give second mates",
            path="standard input",
            remedy="give '-' for R1 alone, single or interleaved reads",
        )
    same = lane.fastq_1 == lane.fastq_2
    if not same and lane.fastq_1.exists() and lane.fastq_2.exists():
        same = lane.fastq_1.samefile(lane.fastq_2)
    if same:
        raise ReadsError(
            f"is the same file as {lane.fastq_1}, given as R1 and as R2",
            path=lane.fastq_2,
            remedy="give the file of the second mates, or the file alone for single reads",
        )


def _first_out_of_step(
    first: ScannedBlock, second: ScannedBlock, count: int, stride: int, *, slash_only: bool = False
) -> tuple[int, int]:
    """Compare the names of mates; see `first_out_of_step`."""
    size = max(0, (count - 1) * stride + 1)
    return first_out_of_step(
        first.names[:size],
        first.marks[:size],
        second.names[:size],
        second.marks[:size],
        stride,
        slash_only=slash_only,
    )


def _holds_mates_by_turns(block: ScannedBlock) -> bool:
    """Tell whether the records of a file's first block are pairs of mates.

    Names that differ in .1 and .2 or _1 and _2 are taken for mates when there are two pairs of them at
    least: reads that are simply numbered, `SRR1.1` and `SRR1.2`, look the same as long as there are no more.
    One name for all reads tells nothing of mates unless the mate's number is with it.
    """
    count = block.size // 2
    if not count:
        return False
    if count > 1 and not any(block.marks) and len(set(block.names)) == 1:
        return False
    numbered = count == 1 and block.marks[0] & MARK_SIGN != MARK_SLASH
    _, problem = _first_out_of_step(block, block.tail(1), count, 2, slash_only=numbered)
    return problem == STEP_OK


def _header(block: ScannedBlock, index: int) -> str:
    return block.record(index).split(b"\n", 1)[0].decode("utf-8", "replace").rstrip("\r")


def _bases(block: ScannedBlock, index: int) -> bytes:
    return block.record(index).split(b"\n", 2)[1].strip()
