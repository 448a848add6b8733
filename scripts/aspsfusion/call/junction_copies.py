"""Finds the molecules of a junction that prove to be copies of one: their places on the junction show it.

- Some programs trim reads at the 5' end by quality. Such a copy begins some bases further in and is as many
  bases shorter, so that it ends where the others do. The read of another molecule that begins there is as
  long as theirs and ends further on. Under one UMI it is enough that the ends are near.
- A single read shows where its molecule begins. One of which an adapter was cut off, and which is shorter
  than others for that, shows the whole molecule, and its two strands are one.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from aspsfusion.call.support import Support
from aspsfusion.evidence.copies import Copies
from aspsfusion.evidence.ends import End, Shown
from aspsfusion.evidence.fixed_ends import MOST_CUT
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment
from aspsfusion.evidence.umis import SCANNED, UmiPieces, near_umis, size_of

MIN_SHARE = 0.25
"""Share of a junction's fragments, copies counted, from which some are taken to be copies of one molecule: of
many molecules some end at one place by chance. Of merged mates half of it will do: each strand of a molecule
is cut at its own end."""

SURE_UMI = 8
"""Bases of the shortest UMI that shows by itself that fragments with near ends are copies: 1 in 2,600 pairs
of such UMIs are within one mismatch."""

MIN_VALUES = 100
"""Different UMIs of a sample from which that holds: of a few values, such as 96 indices, many molecules
have the same."""

_Places = tuple[tuple[bool, int], ...]


def copies_of_one(molecules: Sequence[Copies[Support]], read_length: int, umi_values: int) -> list[list[int]]:
    """Return groups of molecules of one junction that are one, by their indices.

    Args:
        molecules: each by its best fragment.
        read_length: see `uncut_length`.
        umi_values: different UMIs of the sample; 0 where none distinguish molecules.

    Returns:
        Each index once, in a group of its own where no others are copies; within a group in order.
    """
    parents = list(range(len(molecules)))

    def first_of(index: int) -> int:
        while parents[index] != index:
            index = parents[index]
        return index

    same: Iterable[list[int]] = ()
    if not umi_values:
        same = chain(_cut(molecules), _whole(molecules, read_length))
    elif umi_values >= MIN_VALUES:
        same = _of_one_umi(molecules)
    for group in same:
        for index in group[1:]:
            one, other = sorted((first_of(group[0]), first_of(index)))
            parents[other] = one
    groups: dict[int, list[int]] = {}
    for index in range(len(molecules)):
        groups.setdefault(first_of(index), []).append(index)
    return list(groups.values())


def _cut(molecules: Sequence[Copies[Support]]) -> Iterator[list[int]]:
    """Yield molecules whose reads end at the same places, so many that it is no chance.

    Where reads that end at one place begin further apart than may be cut, something else makes them end
    there: a primer.
    """
    by_end: dict[tuple[bool, _Places], list[tuple[int, tuple[int, ...]]]] = {}
    for index, each in enumerate(molecules):
        for ends, begins in _ends_and_begins(each.item):
            by_end.setdefault((each.item.fragment.merged, ends), []).append((index, begins))
    total = sum(each.count for each in molecules)
    for (merged, _), same in by_end.items():
        group = [index for index, _ in same]
        fragments = sum(molecules[index].count for index in group)
        begins_of_each = zip(*(begins for _, begins in same), strict=True)
        near = all(max(places) - min(places) <= MOST_CUT for places in begins_of_each)
        if near and fragments >= (MIN_SHARE / 2 if merged else MIN_SHARE) * total:
            yield group


def _ends_and_begins(support: Support) -> Iterator[tuple[_Places, tuple[int, ...]]]:
    """Yield strand and place of the last base of each read, and where each begins; none if one has no place.

    The order of the mates does not matter. Of merged ones either end may be cut.
    """
    reads = sorted((read for read in support.reads if read), key=lambda read: read.reverse)
    if len(reads) < len(support.reads):
        return
    if support.fragment.merged:
        (read,) = reads
        yield ((False, read.end),), (read.start,)
        yield ((True, read.start),), (read.end,)
    else:
        yield (
            tuple((read.reverse, read.start if read.reverse else read.end) for read in reads),
            tuple(read.end if read.reverse else read.start for read in reads),
        )


def uncut_length(fragments: Iterable[Fragment]) -> int:
    """Return the bases of single reads of which nothing was cut off, the longest ones of a sample.

    Reads of one molecule and no others may be the longest by chance: then all were cut, and one more is
    returned.
    """
    single = (each for each in fragments if len(each.mates) == 1 and not each.merged)
    lengths = Counter(len(each.mates[0].sequence) for each in single)
    longest = max(lengths, default=0)
    return longest if lengths[longest] > BOTH_ENDS else longest + 1


def _whole(molecules: Sequence[Copies[Support]], read_length: int) -> Iterator[list[int]]:
    """Yield single reads that begin and end at the same places, if something was cut off them."""
    spans: dict[tuple[int, int], list[int]] = {}
    for index, each in enumerate(molecules):
        (start, end), fragment = each.item.reach, each.item.fragment
        if len(fragment.mates) == 1 and not fragment.merged and end - start < read_length:
            spans.setdefault((start, end), []).append(index)
    yield from spans.values()


def _of_one_umi(molecules: Sequence[Copies[Support]]) -> Iterator[list[int]]:
    """Yield pairs of molecules with one UMI and ends near each other."""
    by_umi: dict[str, list[int]] = {}
    for index, each in enumerate(molecules):
        for umi in each.umis:
            if size_of(umi) >= SURE_UMI:
                by_umi.setdefault(umi, []).append(index)
    pieces = UmiPieces(by_umi) if len(by_umi) > SCANNED else None
    for umi, own in by_umi.items():
        for other in near_umis(umi, by_umi, pieces):
            for one in own:
                for two in by_umi[other]:
                    if one < two and _ends_near(molecules[one].shown, molecules[two].shown):
                        yield [one, two]


def _ends_near(one: Shown, other: Shown) -> bool:
    """Whether all ends that both show are near each other; of one alone it is any of the other's."""
    if len(one.ends) == len(other.ends):
        return all(_end_near(*pair) for pair in zip(one.ends, other.ends, strict=True))
    return any(_end_near(a, b) for a in one.ends for b in other.ends)


def _end_near(one: End, other: End) -> bool:
    return one.antisense == other.antisense and abs(one.position - other.position) <= MOST_CUT
