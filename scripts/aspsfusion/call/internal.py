"""Finds deletions and duplications within a target gene: reads that leave it and go on elsewhere in it.

They are for information and touch no verdict. Looked for are those within the primary transcript. What
ordinary splicing makes is left out: one exon skipped, and another end or start of an exon.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import permutations

from aspsfusion.call.borders import NEAR
from aspsfusion.call.calls_file import InternalEvent
from aspsfusion.evidence.coverage import Coverage, crossing_of_gene
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.panel.panel import Panel, Transcript

MIN_FRAGMENTS = 3
"""Unique fragments that must agree: template switching within a gene joins random places."""

MIN_PIECE = 20
"""Aligned bases on each side: shorter ones fit a gene in more than one place."""

MIN_LENGTH = 20
"""Bases lost or repeated; less is an indel, which reads show without being split."""

MAX_UNPLACED = 5
"""Bases of the read between the two pieces, errors beside the join."""

MIN_EXONS = 2
"""Whole exons that a deletion from one exon's end to another one's start must lose: one alone is skipped in
ordinary splicing."""

Join = tuple[str, int, int]
"""A transcript, its last base before the join and its first one after it, 0-based."""


def internal_events(
    panel: Panel, fragments: Iterable[Fragment], coverage: Coverage
) -> tuple[InternalEvent, ...]:
    """Return the deletions and duplications that agree in MIN_FRAGMENTS fragments, the largest number first.

    Args:
        panel: with the target genes.
        fragments: that neither a junction nor the wild type explains.
        coverage: of the wild type.
    """
    targets = {panel.primary[gene].key: panel.primary[gene] for gene in panel.spec.genes_with_role("target")}
    showing: dict[Join, set[int]] = {}
    for fragment in fragments:
        for mate in fragment.mates:
            for join in _joins(mate, targets):
                showing.setdefault(join, set()).add(fragment.number)
    events = []
    for join in sorted(showing, key=lambda join: (-len(showing[join]), join)):
        # Of several places of one event that with most fragments comes first and stands for all.
        near = [other for other in showing if _are_near(join, other)] if join in showing else []
        numbers = set().union(*(showing.pop(other) for other in near))
        if len(numbers) >= MIN_FRAGMENTS:
            events.append(_event(panel, join, len(numbers), coverage))
    return tuple(sorted(events, key=lambda event: (-event.fragments, event.gene, event.last_pos)))


def _are_near(one: Join, other: Join) -> bool:
    return one[0] == other[0] and max(abs(one[1] - other[1]), abs(one[2] - other[2])) <= NEAR


def _event(panel: Panel, join: Join, fragments: int, coverage: Coverage) -> InternalEvent:
    contig, last, first = join
    transcript = panel.transcripts[contig]
    place = transcript.to_genome(last)
    return InternalEvent(
        gene=transcript.gene,
        kind="deletion" if first > last else "duplication",
        last_pos=place,
        first_pos=transcript.to_genome(first),
        length=abs(first - last - 1),
        fragments=fragments,
        wild_type=crossing_of_gene(panel, coverage, transcript.gene, place, after=True),
    )


def _joins(mate: Mate, targets: Mapping[str, Transcript]) -> Iterator[Join]:
    for one, other in permutations(mate.placements, 2):
        transcript = targets.get(one.contig)
        if transcript is None or not _are_pieces(mate, one, other):
            continue
        last, first = _place(transcript, one, other)
        if abs(first - last - 1) >= MIN_LENGTH and not _ordinary(transcript, last, first):
            yield one.contig, last, first


def _are_pieces(mate: Mate, one: Placement, other: Placement) -> bool:
    """Whether two placements show one read's first and last part on one contig."""
    if (one.contig, one.reverse) != (other.contig, other.reverse):
        return False
    shown = other.query_end - one.query_start
    return (
        other.query_start - one.query_start >= MIN_PIECE
        and other.query_end - one.query_end >= MIN_PIECE
        and other.query_start - one.query_end <= MAX_UNPLACED
        and len(mate.sequence) - shown <= MAX_UNPLACED
    )


def _place(transcript: Transcript, one: Placement, other: Placement) -> tuple[int, int]:
    """Return the last base before a join and the first one after it.

    Bases that fit both places go where most sides are at an exon's border, else to the first part.
    """
    ends = {exon.tx_end for exon in transcript.exons}
    shared = max(0, one.query_end - other.query_start)
    cuts = [(one.end - back, other.start + shared - back) for back in range(shared + 1)]
    end, start = max(cuts, key=lambda cut: ((cut[0] in ends) + (cut[1] in ends), cut[0]))
    return end - 1, start


def _ordinary(transcript: Transcript, last: int, first: int) -> bool:
    """Whether ordinary splicing makes a join: it loses one exon, or the end or start of one."""
    if first <= last:
        return False
    before, after = transcript.exon_at(last), transcript.exon_at(first)
    borders = (last == before.tx_end - 1) + (first == after.tx_start)
    lost = after.number - before.number - 1
    return borders > 0 and lost < MIN_EXONS
