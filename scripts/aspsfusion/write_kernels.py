"""The compiled loop that writes kept records in the one form that later stages read."""

from aspsfusion.compiled import compiled

SUFFIX_BYTES = 2
"""Length of the mate's number at the end of a name with the sign before it: /1, .1 or _1."""

_TAB = 9
_NEWLINE = 10
_RETURN = 13
_SPACE = 32
_PLUS = 43
_SLASH = 47
_DIGIT_ZERO = 48
_LOWER_A = 97
_LOWER_Z = 122
_TO_UPPER = 32

_UMI_TAG = tuple(b"RX:Z:")
"""Begins the field of a comment that holds the fragment's molecular identifier, as `samtools fastq -T RX` and
other programs write it."""


@compiled
def _stem_end(data, start, stop):  # type: ignore[no-untyped-def]
    """Return where a record's name ends, without /1 or /2."""
    end = start
    while end < stop and data[end] != _SPACE and not _TAB <= data[end] <= _RETURN:
        end += 1
    if end - start >= SUFFIX_BYTES and data[end - 2] == _SLASH:
        mate = data[end - 1] - _DIGIT_ZERO
        if mate == 1 or mate == 2:
            end -= SUFFIX_BYTES
    return end


@compiled
def _write_umi(data, start, stop, out, used):  # type: ignore[no-untyped-def]
    """Write a space and the field of a record's comment that holds its UMI, and return where it ends."""
    place = start
    while place < stop and data[place] != _NEWLINE:
        begin = place
        while place < stop and data[place] > _SPACE:
            place += 1
        found = place - begin > len(_UMI_TAG)
        for i in range(len(_UMI_TAG)):
            found = found and data[begin + i] == _UMI_TAG[i]
        if found:
            out[used] = _SPACE
            used += 1
            for i in range(begin, place):
                out[used] = data[i]
                used += 1
            return used
        if place == begin:
            place += 1
    return used


@compiled
def _write(data, start, stop, stem_end, mate, out, used):  # type: ignore[no-untyped-def]
    """Write one record and return where it ends."""
    for i in range(start, stem_end):
        out[used] = data[i]
        used += 1
    if mate:
        out[used] = _SLASH
        out[used + 1] = _DIGIT_ZERO + mate
        used += SUFFIX_BYTES
    used = _write_umi(data, start, stop, out, used)
    line = 0
    for i in range(start, stop):
        byte = data[i]
        if byte == _NEWLINE:
            out[used] = _NEWLINE
            used += 1
            line += 1
            if line == 2:
                out[used] = _PLUS
                used += 1
        elif byte == _RETURN:
            continue
        elif line == 1:
            out[used] = byte - _TO_UPPER if _LOWER_A <= byte <= _LOWER_Z else byte
            used += 1
        elif line == 3:
            out[used] = byte
            used += 1
    return used


@compiled
def write_fragments(  # type: ignore[no-untyped-def]
    first, first_starts, second, second_starts, stride, mates, chosen, out
):
    """Write fragments in the form that later stages read, the mates of a pair one behind the other.

    The name ends with /1 or /2 for a pair and has no suffix for a single read; carriage returns, the second
    name and the comment are dropped, but for the comment's field RX, and bases are upper case. Of the names
    of a pair, an ending .1 or .2 (_1 or _2) stays where both mates have the same, and goes where they differ.

    Args:
        first: bytes of the block with the first mates, or single reads (uint8).
        first_starts: offset of each record and behind the last one (int64).
        second: bytes of the block with the second mates.
        second_starts: the same of the second mates.
        stride: number of records between one fragment and the next.
        mates: 2 for pairs, 1 for single reads.
        chosen: numbers of the fragments (int64).
        out: out, as many bytes as the records of these fragments have, and SUFFIX_BYTES more for each record.

    Returns:
        How many bytes were written.
    """
    used = 0
    for fragment in chosen:
        record = fragment * stride
        start, stop = first_starts[record], first_starts[record + 1]
        end = _stem_end(first, start, stop)
        if mates == 1:
            used = _write(first, start, stop, end, 0, out, used)
            continue
        other_start, other_stop = second_starts[record], second_starts[record + 1]
        other_end = _stem_end(second, other_start, other_stop)
        same = end - start == other_end - other_start
        if same:
            for i in range(end - start):
                if first[start + i] != second[other_start + i]:
                    same = False
                    break
        if not same:
            # `r.1` and `r.2`: the mate's number is still part of the name.
            end = max(end - SUFFIX_BYTES, start)
            other_end = max(other_end - SUFFIX_BYTES, other_start)
        used = _write(first, start, stop, end, 1, out, used)
        used = _write(second, other_start, other_stop, other_end, 2, out, used)
    return used
