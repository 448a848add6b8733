"""The number behind an exclusion."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.exclusion import (
    DETECTION_EFFICIENCY,
    detectable_fraction,
    exclusion,
    needed_fragments,
)
from aspsfusion.report.words import rounded_up

PARAMETERS = ClassifyParameters()


def test_the_poorest_place_decides() -> None:
    result = exclusion({"B exon 2": 66, "B exon 3": 900}, PARAMETERS)
    assert result.detectable_fraction == round((1 - 0.05 ** (1 / 66)) / DETECTION_EFFICIENCY, 6)
    assert result.adequate
    assert exclusion({"B exon 2": 32}, PARAMETERS).adequate
    levels = {level.confidence: level.detectable_fraction for level in result.levels}
    assert levels == {
        0.95: result.detectable_fraction,
        0.99: round((1 - 0.01 ** (1 / 66)) / DETECTION_EFFICIENCY, 6),
    }
    assert not exclusion({"B exon 2": 31, "B exon 3": 900}, PARAMETERS).adequate


def test_without_fragments_nothing_is_excluded() -> None:
    for informative in ({}, {"B exon 2": 0, "B exon 3": 900}):
        result = exclusion(informative, PARAMETERS)
        assert (result.detectable_fraction, result.adequate) == (None, False)


def test_needed_fragments_is_the_first_number_that_suffices() -> None:
    for limit, needed in ((0.10, 32), (0.05, 66)):
        assert needed_fragments(limit, 0.95) == needed
        assert (
            (detectable_fraction(needed, 0.95) or 1) <= limit < (detectable_fraction(needed - 1, 0.95) or 0)
        )


@pytest.mark.parametrize(
    ("declared", "limit"), [(None, 0.10), (1.0, 0.10), (0.2, 0.10), (0.12, 0.06), (0.02, 0.01)]
)
def test_half_of_the_declared_tumour_cells_bounds_the_limit(declared: float | None, limit: float) -> None:
    result = exclusion({"B exon 2": 40}, PARAMETERS, declared)
    assert (result.threshold, result.tumour_fraction) == (limit, declared)
    assert result.adequate is (limit == 0.10)


@given(st.floats(1e-4, 1.0), st.floats(0.5, 0.999))
def test_the_fewest_fragments_that_suffice_are_found_at_once(limit: float, confidence: float) -> None:
    needed = needed_fragments(limit, confidence)
    assert (detectable_fraction(needed, confidence) or 1.0) <= limit
    assert needed == 1 or (detectable_fraction(needed - 1, confidence) or 1.0) > limit


@given(st.integers(1, 100_000), st.floats(0.6, 0.999))
def test_detectable_fraction_would_be_seen_with_the_stated_probability(count: int, confidence: float) -> None:
    fraction = detectable_fraction(count, confidence)
    if fraction is None:
        # Not even fusion transcripts alone would have been seen so surely.
        assert 1 - (1 - DETECTION_EFFICIENCY) ** count < confidence
        return
    assert math.isclose(1 - (1 - DETECTION_EFFICIENCY * fraction) ** count, confidence, rel_tol=1e-6)


@given(st.floats(1e-6, 1.0))
def test_percentages_never_claim_more_than_the_fraction(fraction: float) -> None:
    assert float(rounded_up(fraction).removesuffix("%")) >= fraction * 100 - 1e-6
