"""Notices libraries whose fragments end at a few places, as those between the primers of amplicons do.

Such a fragment shows that a gene is whole between two primers of this gene, and could not have shown that
another gene takes its place: the second primer would be missing.
"""

from collections.abc import Iterable, Mapping

Ends = dict[tuple[int | None, int | None], int]
"""Fragments by their first base and their end, in nt from a boundary; None for one that no read shows."""

MAX_PLACES = 3
"""Places of both ends, or of the beginnings of single reads, that most fragments of an amplicon library
share: some pairs of primers reach across one boundary."""

MIN_SHARE = 0.8
"""Share of the fragments from which they do. Single reads of 36 nt that hold 15 nt on both sides of a
boundary, which have the fewest places, begin at 14, and three of these hold a fifth."""

MIN_FRAGMENTS = 20
"""Fewest fragments to notice it; with fewer nothing is excluded anyhow."""


def ends_of(
    spans: Iterable[tuple[int, int]], boundary: int, single_reverse: bool | None
) -> tuple[int | None, int | None]:
    """Return where a fragment begins and ends, in nt from a boundary on its contig.

    Args:
        spans: of its reads on the contig, 0-based and half-open.
        boundary: first base after it.
        single_reverse: of a single read, which shows where it begins, whether it is antisense; else None.

    >>> ends_of([(60, 120), (90, 160)], 100, None), ends_of([(60, 120)], 100, True)
    ((-40, 60), (None, 20))
    """
    starts, ends = zip(*spans, strict=True)
    first, last = min(starts) - boundary, max(ends) - boundary
    if single_reverse is None:
        return first, last
    return (None, last) if single_reverse else (first, None)


def in_fixed_places(ends: Mapping[tuple[int | None, int | None], int]) -> int:
    """Return how many fragments share the few places at which most begin and end; 0 where they do not.

    >>> in_fixed_places({(-40, 60): 30, (-40, 61): 2, (None, 20): 1}), in_fixed_places({(-40, 60): 19})
    (33, 0)
    >>> in_fixed_places({(-place, 60): 2 for place in range(20)})
    0
    """
    total = sum(ends.values())
    shared = sum(sorted(ends.values(), reverse=True)[:MAX_PLACES])
    return shared if total >= MIN_FRAGMENTS and shared >= MIN_SHARE * total else 0
