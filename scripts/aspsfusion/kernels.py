"""The compiled inner loops of several stages, each with a plain-Python reference in `tests/reference_kernels.py`.

Everything here works on arrays of bytes and integers and makes no Python objects. The screen's own loops
stand in `screen_kernels` and `match_kernels`.
"""

import numpy as np
import numpy.typing as npt

from aspsfusion.compiled import compiled

# Two-bit codes of the bases; 4 stands for everything that is no base and breaks a k-mer.
BASE_CODES = np.full(256, 4, dtype=np.uint8)
for _code, _bases in enumerate(("Aa", "Cc", "Gg", "TtUu")):
    for _base in _bases:
        BASE_CODES[ord(_base)] = _code

HASH_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Odd number nearest to 2^64 / golden ratio: multiplicative (Fibonacci) hashing, Knuth TAOCP 6.4."""

EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
"""Marks a free slot of the hash table; no k-mer with k below 32 has all bits set."""

MISMATCH_PENALTY = 10
"""Bases of overlap that outweigh a mismatch between mates."""


@compiled
def _write_canonical(codes, k, result):  # type: ignore[no-untyped-def]
    mask = (np.uint64(1) << np.uint64(2 * k)) - np.uint64(1)
    top = np.uint64(2 * (k - 1))
    two = np.uint64(2)
    forward = np.uint64(0)
    backward = np.uint64(0)
    valid = 0
    for i in range(codes.size):
        code = np.uint64(codes[i])
        if code > np.uint64(3):
            valid = 0
            forward = np.uint64(0)
            backward = np.uint64(0)
        else:
            forward = ((forward << two) | code) & mask
            backward = (backward >> two) | ((np.uint64(3) - code) << top)
            valid += 1
        if i >= k - 1:
            result[i - k + 1] = (forward if forward < backward else backward) if valid >= k else EMPTY


def canonical_kmers(codes: npt.NDArray[np.uint8], k: int) -> npt.NDArray[np.uint64]:
    """Return the canonical k-mer that starts at each base, EMPTY where one holds a non-base.

    Args:
        codes: two-bit codes of a sequence (uint8, 4 for a non-base).
        k: k-mer length, odd and below 32, so that no k-mer is its own reverse complement.

    Returns:
        Array of length max(0, len(codes) - k + 1).
    """
    result = np.empty(max(0, codes.size - k + 1), dtype=np.uint64)
    _write_canonical(codes, k, result)
    return result


@compiled
def mismatches_at(read, contig, offset, limit):  # type: ignore[no-untyped-def]
    """Count mismatches of a read laid on a contig, bases beyond the contig's ends counting as mismatches.

    Args:
        read: bases as bytes (uint8).
        contig: bases as bytes (uint8).
        offset: position on the contig of the read's first base; may be negative.
        limit: counting stops above this number.

    Returns:
        The number of mismatches, or limit + 1.
    """
    count = 0
    for i in range(read.size):
        j = offset + i
        if j < 0 or j >= contig.size or read[i] != contig[j]:
            count += 1
            if count > limit:
                return count
    return count


@compiled
def _align_across(read, contig, junction, first, last, columns):  # type: ignore[no-untyped-def]
    first = max(first, 0)
    last = min(last, contig.size)
    n = read.size
    width = last - first
    # Rows are read prefixes, columns contig prefixes of the window.
    cost, begin, before, edits_before = columns[0], columns[1], columns[2], columns[3]
    for i in range(n + 1):
        cost[i] = i
        begin[i] = first
        before[i] = i if first <= junction else 0
        edits_before[i] = i if first <= junction else 0
    best = cost[n]
    best_before = before[n]
    best_edits_before = edits_before[n]
    best_start = begin[n]
    for column in range(width):
        position = first + column
        base = contig[position]
        in_front = position < junction
        diagonal_cost, diagonal_begin = cost[0], begin[0]
        diagonal_before, diagonal_edits = before[0], edits_before[0]
        cost[0] = 0
        begin[0] = position + 1
        before[0] = 0
        edits_before[0] = 0
        for i in range(1, n + 1):
            old_cost, old_begin = cost[i], begin[i]
            old_before, old_edits = before[i], edits_before[i]
            mismatch = 0 if read[i - 1] == base else 1
            new_cost = diagonal_cost + mismatch
            new_begin = diagonal_begin
            new_before = diagonal_before + (1 if in_front else 0)
            new_edits = diagonal_edits + (mismatch if in_front else 0)
            if old_cost + 1 < new_cost:  # contig base left out of the read
                new_cost = old_cost + 1
                new_begin = old_begin
                new_before = old_before
                new_edits = old_edits + (1 if in_front else 0)
            if cost[i - 1] + 1 < new_cost:  # read base not in the contig
                new_cost = cost[i - 1] + 1
                new_begin = begin[i - 1]
                still_in_front = position + 1 <= junction
                new_before = before[i - 1] + (1 if still_in_front else 0)
                new_edits = edits_before[i - 1] + (1 if still_in_front else 0)
            diagonal_cost, diagonal_begin = old_cost, old_begin
            diagonal_before, diagonal_edits = old_before, old_edits
            cost[i] = new_cost
            begin[i] = new_begin
            before[i] = new_before
            edits_before[i] = new_edits
        if cost[n] < best:
            best = cost[n]
            best_before = before[n]
            best_edits_before = edits_before[n]
            best_start = begin[n]
    return best, best_before, best_edits_before, best_start


def align_across(
    read: npt.NDArray[np.uint8], contig: npt.NDArray[np.uint8], junction: int, first: int, last: int
) -> tuple[int, int, int, int]:
    """Align a whole read within a window of a contig with unit costs and say where the junction falls in it.

    Semi-global edit distance (Sellers 1980): the read is aligned end to end, the contig's ends are free.
    Among alignments of equal cost the one is taken that the recurrence meets first, so the result is
    reproducible.

    Args:
        read: bases as bytes (uint8).
        contig: bases as bytes (uint8).
        junction: contig position of the first base behind the junction.
        first: first contig position of the window.
        last: end of the window, half-open.

    Returns:
        (edits, before, edits_before, start): total edits; read bases before the junction (0 when the read
        begins behind it, the read's length when it ends before it); edits among those; contig position of
        the first aligned base.
    """
    columns = np.empty((4, read.size + 1), dtype=np.int32)
    edits, before, edits_before, start = _align_across(read, contig, junction, first, last, columns)
    return edits, before, edits_before, start


@compiled
def overlap_insert(first, second, minimum, max_mismatch_rate):  # type: ignore[no-untyped-def]
    """Find the insert length at which the mates of a pair read the same molecule from both ends.

    Among the lengths that are possible the one with the best score wins, one for each base of the overlap
    less MISMATCH_PENALTY for each mismatch: in a tandem repeat a false overlap can be as long as the true one.
    Of equal ones the longest insert wins. The adapters behind a shorter insert would have contradicted it.

    Args:
        first: read 1 as bytes (uint8), as sequenced.
        second: reverse complement of read 2 as bytes (uint8).
        minimum: fewest overlapping bases that count.
        max_mismatch_rate: largest share of mismatches among them.

    Returns:
        The insert length in nt, or 0 when the mates do not overlap.
    """
    # With an insert of length t, the reverse complement of read 2 ends at base t of the molecule.
    n, m = first.size, second.size
    best = 0
    best_score = 0
    for insert in range(minimum, n + m - minimum + 1):
        offset = insert - m
        low = max(0, offset)
        high = min(n, insert)
        overlap = high - low
        if overlap < minimum or (best and overlap < best_score):
            continue
        allowed = int(overlap * max_mismatch_rate)
        wrong = 0
        for i in range(low, high):
            if first[i] != second[i - offset]:
                wrong += 1
                if wrong > allowed:
                    break
        score = overlap - MISMATCH_PENALTY * wrong
        if wrong <= allowed and (best == 0 or score >= best_score):
            best = insert
            best_score = score
    return best
