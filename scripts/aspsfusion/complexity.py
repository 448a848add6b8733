"""Tells simple repeats, such as poly-A tails and microsatellites, from sequence of a gene."""

MAX_REPEATED_SHARE = 0.8
"""Largest share of an anchor's bases that equal the base one or two places before them. In random sequence it
is 44 percent; it is 100 in runs of one base and in repeats of two, as in poly-A tails and microsatellites."""


def repeated_share(bases: str) -> float:
    """Return the share of bases that equal the base one or two places before them.

    >>> repeated_share("AAAAAAAA"), repeated_share("ACACACAC"), repeated_share("ACGTACGT")
    (1.0, 1.0, 0.0)
    """
    repeated = sum(base in bases[max(0, place - 2) : place] for place, base in enumerate(bases[2:], start=2))
    return repeated / max(1, len(bases) - 2)


def is_simple(bases: str) -> bool:
    """Tell whether a sequence is a run of one base or a repeat of two, with few exceptions.

    >>> is_simple("AAAAAAAAATAAAAAA"), is_simple("GAGCAGGAGCGGGAGCGG")
    (True, False)
    """
    return repeated_share(bases) >= MAX_REPEATED_SHARE
