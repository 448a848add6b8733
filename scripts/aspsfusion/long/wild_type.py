"""Counts the wild type of long reads, and what of it says nothing of the fusion.

A read counts with its longest piece of a gene. Left out are copies of one UMI, and reads of another species
or of a diverged copy. Where the reads of an acceptor begin at few places inside the gene, primers are there:
such reads could not have shown the fusion, which `interpret` says of short reads in the same way.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Container, Sequence
from itertools import accumulate
from typing import NamedTuple

from aspsfusion.evidence.coverage import Coverage, WildTypeRules
from aspsfusion.evidence.fixed_ends import MIN_SHARE
from aspsfusion.evidence.fragments import Placement
from aspsfusion.evidence.long_reads import SAME_END
from aspsfusion.evidence.strand import exon_borders
from aspsfusion.long.umis import one_of_each
from aspsfusion.panel.panel import Panel

MOST_BESIDE_RATE, MOST_TIMES_RATE = 0.05, 2
"""Share of edits, and times that of the sample's reads, up to which a read is the gene's own: the reads of a
run differ in quality, and those of another species or a diverged copy differ from the gene besides."""

LEAST_SHARED, LEAST_SHARE = 3, 0.2
"""Reads, and their share at a base, that must have another one there for it to be of other sequence. Errors
are anywhere: at 4 percent substitutions such a base is 1 of 140 where 20 reads are, 1 of 10,000 under 50."""

FOREIGN_CHANGES, FOREIGN_DENSITY = 5, 0.02
"""Such bases of a read, and their share in it, from which it is of other sequence if it has half of those
that it covers. Two people differ at 1 base of 1,000, genes of mouse and man at 1 of 10."""


class WildPiece(NamedTuple):
    """The longest piece of a read in a gene.

    Attributes:
        placement: of the piece.
        rate: its share of edits.
        proves: whether it proves to be of the gene, as far as that is known.
        changes: positions on the contig at which it has another base; of targets alone.
        begins: genomic position (0-based) of its 5' end; None at the start of the gene's transcript.
        ends: of its 3' end, likewise.
    """

    umi: str
    placement: Placement
    rate: float
    proves: bool
    changes: tuple[int, ...]
    begins: int | None
    ends: int | None

    @property
    def bases(self) -> int:
        """Bases of the contig."""
        return self.placement.end - self.placement.start


def molecules(wild: Sequence[WildPiece], rate: float) -> list[WildPiece]:
    """Return one piece of each molecule, the longest: those of one gene with one UMI are of one."""
    by_gene: dict[str, list[WildPiece]] = defaultdict(list)
    for each in wild:
        by_gene[each.placement.gene].append(each)
    kept: list[WildPiece] = []
    for group in by_gene.values():
        chosen = one_of_each((each.umi for each in group), rate)
        longest: dict[str, WildPiece] = {}
        for each in group:
            held = longest.get(chosen[each.umi])
            if held is None or each.bases > held.bases:
                longest[chosen[each.umi]] = each
        kept += longest.values()
    return kept


def foreign(wild: Sequence[WildPiece], rate: float) -> set[int]:
    """Return the indices of the pieces that are of another species or of a diverged copy of their gene.

    Args:
        wild: pieces.
        rate: share of edits in the reads of the sample.
    """
    most = MOST_BESIDE_RATE + MOST_TIMES_RATE * rate
    found = {index for index, each in enumerate(wild) if each.rate > most}
    by_contig: dict[str, list[int]] = defaultdict(list)
    for index, each in enumerate(wild):
        by_contig[each.placement.contig].append(index)
    for indices in by_contig.values():
        shared = _shared_changes([wild[index] for index in indices])
        ordered = sorted(shared)
        for index in indices:
            each = wild[index]
            covered = bisect_left(ordered, each.placement.end) - bisect_left(ordered, each.placement.start)
            own = sum(position in shared for position in each.changes)
            if own >= max(FOREIGN_CHANGES, FOREIGN_DENSITY * each.bases, covered / 2):
                found.add(index)
    return found


def _shared_changes(pieces: Sequence[WildPiece]) -> set[int]:
    """Return the positions of a contig at which reads share another base."""
    changed = Counter(position for each in pieces for position in each.changes)
    edges: Counter[int] = Counter()
    for each in pieces:
        edges[each.placement.start] += 1
        edges[each.placement.end] -= 1
    places = sorted(edges)
    depths = list(accumulate(edges[place] for place in places))
    return {
        position
        for position, number in changed.items()
        if number >= max(LEAST_SHARED, LEAST_SHARE * depths[bisect_right(places, position) - 1])
    }


def count(
    panel: Panel, rules: WildTypeRules, anchor: int, wild: Sequence[WildPiece], other: Container[int]
) -> tuple[Coverage, int]:
    """Count wild type.

    Args:
        panel: that the reads are aligned to.
        rules: of what informs.
        anchor: bases on both sides of a boundary that a read crosses.
        wild: a piece of each molecule and gene.
        other: indices of those of other sequence.

    Returns:
        The counts, and how many pieces of the 3' gene reach no acceptor.
    """
    coverage = Coverage(anchor)
    coverage.diverged = dict(Counter(each.placement.gene for i, each in enumerate(wild) if i in other))
    coverage.informative = {p.key: 0 for places in rules.informative.values() for p in places}
    borders = exon_borders(panel.transcripts.values())
    informing: dict[str, list[WildPiece]] = {key: [] for key in coverage.informative}
    truncated = 0
    for index, each in enumerate(wild):
        if index in other:
            continue
        place = each.placement
        before = dict(coverage.informative)
        coverage.add(place.gene, [place], rules.informative if each.proves else {}, both_ends=False)
        own = borders.get(place.contig, []) if place.gene in panel.unspliced else None
        coverage.direction.add(place, [place], own)
        reached = [key for key, number in coverage.informative.items() if number > before[key]]
        for key in reached:
            informing[key].append(each)
        truncated += place.gene == panel.spec.target.three_prime and not reached
    coverage.ends = {key: _inner_ends(pieces) for key, pieces in informing.items()}
    return coverage, truncated


def _inner_ends(pieces: Sequence[WildPiece]) -> dict[tuple[int | None, int | None], int]:
    """Return the pieces by the places of their ends, if most begin inside the gene; else nothing.

    That cDNA begins or ends where the transcript does is no sign of primers.
    """
    inner = Counter((_near(each.begins), _near(each.ends)) for each in pieces if each.begins is not None)
    return dict(inner) if inner.total() >= MIN_SHARE * len(pieces) else {}


def _near(position: int | None) -> int | None:
    """Return the first of the SAME_END genomic positions (0-based) among which a position is."""
    return None if position is None else position // SAME_END * SAME_END
