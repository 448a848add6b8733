"""Inner loops that run as machine code: compiled once, kept on disk, and called without the compiler.

Numba compiles them. Importing numba, and having it load what it compiled before, takes most of a second: as
much as the work of a small sample. So a loop's machine code is kept in a file of this package's own, and a
process that finds it there calls it directly and never imports numba.
"""

import functools
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any

from aspsfusion.code_cache import kept_code
from aspsfusion.loop_source import fingerprint
from aspsfusion.machine_code import ArgumentPacker, Entry, MachineCode, PreparedCall, kinds_of


class CompiledLoop:
    """A function that runs as machine code, compiled for each combination of kinds of arguments it meets.

    It takes arrays, integers, floats, truth values and named tuples of them, allocates nothing, and returns
    integers, a tuple of them, or nothing.

    Attributes:
        function: the Python function.
    """

    def __init__(self, function: FunctionType) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self._entries: dict[tuple[Any, ...], Entry] = {}
        self._by_kinds: dict[tuple[str, ...], Entry] = {}
        self._packer = ArgumentPacker()
        self._lock = threading.Lock()

    def __call__(self, *arguments: Any) -> Any:
        """Run the machine code, without the interpreter's lock."""
        return self.prepared(*arguments)()

    def prepared(self, *arguments: Any) -> PreparedCall:
        """Return a call with these arguments, for loops that are called thousands of times a second.

        What the arrays hold may change from one call to the next. One thread at a time may call.
        """
        kinds, packed = self._packer.pack(arguments)
        entry = self._entries.get(kinds)
        if entry is None:
            entry = self._entries[kinds] = self._entry(arguments)
        return entry.prepared(packed, arguments)

    def _entry(self, arguments: tuple[Any, ...]) -> Entry:
        kinds = kinds_of(arguments)
        # The two threads of a pair of files meet here at their first block.
        with self._lock:
            if kinds not in self._by_kinds:
                name = f"{self.function.__module__.rpartition('.')[2]}.{self.function.__qualname__}"
                code = kept_code(name, fingerprint(self.function, kinds), lambda: self._compile(arguments))
                self._by_kinds[kinds] = Entry(name, code)
            return self._by_kinds[kinds]

    def _compile(self, arguments: tuple[Any, ...]) -> MachineCode:
        from aspsfusion.compiler import compile_function  # imports numba

        return compile_function(self.function, arguments)


class Intrinsic:
    """A function of a few instructions for use in compiled loops, written for numba's `intrinsic`.

    Attributes:
        function: takes the typing context and the types of the arguments; returns signature and generator.
    """

    def __init__(self, function: FunctionType) -> None:
        functools.update_wrapper(self, function)
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        """Refuse: there is no machine code outside of a loop."""
        raise TypeError(f"{self.function.__qualname__} works in compiled loops only")


def compiled(function: Callable[..., Any]) -> CompiledLoop:
    """Decorate an inner loop."""
    assert isinstance(function, FunctionType)
    return CompiledLoop(function)


def intrinsic(function: Callable[..., Any]) -> Intrinsic:
    """Decorate what loops are made of and Python has no word for."""
    assert isinstance(function, FunctionType)
    return Intrinsic(function)
