"""Notices bases at the beginning of most reads that are not of the panel: an inline UMI or a linker.

The aligner clips them, at about the same length in all reads. What it clips of a fusion or of unknown
sequence is of any length, or in front of one place only. Bases that a sequencer did not call in its first
cycles are noticed as well: they are errors of every read.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pysam

from aspsfusion.evidence.placements import MERGED_TAG, RecordGroup, as_sequenced, primary_record
from aspsfusion.io.fasta import reverse_complement

FEWEST_BASES, MOST_BASES = 8, 30
"""Lengths in nt that are looked for: shorter beginnings are clipped by chance or come from template
switching, and reads with longer ones hardly fit the panel."""

FEWEST_UNKNOWN = 3
"""Unknown first bases from which they are taken off: fewer are no more errors than a read may have, and reads
with them may be settled, which are not looked at here."""

FEWER, MORE = 3, 2
"""Bases by which a clip may be shorter, because the last foreign bases are like the gene's by chance (3 of
them in one of 64 reads), and longer, because of a sequencing error after them."""

MIN_SHARE = 0.5
"""Share of the placed reads that must begin so."""

MIN_READS = 20
"""Reads that must begin so: those of one fragment in many copies are no more than a few in a small sample."""

MOST_AT_ONE_PLACE = 0.5
MIN_VARYING = 4
"""Share of them that may be in front of one place of the panel. Where it is larger, as in amplicons, they
must vary in so many bases, as UMIs do: else they may be of a partner that the panel does not hold."""

MIN_AGREEMENT = 0.7
"""Share of the reads that have the same base where it is part of a linker; of a UMI's bases about 0.25 do."""

MOST_OF_ONE_BASE = 0.8
"""Share of one base in the consensus from which it is the tail of a transcript (poly-T)."""

SHARE_DECIMALS = 4

EXAMPLES = 1000
"""Reads of one clipped length from which the consensus is made."""


@dataclass(frozen=True)
class ForeignStart:
    """What most reads begin with.

    Attributes:
        read: 1 or 2; 1 for single reads.
        bases: how many in nt.
        share: of the candidates' reads that are placed on the panel.
        consensus: their bases, N where they vary.
        unknown: whether they were not called.
    """

    read: int
    bases: int
    share: float
    consensus: str
    unknown: bool = False


@dataclass
class _Clips:
    """Reads of one clipped length: how many, the first of them, and the places of their first bases."""

    count: int = 0
    starts: list[str] = field(default_factory=list)
    places: Counter[tuple[int, bool, int]] = field(default_factory=Counter)


class StartFinder:
    """Collects how the reads of a sample begin."""

    def __init__(self) -> None:
        self._reads: Counter[int] = Counter()
        self._clips: dict[int, dict[int, _Clips]] = {1: {}, 2: {}}
        self._unknown: dict[int, Counter[int]] = {1: Counter(), 2: Counter()}

    def add(self, mates: Sequence[RecordGroup]) -> None:
        """Add the records of a fragment's reads."""
        for number, records in enumerate(mates, start=1):
            record = primary_record(records)
            if record.is_unmapped:
                continue
            self._note(number, record, len(records), reverse=record.is_reverse)
            if record.has_tag(MERGED_TAG):  # its other end is the beginning of the second mate
                self._note(2, record, len(records), reverse=not record.is_reverse)

    def join(self, later: "StartFinder") -> None:
        """Add what another one has collected of the fragments after these."""
        self._reads += later._reads
        for number, unknown in later._unknown.items():
            self._unknown[number] += unknown
        for number, by_length in later._clips.items():
            for length, clips in by_length.items():
                own = self._clips[number].setdefault(length, _Clips())
                own.count += clips.count
                own.places += clips.places
                own.starts += clips.starts[: EXAMPLES - len(own.starts)]

    def add_whole(self, first: int, second: int) -> None:
        """Add so many first and second reads that are of the panel from their first base on."""
        self._reads[1] += first
        self._reads[2] += second

    def _note(self, number: int, record: pysam.AlignedSegment, records: int, *, reverse: bool) -> None:
        self._reads[number] += 1
        bases = record.query_sequence or ""
        self._unknown[number][len(bases) - len(bases.rstrip("N") if reverse else bases.lstrip("N"))] += 1
        clip = record.query_length - record.query_alignment_end if reverse else record.query_alignment_start
        # A read with a second piece has its beginning on the panel.
        if not FEWEST_BASES - FEWER <= clip <= MOST_BASES + MORE or records > 1:
            return
        clips = self._clips[number].setdefault(clip, _Clips())
        clips.count += 1
        # Where the read would begin if all of it were of the panel: chance agreement does not move it.
        first = (record.reference_end or 0) + clip if reverse else record.reference_start - clip
        clips.places[record.reference_id, reverse, first] += 1
        if len(clips.starts) < EXAMPLES:
            sequence = as_sequenced(record)
            if reverse != record.is_reverse:
                sequence = reverse_complement(sequence)
            clips.starts.append(sequence[: MOST_BASES + MORE])

    def found(self) -> list[ForeignStart]:
        """Return what most first, and most second, reads begin with; nothing for those of the panel alone."""
        found: list[ForeignStart] = []
        for number in sorted(self._clips):
            unknown, foreign = self._not_called(number), list(self._found(number))
            # Unknown bases are clipped as well, and those that are foreign with them.
            beyond = unknown[0].bases + MORE if unknown else 0
            found += foreign if foreign and foreign[0].bases > beyond else unknown
        return found

    def _not_called(self, number: int) -> list[ForeignStart]:
        """Return how many first bases most reads lack."""
        counts = self._unknown[number]
        for bases in range(MOST_BASES, FEWEST_UNKNOWN - 1, -1):
            reads = sum(count for length, count in counts.items() if length >= bases)
            if reads >= max(MIN_READS, MIN_SHARE * self._reads[number]):
                share = round(reads / self._reads[number], SHARE_DECIMALS)
                return [ForeignStart(number, bases, share, "N" * bases, unknown=True)]
        return []

    def _found(self, number: int) -> Iterator[ForeignStart]:
        clips = self._clips[number]
        bases = max(clips, key=lambda length: (clips[length].count, length), default=0)
        if not FEWEST_BASES <= bases <= MOST_BASES:
            return
        near = [clips[length] for length in range(bases - FEWER, bases + MORE + 1) if length in clips]
        reads = sum(each.count for each in near)
        if reads < max(MIN_READS, MIN_SHARE * self._reads[number]):
            return
        consensus = _consensus([start[:bases] for each in near for start in each.starts])
        if not _is_tail(consensus) and _many_places(near, reads, consensus):
            yield ForeignStart(number, bases, round(reads / self._reads[number], SHARE_DECIMALS), consensus)


def _many_places(clips: Sequence[_Clips], reads: int, consensus: str) -> bool:
    """Whether reads that begin alike do so wherever they are, or with different UMIs."""
    places = sum((each.places for each in clips), Counter[tuple[int, bool, int]]())
    return max(places.values()) <= MOST_AT_ONE_PLACE * reads or consensus.count("N") >= MIN_VARYING


def _is_tail(consensus: str) -> bool:
    known = consensus.replace("N", "")
    most = max(map(known.count, "ACGT"))
    return len(known) >= FEWEST_BASES and most >= MOST_OF_ONE_BASE * len(known)


def _consensus(starts: Sequence[str]) -> str:
    """Return the bases that most reads have, N where they vary.

    >>> _consensus(["AACG", "ATCG", "AGCG"])
    'ANCG'
    """
    bases = []
    for column in zip(*starts, strict=True):
        base, count = Counter(column).most_common(1)[0]
        bases.append(base if count >= MIN_AGREEMENT * len(column) else "N")
    return "".join(bases)
