"""Tells samples of long reads by the lengths of their reads."""

from collections.abc import Mapping

LONGEST_SHORT = 600
"""Longest read in nt of instruments for short ones: merged mates of 2x300, reads of flow sequencers."""


def are_long(lengths: Mapping[int, int]) -> bool:
    """Tell whether more than half of the bases are in reads that no short-read instrument makes.

    Args:
        lengths: number of reads by length in nt.

    >>> are_long({2000: 1, 150: 10}), are_long({2000: 1, 150: 20})
    (True, False)
    """
    long = sum(length * count for length, count in lengths.items() if length > LONGEST_SHORT)
    return 2 * long > sum(length * count for length, count in lengths.items())
