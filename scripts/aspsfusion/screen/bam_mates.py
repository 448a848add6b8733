"""Decides which records of a BAM, CRAM or SAM file are the mates of one fragment.

Names of reads repeat: in lanes that were numbered anew, in consensus reads, or because a whole run has one
name. Where the mates of a file are neighbours, as in unaligned files and those grouped by name, they belong
together by their place. In any other order they belong together by read group and name; and where that is
shared, by the places that the records state of themselves and of their mates. What still fits several ways is
ambiguous.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

import pysam

from aspsfusion.screen.extract_metrics import Kept

UMI_TAGS = ("RX", "OX", "MI", "UB", "UR")
"""Tags that may hold a fragment's molecular identifier, corrected or raw, or its number (SAM tags
specification), and those of Cell Ranger; the first one that a record has is taken. BC and CB name samples and
cells."""

UMI_TAG = UMI_TAGS[0]
"""Tag under which it is written."""

"""Bases of a fragment's molecular identifier (SAM tags specification)."""

UNKNOWN_QUALITY = "?"
"""Quality (Phred+33 of 30) of bases in a file that states none. Qualities only choose among copies of one
molecule."""

PAIRED, UNMAPPED, MATE_UNMAPPED = 0x1, 0x4, 0x8
FIRST, SECOND = 0x40, 0x80
SUPPLEMENTARY = 0x800
NOT_PRIMARY = 0x100 | SUPPLEMENTARY
"""Flags of the SAM specification; not primary are secondary and supplementary records."""

MOST_STRANGERS = 8
"""Reads of a kept name that are passed on though their place is not that of a read of the panel: a mate of
which the place is stated wrongly is among so few, and strangers of the same name may be the whole file."""

MOST_BASELESS = 500_000
"""Reads known by records without bases whose primary record is looked for: of more, every second one is, of
twice as many every fourth, and so on. Aligners write such records by the million."""

_PAIR_UNMAPPED = PAIRED | UNMAPPED | MATE_UNMAPPED

_SECONDS, _SINGLES = 21, 42
"""Bits by which the counts of second mates and single reads are shifted in one number."""

_COUNT = (1 << _SECONDS) - 1

Place = tuple[int, int, int, int]
"""Contig and position of the first mate, then of the second one, as the file has them."""


class Read(NamedTuple):
    """A read as it was sequenced; without bases where the file holds none."""

    bases: str
    qualities: str
    umi: str


@dataclass(frozen=True)
class MateRecord:
    """A read of a kept fragment.

    Attributes:
        ordinal: number of its record among the primary ones of the file, from 0.
        place: see `Place`.
        label: name without the mate's number.
        at_panel: whether a read of the panel has this name and place.
    """

    ordinal: int
    flag: int
    place: Place
    label: str
    read: Read
    at_panel: bool

    @property
    def unplaced(self) -> bool:
        """Whether neither mate has a place in the file."""
        return self.place[0] < 0 and self.place[2] < 0

    @property
    def content(self) -> tuple[str, str]:
        """What copies of one record have in common."""
        return self.read.bases, self.read.qualities


@dataclass(frozen=True)
class FoundFragment:
    """A kept fragment with its reads, first mate first; one read where the other one is not in the file."""

    number: int
    label: str
    reads: tuple[Read, ...]


def fragment_label(record: pysam.AlignedSegment) -> str:
    """Return the name that both mates of a fragment share: a mate number at its end is no part of it."""
    name = str(record.query_name or "")
    return name[:-2] if name.endswith(("/1", "/2")) else name


def is_second(flag: int) -> bool:
    """Tell whether a record is that of a second mate."""
    return bool(flag & SECOND) and not flag & FIRST


def place_of(record: pysam.AlignedSegment) -> Place:
    """Return the places that a record states of itself and of its mate."""
    own = record.reference_id, record.reference_start
    mate = record.next_reference_id, record.next_reference_start
    return (*mate, *own) if is_second(record.flag) else (*own, *mate)


def has_no_place(record: pysam.AlignedSegment) -> bool:
    """Tell whether neither a paired read nor its mate is mapped, nor placed beside another read."""
    if record.flag & _PAIR_UNMAPPED != _PAIR_UNMAPPED:
        return False
    return bool(record.reference_id < 0 and record.next_reference_id < 0)


def as_sequenced(record: pysam.AlignedSegment) -> Read:
    """Return a record's read as it was sequenced."""
    bases = record.get_forward_sequence() or ""
    # pysam's own way to turn qualities round fails where a record states none.
    qualities = record.query_qualities_str if record.query_qualities is not None else None
    if qualities is None:
        qualities = UNKNOWN_QUALITY * len(bases)
    elif record.is_reverse:
        qualities = qualities[::-1]
    umi = next((str(record.get_tag(tag)) for tag in UMI_TAGS if record.has_tag(tag)), "")
    return Read(bases, qualities, umi)


def identity_of(record: pysam.AlignedSegment) -> int:
    """Return a number for the read group and the name of a record."""
    group = record.get_tag("RG") if record.has_tag("RG") else ""
    return hash((group, fragment_label(record)))


class NeighbourPairs:
    """Finds out whether the mates of a file are neighbours, from its primary records in their order."""

    def __init__(self) -> None:
        self._hold = True
        self._waiting: pysam.AlignedSegment | None = None

    @property
    def hold(self) -> bool:
        """Whether every paired record so far has its mate as a neighbour."""
        return self._hold and self._waiting is None

    def add(self, record: pysam.AlignedSegment) -> None:
        """Add the next primary record."""
        if not self._hold:
            return
        waiting, self._waiting = self._waiting, None
        if not record.flag & PAIRED:
            self._hold = waiting is None
        elif waiting is None:
            self._waiting = record
        else:
            self._hold = _may_be_mates(waiting, record)


def _may_be_mates(one: pysam.AlignedSegment, other: pysam.AlignedSegment) -> bool:
    if is_second(one.flag) == is_second(other.flag) or fragment_label(one) != fragment_label(other):
        return False
    if (one.flag | other.flag) & UNMAPPED:
        return True
    pairs = ((one, other), (other, one))
    return all(
        a.next_reference_id < 0
        or (a.next_reference_id, a.next_reference_start) == (b.reference_id, b.reference_start)
        for a, b in pairs
    )


class BaselessReads:
    """Reads of records that are not primary and have no bases, of which no primary one was found yet."""

    def __init__(self) -> None:
        self._waiting: dict[int, None] = {}  # a dictionary keeps the order of the file, whatever the hashes
        self._records = 0
        self._step = 1

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: pysam.AlignedSegment, before: Iterable[pysam.AlignedSegment | None]) -> None:
        """Add a record that is not primary and has no bases.

        Args:
            record: to be added.
            before: the primary records before it: as aligners write a file, its own one is among them.
        """
        read = _read_of(record)
        if any(primary is not None and _read_of(primary) == read for primary in before):
            return
        self._records += 1
        if self._records % self._step:
            return
        self._waiting[read] = None
        if len(self._waiting) > MOST_BASELESS:
            self._waiting = dict.fromkeys(list(self._waiting)[1::2])
            self._step *= 2

    def found(self, record: pysam.AlignedSegment) -> None:
        """Take out the read of a primary record."""
        if self._waiting:
            self._waiting.pop(_read_of(record), None)


def _read_of(record: pysam.AlignedSegment) -> int:
    """Return a number for a record's name and mate, whatever its read group: some records lack that."""
    return hash((fragment_label(record), is_second(record.flag)))


@dataclass
class Wanted:
    """The reads of the panel that the first pass found, by numbers that stand for them.

    Attributes:
        neighbours: whether mates are neighbours in the file.
        unplaced_neighbours: whether those without any place are.
        ordinals: primary records of the panel.
        names: names of these.
        places: read group, name and place of these.
        also: read groups and names of further records of the panel, which are not primary.
        baseless: reads of such records without bases.
    """

    neighbours: bool = True
    unplaced_neighbours: bool = True
    ordinals: set[int] = field(default_factory=set)
    names: set[int] = field(default_factory=set)
    places: set[int] = field(default_factory=set)
    also: set[int] = field(default_factory=set)
    baseless: BaselessReads = field(default_factory=BaselessReads)
    _counts: dict[int, int] = field(default_factory=dict)

    def add(self, record: pysam.AlignedSegment, ordinal: int, unplaced: int) -> None:
        """Add a primary record of the panel; `unplaced` is its number among those without any place."""
        self.ordinals.add(ordinal)
        self.names.add(hash(fragment_label(record)))
        identity = identity_of(record)
        self.places.add(hash((identity, numbered_place(place_of(record), unplaced))))
        shift = 0 if record.flag & PAIRED else _SINGLES
        shift = _SECONDS if record.flag & PAIRED and is_second(record.flag) else shift
        self._counts[identity] = self._counts.get(identity, 0) + (1 << shift)

    def add_other(self, record: pysam.AlignedSegment) -> None:
        """Add a secondary or supplementary record of the panel."""
        self.names.add(hash(fragment_label(record)))
        self.also.add(identity_of(record))

    def finish(self) -> None:
        """Leave of the further records those alone of which no primary record is of the panel."""
        self.also -= self._counts.keys()

    @property
    def count(self) -> int:
        """Names that are kept."""
        return len(self._counts)

    def holds(self, identity: int) -> bool:
        """Whether the reads of a read group and name are wanted."""
        return identity in self._counts or identity in self.also

    def copies(self, identity: int) -> int:
        """Return how many mates of one kind, or single reads, of the panel have this name, at the most."""
        count = self._counts.get(identity, 0)
        return max((count >> shift) & _COUNT for shift in (0, _SECONDS, _SINGLES))

    def place(self, record: pysam.AlignedSegment, unplaced: int) -> Place:
        """Return the place of a record; where there is none, that of the pair among those without a place."""
        place = place_of(record)
        return numbered_place(place, unplaced) if self.unplaced_neighbours else place

    def at_panel(self, identity: int, place: Place, ordinal: int) -> bool:
        """Whether a read of the panel has this name and place; of those without a place, this read itself."""
        if place[0] < 0 and place[2] < 0:
            return ordinal in self.ordinals
        return hash((identity, place)) in self.places


def numbered_place(place: Place, unplaced: int) -> Place:
    """Return a place; where there is none, the number of the pair among those without a place."""
    return (-2, unplaced // 2, 0, 0) if place[0] < 0 and place[2] < 0 else place


def neighbouring_fragments(
    records: Iterable[pysam.AlignedSegment], wanted: Wanted, kept: Kept
) -> Iterator[tuple[int, list[pysam.AlignedSegment]]]:
    """Yield number and records, first mate first, of the fragments of a file whose mates are neighbours."""
    number = 0
    found: set[int] = set()
    waiting: list[pysam.AlignedSegment] = []
    for ordinal, record in enumerate(records):
        waiting.append(record)
        if record.flag & PAIRED and len(waiting) == 1:
            continue
        number += 1
        group, waiting = waiting, []
        is_wanted = not wanted.ordinals.isdisjoint(range(ordinal - len(group) + 1, ordinal + 1))
        if wanted.also and (identity := identity_of(record)) in wanted.also:
            found.add(identity)
            is_wanted = True
        if is_wanted:
            yield number, sorted(group, key=lambda mate: is_second(mate.flag))
    kept.without_primary = len(wanted.also - found)


def resolved(reads: Sequence[MateRecord], copies: int, kept: Kept) -> Iterator[FoundFragment]:
    """Yield the fragments among reads of one read group and name, and of one place where names repeat.

    Args:
        reads: in the order of the file.
        copies: first or second mates of the panel, whichever are more, that have this name in the whole file.
        kept: counts to add to.
    """
    firsts, seconds, singles = (
        [read for read in reads if _kind(read.flag) == kind] for kind in ("first", "second", "single")
    )
    if len(firsts) > 1 or len(seconds) > 1:
        for _, group in groupby(sorted([*firsts, *seconds], key=_by_place), key=lambda read: read.place):
            at_place = list(group)
            if any(read.at_panel for read in at_place):
                yield from _at_one_place(at_place, copies, kept)
    elif firsts and seconds:
        yield _fragment(firsts[0], seconds[0])
    else:
        for read in (*firsts, *seconds):
            kept.without_mate += 1
            yield _fragment(read)
    yield from map(_fragment, singles)


def _kind(flag: int) -> str:
    if not flag & PAIRED:
        return "single"
    return "second" if is_second(flag) else "first"


def _by_place(read: MateRecord) -> tuple[Place, int]:
    return read.place, read.ordinal


def _at_one_place(reads: Sequence[MateRecord], copies: int, kept: Kept) -> Iterator[FoundFragment]:
    """Yield the fragments of mates with one name and one place."""
    firsts, seconds = ([read for read in reads if is_second(read.flag) == second] for second in (False, True))
    different = [len({read.content for read in mates}) for mates in (firsts, seconds)]
    if different == [1, 1] and len(firsts) == len(seconds) == copies:
        # All reads of that name are copies of one record: the file was merged with itself.
        kept.repeated += len(firsts) + len(seconds) - 2
        firsts, seconds = firsts[:1], seconds[:1]
    pairs = min(len(firsts), len(seconds))
    if pairs and (len(firsts) != len(seconds) or min(different) > 1):
        kept.ambiguous += max(len(firsts), len(seconds))
        if reads[0].unplaced:
            # Strangers: joined, they would be chimeras.
            firsts, seconds = ([read for read in mates if read.at_panel] for mates in (firsts, seconds))
            pairs = 0
    for first, second in zip(firsts[:pairs], seconds[:pairs], strict=True):
        yield _fragment(first, second)
    for read in (*firsts[pairs:], *seconds[pairs:]):
        kept.without_mate += 1
        yield _fragment(read)


def _fragment(*mates: MateRecord) -> FoundFragment:
    return FoundFragment(
        min(mate.ordinal for mate in mates) + 1, mates[0].label, tuple(mate.read for mate in mates)
    )
