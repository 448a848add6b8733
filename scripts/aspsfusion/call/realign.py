"""Aligns a fragment's reads to a candidate junction, and decides whether the fragment supports it.

The reads themselves decide, not the aligner: each read is aligned end to end to the sequence across the
junction, and must beat every wild-type placement of the same read by a margin. A read that no placement
brings near the junction is left alone.
"""

from collections.abc import Iterator
from typing import NamedTuple

from aspsfusion.call.junction import JunctionModel
from aspsfusion.call.support import PREFERENCE, AlignedRead, AlignedReads, Kind, Support
from aspsfusion.config import CallParameters
from aspsfusion.evidence.ends import Begin, first_base
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate
from aspsfusion.native import align_across, mismatches_at
from aspsfusion.panel.panel import Junction

INDEL_WINDOW = 8
"""Bases by which an indel may shift a read against its placement; longer ones are rare in short reads."""

ANCHOR_PER_EDIT = 12
"""Anchor bases for each edit allowed in an anchor: one of fewer than 12 bases must be exact."""


END_PIECE = 24
"""Bases of a read's ends that are aligned before the whole read: foreign ones differ in many, and so short a
piece takes a tenth of the time."""


class Realigner:
    """Decides whether fragments support junctions; keeps nothing from one to the next."""

    def __init__(self, parameters: CallParameters) -> None:
        self._parameters = parameters

    def support(self, fragment: Fragment, model: JunctionModel, *, gapped: bool = True) -> Support | None:
        """Return how a fragment supports a junction, None when it does not.

        Args:
            fragment: not explained by the wild type.
            model: the junction.
            gapped: whether reads that do not fit without gaps are tried with them.

        Returns:
            Its support, the strongest kind first. Both mates must fit the fusion transcript; a mate that the
            panel cannot place is passed over, one that is placed in a third gene forbids the support. A
            touching support does not count; it keeps the fragment from proposing a junction beside the true
            one.
        """
        if gapped and not (
            _may_span(fragment, model.junction) or any(self._may_lead(mate, model) for mate in fragment.mates)
        ):
            return None
        aligned = [self.alignments(mate, model, gapped=gapped) for mate in fragment.mates]
        found = [
            support
            for reads in self._combinations(fragment, aligned, model)
            if (support := self._judge(fragment, reads, model))
        ]
        return min(found, key=lambda support: (PREFERENCE[support.kind], support.cost), default=None)

    def alignments(self, mate: Mate, model: JunctionModel, *, gapped: bool = True) -> list[AlignedRead]:
        """Return the ways in which a read fits the fusion transcript, the best one for each strand."""
        if not mate.sequence:
            return []
        limit, gap_limit = self._limits(mate, gapped=gapped)
        best: dict[bool, AlignedRead] = {}
        for start in dict.fromkeys(_starts(mate, model)):
            found = _align_at(mate, model, start, limit, gap_limit)
            if found and (start.reverse not in best or found.edits < best[start.reverse].edits):
                best[start.reverse] = found
        return [best[reverse] for reverse in sorted(best)]

    def _limits(self, mate: Mate, *, gapped: bool) -> tuple[int, int]:
        """Return the most edits of a read on a junction, and the most with gaps.

        With gaps a read must still beat the wild type by the margin to count.
        """
        limit = int(len(mate.sequence) * self._parameters.max_edit_rate)
        return limit, min(limit, mate.fewest_edits(limit) - self._parameters.margin) if gapped else 0

    def _may_lead(self, mate: Mate, model: JunctionModel) -> bool:
        """Whether a read may run over a junction and fit it better than the wild type, with gaps or without.

        Without such a read a fragment supports no junction, unless its mates are in the two genes. Most reads
        near a junction are the wild type's, with errors elsewhere; of these nothing else has to be aligned.
        """
        limit, gap_limit = self._limits(mate, gapped=True)
        most, length = min(limit, mate.fewest_edits(len(mate.sequence)) - 1), len(mate.sequence)
        for start in dict.fromkeys(_starts(mate, model)):
            if start.offset >= 0 or start.offset + length <= -len(model.inserted):
                continue
            bases = mate.oriented(reverse=start.reverse).encode("ascii")
            joined, junction = model.joined(start.five, start.three)
            edits = mismatches_at(bases, joined, junction + start.offset, limit)
            if edits <= most or (
                edits > limit
                and gap_limit > 0
                and _ends_fit(bases, joined, junction + start.offset, gap_limit)
            ):
                return True
        return False

    def _combinations(
        self, fragment: Fragment, aligned: list[list[AlignedRead]], model: JunctionModel
    ) -> Iterator[AlignedReads]:
        """Yield the reads' alignments that fit together."""
        if len(aligned) == 1:
            for single in aligned[0]:
                yield (single,)
            return
        paired = False
        for first in aligned[0]:
            for second in aligned[1]:
                if first.reverse == second.reverse:
                    continue
                left, right = (second, first) if first.reverse else (first, second)
                length = max(first.end, second.end) - min(first.start, second.start)
                if left.start <= right.start and length <= self._parameters.max_insert:
                    paired = True
                    yield first, second
        if paired:
            return
        for index, other in ((0, 1), (1, 0)):
            for single in aligned[index]:
                if self._may_be_absent(fragment.mates[other], single, model):
                    yield (single, None) if index == 0 else (None, single)

    def _may_be_absent(self, mate: Mate, crossing: AlignedRead, model: JunctionModel) -> bool:
        """Whether a mate that does not fit the fusion transcript leaves the crossing read credible.

        It does when the panel cannot place it, or when it is placed on the other strand in the part of the
        two genes that the fusion keeps, for example in an exon that the model's transcripts lack. A mate that
        runs on in the wild type across the breakpoint, or is placed in a third gene, contradicts the read.
        """
        if not mate.placements:
            return True
        limit = mate.fewest_edits(0) + self._parameters.margin
        near = [p for p in mate.placements if p.edits < limit]
        return any(p.reverse != crossing.reverse and model.keeps(p) for p in near)

    def _judge(self, fragment: Fragment, reads: AlignedReads, model: JunctionModel) -> Support | None:
        pairs = list(zip(fragment.mates, reads, strict=True))
        edits = sum(read.edits for read in reads if read is not None)
        cost = edits + model.charge + sum(mate.fewest_edits(0) for mate, read in pairs if read is None)
        crossing = [
            (min(read.upstream, read.downstream), -index)
            for index, (mate, read) in enumerate(pairs)
            if read is not None and self._crosses(mate, read, model)
        ]
        if crossing:
            return Support(fragment, "split", reads, edits, cost, -max(crossing)[1])
        if self._spans(fragment, reads, model.junction):
            return Support(fragment, "spanning", reads, edits, cost, 0)
        fits = all(read is not None or not mate.placements for mate, read in pairs)
        weaker = [
            (PREFERENCE[kind], index, kind)
            for index, (mate, read) in enumerate(pairs)
            if read is not None
            and read.leaves_gene
            and (kind := self._weaker_kind(mate, read, model.charge, fits=fits))
        ]
        if weaker:
            _, index, kind = min(weaker)
            return Support(fragment, kind, reads, edits, cost, index)
        return None

    def _crosses(self, mate: Mate, read: AlignedRead, model: JunctionModel) -> bool:
        """Whether a read crosses with unique anchors and beats the wild type by the margin."""
        anchors = model.anchors
        return (
            read.upstream >= anchors.five_prime
            and read.downstream >= anchors.three_prime
            and read.edits_upstream <= read.upstream // ANCHOR_PER_EDIT
            and read.edits_downstream <= read.downstream // ANCHOR_PER_EDIT
            and read.lead(mate) - model.charge >= self._parameters.margin
        )

    def _spans(self, fragment: Fragment, reads: AlignedReads, junction: Junction) -> bool:
        """Whether the mates are on the two sides, each in its own gene and in no other."""
        if len(reads) != BOTH_ENDS or reads[0] is None or reads[1] is None:
            return False
        (left, left_mate), (right, right_mate) = sorted(
            ((reads[0], fragment.mates[0]), (reads[1], fragment.mates[1])), key=lambda pair: pair[0].reverse
        )
        span, margin = self._parameters.min_span, self._parameters.margin
        return (
            left.upstream >= span
            and right.downstream >= span
            and left_mate.near_best_genes(margin) == {junction.five_gene}
            and right_mate.near_best_genes(margin) == {junction.three_gene}
        )

    def _weaker_kind(self, mate: Mate, read: AlignedRead, charge: int, *, fits: bool) -> Kind | None:
        """Return what a read with a short overhang makes its fragment count for.

        It is a short overhang of a junction that other fragments prove if its short side is free of errors,
        its mate fits the fusion transcript too or has no place at all (`fits`), and it beats the wild type by
        the same margin as any other read: the junction's place is known, so a few bases distinguish it from
        the wild type, but they could not have shown where it is.
        """
        lead = read.lead(mate) - charge
        short, wrong = (
            (read.upstream, read.edits_upstream)
            if read.upstream < read.downstream
            else (read.downstream, read.edits_downstream)
        )
        exact = short >= self._parameters.min_overhang and wrong == 0
        if exact and lead >= self._parameters.margin and fits:
            return "short"
        return "touching" if lead > 0 else None


def _may_span(fragment: Fragment, junction: Junction) -> bool:
    """Whether the mates of a fragment are in the two genes of a junction at all."""
    if len(fragment.mates) != BOTH_ENDS:
        return False
    one, other = (mate.edits_by_gene for mate in fragment.mates)
    five, three = junction.five_gene, junction.three_gene
    return (five in one and three in other) or (three in one and five in other)


def _ends_fit(bases: bytes, joined: bytes, start: int, limit: int) -> bool:
    """Whether both ends of a read fit where it would be aligned with so many edits, see `_align_at`."""
    size, reach = min(END_PIECE, len(bases)), INDEL_WINDOW + limit
    last = start + len(bases) - size
    return all(
        align_across(piece, joined, 0, first, end)[0] <= limit
        for piece, first, end in (
            (bases[-size:], last - reach, last + size + INDEL_WINDOW),
            (bases[:size], start - INDEL_WINDOW, start + size + reach),
        )
    )


class _Start(NamedTuple):
    """Where a read would start: its strand, the contigs of the two sides, and its start at the junction."""

    reverse: bool
    five: str
    three: str
    offset: int


def _starts(mate: Mate, model: JunctionModel) -> Iterator[_Start]:
    """Yield where the read's placements make it start relative to the junction."""
    five, three, inserted = model.five, model.three, len(model.inserted)
    for contig, reverse, first, last, query_first, query_last, _ in mate.placements:
        before, after = five.boundaries.get(contig), three.boundaries.get(contig)
        if before is None and after is None:
            continue
        # With an indel within the placement its two ends give different starts of the whole read.
        one, other = first - query_first, last - query_last
        for start in (one,) if one == other else (min(one, other), max(one, other)):
            if before is not None:
                place = start - before
                form = five.form_for(contig, INDEL_WINDOW - place)
                yield _Start(reverse, form, three.main_form, place - inserted)
            if after is not None:
                offset = start - after
                form = three.form_for(contig, offset + len(mate.sequence) + INDEL_WINDOW)
                yield _Start(reverse, five.main_form, form, offset)


def _align_at(
    mate: Mate, model: JunctionModel, start: _Start, limit: int, gap_limit: int
) -> AlignedRead | None:
    """Align a read at a start, without gaps if that takes at most `limit` edits, else with gaps around it.

    Gaps are tried for reads that run over the junction, if `gap_limit` leaves room for an edit.
    """
    reverse, offset = start.reverse, start.offset
    length, inserted = len(mate.sequence), len(model.inserted)
    bases = mate.oriented(reverse=reverse).encode("ascii")
    joined, junction = model.joined(start.five, start.three)
    edits = mismatches_at(bases, joined, junction + offset, limit)
    if edits <= limit:
        begin, end = offset, offset + length
        # The read's bases before the 3' gene, and those of the 5' gene among them.
        before = min(max(0, -offset), length)
        upstream = min(max(0, -offset - inserted), length)
        edits_before = mismatches_at(bases[:before], joined, junction + offset, limit)
        edits_upstream = mismatches_at(bases[:upstream], joined, junction + offset, limit)
    elif gap_limit < 1 or offset >= 0 or offset + length <= -inserted:
        return None  # beside the junction the wild type's own placements have judged the read
    else:
        window = junction + offset - INDEL_WINDOW, junction + offset + length + INDEL_WINDOW
        edits, before, edits_before, first = align_across(bases, joined, junction, *window)
        if edits > gap_limit:
            return None
        upstream, edits_upstream = before, edits_before
        if inserted:
            # The alignment is the same one; only the place that it is cut at is another.
            _, upstream, edits_upstream, _ = align_across(bases, joined, junction - inserted, *window)
        begin = first - junction
        # Aligned from its other end it shows where that is; its length does not, for want of the indels.
        low, high = max(0, first - INDEL_WINDOW), first + length + INDEL_WINDOW
        *_, skipped = align_across(bases[::-1], joined[low:high][::-1], 0, 0, high - low)
        end = low + len(joined[low:high]) - skipped - junction
    left, right = _ends(bases, joined, junction, begin, end)
    return AlignedRead(
        reverse,
        begin,
        begin + length,
        edits,
        upstream,
        edits_upstream,
        left,
        right,
        before - upstream,
        edits_before - edits_upstream,
    )


def _ends(bases: bytes, joined: bytes, junction: int, start: int, end: int) -> tuple[Begin, Begin]:
    """Return the leftmost and the rightmost base of an aligned read relative to the junction."""
    left = first_base(joined, bases, junction + start, 0, reverse=False)
    right = first_base(joined, bases, junction + end - 1, 0, reverse=True)
    return left.relative_to(junction), right.relative_to(junction)
