"""Detects whether a library keeps the strand, is of spliced RNA, and has mates that face each other.

All follow from the unique fragments that the wild type explains, on the transcripts of all genes of the
panel.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from aspsfusion.evidence.fragments import Fragment, Placement
from aspsfusion.panel.panel import UNSPLICED_SUFFIX, Transcript

Strand = Literal["forward", "reverse", "unstranded", "not determined"]

MIN_FRAGMENTS = 50
"""Fewest fragments to detect the strand: of 50 unstranded ones three quarters have one direction with a
probability of 3 in 10,000 (binomial distribution)."""

STRANDED_SHARE = 0.75
"""Share of fragments in one direction from which a library counts as stranded. Stranded kits reach 0.9 and
more, unstranded ones 0.5; between the two are libraries with genomic DNA in them."""

MIN_TRANSCRIPT_FRAGMENTS = 50
"""Fewest fragments of the targets to detect RNA. Exons of some 150 nt have one border in 150 nt, so that of
spliced RNA even a read of 36 nt shows one with a probability near 0.14, and 50 of them all miss one with
less than 1 in 1,000."""

SPLICE_OVERHANG = 8
"""Bases beyond a border of exons that show a splice. Fewer fit an intron as well by chance: introns begin
with G, as many exons do, and a fragment of DNA that ends there is placed on the transcript."""

MIN_PAIRS = 20
"""Fewest pairs that tell how mates lie. With fewer, an exclusion rests on merged pairs and single reads."""

FACING_SHARE = 0.75
"""Share of pairs whose mates face each other below which nothing is excluded: a fusion loses the others.
In seven real libraries it was 0.998 and more (18 of 28,263 pairs on human mRNAs did not). Of 20 pairs of a
library with 0.98, fewer than 15 face each other with a probability of 2 in a million (binomial
distribution)."""


@dataclass
class Direction:
    """Fragments by the direction of their reads, and by whether they are spliced.

    Attributes:
        sense: fragments whose first read has the direction of the transcript.
        antisense: fragments whose first read has the other one.
        spliced: fragments that cross a border of two exons by `SPLICE_OVERHANG` on both sides.
        target_fragments: fragments of target genes, of which the unspliced sequence is known.
        facing: pairs on one contig, not merged, whose mates face each other.
        not_facing: those whose mates do not.
    """

    sense: int = 0
    antisense: int = 0
    spliced: int = 0
    target_fragments: int = 0
    facing: int = 0
    not_facing: int = 0

    def to_json(self) -> dict[str, int]:
        """Return the counts as plain data."""
        return dict(vars(self))

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Direction":
        """Return the counts that `to_json` gave."""
        return cls(**{name: int(data[name]) for name in vars(cls())})

    def add(self, first: Placement, placements: Iterable[Placement], borders: Sequence[int] | None) -> None:
        """Count a fragment.

        Args:
            first: of its first read.
            placements: of its reads.
            borders: for a fragment of a target gene the borders between the exons of its contig, as 0-based
                positions of the first base after each, none on an unspliced contig; None for other genes.
        """
        if not first.contig.endswith(f"|{UNSPLICED_SUFFIX}"):
            if first.reverse:
                self.antisense += 1
            else:
                self.sense += 1
        if borders is None:
            return
        self.target_fragments += 1
        self.spliced += any(
            p.start + SPLICE_OVERHANG <= border <= p.end - SPLICE_OVERHANG
            for p in placements
            for border in borders
        )

    def add_pair(self, one: Placement, other: Placement) -> None:
        """Count a pair, unless its mates are on two transcripts: there their order is not known.

        Mates face each other when the forward one begins upstream of where the reverse one does. So do those
        of a fragment that is shorter than its reads, whose ends reach beyond each other.
        """
        if one.contig != other.contig:
            return
        forward, reverse = (other, one) if one.reverse else (one, other)
        if one.reverse != other.reverse and forward.start < reverse.end:
            self.facing += 1
        else:
            self.not_facing += 1

    @property
    def mates_face(self) -> bool | None:
        """Whether mates face each other, as those of a fusion must to be found; None for too few pairs."""
        pairs = self.facing + self.not_facing
        return self.facing >= FACING_SHARE * pairs if pairs >= MIN_PAIRS else None

    @property
    def share(self) -> float | None:
        """Share of fragments whose first read has the direction of the transcript; None without any."""
        total = self.sense + self.antisense
        return self.sense / total if total else None

    @property
    def strand(self) -> Strand:
        """The library's kind: which strand its first reads have."""
        share = self.share
        if share is None or self.sense + self.antisense < MIN_FRAGMENTS:
            return "not determined"
        if share >= STRANDED_SHARE:
            return "forward"
        return "reverse" if share <= 1 - STRANDED_SHARE else "unstranded"

    @property
    def unspliced(self) -> bool:
        """Whether no fragment of a covered target is spliced, as when DNA was sequenced instead of RNA."""
        return self.target_fragments >= MIN_TRANSCRIPT_FRAGMENTS and not self.spliced


def exon_borders(transcripts: Iterable[Transcript]) -> dict[str, list[int]]:
    """Return the borders between exons by contig, as 0-based positions of the first base after each."""
    return {t.key: [exon.tx_start for exon in t.exons[1:]] for t in transcripts}


def count_direction(
    direction: Direction,
    fragment: Fragment,
    placements: Sequence[Placement],
    borders: dict[str, list[int]],
    targets: Iterable[str],
) -> None:
    """Count a fragment that the wild type explains.

    Args:
        direction: counts to add to.
        fragment: that is counted.
        placements: of its placed reads, in their order, as `count_wild_type` gave them.
        borders: see `exon_borders`.
        targets: genes whose unspliced sequence is on the panel.
    """
    if not placements:
        return
    placed = [mate for mate in fragment.mates if mate.placements]
    if not placed or placed[0].number != 1:
        return
    first = placements[0]
    own = borders.get(first.contig, []) if first.gene in targets else None
    direction.add(first, placements, own)
