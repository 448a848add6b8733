"""Every test of a compiled loop runs with each variant that this processor has."""

from collections.abc import Iterator

import pytest

from aspsfusion import native

AVAILABLE = native.VARIANTS[: native.VARIANTS.index(native.BEST_VARIANT) + 1]


@pytest.fixture(scope="module", params=AVAILABLE, autouse=True)
def variant(request: pytest.FixtureRequest) -> Iterator[str]:
    """The variant that the loops of the test run in."""
    native.use(request.param)
    yield request.param
    native.use(native.BEST_VARIANT)
