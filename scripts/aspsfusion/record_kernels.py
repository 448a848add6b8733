"""The compiled loop that takes records of the usual form apart in one pass over their bytes.

Nearly all records have one form: four lines without a carriage return at their end, and a quality for each
base. Of these the ends of header and sequence are looked for, the latter in the loads in which bases are
counted; where the other lines end is reckoned and checked. All else is left to `line_kernels`.
"""

import numpy as np

from aspsfusion.array_access import byte_at, put
from aspsfusion.compiled import compiled
from aspsfusion.inlining import inlined
from aspsfusion.letter_kernels import PHRED_OFFSET, count_bases, count_qualities
from aspsfusion.line_kernels import AT, NEWLINE, PLUS, RETURN
from aspsfusion.name_kernels import LINES, read_name
from aspsfusion.screen.scan_room import BASES, GC, GOOD, LONGEST, QUALITY, UNKNOWN
from aspsfusion.vector_loads import LOAD_BYTES, lowest_bit, newlines, prefetch

AHEAD_BYTES = 2048
"""How far ahead the bytes of records are asked for, so that they are in the core's nearest cache in time."""

USUAL_BYTES = 5 * LOAD_BYTES
"""Bytes that are asked for with each record: as many as one of 100 nt has."""

_ONE = np.uint64(1)


@compiled
def _line_end(buffer, position, length):  # type: ignore[no-untyped-def]
    """Return the next line end from a position on; it is not below `length` when there is none before."""
    inlined()
    mask = newlines(buffer, position)
    while mask == 0 and position + LOAD_BYTES < length:
        position += LOAD_BYTES
        mask = newlines(buffer, position)
    return position + lowest_bit(mask)


@compiled
def _is_first_bit(mask, number):  # type: ignore[no-untyped-def]
    """Tell whether the lowest bit of a mask is a certain one."""
    inlined()
    return mask & (~mask + _ONE) == _ONE << np.uint64(number)


@compiled
def _usual_end(buffer, sequence_end, bases, length):  # type: ignore[no-untyped-def]
    """Return the ends of the lines behind a sequence when they are of the usual form.

    Args:
        buffer: see `scan_fastq`.
        sequence_end: the line end of the sequence.
        bases: length of the sequence.
        length: how many bytes of the buffer count.

    Returns:
        (plus_end, quality_end): the line ends; (0, 0) for another form and for a record that is cut off.
    """
    inlined()
    plus_end = sequence_end + 2
    if plus_end >= length or byte_at(buffer, sequence_end + 1) != PLUS:
        return 0, 0
    if byte_at(buffer, plus_end) != NEWLINE:  # the name again
        plus_end = _line_end(buffer, plus_end, length)
    quality_end = plus_end + 1 + bases
    if quality_end >= length or byte_at(buffer, quality_end) != NEWLINE:
        return 0, 0
    if byte_at(buffer, sequence_end - 1) == RETURN or byte_at(buffer, quality_end - 1) == RETURN:
        return 0, 0
    return plus_end, quality_end


@compiled
def take_usual_records(buffer, length, limit, first, room):  # type: ignore[no-untyped-def]
    """Note lines and names of records, and count letters, as long as they are whole and of the usual form.

    Args:
        buffer: see `scan_fastq`.
        length: how many bytes of it count.
        limit: records that begin here or behind are left; at most `length`.
        first: the first record, whose start is known.
        room: in and out (ScanRoom).

    Returns:
        The record behind the last one that was taken.
    """
    ends, starts, lengths, totals = room.ends, room.starts, room.lengths, room.totals
    all_bases = all_gc = all_unknown = all_good = all_qualities = np.int64(0)
    longest = totals[LONGEST]
    record = first
    position = starts[first]
    bases = np.int64(0)
    while position < limit and byte_at(buffer, position) == AT:
        for ahead in range(AHEAD_BYTES, AHEAD_BYTES + USUAL_BYTES, LOAD_BYTES):
            prefetch(buffer, position + ahead)
        header_end = _line_end(buffer, position + 1, length)
        if header_end >= length:
            break
        sequence = header_end + 1
        gc, unknown, offset, mask = count_bases(buffer, sequence, length)
        # The sequence is as long as the one before it, mostly. Said so, the processor goes on with the next
        # record before it knows the mask.
        sequence_end = sequence + bases
        if not _is_first_bit(mask, bases & (LOAD_BYTES - 1)) or offset - sequence != bases & -LOAD_BYTES:
            sequence_end = offset + lowest_bit(mask)
            bases = sequence_end - sequence
        plus_end, quality_end = _usual_end(buffer, sequence_end, bases, length)
        if quality_end == 0:
            break
        qualities, good, broken = count_qualities(buffer, plus_end + 1, bases)
        if broken:
            break
        all_gc += gc
        all_unknown += unknown
        all_good += good
        all_qualities += qualities
        all_bases += bases
        longest = max(longest, bases)
        put(lengths, bases, lengths[bases] + 1)
        put(ends, LINES * record, header_end)
        put(ends, LINES * record + 1, sequence_end)
        put(ends, LINES * record + 2, plus_end)
        put(ends, LINES * record + 3, quality_end)
        name, mark = read_name(buffer, position + 1, header_end)
        put(room.names, record, name)
        put(room.marks, record, mark)
        record += 1
        position = quality_end + 1
        put(starts, record, position)
    totals[BASES] += all_bases
    totals[LONGEST] = longest
    totals[GC] += all_gc
    totals[UNKNOWN] += all_unknown
    totals[GOOD] += all_good
    totals[QUALITY] += all_qualities - PHRED_OFFSET * all_bases
    return record
