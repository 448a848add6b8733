"""Memory that Python and compiled loops share, without NumPy: its import takes longer than a small sample."""

import mmap
from ctypes import addressof, c_char, c_void_p
from typing import Any

Memory = Any
"""Elements in a row: a view, or an array of NumPy, whose stubs do not call it a buffer before Python 3.12."""

ITEM_BYTES = {"B": 1, "?": 1, "H": 2, "I": 4, "q": 8, "Q": 8}
"""Bytes of an element by its kind, as the module `array` names kinds."""

LARGE = 1024 * 1024
"""Bytes from which memory is asked of the system itself, which gives pages as they are touched."""

_ANY_SIZE = c_char * 0


def fresh(kind: str, count: int, *, all_used: bool = False) -> memoryview:
    """Return so many elements of a kind of ITEM_BYTES, all zero.

    Args:
        kind: kind of elements.
        count: how many.
        all_used: they will all be touched: the system is asked for large pages, which take less time to find.
    """
    size = count * ITEM_BYTES[kind]
    if size < LARGE:
        return memoryview(bytearray(size)).cast("B").cast(kind)  # type: ignore[call-overload, no-any-return]
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if all_used and hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(memory).cast(kind)  # type: ignore[call-overload, no-any-return]


def copied(view: memoryview) -> memoryview:
    """Return a copy of the elements of a view."""
    return memoryview(bytearray(view)).cast(view.format)  # type: ignore[call-overload, no-any-return]


class Elements:
    """The type of an argument that is a row of elements; checks that the memory can be passed on as it is.

    Args:
        kinds: kinds of elements that will do.
        written: the loop writes them.
    """

    def __init__(self, kinds: str, *, written: bool = False) -> None:
        self._kinds = kinds
        self._written = written

    def from_param(self, memory: Memory) -> c_void_p:
        """Return what ctypes passes on."""
        return c_void_p(self.address(memory))

    def address(self, memory: Memory) -> int:
        """Return where the elements of a view, of a NumPy array or of other memory begin.

        Raises:
            ValueError: the elements are of another kind or shape, lie in pieces, or must not be written.
        """
        view = memoryview(memory)
        if view.format not in self._kinds or view.ndim != 1 or not view.c_contiguous:
            raise ValueError(
                f"elements {self._kinds} in one piece are needed, not {view.ndim} x {view.format}"
            )
        if not view.readonly:
            return addressof(_ANY_SIZE.from_buffer(view))
        if self._written or not hasattr(memory, "ctypes"):
            raise ValueError("memory that may be written is needed")
        return int(memory.ctypes.data)  # ctypes itself finds no memory that must not be written


BYTES, WRITTEN_BYTES = Elements("B"), Elements("B", written=True)
BOOLS, WRITTEN_BOOLS = Elements("?"), Elements("?", written=True)
INT64, WRITTEN_INT64 = Elements("ql"), Elements("ql", written=True)
UINT64, WRITTEN_UINT64 = Elements("QL"), Elements("QL", written=True)
UINT16 = Elements("H")
UINT32, WRITTEN_UINT32 = Elements("I"), Elements("I", written=True)
"""NumPy names 64 bits `l` and `L`."""
