"""Decides whether a sample is of long reads."""

from collections.abc import Mapping
from typing import Any

from aspsfusion.errors import ParameterError
from aspsfusion.screen.lengths import LONG_SHARE, LONGEST_SHORT, are_long

SHORT, LONG = "short", "long"
AT_LEAST, LONG_ONES = f"more than {LONG_SHARE:.0%}", f"reads above {LONGEST_SHORT} nt"


def platform_of(declared: str | None, screen: Mapping[str, Any]) -> str:
    """Return `short`, the declared long platform, or `long` where only the reads' lengths tell.

    Args:
        declared: see `config.PLATFORMS`; None is `auto`.
        screen: metrics of `aspsfusion screen` or `extract`.

    Raises:
        ParameterError: the reads are pairs, and are long or declared as long; or declared as short, and long.
    """
    paired = screen.get("layout") == "paired"
    lengths = {int(length): number for length, number in screen.get("read_lengths", {}).items()}
    long = are_long(lengths)
    if paired and long:
        raise ParameterError(
            f"the reads are pairs, and {AT_LEAST} of their bases are in {LONG_ONES}",
            remedy="give long reads as single ones, each with a name of its own",
        )
    if declared not in (None, "auto"):
        if paired and declared != SHORT:
            raise ParameterError(
                f"--platform {declared}: the reads are pairs, and long reads are single",
                remedy="give the files of single reads, or leave out --platform",
            )
        if long and declared == SHORT:
            raise ParameterError(
                f"--platform short: {AT_LEAST} of the bases are in {LONG_ONES}",
                remedy="leave out --platform, or give ont or pacbio",
            )
        return str(declared)
    return LONG if long else SHORT
