"""Coverage before and behind the recurrent breakpoints, and its p-value."""

import math
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.interpret.imbalance import (
    binomial_lower_tail,
    breakpoint_region,
    excess_p_value,
    imbalance,
    single_case_p_value,
    student_upper_tail,
)
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import Imbalance
from stages import Pair, call_pairs, fusion_molecule


def negative(before: int, behind: int) -> Imbalance:
    return Imbalance(
        gene="TFE3",
        five_prime_depth=1.0,
        three_prime_depth=1.0,
        ratio=1.0,
        five_prime_fragments=before,
        three_prime_fragments=behind,
    )


def test_fusion_transcripts_tilt_the_coverage(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    wild = demo_panel.primary["TFE3"].sequence
    molecule, position = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))

    def fragments(source: str, low: int, count: int, name: str) -> list[Pair]:
        rng = random.Random(name)
        starts = (rng.randrange(low, len(source) - 200) for _ in range(count))
        return [Pair(f"{name}{i}", source[s : s + 200], 75) for i, s in enumerate(starts)]

    region = breakpoint_region(demo_panel)
    assert region is not None
    target = demo_panel.spec.target.model_copy(update={"wild_type_balance": []})
    bare = replace(demo_panel, spec=demo_panel.spec.model_copy(update={"target": target}))
    results, stated = {}, {}
    for name, extra in (("negative", 0), ("positive", 150)):
        pairs = fragments(wild, 0, 200, "w") + fragments(molecule, position, extra, "f")
        calls = call_pairs(demo_panel_directory, tmp_path / name, pairs)
        results[name] = imbalance(bare, calls.coverage, 200)
        stated[name] = imbalance(demo_panel, calls.coverage, 200)
    even, tilted = results["negative"], results["positive"]
    assert even.baseline == tilted.baseline == "uniform model"
    assert even.p_value is not None
    assert tilted.p_value is not None
    assert even.p_value > 0.01 > 0.0001 > tilted.p_value
    assert even.five_prime_fragments + even.three_prime_fragments <= 200
    assert tilted.five_prime_fragments == even.five_prime_fragments
    # Four real samples, which are read more downstream by themselves, make less of it.
    assert {result.baseline for result in stated.values()} == {"4 samples of the panel"}
    assert (stated["negative"].p_value or 0) > (stated["positive"].p_value or 0) > tilted.p_value
    # Five negatives or more are the better baseline; poor ones do not count.
    negatives = [negative(50 + i, 120 - 2 * i) for i in range(5)]
    case = imbalance(demo_panel, calls.coverage, 200, [*negatives, negative(1, 2)])
    assert case.baseline == "5 negative samples"
    assert imbalance(demo_panel, calls.coverage, 200, negatives[:4]).baseline == "4 samples of the panel"


def test_without_fragments_there_is_no_p_value(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path
) -> None:
    calls = call_pairs(demo_panel_directory, tmp_path, [])
    assert imbalance(demo_panel, calls.coverage).p_value is None


@given(st.integers(0, 60), st.integers(0, 60), st.floats(0.05, 0.95))
def test_binomial_tail_equals_the_sum_of_its_terms(one: int, other: int, probability: float) -> None:
    low, trials = min(one, other), max(one, other)
    exact = sum(
        math.comb(trials, k) * probability**k * (1 - probability) ** (trials - k) for k in range(low + 1)
    )
    assert math.isclose(binomial_lower_tail(low, trials, probability), exact, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("t", "freedom", "expected"),
    # Upper percentage points of Student's distribution.
    [
        (6.3138, 1, 0.05),
        (2.9200, 2, 0.05),
        (2.3534, 3, 0.05),
        (2.7764, 4, 0.025),
        (2.0150, 5, 0.05),
        (1.8125, 10, 0.05),
    ],
)
def test_student_tail(t: float, freedom: int, expected: float) -> None:
    assert math.isclose(student_upper_tail(t, freedom), expected, rel_tol=1e-3)
    assert math.isclose(student_upper_tail(-t, freedom), 1 - expected, rel_tol=1e-3)


def test_a_sample_like_the_controls_is_not_remarkable() -> None:
    assert math.isclose(single_case_p_value(2.0, [1.0, 2.0, 3.0]), 0.5)


def test_a_real_sample_without_the_fusion_is_like_the_others(demo_panel: Panel) -> None:
    counts = demo_panel.spec.target.wild_type_balance
    for number, own in enumerate(counts):
        assert excess_p_value(own, [*counts[:number], *counts[number + 1 :]]) > 0.05


def test_uneven_samples_are_remarkable_at_most_once_in_twenty() -> None:
    """Between samples the log ratio varies by 0.52, as in the four real ones beyond chance counting."""
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(1000):
        totals = [*rng.integers(40, 60, 4), rng.integers(60, 2000)]
        downstream = [rng.binomial(n, 1 / (1 + 2.0 ** -rng.normal(2.1, 0.52))) for n in totals]
        *controls, case = [(int(n - d), int(d)) for n, d in zip(totals, downstream, strict=True)]
        found += excess_p_value(case, controls) < 0.05
    assert found <= 50
