"""Fragments of a block: both mates of each, and how those that are kept are written."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aspsfusion.scanned_block import ScannedBlock
from aspsfusion.write_kernels import SUFFIX_BYTES, write_fragments


@dataclass(frozen=True)
class Fragments:
    """Fragments in the order of the files.

    Attributes:
        mates: for each mate of a fragment the block that holds it.
        strides: how many records of the block a fragment takes.
        count: number of fragments.
    """

    mates: tuple[ScannedBlock, ...]
    stride: int
    count: int

    def kept(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the fragments of which either mate is from the panel."""
        wanted = np.zeros(self.count, dtype=bool)
        for block, first in self._columns():
            wanted |= block.hits[first : self.count * self.stride : self.stride]
        return np.flatnonzero(wanted)

    def records(self, index: int) -> list[bytes]:
        """Return the bytes of a fragment's records, first mate first."""
        return [block.record(index * self.stride + first) for block, first in self._columns()]

    def written(self, chosen: npt.NDArray[np.int64]) -> memoryview:
        """Return the records of some fragments in the one form that later stages read, see `write_fragments`.

        Args:
            chosen: numbers of the fragments.
        """
        columns = self._columns()
        (first, _), (second, behind) = columns[0], columns[-1]
        starts = (first.starts, second.starts[behind:])
        rows = chosen * self.stride
        size = SUFFIX_BYTES * len(columns) * chosen.size
        size += sum(int((each[rows + 1] - each[rows]).sum()) for each in starts[: len(columns)])
        out = np.empty(size, dtype=np.uint8)
        used = write_fragments(
            first.data, starts[0], second.data, starts[1], self.stride, len(columns), chosen, out
        )
        return out.data[:used]

    def _columns(self) -> list[tuple[ScannedBlock, int]]:
        if self.stride == 2:
            return [(self.mates[0], 0), (self.mates[0], 1)]
        return [(block, 0) for block in self.mates]
