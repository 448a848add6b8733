"""Notices libraries whose fragments end at a few places, as those between the primers of amplicons do.

Such a fragment shows that a gene is whole between two primers of this gene, and could not have shown that
another gene takes its place: the second primer would be missing. In anchored PCR one end is at a primer, and
the fragment could have shown it only where that primer is in the part that the fusion keeps.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

Ends = dict[tuple[int | None, int | None], int]
"""Fragments by their first base and their end, in nt from a boundary; None for one that no read shows."""

MAX_PLACES = 3
"""Places of both ends, or of the beginnings of single reads, that most fragments of an amplicon library
share: some pairs of primers reach across one boundary."""

MIN_SHARE = 0.8
"""Share of the fragments from which they do. Single reads of 36 nt that hold 15 nt on both sides of a
boundary, which have the fewest places, begin at 14, and three of these hold a fifth; one end of fragments of
60 nt has 31 places."""

MOST_CUT = 12
"""Bases at the 5' end of a read that are taken to be trimmed by quality. A convention of this program: with
more, short fragments that end anywhere would look like amplicons."""

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


def in_fixed_places(places: Mapping[Any, int]) -> int:
    """Return how many fragments share the few places at which most are; 0 where they do not.

    Args:
        places: fragments by both of their ends, see `Ends`, or by one of them.

    >>> in_fixed_places({(-40, 60): 30, (-40, 61): 2, (None, 20): 1}), in_fixed_places({(-40, 60): 19})
    (33, 0)
    >>> in_fixed_places({(-place, 60): 2 for place in range(20)})
    0
    """
    total = sum(places.values())
    shared = sum(sorted(places.values(), reverse=True)[:MAX_PLACES])
    return shared if total >= MIN_FRAGMENTS and shared >= MIN_SHARE * total else 0


def between_primers(ends: Ends) -> int:
    """Return how many fragments are at a few pairs of ends, as those of amplicons are; 0 where they are not.

    Where a program has cut reads in front, copies of an amplicon end up to MOST_CUT bases further in.

    >>> between_primers({(-40 + cut, 60 - other): 1 for cut in range(9) for other in range(3)})
    27
    >>> between_primers({(-place, 80 - 2 * place): 2 for place in range(10, 50)})
    0
    """
    shared, total = in_fixed_places(ends), sum(ends.values())
    pairs = [pair for pair in ends if None not in pair]
    if shared or total < MIN_FRAGMENTS or len(pairs) > MAX_PLACES * (MOST_CUT + 1) ** 2 / MIN_SHARE:
        return shared
    first, last = np.array(pairs, np.int64).reshape(-1, 2).T
    numbers = np.array([ends[pair] for pair in pairs], np.int64)
    cut = first[None, :] - first[:, None], last[:, None] - last[None, :]
    inside = np.logical_and.reduce([(bases >= 0) & (bases <= MOST_CUT) for bases in cut])
    for _ in range(min(MAX_PLACES, len(pairs))):
        outermost = int(np.argmax(inside @ numbers))
        shared += int(numbers[inside[outermost]].sum())
        numbers[inside[outermost]] = 0
    return shared if shared >= MIN_SHARE * total else 0


def anchored_in_fixed_places(ends: Mapping[tuple[int | None, int | None], int]) -> int:
    """Return how many fragments of which both ends are known share the few places of one end; 0 without such.

    >>> anchored_in_fixed_places({(-60, length): 1 for length in range(20, 60)})
    40
    >>> anchored_in_fixed_places({(-length, 60 - length): 2 for length in range(20)})
    0
    """
    sides: tuple[Counter[int | None], ...] = (Counter(), Counter())
    for both, number in ends.items():
        if None not in both:
            for side, place in zip(sides, both, strict=True):
                side[place] += number
    return max(map(in_fixed_places, sides))
