"""The compiled loops that read the names of reads and tell whether two of them are mates."""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.vector_loads import LOAD_BYTES, blanks, hash_of_bytes, lowest_bit

STEP_OK = 0
STEP_OTHER_NAME = 1
STEP_WRONG_MATE = 2

LINES = 4
"""Lines of a record."""

# Parts of a read's mark: the mate's number at the end of the name, the sign before it, and the mate's number
# in the comment.
MARK_MATE = 3
MARK_SIGN = 12
MARK_SLASH = 4
MARK_DOT = 8
MARK_UNDERSCORE = 12
MARK_COMMENT = 48
MARK_COMMENT_SHIFT = 4

_RETURN = 13
_SLASH = 47
_DOT = 46
_UNDERSCORE = 95
_COLON = 58
_DIGIT_ONE = 49
_DIGIT_TWO = 50
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NAME_MULTIPLIER = np.uint64(0xD6E8FEB86659FD93)
"""Odd, so that names that differ in one stretch of 64 bytes never share what is carried on from it."""


@compiled
def _mate_number(byte):  # type: ignore[no-untyped-def]
    if byte == _DIGIT_ONE:
        return 1
    return 2 if byte == _DIGIT_TWO else 0


@compiled
def _sign(byte):  # type: ignore[no-untyped-def]
    if byte == _SLASH:
        return MARK_SLASH
    if byte == _DOT:
        return MARK_DOT
    return MARK_UNDERSCORE if byte == _UNDERSCORE else 0


@compiled
def read_names(buffer, starts, ends, first, last, names, marks):  # type: ignore[no-untyped-def]
    """Hash the reads' names without the mate's number, and note what is told of the mate.

    Args:
        buffer: the block (uint8).
        starts: offset of each record (int64).
        ends: line ends, four for each record (int32).
        first: the first record.
        last: the record behind the last one.
        names: out, see `scan_fastq` (uint64).
        marks: out, see MARK_ (uint8).
    """
    for record in range(first, last):
        start = starts[record] + 1
        header_end = np.int64(ends[LINES * record])
        loaded = start
        mask = blanks(buffer, loaded)
        while mask == 0:
            loaded += LOAD_BYTES
            mask = blanks(buffer, loaded)
        name_end = loaded + lowest_bit(mask)
        if header_end > start and buffer[header_end - 1] == _RETURN:
            header_end -= 1
        mark = 0
        stop = name_end
        if name_end - start >= 2:
            number = _mate_number(buffer[name_end - 1])
            if number:
                sign = _sign(buffer[name_end - 2])
                if sign:
                    stop = name_end - 2
                    mark = number + sign
        comment = name_end + 1
        if comment + 1 < header_end:
            number = 0
            if buffer[comment + 1] == _COLON:  # Illumina: `1:N:0:ACGT`
                number = _mate_number(buffer[comment])
            elif buffer[header_end - 2] == _SLASH:  # fastq-dump: `SRR1.1 1/1`
                number = _mate_number(buffer[header_end - 1])
            mark += number << MARK_COMMENT_SHIFT
        name = np.uint64(0)
        for offset in range(start, stop, LOAD_BYTES):
            chosen = _ALL
            if stop - offset < LOAD_BYTES:
                chosen = (_ONE << np.uint64(stop - offset)) - _ONE
            name = name * _NAME_MULTIPLIER + hash_of_bytes(buffer, offset, chosen)
        names[record] = name
        marks[record] = mark


@compiled
def first_out_of_step(  # type: ignore[no-untyped-def]
    first_names, first_marks, second_names, second_marks, slash_only
):
    """Find the first pair of records whose names are not those of two mates.

    Mates have one name, or names that differ in the mate's number at the end: /1 and /2, .1 and .2, _1
    and _2. A comment that names the mate (`1:N:0`, or SRA's `1/1`) must not contradict the file's place.

    Args:
        first_names: hashes of the first mates' names (uint64).
        first_marks: see MARK_ (uint8).
        second_names: the same of the second mates.
        second_marks: the same of the second mates.
        slash_only: do not take .1 and .2, nor _1 and _2, for numbers of mates.

    Returns:
        (index, problem): index of the pair and a STEP code; the number of pairs and STEP_OK if there is none.
    """
    count = min(first_names.size, second_names.size)
    for i in range(count):
        first, second = first_marks[i], second_marks[i]
        if first_names[i] != second_names[i]:
            return i, STEP_OTHER_NAME
        slash = (first | second) & MARK_SIGN == MARK_SLASH
        if first & 15 != second & 15 and not slash:
            # .1 and .2, _1 and _2: the sign must be one and the same.
            if first & MARK_SIGN != second & MARK_SIGN or slash_only:
                return i, STEP_OTHER_NAME
            if first & MARK_MATE == 2:
                return i, STEP_WRONG_MATE
        if slash and (first & MARK_MATE == 2 or second & MARK_MATE == 1):
            return i, STEP_WRONG_MATE
        if first >> MARK_COMMENT_SHIFT == 2 or second >> MARK_COMMENT_SHIFT == 1:
            return i, STEP_WRONG_MATE
    return count, STEP_OK
