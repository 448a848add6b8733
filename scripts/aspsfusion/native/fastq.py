"""Takes FASTQ apart and writes kept fragments (fastq.c, fragments.c)."""

from collections.abc import Sequence
from ctypes import byref, c_int64

from aspsfusion.native.library import LOOPS, ColumnStruct, RoomStruct, require_ok
from aspsfusion.native.memory import (
    BOOLS,
    BYTES,
    INT64,
    WRITTEN_BOOLS,
    WRITTEN_BYTES,
    WRITTEN_INT64,
    WRITTEN_UINT64,
    Memory,
    fresh,
)
from aspsfusion.native.screen import ScreenTable

SCAN_OK, SCAN_NO_AT_SIGN, SCAN_NO_PLUS, SCAN_QUALITY_LENGTH = range(4)
"""What `scan_fastq` says of the record after the last one that it counted."""

STEP_OK, STEP_OTHER_NAME, STEP_WRONG_MATE = range(3)
"""What `first_out_of_step` says of two records."""

MARK_SIGN, MARK_SLASH = 12, 4
"""Parts of a read's mark: the sign before the mate's number, and a '/' as that sign."""

BASES, LONGEST, GC, UNKNOWN, GOOD, QUALITY = range(6)
"""Numbers of the counters in `totals`."""

TOTALS = 6
LINES = 4
"""Lines of a record."""

MIN_RECORD_BYTES = 6
"""Shortest possible record, `@`, `+` and four line ends; bounds the number of records of a block."""


class ScanRoom:
    """Results of `scan_fastq`, with room for blocks of so many bytes.

    Args:
        size: bytes of the longest block.
        genes: number of genes of the panel.
        before: smaller room whose sums go on.

    Attributes:
        starts: offset of each record of the present block and after the last one (int64).
        hits: whether each read is from the panel (bool).
        names: hash of each read's name without the mate's number (uint64).
        marks: what name and comment tell of the mate (uint8), see MARK_SIGN.
        lengths: number of reads by length in nt, summed over blocks (int64).
        genes: panel k-mers seen by gene number, summed over blocks (int64).
        totals: counters, summed over blocks (int64), see BASES and the names after it.
    """

    def __init__(self, size: int, genes: int, before: "ScanRoom | None" = None) -> None:
        self.size = size
        capacity = size // MIN_RECORD_BYTES + 1
        self.starts = fresh("q", capacity + 1)
        self.hits = fresh("?", capacity)
        self.names = fresh("Q", capacity)
        self.marks = fresh("B", capacity)
        self.lengths = fresh("q", size + 1)
        if before is None:
            self.genes, self.totals = fresh("q", genes), fresh("q", TOTALS)
        else:
            self.lengths[: len(before.lengths)] = before.lengths
            self.genes, self.totals = before.genes, before.totals
        self._struct = RoomStruct(
            capacity,
            WRITTEN_INT64.address(self.starts),
            WRITTEN_BOOLS.address(self.hits),
            WRITTEN_UINT64.address(self.names),
            WRITTEN_BYTES.address(self.marks),
            WRITTEN_INT64.address(self.lengths),
            len(self.lengths),
            WRITTEN_INT64.address(self.genes),
            len(self.genes),
            WRITTEN_INT64.address(self.totals),
        )

    @property
    def records(self) -> int:
        """Whole records of the present block so far."""
        return int(self._struct.records)

    def begin_block(self) -> None:
        """Forget how far the block before was scanned; the sums stay."""
        self._struct.records = 0


def scan_fastq(data: Memory, filled: int, group: int, table: ScreenTable, room: ScanRoom) -> tuple[int, int]:
    """Take the whole records of a block of FASTQ apart and look each read up in the panel.

    A block may be scanned while it is still being filled: each call goes on where the one before it
    ended. A record that the block cuts off is left for the next one. So are blank lines, which are no
    record: the next block tells whether the file ends there.

    Args:
        data: the block with LOAD_BYTES bytes after it; the file's last block must end with a line end.
        filled: how many bytes of it count.
        group: only a multiple of so many records is taken: 2 for interleaved mates, else 1.
        table: what to look the reads up in.
        room: results and sums.

    Returns:
        (records, error): number of whole records of the block and a SCAN code; on an error the record
        after the last counted one is wrong.
    """
    error = LOOPS.scan_fastq(
        BYTES.address(data), len(data), filled, group, byref(table._struct), byref(room._struct)
    )
    return room.records, require_ok(error)


def first_out_of_step(
    first_names: Memory,
    first_marks: Memory,
    second_names: Memory,
    second_marks: Memory,
    stride: int = 1,
    *,
    slash_only: bool = False,
) -> tuple[int, int]:
    """Find the first pair of records whose names are not those of two mates.

    Mates have one name, or names that differ in the mate's number at the end: /1 and /2, .1 and .2, _1
    and _2. A comment that names the mate (`1:N:0`, or SRA's `1/1`) must not contradict the file's place.

    Args:
        first_names: hashes of the first mates' names (uint64).
        first_marks: their marks (uint8).
        second_names: the hashes of the second mates' names.
        second_marks: their marks.
        stride: number of records between one mate and the next of its kind: 2 for interleaved mates.
        slash_only: do not take .1 and .2, nor _1 and _2, for numbers of mates.

    Returns:
        (index, problem): index of the pair and a STEP code; the number of pairs and STEP_OK if there is none.

    Raises:
        ValueError: the columns differ in length.
    """
    size = len(first_names)
    if any(len(column) != size for column in (first_marks, second_names, second_marks)):
        raise ValueError("columns of mates differ in length")
    index = c_int64()
    problem = LOOPS.first_out_of_step(
        first_names, first_marks, second_names, second_marks, size, stride, slash_only, byref(index)
    )
    return index.value, require_ok(problem)


def kept_fragments(hits: Sequence[Memory], stride: int, count: int) -> memoryview:
    """Return the places of the fragments of which either mate is from the panel, ascending (int64).

    Args:
        hits: of the first mates, or single reads, and of the second ones: whether a read is from the panel.
        stride: number of records between one fragment and the next, 1 or 2.
        count: number of fragments.

    Raises:
        ValueError: there are fewer reads.
    """
    if any(len(column) <= (count - 1) * stride for column in hits):
        raise ValueError("there are fewer fragments")
    addresses = [BOOLS.address(column) for column in hits]
    places = fresh("q", count)
    return places[
        : require_ok(LOOPS.kept_fragments(addresses[0], addresses[-1], stride, count, places, len(places)))
    ]


def write_fragments(
    columns: Sequence[tuple[Memory, Memory]], stride: int, chosen: Memory, first_number: int
) -> memoryview:
    """Return fragments in the form that later stages read, the mates of a pair one after the other.

    The first word of a header is the fragment's number, with /1 or /2 for a pair; the second one is the
    read's own name without the mate's number, a label. Carriage returns, the second name and the comment
    are dropped, but for the comment's UMI, and bases are upper case. Of the names of a pair, an ending
    .1 or .2 (_1 or _2) stays where both mates have the same, and goes where they differ.

    Args:
        columns: of the first mates, or single reads, and of the second ones: the bytes of scanned blocks,
            and where in them each record begins, and after the last one.
        stride: number of records between one fragment and the next, 1 or 2.
        chosen: places of the fragments in the columns.
        first_number: number of the fragment at place 0.

    Raises:
        ValueError: there is no such fragment, or the bytes are no records.
    """
    structs = (ColumnStruct * len(columns))(
        *[
            ColumnStruct(BYTES.address(data), len(data), INT64.address(starts), len(starts))
            for data, starts in columns
        ]
    )
    size = require_ok(LOOPS.fragment_bytes(structs, len(columns), stride, chosen, len(chosen)))
    out = fresh("B", size)
    used = LOOPS.write_fragments(structs, len(columns), stride, chosen, len(chosen), first_number, out, size)
    return out[: require_ok(used)]
