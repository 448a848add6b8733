"""Looks sequences that are in memory up in the panel's k-mers, by the screen's own kernel.

The one place where reads of BAM files meet the screen: what counts as a hit is decided there, so that a
sample's candidates do not depend on the format that its reads came in.
"""

from collections.abc import Sequence

from aspsfusion.native import (
    BASES,
    GC,
    LOAD_BYTES,
    LONGEST,
    SCAN_OK,
    UNKNOWN,
    ScanRoom,
    ScreenTable,
    copied,
    scan_fastq,
)

ROOM_BYTES = 64 * 1024
"""Room for the first sequences; it grows with them."""


class SequenceScreen:
    """Looks sequences up and sums what it has seen."""

    def __init__(self, table: ScreenTable, genes: int) -> None:
        self._table = table
        self._room = ScanRoom(ROOM_BYTES, genes)

    @property
    def gene_hits(self) -> memoryview:
        """Panel k-mers seen, by gene number."""
        return self._room.genes

    @property
    def bases(self) -> int:
        """Bases seen so far."""
        return self._room.totals[BASES]

    @property
    def longest(self) -> int:
        """Longest sequence so far, in nt."""
        return self._room.totals[LONGEST]

    @property
    def gc(self) -> int:
        """G and C seen so far."""
        return self._room.totals[GC]

    @property
    def unknown(self) -> int:
        """Bases seen so far that are not known (N)."""
        return self._room.totals[UNKNOWN]

    def hits(self, sequences: Sequence[str]) -> memoryview:
        """Tell of each sequence whether the screen keeps it.

        Args:
            sequences: bases, each at least one.
        """
        count = len(sequences)
        block = "".join(f"@\n{bases}\n+\n{bases}\n" for bases in sequences).encode("ascii")
        if len(block) > self._room.size:
            self._room = ScanRoom(2 * len(block), len(self.gene_hits), self._room)
        self._room.begin_block()
        data = memoryview(bytearray(block + bytes(LOAD_BYTES)))
        scanned, problem = scan_fastq(data, len(block), 1, self._table, self._room)
        assert (scanned, problem) == (count, SCAN_OK)
        return copied(self._room.hits[:count])
