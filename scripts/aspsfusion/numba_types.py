"""Numba's types for intrinsics: numba is imported when one is looked up, and not before."""

from typing import Any


def __getattr__(name: str) -> Any:
    from numba import types

    return getattr(types, name)
