"""A scanned block of FASTQ, and the memory that blocks share."""

import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

UNUSED = 2
"""References to memory that only the list of it and the question itself hold."""


@dataclass(frozen=True)
class ScannedBlock:
    """Whole records of one block.

    Attributes:
        data: the bytes.
        starts: offset of each record and behind the last one.
        hits: whether each read is from the panel.
        names: hash of each read name, without the mate's number.
        marks: what name and comment tell of the mate, see `screen_kernels`.
    """

    data: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.int64]
    hits: npt.NDArray[np.bool_]
    names: npt.NDArray[np.uint64]
    marks: npt.NDArray[np.uint8]

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.hits.size)

    def record(self, index: int) -> bytes:
        """Return the bytes of a record."""
        return self.data[self.starts[index] : self.starts[index + 1]].tobytes()

    def tail(self, first: int) -> "ScannedBlock":
        """Return the block without its first records."""
        return ScannedBlock(
            self.data, self.starts[first:], self.hits[first:], self.names[first:], self.marks[first:]
        )


class Buffers:
    """Memory for blocks, used again once no block refers to it.

    Fresh memory would be given by the system a page at a time.

    Args:
        spare: bytes that are taken more than asked for, so that memory serves slightly longer blocks as well.
    """

    def __init__(self, spare: int) -> None:
        self._spare = spare
        self._all: list[npt.NDArray[np.uint8]] = []

    def take(self, size: int) -> npt.NDArray[np.uint8]:
        """Return memory of at least so many bytes, all of them the caller's until he drops it."""
        # The one that was used last is the likeliest to be in the core's cache still.
        for place in range(len(self._all) - 1, -1, -1):
            if sys.getrefcount(self._all[place]) == UNUSED and self._all[place].size >= size:
                found = self._all.pop(place)
                self._all.append(found)
                return found
        # Longer records need longer ones: the short ones are dropped.
        self._all = [each for each in self._all if each.size >= size]
        self._all.append(np.empty(size + self._spare, dtype=np.uint8))
        return self._all[-1]
