"""Calls machine code that numba made, without numba.

A function that numba compiled takes, by the C convention: where to put the result, where to put what was
raised, and the arguments, each array as seven numbers or more. It returns 0 unless something was raised
(numba 0.68, `numba.core.callconv.CPUCallConv`). Arrays have no owner here: the loops are compiled without
reference counts.
"""

import ctypes
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import binding

TUPLES_REMEMBERED = 8
"""A pair of files has one table and two scratch areas, given with each block."""

_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_SCALARS: dict[str, Any] = {
    "bool": ctypes.c_uint8,
    "float32": ctypes.c_float,
    "float64": ctypes.c_double,
} | {name: getattr(ctypes, f"c_{name}") for name in _INTEGERS}


@dataclass(frozen=True)
class MachineCode:
    """A compiled function.

    Attributes:
        object_code: an object file of this machine.
        symbol: the function's name in it.
        returns: what the result consists of, names of NumPy's scalar types; None when the function returns
            nothing.
        one: the result is the one number itself and no tuple of them.
        needs: names of the functions outside that it calls.
    """

    object_code: bytes
    symbol: str
    returns: tuple[str, ...] | None
    one: bool
    needs: tuple[str, ...]


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        flags = value.flags
        layout = "C" if flags.c_contiguous else "F" if flags.f_contiguous else "A"
        return f"{value.dtype.name}{value.ndim}{layout}{flags.writeable:d}{flags.aligned:d}"
    if isinstance(value, (bool, np.bool_)):
        return "bool"
    if isinstance(value, np.generic):
        return value.dtype.name
    if isinstance(value, int):
        return "int64"
    if isinstance(value, float):
        return "float64"
    if isinstance(value, tuple):
        return f"{type(value).__name__}({','.join(map(_kind, value))})"
    raise TypeError(f"compiled loops take no {type(value).__name__}")


def quick_kinds(arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return what tells arguments of different kinds apart, and some of one kind as well, in little time."""
    return tuple(
        (value.dtype.num, value.ndim, value.flags.num)
        if isinstance(value, np.ndarray)
        else (type(value), quick_kinds(value))
        if isinstance(value, tuple)
        else type(value)
        for value in arguments
    )


def kinds_of(arguments: tuple[Any, ...]) -> tuple[str, ...]:
    """Return what the compiled code depends on of each argument: type, layout, and whether it can be written.

    Raises:
        TypeError: an argument is nothing that a loop can take.
    """
    return tuple(map(_kind, arguments))


def _flattened(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        # Owner and Python object are none: whoever calls holds the array until the loop returns.
        address = value.__array_interface__["data"][0]
        return [None, None, value.size, value.itemsize, address, *value.shape, *value.strides]
    if isinstance(value, tuple):
        return [number for part in value for number in _flattened(part)]
    return [value.item() if isinstance(value, np.generic) else value]


def _c_types(value: Any) -> list[Any]:
    if isinstance(value, np.ndarray):
        sizes = [ctypes.c_int64] * (2 * value.ndim)
        return [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_void_p, *sizes]
    if isinstance(value, tuple):
        return [kind for part in value for kind in _c_types(part)]
    return [_SCALARS[_kind(value)]]


def _result_type(returns: Sequence[str]) -> type[ctypes.Structure]:
    fields = [(f"part{number}", _SCALARS[name]) for number, name in enumerate(returns)]
    return type("Result", (ctypes.Structure,), {"_fields_": fields})


@functools.cache
def _machine() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    processor = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=processor[0], features=processor[1], opt=3, codemodel="jitdefault", jit=True
    )


def _load(code: MachineCode) -> Any:
    """Load an object file; returns what holds it in memory."""
    for name in code.needs:
        # LLVM would end the process.
        if not binding.address_of_symbol(name):
            raise RuntimeError(f"{code.symbol} needs the function {name}, which this process does not have")
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code.object_code))
    engine.finalize_object()
    return engine


class Entry:
    """Machine code that is loaded and can be called with arguments of the kinds that it was made for.

    Args:
        name: the loop's name, for errors.
        code: the machine code.
    """

    def __init__(self, name: str, code: MachineCode) -> None:
        self._name = name
        self._code = code
        self._engine = _load(code)
        self._address = self._engine.get_function_address(code.symbol)
        self._call: Callable[..., int] | None = None
        self._result = _result_type(code.returns or ("int64",))
        self._flat: dict[int, tuple[tuple[Any, ...], list[Any]]] = {}

    def __call__(self, arguments: tuple[Any, ...]) -> Any:
        """Call it; returns integers, a tuple of them, or None.

        Raises:
            RuntimeError: the loop raised an error, which is a fault of the program.
        """
        if self._call is None:
            kinds = [kind for value in arguments for kind in _c_types(value)]
            # Functions of this kind release the interpreter's lock.
            prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, *kinds)
            self._call = prototype(self._address)
        result, raised = self._result(), ctypes.c_void_p()
        flat: list[Any] = []
        for value in arguments:
            flat += self._flattened(value) if isinstance(value, tuple) else _flattened(value)
        status = self._call(ctypes.byref(result), ctypes.byref(raised), *flat)
        if status:
            raise RuntimeError(f"the compiled loop {self._name} failed with status {status}")
        if self._code.returns is None:
            return None
        parts = tuple(
            bool(part) if kind == "bool" else part
            for kind, part in zip(
                self._code.returns, (getattr(result, name) for name, *_ in self._result._fields_), strict=True
            )
        )
        return parts[0] if self._code.one else parts

    def _flattened(self, value: tuple[Any, ...]) -> list[Any]:
        """Return the numbers of a tuple; those of the last ones are remembered, since tuples never change."""
        known = self._flat.get(id(value))
        if known is None or known[0] is not value:
            if len(self._flat) >= TUPLES_REMEMBERED:
                self._flat.clear()
            known = self._flat[id(value)] = (value, _flattened(value))
        return known[1]
