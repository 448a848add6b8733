"""Tells molecules from their copies: by coordinates, and by UMI where the library carries one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pysam

from aspsfusion.placements import as_sequenced
from aspsfusion.umi import are_umis, molecules, umi_of_name

UNPLACED_PREFIX = 24
"""Bases of an unaligned read that stand in for its position when duplicates are told apart."""

MERGED_TAG = "YM"
"""BAM tag of a read that two overlapping mates were joined into."""

UMI_TAG = "RX"

RecordGroup = list[pysam.AlignedSegment]
Key = tuple[int | str, ...]
_SOFT_CLIP = 4


def primary_record(records: RecordGroup) -> pysam.AlignedSegment:
    """Return the primary record among those of one read."""
    return next(r for r in records if not (r.is_supplementary or r.is_secondary))


def duplicate_key(mates: Iterable[RecordGroup]) -> Key:
    """Return what two copies of one molecule have in common.

    For each end of the molecule the contig, strand and unclipped position of its outermost base, in one
    order whichever mate read it: both strands of a molecule are amplified. Of a single read one end is
    known by its position, the other by the read's length, which tells the fragment's end where an adapter
    was trimmed. Reads that did not align are known by their first bases. The same rule as in Picard
    MarkDuplicates, on transcripts.
    """
    groups = list(mates)
    ends: list[Key] = []
    for records in groups:
        record = primary_record(records)
        if record.is_unmapped:
            ends.append(("unplaced", as_sequenced(record)[:UNPLACED_PREFIX]))
            continue
        contig = int(record.reference_id)
        left, right = _unclipped(record)
        first, last = (right, left) if record.is_reverse else (left, right)
        ends.append((contig, int(record.is_reverse), first))
        if len(groups) == 1:
            if record.has_tag(MERGED_TAG):
                ends.append((contig, int(not record.is_reverse), last))
            else:
                return ("single", *ends[0], record.query_length)
    return tuple(part for end in sorted(ends, key=str) for part in end)


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


@dataclass
class Molecules:
    """Collects the fragments of a sample and tells which of them are copies.

    Attributes:
        total: fragments so far.
    """

    total: int = 0
    _places: dict[Key, dict[str, tuple[int, str, int]]] = field(default_factory=dict)
    _values: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, mates: list[RecordGroup]) -> None:
        """Add a fragment."""
        self.total += 1
        umi = umi_of(name, mates)
        self._values[umi] = self._values.get(umi, 0) + 1
        quality = sum(sum(primary_record(records).query_qualities or ()) for records in mates)
        at_place = self._places.setdefault(duplicate_key(mates), {})
        at_place[umi] = _better(at_place.get(umi), (-quality, name, 1))

    @property
    def have_umis(self) -> bool:
        """Whether the sample's fragments carry UMIs; see `umi.are_umis`."""
        return are_umis(self._values) if self._values else False

    def chosen(self) -> dict[str, Chosen]:
        """Return by name the fragment of best base quality (then first name) of each molecule."""
        use_umis = self.have_umis
        return {
            name: Chosen(copies, umi)
            for at_place in self._places.values()
            for umi, (_, name, copies) in _by_molecule(at_place, use_umis=use_umis)
        }


def _better(held: tuple[int, str, int] | None, other: tuple[int, str, int]) -> tuple[int, str, int]:
    """Return the better of two representatives with the copies of both."""
    if held is None:
        return other
    return (*min(held, other)[:2], held[2] + other[2])


def _by_molecule(
    at_place: Mapping[str, tuple[int, str, int]], *, use_umis: bool
) -> Iterator[tuple[str, tuple[int, str, int]]]:
    counted = [umi for umi, entry in at_place.items() for _ in range(entry[2] if use_umis else 0)]
    groups = molecules(counted) if use_umis else dict.fromkeys(at_place, "")
    found: dict[str, tuple[int, str, int]] = {}
    for umi, entry in at_place.items():
        found[groups[umi]] = _better(found.get(groups[umi]), entry)
    yield from found.items()
