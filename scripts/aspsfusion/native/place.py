"""Settles candidate fragments that are wild type beyond doubt (candidates.c, place.c); arrays are NumPy's."""

from collections.abc import Sequence
from ctypes import byref
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.native.library import (
    LOAD_BYTES,
    LOOPS,
    PlaceTableStruct,
    SettleCountsStruct,
    SettleRulesStruct,
    require_ok,
)

MOST_EDITS = 2
"""Most edits of a read that is settled."""

SEED_BASES = 16
"""Bases of a seed. A read has an edit in each of its seeds that a gene lacks, if these do not overlap."""

FEWEST_BASES = 3 * SEED_BASES
"""Bases of the shortest read that is settled, one with two edits has at least so many more as a seed."""

MATES = 2
MERGED, HAS_ADAPTER, OVERLAPS, MAY_HAVE_UMI, HAS_COMMENT = 1, 2, 4, 8, 16
"""Bits of a settled fragment's `flags`: mates merged into one read; an adapter cut off; mates overlap; its
label may hold a UMI; a comment follows its label."""

SETTLED = np.dtype(
    [
        ("number", np.int64),
        ("header", np.int32),
        ("quality", np.int32),
        ("own", np.int32, (MATES,)),
        ("shared", np.int32, (MATES,)),
        ("size", np.int16, (MATES,)),
        ("edit", np.int16, (MATES,)),
        ("second", np.int16, (MATES,)),
        ("base", np.uint8, (MATES,)),
        ("second_base", np.uint8, (MATES,)),
        ("reverse", np.uint8, (MATES,)),
        ("reads", np.uint8),
        ("flags", np.uint8),
        ("unused", np.uint8, (4,)),
    ]
)
"""A settled fragment, see `candidates.c`: its number; where in the text its header begins; the sum of its
base qualities; for each read the place of its leftmost base in the table's text, on the contig that is
preferred for the read and on that of the fragment; its bases; the index of the one that differs, -1 for none,
and of a second one after it, and which bases these are, all in sense; whether it is antisense; how many reads
there are."""

ROOM = 8192
"""Fragments that are taken at a time."""

Settled = npt.NDArray[np.void]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


class PlaceTable:
    """A panel's sequences in a row, and where seeds of 16 bases are in them.

    Args:
        contigs: bases of each, in the order of preference.
        genes: number of the gene of each, negative for a decoy: no read is settled in it.
        positions: genomic position of each base of each contig; without them no two contigs share any.
        borders: for each base of each contig whether it is the first or last one of an exon, or at a listed
            junction.

    Attributes:
        text: all bases, with zeros before, between and after the contigs (uint8).
        contigs: number of the contig at each place of the text, -1 between them (int32).
        starts: place of each contig's first base (int64).
        genome: genomic position of each place (int64).
    """

    def __init__(
        self,
        contigs: Sequence[bytes],
        genes: Sequence[int],
        positions: Sequence[Int64s] | None = None,
        borders: Sequence[npt.NDArray[np.bool_]] | None = None,
    ) -> None:
        gap = bytes(LOAD_BYTES)
        self.text = np.frombuffer(gap + b"".join(bases + gap for bases in contigs) + gap, np.uint8)
        sizes = np.array([len(bases) for bases in contigs], np.int64)
        self.starts = LOAD_BYTES + np.cumsum(sizes + LOAD_BYTES) - sizes - LOAD_BYTES
        self.contigs: Int32s = np.full(self.text.size, -1, np.int32)
        self.genome = np.arange(self.text.size)
        marks = np.zeros(self.text.size, np.int32)
        for number, (start, size) in enumerate(zip(self.starts, sizes, strict=True)):
            self.contigs[start : start + size] = number
            if positions:
                self.genome[start : start + size] = positions[number]
            if borders:
                marks[start : start + size] = borders[number]
        self._borders: Int32s = np.r_[0, np.cumsum(marks)].astype(np.int32)
        self._genes = np.array(genes, np.int32)
        slots = np.empty(1 << int(2 * self.text.size - 1).bit_length(), np.uint64)
        following = np.empty(self.text.size, np.int32)
        foreign, repeated, scattered = np.empty((3, self.text.size + 1), np.int32)
        self._arrays = slots, following, foreign, repeated, scattered
        self._struct = PlaceTableStruct(
            self.text.ctypes.data,
            self.text.size,
            self.contigs.ctypes.data,
            self._genes.ctypes.data,
            len(contigs),
            self.genome.ctypes.data,
            self._borders.ctypes.data,
            slots.ctypes.data,
            slots.size,
            following.ctypes.data,
            foreign.ctypes.data,
            repeated.ctypes.data,
            scattered.ctypes.data,
        )
        require_ok(LOOPS.build_place_table(byref(self._struct)))


class SettleRules(NamedTuple):
    """How reads are taken apart, trimmed and judged; see align/.

    Attributes:
        limit: most edits of a read, 0 to MOST_EDITS.
        margin: edits that another gene needs more.
        shortest: bases of the shortest read that is settled, at least FEWEST_BASES.
        structures: for each read where its template begins and ends, None for the end of the read, and how
            many bases it has at least; none where reads are templates.
        overlap: fewest bases in which mates overlap.
        mismatch_rate: largest share of them that differs.
        merge_overlap: fewest bases by which mates overlap that are merged.
        adapters: both are searched for in each read, with one edit at most.
        single_least: fewest bases of an adapter that count in a single read.
        pair_least: the same in a pair.
        shared_least: fewest edits of a fragment that is not settled where one of its reads has two.
        shared_rate: least share of its bases that these are then.
    """

    limit: int
    margin: int
    shortest: int
    structures: Sequence[tuple[int, int | None, int]]
    overlap: int
    mismatch_rate: float
    merge_overlap: int
    adapters: tuple[bytes, bytes]
    single_least: int
    pair_least: int
    shared_least: int
    shared_rate: float

    def struct(self) -> SettleRulesStruct:
        """Return the rules as C has them."""
        layouts = [*self.structures, *[(0, None, 0)] * (MATES - len(self.structures))]
        starts, stops, least = zip(*layouts, strict=True)
        two: Any = SettleRulesStruct
        fields = dict(two._fields_)
        return SettleRulesStruct(
            self.limit,
            self.margin,
            self.shortest,
            len(self.structures),
            fields["template_start"](*starts),
            fields["template_stop"](*(-1 if stop is None else stop for stop in stops)),
            fields["least_bases"](*least),
            self.overlap,
            self.mismatch_rate,
            self.merge_overlap,
            fields["adapters"](*self.adapters),
            fields["adapter_sizes"](*map(len, self.adapters)),
            self.single_least,
            self.pair_least,
            self.shared_least,
            self.shared_rate,
        )


class Settling(NamedTuple):
    """What came of a piece of text.

    Attributes:
        settled: fragments of the wild type (SETTLED).
        open: of each of the others where its text begins and ends, and the records before it, one row each.
        used: bytes of whole fragments.
        records: in these.
        odd: whether what follows is cut off, or not as the screen writes it.
    """

    settled: Settled
    open: npt.NDArray[np.int64]
    used: int
    records: int
    odd: bool


def settle_fragments(text: bytes, table: PlaceTable, rules: SettleRules) -> Settling:
    """Settle the first fragments of a piece of text, at most ROOM.

    Args:
        text: records as `write_fragments` writes them.
        table: of the panel.
        rules: of the sample.
    """
    settled = np.empty(ROOM, SETTLED)
    still_open = np.empty((ROOM, 3), np.int64)
    counts = SettleCountsStruct()
    require_ok(
        LOOPS.settle_fragments(
            text,
            len(text),
            byref(table._struct),
            byref(rules.struct()),
            settled.ctypes.data,
            still_open.ctypes.data,
            ROOM,
            byref(counts),
        )
    )
    return Settling(
        settled[: counts.settled].copy(),
        still_open[: counts.open],
        counts.used,
        counts.records,
        bool(counts.odd),
    )
