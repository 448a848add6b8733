"""Tells whether kept machine code is that of a loop: by the loop's source and that of all that it uses."""

import hashlib
import types
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import llvmlite
import numpy as np
from llvmlite import binding

FORMAT = 3
"""Of what is kept on disk; one higher when it changes."""


def _names(code: types.CodeType) -> Iterator[str]:
    """Yield the names that a function, and those within it, look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _code_parts(code: types.CodeType) -> Iterator[str]:
    """Yield what a function does, without where it stands in the file."""
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_argcount))
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _code_parts(constant)
        else:
            yield repr(constant)


def function_of(value: Any) -> types.FunctionType | None:
    """Return the Python function behind a compiled loop or an intrinsic, a function itself, else None."""
    # Of a module nothing is asked: it may load what it is asked for.
    inner = None if isinstance(value, types.ModuleType) else getattr(value, "function", None)
    found = value if isinstance(value, types.FunctionType) else inner
    return found if isinstance(found, types.FunctionType) else None


def used_names(function: types.FunctionType) -> dict[str, Any]:
    """Return the values outside a function that it looks up, by name."""
    return {
        name: function.__globals__[name]
        for name in sorted(set(_names(function.__code__)))
        if name in function.__globals__
    }


def _value_parts(value: Any) -> Iterator[str]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype.str} {value.shape} {hashlib.sha256(value.tobytes()).hexdigest()}"
    elif isinstance(value, np.generic):
        yield f"{value.dtype.str} {value!r}"
    elif isinstance(value, types.ModuleType):
        yield value.__name__
    elif isinstance(value, type):
        yield value.__qualname__
    else:
        yield str(value)


def _parts(function: types.FunctionType, seen: set[int]) -> Iterator[str]:
    if id(function) in seen:
        return
    seen.add(id(function))
    yield function.__qualname__
    yield from _code_parts(function.__code__)
    for name, value in used_names(function).items():
        yield name
        other = function_of(value)
        if other is None:
            yield from _value_parts(value)
        else:
            yield from _parts(other, seen)


def _numba_version() -> str:
    """Return the text in which numba states its version, without importing it."""
    found = find_spec("numba")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).with_name("_version.py").read_text()


def fingerprint(function: types.FunctionType, kinds: tuple[str, ...]) -> str:
    """Return what changes whenever the machine code of a loop may change.

    That is: the loop and every function and constant that it uses, the kinds of its arguments, the processor
    with its abilities, and the versions of compiler and NumPy.

    Args:
        function: the loop's Python function.
        kinds: see `kinds_of` of `machine_code`.
    """
    digest = hashlib.sha256()
    versions = [_numba_version(), llvmlite.__version__, np.__version__]
    processor = [binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()]
    for part in (str(FORMAT), *versions, *processor, *kinds, *_parts(function, set())):
        digest.update(part.encode())
        digest.update(b"\0")
    return digest.hexdigest()
