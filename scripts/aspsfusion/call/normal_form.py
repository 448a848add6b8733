"""Chooses one junction to stand for all that have the same joined sequence.

Bases beside a join that fit both genes can be counted to either, and inserted bases that happen to go on like
a gene can be counted to that gene. Of all these the form is taken that costs least: an inserted base costs
one, a side off the exon borders costs `OFF_BORDER`, one in an intron `IN_INTRON`. So shared bases go where
the join is between exons, and only where neither form is, to the most 3' place of the 5' gene, as HGVS has
it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from aspsfusion.call.borders import BoundaryMap
from aspsfusion.evidence.anchors import boundaries
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Junction, Panel

OFF_BORDER = 4
"""What a side off the exon borders costs, in inserted bases: four bases go on like a gene by chance once in
256 places, and a spliced transcript joins exons."""

IN_INTRON = 8
"""What a side inside an intron costs: the first bases of an intron after an exon's end are inserted ones that
happen to be alike, and the type, frame and wild type of the exon hold."""

REACH = 40
"""Bases on each side of a junction that are compared; genes that share more at a join are one family."""


class Normal(NamedTuple):
    """The normal form of a junction, and what it costs."""

    junction: Junction
    cost: int


class NormalForms:
    """Finds the normal form of junctions; kept from one to the next, because reads repeat them."""

    def __init__(self, panel: Panel, contigs: ContigBases, borders: BoundaryMap) -> None:
        self._panel = panel
        self._contigs = contigs
        self._borders = borders
        self._found: dict[Junction, Normal] = {}
        self._positions: dict[str, Sequence[int]] = {}

    def of(self, junction: Junction) -> Normal:
        """Return the normal form of a junction."""
        if junction not in self._found:
            self._found[junction] = self._of(junction)
        return self._found[junction]

    def _of(self, junction: Junction) -> Normal:
        five_side = self._contigs_at(junction.five_gene, junction.five_pos, after=True)
        three_side = self._contigs_at(junction.three_gene, junction.three_pos, after=False)
        if not five_side or not three_side:
            return Normal(junction, len(junction.inserted) + 2 * OFF_BORDER)
        (left, end), (right, start) = five_side[0], three_side[0]
        upstream = self._contigs[left][max(0, end - REACH) : end]
        joined = upstream + junction.inserted.encode("ascii") + self._contigs[right][start : start + REACH]
        first = len(upstream)
        fives = self._places(joined, first, junction.five_gene, junction.five_pos, after=True)
        threes = self._places(
            joined, first + len(junction.inserted), junction.three_gene, junction.three_pos, after=False
        )
        ends, starts = (
            self._borders.known_ends[junction.five_gene],
            self._borders.known_starts[junction.three_gene],
        )
        best: tuple[tuple[int, int, int, int], Junction] | None = None
        for cut, onwards in _ways(fives, threes, ends, starts):
            five, three = fives[cut], threes[onwards]
            off = self._off(junction.five_gene, five, ends) + self._off(junction.three_gene, three, starts)
            cost = onwards - cut + off
            key = (cost, off, onwards - cut, -cut)
            if best is None or key < best[0]:
                inserted = joined[cut:onwards].decode("ascii")
                best = key, replace(junction, five_pos=five, three_pos=three, inserted=inserted)
        assert best is not None  # the junction itself is one of them
        return Normal(best[1], best[0][0])

    def _off(self, gene: str, base: int, borders: set[int]) -> int:
        """Return what a side costs by its place."""
        if base in borders:
            return 0
        exonic = any(t.from_genome(base) is not None for t in self._panel.by_gene[gene])
        return OFF_BORDER if exonic else IN_INTRON

    def _contigs_at(self, gene: str, position: int, *, after: bool) -> list[tuple[str, int]]:
        """Return the sequences of a gene that hold a base, each with the boundary beside it."""
        found = boundaries(self._panel, gene, position, after=after)
        unspliced = self._panel.unspliced.get(gene)
        if unspliced is not None and unspliced.start <= position < unspliced.end:
            place = unspliced.key, unspliced.from_genome(position) + after
            if place not in found:
                found.append(place)
        return found

    def _places(self, joined: bytes, at: int, gene: str, position: int, *, after: bool) -> dict[int, int]:
        """Return where the joined sequence can be cut for one gene, each with the gene's joined base.

        Args:
            joined: bases around the junction.
            at: where the junction cuts it for this gene.
            gene: HGNC symbol.
            position: genomic position of its joined base there.
            after: whether it is the 5' gene.
        """
        known = (self._borders.known_ends if after else self._borders.known_starts)[gene]
        found: dict[int, int] = {}
        seen: set[tuple[str, int]] = set()
        bases: set[tuple[int, int]] = set()
        hubs = [(at, position)]
        while hubs:
            cut, place = hubs.pop(0)
            for contig, boundary in self._contigs_at(gene, place, after=after):
                shift = boundary - cut
                if (contig, shift) in seen:
                    continue
                seen.add((contig, shift))
                for other in self._run(joined, self._contigs[contig], shift, cut, after=after):
                    base = self._genome(contig)[shift + other - after]
                    if (other, base) in bases:
                        continue
                    bases.add((other, base))
                    if other not in found or self._order(gene, base, known) < self._order(
                        gene, found[other], known
                    ):
                        found[other] = base
                    # Only at an exon's border do the sequences of a gene part.
                    if base in known:
                        hubs.append((other, base))
        return found

    def _genome(self, contig: str) -> Sequence[int]:
        """Return the genomic position of each base of a contig."""
        if contig not in self._positions:
            transcript = self._panel.transcripts.get(contig)
            if transcript is None:
                unspliced = self._panel.unspliced[contig.rsplit("|", 1)[0]]
                pieces = [(unspliced.start, unspliced.end)]
                forward = unspliced.strand == "+"
            else:
                pieces = [(exon.start, exon.end) for exon in transcript.exons]
                forward = transcript.strand == "+"
            self._positions[contig] = (
                range(*pieces[0])[:: 1 if forward else -1]
                if len(pieces) == 1
                else [p for start, end in pieces for p in range(start, end)[:: 1 if forward else -1]]
            )
        return self._positions[contig]

    def _order(self, gene: str, base: int, known: set[int]) -> tuple[bool, bool, bool, int]:
        exonic = any(t.from_genome(base) is not None for t in self._panel.by_gene[gene])
        return base not in known, self._panel.primary[gene].from_genome(base) is None, not exonic, base

    @staticmethod
    def _run(joined: bytes, contig: bytes, shift: int, cut: int, *, after: bool) -> Iterator[int]:
        """Yield the cuts around one at which the gene's bases are those of the contig.

        Those that leave bases of the gene to the other side count only where all that the gene keeps is the
        contig's: another transcript may have the base before an exon that both share by chance.
        """
        # The joined base is the one before the cut in the 5' gene, the one after it in the 3' gene.
        if after:
            whole = shift >= 0 and joined[:cut] == contig[shift : shift + cut]
            yield from range(cut, 0, -1) if whole else (cut,)
            onwards = range(cut, min(len(joined), len(contig) - shift))
        else:
            whole = joined[cut:] == contig[shift + cut : shift + len(joined)]
            yield from range(cut, len(joined)) if whole else (cut,)
            onwards = range(cut - 1, max(0, -shift) - 1, -1)
        for index in onwards:
            if joined[index] != contig[shift + index]:
                return
            yield index + after


def _ways(
    fives: dict[int, int], threes: dict[int, int], ends: set[int], starts: set[int]
) -> Iterator[tuple[int, int]]:
    """Yield the pairs of cuts among which the best one is: at borders, or with the fewest inserted bases."""
    cuts = {cut for cut, base in fives.items() if base in ends} | {max(fives)}
    onwards = {cut for cut, base in threes.items() if base in starts} | {min(threes)}
    for five in cuts:
        for three in onwards:
            if five <= three:
                yield five, three
                continue
            for both in (five, three):
                if both in fives and both in threes:
                    yield both, both
