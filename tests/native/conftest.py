"""Every test of a compiled loop runs with each variant that the library and this processor have."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from aspsfusion import native
from aspsfusion.errors import InstallationError

AVAILABLE = native.VARIANTS[: native.VARIANTS.index(native.BEST_VARIANT) + 1]

FEW_EXAMPLES = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `test_sanitizer.py` run these tests on a library of its own."""
    parser.addoption("--native-library", type=Path, help="library of the compiled loops to test")


def pytest_configure(config: pytest.Config) -> None:
    """Take few examples where each access to memory is watched."""
    if config.getoption("native_library", default=None):
        settings.register_profile("watched", max_examples=FEW_EXAMPLES, deadline=None)
        settings.load_profile("watched")


@pytest.fixture(scope="module", params=AVAILABLE, autouse=True)
def variant(request: pytest.FixtureRequest) -> Iterator[str]:
    """The variant that the loops of the test run in."""
    library = request.config.getoption("native_library", default=None) or native.LIBRARY
    try:
        native.use(request.param, library)
    except InstallationError:
        pytest.skip(f"{library.name} was not compiled for {request.param}")
    yield request.param
    native.use(native.BEST_VARIANT)
