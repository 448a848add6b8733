"""Tells whether two reads are the same molecule's by their bases, errors and indels allowed."""

from aspsfusion.native import align_across, mismatches_at

MAX_DIFFERENCES = 2
MAX_DIFFERENCE_RATE = 0.05
"""Bases in which two reads of one molecule may differ: errors of both, at the worst some percent."""

END_BASES = 10
MAX_END_DIFFERENCES = 3
"""The same for the first and the last bases of a read: a foreign piece of 10 nt differs in 7 or 8 of them."""

MAX_GAPPED_END = 2
"""The same for the last bases with indels, which bring foreign bases closer: to 4 or 5 of 10."""


def alike(one: str, other: str, *, slack: int = 0) -> bool:
    """Tell whether two reads are the same up to errors, as far as the shorter one goes.

    Args:
        one: from the end of the molecule on.
        other: the same.
        slack: bases by which one may begin later than the other.
    """
    length = min(len(one), len(other))
    if one[:length] == other[:length]:
        return True
    limit = int(MAX_DIFFERENCES + MAX_DIFFERENCE_RATE * length)
    short, long = (one, other) if len(one) == length else (other, one)
    a, b = short.encode("ascii"), long.encode("ascii")
    last = max(0, length - END_BASES)
    if (
        mismatches_at(a, b, 0, limit) <= limit
        and mismatches_at(a[:END_BASES], b, 0, limit) <= MAX_END_DIFFERENCES
        and mismatches_at(a[last:], b, last, limit) <= MAX_END_DIFFERENCES
    ):
        return True
    # The one with the more bases left out needs more of the other than that has, unless it is the longer one.
    return _fits(a, b, limit, slack) or (len(b) <= length + limit and _fits(b[:length], a, limit, slack))


def _fits(read: bytes, other: bytes, limit: int, slack: int) -> bool:
    """Tell whether a read is the beginning of another one up to mismatches and indels."""
    # What precedes both holds the beginnings together; without it one may begin later.
    anchor = b"" if slack else b"#" * (limit + 1)
    read, other = anchor + read, anchor + other
    edits, _, first, begin = align_across(read, other, len(anchor) + END_BASES, 0, len(other))
    if edits > limit or first > MAX_END_DIFFERENCES or (slack and begin > slack):
        return False
    _, _, before, _ = align_across(read, other, len(read) - END_BASES, 0, len(other))
    return edits - before <= MAX_GAPPED_END
