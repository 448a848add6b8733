"""Defines what the evidence of long reads says beside their counts."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from aspsfusion.config import CallParameters

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

SAME_END = 30
"""Bases within which the ends of two reads are one: some lack their first and last bases."""

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
        ends: genomic positions (0-based) of their first and last base on the panel, likewise.
    """

    platform: LongPlatform
    error_rate: float
    artefacts: Mapping[str, int]
    suspected: Mapping[int, str]
    exons: Mapping[int, str]
    ends: Mapping[int, tuple[int, int]]

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

    def places_of(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Return how many of some reads begin and end at each of their places, the most first."""
        left = sorted(self.ends[number] for number in numbers)
        sizes = []
        while left:
            first, last = left[0]
            apart = [
                ends for ends in left if abs(ends[0] - first) > SAME_END or abs(ends[1] - last) > SAME_END
            ]
            sizes.append(len(left) - len(apart))
            left = apart
        return tuple(sorted(sizes, reverse=True))

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
        ends = {int(number): (int(first), int(last)) for number, (first, last) in data["ends"].items()}
        return cls(
            data["platform"], float(data["error_rate"]), dict(data["artefacts"]), suspected, exons, ends
        )
