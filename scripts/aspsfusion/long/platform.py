"""Decides whether a sample is of long reads."""

from collections.abc import Mapping
from typing import Any

from aspsfusion.errors import ParameterError
from aspsfusion.screen.lengths import are_long

SHORT, LONG = "short", "long"


def platform_of(declared: str | None, screen: Mapping[str, Any]) -> str:
    """Return `short`, the declared long platform, or `long` where only the reads' lengths tell.

    Args:
        declared: see `config.PLATFORMS`; None is `auto`.
        screen: metrics of `aspsfusion screen` or `extract`.

    Raises:
        ParameterError: the reads are declared as long, and are pairs.
    """
    paired = screen.get("layout") == "paired"
    if declared not in (None, "auto"):
        if paired and declared != SHORT:
            raise ParameterError(
                f"--platform {declared}: the reads are pairs, and long reads are single",
                remedy="give the files of single reads, or leave out --platform",
            )
        return str(declared)
    lengths = screen.get("read_lengths", {})
    return LONG if not paired and are_long({int(length): n for length, n in lengths.items()}) else SHORT
