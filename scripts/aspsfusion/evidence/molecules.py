"""Finds the molecules of a sample: which fragments are copies of one another.

Copies have in common where synthesis began, at the ends that their reads show, and the bases from there on,
up to errors. Where the library carries unique molecular identifiers (UMIs), copies have it in common too.
Of each molecule one fragment is kept. In doubt fragments are copies: a molecule counted twice could confirm a
fusion that one molecule shows.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from heapq import merge
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pysam

from aspsfusion.evidence.copies import Copies, add_copies, join_copies, place_of
from aspsfusion.evidence.ends import EndFinder, Place, Shown
from aspsfusion.evidence.joined import joined_molecules
from aspsfusion.evidence.placements import UMI_TAG, RecordGroup, primary_record
from aspsfusion.evidence.settled import SettledFragments
from aspsfusion.evidence.umis import (
    NO_UMIS,
    UmiSource,
    are_umis,
    like_umis,
    plain_umi,
    umi_of_name,
    unused_umi,
)

MIN_INDEL_READS = 0.02
MIN_INDEL_PLACES = 3
"""Share of a sample's reads with indels, and places of those, from which its homopolymer runs are misread in
length, as flow sequencing does: 5 to 30% of its reads. Of others at most 0.5%."""

_IN_TAG = -1
"""Stands for the place in the name of a UMI that is in a tag."""

_INDELS = (1, 2)
_ON_CONTIG = (0, 2, 7, 8)


@dataclass(frozen=True)
class Molecule:
    """A molecule as its best fragment shows it.

    Attributes:
        copies: fragments of the molecule, the best one included.
        umis: see `Copies`.
    """

    copies: int
    umis: tuple[str, ...]


class SeenFragment(NamedTuple):
    """What the records of a fragment show of its molecule.

    Attributes:
        number: of the fragment.
        label: the read's own name.
        tag: what the tag for a UMI holds; empty without one.
        quality: sum of the base qualities.
        shown: its ends.
        reads: how many it has.
        indel_reads: how many of them have an indel.
        indel_places: contig and position of the indels.
    """

    number: int
    label: str
    tag: str
    quality: int
    shown: Shown
    reads: int
    indel_reads: int
    indel_places: tuple[tuple[int, int], ...]


def seen_fragment(number: int, label: str, mates: list[RecordGroup], ends: EndFinder) -> SeenFragment:
    """Return what the records of a fragment, by read, show of its molecule."""
    reads = [(primary_record(records), records) for records in mates]
    first = reads[0][0]
    indels = [_indels(record) for record, _ in reads]
    return SeenFragment(
        number,
        label,
        str(first.get_tag(UMI_TAG)) if first.has_tag(UMI_TAG) else "",
        sum(sum(record.query_qualities or ()) for record, _ in reads),
        ends.shown_by(reads),
        len(reads),
        sum(map(bool, indels)),
        tuple(chain.from_iterable(indels)),
    )


def _indels(record: pysam.AlignedSegment) -> list[tuple[int, int]]:
    """Return contig and position of each indel of a record."""
    position, found = record.reference_start, []
    for operation, length in record.cigartuples or ():
        if operation in _INDELS:
            found.append((record.reference_id, position))
        if operation in _ON_CONTIG:
            position += length
    return found


@dataclass
class MoleculeFinder:
    """Collects the fragments of a sample and finds which of them are copies.

    Attributes:
        primed: places at which reads from a primer begin.
        declared_umis: whether the UMIs are those of declared read structures; names are not looked at then.
        total: fragments so far.
    """

    primed: Collection[Place] = ()
    declared_umis: bool = False
    total: int = 0
    _aligned: list[Copies[int]] = field(default_factory=list)
    _settled: SettledFragments | None = None
    _settled_umis: dict[int, str] = field(default_factory=dict)
    _umis: Counter[str] = field(default_factory=Counter)
    _fields: Counter[tuple[int, str]] = field(default_factory=Counter)
    _tagged: int = 0
    _reads: int = 0
    _indel_reads: int = 0
    _indel_places: set[tuple[int, int]] = field(default_factory=set)

    def add(self, fragment: SeenFragment) -> None:
        """Add a fragment; they come in the order of their numbers."""
        self._reads += fragment.reads
        self._indel_reads += fragment.indel_reads
        if len(self._indel_places) < MIN_INDEL_PLACES:
            self._indel_places.update(fragment.indel_places)
        umi = self._note_umi(fragment.label, fragment.tag)
        self.total += 1
        self._umis[umi] += 1
        self._aligned.append(_copy(fragment.number, umi, fragment.quality, fragment.shown))

    def add_settled(self, settled: SettledFragments) -> None:
        """Add the settled fragments of the sample."""
        self._settled = settled
        rows = settled.rows
        self.total += rows.size
        self._reads += int(rows["reads"].sum())
        for number, (label, umi) in settled.labels.items():
            self._settled_umis[number] = self._note_umi(label, umi)
        self._umis.update(self._settled_umis.values())
        if rows.size > len(settled.labels):
            self._umis[""] += rows.size - len(settled.labels)

    def _note_umi(self, label: str, tag: str) -> str:
        """Note what name and tag of a fragment hold, and return what may be its UMI."""
        umi = umi_of("" if self.declared_umis else label, tag)
        self._fields.update(like_umis(label) or ([(_IN_TAG, umi)] if umi else ()))
        self._tagged += bool(tag)
        return umi

    @property
    def misread_runs(self) -> bool:
        """Whether the lengths of homopolymer runs are often misread."""
        return (
            self._indel_reads >= MIN_INDEL_READS * self._reads and len(self._indel_places) >= MIN_INDEL_PLACES
        )

    @property
    def have_umis(self) -> bool:
        """Whether the sample's fragments carry UMIs: declared ones, or see `are_umis`."""
        return self.declared_umis or (bool(self._umis) and are_umis(self._umis))

    @property
    def umi_source(self) -> UmiSource:
        """Where the sample's UMIs are."""
        if not self.have_umis:
            return NO_UMIS
        if self.declared_umis:
            return "read structures"
        return "tag" if 2 * self._tagged > self.total else "read names"

    @property
    def umi_values(self) -> int:
        """How many different UMIs the sample has; 0 without UMIs."""
        return len(self._umis) if self.have_umis else 0

    @property
    def unused_umi(self) -> str:
        """A value in names or tags that looks like a UMI and is not used; empty where there is none."""
        return "" if self.have_umis else unused_umi(self._fields, self.total)

    def molecules(self) -> "Molecules":
        """Return the molecules by the number of their best fragment.

        That is one that shows both ends, then of best base quality, then of lowest number.
        """
        settled = self._settled
        if settled is None or not settled.rows.size:
            return self._molecules(self._aligned)
        if self.have_umis:
            shown = settled.shown(settled.rows, self.primed)
            copies = (
                _copy(each.number, self._settled_umis.get(each.number, ""), each.quality, each.shown)
                for each in shown
            )
            # In the order of their numbers: which copy comes first may decide what others are alike to.
            return self._molecules(merge(self._aligned, copies, key=lambda each: each.item))
        numbers, copies_of = joined_molecules(
            settled.text,
            settled.rows,
            list(self._settled_umis.items()),
            self._aligned,
            self.primed,
            misread_runs=self.misread_runs,
        )
        aligned = np.isin(numbers, [copies.item for copies in self._aligned])
        found = zip(numbers[aligned].tolist(), copies_of[aligned].tolist(), strict=True)
        return Molecules({number: Molecule(count, ("",)) for number, count in found}, numbers[~aligned])

    def _molecules(self, every: Iterable[Copies[int]]) -> "Molecules":
        """Return the molecules of fragments, which are in the order of their numbers."""
        by_place: dict[tuple[tuple[Place, ...], str], list[Copies[int]]] = {}
        for copies in every:
            add_copies(by_place.setdefault((place_of(copies.shown), copies.umis[0]), []), copies)
        joined = join_copies(
            (copies for held in by_place.values() for copies in held),
            have_umis=self.have_umis,
            misread_runs=self.misread_runs,
        )
        return Molecules(
            {copies.item: Molecule(copies.count, copies.umis) for copies in joined}, np.empty(0, np.int64)
        )


class Molecules(NamedTuple):
    """The molecules of a sample.

    Attributes:
        found: by the number of their best fragment.
        settled: numbers of the best fragments of further ones, which are settled.
    """

    found: dict[int, Molecule]
    settled: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """How many there are."""
        return len(self.found) + self.settled.size

    def numbers(self) -> npt.NDArray[np.int64]:
        """Return the numbers of the best fragments of all."""
        return np.concatenate([np.fromiter(self.found, np.int64, len(self.found)), self.settled])


def _copy(number: int, umi: str, quality: int, shown: Shown) -> Copies[int]:
    return Copies((-len(shown.ends), -quality, number), number, (umi,), shown, 1)


def umi_of(name: str, tag: str) -> str:
    """Return what may be the UMI of a fragment: from its tag, else from its name."""
    return plain_umi(tag) if tag else umi_of_name(name)
