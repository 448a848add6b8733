"""Reads on a contig, and mates on each other (align.c, trim.c)."""

import ctypes
from ctypes import c_int64

from aspsfusion.native.library import LOOPS, require_ok


def mismatches_at(read: bytes, contig: bytes, offset: int, limit: int) -> int:
    """Count mismatches of a read placed on a contig; bases beyond the contig's ends are mismatches.

    Args:
        read: bases.
        contig: bases.
        offset: 0-based position on the contig of the read's first base; may be negative.
        limit: counting stops above this number.

    Returns:
        The number of mismatches, or limit + 1 when there are more.
    """
    count = LOOPS.mismatches_at(read, len(read), contig, len(contig), offset, limit)
    return count if count >= 0 else require_ok(count)


_Alignment = c_int64 * 4


def align_across(
    read: bytes, contig: bytes, junction: int, first: int, last: int
) -> tuple[int, int, int, int]:
    """Align a whole read within a window of a contig with unit costs and say where the junction is in it.

    Semi-global edit distance (Sellers 1980): the read is aligned end to end, the contig's ends are free.
    Which of several alignments with equally many edits is taken is fixed, see align.c.

    Args:
        read: bases.
        contig: bases.
        junction: 0-based contig position of the first base after the junction.
        first: first contig position of the window.
        last: end of the window, half-open.

    Returns:
        (edits, before, edits_before, start): total edits; read bases before the junction (0 when the read
        begins after it, the read's length when it ends before it); edits among those; contig position of
        the first aligned base.
    """
    result = _Alignment()
    require_ok(
        LOOPS.align_across(
            read, len(read), contig, len(contig), junction, first, last, ctypes.addressof(result)
        )
    )
    edits, before, edits_before, start = result
    return edits, before, edits_before, start


def overlap_insert(first: bytes, second: bytes, minimum: int, max_mismatch_rate: float) -> int:
    """Find the insert length at which the mates of a pair read the same molecule from both ends.

    Args:
        first: bases of read 1 as sequenced.
        second: reverse complement of read 2.
        minimum: fewest overlapping bases that count, at least 1.
        max_mismatch_rate: largest share of mismatches among them, 0 to 1.

    Returns:
        The insert length in nt, or 0 when the mates do not overlap.
    """
    return require_ok(
        LOOPS.overlap_insert(first, len(first), second, len(second), minimum, max_mismatch_rate)
    )


def merge_mates(first: tuple[bytes, bytes], second: tuple[bytes, bytes], insert: int) -> tuple[bytes, bytes]:
    """Join mates that overlap into one read, see `align.trim.merge_mates`.

    Args:
        first: bases and qualities of read 1 as sequenced, without its adapter.
        second: reverse complement of read 2, and its qualities as sequenced.
        insert: length of the molecule in nt, which the mates cover.
    """
    bases, qualities = ctypes.create_string_buffer(insert), ctypes.create_string_buffer(insert)
    code = LOOPS.merge_mates(*first, len(first[0]), *second, len(second[0]), insert, bases, qualities)
    require_ok(code)
    return bases.raw, qualities.raw
