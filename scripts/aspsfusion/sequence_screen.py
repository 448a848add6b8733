"""Looks up sequences that are in memory in the panel's k-mers, by the screen's own kernel.

The one place where reads of BAM files meet the screen: what counts as a hit is decided there, so that a
sample's candidates do not depend on the format that its reads came in.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aspsfusion.match_kernels import scratch_for
from aspsfusion.screen_kernels import BASES, GC, LINES_AT_ONCE, LONGEST, SCAN_OK, TOTALS, UNKNOWN, scan_fastq
from aspsfusion.screen_table import ScreenTable
from aspsfusion.vector_loads import LOAD_BYTES


class SequenceScreen:
    """Looks sequences up and sums what it has seen.

    Args:
        table: the panel's k-mers.
        genes: number of genes of the panel.

    Attributes:
        gene_hits: panel k-mers seen, by gene number.
    """

    def __init__(self, table: ScreenTable, genes: int) -> None:
        self._table = table
        self._totals = np.zeros(TOTALS, dtype=np.int64)
        self._room: _Room | None = None
        self.gene_hits = np.zeros(genes, dtype=np.int64)

    @property
    def bases(self) -> int:
        """Bases seen so far."""
        return int(self._totals[BASES])

    @property
    def longest(self) -> int:
        """Longest sequence so far, in nt."""
        return int(self._totals[LONGEST])

    @property
    def gc(self) -> int:
        """G and C seen so far."""
        return int(self._totals[GC])

    @property
    def unknown(self) -> int:
        """Bases seen so far that are not known (N)."""
        return int(self._totals[UNKNOWN])

    def hits(self, sequences: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell of each sequence whether the screen keeps it.

        Args:
            sequences: bases, each at least one.
        """
        count = len(sequences)
        block = "".join(f"@\n{bases}\n+\n{bases}\n" for bases in sequences).encode("ascii")
        room = self._room = self._room if self._room and self._room.fits(len(block)) else _Room(len(block))
        starts = np.empty(count + 1, dtype=np.int64)
        hits = np.empty(count, dtype=bool)
        scanned, problem = scan_fastq(
            np.frombuffer(bytearray(block + b"\n" * LOAD_BYTES), dtype=np.uint8),
            len(block),
            1,
            self._table,
            room.ends,
            room.packed,
            starts,
            hits,
            np.empty(count, dtype=np.uint64),
            np.empty(count, dtype=np.uint8),
            room.lengths,
            self.gene_hits,
            self._totals,
        )
        assert (scanned, problem) == (count, SCAN_OK)
        return hits


class _Room:
    """Memory that the kernel works in, used again from block to block."""

    def __init__(self, size: int) -> None:
        self.ends = np.empty(size + LINES_AT_ONCE, dtype=np.int32)
        self.packed = scratch_for(size)
        self.lengths = np.zeros(size, dtype=np.int64)

    def fits(self, size: int) -> bool:
        """Tell whether a block of so many bytes can be scanned."""
        return bool(self.lengths.size >= size)
