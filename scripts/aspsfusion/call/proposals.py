"""Proposes candidate junctions from the alignments, for `realign` to decide on.

A proposal costs little and proves nothing; missing one costs a fusion. So every read whose pieces are in two
genes proposes its junction, and so do clipped reads that go on like the border of a target's exon. A pair
whose mates are in two genes proposes the exon borders that its insert could bridge.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from aspsfusion.config import CallParameters
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.placements import NO_LIMIT, ContigBases
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Junction, Panel, Transcript

BORDER_REACH = 6
"""Bases beyond the two pieces' ends within which a split may lie: an aligner's clip is a few bases off where
the next bases agree by chance."""

MIN_PIECE = 13
"""Bases of each piece; the aligner's seed length."""

MAX_GAP = 10
"""Read bases between the pieces that belong to neither; more is inserted sequence, which a junction of two
positions cannot state."""


class BoundaryMap:
    """Exon ends and starts of every gene, by genomic position of the joined base.

    Args:
        panel: with the transcripts.
    """

    def __init__(self, panel: Panel) -> None:
        self.ends: dict[str, set[int]] = {}
        self.starts: dict[str, set[int]] = {}
        for transcript in panel.transcripts.values():
            ends = self.ends.setdefault(transcript.gene, set())
            starts = self.starts.setdefault(transcript.gene, set())
            # The last exon's end is where transcription stops, the first one's start where it begins.
            ends.update(transcript.to_genome(exon.tx_end - 1) for exon in transcript.exons[:-1])
            starts.update(transcript.to_genome(exon.tx_start) for exon in transcript.exons[1:])

    def count(self, junction: Junction) -> int:
        """Return how many sides of a junction, 0 to 2, are at an exon's end or start."""
        return (junction.five_pos in self.ends[junction.five_gene]) + (
            junction.three_pos in self.starts[junction.three_gene]
        )


class Proposer:
    """Proposes junctions for fragments; keeps nothing from one to the next.

    Args:
        panel: with the transcripts.
        contigs: the panel's sequences.
        parameters: thresholds.

    Attributes:
        boundaries: exon borders of the panel's genes.
    """

    def __init__(self, panel: Panel, contigs: ContigBases, parameters: CallParameters) -> None:
        self._panel = panel
        self._contigs = contigs
        self._parameters = parameters
        self.boundaries = BoundaryMap(panel)

    def propose(self, fragments: Iterable[Fragment]) -> dict[Junction, list[Fragment]]:
        """Return the junctions that split reads and clipped ends propose, each with its proposers."""
        found: dict[Junction, list[Fragment]] = {}
        for fragment in fragments:
            for junction in self._from_split_reads(fragment) | self._from_clips(fragment):
                found.setdefault(junction, []).append(fragment)
        return found

    def _from_split_reads(self, fragment: Fragment) -> set[Junction]:
        """Return the junctions that reads with pieces in two genes propose."""
        return {junction for mate in fragment.mates for junction in self._split(mate)}

    def _split(self, mate: Mate) -> Iterator[Junction]:
        for reverse in (False, True):
            placements = [p for p in mate.placements if p.reverse == reverse]
            sequence = mate.oriented(reverse=reverse)
            seen = set()
            for five in placements:
                for three in placements:
                    if five.gene == three.gene or not _side_by_side(five, three):
                        continue
                    ends = self._inner_ends(five, three)
                    if ends not in seen:
                        seen.add(ends)
                        junction = self._best_split(sequence, five, three)
                        if junction:
                            yield junction

    def _inner_ends(self, five: Placement, three: Placement) -> tuple[object, ...]:
        """Return what pieces on two transcripts have in common when they propose the same junction."""
        return (
            self._panel.genomic_position(five.contig, five.end - 1),
            five.query_end,
            five.contig in self._panel.transcripts,
            self._panel.genomic_position(three.contig, three.start),
            three.query_start,
            three.contig in self._panel.transcripts,
        )

    def _best_split(self, sequence: str, five: Placement, three: Placement) -> Junction | None:
        """Return the junction at the split of the read that leaves the fewest mismatches.

        Among equal splits one between two exon borders wins, then one at a single border, then the one
        nearest to the 5' end.
        """
        low = max(MIN_PIECE, min(five.query_end, three.query_start) - BORDER_REACH)
        high = min(len(sequence) - MIN_PIECE, max(five.query_end, three.query_start) + BORDER_REACH)
        bases = sequence.encode("ascii")
        five_bases, three_bases = self._contigs[five.contig], self._contigs[three.contig]
        five_at = five.end - five.query_end
        three_at = three.start - three.query_start
        wrong = {
            split: mismatches_at(
                bases[five.query_start : split], five_bases, five_at + five.query_start, NO_LIMIT
            )
            + mismatches_at(bases[split : three.query_end], three_bases, three_at + split, NO_LIMIT)
            for split in range(low, high + 1)
        }
        for fewest in sorted(set(wrong.values())):
            junctions = [
                junction
                for split, count in wrong.items()
                if count == fewest
                and (
                    junction := self._junction(
                        five.contig, five_at + split - 1, three.contig, three_at + split
                    )
                )
            ]
            if junctions:
                return max(junctions, key=self.boundaries.count)
        return None

    def _junction(self, five: str, five_last: int, three: str, three_first: int) -> Junction | None:
        five_pos, three_pos = self._to_genome(five, five_last), self._to_genome(three, three_first)
        if five_pos is None or three_pos is None:
            return None
        return Junction(five.split("|", 1)[0], five_pos, three.split("|", 1)[0], three_pos)

    def _to_genome(self, contig: str, position: int) -> int | None:
        inside = 0 <= position < len(self._contigs[contig])
        return self._panel.genomic_position(contig, position) if inside else None

    def _from_clips(self, fragment: Fragment) -> set[Junction]:
        """Return the junctions between exon borders of two targets that the clipped end of a read fits.

        An aligner needs some twenty bases to place the second piece of a read; at an exon's border the
        required anchor is enough, because few places are possible. So each exon end of a target is tried
        with each exon start of the others, in both orders.
        """
        found: set[Junction] = set()
        for mate in fragment.mates:
            for placement in mate.placements[:1]:
                transcript = self._panel.transcripts.get(placement.contig)
                if transcript is not None and transcript.gene in self._targets:
                    found.update(self._continued(transcript, mate, placement))
        return found

    def _continued(self, transcript: Transcript, mate: Mate, placement: Placement) -> Iterator[Junction]:
        sequence = mate.oriented(reverse=placement.reverse)
        size = self._parameters.min_anchor
        for exon in transcript.exons:
            at = placement.query_end + exon.tx_end - placement.end
            if abs(exon.tx_end - placement.end) <= BORDER_REACH and at + size <= len(sequence):
                for gene, position in self._starts.get(sequence[at : at + size], ()):
                    if gene != transcript.gene:
                        yield Junction(transcript.gene, transcript.to_genome(exon.tx_end - 1), gene, position)
            at = placement.query_start + exon.tx_start - placement.start
            if abs(exon.tx_start - placement.start) <= BORDER_REACH and at >= size:
                for gene, position in self._ends.get(sequence[at - size : at], ()):
                    if gene != transcript.gene:
                        yield Junction(gene, position, transcript.gene, transcript.to_genome(exon.tx_start))

    @cached_property
    def _targets(self) -> set[str]:
        return set(self._panel.spec.genes_with_role("target"))

    @cached_property
    def _starts(self) -> dict[str, set[tuple[str, int]]]:
        """Gene and genomic position of the exon starts of the targets, by their first bases."""
        size = self._parameters.min_anchor
        return self._by_bases(
            (t, exon.tx_start, t.sequence[exon.tx_start : exon.tx_start + size])
            for t in self._panel.transcripts.values()
            for exon in t.exons[1:]
        )

    @cached_property
    def _ends(self) -> dict[str, set[tuple[str, int]]]:
        """Gene and genomic position of the exon ends of the targets, by their last bases."""
        size = self._parameters.min_anchor
        return self._by_bases(
            (t, exon.tx_end - 1, t.sequence[max(0, exon.tx_end - size) : exon.tx_end])
            for t in self._panel.transcripts.values()
            for exon in t.exons[:-1]
        )

    def _by_bases(self, borders: Iterable[tuple[Transcript, int, str]]) -> dict[str, set[tuple[str, int]]]:
        found: dict[str, set[tuple[str, int]]] = {}
        for transcript, tx_pos, bases in borders:
            if transcript.gene in self._targets and len(bases) == self._parameters.min_anchor:
                found.setdefault(bases, set()).add((transcript.gene, transcript.to_genome(tx_pos)))
        return found

    def from_spanning_pair(self, fragment: Fragment) -> set[Junction]:
        """Return the exon borders that a pair with mates in two genes could bridge."""
        if len(fragment.mates) != BOTH_ENDS:
            return set()
        found: set[Junction] = set()
        for left, right in (fragment.mates, fragment.mates[::-1]):
            for five in left.placements[:1]:
                for three in right.placements[:1]:
                    if five.gene != three.gene and not five.reverse and three.reverse:
                        found.update(self._bridged(five, three))
        return found

    def _bridged(self, five: Placement, three: Placement) -> Iterator[Junction]:
        five_tx = self._panel.transcripts.get(five.contig)
        three_tx = self._panel.transcripts.get(three.contig)
        if five_tx is None or three_tx is None:
            return
        for donor in five_tx.exons[:-1]:
            before = donor.tx_end - five.start
            if donor.tx_end < five.end - BORDER_REACH or before > self._parameters.max_insert:
                continue
            for acceptor in three_tx.exons[1:]:
                after = three.end - acceptor.tx_start
                if acceptor.tx_start > three.start + BORDER_REACH:
                    continue
                if before + after <= self._parameters.max_insert:
                    yield Junction(
                        five_tx.gene,
                        five_tx.to_genome(donor.tx_end - 1),
                        three_tx.gene,
                        three_tx.to_genome(acceptor.tx_start),
                    )


def _side_by_side(five: Placement, three: Placement) -> bool:
    """Whether two pieces of a read follow each other, the 5' one first."""
    return (
        five.query_start < three.query_start
        and five.query_end < three.query_end
        and three.query_start - five.query_end <= MAX_GAP
        and three.query_start - five.query_start >= MIN_PIECE
        and three.query_end - five.query_end >= MIN_PIECE
    )
