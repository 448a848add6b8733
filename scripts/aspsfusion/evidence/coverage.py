"""Counts the wild type: how deeply it is covered, and how many fragments cross each boundary.

Each fragment is counted on one contig, so that the counts of all contigs of a gene may be added up.
Counts are kept as differences between neighbouring positions, which makes adding a fragment cheap.
"""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import InformativeBoundaries, informative_boundaries
from aspsfusion.evidence.fixed_ends import Ends, ends_of
from aspsfusion.evidence.fragments import BOTH_ENDS, Fragment, Mate, Placement
from aspsfusion.evidence.strand import Direction
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.specificity import Specificity
from aspsfusion.panel.transcripts import DECOY

Differences = dict[int, int]
Key = TypeVar("Key")

MIDDLE_STEP = 10
"""Bases to which the middle of a fragment is recorded: enough to distinguish exons, few to keep."""


@dataclass
class Coverage:
    """Wild-type counts of one sample.

    Attributes:
        min_anchor: bases that a fragment must cover on both sides of a boundary to count as crossing.
        crossing: by contig, differences of the number of fragments that cross each boundary.
        depth: by contig, differences of the number of fragments that cover each base.
        middles: by contig, fragments by the place of their middle, in steps of MIDDLE_STEP bases.
        informative: fragments by the key of an informative boundary.
        ends: those fragments by the places of their ends, see `fixed_ends`, by the same key.
        diverged: fragments of another species or of a diverged copy by the gene that they fit, which are in
            none of the other counts.
        direction: fragments by the direction of their reads and by splicing.
    """

    min_anchor: int
    crossing: dict[str, Differences] = field(default_factory=dict)
    depth: dict[str, Differences] = field(default_factory=dict)
    informative: dict[str, int] = field(default_factory=dict)
    genes: dict[str, int] = field(default_factory=dict)
    direction: Direction = field(default_factory=Direction)
    middles: dict[str, Differences] = field(default_factory=dict)
    diverged: dict[str, int] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)

    def copy(self) -> "Coverage":
        """Return the same counts, to be added to without a change of these."""
        return replace(
            self,
            crossing={contig: dict(changes) for contig, changes in self.crossing.items()},
            depth={contig: dict(changes) for contig, changes in self.depth.items()},
            informative=dict(self.informative),
            genes=dict(self.genes),
            direction=replace(self.direction),
            middles={contig: dict(counts) for contig, counts in self.middles.items()},
            diverged=dict(self.diverged),
            ends={key: dict(counts) for key, counts in self.ends.items()},
        )

    def join(self, other: "Coverage") -> None:
        """Add the counts of other fragments."""
        for counts, more in (
            (self.crossing, other.crossing),
            (self.depth, other.depth),
            (self.middles, other.middles),
        ):
            for contig, changes in more.items():
                _add_counts(counts.setdefault(contig, {}), changes)
        for key, ends in other.ends.items():
            _add_counts(self.ends.setdefault(key, {}), ends)
        _add_counts(self.informative, other.informative)
        _add_counts(self.genes, other.genes)
        _add_counts(self.diverged, other.diverged)
        _add_counts(vars(self.direction), vars(other.direction))

    def add(
        self,
        gene: str,
        placements: Sequence[Placement],
        informative: InformativeBoundaries,
        *,
        both_ends: bool = True,
    ) -> None:
        """Count a fragment once, however many of its reads cover a place.

        It informs where a read covers as many bases on both sides as the fusion would need, and on one of
        them as many as the aligner needs: it could not have placed such a read of the fusion otherwise.

        Args:
            gene: its gene.
            placements: one for each read.
            informative: boundaries at which it may inform.
            both_ends: whether its reads show both of its ends; else the first one shows where it begins.
        """
        self.genes[gene] = self.genes.get(gene, 0) + 1
        if len(placements) == BOTH_ENDS:
            self.direction.add_pair(*placements)
        by_contig: dict[str, list[Placement]] = {}
        for placement in placements:
            by_contig.setdefault(placement.contig, []).append(placement)
        for contig, here in by_contig.items():
            spans = [(placement.start, placement.end) for placement in here]
            # Mates on two transcripts show one end on each.
            whole = both_ends and len(here) == len(placements)
            middle = (min(start for start, _ in spans) + max(end for _, end in spans)) // 2 // MIDDLE_STEP
            middles = self.middles.setdefault(contig, {})
            middles[middle] = middles.get(middle, 0) + 1
            depth = self.depth.setdefault(contig, {})
            for start, end in _merged(spans):
                _add_range(depth, start, end)
            crossing = self.crossing.setdefault(contig, {})
            inner = [(start + self.min_anchor, end - self.min_anchor + 1) for start, end in spans]
            for start, end in _merged([(start, end) for start, end in inner if start < end]):
                _add_range(crossing, start, end)
            for place in informative.get(contig, ()):
                first, last = (
                    place.boundary - place.anchors.five_prime,
                    place.boundary + place.anchors.three_prime,
                )
                if any(
                    start <= first
                    and last <= end
                    and max(place.boundary - start, end - place.boundary) >= place.longer
                    for start, end in spans
                ):
                    self.informative[place.key] = self.informative.get(place.key, 0) + 1
                    own = ends_of(spans, place.boundary, None if whole else here[0].reverse)
                    there = self.ends.setdefault(place.key, {})
                    there[own] = there.get(own, 0) + 1

    def to_json(self) -> dict[str, Any]:
        """Return the counts as plain data in a fixed order."""
        return {
            "min_anchor": self.min_anchor,
            "informative": self.informative,
            "ends": {key: _rows(counts) for key, counts in sorted(self.ends.items())},
            "genes": dict(sorted(self.genes.items())),
            "diverged": dict(sorted(self.diverged.items())),
            "direction": self.direction.to_json(),
            "crossing": {contig: sorted(d.items()) for contig, d in sorted(self.crossing.items())},
            "depth": {contig: sorted(d.items()) for contig, d in sorted(self.depth.items())},
            "middles": {contig: sorted(d.items()) for contig, d in sorted(self.middles.items())},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Coverage":
        """Return the counts that `to_json` gave."""
        return cls(
            data["min_anchor"],
            {contig: dict(pairs) for contig, pairs in data["crossing"].items()},
            {contig: dict(pairs) for contig, pairs in data["depth"].items()},
            dict(data["informative"]),
            dict(data["genes"]),
            Direction.from_json(data["direction"]),
            {contig: dict(pairs) for contig, pairs in data["middles"].items()},
            dict(data["diverged"]),
            {key: {(start, end): n for start, end, n in rows} for key, rows in data["ends"].items()},
        )

    def crossing_at(self, contig: str, boundary: int) -> int:
        """Return the number of fragments that cross a boundary of a contig."""
        return sum(
            change for position, change in self.crossing.get(contig, {}).items() if position <= boundary
        )

    def middles_between(self, contig: str, start: int, end: int) -> int:
        """Return the number of fragments whose middle, in steps, lies in [start, end) of a contig."""
        return sum(
            count
            for middle, count in self.middles.get(contig, {}).items()
            if start <= middle * MIDDLE_STEP < end
        )

    def mean_depth(self, contig: str, start: int, end: int) -> float:
        """Return the mean number of fragments over the bases [start, end) of a contig."""
        total = 0
        for position, change in self.depth.get(contig, {}).items():
            total += change * (end - max(start, position)) if position < end else 0
        return total / (end - start)


def crossing_of_gene(panel: Panel, coverage: Coverage, gene: str, position: int, *, after: bool) -> int:
    """Return the number of wild-type fragments that cross the boundary beside a genomic base.

    Args:
        panel: with the transcripts.
        coverage: counts.
        gene: HGNC symbol.
        position: genomic position, 0-based.
        after: the boundary after the base in the direction of the gene, else the one before it.
    """
    total = 0
    for transcript in panel.by_gene[gene]:
        tx_pos = transcript.from_genome(position)
        if tx_pos is not None:
            total += coverage.crossing_at(transcript.key, tx_pos + after)
    unspliced = panel.unspliced.get(gene)
    if unspliced and unspliced.start <= position < unspliced.end:
        total += coverage.crossing_at(unspliced.key, unspliced.from_genome(position) + after)
    return total


@dataclass(frozen=True)
class WildTypeRules:
    """What decides whether and where a fragment counts as wild type.

    Attributes:
        ranks: order of preference among equal contigs.
        informative: boundaries at which the exclusion is decided.
        specificity: places of the panel's k-mers in the genome; None where no whole genome was given.
        diverged: numbers of the fragments that fit a gene but are not of it, see `evidence.diverged`.
    """

    parameters: CallParameters
    ranks: Mapping[str, int]
    informative: InformativeBoundaries
    specificity: Specificity | None = None
    diverged: Container[int] = ()

    @classmethod
    def of(cls, panel: Panel, parameters: CallParameters) -> "WildTypeRules":
        """Return the rules of a panel."""
        return cls(
            parameters, panel.contig_ranks, informative_boundaries(panel, parameters), panel.specificity
        )


def count_wild_type(coverage: Coverage, fragment: Fragment, rules: WildTypeRules) -> list[Placement]:
    """Count a fragment as wild type if one gene alone explains it; returns its placements in that gene.

    One that is diverged or of a decoy is explained, but not counted.

    At an informative boundary, where the exclusion is decided, a fragment counts only if it holds sequence
    that the gene shares with no other place of the genome: reads of a copy would let an exclusion look
    stronger than it is.
    """
    parameters, informative = rules.parameters, rules.informative
    gene = wild_type_gene(fragment, parameters.margin, parameters.max_edit_rate)
    if gene is None:
        return []
    placements = wild_type_placements(fragment, gene, rules.ranks)
    if gene == DECOY or fragment.number in rules.diverged:
        return placements
    if (
        rules.specificity
        and _reaches(placements, informative)
        and not proves_gene(rules.specificity, gene, placed_reads(fragment, placements))
    ):
        informative = {}
    both_ends = fragment.merged or len(placements) == BOTH_ENDS
    coverage.add(gene, placements, informative, both_ends=both_ends)
    return placements


def wild_type_gene(fragment: Fragment, margin: int, max_edit_rate: float) -> str | None:
    """Return the gene or DECOY that alone explains every placed read of a fragment, None without one."""
    common: set[str] | None = None
    for mate in fragment.mates:
        if not mate.placements:
            continue  # a mate that the panel cannot place says nothing of its genes
        allowed = len(mate.sequence) * max_edit_rate
        genes = {gene for gene in mate.near_best_genes(margin) if mate.edits_by_gene[gene] <= allowed}
        common = genes if common is None else common & genes
    return next(iter(common)) if common and len(common) == 1 else None


def wild_type_placements(fragment: Fragment, gene: str, ranks: Mapping[str, int]) -> list[Placement]:
    """Return one placement for each read: on the contig that explains all reads best, else each on its own.

    Args:
        fragment: explained by the gene.
        gene: see `wild_type_gene`.
        ranks: order of preference among equal contigs.
    """
    choices: list[dict[str, Placement]] = []
    for mate in fragment.mates:
        by_contig: dict[str, Placement] = {}
        for placement in mate.placements:
            held = by_contig.get(placement.contig)
            if placement.gene == gene and (held is None or placement.edits < held.edits):
                by_contig[placement.contig] = placement
        if by_contig:
            choices.append(by_contig)
    shared = set.intersection(*(set(by_contig) for by_contig in choices)) if choices else set()
    if shared:
        contig = min(shared, key=lambda name: (sum(c[name].edits for c in choices), ranks[name]))
        return [by_contig[contig] for by_contig in choices]
    return [min(c.values(), key=lambda p: (p.edits, ranks[p.contig])) for c in choices]


def proves_gene(specificity: Specificity, gene: str, reads: Iterable[tuple[Mate, Placement]]) -> bool:
    """Tell whether reads hold sequence that occurs nowhere in the genome but in the gene."""
    placed = (
        mate.oriented(reverse=placement.reverse)[placement.query_start : placement.query_end]
        for mate, placement in reads
    )
    return specificity.proof(gene, placed) == "unique"


def _reaches(placements: Iterable[Placement], informative: InformativeBoundaries) -> bool:
    return any(
        placement.start < place.boundary < placement.end
        for placement in placements
        for place in informative.get(placement.contig, ())
    )


def placed_reads(fragment: Fragment, placements: Iterable[Placement]) -> Iterator[tuple[Mate, Placement]]:
    """Yield each placement with the mate that it belongs to."""
    for placement in placements:
        yield next(mate for mate in fragment.mates if placement in mate.placements), placement


def _rows(ends: Ends) -> list[list[int | None]]:
    """Return fragments by their ends as rows in a fixed order, in which an unknown end comes last."""

    def place(row: tuple[tuple[int | None, int | None], int]) -> list[tuple[bool, int]]:
        return [(end is None, end or 0) for end in row[0]]

    return [[*both, number] for both, number in sorted(ends.items(), key=place)]


def _add_counts(counts: dict[Key, int], more: Mapping[Key, int]) -> None:
    for key, count in more.items():
        counts[key] = counts.get(key, 0) + count


def _add_range(differences: Differences, start: int, end: int) -> None:
    differences[start] = differences.get(start, 0) + 1
    differences[end] = differences.get(end, 0) - 1


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of half-open spans as disjoint spans.

    >>> _merged([(5, 9), (1, 6), (20, 21)])
    [(1, 9), (20, 21)]
    """
    result: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result
