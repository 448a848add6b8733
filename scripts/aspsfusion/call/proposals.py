"""Proposes candidate junctions from the alignments, for `realign` to decide on.

A proposal costs little and proves nothing; missing one costs a fusion. So every read whose pieces are in two
genes proposes its junction, whatever lies between them, and so do clipped reads that go on like the border of
a target's exon or end in a word of another target. A pair whose mates are in two genes proposes the exon
borders that its insert could bridge.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from aspsfusion.call.borders import BoundaryMap
from aspsfusion.call.consensus import agreed
from aspsfusion.call.normal_form import OFF_BORDER, NormalForms
from aspsfusion.call.short_clips import ShortClips
from aspsfusion.config import CallParameters
from aspsfusion.evidence.border_words import BorderWords
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.placements import NO_LIMIT, ContigBases
from aspsfusion.native import mismatches_at
from aspsfusion.panel.panel import Junction, Panel, Transcript
from aspsfusion.panel.transcripts import DECOY

BORDER_REACH = 6
"""Bases beyond the two pieces' ends within which a split may lie: an aligner's clip is a few bases off where
the next bases agree by chance."""

MIN_PIECE = 13
"""Bases of each piece; the aligner's seed length."""

MAX_GAP = 10
"""Read bases between the pieces above which the pieces must reach the ends of the read: of what lies between
more, a short piece agrees by chance with some intron of the panel."""

FEW_INSERTED = 2
"""Inserted bases up to which a substitution costs as much as an inserted base: a variant beside a junction
stays a variant. Of more bases some agree with a gene by chance, and a substitution must explain several."""

WORD = 14
"""Bases at a read's end that, all of them right, show a piece of another target where the aligner finds none:
14 bases are one of two transcripts of 4,000 nt by chance once in 30,000 times."""


class Proposer:
    """Proposes junctions for fragments; keeps nothing from one to the next."""

    def __init__(self, panel: Panel, contigs: ContigBases, parameters: CallParameters) -> None:
        self._panel = panel
        self._contigs = contigs
        self._parameters = parameters
        self._border_words = BorderWords(panel, parameters.min_anchor)
        self.boundaries = BoundaryMap(panel)
        self.normal_forms = NormalForms(panel, contigs, self.boundaries)
        self._short_clips = ShortClips(panel, self.normal_forms)

    def propose(self, fragments: Iterable[Fragment]) -> dict[Junction, list[Fragment]]:
        """Return the junctions that split reads and clipped ends propose, each with its proposers.

        Fragments whose inserted bases differ by errors propose the one junction that they agree on.
        """
        found: dict[Junction, list[Fragment]] = {}
        together = list(fragments)
        for fragment in together:
            for junction in (
                self.from_split_reads(fragment)
                | self._from_clips(fragment)
                | self._from_short_pieces(fragment)
            ):
                found.setdefault(junction, []).append(fragment)
        for junction, proposers in self._short_clips.propose(together).items():
            held = found.setdefault(junction, [])
            known = {each.number for each in held}
            held += [each for each in proposers if each.number not in known]
        return agreed(found, self.normal_forms)

    def from_split_reads(self, fragment: Fragment) -> set[Junction]:
        """Return the junctions that a fragment's reads with pieces in two genes propose."""
        return {junction for mate in fragment.mates for junction in self._split(mate)}

    def _split(self, mate: Mate) -> Iterator[Junction]:
        for reverse in (False, True):
            sequence = mate.oriented(reverse=reverse)
            placements = [p for p in mate.placements if p.reverse == reverse and p.gene != DECOY]
            # A word of a piece that the aligner has found in the gene is no further piece.
            placements += [
                word
                for word in self._words_at_ends(sequence, reverse=reverse)
                if not any(p.gene == word.gene and _overlap(p, word) for p in placements)
            ]
            seen = set()
            for five in placements:
                for three in placements:
                    if five.gene == three.gene or not _side_by_side(five, three, len(sequence)):
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
        """Return the junction of a read with two pieces that explains the read at the least cost.

        Either the read is split at one place, with some mismatches beside it, or the pieces are extended as
        far as they are exact, and what is left between them is inserted.
        """
        bases = sequence.encode("ascii")
        five_bases, three_bases = self._contigs[five.contig], self._contigs[three.contig]
        five_at, three_at = five.end - five.query_end, three.start - three.query_start
        cut, onwards = five.query_end, three.query_start
        while cut < onwards and five_bases[five_at + cut : five_at + cut + 1] == bases[cut : cut + 1]:
            cut += 1
        while (
            onwards > cut
            and three_at + onwards > 0
            and three_bases[three_at + onwards - 1] == bases[onwards - 1]
        ):
            onwards -= 1

        def wrong(last: int, first: int) -> int:
            return mismatches_at(
                bases[five.query_start : last], five_bases, five_at + five.query_start, NO_LIMIT
            ) + mismatches_at(bases[first : three.query_end], three_bases, three_at + first, NO_LIMIT)

        low = max(MIN_PIECE, min(cut, onwards) - BORDER_REACH)
        high = min(len(sequence) - MIN_PIECE, max(cut, onwards) + BORDER_REACH)
        by_split = {split: wrong(split, split) for split in range(low, high + 1)}
        ways: list[tuple[int, int, Junction]] = []
        for fewest in sorted(set(by_split.values())):
            junctions = [
                junction
                for split, count in by_split.items()
                if count == fewest and (junction := self._junction(five, three, split, split))
            ]
            if junctions:
                # Of equal ones the last has most bases of the 5' gene.
                best = max(reversed(junctions), key=self.boundaries.count)
                excess = fewest - wrong(cut, onwards) if cut < onwards else 0
                few = onwards - cut <= FEW_INSERTED or excess < 1
                normal = self.normal_forms.of(best)
                ways.append((normal.cost + (excess if few else OFF_BORDER * excess - 2), 0, normal.junction))
                break
        inserted = sequence[cut:onwards]
        if (
            inserted
            and "N" not in inserted
            and (junction := self._junction(five, three, cut, onwards, inserted))
        ):
            normal = self.normal_forms.of(junction)
            ways.append((normal.cost, len(inserted), normal.junction))
        return min(ways, key=lambda way: way[:2])[2] if ways else None

    def _junction(
        self, five: Placement, three: Placement, cut: int, onwards: int, inserted: str = ""
    ) -> Junction | None:
        """Return the junction of a read cut at two places, None where a contig ends before."""
        five_pos = self._to_genome(five.contig, five.end - five.query_end + cut - 1)
        three_pos = self._to_genome(three.contig, three.start - three.query_start + onwards)
        if five_pos is None or three_pos is None:
            return None
        return Junction(five.gene, five_pos, three.gene, three_pos, inserted)

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
            for placement in [p for p in mate.placements if p.gene != DECOY][:1]:
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
                for gene, position in self._border_words.starts.get(sequence[at : at + size], ()):
                    if gene != transcript.gene:
                        yield Junction(transcript.gene, transcript.to_genome(exon.tx_end - 1), gene, position)
            at = placement.query_start + exon.tx_start - placement.start
            if abs(exon.tx_start - placement.start) <= BORDER_REACH and at >= size:
                for gene, position in self._border_words.ends.get(sequence[at - size : at], ()):
                    if gene != transcript.gene:
                        yield Junction(gene, position, transcript.gene, transcript.to_genome(exon.tx_start))

    def _from_short_pieces(self, fragment: Fragment) -> set[Junction]:
        """Return the junctions between exon borders that reads show of which the aligner placed too little.

        Of a short read with inserted bases neither gene may have bases enough for the aligner.
        """
        found: set[Junction] = set()
        for mate in fragment.mates:
            whole = len(mate.sequence) - self._border_words.size
            placed = any(p.query_end - p.query_start > whole for p in mate.placements)
            if placed or len(mate.edits_by_gene) > 1:
                continue
            for reverse in (False, True):
                sequence = mate.oriented(reverse=reverse)
                for cut, five, onwards, three in self._border_words.joined(sequence):
                    junction = Junction(*five, *three, sequence[cut:onwards])
                    found.add(self.normal_forms.of(junction).junction)
        return found

    def _words_at_ends(self, sequence: str, *, reverse: bool) -> Iterator[Placement]:
        """Yield the pieces of targets that a read begins or ends with, extended inwards while they are exact.

        The aligner reports no piece of fewer than some twenty bases, nor one beside a better piece.
        """
        length = len(sequence)
        if length < 2 * WORD:
            return
        for contig, at in self._words.get(sequence[:WORD], ()):
            end, bases = WORD, self._contigs[contig]
            while end < length and bases[at + end : at + end + 1] == sequence[end].encode("ascii"):
                end += 1
            yield Placement(contig, reverse, at, at + end, 0, end, 0)
        for contig, at in self._words.get(sequence[-WORD:], ()):
            begin, first, bases = length - WORD, at, self._contigs[contig]
            while begin and first and bases[first - 1] == ord(sequence[begin - 1]):
                begin, first = begin - 1, first - 1
            yield Placement(contig, reverse, first, at + WORD, begin, length, 0)

    @cached_property
    def _words(self) -> dict[str, list[tuple[str, int]]]:
        """Contig and place of the words of the targets' primary transcripts."""
        found: dict[str, list[tuple[str, int]]] = {}
        for gene in sorted(self._targets):
            transcript = self._panel.primary[gene]
            for at in range(len(transcript.sequence) - WORD + 1):
                found.setdefault(transcript.sequence[at : at + WORD], []).append((transcript.key, at))
        return found

    @cached_property
    def _targets(self) -> set[str]:
        return set(self._panel.spec.genes_with_role("target"))

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


def _side_by_side(five: Placement, three: Placement, length: int) -> bool:
    """Whether two pieces of a read follow each other, the 5' one first, whatever is between them."""
    between = three.query_start - five.query_end
    return (
        five.query_start < three.query_start
        and five.query_end < three.query_end
        and three.query_start - five.query_start >= MIN_PIECE
        and three.query_end - five.query_end >= MIN_PIECE
        and (between <= MAX_GAP or max(five.query_start, length - three.query_end) < MIN_PIECE)
    )


def _overlap(one: Placement, other: Placement) -> bool:
    """Whether two pieces share bases of the read."""
    return one.query_start < other.query_end and other.query_start < one.query_end
