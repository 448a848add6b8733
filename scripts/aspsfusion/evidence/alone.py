"""Finds the settled molecules that no other fragment can be a copy of: joining copies leaves them out.

Whether two fragments are copies is decided in `copies`, one by one. Of a deep sample most molecules are far
from all others: both of their ends would have to be near those of another one, exactly or, where an end is
unclear or in a homopolymer run, nearly. Here it is found for all at once which molecules may meet others, in
doubt too many. Fragments of one place on one contig, with an edit at most in each read, or two that are not
near each other, are always alike.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence.alike import END_BASES
from aspsfusion.evidence.copies import CROWD, MANY_COPIES, WORD, WORDS, Copies
from aspsfusion.evidence.ends import END_SLACK, Shown
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.settled import Bools, Int64s, PanelText, ReadEnds, either, read_ends
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.place import MERGED, Settled

NONE = -1
"""Stands for the place of an end that is not there, and for no homopolymer run."""

_STRAND_SHIFT, _ORIGIN = 40, 1 << 32
"""A place is one number: chromosome and strand above so many bits, and below them its position, which may be
somewhat below 0, counted from an origin."""

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)

_LETTERS = "ACGTN"
_COMPLEMENT = np.zeros(256, np.uint8)
_COMPLEMENT[np.frombuffer(_LETTERS.encode(), np.uint8)] = np.frombuffer(
    reverse_complement(_LETTERS)[::-1].encode(), np.uint8
)
_DIGITS = np.zeros(256, np.int64)
_DIGITS[np.frombuffer(_LETTERS.encode(), np.uint8)] = np.arange(len(_LETTERS))
_WORD_VALUES = len(_LETTERS) ** np.arange(WORD)


class _Known(NamedTuple):
    """What is known of the ends of molecules, one row each, an end in each column.

    Attributes:
        place: where it is, NONE where a molecule has one end only (n x 2).
        run: the first place of its homopolymer run, NONE where it is in none.
        clear: whether it is clear.
    """

    place: Int64s
    run: Int64s
    clear: Bools

    @property
    def looking(self) -> Bools:
        """Whether copies of a molecule may be at other places, or be found by one of its ends."""
        looking: Bools = either(~self.clear) | either(self.run >= 0) | (self.place[:, 1] == NONE)
        return looking


class AloneMolecules:
    """The settled molecules of a sample without UMIs, and which of them are alone.

    Args:
        text: the panel's.
        rows: settled fragments, which show both ends all of them, or one all of them.
        others: what all other fragments show.
        misread_runs: see `copies.join_copies`.

    Attributes:
        mixed: whether some fragments show one end and others both.
    """

    def __init__(
        self, text: PanelText, rows: Settled, others: Sequence[Shown], *, misread_runs: bool
    ) -> None:
        self._text, self._rows = text, rows
        ends = _ends_of(text, rows)
        members = _known(ends)
        contigs = [np.where(end.at < 0, NONE, text.table.contigs[end.at]) for end in ends]
        self._group, first, counts = _numbered(
            [members.place[:, end] * len(text.names) + contigs[end] for end in range(BOTH_ENDS)]
        )
        # The best of each: of highest quality, then of lowest number, as they are in that order.
        order = np.lexsort((-rows["quality"], self._group))
        self._best: Int64s = order[np.r_[0, np.cumsum(counts)[:-1]]]
        self._ends = ends
        known = _Known(members.place[first], members.run[first], np.ones((counts.size, BOTH_ENDS), np.bool_))
        for end in range(BOTH_ENDS):
            np.logical_and.at(known.clear[:, end], self._group, members.clear[:, end])
        slow = _known_of(text, others)
        every = _Known(*(np.concatenate(both) for both in zip(known, slow, strict=True)))
        one_ended = every.place[:, 1] == NONE
        self.mixed = bool(one_ended.any() and not one_ended.all())
        same = _sharing(every.place[:, 0], every.place[:, 1])
        meeting = same | _meeting(every)
        if self.mixed:
            meeting |= _beside(every, one_ended)
        # Those that are known by the beginnings of their runs as well.
        in_runs = same | misread_runs
        in_runs[: counts.size] |= counts >= MANY_COPIES
        meeting |= _crowded(every, meeting, in_runs, mixed=self.mixed)
        # Copies with two edits each in ten bases may not be alike.
        unlike = np.zeros(counts.size, np.bool_)
        unlike[self._group[either((rows["second"] >= 0) & (rows["second"] - rows["edit"] < END_BASES))]] = (
            True
        )
        self._alone: Bools = ~meeting[: counts.size] & (counts < MANY_COPIES) & ~(unlike & (counts > 1))

    @property
    def to_join(self) -> Settled:
        """The fragments that are not of molecules that are alone, in their order."""
        return self._rows[~self._alone[self._group]]

    @property
    def numbers(self) -> Int64s:
        """The numbers of the best fragments of the molecules that are alone."""
        numbers: Int64s = self._rows["number"][self._best[self._alone]]
        return numbers

    def give_up(self, joined: Iterable[Copies[int]]) -> bool:
        """Take those for not alone that may be strays of a molecule with many copies; return whether any are.

        Args:
            joined: those that are not alone.
        """
        words = {
            _word_number(start, word)
            for copies in joined
            if copies.count >= MANY_COPIES
            for end in copies.shown.ends
            for start in range(0, WORDS * WORD, WORD)
            if len(word := end.bases[start : start + WORD]) == WORD and not word.strip(_LETTERS)
        }
        if not words:
            return False
        alone = np.flatnonzero(self._alone)
        best = self._best[alone]
        shared = np.zeros(alone.size, np.bool_)
        known = np.array(sorted(words))
        for end in self._ends:
            own = _words_at(self._text, end.taken(best))
            shared |= np.isin(own, known).any(axis=1) & (end.at[best] >= 0)
        self._alone[alone[shared]] = False
        return bool(shared.any())


def _ends_of(text: PanelText, rows: Settled) -> tuple[ReadEnds, ReadEnds]:
    """Return both ends of settled fragments, the lower place first; an end that is not there is at -1."""
    merged = (rows["flags"] & MERGED) != 0
    there = merged | (rows["reads"] == BOTH_ENDS)
    one = read_ends(text, rows, 0)
    mates, ends = read_ends(text, rows, 1), read_ends(text, rows, 0, other=True)
    other = mates.or_else(merged, ends)
    other = other._replace(at=np.where(there, other.at, NONE))
    swapped = there & (_places(other) < _places(one))
    return one.or_else(swapped, other), other.or_else(swapped, one)


def _places(ends: ReadEnds) -> Int64s:
    strand = ends.chromosome.astype(np.int64) * 2 + ends.antisense
    return np.where(ends.at < 0, NONE, (strand << _STRAND_SHIFT) + _ORIGIN + ends.position)


def _known(ends: tuple[ReadEnds, ReadEnds]) -> _Known:
    places = np.stack([_places(end) for end in ends], axis=1)
    runs = np.stack(
        [np.where(end.run < 0, NONE, _places(end._replace(position=end.run))) for end in ends], axis=1
    )
    there = places >= 0
    return _Known(places, np.where(there, runs, NONE), np.stack([end.clear for end in ends], axis=1) | ~there)


def _known_of(text: PanelText, others: Sequence[Shown]) -> _Known:
    """Return the same for fragments that were aligned; places off the panel belong to no other fragment."""
    numbers = {name: number for number, name in enumerate(text.chromosomes)}
    known = _Known(
        np.full((len(others), BOTH_ENDS), NONE, np.int64),
        np.full((len(others), BOTH_ENDS), NONE, np.int64),
        np.ones((len(others), BOTH_ENDS), np.bool_),
    )
    nowhere = len(numbers)
    for row, shown in enumerate(others):
        for column, end in enumerate(shown.ends):
            chromosome = numbers.get(end.contig, nowhere + row)
            strand = (chromosome * 2 + end.antisense << _STRAND_SHIFT) + _ORIGIN
            known.place[row, column] = strand + end.position
            known.run[row, column] = NONE if end.run is None else strand + end.run
            known.clear[row, column] = end.clear
    return known


def _numbered(columns: Sequence[Int64s]) -> tuple[Int64s, Int64s, Int64s]:
    """Return the group of each row with equal columns, the first row of each group, and their sizes."""
    inverses = [np.unique(column, return_inverse=True)[1].astype(np.int64) for column in columns]
    keys = inverses[0] * (int(inverses[1].max(initial=0)) + 1) + inverses[1]
    _, first, group, counts = np.unique(keys, return_index=True, return_inverse=True, return_counts=True)
    return group.astype(np.int64), first, counts


def _meeting(every: _Known) -> Bools:
    """Tell which molecules have both ends near those of another one, in a run or beside an unclear end."""
    runs = np.where(every.run >= 0, every.run, every.place)
    meeting = _sharing(runs[:, 0], runs[:, 1])
    unclear = np.flatnonzero(either(~every.clear))
    near = ((runs, (0,)), (every.place, range(-END_SLACK, END_SLACK + 1)))
    for (first, shifts), (second, others) in product(near, repeat=BOTH_ENDS):
        keys = _keys(first[:, 0], second[:, 1])
        order = np.argsort(keys)
        ordered = keys[order]
        changes = np.zeros(keys.size + 1, np.int64)
        for shift, other in product(shifts, others):
            wanted = _keys(first[unclear, 0] + shift, second[unclear, 1] + other)
            begin, end = np.searchsorted(ordered, wanted), np.searchsorted(ordered, wanted, "right")
            itself = shift == other == 0
            found = end - begin > itself
            meeting[unclear[found]] = True
            np.add.at(changes, begin[found], 1)
            np.add.at(changes, end[found], -1)
        meeting[order[np.cumsum(changes[:-1]) > 0]] = True
    return meeting


def _keys(one: Int64s, other: Int64s) -> npt.NDArray[np.uint64]:
    """Return a number for each two numbers; different ones have the same one hardly ever."""
    keys = one.astype(np.uint64) * _MULTIPLIER + other.astype(np.uint64)
    keys ^= keys >> np.uint64(29)
    keys *= _MULTIPLIER
    return keys


def _sharing(one: Int64s, other: Int64s) -> Bools:
    """Tell which rows have the same two numbers as another row."""
    _, index, counts = np.unique(_keys(one, other), return_inverse=True, return_counts=True)
    shared: Bools = counts[index] > 1
    return shared


def _beside(every: _Known, one_ended: Bools) -> Bools:
    """Tell which molecules have an end near that of one of which one end is known."""
    alone = every.place[one_ended, 0]
    beside: Bools = one_ended.copy()
    runs = every.run[one_ended, 0]
    for end in range(BOTH_ENDS):
        beside |= _within(every.place[:, end], np.sort(alone)) & (every.place[:, end] >= 0)
        beside |= np.isin(every.run[:, end], runs[runs >= 0])
    return beside


def _within(places: Int64s, centres: Int64s) -> Bools:
    """Tell which places are within END_SLACK of a centre; these are sorted."""
    within: Bools = np.searchsorted(centres, places + END_SLACK, "right") > np.searchsorted(
        centres, places - END_SLACK
    )
    return within


def _crowded(every: _Known, meeting: Bools, in_runs: Bools, *, mixed: bool) -> Bools:
    """Tell which molecules are where others look for copies and find more than they compare with.

    Those that meet no other one find no copy, with however many they are compared. Where they look is as in
    `copies._Neighbours`: at the first end where all show both, else at each; near an unclear end, exactly at
    a clear one, and at the beginning of its homopolymer run.
    """
    known = np.concatenate([every.place, np.where(in_runs[:, None], every.run, NONE)], axis=1)
    noted = np.sort(known[known >= 0])
    looking = every.looking & meeting
    places, runs, clear = (column[looking, : BOTH_ENDS if mixed else 1] for column in every)
    slack = np.where(clear, 0, END_SLACK)
    seen = np.searchsorted(noted, places + slack, "right") - np.searchsorted(noted, places - slack)
    seen += np.searchsorted(noted, runs, "right") - np.searchsorted(noted, runs)
    too_many = np.where(places >= 0, seen, 0).sum(axis=1) > CROWD
    places, runs, slack = places[too_many], runs[too_many], slack[too_many]
    centres, at = np.sort(places[slack > 0]), np.concatenate([places[slack == 0], runs[runs >= 0]])
    crowded = np.zeros(looking.size, np.bool_)
    for there in known.T:
        crowded |= (there >= 0) & (_within(there, centres) | np.isin(there, at))
    return crowded


def _words_at(text: PanelText, ends: ReadEnds) -> Int64s:
    """Return the first words of reads as numbers, see `_word_number` (n x WORDS)."""
    offsets = np.arange(WORDS * WORD)
    step = np.where(ends.rightmost, -1, 1)
    letters = text.table.text[np.maximum(ends.at[:, None] + step[:, None] * offsets, 0)]
    for edit, base in ((ends.edit, ends.base), (ends.second, ends.second_base)):
        edited = np.flatnonzero((edit >= 0) & (edit < offsets.size))
        letters[edited, edit[edited]] = base[edited]
    letters[ends.rightmost] = _COMPLEMENT[letters[ends.rightmost]]
    words = _DIGITS[letters].reshape(-1, WORDS, WORD) @ _WORD_VALUES
    numbers: Int64s = words * WORDS + np.arange(WORDS)
    return numbers


def _word_number(start: int, word: str) -> int:
    """Return a number that stands for a word and where in a read it is."""
    digits = (_LETTERS.index(letter) * int(value) for letter, value in zip(word, _WORD_VALUES, strict=True))
    return sum(digits) * WORDS + start // WORD
