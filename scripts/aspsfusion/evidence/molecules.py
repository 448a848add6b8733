"""Finds the molecules of a sample: which fragments are copies of one another.

Copies have both ends of the molecule in common, and the bases there. Where the library carries unique
molecular identifiers (UMIs), copies have the UMI in common too. Of each molecule one fragment is kept.

Instruments write a UMI as the last field of the read's name (`:ACGT` or `:ACGT+TTGC`, the eighth field of
Illumina's names), umi_tools after an underscore (`_ACGT`), and a SAM file in the tag RX (`ACGT-TTGC`).
A name may end in other things, so the names of a whole sample decide whether they carry UMIs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pysam

from aspsfusion.evidence.placements import MERGED_TAG, UMI_TAG, RecordGroup, as_sequenced, primary_record

MIN_UMI_LENGTH = 4
"""Bases of the shortest UMI in use; shorter endings are something else."""

MAX_UMI_SHARE = 0.5
"""Share of a sample's fragments from which the commonest value shows that it is no UMI: the sequence of a
sample's index, which also occurs in names, is the same nearly everywhere."""

UNPLACED_PREFIX = 24
"""First bases of an unaligned read that stand in for its position."""

MAX_DIFFERENCES = 2
MAX_DIFFERENCE_RATE = 0.05
"""Bases in which two reads of one molecule may differ: errors of both, at the worst some percent."""

END_BASES = 10
MAX_END_DIFFERENCES = 3
"""The same for the first and the last bases of a read: a foreign piece of 10 nt differs in 7 or 8 of them."""

_NAME_END = re.compile(r"^.*[:_]([ACGTN]+(?:[+-][ACGTN]+)?)$")
_ILLUMINA_FIELDS = 8
_BASES = "ACGTN"
_SOFT_CLIP = 4

EndPlace = tuple[int | str, ...]
"""Where a molecule's end is: contig, strand and unclipped position; or what stands in for them."""


@dataclass(frozen=True)
class Molecule:
    """A molecule as its best fragment shows it.

    Attributes:
        copies: fragments of the molecule, the best one included.
        umi: its UMI; empty where the sample carries none.
    """

    copies: int
    umi: str


class End(NamedTuple):
    """One end of a molecule: its place, and the read from there on the forward strand of the contig."""

    place: EndPlace
    bases: str
    reverse: bool


@dataclass(frozen=True)
class _Copies:
    """Fragments of one molecule, by the best of them.

    Attributes:
        rank: of the best fragment: its negative sum of base qualities, then its name; the lowest is the best.
        umi: of the best fragment.
        ends: of the best fragment.
        count: fragments.
    """

    rank: tuple[int, str]
    umi: str
    ends: list[End]
    count: int

    def joined(self, other: "_Copies") -> "_Copies":
        """Return the copies of both."""
        best = min(self, other, key=lambda copies: copies.rank)
        return replace(best, count=self.count + other.count)


@dataclass
class MoleculeFinder:
    """Collects the fragments of a sample and finds which of them are copies.

    Attributes:
        total: fragments so far.
    """

    total: int = 0
    _by_ends: dict[EndPlace, list[_Copies]] = field(default_factory=dict)
    _umis: Counter[str] = field(default_factory=Counter)

    def add(self, name: str, mates: list[RecordGroup]) -> None:
        """Add a fragment."""
        self.total += 1
        umi = umi_of(name, mates)
        self._umis[umi] += 1
        quality = sum(sum(primary_record(records).query_qualities or ()) for records in mates)
        ends = molecule_ends(mates)
        key = tuple(part for end in ends for part in end.place)
        _join(self._by_ends.setdefault(key, []), _Copies((-quality, name), umi, ends, 1), {umi: umi})

    @property
    def have_umis(self) -> bool:
        """Whether the sample's fragments carry UMIs, see `are_umis`."""
        return bool(self._umis) and are_umis(self._umis)

    def molecules(self) -> dict[str, Molecule]:
        """Return the molecules by the name of their fragment of best base quality, then first name."""
        have_umis = self.have_umis
        found = {}
        for at_place in self._by_ends.values():
            umis = [copies.umi for copies in at_place for _ in range(copies.count)]
            clusters = cluster_umis(umis) if have_umis else dict.fromkeys(umis, "")
            kept: list[_Copies] = []
            for copies in sorted(at_place, key=lambda copies: copies.rank):
                _join(kept, copies, clusters)
            for copies in kept:
                found[copies.rank[1]] = Molecule(copies.count, clusters[copies.umi])
        return found


def _join(kept: list[_Copies], new: _Copies, clusters: Mapping[str, str]) -> None:
    """Add copies to those of the same molecule in a list, in place, or at its end when there are none."""
    for number, held in enumerate(kept):
        if clusters.get(held.umi) == clusters[new.umi] and same_bases(held.ends, new.ends):
            kept[number] = held.joined(new)
            return
    kept.append(new)


def molecule_ends(mates: Iterable[RecordGroup]) -> list[End]:
    """Return what the reads show of a molecule's two ends, in one order whichever mate read it.

    For each end the contig, strand and unclipped position of its outermost base: both strands of a molecule
    are amplified. Of a single read one end is known by its position, the other by the read's length, which
    shows the fragment's end where an adapter was trimmed. Reads that did not align are known by their first
    bases. The same rule as in Picard MarkDuplicates, on transcripts.
    """
    groups = list(mates)
    ends: list[End] = []
    for records in groups:
        record = primary_record(records)
        bases = record.query_sequence or ""
        if record.is_unmapped:
            ends.append(End(("unplaced", as_sequenced(record)[:UNPLACED_PREFIX]), "", False))
            continue
        contig = int(record.reference_id)
        left, right = _unclipped(record)
        first, last = (right, left) if record.is_reverse else (left, right)
        place: EndPlace = (contig, int(record.is_reverse), first)
        if len(groups) == 1 and record.has_tag(MERGED_TAG):
            ends.append(End((contig, int(not record.is_reverse), last), "", False))
        elif len(groups) == 1:
            place = ("single", *place, record.query_length)
        ends.append(End(place, bases, record.is_reverse))
    return sorted(ends, key=lambda end: str(end.place))


def _unclipped(record: pysam.AlignedSegment) -> tuple[int, int]:
    """Return start and end of a whole read on its contig, clipped bases counted as if aligned."""
    operations = record.cigartuples or []
    left = operations[0][1] if operations[0][0] == _SOFT_CLIP else 0
    right = operations[-1][1] if operations[-1][0] == _SOFT_CLIP else 0
    return record.reference_start - left, int(record.reference_end or 0) + right


def same_bases(one: Sequence[End], other: Sequence[End]) -> bool:
    """Tell whether reads with equal ends show the same molecule.

    Where a wild-type molecule and one of a fusion begin at the same place, an aligner gives them the same
    coordinates, the foreign part of the second being clipped; their bases tell them apart. Copies differ by
    sequencing errors only, which do not gather at a read's end as foreign bases do.
    """
    return all(_alike(a.bases, b.bases, from_right=a.reverse) for a, b in zip(one, other, strict=True))


def _alike(one: str, other: str, *, from_right: bool) -> bool:
    if one == other:
        return True
    length = min(len(one), len(other))
    if from_right:
        one, other = one[len(one) - length :], other[len(other) - length :]
    differ = [a != b for a, b in zip(one, other, strict=False)]
    return (
        sum(differ) <= MAX_DIFFERENCES + MAX_DIFFERENCE_RATE * length
        and sum(differ[:END_BASES]) <= MAX_END_DIFFERENCES
        and sum(differ[length - END_BASES :]) <= MAX_END_DIFFERENCES
    )


def umi_of(name: str, mates: Iterable[RecordGroup]) -> str:
    """Return what may be the UMI of a fragment: from its tag, else from its name."""
    record = primary_record(next(iter(mates)))
    return str(record.get_tag(UMI_TAG)) if record.has_tag(UMI_TAG) else umi_of_name(name)


def umi_of_name(name: str) -> str:
    """Return what a read's name holds at a UMI's place, empty when it is no UMI.

    >>> [umi_of_name(n) for n in ("M:1:FC:1:1:2:3:ACGT+TTGC", "M:1:FC:1:1:2:3", "read_ACGTAC", "read7")]
    ['ACGT+TTGC', '', 'ACGTAC', '']
    """
    match = _NAME_END.match(name)
    if match is None or len(match[1]) < MIN_UMI_LENGTH:
        return ""
    after_colon = name[match.start(1) - 1] == ":"
    return "" if after_colon and name.count(":") != _ILLUMINA_FIELDS - 1 else match[1]


def are_umis(values: Mapping[str, int]) -> bool:
    """Tell whether the values at the UMI's place are UMIs.

    They are when every fragment has one, all have one shape, and no value is that of more than half of the
    fragments.

    Args:
        values: fragments by value; the value of fragments without one is empty.

    >>> are_umis({"ACGT": 2, "TTGA": 1, "CCGA": 1}), are_umis({"ACGT": 3, "TTGA": 1}), are_umis({"": 1})
    (True, False, False)
    """
    shapes = {re.sub("[ACGTN]", "N", value) for value in values}
    total = sum(values.values())
    return len(shapes) == 1 and "" not in shapes and max(values.values()) <= MAX_UMI_SHARE * total


def cluster_umis(umis: Iterable[str]) -> dict[str, str]:
    """Return for each UMI seen at one place the one that stands for its molecule.

    UMIs within one mismatch of each other are copies of one molecule read with an error, directly or over
    others between them (the `cluster` method of umi_tools, Smith 2017 Genome Res 27:491): it never counts
    more molecules than there are.

    >>> dict(sorted(cluster_umis(["ACGT", "ACGA", "TTTT", "ACCA"]).items()))
    {'ACCA': 'ACCA', 'ACGA': 'ACCA', 'ACGT': 'ACCA', 'TTTT': 'TTTT'}
    """
    counts = Counter(umis)
    chosen: dict[str, str] = {}
    for umi in sorted(counts, key=lambda value: (-counts[value], value)):
        if umi in chosen:
            continue
        waiting = [umi]
        while waiting:
            member = waiting.pop()
            if member in chosen:
                continue
            chosen[member] = umi
            waiting += [near for near in _within_one(member) if near in counts and near not in chosen]
    return {umi: chosen[umi] for umi in counts}


def _within_one(umi: str) -> list[str]:
    """Return the UMIs with one mismatch."""
    return [
        umi[:place] + base + umi[place + 1 :]
        for place, own in enumerate(umi)
        if own in _BASES
        for base in _BASES
        if base != own
    ]
