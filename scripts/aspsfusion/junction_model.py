"""A candidate junction together with the sequences that a read of it would show."""

from collections.abc import Iterable
from functools import cached_property

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
        self.five = dict(boundaries(panel, junction.five_gene, junction.five_pos, behind=True))
        self.three = dict(boundaries(panel, junction.three_gene, junction.three_pos, behind=False))
        self._panel = panel
        self._contigs = contigs
        self._joined: dict[tuple[str, str], tuple[Bases, int]] = {}

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
            left = self._contigs[five][: self.five[five]]
            right = self._contigs[three][self.three[three] :]
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
