"""Looks reads up in a panel (screen.c)."""

import copy
from ctypes import byref

import numpy as np
import numpy.typing as npt

from aspsfusion.native.library import (
    BYTES,
    INT64,
    LOAD_BYTES,
    LOOPS,
    UINT16,
    UINT64,
    WRITTEN_BYTES,
    WRITTEN_UINT32,
    WRITTEN_UINT64,
    DamagedPanelError,
    PanelStruct,
    TableStruct,
    require_ok,
)

MIN_TABLE_BITS = 12
"""log2 of the slots of the smallest hash table, 32 KiB: a smaller one would save nothing."""

FILTER_WORDS_BITS = 18
"""log2 of the filter's 32-bit words: 1 MiB, which stays in a core's second-level cache beside the reads."""

SLOTS_PER_ENTRY = 2
"""At most half of a hash table is used, so that a look-up seldom meets a slot that another entry took."""


def table_slots(entries: int) -> int:
    """Return the size of a hash table: a power of two, at most half full."""
    return 1 << max(MIN_TABLE_BITS, int(SLOTS_PER_ENTRY * max(1, entries) - 1).bit_length())


class ScreenTable:
    """What the screen looks reads up in, made from what a panel directory stores; see `screen.h`.

    Args:
        k: length of the k-mers, 5 to 23 nt.
        kmers: canonical k-mers, ascending (uint64).
        kmer_genes: gene number of each (uint16).
        genes: number of genes.
        text: codes of the panel's sequences, 4 in front, between and after them (uint8).
        seed_length: bases of a seed, 8 to 16, at most k.
        seed_positions: where in the text a seed begins, ascending (int64).
        least_score: score from which a match counts.
        mismatch_penalty: what a mismatch costs, a match giving 1.

    Attributes:
        genes: number of genes.

    Raises:
        DamagedPanelError: k-mers, genes, text or seeds cannot be right.
    """

    def __init__(
        self,
        *,
        k: int,
        kmers: npt.NDArray[np.uint64],
        kmer_genes: npt.NDArray[np.uint16],
        genes: int,
        text: npt.NDArray[np.uint8],
        seed_length: int,
        seed_positions: npt.NDArray[np.int64],
        least_score: int,
        mismatch_penalty: int,
    ) -> None:
        arrays = ((kmers, UINT64), (kmer_genes, UINT16), (text, BYTES), (seed_positions, INT64))
        try:
            addresses = [kind.address(array) for array, kind in arrays]
        except ValueError as error:
            raise DamagedPanelError(str(error)) from error
        if kmers.size != kmer_genes.size:
            raise DamagedPanelError(f"there are {kmers.size} k-mers and genes of {kmer_genes.size}")
        self.genes = genes
        self._filter_words = np.empty(1 << FILTER_WORDS_BITS, dtype=np.uint32)
        self._seeds = np.empty(table_slots(seed_positions.size), dtype=np.uint64)
        self._keys = np.empty(table_slots(kmers.size), dtype=np.uint64)
        self._text = np.empty(2 * (text.size + 2 * LOAD_BYTES), dtype=np.uint8)
        panel = PanelStruct(
            k,
            genes,
            addresses[0],
            addresses[1],
            kmers.size,
            addresses[2],
            text.size,
            addresses[3],
            seed_positions.size,
            seed_length,
        )
        self._struct = TableStruct(
            WRITTEN_UINT32.address(self._filter_words),
            self._filter_words.size,
            WRITTEN_UINT64.address(self._seeds),
            self._seeds.size,
            WRITTEN_UINT64.address(self._keys),
            self._keys.size,
            WRITTEN_BYTES.address(self._text),
            self._text.size,
            least_score=least_score,
            mismatch_penalty=mismatch_penalty,
        )
        require_ok(LOOPS.build_screen_table(byref(panel), byref(self._struct)))

    def with_least_score(self, score: int) -> "ScreenTable":
        """Return a table of the same panel with another score from which a match counts."""
        other = copy.copy(self)
        other._struct = TableStruct.from_buffer_copy(self._struct)
        other._struct.least_score = score
        return other


def match_reads(
    data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64], table: ScreenTable
) -> npt.NDArray[np.bool_]:
    """Tell which reads share a match of the wanted score with the panel, on either strand.

    Args:
        data: bases of the reads, upper or lower case, one read after the other, and LOAD_BYTES more (uint8).
        starts: where each read begins, and where the last one ends (int64).
        table: what to look the reads up in.
    """
    count = starts.size - 1
    hits = np.zeros(max(count, 0), dtype=np.bool_)
    require_ok(LOOPS.match_reads(data, data.size, starts, count, byref(table._struct), hits))
    return hits
