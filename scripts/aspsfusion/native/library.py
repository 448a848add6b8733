"""Loads the library of the compiled loops and calls its functions through ctypes."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

LIBRARY = Path(__file__).with_name("_native.so")

VARIANTS = ("scalar", "x86_64", "x86_64_v3")
"""The kinds of processors for which each loop is compiled, in the order of `best_variant` in variants.c."""

_BAD_PANEL, _NO_MEMORY = -2, -3


class DamagedPanel(ValueError):  # noqa: N818
    """What a panel file holds cannot be right."""


class Array:
    """An argument that is the memory of an array, of which the loops know nothing but where it begins.

    Args:
        dtype: type of the array's elements.
        written: whether the loop writes to it.
    """

    def __init__(self, dtype: npt.DTypeLike, *, written: bool = False) -> None:
        self._dtype = np.dtype(dtype)
        self._written = written

    def from_param(self, array: npt.NDArray[Any]) -> ctypes.c_void_p:
        """Return what ctypes passes on for an array."""
        return ctypes.c_void_p(self.address(array))

    def address(self, array: npt.NDArray[Any]) -> int:
        """Return where an array's memory begins.

        Raises:
            ValueError: the array is of another type or shape, not in one piece, or must not be written.
        """
        if array.dtype != self._dtype or array.ndim != 1 or not array.flags.c_contiguous:
            raise ValueError(
                f"needs an array of {self._dtype} in one piece, not {array.ndim} x {array.dtype}"
            )
        if self._written and not array.flags.writeable:
            raise ValueError("needs an array that may be written")
        return int(array.ctypes.data)


class Loops:
    """The functions of a library, compiled for one kind of processor, by name.

    Attributes:
        path: the library.
        best: the variant that this processor runs fastest.
        variant: the one in use.
    """

    def __init__(self) -> None:
        self._signatures: dict[str, tuple[Any, list[Any], bool]] = {}
        self._functions: dict[str, Any] = {}
        self.use(LIBRARY)

    def use(self, path: Path, variant: str | None = None) -> None:
        """Choose the library and the variant that are called from now on; for tests.

        Args:
            path: the library.
            variant: one that it has and the processor runs; the fastest one by default.

        Raises:
            ImportError: there is no library, or it is for another kind of machine.
            ValueError: the processor does not run the variant.
        """
        try:
            library, short = ctypes.CDLL(str(path)), ctypes.PyDLL(str(path))
        except OSError as error:
            raise ImportError(
                f"the compiled part of aspsfusion cannot be loaded ({error}); install aspsfusion again"
            ) from error
        best = VARIANTS[int(library.best_variant())]
        if variant is None:
            variant = best
        if VARIANTS.index(variant) > VARIANTS.index(best):
            raise ValueError(f"this processor runs {best}, not {variant}")
        self.path, self.best, self.variant = path, best, variant
        self._library, self._short = library, short
        for name in self._functions:
            delattr(self, name)
        self._functions = {}

    def declare(
        self, name: str, arguments: Sequence[Any], result: Any = ctypes.c_int64, *, short: bool = False
    ) -> None:
        """Say how a function is called.

        Args:
            name: its name in C, without the variant.
            arguments: ctypes of its arguments, or `Array`.
            result: ctype of its result.
            short: whether it keeps the interpreter's lock: it is over in the time that giving it back takes.
        """
        self._signatures[name] = (result, list(arguments), short)

    def __getattr__(self, name: str) -> Any:
        """Return a function, when it is called for the first time."""
        if name.startswith("_") or name not in self._signatures:
            raise AttributeError(f"there is no C function {name}")
        result, arguments, short = self._signatures[name]
        function = getattr(self._short if short else self._library, f"{name}_{self.variant}")
        function.restype, function.argtypes = result, arguments
        self._functions[name] = function
        setattr(self, name, function)
        return function


loops = Loops()
"""What all compiled loops are called by."""


def usable_variants() -> tuple[str, ...]:
    """Return the variants that this processor runs."""
    return VARIANTS[: VARIANTS.index(loops.best) + 1]


def require_ok(code: int) -> int:
    """Turn a negative code of a C function into an exception, and return every other one.

    Raises:
        DamagedPanel: it says that what a panel file holds cannot be right.
        MemoryError: it could get no memory.
        ValueError: it was given sizes or numbers out of range.
    """
    if code >= 0:
        return code
    if code == _BAD_PANEL:
        raise DamagedPanel("the panel's k-mers, seeds or text cannot be right")
    if code == _NO_MEMORY:
        raise MemoryError
    raise ValueError("a compiled loop was given sizes or numbers out of range")
