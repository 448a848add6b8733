"""Sets what the records of a pair say about each other: mates are aligned as single reads and joined here."""

from collections.abc import Sequence

import pysam


def join_mates(mates: Sequence[list[pysam.AlignedSegment]]) -> None:
    """Set the flags and mate fields of a pair's records, in place."""
    primaries = [next(r for r in records if not (r.is_supplementary or r.is_secondary)) for records in mates]
    for number, (records, other) in enumerate(zip(mates, reversed(primaries), strict=True)):
        for record in records:
            record.is_paired = True
            record.is_read1 = number == 0
            record.is_read2 = number == 1
            record.mate_is_unmapped = other.is_unmapped
            if not other.is_unmapped:
                record.mate_is_reverse = other.is_reverse
                record.next_reference_id = other.reference_id
                record.next_reference_start = other.reference_start
    first, second = primaries
    if first.is_unmapped and not second.is_unmapped:
        _place_beside(first, second)
    elif second.is_unmapped and not first.is_unmapped:
        _place_beside(second, first)
    elif not first.is_unmapped and first.reference_id == second.reference_id:
        _set_template_length(first, second)


def _place_beside(unmapped: pysam.AlignedSegment, mapped: pysam.AlignedSegment) -> None:
    """Give an unmapped read its mate's position, as the SAM specification recommends."""
    unmapped.reference_id = mapped.reference_id
    unmapped.reference_start = mapped.reference_start
    mapped.next_reference_id = mapped.reference_id
    mapped.next_reference_start = mapped.reference_start


def _set_template_length(first: pysam.AlignedSegment, second: pysam.AlignedSegment) -> None:
    left, right = sorted((first, second), key=lambda r: (r.reference_start, r.is_reverse))
    assert left.reference_end is not None
    assert right.reference_end is not None
    length = max(left.reference_end, right.reference_end) - left.reference_start
    left.template_length, right.template_length = length, -length
    if not left.is_reverse and right.is_reverse:
        left.is_proper_pair = right.is_proper_pair = True
