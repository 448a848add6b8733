"""The compiled loops that take a block of FASTQ apart: lines, records, names, counts.

A record costs some hundred instructions and no Python object. All line ends of a block are found first, 64
bytes at a time; a record is then four lines, and that sequence and quality are of one length needs no search.
Plain-Python references stand in `tests/reference_kernels.py`.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.match_kernels import count_kmers, match_reads
from aspsfusion.vector_loads import (
    LOAD_BYTES,
    at_least,
    blanks,
    count_bits,
    guanines_and_cytosines,
    hash_of_bytes,
    lowest_bit,
    newlines,
    sum_of_bytes,
    unknown_bases,
)

SCAN_OK = 0
SCAN_NO_AT_SIGN = 1
SCAN_NO_PLUS = 2
SCAN_QUALITY_LENGTH = 3

STEP_OK = 0
STEP_OTHER_NAME = 1
STEP_WRONG_MATE = 2

PHRED_OFFSET = 33
"""Quality 0 as a character: Sanger's and every present instrument's coding (Cock 2010, Nucleic Acids Res)."""

GOOD_QUALITY = 30
"""Quality from which a base counts for the Q30 fraction: one error in a thousand."""

LINES = 4
"""Lines of a record."""

# Numbers of the counters in `totals`.
BASES, LONGEST, GC, UNKNOWN, GOOD, QUALITY = range(6)
TOTALS = 6

# Parts of a read's mark: the mate's number at the end of the name, the sign before it, and the mate's number
# in the comment.
MARK_MATE = 3
MARK_SIGN = 12
MARK_SLASH = 4
MARK_DOT = 8
MARK_UNDERSCORE = 12
MARK_COMMENT = 48
MARK_COMMENT_SHIFT = 4

_NEWLINE = 10
_RETURN = 13
_AT = 64
_PLUS = 43
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
def _line_ends(buffer, length, ends):  # type: ignore[no-untyped-def]
    count = 0
    for offset in range(0, length, LOAD_BYTES):
        mask = newlines(buffer, offset)
        if length - offset < LOAD_BYTES:
            mask &= (_ONE << np.uint64(length - offset)) - _ONE
        while mask:
            ends[count] = offset + lowest_bit(mask)
            count += 1
            mask &= mask - _ONE
    return count


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
def _read_names(buffer, starts, ends, records, names, marks):  # type: ignore[no-untyped-def]
    """Hash the reads' names without the mate's number, and note what was told of the mate."""
    for record in range(records):
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
def _count_letters(buffer, ends, records, lengths, totals):  # type: ignore[no-untyped-def]
    """Add up what bases and qualities are."""
    bases = longest = quality_sum = np.int64(0)
    gc = unknown = good = 0
    for record in range(records):
        sequence = np.int64(ends[LINES * record]) + 1
        length = np.int64(ends[LINES * record + 1]) - sequence
        quality = np.int64(ends[LINES * record + 2]) + 1
        for offset in range(0, length, LOAD_BYTES):
            chosen = _ALL
            if length - offset < LOAD_BYTES:
                chosen = (_ONE << np.uint64(length - offset)) - _ONE
            gc += count_bits(guanines_and_cytosines(buffer, sequence + offset) & chosen)
            unknown += count_bits(unknown_bases(buffer, sequence + offset) & chosen)
            good += count_bits(at_least(buffer, quality + offset, PHRED_OFFSET + GOOD_QUALITY) & chosen)
            quality_sum = quality_sum + np.int64(sum_of_bytes(buffer, quality + offset, chosen))
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
def scan_fastq(  # type: ignore[no-untyped-def]
    buffer, length, group, table, ends, packed, starts, hits, names, marks, lengths, genes, totals
):
    """Take the whole records of a block of FASTQ apart and look each read up in the panel.

    A record that the block cuts off is left for the next one. So are blank lines, which are no record:
    the next block tells whether the file ends there.

    Args:
        buffer: the block with LOAD_BYTES readable bytes behind it (uint8); the file's last block must end
            with a line end.
        length: how many bytes of it count.
        group: only a multiple of so many records is taken: 2 for interleaved mates, else 1.
        table: what to look the reads up in (ScreenTable).
        ends: scratch, one for each byte (int32).
        packed: scratch, see `matches_panel`.
        starts: out, offset of each record and behind the last one (int64).
        hits: out, whether the read is from the panel (bool).
        names: out, hash of each read's name without the mate's number (uint64).
        marks: out, what name and comment tell of the mate (uint8), see MARK_.
        lengths: in and out, number of reads by length (int64).
        genes: in and out, panel k-mers seen by gene number (int64).
        totals: in and out, counters (int64), see BASES and the names behind it.

    Returns:
        (records, error): number of whole records and a SCAN code; on an error the record after the last
        counted one is wrong.
    """
    lines = _line_ends(buffer, length, ends)
    records = lines // LINES
    records -= records % group
    position = 0
    starts[0] = 0
    error = SCAN_OK
    for record in range(records):
        if buffer[position] != _AT:
            if not _is_blank(buffer, position, length):
                error = SCAN_NO_AT_SIGN
            records = record
            break
        sequence = ends[LINES * record] + 1
        sequence_end = ends[LINES * record + 1]
        plus = sequence_end + 1
        quality = ends[LINES * record + 2] + 1
        quality_end = ends[LINES * record + 3]
        if buffer[plus] != _PLUS:
            error = SCAN_NO_PLUS
            records = record
            break
        position = quality_end + 1
        if sequence_end > sequence and buffer[sequence_end - 1] == _RETURN:
            sequence_end -= 1
            ends[LINES * record + 1] = sequence_end
        if quality_end > quality and buffer[quality_end - 1] == _RETURN:
            quality_end -= 1
        if quality_end - quality != sequence_end - sequence:
            error = SCAN_QUALITY_LENGTH
            records = record
            break
        starts[record + 1] = position
    if error != SCAN_OK:
        return records, error
    records -= records % group
    position = starts[records]
    # What begins wrongly is told now: a file that is no FASTQ may never have another line end.
    cut_off = lines - LINES * records < LINES
    if cut_off and position < length and buffer[position] != _AT and not _is_blank(buffer, position, length):
        return records, SCAN_NO_AT_SIGN
    # One pass for each purpose: the block stays in the core's cache, and short loops keep their numbers in
    # registers.
    _read_names(buffer, starts, ends, records, names, marks)
    _count_letters(buffer, ends, records, lengths, totals)
    match_reads(buffer, ends[::LINES], ends[1::LINES], 1, records, packed, table, hits)
    for record in range(records):
        if hits[record]:
            count_kmers(buffer, ends[LINES * record] + 1, ends[LINES * record + 1], table, genes)
    return records, SCAN_OK


@compiled
def first_out_of_step(first_names, first_marks, second_names, second_marks, slash_only):  # type: ignore[no-untyped-def]
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
