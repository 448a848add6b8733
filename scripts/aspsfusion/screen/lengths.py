"""Tells samples of long reads by the lengths of their reads."""

from collections.abc import Mapping

LONGEST_SHORT = 600
"""Longest read in nt of instruments for short ones: merged mates of 2x300, reads of flow sequencers."""


LONG_SHARE = 0.05
"""Share of the bases in longer reads from which reads are long: adaptive sampling ends most reads after some
400 nt, and the time that long reads take as short ones grows with the square of their length."""


def are_long(lengths: Mapping[int, int]) -> bool:
    """Tell whether more than LONG_SHARE of the bases are in reads that no short-read instrument makes.

    Args:
        lengths: number of reads by length in nt.

    >>> are_long({2000: 1, 150: 200}), are_long({2000: 1, 150: 300})
    (True, False)
    """
    long = sum(length * count for length, count in lengths.items() if length > LONGEST_SHORT)
    return long > LONG_SHARE * sum(length * count for length, count in lengths.items())
