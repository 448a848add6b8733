"""The confidence interval of a share."""

from statistics import NormalDist


def score_interval(part: int, whole: int, level: float = 0.95) -> tuple[float, float]:
    """Return the score interval of a share (Wilson 1927, doi 10.1080/01621459.1927.10502953).

    >>> [round(limit, 3) for limit in score_interval(45, 50)]
    [0.786, 0.957]

    Args:
        part: how many.
        whole: of how many, at least 1.
        level: coverage of the interval.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share = part / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z / (1 + z * z / whole) * (share * (1 - share) / whole + z * z / (4 * whole * whole)) ** 0.5
    # Exact at the ends, where rounding would leave a trace of a share that was not seen.
    return 0.0 if part == 0 else centre - half, 1.0 if part == whole else centre + half
