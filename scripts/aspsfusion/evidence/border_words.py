"""Finds the borders of the targets' exons by their bases alone, where a read is too short for the aligner.

The aligner places no piece of a read below some twenty bases. At the borders of exons far fewer are enough:
few places are possible.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from aspsfusion.evidence.fragments import Placement
from aspsfusion.evidence.placements import NO_LIMIT, ContigBases
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import Transcript

Border = tuple[str, int]
"""Gene and genomic position (0-based) of the last base of an exon, or of the first one."""

Borders = dict[str, set[Border]]
"""Borders by the bases beside them."""


class Joined(NamedTuple):
    """The borders of two targets' exons in one read.

    Attributes:
        cut: where in the read the bases of the 5' gene end.
        five: border that they end at.
        onwards: where those of the 3' gene begin; what is between them is inserted.
        three: border that they begin at.
    """

    cut: int
    five: Border
    onwards: int
    three: Border


class BorderWords:
    """The last bases of all exons of the targets but the last ones, and the first of all but the first ones.

    Args:
        size: bases of a word, in nt.

    Attributes:
        ends: borders by the last bases of exons.
        starts: borders by the first bases of exons.
    """

    def __init__(self, panel: Panel, size: int) -> None:
        self.size = size
        targets = set(panel.spec.genes_with_role("target"))
        transcripts = sorted(
            (each for each in panel.transcripts.values() if each.gene in targets),
            key=lambda each: panel.contig_ranks[each.key],
        )
        self._boundaries: dict[Border, tuple[str, int]] = {}
        self.ends = self._by_bases((t, exon.tx_end, True) for t in transcripts for exon in t.exons[:-1])
        self.starts = self._by_bases((t, exon.tx_start, False) for t in transcripts for exon in t.exons[1:])

    def _by_bases(self, boundaries: Iterable[tuple[Transcript, int, bool]]) -> Borders:
        found: Borders = {}
        for transcript, boundary, ending in boundaries:
            first = boundary - self.size if ending else boundary
            bases = transcript.sequence[max(0, first) : first + self.size]
            if len(bases) == self.size:
                border = transcript.gene, transcript.to_genome(boundary - ending)
                found.setdefault(bases, set()).add(border)
                self._boundaries.setdefault(border, (transcript.key, boundary))
        return found

    def joined(self, sequence: str) -> Iterator[Joined]:
        """Yield the borders of two targets that a read has the words of, in this order.

        By chance, as reckoned for words of 10 bases on the shipped panel, one read of 50 random bases in 2.4
        million has two, of 150 one in 140,000; the junction has to prove itself afterwards in any case.

        Args:
            sequence: bases in the orientation of the transcripts.
        """
        places = range(self.size, len(sequence) - self.size + 1)
        fives = [(at, border) for at in places for border in self.ends.get(sequence[at - self.size : at], ())]
        if not fives:
            return
        for onwards in places:
            for three in self.starts.get(sequence[onwards : onwards + self.size], ()):
                for cut, five in fives:
                    if cut <= onwards and five[0] != three[0] and "N" not in sequence[cut:onwards]:
                        yield Joined(cut, five, onwards, three)

    def placements(self, bases: str, contigs: ContigBases) -> tuple[Placement, ...]:
        """Return the words of two targets in a read as its placements; none where it has not both.

        Args:
            bases: the read as sequenced.
            contigs: the panel's sequences.
        """
        found: set[Placement] = set()
        for reverse in (False, True):
            sequence = reverse_complement(bases) if reverse else bases
            for cut, five, onwards, three in self.joined(sequence):
                for at, border, before in ((cut - self.size, five, self.size), (onwards, three, 0)):
                    contig, boundary = self._boundaries[border]
                    start = boundary - before
                    edits = mismatches_at(sequence.encode("ascii"), contigs[contig], start - at, NO_LIMIT)
                    found.add(Placement(contig, reverse, start, start + self.size, at, at + self.size, edits))
        return tuple(sorted(found))
