"""The compiled loops: plain C, in one shared library, called by typed Python functions.

Takes arrays and numbers, and gives arrays and numbers; no file is read here. The C files beside this one
are compiled when the package is installed. Nothing but this module knows how C is called. Every C
function checks the sizes and ranges that it is given; what it refuses is raised as ValueError, or
DamagedPanelError for what a panel file holds.
"""

import copy
import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LIBRARY = Path(__file__).with_name("_native.so")
BUILD = LIBRARY.with_name("build.py")

VARIANTS = ("scalar", "x86-64", "x86-64-v3")
"""What each loop may be compiled for, by the numbers of `best_variant`."""

LOAD_BYTES = 64
"""Bytes that must be readable behind all that is looked at."""

EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Stands for "no k-mer" and for a free slot: no k-mer of at most 31 bases has all bits set."""

NATIVE_OK, _BAD_ARGUMENT, _BAD_PANEL, _NO_MEMORY = 0, -1, -2, -3


class DamagedPanelError(ValueError):
    """What a panel file holds cannot be right."""


def _load(path: Path) -> ctypes.CDLL:
    if not path.is_file():
        raise ImportError(
            f"the compiled loops are missing ({path}); build them with 'python {BUILD}', which needs a C "
            "compiler, or install the package again"
        )
    library = ctypes.CDLL(str(path))
    library.best_variant.restype = c_int64
    return library


BEST_VARIANT = VARIANTS[_load(LIBRARY).best_variant()]
"""The fastest variant that this processor runs."""


class _Array:
    """The type of an argument that is an array's memory; checks that the array can be passed on as it is."""

    def __init__(self, dtype: npt.DTypeLike, *, written: bool = False) -> None:
        self._dtype = np.dtype(dtype)
        self._written = written

    def from_param(self, array: npt.NDArray[Any]) -> c_void_p:
        return c_void_p(self.address(array))

    def address(self, array: npt.NDArray[Any]) -> int:
        """Return where an array's memory begins.

        Raises:
            ValueError: the array is of another type or shape, lies in pieces, or must not be written.
        """
        if array.dtype != self._dtype or array.ndim != 1 or not array.flags.c_contiguous:
            raise ValueError(
                f"an array of {self._dtype} in one piece is needed, not {array.ndim} x {array.dtype}"
            )
        if self._written and not array.flags.writeable:
            raise ValueError("an array that may be written is needed")
        return int(array.ctypes.data)


_BYTES, _WRITTEN_BYTES = _Array(np.uint8), _Array(np.uint8, written=True)
_BOOLS = _Array(np.bool_, written=True)
_INT64, _WRITTEN_INT64 = _Array(np.int64), _Array(np.int64, written=True)
_UINT64, _WRITTEN_UINT64 = _Array(np.uint64), _Array(np.uint64, written=True)
_UINT16 = _Array(np.uint16)
_UINT32, _WRITTEN_UINT32 = _Array(np.uint32), _Array(np.uint32, written=True)


class _PanelStruct(Structure):
    _fields_ = (
        ("k", c_int64),
        ("genes", c_int64),
        ("kmers", c_void_p),
        ("kmer_genes", c_void_p),
        ("kmer_count", c_int64),
        ("text", c_void_p),
        ("text_size", c_int64),
        ("seed_positions", c_void_p),
        ("seed_count", c_int64),
        ("seed_length", c_int64),
    )


class _TableStruct(Structure):
    _fields_ = (
        ("filter_words", c_void_p),
        ("filter_size", c_int64),
        ("seeds", c_void_p),
        ("seed_slots", c_int64),
        ("keys", c_void_p),
        ("key_slots", c_int64),
        ("text", c_void_p),
        ("text_size", c_int64),
        ("genes", c_int64),
        ("k", c_int64),
        ("seed_length", c_int64),
        ("least_score", c_int64),
        ("mismatch_penalty", c_int64),
    )


class _RoomStruct(Structure):
    _fields_ = (
        ("capacity", c_int64),
        ("starts", c_void_p),
        ("hits", c_void_p),
        ("names", c_void_p),
        ("marks", c_void_p),
        ("lengths", c_void_p),
        ("lengths_size", c_int64),
        ("genes", c_void_p),
        ("genes_size", c_int64),
        ("totals", c_void_p),
        ("records", c_int64),
    )


class _ColumnStruct(Structure):
    _fields_ = (
        ("data", c_void_p),
        ("size", c_int64),
        ("starts", c_void_p),
        ("starts_size", c_int64),
    )


_SIGNATURES: dict[str, tuple[Any, Sequence[Any]]] = {
    "build_screen_table": (c_int, [POINTER(_PanelStruct), POINTER(_TableStruct)]),
    "match_reads": (c_int, [_BYTES, c_int64, _INT64, c_int64, POINTER(_TableStruct), _BOOLS]),
    "scan_fastq": (c_int, [c_void_p, c_int64, c_int64, c_int64, POINTER(_TableStruct), POINTER(_RoomStruct)]),
    "first_out_of_step": (c_int, [_UINT64, _BYTES, _UINT64, _BYTES, c_int64, c_int, POINTER(c_int64)]),
    "write_fragments": (
        c_int64,
        [POINTER(_ColumnStruct), c_int64, c_int64, _INT64, c_int64, _WRITTEN_BYTES, c_int64],
    ),
    "mismatches_at": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64]),
    "align_across": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64, c_int64, c_void_p]),
    "overlap_insert": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_double]),
    "canonical_kmers": (c_int64, [c_char_p, c_int64, c_int64, _WRITTEN_UINT64, c_int64]),
    "enter_kmers": (c_int64, [_UINT64, c_int64, _WRITTEN_UINT64, c_int64, _WRITTEN_INT64, c_int64]),
    "enter_seeds": (c_int64, [_UINT64, c_int64, c_int64, _WRITTEN_UINT32, c_int64]),
    "count_places": (
        c_int64,
        [_BYTES, c_int64, c_int64, c_int64, _UINT64, c_int64, _UINT32, c_int64, _WRITTEN_INT64, c_int64],
    ),
    "count_called": (c_int64, [_BYTES, c_int64, c_int64]),
}
"""For each C function what it returns and takes."""


_SHORT = {"mismatches_at", "align_across", "overlap_insert"}
"""Functions that keep the interpreter's lock: they are over in the time that giving it back takes."""


class _Loops:
    """The C functions of one variant of a library."""

    def __init__(self, path: Path, variant: str) -> None:
        library = _load(path)
        short = ctypes.PyDLL(str(path))
        self.variant = variant
        suffix = variant.replace("-", "_")
        for name, (result, arguments) in _SIGNATURES.items():
            function = getattr(short if name in _SHORT else library, f"{name}_{suffix}")
            function.restype, function.argtypes = result, list(arguments)
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no C function {name}")


_loops = _Loops(LIBRARY, BEST_VARIANT)


def use(variant: str, library: Path = LIBRARY) -> None:
    """Choose what runs from now on; for tests.

    Args:
        variant: one of VARIANTS that the library and this processor have.
        library: what `build.py` makes.

    Raises:
        ImportError: there is no such library.
        ValueError: the processor does not run the variant, or it was not compiled for this kind of machine.
    """
    global _loops
    if variant not in VARIANTS[: VARIANTS.index(BEST_VARIANT) + 1]:
        raise ValueError(f"this processor runs {BEST_VARIANT}, not {variant}")
    _loops = _Loops(library, variant)


def _require_ok(code: int) -> int:
    """Turn a negative code of a C function into an exception, and return every other one."""
    if code == _BAD_PANEL:
        raise DamagedPanelError("the panel's k-mers, seeds or text cannot be right")
    if code == _NO_MEMORY:
        raise MemoryError
    if code < 0:
        raise ValueError("a compiled loop was given sizes or numbers out of range")
    return code


# --- What reads are looked up in ----------------------------------------------------------------------

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
    """What the screen looks reads up in, made from what a panel directory stores; its parts are in `screen.h`.

    Args:
        k: length of the k-mers, 5 to 23 nt.
        kmers: canonical k-mers, ascending (uint64).
        kmer_genes: gene number of each (uint16).
        genes: number of genes.
        text: codes of the panel's sequences, 4 in front, between and behind them (uint8).
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
        arrays = ((kmers, _UINT64), (kmer_genes, _UINT16), (text, _BYTES), (seed_positions, _INT64))
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
        panel = _PanelStruct(
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
        self._struct = _TableStruct(
            _WRITTEN_UINT32.address(self._filter_words),
            self._filter_words.size,
            _WRITTEN_UINT64.address(self._seeds),
            self._seeds.size,
            _WRITTEN_UINT64.address(self._keys),
            self._keys.size,
            _WRITTEN_BYTES.address(self._text),
            self._text.size,
            least_score=least_score,
            mismatch_penalty=mismatch_penalty,
        )
        _require_ok(_loops.build_screen_table(byref(panel), byref(self._struct)))

    def with_least_score(self, score: int) -> "ScreenTable":
        """Return a table of the same panel with another score from which a match counts."""
        other = copy.copy(self)
        other._struct = _TableStruct.from_buffer_copy(self._struct)
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
    _require_ok(_loops.match_reads(data, data.size, starts, count, byref(table._struct), hits))
    return hits


# --- FASTQ ----------------------------------------------------------------------------------------------

SCAN_OK, SCAN_NO_AT_SIGN, SCAN_NO_PLUS, SCAN_QUALITY_LENGTH = range(4)
"""What `scan_fastq` says of the record behind the last one that it counted."""

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

SUFFIX_BYTES = 2
"""Bytes by which a written record may be longer than the one that was read."""


class ScanRoom:
    """Results of `scan_fastq`, with room for blocks of so many bytes.

    Args:
        size: bytes of the longest block.
        genes: number of genes of the panel.
        before: smaller room whose sums go on.

    Attributes:
        size: bytes of the longest block.
        starts: offset of each record of the present block and behind the last one (int64).
        hits: whether each read is from the panel (bool).
        names: hash of each read's name without the mate's number (uint64).
        marks: what name and comment tell of the mate (uint8), see MARK_SIGN.
        lengths: number of reads by length in nt, summed over blocks (int64).
        genes: panel k-mers seen by gene number, summed over blocks (int64).
        totals: counters, summed over blocks (int64), see BASES and the names behind it.
    """

    def __init__(self, size: int, genes: int, before: "ScanRoom | None" = None) -> None:
        self.size = size
        capacity = size // MIN_RECORD_BYTES + 1
        self.starts = np.zeros(capacity + 1, dtype=np.int64)
        self.hits = np.empty(capacity, dtype=np.bool_)
        self.names = np.empty(capacity, dtype=np.uint64)
        self.marks = np.empty(capacity, dtype=np.uint8)
        self.lengths = np.zeros(size + 1, dtype=np.int64)
        if before is None:
            self.genes, self.totals = np.zeros(genes, dtype=np.int64), np.zeros(TOTALS, dtype=np.int64)
        else:
            self.lengths[: before.lengths.size] = before.lengths
            self.genes, self.totals = before.genes, before.totals
        self._struct = _RoomStruct(
            capacity,
            _WRITTEN_INT64.address(self.starts),
            _BOOLS.address(self.hits),
            _WRITTEN_UINT64.address(self.names),
            _WRITTEN_BYTES.address(self.marks),
            _WRITTEN_INT64.address(self.lengths),
            self.lengths.size,
            _WRITTEN_INT64.address(self.genes),
            self.genes.size,
            _WRITTEN_INT64.address(self.totals),
        )

    @property
    def records(self) -> int:
        """Whole records of the present block so far."""
        return int(self._struct.records)

    def begin_block(self) -> None:
        """Forget how far the block before was scanned; the sums stay."""
        self._struct.records = 0


def scan_fastq(
    data: npt.NDArray[np.uint8], filled: int, group: int, table: ScreenTable, room: ScanRoom
) -> tuple[int, int]:
    """Take the whole records of a block of FASTQ apart and look each read up in the panel.

    A block may be scanned while it is still being filled: each call goes on where the one before it
    ended. A record that the block cuts off is left for the next one. So are blank lines, which are no
    record: the next block tells whether the file ends there.

    Args:
        data: the block with LOAD_BYTES bytes behind it; the file's last block must end with a line end.
        filled: how many bytes of it count.
        group: only a multiple of so many records is taken: 2 for interleaved mates, else 1.
        table: what to look the reads up in.
        room: results and sums.

    Returns:
        (records, error): number of whole records of the block and a SCAN code; on an error the record
        behind the last counted one is wrong.
    """
    error = _loops.scan_fastq(
        _BYTES.address(data), data.size, filled, group, byref(table._struct), byref(room._struct)
    )
    return room.records, _require_ok(error)


def first_out_of_step(
    first_names: npt.NDArray[np.uint64],
    first_marks: npt.NDArray[np.uint8],
    second_names: npt.NDArray[np.uint64],
    second_marks: npt.NDArray[np.uint8],
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
        slash_only: do not take .1 and .2, nor _1 and _2, for numbers of mates.

    Returns:
        (index, problem): index of the pair and a STEP code; the number of pairs and STEP_OK if there is none.

    Raises:
        ValueError: the columns differ in length.
    """
    count = first_names.size
    if any(column.size != count for column in (first_marks, second_names, second_marks)):
        raise ValueError("columns of mates differ in length")
    index = c_int64()
    problem = _loops.first_out_of_step(
        first_names, first_marks, second_names, second_marks, count, slash_only, byref(index)
    )
    return index.value, _require_ok(problem)


def write_fragments(
    columns: Sequence[tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]],
    stride: int,
    chosen: npt.NDArray[np.int64],
) -> memoryview:
    """Return fragments in the form that later stages read, the mates of a pair one after the other.

    The name ends with /1 or /2 for a pair and has no suffix for a single read; carriage returns, the
    second name and the comment are dropped, but for the comment's UMI, and bases are upper case. Of
    the names of a pair, an ending .1 or .2 (_1 or _2) stays where both mates have the same, and goes
    where they differ.

    Args:
        columns: of the first mates, or single reads, and of the second ones: the bytes of scanned blocks,
            and where in them each record begins, and behind the last one.
        stride: number of records between one fragment and the next, 1 or 2.
        chosen: numbers of the fragments.

    Raises:
        ValueError: there is no such fragment, or the bytes are no records.
    """
    rows = chosen * stride
    try:
        size = sum(
            int((starts[rows + 1] - starts[rows]).sum()) + SUFFIX_BYTES * rows.size for _, starts in columns
        )
    except IndexError as error:
        raise ValueError("there is no such fragment") from error
    out = np.empty(max(size, 0), dtype=np.uint8)
    structs = (_ColumnStruct * len(columns))(
        *[
            _ColumnStruct(_BYTES.address(data), data.size, _INT64.address(starts), starts.size)
            for data, starts in columns
        ]
    )
    used = _loops.write_fragments(structs, len(columns), stride, chosen, chosen.size, out, out.size)
    return out.data[: _require_ok(used)]


# --- Reads on a contig, mates on each other, k-mers (align.c) -----------------------------------------


def mismatches_at(read: bytes, contig: bytes, offset: int, limit: int) -> int:
    """Count mismatches of a read placed on a contig; bases beyond the contig's ends are mismatches.

    Args:
        read: bases.
        contig: bases.
        offset: 0-based position on the contig of the read's first base; may be negative.
        limit: counting stops above this number.

    Returns:
        The number of mismatches, or limit + 1 when there are more.
    """
    count = _loops.mismatches_at(read, len(read), contig, len(contig), offset, limit)
    return count if count >= 0 else _require_ok(count)


_Alignment = c_int64 * 4


def align_across(
    read: bytes, contig: bytes, junction: int, first: int, last: int
) -> tuple[int, int, int, int]:
    """Align a whole read within a window of a contig with unit costs and say where the junction is in it.

    Semi-global edit distance (Sellers 1980): the read is aligned end to end, the contig's ends are free.
    Which of several alignments with equally many edits is taken is fixed, see align.c.

    Args:
        read: bases.
        contig: bases.
        junction: 0-based contig position of the first base after the junction.
        first: first contig position of the window.
        last: end of the window, half-open.

    Returns:
        (edits, before, edits_before, start): total edits; read bases before the junction (0 when the read
        begins after it, the read's length when it ends before it); edits among those; contig position of
        the first aligned base.
    """
    result = _Alignment()
    _require_ok(
        _loops.align_across(
            read, len(read), contig, len(contig), junction, first, last, ctypes.addressof(result)
        )
    )
    edits, before, edits_before, start = result
    return edits, before, edits_before, start


def overlap_insert(first: bytes, second: bytes, minimum: int, max_mismatch_rate: float) -> int:
    """Find the insert length at which the mates of a pair read the same molecule from both ends.

    Args:
        first: bases of read 1 as sequenced.
        second: reverse complement of read 2.
        minimum: fewest overlapping bases that count, at least 1.
        max_mismatch_rate: largest share of mismatches among them, 0 to 1.

    Returns:
        The insert length in nt, or 0 when the mates do not overlap.
    """
    return _require_ok(
        _loops.overlap_insert(first, len(first), second, len(second), minimum, max_mismatch_rate)
    )


def canonical_kmers(sequence: bytes, k: int) -> npt.NDArray[np.uint64]:
    """Return the canonical k-mer that starts at each base, EMPTY where it holds a letter that is not a base.

    Args:
        sequence: letters; A, C, G, T and U in upper or lower case are bases.
        k: k-mer length, odd and below 32, so that no k-mer is its own reverse complement.

    Returns:
        Array of length max(0, len(sequence) - k + 1): two bits for each base, A 0, C 1, G 2, T 3, the first
        base highest.
    """
    kmers = np.empty(max(0, len(sequence) - k + 1), dtype=np.uint64)
    _require_ok(_loops.canonical_kmers(sequence, len(sequence), k, kmers, kmers.size))
    return kmers


# --- One pass over a genome (genome.c) ----------------------------------------------------------------


def enter_kmers(
    kmers: npt.NDArray[np.uint64], keys: npt.NDArray[np.uint64], slots: npt.NDArray[np.int64]
) -> None:
    """Fill a hash table with k-mers.

    Args:
        kmers: distinct canonical k-mers.
        keys: out, table of 2^n slots, at most half of which may become used; a free one is EMPTY.
        slots: out, the slot of each k-mer.
    """
    _require_ok(_loops.enter_kmers(kmers, kmers.size, keys, keys.size, slots, slots.size))


def enter_seeds(kmers: npt.NDArray[np.uint64], k: int, filter_words: npt.NDArray[np.uint32]) -> None:
    """Fill a filter with the seeds that k-mers have on either strand.

    Args:
        kmers: canonical k-mers.
        k: their length, odd, from 5 to 27.
        filter_words: out, 2^m words.
    """
    _require_ok(_loops.enter_seeds(kmers, kmers.size, k, filter_words, filter_words.size))


def count_places(
    letters: npt.NDArray[np.uint8],
    size: int,
    k: int,
    keys: npt.NDArray[np.uint64],
    filter_words: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.int64],
) -> None:
    """Count on both strands at which places of a stretch of a contig k-mers occur.

    Args:
        letters: the stretch, with 2 * LOAD_BYTES more bytes after it.
        size: letters of it that count.
        k: k-mer length, odd, so that a place is never counted for both strands; from 5 to 27.
        keys: see `enter_kmers`.
        filter_words: see `enter_seeds`; of the same k-mers.
        counts: in and out, places of the k-mer in each slot of the table.
    """
    code = _loops.count_places(
        letters, size, letters.size, k, keys, keys.size, filter_words, filter_words.size, counts, counts.size
    )
    _require_ok(code)


def count_called(letters: npt.NDArray[np.uint8], size: int) -> int:
    """Return how many letters are A, C, G, T or U, in upper or lower case.

    Args:
        letters: letters, with LOAD_BYTES more bytes after those that count.
        size: how many count.
    """
    return _require_ok(_loops.count_called(letters, size, letters.size))
