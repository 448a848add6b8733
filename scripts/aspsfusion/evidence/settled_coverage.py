"""Counts settled fragments as wild type: what `coverage.count_wild_type` does for each, for all at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.evidence.anchors import InformativeBoundary
from aspsfusion.evidence.coverage import MIDDLE_STEP, Coverage, Differences, WildTypeRules
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.evidence.settled import Bools, Int64s, PanelText, either
from aspsfusion.evidence.strand import SPLICE_OVERHANG, Direction
from aspsfusion.evidence.twice import edited_twice
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.native.place import MERGED, Settled
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.specificity import Specificity

AT_ONCE = 1 << 17
"""Fragments that are counted at once: few enough for the memory that it takes."""


class _Spans(NamedTuple):
    """Settled fragments on their contigs, one element or row each.

    Attributes:
        rows: as they were settled.
        contig: number of the contig.
        start: of each read on the contig; that of the first for a read that is not there (n x 2).
        end: the same, half-open.
        pair: whether there are two reads.
        both_ends: whether the reads show both ends of the molecule.
    """

    rows: Settled
    contig: npt.NDArray[np.int32]
    start: Int64s
    end: Int64s
    pair: Bools
    both_ends: Bools

    @classmethod
    def of(cls, text: PanelText, rows: Settled) -> "_Spans":
        contig = text.contigs_of(rows["shared"][:, 0])
        start = rows["shared"].astype(np.int64) - text.table.starts[contig][:, None]
        end = start + rows["size"]
        pair = rows["reads"] == BOTH_ENDS
        for column in (start, end):
            column[:, 1] = np.where(pair, column[:, 1], column[:, 0])
        return cls(rows, contig, start, end, pair, pair | ((rows["flags"] & MERGED) != 0))

    def taken(self, chosen: Bools) -> "_Spans":
        return _Spans(
            self.rows[chosen],
            self.contig[chosen],
            self.start[chosen],
            self.end[chosen],
            self.pair[chosen],
            self.both_ends[chosen],
        )


def count_settled(
    coverage: Coverage,
    text: PanelText,
    rows: Settled,
    kept: Bools,
    rules: WildTypeRules,
    panel: Panel,
    borders: Mapping[str, Sequence[int]],
) -> Int64s:
    """Count settled molecules.

    Args:
        coverage: to count in.
        text: the panel's.
        rows: settled fragments.
        kept: whether each is counted, one of each molecule.
        rules: of the wild type.
        panel: with the transcripts.
        borders: see `exon_borders`.

    Returns:
        Lengths in nt of the fragments of which both ends are on a transcript, without those with two edits in
        a read.
    """
    lengths = [np.empty(0, np.int64)]
    depth, crossing, middles = (_Changes(text) for _ in range(3))
    for first in range(0, rows.size, AT_ONCE):
        some = slice(first, first + AT_ONCE)
        spans = _Spans.of(text, rows[some][kept[some]])
        lengths.append(_count_some(coverage, text, spans, rules, panel, borders))
        depth.add_ranges(spans, 0)
        crossing.add_ranges(spans, coverage.min_anchor)
        whole = spans.start.min(axis=1) + spans.end.max(axis=1)
        middles.add(spans.contig, whole // 2 // MIDDLE_STEP, 1)
    for own, found in ((coverage.depth, depth), (coverage.crossing, crossing), (coverage.middles, middles)):
        found.join_to(own)
    return np.concatenate(lengths)


def _count_some(
    coverage: Coverage,
    text: PanelText,
    spans: _Spans,
    rules: WildTypeRules,
    panel: Panel,
    borders: Mapping[str, Sequence[int]],
) -> Int64s:
    for contig, count in zip(*np.unique(spans.contig, return_counts=True), strict=True):
        gene = text.genes[contig]
        coverage.genes[gene] = coverage.genes.get(gene, 0) + int(count)
    _count_pairs(coverage.direction, spans.taken(spans.pair))
    # Of those with two edits, as of all that are open at first, neither directions nor lengths are counted.
    twice = edited_twice(spans.rows)
    _count_directions(coverage.direction, text, spans.taken(~twice), panel, borders)
    for contig, places in rules.informative.items():
        here = spans.contig == text.names.index(contig)
        _count_informative(coverage, text, spans.taken(here), places, rules.specificity)
    on_transcript = np.array([name in panel.transcripts for name in text.names])[spans.contig]
    whole = spans.end.max(axis=1) - spans.start.min(axis=1)
    lengths: Int64s = whole[spans.both_ends & on_transcript & ~twice]
    return lengths


def _count_pairs(direction: Direction, pairs: _Spans) -> None:
    """Count how mates lie, see `Direction.add_pair`."""
    reverse = pairs.rows["reverse"] != 0
    forward = np.where(reverse[:, 0], 1, 0)
    each = np.arange(forward.size)
    facing = (reverse[:, 0] != reverse[:, 1]) & (pairs.start[each, forward] < pairs.end[each, 1 - forward])
    direction.facing += int(np.count_nonzero(facing))
    direction.not_facing += int(np.count_nonzero(~facing))


def _count_directions(
    direction: Direction, text: PanelText, spans: _Spans, panel: Panel, borders: Mapping[str, Sequence[int]]
) -> None:
    """Count fragments by the direction of their first reads, and those that are spliced."""
    spliced_contig = np.array([name in panel.transcripts for name in text.names])[spans.contig]
    antisense = spans.rows["reverse"][:, 0] != 0
    direction.antisense += int(np.count_nonzero(spliced_contig & antisense))
    direction.sense += int(np.count_nonzero(spliced_contig & ~antisense))
    target = np.array([gene in panel.unspliced for gene in text.genes])[spans.contig]
    direction.target_fragments += int(np.count_nonzero(target))
    for contig in np.unique(spans.contig[target]):
        own = np.array(borders.get(text.names[contig], []), np.int64)
        here = spans.contig == contig
        # A border is far enough within a read where fewer borders come before the first base that shows a
        # splice than up to the last one.
        before = np.searchsorted(own, spans.start[here] + SPLICE_OVERHANG)
        until = np.searchsorted(own, spans.end[here] - SPLICE_OVERHANG, "right")
        direction.spliced += int(np.count_nonzero(either(before < until)))


class _Changes:
    """Changes at positions of the panel's contigs, added up in arrays.

    Args:
        text: the panel's, of which each place has one element.
    """

    def __init__(self, text: PanelText) -> None:
        self._text = text
        # A range may end right after its contig; the text has bases between contigs.
        self._sums: Int64s = np.zeros(text.table.text.size, np.int64)
        self._seen = np.zeros(text.table.text.size, np.bool_)
        self._contigs: set[int] = set()

    def add(self, contigs: npt.NDArray[np.int32], positions: Int64s, change: int) -> None:
        """Add a change at positions of contigs."""
        places = self._text.table.starts[contigs] + positions
        self._sums += change * np.bincount(places, minlength=self._sums.size)
        self._seen[places] = True
        self._contigs.update(np.unique(contigs).tolist())

    def add_ranges(self, spans: _Spans, inset: int) -> None:
        """Add the union of the reads of each fragment, without so many bases at both ends of each."""
        start, end = spans.start + inset, spans.end - inset + (1 if inset else 0)
        self._contigs.update(np.unique(spans.contig).tolist())
        # The two reads in order; what has no length is nothing, and what touches is one.
        there = start < end
        order = np.argsort(start, axis=1, kind="stable")
        start, end = (np.take_along_axis(column, order, axis=1) for column in (start, end))
        there = np.take_along_axis(there, order, axis=1)
        apart = spans.pair & ~either(~there) & (start[:, 1] > end[:, 0])
        joined = ~apart & either(there)
        nothing = np.iinfo(np.int64).max
        whole = (
            np.where(there, start, nothing).min(axis=1)[joined],
            np.where(there, end, -nothing).max(axis=1)[joined],
            spans.contig[joined],
        )
        parts = [
            whole,
            *((start[apart, read], end[apart, read], spans.contig[apart]) for read in range(BOTH_ENDS)),
        ]
        for first, last, contigs in parts:
            self.add(contigs, first, 1)
            self.add(contigs, last, -1)

    def join_to(self, counts: dict[str, Differences]) -> None:
        """Add all to counts, by contig and position."""
        starts = self._text.table.starts
        for contig in sorted(self._contigs):
            own = counts.setdefault(self._text.names[contig], {})
            begin = int(starts[contig])
            end = int(starts[contig + 1]) if contig + 1 < starts.size else self._sums.size
            places = begin + np.flatnonzero(self._seen[begin:end])
            for place, change in zip(places.tolist(), self._sums[places].tolist(), strict=True):
                own[place - begin] = own.get(place - begin, 0) + change


def _count_informative(
    coverage: Coverage,
    text: PanelText,
    spans: _Spans,
    places: Sequence[InformativeBoundary],
    specificity: Specificity | None,
) -> None:
    """Count fragments of one contig at its informative boundaries, as `Coverage.add` does."""
    within = [either((spans.start < each.boundary) & (each.boundary < spans.end)) for each in places]
    reaching: Bools = np.any(within, axis=0)
    if not reaching.any():
        return
    spans = spans.taken(reaching)
    if specificity:
        spans = spans.taken(_proving(text, spans, specificity))
    for place in places:
        first = place.boundary - place.anchors.five_prime
        last = place.boundary + place.anchors.three_prime
        shows = spans.taken(either((spans.start <= first) & (last <= spans.end)))
        there = coverage.ends.setdefault(place.key, {}) if shows.rows.size else {}
        coverage.informative[place.key] = coverage.informative.get(place.key, 0) + shows.rows.size
        for ends in _ends_of(shows, place.boundary):
            there[ends] = there.get(ends, 0) + 1


def _ends_of(spans: _Spans, boundary: int) -> Iterator[tuple[int | None, int | None]]:
    """Yield where fragments begin and end, see `fixed_ends.ends_of`."""
    first, last = spans.start.min(axis=1) - boundary, spans.end.max(axis=1) - boundary
    antisense = spans.rows["reverse"][:, 0] != 0
    columns = (first, last, spans.both_ends, antisense)
    for start, end, both, reverse in zip(*(column.tolist() for column in columns), strict=True):
        yield (start if both or not reverse else None), (end if both or reverse else None)


def _proving(text: PanelText, spans: _Spans, specificity: Specificity) -> Bools:
    """Tell which fragments of one contig hold sequence of their gene alone, see `coverage.proves_gene`."""
    contig = int(spans.contig[0])
    gene = text.genes[contig]
    begin = int(text.table.starts[contig])
    size = int(np.count_nonzero(text.table.contigs == contig))
    bases = text.table.text[begin : begin + size].tobytes()
    unique = np.isin(canonical_kmers(bases, specificity.k), specificity.genes[gene].unique)
    before = np.r_[0, np.cumsum(unique), np.full(specificity.k - 1, np.count_nonzero(unique))]
    proving = np.zeros(spans.rows.size, np.bool_)
    for read in range(BOTH_ENDS):
        start, end = spans.start[:, read], spans.end[:, read] - specificity.k + 1
        edit, second = spans.rows["edit"][:, read], spans.rows["second"][:, read]
        # Without the k-mers over or between what differs: they are looked up where all others say nothing.
        until = np.where(edit >= 0, np.clip(start + edit - specificity.k + 1, start, end), end)
        since = np.where(edit >= 0, np.clip(start + np.maximum(edit, second) + 1, start, end), end)
        own = (before[until] > before[start]) | (before[end] > before[since])
        proving |= own & (spans.pair if read else True)
    for index in np.flatnonzero(~proving & either(spans.rows["edit"] >= 0)):
        row = spans.rows[index : index + 1]
        reads = (next(text.sense_reads(row, read)) for read in range(int(row["reads"][0])))
        proving[index] = specificity.proof(gene, reads) == "unique"
    return proving
