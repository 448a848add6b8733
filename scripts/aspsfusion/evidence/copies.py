"""Joins fragments that are copies of one molecule, by their ends, their bases and their UMIs.

Errors move the ends of copies and change their UMIs; in doubt fragments are copies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from aspsfusion.evidence.alike import END_BASES, MAX_END_DIFFERENCES, alike
from aspsfusion.evidence.ends import END_SLACK, End, Place, Shown
from aspsfusion.evidence.umis import SCANNED, UmiPieces, cluster_umis, near_umis
from aspsfusion.native import mismatches_at

CROWD = 50
"""Molecules that a fragment is compared with at most. What is left at so crowded a place counts as one."""

MANY_COPIES = 4
"""Copies for each one that errors gave another place."""

WORD, WORDS = 10, 3
"""Bases of a piece, and pieces at a read's beginning, one of which a copy that went astray has in common with
the others."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Copies(Generic[Item]):
    """Fragments of one molecule, by the best of them.

    Attributes:
        rank: of the best fragment, no two alike; the lowest is the best.
        item: the best fragment.
        umis: with which the fragments were read; an empty one where they are not looked at. A copy whose
            place an error moved may be near a few of them only, see `umis.near`.
        shown: by the best fragment.
    """

    rank: tuple[Any, ...]
    item: Item
    umis: tuple[str, ...]
    shown: Shown
    count: int

    @property
    def clear(self) -> bool:
        """Whether all ends are clear."""
        return all(end.clear for end in self.shown.ends)

    def joined(self, other: "Copies[Item]") -> "Copies[Item]":
        """Return the copies of both."""
        best = self if self.rank < other.rank else other
        return replace(best, count=self.count + other.count, umis=_united(self.umis, other.umis))


def join_copies(copies: Iterable[Copies[Item]], *, have_umis: bool, misread_runs: bool) -> list[Copies[Item]]:
    """Join the copies of each molecule.

    Args:
        copies: fragments, or fragments that are known to be copies of one another.
        have_umis: whether UMIs distinguish molecules; else they are not looked at.
        misread_runs: whether the beginnings of two reads in one homopolymer run cannot be distinguished.

    Returns:
        One for each molecule.
    """
    by_place: dict[tuple[Place, ...], list[Copies[Item]]] = {}
    for each in copies:
        by_place.setdefault(place_of(each.shown), []).append(each)
    joined: list[Copies[Item]] = []
    for there in by_place.values():
        if len(there) == 1:
            joined.append(there[0] if have_umis else replace(there[0], umis=_NO_UMI))
            continue
        chosen: dict[str, str] = {}
        if have_umis:
            chosen = cluster_umis(umi for each in there for umi in each.umis for _ in range(each.count))
        kept: dict[str, list[Copies[Item]]] = {}
        for each in sorted(there, key=lambda each: each.rank):
            umi = chosen.get(each.umis[0], "")
            umis = _united((umi,), each.umis) if have_umis else _NO_UMI
            add_copies(kept.setdefault(umi, []), replace(each, umis=umis))
        joined += [each for held in kept.values() for each in held]
    neighbours = _Neighbours(joined, have_umis=have_umis, misread_runs=misread_runs)
    return _join_strays(neighbours.join())


def _join_strays(copies: list[Copies[Item]]) -> list[Copies[Item]]:
    """Join copies that errors made fit another place better, such as the next unit of a repeat.

    They are few among many, and have the bases of the others.
    """
    by_words: dict[tuple[str, int, str], list[int]] = {}
    for number, each in enumerate(copies):
        if each.count >= MANY_COPIES:
            for word in _words(each):
                by_words.setdefault(word, []).append(number)
    if not by_words:
        return copies
    joined = list(copies)
    strays = set()
    for number, each in enumerate(copies):
        near = dict.fromkeys(other for word in _words(each) for other in by_words.get(word, ())[:CROWD])
        for other in near:
            main = copies[other]
            if main.count >= MANY_COPIES * each.count and _same_reads(main.shown, each.shown):
                joined[other] = joined[other].joined(each)
                strays.add(number)
                break
    return [each for number, each in enumerate(joined) if number not in strays]


def _words(copies: Copies[Item]) -> list[tuple[str, int, str]]:
    """Return each UMI with the first bases of each read, and with the next ones, as there may be errors."""
    return [
        (umi, start, word)
        for umi in copies.umis
        for end in copies.shown.ends
        for start in range(0, WORDS * WORD, WORD)
        if len(word := end.bases[start : start + WORD]) == WORD
    ]


def _same_reads(one: Shown, other: Shown) -> bool:
    if len(one.ends) != len(other.ends):
        return False
    return any(
        all(_same_read(*pair) for pair in zip(one.ends, ends, strict=True))
        for ends in (other.ends, other.ends[::-1])
    )


def _same_read(one: End, other: End) -> bool:
    if one[:2] == other[:2] and 0 < abs(one.position - other.position) <= END_SLACK:
        return False  # it is where it belongs: another molecule that begins beside the first one
    first = mismatches_at(
        one.bases[:END_BASES].encode("ascii"), other.bases.encode("ascii"), 0, MAX_END_DIFFERENCES
    )
    return first <= MAX_END_DIFFERENCES and alike(one.bases, other.bases)


class _Neighbours(Generic[Item]):
    """Joins copies whose ends are not at exactly the same places.

    An end may be off by some bases where it is unclear, or under one UMI; it may be anywhere in a homopolymer
    run that is misread, often or in a few of many copies. And a fragment that shows one end of a molecule
    alone is a copy of one that shows both.
    """

    def __init__(self, copies: list[Copies[Item]], *, have_umis: bool, misread_runs: bool) -> None:
        self._waiting = sorted(
            copies, key=lambda each: (not each.clear, len(each.shown.ends) == 1, -each.count, each.rank)
        )
        self._have_umis = have_umis
        self._misread_runs = misread_runs
        self._mixed = len({len(each.shown.ends) for each in copies}) > 1
        self._kept: list[Copies[Item]] = []
        # Only places that others look at: most ends of a deep sample are clear.
        self._index: dict[Place, dict[str, list[int]]] = {
            place: {} for each in copies for place in self._places(each)
        }
        self._pieces: dict[Place, UmiPieces] = {}  # of crowded places

    def join(self) -> list[Copies[Item]]:
        for each in self._waiting:
            number = self._find(each)
            if number is None:
                self._note(each, len(self._kept), each.umis)
                self._kept.append(each)
            else:
                kept = self._kept[number]
                self._note(kept, number, [umi for umi in each.umis if umi not in kept.umis])
                self._kept[number] = kept.joined(each)
        return self._kept

    def _note(self, kept: Copies[Item], number: int, umis: Iterable[str]) -> None:
        """Make a kept molecule known by UMIs at its places."""
        may_be_misread = self._misread_runs or kept.count >= MANY_COPIES
        for place in {
            place for end in kept.shown.ends for place in (end.places if may_be_misread else (end.place,))
        }:
            if place in self._index:
                there, pieces = self._index[place], self._pieces.get(place)
                for umi in umis:
                    if pieces and umi not in there:
                        pieces.add(umi)
                    there.setdefault(umi, []).append(number)
                if pieces is None and len(there) > SCANNED:
                    self._pieces[place] = UmiPieces(there)

    def _find(self, new: Copies[Item]) -> int | None:
        """Return the number of the kept molecule that fragments are copies of."""
        compared: set[int] = set()
        for place in self._places(new):
            there = self._index[place]
            pieces = self._pieces.get(place)
            for near in (near for umi in new.umis for near in near_umis(umi, there, pieces)):
                for number in there[near][:CROWD]:
                    if number in compared or len(compared) > CROWD:
                        continue
                    compared.add(number)
                    if self._are_copies(self._kept[number], new):
                        return number
        return None

    def _places(self, new: Copies[Item]) -> Iterator[Place]:
        """Yield the places at which the ends of other copies may be, the nearest first."""
        alone = len(new.shown.ends) == 1 and self._mixed
        clear = new.clear
        # Copies that show both ends have both near: one of them will do to find them.
        for end in new.shown.ends if self._mixed else new.shown.ends[:1]:
            if self._have_umis or not end.clear:
                for shift in _SHIFTS:
                    yield end.contig, end.antisense, end.position + shift
            elif alone or not clear or any(each.run is not None for each in new.shown.ends):
                yield end.place
            if end.run is not None:
                yield end.contig, end.antisense, end.run

    def _are_copies(self, kept: Copies[Item], new: Copies[Item]) -> bool:
        one, other = kept.shown, new.shown
        in_runs = self._misread_runs or kept.count >= MANY_COPIES * new.count
        if len(one.ends) == len(other.ends):
            pairs, rest = zip(one.ends, other.ends, strict=True), (one.rest, other.rest)
        else:
            fewer, more = (one, other) if len(one.ends) < len(other.ends) else (other, one)
            own = fewer.ends[0]
            near = [end for end in more.ends if self._near(own, end, in_runs=in_runs)]
            if len(fewer.ends) != 1 or not near:
                return False
            pairs = zip((own,), near[:1], strict=True)
            rest = (fewer.rest, next(end for end in more.ends if end is not near[0]).bases)
        slack = END_SLACK if self._have_umis else 0
        close = []
        # Places first, which rarely are near: what is compared with most are neighbours in a crowd.
        for a, b in pairs:
            if not self._near(a, b, in_runs=in_runs):
                return False
            close.append((a.bases, b.bases))
        return all(alike(a, b, slack=slack) for a, b in close) and alike(*rest)

    def _near(self, one: End, other: End, *, in_runs: bool) -> bool:
        if one.contig != other.contig or one.antisense != other.antisense:
            return False
        if in_runs and one.run is not None and one.run == other.run:
            return True
        slack = END_SLACK if self._have_umis or not (one.clear and other.clear) else 0
        return abs(one.position - other.position) <= slack


_NO_UMI = ("",)


def _united(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Return the UMIs of both; an unknown one says nothing beside others."""
    return one if one == other else tuple(filter(None, dict.fromkeys(one + other)))


_SHIFTS = sorted(range(-END_SLACK, END_SLACK + 1), key=abs)


def place_of(shown: Shown) -> tuple[Place, ...]:
    """Return where the ends of a fragment are."""
    return tuple(end.place for end in shown.ends)


def add_copies(kept: list[Copies[Item]], new: Copies[Item]) -> None:
    """Add copies to those of the same molecule in a list, in place, or at its end when there are none."""
    for number, held in enumerate(kept):
        if number == CROWD or _same_bases(held.shown, new.shown):
            kept[number] = held.joined(new)
            return
    kept.append(new)


def _same_bases(one: Shown, other: Shown) -> bool:
    """Tell whether reads with equal ends show the same molecule.

    Where a wild-type molecule and one of a fusion begin at the same place, an aligner gives them the same
    coordinates, the foreign part of the second being clipped; their bases tell them apart. Copies differ by
    errors of sequencing only, which do not gather at a read's end as foreign bases do.
    """
    return all(alike(a.bases, b.bases) for a, b in zip(one.ends, other.ends, strict=True)) and alike(
        one.rest, other.rest
    )
