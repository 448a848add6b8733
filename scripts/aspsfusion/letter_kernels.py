"""The compiled loops that count bases and qualities of reads, 64 at a time."""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.inlining import inlined
from aspsfusion.name_kernels import LINES
from aspsfusion.screen.scan_room import BASES, GC, GOOD, LONGEST, QUALITY, UNKNOWN
from aspsfusion.vector_loads import (
    LOAD_BYTES,
    at_least_within,
    count_bits,
    guanines_and_cytosines,
    newlines,
    newlines_within,
    perhaps_unknown,
    sum_of_bytes,
    unknown_bases,
)

PHRED_OFFSET = 33
"""Quality 0 as a character: Sanger's and every present instrument's coding (Cock 2010, Nucleic Acids Res)."""

GOOD_QUALITY = 30
"""Quality from which a base counts for the Q30 fraction: one error in a thousand."""

_ONE = np.uint64(1)


@compiled
def count_bases(buffer, sequence, length):  # type: ignore[no-untyped-def]
    """Count the bases of a line whose end is looked for meanwhile.

    Args:
        buffer: bytes with LOAD_BYTES readable ones behind the `length` first ones (uint8).
        sequence: the line's first byte, at most `length`.
        length: how many bytes of the buffer count.

    Returns:
        (gc, unknown, offset, mask): how many bases are G or C, and how many are not known; where the last 64
        bytes begin that were looked at, and a mask of the line ends among them: 0 when there is none.
    """
    inlined()
    gc = unknown = np.int64(0)
    offset = sequence - LOAD_BYTES
    mask = np.uint64(0)
    while mask == 0 and offset + LOAD_BYTES < length:
        offset += LOAD_BYTES
        mask = newlines(buffer, offset)
        of_line = (mask - _ONE) & ~mask
        gc += count_bits(guanines_and_cytosines(buffer, offset) & of_line)
        if perhaps_unknown(buffer, offset) & of_line:
            unknown += count_bits(unknown_bases(buffer, offset) & of_line)
    return gc, unknown, offset, mask


@compiled
def count_qualities(buffer, quality, count):  # type: ignore[no-untyped-def]
    """Count qualities.

    Args:
        buffer: bytes with LOAD_BYTES readable ones behind the qualities (uint8).
        quality: the first one.
        count: how many.

    Returns:
        (total, good, broken): the sum of the characters, how many are GOOD_QUALITY or better, and a number
        that is not 0 when there is a line end among them (uint64).
    """
    inlined()
    total = good = np.int64(0)
    broken = np.uint64(0)
    for offset in range(0, count, LOAD_BYTES):
        size = count - offset if count - offset < LOAD_BYTES else LOAD_BYTES
        broken |= newlines_within(buffer, quality + offset, size)
        good += count_bits(at_least_within(buffer, quality + offset, size, PHRED_OFFSET + GOOD_QUALITY))
        total += sum_of_bytes(buffer, quality + offset, size)
    return total, good, broken


@compiled
def count_letters(buffer, ends, first, last, room, times):  # type: ignore[no-untyped-def]
    """Add up what the letters of records are.

    Args:
        buffer: see `scan_fastq`.
        ends: line ends, four for each record; that of the sequence without a carriage return (int32).
        first: the first record.
        last: the record behind the last one.
        room: its sums are in and out (ScanRoom).
        times: 1, or -1 to take back what was counted.
    """
    lengths, totals = room.lengths, room.totals
    for record in range(first, last):
        sequence = np.int64(ends[LINES * record]) + 1
        sequence_end = np.int64(ends[LINES * record + 1])
        length = sequence_end - sequence
        gc = unknown = np.int64(0)
        for offset in range(sequence, sequence_end, LOAD_BYTES):
            of_line = ~np.uint64(0)
            if sequence_end - offset < LOAD_BYTES:
                of_line = (_ONE << np.uint64(sequence_end - offset)) - _ONE
            gc += count_bits(guanines_and_cytosines(buffer, offset) & of_line)
            unknown += count_bits(unknown_bases(buffer, offset) & of_line)
        total, good, _ = count_qualities(buffer, np.int64(ends[LINES * record + 2]) + 1, length)
        lengths[length] += times
        totals[BASES] += times * length
        totals[GC] += times * gc
        totals[UNKNOWN] += times * unknown
        totals[GOOD] += times * good
        totals[QUALITY] += times * (total - PHRED_OFFSET * length)
        longest = max(totals[LONGEST], length)
        while longest > 0 and lengths[longest] == 0:
            longest -= 1
        totals[LONGEST] = longest
