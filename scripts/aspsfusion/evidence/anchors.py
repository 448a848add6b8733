"""How many bases of a gene a read must show before they speak for that gene alone.

The end of an exon may occur in other genes too. What is unique is computed from the panel, not assumed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from aspsfusion.panel.panel import Junction, Panel

MAX_ANCHOR = 60
"""Anchors longer than this are not asked for: two genes that share 60 nt at a junction can not be told apart
by short reads, and the margin over the wild type decides."""


@dataclass(frozen=True)
class Anchors:
    """Fewest bases on the two sides of a junction for a split read."""

    five_prime: int
    three_prime: int


class AnchorFinder:
    """Finds unique anchor lengths in the sense sequences of a panel.

    Only sense sequences count: a read's other side fixes the strand on which the anchor lies.

    Args:
        panel: built panel.
        min_anchor: shortest anchor that is ever accepted, in nt.
    """

    def __init__(self, panel: Panel, min_anchor: int) -> None:
        self._panel = panel
        self._min_anchor = min_anchor
        self._texts: dict[str, str] = {}
        self._found: dict[tuple[str, str, bool], int] = {}
        for transcript in panel.transcripts.values():
            self._add(transcript.gene, transcript.sequence)
        for unspliced in panel.unspliced.values():
            self._add(unspliced.gene, unspliced.sequence)

    def _add(self, gene: str, sequence: str) -> None:
        self._texts[gene] = f"{self._texts[gene]}|{sequence}" if gene in self._texts else sequence

    def find(self, junction: Junction) -> Anchors:
        """Return the anchors that a junction needs."""
        five = self._shortest(
            junction.five_gene,
            (sequence[:boundary] for sequence, boundary in five_prime_sides(self._panel, junction)),
            ending=True,
        )
        three = self._shortest(
            junction.three_gene,
            (sequence[boundary:] for sequence, boundary in three_prime_sides(self._panel, junction)),
            ending=False,
        )
        return Anchors(five, three)

    def _shortest(self, gene: str, sides: Iterable[str], *, ending: bool) -> int:
        side = next(iter(sides), "")
        side = side[-MAX_ANCHOR:] if ending else side[:MAX_ANCHOR]
        if (gene, side, ending) not in self._found:
            # Kept: many junctions share an exon's end, and each search goes through the whole panel.
            self._found[gene, side, ending] = self._search(gene, side, ending=ending)
        return self._found[gene, side, ending]

    def _search(self, gene: str, side: str, *, ending: bool) -> int:
        for length in range(self._min_anchor, MAX_ANCHOR + 1):
            anchor = side[-length:] if ending else side[:length]
            if not any(anchor in text for other, text in self._texts.items() if other != gene):
                return length
        return MAX_ANCHOR


def five_prime_sides(panel: Panel, junction: Junction) -> list[tuple[str, int]]:
    """Return sequence and boundary (first base behind the breakpoint) of each form of the 5' gene.

    Transcripts that hold the joined base come first, the primary one in front; where none does, the
    breakpoint lies in an intron and the unspliced gene is returned.
    """
    return [
        (panel.sequence_of(contig), boundary)
        for contig, boundary in boundaries(panel, junction.five_gene, junction.five_pos, behind=True)
    ]


def three_prime_sides(panel: Panel, junction: Junction) -> list[tuple[str, int]]:
    """Return sequence and boundary (first joined base) of each form of the 3' gene."""
    return [
        (panel.sequence_of(contig), boundary)
        for contig, boundary in boundaries(panel, junction.three_gene, junction.three_pos, behind=False)
    ]


def boundaries(panel: Panel, gene: str, position: int, *, behind: bool) -> list[tuple[str, int]]:
    """Return the contigs of a gene that hold a genomic base, with the boundary beside it.

    Args:
        panel: built panel.
        gene: HGNC symbol.
        position: genomic position, 0-based.
        behind: boundary behind the base (5' side of a junction) or in front of it (3' side).

    Returns:
        Contig name and boundary (0-based position of the base behind it) for every transcript with the
        base, primary first; the unspliced gene alone when no transcript has it.
    """
    found = []
    for transcript in panel.by_gene[gene]:
        tx_pos = transcript.from_genome(position)
        if tx_pos is not None:
            found.append((transcript.key, tx_pos + behind))
    if not found and gene in panel.unspliced:
        unspliced = panel.unspliced[gene]
        if unspliced.start <= position < unspliced.end:
            found.append((unspliced.key, unspliced.from_genome(position) + behind))
    return found
