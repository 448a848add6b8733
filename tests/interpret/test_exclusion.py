"""The number behind an exclusion."""

import math

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
    levels = {level.confidence: level.detectable_fraction for level in result.levels}
    assert levels == {
        0.95: result.detectable_fraction,
        0.99: round((1 - 0.01 ** (1 / 66)) / DETECTION_EFFICIENCY, 6),
    }
    assert not exclusion({"B exon 2": 65, "B exon 3": 900}, PARAMETERS).adequate


def test_without_fragments_nothing_is_excluded() -> None:
    for informative in ({}, {"B exon 2": 0, "B exon 3": 900}):
        result = exclusion(informative, PARAMETERS)
        assert (result.detectable_fraction, result.adequate) == (None, False)


def test_needed_fragments_is_the_first_number_that_suffices() -> None:
    needed = needed_fragments(PARAMETERS)
    limit = PARAMETERS.max_detectable_fraction
    assert needed == 66
    assert (detectable_fraction(needed, 0.95) or 1) <= limit < (detectable_fraction(needed - 1, 0.95) or 0)


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
