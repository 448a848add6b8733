"""A candidate junction together with the sequences that a read of it would show."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from itertools import pairwise

import numpy as np

from aspsfusion.anchors import Anchors, boundaries
from aspsfusion.panel import Junction, Panel
from aspsfusion.placements import Bases, ContigBases
from aspsfusion.records import Fragment, Placement


class JunctionModel:
    """A candidate junction with the sequences across it.

    Args:
        panel: built panel.
        contigs: the panel's sequences.
        junction: genomic positions.
        anchors: anchors that a split read needs.
    """

    def __init__(self, panel: Panel, contigs: ContigBases, junction: Junction, anchors: Anchors) -> None:
        self.junction = junction
        self.anchors = anchors
        self._panel = panel
        self._contigs = contigs
        five = boundaries(panel, junction.five_gene, junction.five_pos, behind=True)
        three = boundaries(panel, junction.three_gene, junction.three_pos, behind=False)
        self._left = {contig: contigs[contig][:boundary] for contig, boundary in five}
        self._right = {contig: contigs[contig][boundary:] for contig, boundary in three}
        self.five = dict(five)
        self.three = dict(three)
        self._add_spliced_forms()
        self._joined: dict[tuple[str, str], tuple[Bases, int]] = {}

    def _add_spliced_forms(self) -> None:
        """Add the forms of a breakpoint inside an intron in which the other introns are spliced out.

        The RNA of such a breakpoint keeps the piece of the broken intron next to it; the exons beyond that
        piece are spliced as ever, and mates lie in them. The boundary of such a form on a transcript is that
        of its exons, moved by the length of the piece, so that a read's place relative to the junction
        follows from its place on the transcript as for any other form.
        """
        for key, (exons, piece) in self._pieces(self.junction.five_gene, self.five, five_side=True):
            self._left[key] = np.concatenate([self._contigs[key][:exons], piece])
            self.five[key] = exons + piece.size
        for key, (exons, piece) in self._pieces(self.junction.three_gene, self.three, five_side=False):
            self._right[key] = np.concatenate([piece, self._contigs[key][exons:]])
            self.three[key] = exons - piece.size

    def _pieces(
        self, gene: str, forms: Mapping[str, int], *, five_side: bool
    ) -> list[tuple[str, tuple[int, Bases]]]:
        """Return for each transcript with the broken intron its exons' border and the piece of the intron.

        Args:
            gene: gene of the side.
            forms: boundaries by contig; a breakpoint inside an intron has that of the unspliced gene alone.
            five_side: whether the exons lie in front of the breakpoint.
        """
        unspliced = self._panel.unspliced.get(gene)
        if unspliced is None or unspliced.key not in forms:
            return []
        broken, bases = forms[unspliced.key], self._contigs[unspliced.key]
        found = []
        for transcript in self._panel.by_gene[gene]:
            for before, behind in pairwise(transcript.exons):
                start = unspliced.from_genome(transcript.to_genome(before.tx_end - 1)) + 1
                end = unspliced.from_genome(transcript.to_genome(behind.tx_start))
                if start <= broken <= end:
                    piece = bases[start:broken] if five_side else bases[broken:end]
                    found.append((transcript.key, (before.tx_end, piece)))
        return found

    @property
    def usable(self) -> bool:
        """Whether the panel holds sequence on both sides."""
        return bool(self.five) and bool(self.three)

    @cached_property
    def main_forms(self) -> tuple[str, str]:
        """Contigs of the two sides that stand for the junction, primary transcripts where possible."""
        return next(iter(self.five)), next(iter(self.three))

    def joined(self, five: str, three: str) -> tuple[Bases, int]:
        """Return the fusion transcript of two contigs and the position of the first base of the 3' gene."""
        key = (five, three)
        if key not in self._joined:
            left, right = self._left[five], self._right[three]
            self._joined[key] = np.concatenate([left, right]), left.size
        return self._joined[key]

    def keeps(self, placement: Placement) -> bool:
        """Whether a placement lies in the part of one of the two genes that the fusion keeps."""
        first, last = (
            self._panel.genomic_position(placement.contig, position)
            for position in (placement.start, placement.end - 1)
        )
        sense = 1 if self._panel.primary[placement.gene].strand == "+" else -1
        if placement.gene == self.junction.five_gene and (last - self.junction.five_pos) * sense <= 0:
            return True
        return placement.gene == self.junction.three_gene and (first - self.junction.three_pos) * sense >= 0

    def flanks(self, length: int) -> tuple[str, str]:
        """Return up to `length` reference bases on each side of the junction."""
        bases, junction = self.joined(*self.main_forms)
        left = bases[max(0, junction - length) : junction].tobytes().decode("ascii")
        return left, bases[junction : junction + length].tobytes().decode("ascii")


def relevant(models: Iterable[JunctionModel], fragment: Fragment) -> list[JunctionModel]:
    """Return the junctions of which a fragment touches at least one gene."""
    genes = {placement.gene for mate in fragment.mates for placement in mate.placements}
    return [m for m in models if m.junction.five_gene in genes or m.junction.three_gene in genes]
