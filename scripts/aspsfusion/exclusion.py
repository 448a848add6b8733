"""What would have been seen if the fusion were there: the number behind an exclusion."""

from collections.abc import Mapping

from aspsfusion.parameters import ClassifyParameters
from aspsfusion.report.models import Exclusion, ExclusionLevel

FRACTION_DECIMALS = 6

DETECTION_EFFICIENCY = 0.9
"""Share of fusion fragments that are counted, of those that cover the junction with the bases that a
wild-type fragment needs to be informative. Sequencing errors in an anchor cost fusion fragments more than
wild-type ones: measured were 0.99 to 1.00 at 1 percent errors and 0.92 to 1.00 at 3 percent (reads of 50 and
75 nt, single and paired, 400 fragments each); the value lies below all of them."""

LEVELS = (0.95, 0.99)
"""Confidences at which the detectable fraction is always given, beside the configured one."""


def detectable_fraction(informative: int, confidence: float) -> float | None:
    """Return the smallest share of fusion transcripts of which at least one fragment would have been seen.

    One counted fragment of the target fusion is enough to forbid an exclusion. Of n fragments at an acceptor,
    none is a counted fusion fragment with probability (1 - e f)^n when the fusion has the share f and the
    share e of its fragments is counted; the smallest f that leaves at most 1 - confidence for that is
    (1 - (1 - confidence)^(1/n)) / e (Clopper and Pearson 1934, upper limit for zero of n).

    Args:
        informative: unique fragments at the acceptor.
        confidence: probability of seeing at least one fragment.

    Returns:
        The fraction; None where even a share of 1 could have been missed with a larger probability.

    >>> round(detectable_fraction(66, 0.95), 4)
    0.0493
    """
    if informative <= 0:
        return None
    missed_by_one: float = (1 - confidence) ** (1 / informative)
    fraction = (1 - missed_by_one) / DETECTION_EFFICIENCY
    return fraction if fraction <= 1 else None


def exclusion(informative: Mapping[str, int], parameters: ClassifyParameters) -> Exclusion:
    """Return what would have been seen, decided by the acceptor with the fewest fragments."""
    fewest = min(informative.values(), default=0)
    fraction = detectable_fraction(fewest, parameters.confidence)
    return Exclusion(
        confidence=parameters.confidence,
        informative_fragments=dict(informative),
        detectable_fraction=_rounded(fraction),
        threshold=parameters.max_detectable_fraction,
        levels=[
            ExclusionLevel(confidence=level, detectable_fraction=_rounded(detectable_fraction(fewest, level)))
            for level in sorted({*LEVELS, parameters.confidence})
        ],
        needed_fragments=needed_fragments(parameters),
        adequate=fraction is not None and fraction <= parameters.max_detectable_fraction,
    )


def _rounded(fraction: float | None) -> float | None:
    return None if fraction is None else round(fraction, FRACTION_DECIMALS)


def needed_fragments(parameters: ClassifyParameters) -> int:
    """Return the fewest informative fragments at an acceptor that make an exclusion adequate."""
    count = 1
    while (detectable_fraction(count, parameters.confidence) or 1.0) > parameters.max_detectable_fraction:
        count += 1
    return count


def informative_text(excluded: Exclusion) -> str:
    """Return the informative fragments of all acceptors in words."""
    return ", ".join(f"{place}: {count}" for place, count in excluded.informative_fragments.items())


def percent(fraction: float) -> str:
    """Return a fraction as a percentage for reading, rounded up so that it never claims too much.

    >>> [percent(value) for value in (0.049508, 0.95, 0.05, 0.000301)]
    ['5', '95', '5', '0.031']
    """
    value = fraction * 100
    digits = 0 if value >= 10 else 1 if value >= 1 else 3
    scale: int = 10**digits
    rounded = -int(-round(value * scale, 6) // 1) / scale
    return f"{rounded:g}"
