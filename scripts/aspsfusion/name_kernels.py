"""The compiled loops that read the names of reads and tell whether two of them are mates."""

import numpy as np

from aspsfusion.array_access import byte_at
from aspsfusion.compiled import compiled
from aspsfusion.inlining import inlined, kept_apart
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
def _comment_mark(buffer, comment, header_end):  # type: ignore[no-untyped-def]
    """Return the part of the mark that tells what a comment says of the mate."""
    if comment + 1 >= header_end:
        return 0
    if byte_at(buffer, comment + 1) == _COLON:  # Illumina: `1:N:0:ACGT`
        return _mate_number(byte_at(buffer, comment)) << MARK_COMMENT_SHIFT
    if byte_at(buffer, header_end - 2) == _SLASH:  # fastq-dump: `SRR1.1 1/1`
        return _mate_number(byte_at(buffer, header_end - 1)) << MARK_COMMENT_SHIFT
    return 0


@compiled
def _mate_marks(buffer, start, name_end, header_end):  # type: ignore[no-untyped-def]
    """Return where a name ends without the mate's number, and its mark."""
    inlined()
    if header_end > start and byte_at(buffer, header_end - 1) == _RETURN:
        header_end -= 1
    mark = _comment_mark(buffer, name_end + 1, header_end)
    if name_end - start >= 2:
        # The sign is looked for first: in each file it stands in all names or in none, while of the names
        # without a mate's number one in five ends with such a digit.
        sign = _sign(byte_at(buffer, name_end - 2))
        if sign:
            number = _mate_number(byte_at(buffer, name_end - 1))
            if number:
                return name_end - 2, mark + number + sign
    return name_end, mark


@compiled
def _read_long_name(buffer, start, header_end):  # type: ignore[no-untyped-def]
    """Do what `read_name` does for a name of 64 bytes and more."""
    kept_apart()
    loaded = start
    mask = blanks(buffer, loaded)
    while mask == 0:
        loaded += LOAD_BYTES
        mask = blanks(buffer, loaded)
    stop, mark = _mate_marks(buffer, start, loaded + lowest_bit(mask), header_end)
    name = np.uint64(0)
    for offset in range(start, stop, LOAD_BYTES):
        chosen = _ALL
        if stop - offset < LOAD_BYTES:
            chosen = (_ONE << np.uint64(stop - offset)) - _ONE
        name = name * _NAME_MULTIPLIER + hash_of_bytes(buffer, offset, chosen)
    return name, mark


@compiled
def read_name(buffer, start, header_end):  # type: ignore[no-untyped-def]
    """Hash a read's name without the mate's number, and read what is told of the mate.

    Args:
        buffer: the block (uint8).
        start: the name's first byte.
        header_end: the line end of the header.

    Returns:
        (name, mark): the hash (uint64), and what is told as MARK_ says.
    """
    inlined()
    mask = blanks(buffer, start)
    if mask == 0:
        return _read_long_name(buffer, start, header_end)
    name_end = start + lowest_bit(mask)
    stop, mark = _mate_marks(buffer, start, name_end, header_end)
    return hash_of_bytes(buffer, start, (_ONE << np.uint64(stop - start)) - _ONE), mark


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
