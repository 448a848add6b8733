"""Joins copies of one molecule whose reads were trimmed at the 5' end, as some programs do by quality.

Such a copy begins some bases further in and is as many bases shorter, so that it ends where the others do.
The read of another molecule that begins there is as long as theirs and ends further on. Pairs that
were merged and cut at both ends cannot be told from other short molecules, and are not joined.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from aspsfusion.call.support import AlignedRead, Support
from aspsfusion.evidence.fixed_ends import MOST_CUT

MIN_SHARE = 0.25
"""Share of a junction's fragments, copies counted, from which some are taken to be copies of one molecule: of
many molecules some end at one place by chance."""


def cut_copies(supports: Sequence[Support], copies: Sequence[int]) -> list[list[int]]:
    """Return groups of molecules of one junction that are one, by their indices.

    Args:
        supports: of the molecules, each by its best fragment.
        copies: fragments of each.

    Returns:
        Each index once, in a group of its own where no others are copies; within a group in order.
    """
    ends = [_far_ends(support) for support in supports]
    found: list[list[int]] = []
    for far, same in groupby(
        sorted(range(len(ends)), key=lambda index: (ends[index], index)), ends.__getitem__
    ):
        group = list(same)
        fragments = sum(copies[index] for index in group)
        if far and fragments >= MIN_SHARE * sum(copies) and _near(supports[index] for index in group):
            found.append(group)
        else:
            found += [[index] for index in group]
    return found


def _far_ends(support: Support) -> tuple[tuple[bool, int], ...]:
    """Return strand and place of each read's last base; nothing unless all reads have a place."""
    reads = [read for read in support.reads if read is not None]
    if len(reads) < len(support.reads):
        return ()
    return tuple((read.reverse, read.start if read.reverse else read.end) for read in reads)


def _near(supports: Iterable[Support]) -> bool:
    """Whether the reads of all begin within the bases that may be cut.

    Where reads that end at one place begin further apart, something else makes them end there: a primer.
    """
    begins = zip(*([_begin(read) for read in support.reads if read] for support in supports), strict=True)
    return all(max(places) - min(places) <= MOST_CUT for places in begins)


def _begin(read: AlignedRead) -> int:
    return read.end if read.reverse else read.start
