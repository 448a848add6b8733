"""The memory in which a block of FASTQ is scanned, and what the scan leaves there."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.match_kernels import MatchScratch, scratch_for

MIN_RECORD_BYTES = 6
"""Shortest possible record, `@`, `+` and four line ends; bounds the number of records of a block."""

LINES_AT_ONCE = 3
"""Line ends that are noted of each 64 bytes without looking whether they are there; more are rare."""

# Numbers of the counters in `totals`.
BASES, LONGEST, GC, UNKNOWN, GOOD, QUALITY = range(6)
TOTALS = 6

# Numbers of what `progress` holds.
FILLED, SCANNED, LINE_ENDS, RECORDS = range(4)
STEPS = 4


class ScanRoom(NamedTuple):
    """Working memory and results of `scan_fastq`.

    Attributes:
        ends: line ends of the block (int32).
        scratch: see `scratch_for`.
        starts: offset of each record and behind the last one (int64).
        hits: whether each read is from the panel (bool).
        names: hash of each read's name without the mate's number (uint64).
        marks: what name and comment tell of the mate (uint8), see MARK_.
        lengths: number of reads by length in nt, summed over blocks (int64).
        genes: panel k-mers seen by gene number, summed over blocks (int64).
        totals: counters, summed over blocks (int64), see BASES and the names behind it.
        progress: the present block (int64): how many of its bytes count, and how far it is scanned: bytes,
            line ends and whole records.
    """

    ends: npt.NDArray[np.int32]
    scratch: MatchScratch
    starts: npt.NDArray[np.int64]
    hits: npt.NDArray[np.bool_]
    names: npt.NDArray[np.uint64]
    marks: npt.NDArray[np.uint8]
    lengths: npt.NDArray[np.int64]
    genes: npt.NDArray[np.int64]
    totals: npt.NDArray[np.int64]
    progress: npt.NDArray[np.int64]

    def begin_block(self) -> None:
        """Forget how far the block before was scanned; the sums stay."""
        self.progress[:] = 0

    def fill(self, length: int) -> None:
        """Say how many bytes of the present block count."""
        self.progress[FILLED] = length

    @property
    def records(self) -> int:
        """Whole records of the present block so far."""
        return int(self.progress[RECORDS])


def scan_room(size: int, genes: int, before: ScanRoom | None = None) -> ScanRoom:
    """Return memory for blocks of so many bytes.

    Args:
        size: bytes of the longest block.
        genes: number of genes of the panel.
        before: smaller memory whose sums go on.
    """
    capacity = size // MIN_RECORD_BYTES + 1
    lengths = np.zeros(size + 1, dtype=np.int64)
    if before is not None:
        lengths[: before.lengths.size] = before.lengths
    return ScanRoom(
        ends=np.empty(size + LINES_AT_ONCE, dtype=np.int32),
        scratch=scratch_for(size),
        starts=np.zeros(capacity + 1, dtype=np.int64),
        hits=np.empty(capacity, dtype=bool),
        names=np.empty(capacity, dtype=np.uint64),
        marks=np.empty(capacity, dtype=np.uint8),
        lengths=lengths,
        genes=np.zeros(genes, dtype=np.int64) if before is None else before.genes,
        totals=np.zeros(TOTALS, dtype=np.int64) if before is None else before.totals,
        progress=np.zeros(STEPS, dtype=np.int64),
    )
