"""Calls machine code that numba made, without numba.

A function that numba compiled takes, by the C convention: where to put the result, where to put what was
raised, and the arguments, each array as seven numbers or more. It returns 0 unless something was raised
(numba 0.68, `numba.core.callconv.CPUCallConv`). Arrays have no owner here: the loops are compiled without
reference counts. A small function in front of it takes all arguments from one piece of memory, eight bytes
for each number (`compiler.py` makes it): Python needs long to hand over some hundred of them one by one.
"""

import ctypes
import functools
import operator
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import binding

TUPLES_REMEMBERED = 8
"""A pair of files has one table and two working areas, given again with each call."""

_NULL = 0
_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_RESULTS: dict[str, Any] = {"bool": ctypes.c_bool, "float64": ctypes.c_double, "float32": ctypes.c_float} | {
    name: getattr(ctypes, f"c_{name}") for name in _INTEGERS
}
"""What a loop can return."""

_SLOTS = {"float64": struct.Struct("d"), "float32": struct.Struct("f4x"), "uint64": struct.Struct("Q")}
_INTEGER_SLOT = struct.Struct("q")
_ARRAY_SLOTS = {ndim: struct.Struct(f"QQqqQ{2 * ndim}q") for ndim in range(1, 5)}
"""Each number in eight bytes, whole numbers as their lowest ones."""


@dataclass(frozen=True)
class MachineCode:
    """A compiled function.

    Attributes:
        object_code: an object file of this machine.
        symbol: the function's name in it.
        returns: what the result consists of, names of NumPy's scalar types, one for a number and more for a
            tuple; None when the function returns nothing.
        needs: names of the functions outside that it calls.
    """

    object_code: bytes
    symbol: str
    returns: tuple[str, ...] | None
    needs: tuple[str, ...]


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray):
        if not value.dtype.isnative:
            raise TypeError("compiled loops take arrays in the processor's own order of bytes")
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


def _quick_kind(value: Any) -> Any:
    """Return what tells arguments of different kinds apart, and some of one kind as well, in little time."""
    if isinstance(value, np.ndarray):
        return value.dtype.num, value.dtype.byteorder, value.ndim, value.flags.num
    return type(value)


def kinds_of(arguments: tuple[Any, ...]) -> tuple[str, ...]:
    """Return what the compiled code depends on of each argument: type, layout, and whether it can be written.

    Raises:
        TypeError: an argument is nothing that a loop can take.
    """
    return tuple(map(_kind, arguments))


def _packed(value: Any) -> bytes:
    if isinstance(value, np.ndarray):
        # Owner and Python object are none: whoever calls holds the array until the loop returns.
        address = value.__array_interface__["data"][0]
        sizes = value.shape + value.strides
        return _ARRAY_SLOTS[value.ndim].pack(_NULL, _NULL, value.size, value.itemsize, address, *sizes)
    if isinstance(value, tuple):
        return b"".join(map(_packed, value))
    if type(value) is int:
        return _INTEGER_SLOT.pack(value)
    number = value.item() if isinstance(value, np.generic) else value
    return _SLOTS.get(_kind(value), _INTEGER_SLOT).pack(number)


class ArgumentPacker:
    """Packs arguments for machine code, and tells their kinds in little time.

    Tuples never change, so what was found out about the last ones is remembered.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[tuple[Any, ...], Any, bytes]] = {}

    def pack(self, arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], bytes]:
        """Return what tells arguments of different kinds apart, and the arguments as bytes."""
        kinds, packed = [], []
        for value in arguments:
            if isinstance(value, tuple):
                _, kind, slots = self._remembered(value)
            else:
                kind, slots = _quick_kind(value), _packed(value)
            kinds.append(kind)
            packed.append(slots)
        return tuple(kinds), b"".join(packed)

    def _remembered(self, value: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, bytes]:
        known = self._known.get(id(value))
        if known is None or known[0] is not value:
            if len(self._known) >= TUPLES_REMEMBERED:
                self._known.clear()
            known = self._known[id(value)] = (value, _kind(value), _packed(value))
        return known


def _result_type(returns: Sequence[str]) -> Any:
    fields = [(f"part{number}", _RESULTS[name]) for number, name in enumerate(returns)]
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

    Attributes:
        name: the loop's name.
        call: the function of C: where to put the result, where what was raised, packed arguments.
        result_type: the structure that holds a result.
        unpack: makes a number, a tuple of them, or None of that structure.
    """

    def __init__(self, name: str, code: MachineCode) -> None:
        self.name = name
        self._engine = _load(code)
        # Functions of this kind release the interpreter's lock.
        prototype = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)
        self.call = prototype(self._engine.get_function_address(code.symbol))
        self.result_type = _result_type(code.returns or ("int64",))
        parts = [part for part, *_ in self.result_type._fields_] if code.returns else []
        self.unpack: Callable[[Any], Any] = operator.attrgetter(*parts) if parts else lambda _: None

    def prepared(self, packed: bytes, arguments: tuple[Any, ...]) -> "PreparedCall":
        """Return a call with packed arguments.

        Args:
            packed: the arguments as bytes.
            arguments: what they were packed from.
        """
        return PreparedCall(self, packed, arguments)


class PreparedCall:
    """A call of machine code that costs next to nothing to make again; one thread at a time may make it.

    Args:
        entry: the machine code.
        packed: its arguments as bytes.
        arguments: what they were packed from, which has to live as long as the call does.
    """

    def __init__(self, entry: Entry, packed: bytes, arguments: tuple[Any, ...]) -> None:
        self._entry, self._packed, self._arguments = entry, packed, arguments
        self._result, self._raised = entry.result_type(), ctypes.c_void_p()
        self._places = ctypes.byref(self._result), ctypes.byref(self._raised)

    def __call__(self) -> Any:
        """Run it; returns a number, a tuple of them, or None.

        Raises:
            RuntimeError: the loop raised an error, which is a fault of the program.
        """
        status = self._entry.call(*self._places, self._packed)
        if status:
            raise RuntimeError(f"the compiled loop {self._entry.name} failed with status {status}")
        return self._entry.unpack(self._result)
