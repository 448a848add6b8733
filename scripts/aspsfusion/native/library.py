"""Loads the shared library and declares its functions, records and arrays for ctypes.

What a C function refuses is raised as ValueError, or as DamagedPanelError for what a panel file holds.
"""

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_char_p, c_double, c_int, c_int64, c_void_p
from pathlib import Path
from typing import Any

from aspsfusion.errors import InstallationError
from aspsfusion.native.memory import (
    BYTES,
    INT64,
    UINT32,
    UINT64,
    WRITTEN_BOOLS,
    WRITTEN_BYTES,
    WRITTEN_INT64,
    WRITTEN_UINT32,
    WRITTEN_UINT64,
)

LIBRARY = Path(__file__).with_name("_native.so")
BUILD = LIBRARY.with_name("build.py")
REMEDY = f"install the package again, or compile it with 'python {BUILD}'"

VARIANTS = ("scalar", "x86-64", "x86-64-v3")
"""What each loop may be compiled for, by the numbers of `best_variant`."""

LOAD_BYTES = 64
"""Bytes that must be readable after all that is looked at."""

EMPTY = 0xFFFFFFFFFFFFFFFF
"""Stands for "no k-mer" and for a free slot: no k-mer of at most 31 bases has all bits set."""

NATIVE_OK, _BAD_ARGUMENT, _BAD_PANEL, _NO_MEMORY = 0, -1, -2, -3


class DamagedPanelError(ValueError):
    """What a panel file holds cannot be right."""


def _load(path: Path) -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        problem = f"cannot be loaded ({error})" if path.exists() else "is missing"
        raise InstallationError(problem, path=path, remedy=REMEDY) from error
    library.best_variant.restype = c_int64
    return library


BEST_VARIANT = VARIANTS[_load(LIBRARY).best_variant()]
"""The fastest variant that this processor runs."""


class PanelStruct(Structure):
    """What a panel directory stores, as `screen.h` has it."""

    _fields_ = (
        ("k", c_int64),
        ("genes", c_int64),
        ("kmers", c_void_p),
        ("kmer_genes", c_void_p),
        ("kmer_count", c_int64),
        ("text", c_void_p),
        ("text_size", c_int64),
        ("seed_positions", c_void_p),
        ("seed_count", c_int64),
        ("seed_length", c_int64),
    )


class TableStruct(Structure):
    """What reads are looked up in, as `screen.h` has it."""

    _fields_ = (
        ("filter_words", c_void_p),
        ("filter_size", c_int64),
        ("seeds", c_void_p),
        ("seed_slots", c_int64),
        ("keys", c_void_p),
        ("key_slots", c_int64),
        ("text", c_void_p),
        ("text_size", c_int64),
        ("genes", c_int64),
        ("k", c_int64),
        ("seed_length", c_int64),
        ("least_score", c_int64),
        ("mismatch_penalty", c_int64),
    )


class RoomStruct(Structure):
    """Where a block of FASTQ is taken apart, as `fastq.c` has it."""

    _fields_ = (
        ("capacity", c_int64),
        ("starts", c_void_p),
        ("hits", c_void_p),
        ("names", c_void_p),
        ("marks", c_void_p),
        ("lengths", c_void_p),
        ("lengths_size", c_int64),
        ("genes", c_void_p),
        ("genes_size", c_int64),
        ("totals", c_void_p),
        ("records", c_int64),
    )


class ColumnStruct(Structure):
    """The records of one file of a pair, as `fragments.c` has it."""

    _fields_ = (
        ("data", c_void_p),
        ("size", c_int64),
        ("starts", c_void_p),
        ("starts_size", c_int64),
    )


class PlaceTableStruct(Structure):
    """The panel's sequences and where seeds are in them, as `place.h` has it."""

    _fields_ = (
        ("text", c_void_p),
        ("text_size", c_int64),
        ("contigs", c_void_p),
        ("genes", c_void_p),
        ("contig_count", c_int64),
        ("genome", c_void_p),
        ("borders", c_void_p),
        ("slots", c_void_p),
        ("slot_count", c_int64),
        ("next", c_void_p),
        ("foreign", c_void_p),
        ("repeated", c_void_p),
        ("scattered", c_void_p),
    )


class SettleRulesStruct(Structure):
    """How reads are taken apart, trimmed and judged, as `candidates.c` has it."""

    _fields_ = (
        ("limit", c_int64),
        ("margin", c_int64),
        ("shortest", c_int64),
        ("structures", c_int64),
        ("template_start", c_int64 * 2),
        ("template_stop", c_int64 * 2),
        ("least_bases", c_int64 * 2),
        ("overlap", c_int64),
        ("mismatch_rate", c_double),
        ("merge_overlap", c_int64),
        ("adapters", c_char_p * 2),
        ("adapter_sizes", c_int64 * 2),
        ("single_least", c_int64),
        ("pair_least", c_int64),
        ("shared_least", c_int64),
        ("shared_rate", c_double),
    )


class SettleCountsStruct(Structure):
    """What came of a piece of text, as `candidates.c` has it."""

    _fields_ = (
        ("settled", c_int64),
        ("open", c_int64),
        ("used", c_int64),
        ("records", c_int64),
        ("odd", c_int64),
    )


class FragmentsStruct(Structure):
    """The fragments of a sample and where their ends are, as `copies.h` has it."""

    _fields_ = (
        ("settled", c_int64),
        ("others", c_int64),
        ("rows", c_void_p),
        ("text", c_void_p),
        ("text_size", c_int64),
        ("sources", c_void_p),
        ("bases", c_char_p),
        ("bases_size", c_int64),
        ("bounds", c_void_p),
        ("places", c_void_p),
        ("runs", c_void_p),
        ("clear", c_void_p),
        ("umis", c_void_p),
        ("order", c_void_p),
        ("ranks", c_void_p),
    )


class CopyRulesStruct(Structure):
    """When two fragments are copies of one molecule, as `copies.h` has it."""

    _fields_ = (
        ("max_differences", c_int64),
        ("difference_rate", c_double),
        ("end_bases", c_int64),
        ("max_end_differences", c_int64),
        ("max_gapped_end", c_int64),
        ("end_slack", c_int64),
        ("crowd", c_int64),
        ("many_copies", c_int64),
        ("word", c_int64),
        ("words", c_int64),
        ("misread_runs", c_int64),
    )


_SIGNATURES: dict[str, tuple[Any, Sequence[Any]]] = {
    "build_screen_table": (c_int, [POINTER(PanelStruct), POINTER(TableStruct)]),
    "match_reads": (c_int, [BYTES, c_int64, INT64, c_int64, POINTER(TableStruct), WRITTEN_BOOLS]),
    "scan_fastq": (c_int, [c_void_p, c_int64, c_int64, c_int64, POINTER(TableStruct), POINTER(RoomStruct)]),
    "first_out_of_step": (c_int, [UINT64, BYTES, UINT64, BYTES, c_int64, c_int64, c_int, POINTER(c_int64)]),
    "kept_fragments": (c_int64, [c_void_p, c_void_p, c_int64, c_int64, WRITTEN_INT64, c_int64]),
    "fragment_bytes": (c_int64, [POINTER(ColumnStruct), c_int64, c_int64, INT64, c_int64]),
    "write_fragments": (
        c_int64,
        [POINTER(ColumnStruct), c_int64, c_int64, INT64, c_int64, c_int64, WRITTEN_BYTES, c_int64],
    ),
    "mismatches_at": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64]),
    "align_across": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_int64, c_int64, c_void_p]),
    "overlap_insert": (c_int64, [c_char_p, c_int64, c_char_p, c_int64, c_int64, c_double]),
    "merge_mates": (
        c_int,
        [*(c_char_p, c_char_p, c_int64) * 2, c_int64, c_char_p, c_char_p],
    ),
    "canonical_kmers": (c_int64, [c_char_p, c_int64, c_int64, WRITTEN_UINT64, c_int64]),
    "enter_kmers": (c_int64, [UINT64, c_int64, WRITTEN_UINT64, c_int64, WRITTEN_INT64, c_int64]),
    "enter_seeds": (c_int64, [UINT64, c_int64, c_int64, WRITTEN_UINT32, c_int64]),
    "count_places": (
        c_int64,
        [BYTES, c_int64, c_int64, c_int64, UINT64, c_int64, UINT32, c_int64, WRITTEN_INT64, c_int64],
    ),
    "count_called": (c_int64, [BYTES, c_int64, c_int64]),
    "build_place_table": (c_int, [POINTER(PlaceTableStruct)]),
    "settle_fragments": (
        c_int,
        [
            c_char_p,
            c_int64,
            POINTER(PlaceTableStruct),
            POINTER(SettleRulesStruct),
            c_void_p,
            c_void_p,
            c_int64,
            POINTER(SettleCountsStruct),
        ],
    ),
    "join_copies": (
        c_int64,
        [POINTER(FragmentsStruct), POINTER(CopyRulesStruct), c_void_p, c_void_p],
    ),
    "find_alike": (
        c_int64,
        [
            *(BYTES, c_int64, INT64, c_int64, UINT64, INT64, c_int64),
            *(WRITTEN_INT64, c_int64, c_int64, WRITTEN_INT64, c_int64, WRITTEN_INT64),
        ],
    ),
}
"""For each C function what it returns and takes."""


_SHORT = {"mismatches_at", "align_across", "overlap_insert", "merge_mates"}
"""Functions that keep the interpreter's lock: they are over in the time that giving it back takes."""


class _Loops:
    """The C functions of one variant of a library."""

    def __init__(self, path: Path, variant: str) -> None:
        self.choose(path, variant)

    def choose(self, path: Path, variant: str) -> None:
        """Take the functions of a variant from now on."""
        library = _load(path)
        short = ctypes.PyDLL(str(path))
        self.variant = variant
        suffix = variant.replace("-", "_")
        for name, (result, arguments) in _SIGNATURES.items():
            try:
                function = getattr(short if name in _SHORT else library, f"{name}_{suffix}")
            except AttributeError as error:
                raise InstallationError(f"lacks {name} for {variant}", path=path, remedy=REMEDY) from error
            function.restype, function.argtypes = result, list(arguments)
            setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"there is no C function {name}")


LOOPS = _Loops(LIBRARY, BEST_VARIANT)
"""The C functions that run now."""


def use(variant: str, library: Path = LIBRARY) -> None:
    """Choose what runs from now on; for tests.

    Args:
        variant: one of VARIANTS that the library and this processor have.
        library: what `build.py` makes.

    Raises:
        InstallationError: there is no such library, or it was not compiled for the variant.
        ValueError: the processor does not run the variant.
    """
    if variant not in VARIANTS[: VARIANTS.index(BEST_VARIANT) + 1]:
        raise ValueError(f"this processor runs {BEST_VARIANT}, not {variant}")
    LOOPS.choose(library, variant)


def require_ok(code: int) -> int:
    """Turn a negative code of a C function into an exception, and return every other one."""
    if code == _BAD_PANEL:
        raise DamagedPanelError("the panel's k-mers, seeds or text cannot be right")
    if code == _NO_MEMORY:
        raise MemoryError
    if code < 0:
        raise ValueError("a compiled loop was given sizes or numbers out of range")
    return code
