"""Joins the copies among the fragments of a sample without UMIs, most of which are settled.

It is what `copies` does for fragments one by one, in a compiled loop (native/copies.c).
"""

from collections.abc import Collection, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence import copies
from aspsfusion.evidence.alike import (
    END_BASES,
    MAX_DIFFERENCE_RATE,
    MAX_DIFFERENCES,
    MAX_END_DIFFERENCES,
    MAX_GAPPED_END,
)
from aspsfusion.evidence.copies import Copies
from aspsfusion.evidence.ends import END_SLACK, Place, Shown
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.settled import Bools, Int64s, PanelText, ReadEnds, read_ends
from aspsfusion.native.copies import NONE, TURNED, CopyRules, FragmentEnds, join_copies
from aspsfusion.native.place import MERGED, Int32s, Settled

AT_ONCE = 1 << 16
"""Settled fragments whose ends are found at once: few enough for the memory that it takes."""

_STRAND_SHIFT, _ORIGIN = 40, 1 << 32
"""A place is one number: chromosome and strand above so many bits, and below them its position, which may be
somewhat below 0, counted from an origin."""


class _Known(NamedTuple):
    """What is known of the ends of fragments, see `FragmentEnds`."""

    places: Int64s
    runs: Int64s
    clear: Bools
    sources: npt.NDArray[np.uint8]

    @classmethod
    def of(cls, count: int) -> "_Known":
        """Return room for so many fragments, of which nothing is known."""
        shape = count, BOTH_ENDS
        return cls(
            np.full(shape, NONE, np.int64),
            np.full(shape, NONE, np.int64),
            np.ones(shape, np.bool_),
            np.zeros(shape, np.uint8),
        )

    def put(self, first: int, some: "_Known") -> None:
        """Take in what is known of some fragments from an index on."""
        chosen = slice(first, first + len(some.places))
        self.places[chosen], self.runs[chosen] = some.places, some.runs
        self.clear[chosen], self.sources[chosen] = some.clear, some.sources


def joined_molecules(
    text: PanelText,
    rows: Settled,
    umis: Sequence[tuple[int, str]],
    others: Sequence[Copies[int]],
    primed: Collection[Place],
    *,
    misread_runs: bool,
) -> tuple[Int64s, Int32s]:
    """Return the number of each molecule's best fragment, and its copies.

    Args:
        text: the panel's.
        rows: settled fragments, by number.
        umis: number and what may be the UMI of those that may have one.
        others: all other fragments.
        primed: places at which reads from a primer begin.
        misread_runs: see `copies.join_copies`.
    """
    every = _Known.of(rows.size + len(others))
    for first in range(0, rows.size, AT_ONCE):
        some = rows[first : first + AT_ONCE]
        every.put(first, _of_settled(text, some, primed))
    every.put(rows.size, _of_others(text, [each.shown for each in others]))
    pieces = [piece for each in others for piece in _pieces(each.shown)]
    numbers = np.concatenate([rows["number"], np.array([each.item for each in others], np.int64)])
    ends = FragmentEnds(
        rows,
        every.sources,
        "".join(pieces).encode("ascii"),
        np.array([0, *accumulate(map(len, pieces))], np.int64),
        every.places,
        every.runs,
        every.clear,
        _numbered(rows, umis, others),
        numbers,
        np.concatenate([rows["quality"], np.array([-each.rank[1] for each in others], np.int32)]),
    )
    rules = CopyRules(
        MAX_DIFFERENCES,
        MAX_DIFFERENCE_RATE,
        END_BASES,
        MAX_END_DIFFERENCES,
        MAX_GAPPED_END,
        END_SLACK,
        copies.CROWD,
        copies.MANY_COPIES,
        copies.WORD,
        copies.WORDS,
        misread_runs,
    )
    best, count = join_copies(ends, text.table, rules)
    return numbers[best], count


def _pieces(shown: Shown) -> tuple[str, str, str]:
    """Return the bases of both ends, the second empty where it is not there, and the rest."""
    bases = [end.bases for end in shown.ends]
    return bases[0], bases[1] if len(bases) == BOTH_ENDS else "", shown.rest


def _numbered(rows: Settled, umis: Sequence[tuple[int, str]], others: Sequence[Copies[int]]) -> Int32s:
    """Return a number for what may be the UMI of each fragment."""
    known = {"": 0}
    found = np.zeros(rows.size + len(others), np.int32)
    places = np.searchsorted(rows["number"], [number for number, _ in umis]).tolist()
    of_settled = zip(places, (umi for _, umi in umis), strict=True)
    of_others = enumerate((each.umis[0] for each in others), start=rows.size)
    for index, umi in (*of_settled, *of_others):
        found[index] = known.setdefault(umi, len(known))
    return found


def _of_settled(text: PanelText, rows: Settled, primed: Collection[Place]) -> _Known:
    """Return both ends of settled fragments, the lower place first."""
    merged = (rows["flags"] & MERGED) != 0
    pair = rows["reads"] == BOTH_ENDS
    ends = (
        read_ends(text, rows, 0),
        read_ends(text, rows, 1).or_else(merged, read_ends(text, rows, 0, other=True)),
    )
    places = np.stack([_places(each, each.position) for each in ends], axis=1)
    runs = np.stack([np.where(each.run < 0, NONE, _places(each, each.run)) for each in ends], axis=1)
    clear = np.stack([each.clear for each in ends], axis=1)
    sources = np.stack([each.rightmost for each in ends], axis=1) * np.uint8(TURNED)
    sources[:, 1] += ~merged
    there = np.stack([np.ones(rows.size, np.bool_), merged | pair], axis=1)
    if primed:
        numbers = {name: number for number, name in enumerate(text.chromosomes)}
        known = [_place(numbers[name], antisense, position) for name, antisense, position in primed]
        at_primer = np.isin(places, known)
        # The one of two ends that is at a primer, where the other one is not.
        there &= ~(at_primer & ~at_primer[:, ::-1] & there[:, 1:])
    places[~there] = NONE
    runs[~there] = NONE
    clear |= ~there
    swapped = ~there[:, 0] | (there[:, 1] & (places[:, 1] < places[:, 0]))
    columns = places, runs, clear, sources
    for column in columns:
        column[swapped] = column[swapped, ::-1]
    return _Known(*columns)


def _place(chromosome: int, antisense: bool, position: int) -> int:
    return (chromosome * 2 + antisense << _STRAND_SHIFT) + _ORIGIN + position


def _places(ends: ReadEnds, position: Int64s) -> Int64s:
    strand = ends.chromosome.astype(np.int64) * 2 + ends.antisense
    places: Int64s = (strand << _STRAND_SHIFT) + _ORIGIN + position
    return places


def _of_others(text: PanelText, others: Sequence[Shown]) -> _Known:
    """Return the ends of fragments that were aligned, some to no sequence of the panel."""
    numbers = {name: number for number, name in enumerate(text.chromosomes)}
    known = _Known.of(len(others))
    for row, shown in enumerate(others):
        for column, end in enumerate(shown.ends):
            chromosome = numbers.setdefault(end.contig, len(numbers))
            known.places[row, column] = _place(chromosome, end.antisense, end.position)
            if end.run is not None:
                known.runs[row, column] = _place(chromosome, end.antisense, end.run)
            known.clear[row, column] = end.clear
    return known
