"""Finds the anchors of a junction: how many bases on each side name one gene alone.

The end of an exon may occur in other genes too. What is unique is computed from the panel, not assumed. A
fragment of the wild type informs about the absence of a fusion where it has the anchors of its junction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aspsfusion.config import CallParameters
from aspsfusion.panel.panel import Junction, Panel

MAX_ANCHOR = 60
"""Anchors longer than this are not asked for: short reads cannot distinguish two genes that share 60 nt at a
junction, and the margin over the wild type decides."""


@dataclass(frozen=True)
class Anchors:
    """Fewest bases on the two sides of a junction for a split read."""

    five_prime: int
    three_prime: int


@dataclass(frozen=True)
class InformativeBoundary:
    """An exon border at which wild-type fragments show that the target fusion would have been seen.

    Attributes:
        key: name under which they are counted, for example `GENE exon 6`.
        boundary: first base after the boundary on the contig, 0-based.
        anchors: bases that a fragment must cover on the two sides, those of the fusion's junction.
        longer: bases that it must cover on one of them, as many as the aligner places.
    """

    key: str
    boundary: int
    anchors: Anchors
    longer: int = 0


InformativeBoundaries = Mapping[str, Sequence[InformativeBoundary]]
"""By contig."""


class AnchorFinder:
    """Finds unique anchor lengths in the sense sequences of a panel.

    Only sense sequences count: a read's other side fixes the strand of the anchor.

    Args:
        min_anchor: shortest anchor that is ever accepted, in nt.
    """

    def __init__(self, panel: Panel, min_anchor: int) -> None:
        self._panel = panel
        self._min_anchor = min_anchor
        self._texts: dict[str, str] = {}
        for transcript in panel.transcripts.values():
            self._add(transcript.gene, transcript.sequence)
        for unspliced in panel.unspliced.values():
            self._add(unspliced.gene, unspliced.sequence)

    def _add(self, gene: str, sequence: str) -> None:
        self._texts[gene] = f"{self._texts[gene]}|{sequence}" if gene in self._texts else sequence

    def find(self, junction: Junction) -> Anchors:
        """Return the anchors that a junction needs."""
        five = boundaries(self._panel, junction.five_gene, junction.five_pos, after=True)
        three = boundaries(self._panel, junction.three_gene, junction.three_pos, after=False)
        return Anchors(
            self._shortest(junction.five_gene, five[:1], ending=True),
            self._shortest(junction.three_gene, three[:1], ending=False),
        )

    def _shortest(self, gene: str, places: list[tuple[str, int]], *, ending: bool) -> int:
        side = ""
        for contig, boundary in places:
            sequence = self._panel.sequence_of(contig)
            side = sequence[:boundary][-MAX_ANCHOR:] if ending else sequence[boundary:][:MAX_ANCHOR]
        # Kept: many junctions share an exon's end, and each search goes through the whole panel.
        found, sought = self._panel.anchor_lengths, (gene, side, ending, self._min_anchor)
        if sought not in found:
            found[sought] = self._search(gene, side, ending=ending)
        return found[sought]

    def _search(self, gene: str, side: str, *, ending: bool) -> int:
        for length in range(self._min_anchor, MAX_ANCHOR + 1):
            anchor = side[-length:] if ending else side[:length]
            if not any(anchor in text for other, text in self._texts.items() if other != gene):
                return length
        return MAX_ANCHOR


def boundaries(panel: Panel, gene: str, position: int, *, after: bool) -> list[tuple[str, int]]:
    """Return the contigs of a gene that hold a genomic base, with the boundary beside it.

    Args:
        panel: with the sequences.
        gene: HGNC symbol.
        position: genomic position, 0-based.
        after: the boundary after the base (5' side of a junction), else before it (3' side).

    Returns:
        Contig name and boundary (0-based position of the first base after it) for every transcript with the
        base, primary first; the unspliced gene alone when no transcript has it.
    """
    found = []
    for transcript in panel.by_gene[gene]:
        tx_pos = transcript.from_genome(position)
        if tx_pos is not None:
            found.append((transcript.key, tx_pos + after))
    if not found and gene in panel.unspliced:
        unspliced = panel.unspliced[gene]
        if unspliced.start <= position < unspliced.end:
            found.append((unspliced.key, unspliced.from_genome(position) + after))
    return found


def informative_boundaries(panel: Panel, parameters: CallParameters) -> dict[str, list[InformativeBoundary]]:
    """Return the boundaries at which the exclusion is decided, by contig.

    These are the acceptors of the panel's decisive junctions. A wild-type fragment counts there when it
    covers as many bases on both sides as a fragment of the fusion would need.
    """
    from aspsfusion.io.bwa import MIN_SCORE  # loads the aligner, which reports do without

    finder = AnchorFinder(panel, parameters.min_anchor)
    found: dict[str, list[InformativeBoundary]] = {}
    keys = set()
    in_order = sorted(panel.decisive.items(), key=lambda item: item[1].three_prime.exon)
    for junction, spec in in_order:
        key = f"{junction.three_gene} exon {spec.three_prime.exon}"
        if key in keys:
            continue
        keys.add(key)
        anchors = finder.find(junction)
        for contig, boundary in boundaries(panel, junction.three_gene, junction.three_pos, after=False):
            found.setdefault(contig, []).append(InformativeBoundary(key, boundary, anchors, MIN_SCORE))
    return found
