"""The compiled loops that take a block of FASTQ apart: lines, records, names, counts.

A record costs some hundred instructions and no Python object. The line ends of a chunk of the block are found
first, 64 bytes at a time; a record is then four lines, and that sequence and quality are of one length needs
no search. Plain-Python references stand in `tests/reference_kernels.py`.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.count_kernels import count_kmers
from aspsfusion.match_kernels import match_reads
from aspsfusion.name_kernels import LINES, read_names
from aspsfusion.scan_room import (
    BASES,
    FILLED,
    GC,
    GOOD,
    LINE_ENDS,
    LINES_AT_ONCE,
    LONGEST,
    QUALITY,
    RECORDS,
    SCANNED,
    UNKNOWN,
)
from aspsfusion.vector_loads import (
    LOAD_BYTES,
    at_least,
    count_bits,
    guanines_and_cytosines,
    lowest_bit,
    newlines,
    sum_of_bytes,
    unknown_bases,
)

SCAN_OK = 0
SCAN_NO_AT_SIGN = 1
SCAN_NO_PLUS = 2
SCAN_QUALITY_LENGTH = 3

PHRED_OFFSET = 33
"""Quality 0 as a character: Sanger's and every present instrument's coding (Cock 2010, Nucleic Acids Res)."""

GOOD_QUALITY = 30
"""Quality from which a base counts for the Q30 fraction: one error in a thousand."""

CHUNK_BYTES = 32 * 1024
"""Bytes that are taken apart in one go, some 120 records: they stay in the core's nearest cache meanwhile."""

_NEWLINE = 10
_RETURN = 13
_AT = 64
_PLUS = 43
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def _line_ends(buffer, start, length, ends, count):  # type: ignore[no-untyped-def]
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
def _count_letters(buffer, ends, first, last, lengths, totals):  # type: ignore[no-untyped-def]
    """Add up what bases and qualities are."""
    bases = longest = quality_sum = np.int64(0)
    gc = unknown = good = 0
    for record in range(first, last):
        sequence = np.int64(ends[LINES * record]) + 1
        length = np.int64(ends[LINES * record + 1]) - sequence
        quality = np.int64(ends[LINES * record + 2]) + 1
        for offset in range(0, length, LOAD_BYTES):
            count = length - offset if length - offset < LOAD_BYTES else LOAD_BYTES
            chosen = _ALL >> np.uint64(LOAD_BYTES - count)
            gc += count_bits(guanines_and_cytosines(buffer, sequence + offset) & chosen)
            unknown += count_bits(unknown_bases(buffer, sequence + offset) & chosen)
            good += count_bits(at_least(buffer, quality + offset, PHRED_OFFSET + GOOD_QUALITY) & chosen)
            quality_sum += sum_of_bytes(buffer, quality + offset, count)
        lengths[length] += 1
        bases = bases + length
        if length > longest:
            longest = length
    totals[BASES] += bases
    totals[LONGEST] = max(totals[LONGEST], longest)
    totals[GC] += gc
    totals[UNKNOWN] += unknown
    totals[GOOD] += good
    totals[QUALITY] += quality_sum - PHRED_OFFSET * bases


@compiled
def _is_blank(buffer, position, length):  # type: ignore[no-untyped-def]
    while position < length and (buffer[position] == _NEWLINE or buffer[position] == _RETURN):
        position += 1
    return position == length


@compiled
def _check_records(buffer, length, first, last, ends, starts):  # type: ignore[no-untyped-def]
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
        if buffer[position] != _AT:
            return record, SCAN_OK if _is_blank(buffer, position, length) else SCAN_NO_AT_SIGN
        sequence = ends[LINES * record] + 1
        sequence_end = ends[LINES * record + 1]
        plus = sequence_end + 1
        quality = ends[LINES * record + 2] + 1
        quality_end = ends[LINES * record + 3]
        if buffer[plus] != _PLUS:
            return record, SCAN_NO_PLUS
        position = quality_end + 1
        if sequence_end > sequence and buffer[sequence_end - 1] == _RETURN:
            sequence_end -= 1
            ends[LINES * record + 1] = sequence_end
        if quality_end > quality and buffer[quality_end - 1] == _RETURN:
            quality_end -= 1
        if quality_end - quality != sequence_end - sequence:
            return record, SCAN_QUALITY_LENGTH
        starts[record + 1] = position
    return last, SCAN_OK


@compiled
def scan_fastq(buffer, group, table, room):  # type: ignore[no-untyped-def]
    """Take the whole records of a block of FASTQ apart and look each read up in the panel.

    A block may be scanned while it is still being filled: each call goes on where the one before it ended. A
    record that the block cuts off is left for the next one. So are blank lines, which are no record: the next
    block tells whether the file ends there.

    Args:
        buffer: the block with LOAD_BYTES bytes behind it, which are written over (uint8); the file's last
            block must end with a line end.
        group: only a multiple of so many records is taken: 2 for interleaved mates, else 1.
        table: what to look the reads up in (ScreenTable).
        room: how many bytes count, working memory, results and sums (ScanRoom).

    Returns:
        (records, error): number of whole records of the block and a SCAN code; on an error the record after
        the last counted one is wrong.
    """
    ends, starts, hits, progress = room.ends, room.starts, room.hits, room.progress
    length = progress[FILLED]
    # What stands behind must not be taken for part of a name.
    buffer[length : length + LOAD_BYTES] = _NEWLINE
    before = records = progress[RECORDS]
    lines = progress[LINE_ENDS]
    starts[0] = 0
    for chunk in range(progress[SCANNED], length, CHUNK_BYTES):
        end = min(chunk + CHUNK_BYTES, length)
        lines = _line_ends(buffer, chunk, end, ends, lines)
        progress[SCANNED] = end
        whole = lines // LINES
        whole -= whole % group
        checked, error = _check_records(buffer, length, records, whole, ends, starts)
        if error != SCAN_OK:
            return checked, error
        blank = checked < whole
        checked -= checked % group
        # One pass for each purpose, since short loops keep their numbers in registers; the records stay in
        # the core's nearest cache meanwhile.
        if checked > records:
            read_names(buffer, starts, ends, records, checked, room.names, room.marks)
            _count_letters(buffer, ends, records, checked, room.lengths, room.totals)
            begins, stops = ends[LINES * records :: LINES], ends[LINES * records + 1 :: LINES]
            match_reads(buffer, begins, stops, 1, checked - records, table, room.scratch, hits[records:])
        records = checked
        if blank:
            break
    progress[LINE_ENDS] = lines
    progress[RECORDS] = records
    position = starts[records]
    # What begins wrongly is told now: a file that is no FASTQ may never have another line end.
    cut_off = lines - LINES * records < LINES
    if cut_off and position < length and buffer[position] != _AT and not _is_blank(buffer, position, length):
        return records, SCAN_NO_AT_SIGN
    for record in range(before, records):
        if hits[record]:
            count_kmers(
                buffer,
                ends[LINES * record] + 1,
                ends[LINES * record + 1],
                table,
                room.scratch.kmers,
                room.genes,
            )
    return records, SCAN_OK
