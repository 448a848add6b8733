"""The compiled loops that find the lines of records of any form, and tell what is wrong with a record."""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.name_kernels import LINES
from aspsfusion.screen.scan_room import LINES_AT_ONCE
from aspsfusion.vector_loads import LOAD_BYTES, count_bits, lowest_bit, newlines

SCAN_OK = 0
SCAN_NO_AT_SIGN = 1
SCAN_NO_PLUS = 2
SCAN_QUALITY_LENGTH = 3

NEWLINE = 10
RETURN = 13
AT = 64
PLUS = 43
_ONE = np.uint64(1)


@compiled
def note_line_ends(buffer, start, length, ends, count):  # type: ignore[no-untyped-def]
    """Note the line ends of the bytes [start, length) behind the `count` first ones; returns their number."""
    for offset in range(start, length, LOAD_BYTES):
        mask = newlines(buffer, offset)
        if length - offset < LOAD_BYTES:
            mask &= (_ONE << np.uint64(length - offset)) - _ONE
        # Three places are written whether or not there are so many line ends, since a jump that can not be
        # foretold costs more; what does not count is written over by the next ones.
        found = count
        count += count_bits(mask)
        for _ in range(LINES_AT_ONCE):
            ends[found] = offset + lowest_bit(mask)
            found += 1
            mask &= mask - _ONE
        while found < count:
            ends[found] = offset + lowest_bit(mask)
            found += 1
            mask &= mask - _ONE
    return count


@compiled
def is_blank(buffer, position, length):  # type: ignore[no-untyped-def]
    """Tell whether there are blank lines only from a position on."""
    while position < length and (buffer[position] == NEWLINE or buffer[position] == RETURN):
        position += 1
    return position == length


@compiled
def check_records(buffer, length, first, last, ends, starts):  # type: ignore[no-untyped-def]
    """Tell whether records have the form that they must have; cuts carriage returns off their sequences.

    Args:
        buffer: see `scan_fastq`.
        length: how many bytes of it count.
        first: the first record.
        last: the record behind the last one.
        ends: in and out, line ends (int32).
        starts: in and out, known up to the start of the first record (int64).

    Returns:
        (record, error): the record behind the last good one and a SCAN code; SCAN_OK before the last one when
        only blank lines follow.
    """
    position = starts[first]
    for record in range(first, last):
        if buffer[position] != AT:
            return record, SCAN_OK if is_blank(buffer, position, length) else SCAN_NO_AT_SIGN
        sequence = ends[LINES * record] + 1
        sequence_end = ends[LINES * record + 1]
        plus = sequence_end + 1
        quality = ends[LINES * record + 2] + 1
        quality_end = ends[LINES * record + 3]
        if buffer[plus] != PLUS:
            return record, SCAN_NO_PLUS
        position = quality_end + 1
        if sequence_end > sequence and buffer[sequence_end - 1] == RETURN:
            sequence_end -= 1
            ends[LINES * record + 1] = sequence_end
        if quality_end > quality and buffer[quality_end - 1] == RETURN:
            quality_end -= 1
        if quality_end - quality != sequence_end - sequence:
            return record, SCAN_QUALITY_LENGTH
        starts[record + 1] = position
    return last, SCAN_OK
