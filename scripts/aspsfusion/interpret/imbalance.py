"""Compares the coverage of the target's 3' gene upstream and downstream of its recurrent breakpoints.

A fusion brings a second source of the 3' part, so the part downstream of them is read more often than
the wild type alone would have it. Coverage is never even, and other things than a fusion tilt it: this is
supporting evidence with a p-value, never a verdict.
"""

import math
from collections.abc import Sequence
from statistics import mean, stdev

from aspsfusion.evidence.coverage import Coverage
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import Imbalance

MIN_BASELINE_SAMPLES = 5
"""Negative samples from which they are a better baseline than a model: fewer give no useful spread."""

MIN_BASELINE_FRAGMENTS = 20
"""Fragments of the gene that a negative sample needs: with fewer its ratio is chance."""

PSEUDO_COUNT = 0.5
"""Added to both counts of a ratio, so that it exists without fragments on one side (Haldane 1956)."""

DECIMALS = 2
P_DECIMALS = 6
UNIFORM = "uniform model"

Counts = tuple[int, int]
"""Fragments upstream and downstream."""


def imbalance(
    panel: Panel, coverage: Coverage, median_insert: int | None = None, baseline: Sequence[Imbalance] = ()
) -> Imbalance:
    """Return the imbalance of a sample with its p-value.

    No fragment has its middle within half of the median insert (nt) from a transcript's end. The baseline
    are negative samples of the same kind of library, if there are any.
    """
    gene = panel.spec.target.three_prime
    region = breakpoint_region(panel)
    if region is None:
        return Imbalance(gene=gene, five_prime_depth=None, three_prime_depth=None, ratio=None)
    transcript = panel.primary[gene]
    first, last = region
    length = len(transcript.sequence)
    upstream = coverage.mean_depth(transcript.key, 0, first)
    downstream = coverage.mean_depth(transcript.key, last, length)
    counts = (
        coverage.middles_between(transcript.key, 0, first),
        coverage.middles_between(transcript.key, last, length),
    )
    usable = [
        (item.five_prime_fragments, item.three_prime_fragments)
        for item in baseline
        if item.gene == gene
        and item.five_prime_fragments + item.three_prime_fragments >= MIN_BASELINE_FRAGMENTS
    ]
    stated = panel.spec.target.wild_type_balance
    if len(usable) >= MIN_BASELINE_SAMPLES and stdev(_log_ratio(*pair) for pair in usable) > 0:
        name, p_value = f"{len(usable)} negative samples", excess_p_value(counts, usable)
    elif len(stated) > 1:
        name, p_value = f"{len(stated)} samples of the panel", excess_p_value(counts, stated)
    else:
        name = UNIFORM
        edge = (median_insert or 0) // 2
        lengths = max(1, first - edge), max(1, length - last - edge)
        p_value = binomial_lower_tail(counts[0], sum(counts), lengths[0] / sum(lengths))
    return Imbalance(
        gene=gene,
        five_prime_depth=round(upstream, DECIMALS),
        three_prime_depth=round(downstream, DECIMALS),
        ratio=round(downstream / upstream, DECIMALS) if upstream else None,
        five_prime_fragments=counts[0],
        three_prime_fragments=counts[1],
        p_value=round(p_value, P_DECIMALS) if sum(counts) else None,
        baseline=name,
    )


def breakpoint_region(panel: Panel) -> tuple[int, int] | None:
    """Return the first and the last recurrent breakpoint on the 3' gene's primary transcript, 0-based.

    None when the panel lists no junction of the target fusion.
    """
    transcript = panel.primary[panel.spec.target.three_prime]
    places = [transcript.from_genome(junction.three_pos) for junction in panel.decisive]
    known = [place for place in places if place]
    return (min(known), max(known)) if known else None


def _log_ratio(upstream: int, downstream: int) -> float:
    return math.log2((downstream + PSEUDO_COUNT) / (upstream + PSEUDO_COUNT))


def binomial_lower_tail(successes: int, trials: int, probability: float) -> float:
    """Return the probability of at most so many successes (exact binomial test, one-sided).

    >>> round(binomial_lower_tail(1, 4, 0.5), 4)
    0.3125
    """
    log_p, log_q = math.log(probability), math.log1p(-probability)
    return min(
        1.0,
        math.fsum(
            math.exp(
                math.lgamma(trials + 1)
                - math.lgamma(k + 1)
                - math.lgamma(trials - k + 1)
                + k * log_p
                + (trials - k) * log_q
            )
            for k in range(successes + 1)
        ),
    )


def excess_p_value(counts: Counts, controls: Sequence[Counts]) -> float:
    """Return the probability of as large an excess downstream in one more sample like the controls.

    Their spread includes their chance of counting. A sample of fewer fragments than they have varies more.

    >>> round(excess_p_value((6, 49), [(11, 44), (12, 28), (8, 48)]), 2)
    0.17
    """
    more = _counting_variance(counts) - mean(map(_counting_variance, controls))
    return single_case_p_value(_log_ratio(*counts), [_log_ratio(*pair) for pair in controls], max(0.0, more))


def _counting_variance(counts: Counts) -> float:
    """Return the variance of a log ratio by the chance of counting alone (delta method)."""
    return sum(1 / (count + PSEUDO_COUNT) for count in counts) / math.log(2) ** 2


def single_case_p_value(value: float, controls: Sequence[float], more: float = 0.0) -> float:
    """Return the probability of a value as high in one more sample of the controls' population.

    The t-test of one case against a small group (Crawford and Howell 1998, Clin Neuropsychol 12:482), whose
    spread includes that of the group's mean.

    Args:
        value: log ratio of the sample.
        controls: log ratios of two or more samples, not all equal.
        more: variance of the sample beyond theirs.

    >>> round(single_case_p_value(4.0, [1.0, 2.0, 3.0]), 4)
    0.1127
    """
    count = len(controls)
    t = (value - mean(controls)) / math.sqrt(stdev(controls) ** 2 * (1 + 1 / count) + more)
    return student_upper_tail(t, count - 1)


def student_upper_tail(t: float, freedom: int) -> float:
    """Return P(T > t) of Student's distribution with a whole number of degrees of freedom.

    The finite series of Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.3 and 26.7.4.

    >>> round(student_upper_tail(2.015, 5), 4), round(student_upper_tail(-1.0, 1), 4)
    (0.05, 0.75)
    """
    angle = math.atan(t / math.sqrt(freedom))
    cosine, sine = math.cos(angle), math.sin(angle)
    term = cosine if freedom % 2 else 1.0
    total = 0.0
    for step in range(1 if freedom % 2 else 0, freedom - 1, 2):
        total += term
        term *= cosine * cosine * (step + 1) / (step + 2)
    within = 2 / math.pi * (angle + sine * total) if freedom % 2 else sine * total
    return (1 - within) / 2
