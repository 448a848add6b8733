"""Joins fragments that are copies of one molecule (copies.c); arrays are NumPy's."""

from ctypes import byref
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.native.library import LOOPS, CopyRulesStruct, FragmentsStruct, require_ok
from aspsfusion.native.place import Int32s, Int64s, PlaceTable, Settled

NONE = -1
"""Stands for the place of an end that is not there, and for no homopolymer run."""

TURNED = 2
"""Added to the index of a settled read whose bases are turned."""


class CopyRules(NamedTuple):
    """When two fragments are copies of one molecule, see `evidence.copies` and `evidence.alike`."""

    max_differences: int
    difference_rate: float
    end_bases: int
    max_end_differences: int
    max_gapped_end: int
    end_slack: int
    crowd: int
    many_copies: int
    word: int
    words: int
    misread_runs: bool


class FragmentEnds(NamedTuple):
    """The fragments of a sample, settled ones and after them others, and where their ends are.

    Attributes:
        rows: the settled ones (SETTLED).
        sources: of both ends of each settled one the read, or the read + TURNED (n x 2, uint8).
        bases: of both ends of the others, and what else is compared, one after the other.
        bounds: where in `bases` each of these three begins, and where the last one ends.
        places: of both ends of all, as numbers of strand and position; NONE for a second one that is not
            there (n x 2).
        runs: of the homopolymer runs there, NONE outside of any (n x 2).
        clear: whether each end is clear, and for one that is not there (n x 2).
        umis: what may be the UMI of each, as a number (int32).
        numbers: of all in the sample.
        qualities: sum of the base qualities of each (int32).
    """

    rows: Settled
    sources: npt.NDArray[np.uint8]
    bases: bytes
    bounds: Int64s
    places: Int64s
    runs: Int64s
    clear: npt.NDArray[np.bool_]
    umis: Int32s
    numbers: Int64s
    qualities: Int32s


def join_copies(ends: FragmentEnds, table: PlaceTable, rules: CopyRules) -> tuple[Int32s, Int32s]:
    """Return for each molecule its best fragment, as an index, and how many it has.

    The best one shows both ends, then is of best base quality, then of lowest number.

    Args:
        ends: the fragments.
        table: of the panel.
        rules: of the sample.
    """
    total = ends.numbers.size
    order = np.lexsort((ends.numbers, ends.umis, ends.places[:, 1], ends.places[:, 0])).astype(np.int32)
    ranks = np.empty(total, np.int32)
    ranks[np.lexsort((ends.numbers, -ends.qualities, ends.places[:, 1] == NONE))] = np.arange(total)
    best, copies = np.empty((2, total), np.int32)
    columns = ends.rows, ends.sources, ends.bounds, ends.places, ends.runs, ends.clear, ends.umis
    rows, sources, bounds, places, runs, clear, umis = (np.ascontiguousarray(each) for each in columns)
    fragments = FragmentsStruct(
        ends.rows.size,
        total - ends.rows.size,
        rows.ctypes.data,
        table.text.ctypes.data,
        table.text.size,
        sources.ctypes.data,
        ends.bases,
        len(ends.bases),
        bounds.ctypes.data,
        places.ctypes.data,
        runs.ctypes.data,
        clear.ctypes.data,
        umis.ctypes.data,
        order.ctypes.data,
        ranks.ctypes.data,
    )
    count = require_ok(
        LOOPS.join_copies(
            byref(fragments), byref(CopyRulesStruct(*rules)), best.ctypes.data, copies.ctypes.data
        )
    )
    return best[:count], copies[:count]
