"""The compiled inner loops, each with a plain-Python reference in `tests/reference_kernels.py`.

Everything here works on arrays of bytes and integers and makes no Python objects. Compiled code is cached
on disk by numba (NUMBA_CACHE_DIR), so that only the first run of a version compiles.
"""

import numba
import numpy as np

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

SCAN_OK = 0
SCAN_NO_AT_SIGN = 1
SCAN_NO_PLUS = 2
SCAN_QUALITY_LENGTH = 3

_NEWLINE = 10
_RETURN = 13
_AT = 64
_PLUS = 43
_SPACE = 32
_TAB = 9
_SLASH = 47
_FNV_OFFSET = np.uint64(14695981039346656037)
_FNV_PRIME = np.uint64(1099511628211)


@numba.njit(cache=True, nogil=True)
def canonical_kmers(codes, k):  # type: ignore[no-untyped-def]
    """Return the canonical k-mer that starts at each base, EMPTY where one holds a non-base.

    Args:
        codes: two-bit codes of a sequence (uint8, 4 for a non-base).
        k: k-mer length, odd and below 32, so that no k-mer is its own reverse complement.

    Returns:
        uint64 array of length max(0, len(codes) - k + 1).
    """
    count = max(0, codes.size - k + 1)
    result = np.empty(count, dtype=np.uint64)
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
    return result


@numba.njit(cache=True, nogil=True)
def fill_table(kmers, values, keys, slots, bits, shift):  # type: ignore[no-untyped-def]
    """Enter k-mers into an open-addressing hash table and its one-bit-per-hash filter, both in place.

    Args:
        kmers: distinct canonical k-mers (uint64).
        values: one small number for each (uint16).
        keys: table of 2^n slots filled with EMPTY; at most half of it may become used.
        slots: values of the slots, same size as keys.
        bits: filter of 2^m bits as uint64 words, all zero.
        shift: 64 - m; the filter's hash is the upper m bits of the product, the slot its upper n bits.
    """
    slot_shift = np.uint64(64) - np.uint64(np.log2(keys.size))
    last = keys.size - 1
    for i in range(kmers.size):
        product = kmers[i] * HASH_MULTIPLIER
        bit = product >> np.uint64(shift)
        bits[bit >> np.uint64(6)] |= np.uint64(1) << (bit & np.uint64(63))
        slot = np.int64(product >> slot_shift)
        while keys[slot] != EMPTY:
            slot = (slot + 1) & last
        keys[slot] = kmers[i]
        slots[slot] = values[i]


@numba.njit(cache=True, nogil=True)
def _line_end(buffer, start, length):  # type: ignore[no-untyped-def]
    position = start
    while position < length and buffer[position] != _NEWLINE:
        position += 1
    return position


@numba.njit(cache=True, nogil=True)
def scan_fastq(buffer, length, k, keys, slots, bits, shift, codes, starts, hits, names, genes, totals):  # type: ignore[no-untyped-def]
    """Parse the whole records of a block of FASTQ and look each read's k-mers up in the panel's table.

    A record that the block cuts off is left for the next one. Reading stops early when `starts` is full.

    Args:
        buffer: the block (uint8); the file's last block must end with a line end.
        length: how many bytes of it count.
        k: k-mer length.
        keys: see `fill_table`.
        slots: see `fill_table`.
        bits: see `fill_table`.
        shift: see `fill_table`.
        codes: BASE_CODES.
        starts: out, offset of each record and behind the last one (int64, one more than hits).
        hits: out, number of panel k-mers of each read, at most 65535 (uint16).
        names: out, hash of each read's name without /1, /2 and comment (uint64).
        genes: in and out, panel k-mers seen by gene number (int64).
        totals: in and out, [bases, longest read] (int64).

    Returns:
        (records, error): number of whole records and a SCAN code; on an error the record after the last
        counted one is wrong.
    """
    mask = (np.uint64(1) << np.uint64(2 * k)) - np.uint64(1)
    top = np.uint64(2 * (k - 1))
    two = np.uint64(2)
    slot_shift = np.uint64(64) - np.uint64(np.log2(keys.size))
    last_slot = keys.size - 1
    record = 0
    position = 0
    starts[0] = 0
    while position < length and record < hits.size:
        # Blank lines are no record. They are left for the next block, which tells whether the file ends here.
        if buffer[position] == _NEWLINE or buffer[position] == _RETURN:
            rest = position
            while rest < length and (buffer[rest] == _NEWLINE or buffer[rest] == _RETURN):
                rest += 1
            if rest == length:
                break
            return record, SCAN_NO_AT_SIGN
        if buffer[position] != _AT:
            return record, SCAN_NO_AT_SIGN
        header_end = _line_end(buffer, position, length)
        if header_end == length:
            break
        sequence = header_end + 1
        sequence_line_end = _line_end(buffer, sequence, length)
        if sequence_line_end == length:
            break
        sequence_end = sequence_line_end
        if sequence_end > sequence and buffer[sequence_end - 1] == _RETURN:
            sequence_end -= 1
        plus = sequence_line_end + 1
        if plus >= length:
            break
        if buffer[plus] != _PLUS:
            return record, SCAN_NO_PLUS
        plus_end = _line_end(buffer, plus, length)
        if plus_end == length:
            break
        quality = plus_end + 1
        quality_end = _line_end(buffer, min(quality + sequence_end - sequence, length), length)
        if quality_end == length:
            break
        quality_stop = quality_end
        if quality_stop > quality and buffer[quality_stop - 1] == _RETURN:
            quality_stop -= 1
        if quality_stop - quality != sequence_end - sequence:
            return record, SCAN_QUALITY_LENGTH
        # A quality line that is too short would have let the next line be taken for its end.
        for i in range(quality, quality_stop):
            if buffer[i] == _NEWLINE:
                return record, SCAN_QUALITY_LENGTH

        name = _FNV_OFFSET
        i = position + 1
        while i < header_end:
            byte = buffer[i]
            if byte == _SPACE or byte == _TAB or byte == _RETURN:
                break
            if byte == _SLASH and i + 2 <= header_end:
                after = buffer[i + 2] if i + 2 < header_end else np.uint8(_SPACE)
                mate = buffer[i + 1]
                if (mate == 49 or mate == 50) and (after == _SPACE or after == _TAB or after == _RETURN):
                    break
            name = (name ^ np.uint64(byte)) * _FNV_PRIME
            i += 1
        names[record] = name

        found = 0
        forward = np.uint64(0)
        backward = np.uint64(0)
        valid = 0
        for i in range(sequence, sequence_end):
            code = np.uint64(codes[buffer[i]])
            if code > np.uint64(3):
                valid = 0
                continue
            forward = ((forward << two) | code) & mask
            backward = (backward >> two) | ((np.uint64(3) - code) << top)
            valid += 1
            if valid >= k:
                kmer = forward if forward < backward else backward
                product = kmer * HASH_MULTIPLIER
                bit = product >> np.uint64(shift)
                if (bits[bit >> np.uint64(6)] >> (bit & np.uint64(63))) & np.uint64(1):
                    slot = np.int64(product >> slot_shift)
                    while keys[slot] != EMPTY:
                        if keys[slot] == kmer:
                            found += 1
                            genes[slots[slot]] += 1
                            break
                        slot = (slot + 1) & last_slot
        hits[record] = min(found, 65535)
        read_length = sequence_end - sequence
        totals[0] += read_length
        if read_length > totals[1]:
            totals[1] = read_length
        record += 1
        position = quality_end + 1
        starts[record] = position
    return record, SCAN_OK


@numba.njit(cache=True, nogil=True)
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


@numba.njit(cache=True, nogil=True)
def align_across(read, contig, junction, first, last):  # type: ignore[no-untyped-def]
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
    first = max(first, 0)
    last = min(last, contig.size)
    n = read.size
    width = last - first
    # Rows are read prefixes, columns contig prefixes of the window.
    cost = np.empty(n + 1, dtype=np.int32)
    begin = np.empty(n + 1, dtype=np.int32)
    before = np.empty(n + 1, dtype=np.int32)
    edits_before = np.empty(n + 1, dtype=np.int32)
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


@numba.njit(cache=True, nogil=True)
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
