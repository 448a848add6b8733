"""Loops over sequences: reads on a contig, mates on each other, k-mers, and the pass over a genome.

Described in full in align.c and genome.c. All of them raise ValueError for sizes and numbers out of range.
"""

from ctypes import addressof, c_char_p, c_double, c_int64, c_void_p

import numpy as np
import numpy.typing as npt

from aspsfusion.native.library import Array, loops, require_ok

EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Stands for "no k-mer" and for a free slot: no k-mer of at most 31 bases has all bits set."""

LOAD_BYTES = 64
"""Bytes that the loops load at a time; what is looked at is followed by as many that can be read."""

Bytes = npt.NDArray[np.uint8]
Counts = npt.NDArray[np.int64]
Kmers = npt.NDArray[np.uint64]
Words = npt.NDArray[np.uint32]

_LETTERS = Array(np.uint8)
_WORDS, _FILLED_WORDS = Array(np.uint32), Array(np.uint32, written=True)
_KMERS, _FILLED_KMERS = Array(np.uint64), Array(np.uint64, written=True)
_FILLED_COUNTS = Array(np.int64, written=True)

loops.declare("mismatches_at", [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64], short=True)
loops.declare(
    "align_across", [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64, c_int64, c_void_p], short=True
)
loops.declare("overlap_insert", [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_double], short=True)
loops.declare("canonical_kmers", [c_char_p, c_int64, c_int64, _FILLED_KMERS, c_int64])
loops.declare("enter_kmers", [_KMERS, c_int64, _FILLED_KMERS, c_int64, _FILLED_COUNTS, c_int64])
loops.declare("enter_seeds", [_KMERS, c_int64, c_int64, _FILLED_WORDS, c_int64])
loops.declare(
    "count_places",
    [_LETTERS, c_int64, c_int64, c_int64, _KMERS, c_int64, _WORDS, c_int64, _FILLED_COUNTS, c_int64],
)
loops.declare("count_called", [_LETTERS, c_int64, c_int64])


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
    count = loops.mismatches_at(read, len(read), contig, len(contig), offset, limit)
    return count if count >= 0 else require_ok(count)


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
    require_ok(
        loops.align_across(read, len(read), contig, len(contig), junction, first, last, addressof(result))
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
    return require_ok(
        loops.overlap_insert(first, len(first), second, len(second), minimum, max_mismatch_rate)
    )


def canonical_kmers(sequence: bytes, k: int) -> Kmers:
    """Return the canonical k-mer that starts at each base, EMPTY where it holds a letter that is not a base.

    Args:
        sequence: letters; A, C, G, T and U in upper or lower case are bases.
        k: k-mer length, odd and below 32, so that no k-mer is its own reverse complement.

    Returns:
        Array of length max(0, len(sequence) - k + 1): two bits for each base, A 0, C 1, G 2, T 3, the first
        base highest.
    """
    kmers = np.empty(max(0, len(sequence) - k + 1), dtype=np.uint64)
    require_ok(loops.canonical_kmers(sequence, len(sequence), k, kmers, kmers.size))
    return kmers


# --- One pass over a genome (genome.c) ----------------------------------------------------------------


def enter_kmers(kmers: Kmers, keys: Kmers, slots: Counts) -> None:
    """Fill a hash table with k-mers.

    Args:
        kmers: distinct canonical k-mers.
        keys: out, table of 2^n slots, at most half of which may become used; a free one is EMPTY.
        slots: out, the slot of each k-mer.
    """
    require_ok(loops.enter_kmers(kmers, kmers.size, keys, keys.size, slots, slots.size))


def enter_seeds(kmers: Kmers, k: int, filter_words: Words) -> None:
    """Fill a filter with the seeds that k-mers have on either strand.

    Args:
        kmers: canonical k-mers.
        k: their length, odd, from 5 to 27.
        filter_words: out, 2^m words.
    """
    require_ok(loops.enter_seeds(kmers, kmers.size, k, filter_words, filter_words.size))


def count_places(letters: Bytes, size: int, k: int, keys: Kmers, filter_words: Words, counts: Counts) -> None:
    """Count on both strands at which places of a stretch of a contig k-mers occur.

    Args:
        letters: the stretch, with 2 * LOAD_BYTES more bytes after it.
        size: letters of it that count.
        k: k-mer length, odd, so that a place is never counted for both strands; from 5 to 27.
        keys: see `enter_kmers`.
        filter_words: see `enter_seeds`; of the same k-mers.
        counts: in and out, places of the k-mer in each slot of the table.
    """
    code = loops.count_places(
        letters, size, letters.size, k, keys, keys.size, filter_words, filter_words.size, counts, counts.size
    )
    require_ok(code)


def count_called(letters: Bytes, size: int) -> int:
    """Return how many letters are A, C, G, T or U, in upper or lower case.

    Args:
        letters: letters, with LOAD_BYTES more bytes after those that count.
        size: how many count.
    """
    return require_ok(loops.count_called(letters, size, letters.size))
