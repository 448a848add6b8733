"""Finds the molecules of a sample: which fragments are copies of one another.

Copies have in common where synthesis began, at the ends that their reads show, and the bases from there on,
up to errors. Where the library carries unique molecular identifiers (UMIs), copies have it in common too.
Of each molecule one fragment is kept. In doubt fragments are copies: a molecule counted twice could confirm a
fusion that one molecule shows.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pysam

from aspsfusion.evidence.copies import Copies, add_copies, join_copies, place_of
from aspsfusion.evidence.ends import EndFinder, Place
from aspsfusion.evidence.placements import UMI_TAG, RecordGroup, primary_record
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


@dataclass
class MoleculeFinder:
    """Collects the fragments of a sample and finds which of them are copies.

    Attributes:
        ends: finds the ends of fragments.
        declared_umis: whether the UMIs are those of declared read structures; names are not looked at then.
        total: fragments so far.
    """

    ends: EndFinder
    declared_umis: bool = False
    total: int = 0
    _by_place: dict[tuple[Place, ...], dict[str, list[Copies[int]]]] = field(default_factory=dict)
    _umis: Counter[str] = field(default_factory=Counter)
    _fields: Counter[tuple[int, str]] = field(default_factory=Counter)
    _tagged: int = 0
    _reads: int = 0
    _indel_reads: int = 0
    _indel_places: set[tuple[int, int]] = field(default_factory=set)

    def add(self, number: int, label: str, mates: list[RecordGroup]) -> None:
        """Add a fragment."""
        self.total += 1
        umi = umi_of("" if self.declared_umis else label, mates)
        self._umis[umi] += 1
        self._fields.update(like_umis(label) or ([(_IN_TAG, umi)] if umi else ()))
        self._tagged += primary_record(mates[0]).has_tag(UMI_TAG)
        quality = 0
        reads = [(primary_record(records), records) for records in mates]
        for record, _ in reads:
            quality += sum(record.query_qualities or ())
            self._note_indels(record)
        shown = self.ends.shown_by(reads)
        there = self._by_place.setdefault(place_of(shown), {})
        add_copies(
            there.setdefault(umi, []), Copies((-len(shown.ends), -quality, number), number, (umi,), shown, 1)
        )

    def _note_indels(self, record: pysam.AlignedSegment) -> None:
        self._reads += 1
        position = record.reference_start
        found = False
        for operation, length in record.cigartuples or ():
            if operation in _INDELS:
                found = True
                if len(self._indel_places) < MIN_INDEL_PLACES:
                    self._indel_places.add((record.reference_id, position))
            if operation in _ON_CONTIG:
                position += length
        self._indel_reads += found

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
    def unused_umi(self) -> str:
        """A value in names or tags that looks like a UMI and is not used; empty where there is none."""
        return "" if self.have_umis else unused_umi(self._fields, self.total)

    def molecules(self) -> dict[int, Molecule]:
        """Return the molecules by the number of their best fragment.

        That is one that shows both ends, then of best base quality, then of lowest number.
        """
        every = (copies for there in self._by_place.values() for held in there.values() for copies in held)
        return {
            copies.item: Molecule(copies.count, copies.umis)
            for copies in join_copies(every, have_umis=self.have_umis, misread_runs=self.misread_runs)
        }


def umi_of(name: str, mates: Iterable[RecordGroup]) -> str:
    """Return what may be the UMI of a fragment: from its tag, else from its name."""
    record = primary_record(next(iter(mates)))
    return plain_umi(str(record.get_tag(UMI_TAG))) if record.has_tag(UMI_TAG) else umi_of_name(name)
