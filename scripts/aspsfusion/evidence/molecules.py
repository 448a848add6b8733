"""Tells molecules from their copies: by coordinates, and by UMI where the library carries one.

Unique molecular identifiers (UMIs): where a library carries them, and which of them are one.

Instruments write a UMI as the last field of the read's name (`:ACGT` or `:ACGT+TTGC`, the eighth field of
Illumina's names), umi_tools behind an underscore (`_ACGT`), and a SAM file in the tag RX (`ACGT-TTGC`).
A name may end in other things, so the names of a whole sample decide whether they carry UMIs.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pysam

from aspsfusion.evidence.placements import as_sequenced

_FIELD = re.compile(r"^.*[:_]([ACGTN]+(?:[+-][ACGTN]+)?)$")
_ILLUMINA_FIELDS = 8

MIN_LENGTH = 4
"""Bases of the shortest UMI in use; shorter endings are something else."""

MAX_SHARE = 0.5
"""Share of a sample's fragments from which the commonest value shows that it is no UMI: the sequence of a
sample's index, which also stands in names, is the same nearly everywhere."""

_BASES = "ACGTN"


def umi_of_name(name: str) -> str:
    """Return what stands at a UMI's place in a read's name, empty when nothing fits.

    >>> [umi_of_name(n) for n in ("M:1:FC:1:1:2:3:ACGT+TTGC", "M:1:FC:1:1:2:3", "read_ACGTAC", "read7")]
    ['ACGT+TTGC', '', 'ACGTAC', '']
    """
    match = _FIELD.match(name)
    if match is None or len(match[1]) < MIN_LENGTH:
        return ""
    behind_colon = name[match.start(1) - 1] == ":"
    return "" if behind_colon and name.count(":") != _ILLUMINA_FIELDS - 1 else match[1]


def are_umis(values: Mapping[str, int]) -> bool:
    """Tell whether the values at the UMI's place are UMIs.

    They are when every fragment has one, all have one shape, and no value is that of more than half of the
    fragments.

    Args:
        values: fragments by value; empty for fragments without one.

    >>> are_umis({"ACGT": 2, "TTGA": 1, "CCGA": 1}), are_umis({"ACGT": 3, "TTGA": 1}), are_umis({"": 1})
    (True, False, False)
    """
    shapes = {re.sub("[ACGTN]", "N", value) for value in values}
    total = sum(values.values())
    return len(shapes) == 1 and "" not in shapes and max(values.values()) <= MAX_SHARE * total


def molecules(umis: Iterable[str]) -> dict[str, str]:
    """Return for each UMI seen at one place the one that stands for its molecule.

    UMIs within one mismatch of each other are copies of one molecule read with an error, directly or over
    others between them (the `cluster` method of umi_tools, Smith 2017 Genome Res 27:491): it never counts
    more molecules than there are.

    >>> dict(sorted(molecules(["ACGT", "ACGA", "TTTT", "ACCA"]).items()))
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
    return [
        umi[:place] + base + umi[place + 1 :]
        for place, own in enumerate(umi)
        if own in _BASES
        for base in _BASES
        if base != own
    ]


UNPLACED_PREFIX = 24
"""Bases of an unaligned read that stand in for its position when duplicates are told apart."""

MERGED_TAG = "YM"
"""BAM tag of a read that two overlapping mates were joined into."""

UMI_TAG = "RX"

RecordGroup = list[pysam.AlignedSegment]
Key = tuple[int | str, ...]
_SOFT_CLIP = 4

MAX_DIFFERENCES = 2
MAX_DIFFERENCE_RATE = 0.05
"""Bases in which two reads of one molecule may differ: errors of both, at the worst some percent."""

END_BASES = 10
MAX_END_DIFFERENCES = 3
"""The same for the first and the last bases of a read: a foreign piece of 10 nt differs in 7 or 8 of them."""


def primary_record(records: RecordGroup) -> pysam.AlignedSegment:
    """Return the primary record among those of one read."""
    return next(r for r in records if not (r.is_supplementary or r.is_secondary))


class End(NamedTuple):
    """One end of a molecule: its place, and the read from there on the forward strand of the contig."""

    place: Key
    bases: str
    reverse: bool


def molecule_ends(mates: Iterable[RecordGroup]) -> list[End]:
    """Return what the reads show of a molecule's two ends, in one order whichever mate read it.

    For each end the contig, strand and unclipped position of its outermost base: both strands of a molecule
    are amplified. Of a single read one end is known by its position, the other by the read's length, which
    tells the fragment's end where an adapter was trimmed. Reads that did not align are known by their first
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
        place: Key = (contig, int(record.is_reverse), first)
        if len(groups) == 1 and record.has_tag(MERGED_TAG):
            ends.append(End((contig, int(not record.is_reverse), last), "", False))
        elif len(groups) == 1:
            place = ("single", *place, record.query_length)
        ends.append(End(place, bases, record.is_reverse))
    return sorted(ends, key=lambda end: str(end.place))


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


def _unclipped(record: pysam.AlignedSegment) -> tuple[int, int]:
    """Return start and end of a whole read on its contig, clipped bases laid out as if aligned."""
    operations = record.cigartuples or []
    front = operations[0][1] if operations[0][0] == _SOFT_CLIP else 0
    back = operations[-1][1] if operations[-1][0] == _SOFT_CLIP else 0
    return record.reference_start - front, int(record.reference_end or 0) + back


def umi_of(name: str, mates: Iterable[RecordGroup]) -> str:
    """Return what may be the UMI of a fragment: from its tag, else from its name."""
    record = primary_record(next(iter(mates)))
    return str(record.get_tag(UMI_TAG)) if record.has_tag(UMI_TAG) else umi_of_name(name)


@dataclass(frozen=True)
class Chosen:
    """A fragment that stands for a molecule: its copies, itself included, and its UMI or nothing."""

    copies: int
    umi: str


@dataclass(frozen=True)
class _Entry:
    """The best fragment of a molecule so far."""

    rank: tuple[int, str]
    umi: str
    ends: list[End]
    copies: int

    def joined(self, other: "_Entry") -> "_Entry":
        """Return the better of two with the copies of both."""
        best = min(self, other, key=lambda entry: entry.rank)
        return replace(best, copies=self.copies + other.copies)


@dataclass
class Molecules:
    """Collects the fragments of a sample and tells which of them are copies.

    Attributes:
        total: fragments so far.
    """

    total: int = 0
    _places: dict[Key, list[_Entry]] = field(default_factory=dict)
    _values: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, mates: list[RecordGroup]) -> None:
        """Add a fragment."""
        self.total += 1
        umi = umi_of(name, mates)
        self._values[umi] = self._values.get(umi, 0) + 1
        quality = sum(sum(primary_record(records).query_qualities or ()) for records in mates)
        ends = molecule_ends(mates)
        key = tuple(part for end in ends for part in end.place)
        _join(self._places.setdefault(key, []), _Entry((-quality, name), umi, ends, 1), {umi: umi})

    @property
    def have_umis(self) -> bool:
        """Whether the sample's fragments carry UMIs; see `umi.are_umis`."""
        return are_umis(self._values) if self._values else False

    def chosen(self) -> dict[str, Chosen]:
        """Return by name the fragment of best base quality (then first name) of each molecule."""
        use_umis = self.have_umis
        found = {}
        for entries in self._places.values():
            counted = [entry.umi for entry in entries for _ in range(entry.copies)]
            groups = molecules(counted) if use_umis else dict.fromkeys(counted, "")
            kept: list[_Entry] = []
            for entry in sorted(entries, key=lambda e: e.rank):
                _join(kept, entry, groups)
            for entry in kept:
                found[entry.rank[1]] = Chosen(entry.copies, groups[entry.umi])
        return found


def _join(kept: list[_Entry], entry: _Entry, groups: Mapping[str, str]) -> None:
    """Add an entry to the one of its molecule, in place, or behind all when there is none."""
    for number, held in enumerate(kept):
        if groups.get(held.umi) == groups[entry.umi] and same_bases(held.ends, entry.ends):
            kept[number] = held.joined(entry)
            return
    kept.append(entry)
