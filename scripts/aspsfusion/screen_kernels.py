"""The compiled loop that takes a block of FASTQ apart: records, names, counts, and reads from the panel.

A record costs some hundred instructions and no Python object. Records of the usual form are taken apart in
one pass; of the others the lines are looked for first. Plain-Python references stand in
`tests/reference_kernels.py`.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.count_kernels import count_kmers
from aspsfusion.letter_kernels import count_letters
from aspsfusion.line_kernels import (
    AT,
    NEWLINE,
    SCAN_NO_AT_SIGN,
    SCAN_NO_PLUS,
    SCAN_OK,
    SCAN_QUALITY_LENGTH,
    check_records,
    is_blank,
    note_line_ends,
)
from aspsfusion.match_kernels import match_reads
from aspsfusion.name_kernels import LINES, read_name
from aspsfusion.record_kernels import take_usual_records
from aspsfusion.screen.scan_room import FILLED, LINE_ENDS, RECORDS, SCANNED
from aspsfusion.vector_loads import LOAD_BYTES

__all__ = ["CHUNK_BYTES", "SCAN_NO_AT_SIGN", "SCAN_NO_PLUS", "SCAN_OK", "SCAN_QUALITY_LENGTH", "scan_fastq"]

CHUNK_BYTES = 32 * 1024
"""Bytes that are taken apart in one go, some 120 records: they stay in the core's nearest cache meanwhile."""


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
    buffer[length : length + LOAD_BYTES] = NEWLINE
    before = records = progress[RECORDS]
    lines, scanned = progress[LINE_ENDS], progress[SCANNED]
    starts[0] = 0
    while True:
        taken = records
        # Of a record that is longer than a chunk the line ends are not looked for again with each piece.
        if scanned - starts[records] < CHUNK_BYTES:
            limit = min(starts[records] + CHUNK_BYTES, length)
            taken = take_usual_records(buffer, length, limit, records, room)
            # The last one's mate is cut off: both are the next block's.
            count_letters(buffer, ends, taken - taken % group, taken, room, -1)
            taken -= taken % group
        blank = False
        if taken > records:
            lines, scanned = LINES * taken, starts[taken]
        elif scanned < length:
            end = min(scanned + CHUNK_BYTES, length)
            lines = note_line_ends(buffer, scanned, end, ends, lines)
            scanned = end
            whole = lines // LINES
            whole -= whole % group
            taken, error = check_records(buffer, length, records, whole, ends, starts)
            if error != SCAN_OK:
                return taken, error
            blank = taken < whole
            taken -= taken % group
            for record in range(records, taken):
                header_end = np.int64(ends[LINES * record])
                room.names[record], room.marks[record] = read_name(buffer, starts[record] + 1, header_end)
            count_letters(buffer, ends, records, taken, room, 1)
        else:
            break
        if taken > records:
            begins, stops = ends[LINES * records :: LINES], ends[LINES * records + 1 :: LINES]
            match_reads(buffer, begins, stops, 1, taken - records, table, room.scratch, hits[records:])
        records = taken
        if blank:
            break
    progress[SCANNED] = scanned
    progress[LINE_ENDS] = lines
    progress[RECORDS] = records
    position = starts[records]
    # What begins wrongly is told now: a file that is no FASTQ may never have another line end.
    cut_off = lines - LINES * records < LINES
    if cut_off and position < length and buffer[position] != AT and not is_blank(buffer, position, length):
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
