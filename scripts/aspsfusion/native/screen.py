"""Looks reads up in a panel (screen.c)."""

import copy
from ctypes import byref
from typing import NamedTuple

from aspsfusion.native.library import (
    LOAD_BYTES,
    LOOPS,
    DamagedPanelError,
    PanelStruct,
    TableStruct,
    require_ok,
)
from aspsfusion.native.memory import (
    BYTES,
    INT64,
    UINT16,
    UINT64,
    WRITTEN_BYTES,
    WRITTEN_UINT32,
    WRITTEN_UINT64,
    Memory,
    fresh,
)

MIN_TABLE_BITS = 12
"""log2 of the slots of the smallest hash table, 32 KiB: a smaller one would save nothing."""

FILTER_WORDS_BITS = 17
"""log2 of the filter's 32-bit words: 0.5 MiB, as much as a core's second-level cache has. Of 15 to 19 it cost
the least; with more, words are fetched from farther away, with fewer, more candidates pass."""

SLOTS_PER_ENTRY = 2
"""At most half of a hash table is used, so that a look-up seldom meets a slot that another entry took."""


def table_slots(entries: int) -> int:
    """Return the size of a hash table: a power of two, at most half full."""
    return 1 << max(MIN_TABLE_BITS, int(SLOTS_PER_ENTRY * max(1, entries) - 1).bit_length())


class PanelKmers(NamedTuple):
    """The part of a panel that the screen needs, as a panel directory stores it.

    Attributes:
        k: length of the k-mers, 5 to 23 nt.
        kmers: canonical k-mers, ascending (uint64).
        genes: gene number of each (uint16).
        text: codes of the sequences that were looked through, 4 in front, between and after them (uint8).
        seed_length: bases of a seed, 8 to 16, at most k.
        seed_positions: where in the text a seed begins, ascending (int64).
        symbols: of the genes by number.
    """

    k: int
    kmers: Memory
    genes: Memory
    text: Memory
    seed_length: int
    seed_positions: Memory
    symbols: tuple[str, ...] = ()


class ScreenTable:
    """What the screen looks reads up in; see `screen.h`.

    Args:
        panel: what it is made from; all of it is checked, since a damaged file may hold anything.
        genes: number of genes.
        least_score: score from which a match counts.
        mismatch_penalty: what a mismatch costs, a match giving 1.

    Raises:
        DamagedPanelError: k-mers, genes, text or seeds cannot be right.
    """

    def __init__(self, panel: PanelKmers, genes: int, least_score: int, mismatch_penalty: int) -> None:
        kinds = (UINT64, UINT16, BYTES, INT64)
        arrays = (panel.kmers, panel.genes, panel.text, panel.seed_positions)
        try:
            addresses = [kind.address(array) for kind, array in zip(kinds, arrays, strict=True)]
        except ValueError as error:
            raise DamagedPanelError(str(error)) from error
        kmer_count, gene_count, text_size, seed_count = map(len, arrays)
        if kmer_count != gene_count:
            raise DamagedPanelError(f"there are {kmer_count} k-mers and genes of {gene_count}")
        self.genes = genes
        self._filter_words = fresh("I", 1 << FILTER_WORDS_BITS)
        self._seeds = fresh("Q", table_slots(seed_count), all_used=True)
        self._keys = fresh("Q", table_slots(kmer_count), all_used=True)
        self._text = fresh("B", 2 * (text_size + 2 * LOAD_BYTES))
        stored = PanelStruct(
            panel.k,
            genes,
            addresses[0],
            addresses[1],
            kmer_count,
            addresses[2],
            text_size,
            addresses[3],
            seed_count,
            panel.seed_length,
        )
        self._struct = TableStruct(
            WRITTEN_UINT32.address(self._filter_words),
            len(self._filter_words),
            WRITTEN_UINT64.address(self._seeds),
            len(self._seeds),
            WRITTEN_UINT64.address(self._keys),
            len(self._keys),
            WRITTEN_BYTES.address(self._text),
            len(self._text),
            least_score=least_score,
            mismatch_penalty=mismatch_penalty,
        )
        require_ok(LOOPS.build_screen_table(byref(stored), byref(self._struct)))

    def with_least_score(self, score: int) -> "ScreenTable":
        """Return a table of the same panel with another score from which a match counts."""
        other = copy.copy(self)
        other._struct = TableStruct.from_buffer_copy(self._struct)
        other._struct.least_score = score
        return other


def match_reads(data: Memory, starts: Memory, table: ScreenTable) -> memoryview:
    """Tell which reads share a match of the wanted score with the panel, on either strand (bool).

    Args:
        data: bases of the reads, upper or lower case, one read after the other, and LOAD_BYTES more (uint8).
        starts: where each read begins, and where the last one ends (int64).
        table: what to look the reads up in.
    """
    count = len(starts) - 1
    hits = fresh("?", max(count, 0))
    require_ok(LOOPS.match_reads(data, len(data), starts, count, byref(table._struct), hits))
    return hits
