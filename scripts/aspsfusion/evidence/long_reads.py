"""Defines what the evidence of long reads says beside their counts."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from aspsfusion.config import CallParameters
from aspsfusion.evidence.fixed_ends import MAX_PLACES, MIN_FRAGMENTS, MIN_SHARE

LongPlatform = Literal["ont", "pacbio", "long"]
"""What long reads were sequenced on; `long` where their lengths alone show that they are long."""

TRUNCATED = "5' truncation"
"""Name of the artefact of a read of the 3' gene that reaches no acceptor."""

ANCHOR = 30
"""Bases on each side of a junction: at 10 percent errors 30 bases of a gene have 3 edits, and the place in
5,000 random bases that they fit best has 9 (300 pieces, none below 7)."""

INFORMATIVE_ANCHOR = 50
"""Bases on both sides of an acceptor that a read must hold to inform: of reads that cross a junction by so
many nearly all are counted."""

EDITS_PER_RATE = 20
"""Edits of the margin for each unit of the error rate, beside the configured ones: half of the errors in the
20 raw bases on each side of a junction, by which a variant beside the true junction may fit better."""

SAME_END = 20
"""Bases within which the ends of two reads are one: some lack their first and last bases."""

LEAST_COMMON, COMMON_SHARE = 2, 0.45
"""Reads, and their share, with one end in common from which a junction's reads may be copies of one molecule:
each copy has one of its ends at least. Of molecules that begin anywhere in 1,000 nt so many of 3 do in 1 of 9
cases, of 4 in 1 of 5, of 5 in 1 of 60, of 20 in none of 4,000."""

FEW_ERRORS, FEW_SHARE, MORE_SHARE = 0.02, 2, 5
"""Error rate up to which two reads share a base by chance as seldom as short ones do, and how many reads must
share a variant up to there and above: of 4 reads with 10 percent errors two shared one in a test."""


@dataclass(frozen=True)
class LongReads:
    """What is known of a sample of long reads.

    Attributes:
        platform: see `LongPlatform`.
        error_rate: median share of edits in the bases of a read that are aligned to the panel.
        artefacts: reads by the name of an artefact that they show.
        suspected: name of the artefact that may explain a read with a junction, by number of the read.
        exons: what the reads with a junction show of each gene from their 5' end on, by number of the read.
        ends: genomic positions (0-based) of their first and last base on the panel, likewise; None where that
            is at the end of the gene's transcript.
    """

    platform: LongPlatform
    error_rate: float
    artefacts: Mapping[str, int]
    suspected: Mapping[int, str]
    exons: Mapping[int, str]
    ends: Mapping[int, tuple[int | None, int | None]]

    def thresholds(self, parameters: CallParameters) -> CallParameters:
        """Return the thresholds by which junctions of the sample are called."""
        return parameters.model_copy(
            update={
                "min_anchor": max(parameters.min_anchor, ANCHOR),
                "margin": parameters.margin + int(EDITS_PER_RATE * self.error_rate + 0.5),
            }
        )

    @property
    def variant_reads(self) -> int:
        """Reads that must share a variant beside a junction for it to be one, see `interpret.variants`."""
        return FEW_SHARE if self.error_rate < FEW_ERRORS else MORE_SHARE

    def copies_of_one(self, numbers: Collection[int]) -> bool:
        """Whether so many of some reads have an end in common that they may be copies of one molecule.

        Copies may be cut off at either end. Reads that are of whole transcripts cannot be distinguished.
        """
        ends = [self.ends[number] for number in numbers]
        whole = sum(each == (None, None) for each in ends)
        inner = ([place for place in side if place is not None] for side in zip(*ends, strict=True))
        common = max([whole, *map(_most_alike, inner)])
        return common >= max(LEAST_COMMON, COMMON_SHARE * len(ends))

    def fixed_ends(self, numbers: Collection[int]) -> tuple[int, ...]:
        """Return how many of some reads are at each of the few inner pairs of ends that most have.

        See `evidence.fixed_ends`.
        """
        left = Counter(
            (first, last)
            for first, last in (self.ends[number] for number in numbers)
            if first is not None and last is not None
        )
        shared: list[int] = []
        while left and len(shared) < MAX_PLACES:
            first, last = max(left, key=lambda pair: (left[pair], pair))
            near = [pair for pair in left if max(abs(pair[0] - first), abs(pair[1] - last)) <= SAME_END]
            shared.append(sum(left.pop(pair) for pair in near))
        total = len(numbers)
        return tuple(shared) if total >= MIN_FRAGMENTS and sum(shared) >= MIN_SHARE * total else ()

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Self | None:
        """Return what `to_json` gave, None for None."""
        if data is None:
            return None
        suspected, exons = (
            {int(number): text for number, text in data[key].items()} for key in ("suspected", "exons")
        )
        ends = {int(number): (first, last) for number, (first, last) in data["ends"].items()}
        return cls(
            data["platform"], float(data["error_rate"]), dict(data["artefacts"]), suspected, exons, ends
        )


def _most_alike(positions: Iterable[int]) -> int:
    """Return how many positions at most are within SAME_END bases.

    >>> _most_alike([10, 100, 12, 15, 131]), _most_alike([])
    (3, 0)
    """
    ordered = sorted(positions)
    return max(
        (bisect_right(ordered, low + SAME_END) - index for index, low in enumerate(ordered)), default=0
    )
