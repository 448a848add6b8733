"""The compiled loops: plain C11 in one shared library, called by typed Python functions.

In: bytes, arrays and numbers. Out: numbers, and arrays that are filled; no file is read here. `build.py`
compiles the C files beside it when the package is installed. Each C function checks the sizes and ranges of
what it is given; what it refuses is a ValueError. Nothing outside of this package knows how C is called.
"""

from aspsfusion.native.library import DamagedPanel
from aspsfusion.native.sequences import (
    EMPTY,
    LOAD_BYTES,
    align_across,
    canonical_kmers,
    count_called,
    count_places,
    enter_kmers,
    enter_seeds,
    mismatches_at,
    overlap_insert,
)

__all__ = [
    "EMPTY",
    "LOAD_BYTES",
    "DamagedPanel",
    "align_across",
    "canonical_kmers",
    "count_called",
    "count_places",
    "enter_kmers",
    "enter_seeds",
    "mismatches_at",
    "overlap_insert",
]
