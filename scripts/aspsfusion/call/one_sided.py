"""Finds places where fragments leave a target gene into sequence that the panel does not hold.

A partner that is not on the panel cannot be named, but the break can be seen. It is reported, so that such a
sample is never called negative for want of a name.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate

from aspsfusion.align.trim import ADAPTERS
from aspsfusion.call.calls_file import OneSidedCluster
from aspsfusion.call.filters import is_simple
from aspsfusion.evidence.coverage import proves_gene
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel

MIN_CLIP = 15
"""Clipped bases that one fragment of a break must show: 15 nt do not occur by chance in the introns and
transcripts of a target."""

MIN_ALIGNED = 25
"""Bases in the gene that one fragment of a break must show, both of its reads together: reads of some other
gene that shares a shorter piece with the target all end in the same place, and none of them shows more."""

MIN_FURTHER_CLIP, MIN_FURTHER_ALIGNED = 8, 17
"""The same for the other fragments of that break, whose clips must go on alike."""

MIN_FRAGMENTS = 3
"""Unique fragments that leave a gene at one position: single ones are chimeras of library preparation."""

MAX_ALIGNED_EDIT_RATE = 0.06
"""Largest share of mismatches in the bases that are placed in the gene; as for a read of a junction."""

MISMATCH_COST = 3
"""Bases that a mismatch takes back where a read is followed into an intron, as in the screen."""

POSITION_SLACK = 5
"""Bases by which the clips of one break differ: the foreign sequence goes on like the gene by chance, and the
aligner clips at a sequencing error in the last 4 bases of the gene, which cost it more than they bring."""

BORDER_REACH = 6
"""Bases by which an alignment may run over an exon's border into foreign sequence: more agree by chance in
fewer than 1 of 1000 cases."""

MIN_CLIP_MISMATCH_RATE = 0.3
"""Clips that differ less from the gene's own continuation are its own with sequencing errors. Foreign
sequence differs in 75 percent; 15 foreign bases differ in fewer than 30 percent once in 8,000 cases."""

MIN_CONSENSUS_MISMATCH_RATE = 0.45
"""The same for the consensus of a break, where chance and sequencing errors are averaged out: of 20 foreign
bases fewer than 45 percent differ once in 1,000 cases, of 30 once in 4,600. Of the breaks that copies with
80 percent identity seem to show 7 percent differ so much."""

NEARBY = 150
"""Bases on both sides of a break, in transcript and whole gene, in which its consensus is looked for."""

MAX_NEARBY_MISMATCH_RATE = 0.3
"""Where a consensus fits some place nearby this well, the gene itself or a copy of it goes on: reads of a
copy with a repeat slip by a unit of it. 22 foreign bases fit one of 600 places so well once in 800 cases."""

NEXT_BASES = 15
"""The bases next to the break must differ as well: a gene's copy may be alike there and end further on."""

MIN_AGREEMENT = 0.8
"""Share of the bases next to the break in which a clip must agree with the others: one break leads into one
foreign sequence, reads of scattered repeats lead into many."""


@dataclass(frozen=True)
class _Clip:
    """Bases of a read beyond a break, and those of the gene itself in their place.

    Attributes:
        number: of the fragment.
        gene: HGNC symbol.
        position: genomic position of the last base of the gene, 0-based.
        enters: whether the read enters the gene at the break, its foreign bases being upstream.
        aligned: bases of the fragment's reads in the gene.
        bases: of the read, in the direction of the gene.
        own: of the gene, as many.
        outer: whether the transcript begins or ends here.
        at_border: whether an exon does.
    """

    number: int
    gene: str
    position: int
    enters: bool
    aligned: int
    bases: str
    own: str
    outer: bool
    at_border: bool

    @property
    def differs(self) -> float:
        """Share of the bases that differ from the gene's own."""
        return _mismatch_rate(self.bases, self.own)


def find_one_sided(panel: Panel, fragments: Iterable[Fragment]) -> list[OneSidedCluster]:
    """Cluster the clips of fragments that neither the wild type nor a junction explains.

    Args:
        panel: with the target genes.
        fragments: fragments still open after all junctions were tested.

    Returns:
        Clusters of at least MIN_FRAGMENTS fragments, the largest first.
    """
    targets = set(panel.spec.genes_with_role("target"))
    clips: list[_Clip] = []
    for fragment in fragments:
        found = [clip for mate in fragment.mates for clip in _clips(panel, fragment, mate, targets)]
        # Overlapping mates show the same break twice; the fragment votes once, with its longest clip.
        by_place = {(clip.gene, clip.position, clip.enters): clip for clip in sorted(found, key=_weight)}
        clips.extend(clip for clip in by_place.values() if _of_the_gene_itself(panel, fragment, clip.gene))
    return _clusters(panel, clips)


def _weight(clip: _Clip) -> tuple[object, ...]:
    """Return by what the clips of one place are sorted: one at an exon's border comes after its equals."""
    return len(clip.bases), -clip.differs, clip.bases, clip.aligned, clip.at_border, clip.own, clip.outer


def _of_the_gene_itself(panel: Panel, fragment: Fragment, gene: str) -> bool:
    """Whether a fragment holds sequence of the gene that occurs nowhere else in the genome.

    Where a copy of the gene ends or differs, its reads leave the gene's sequence though the gene is whole.
    """
    if panel.specificity is None:
        return True
    reads = ((mate, next((p for p in mate.placements if p.gene == gene), None)) for mate in fragment.mates)
    return proves_gene(panel.specificity, gene, ((mate, placed) for mate, placed in reads if placed))


def _clips(panel: Panel, fragment: Fragment, mate: Mate, targets: set[str]) -> Iterator[_Clip]:
    """Yield the clips of a read at each place in a target where its piece fits.

    Repeats have several places, and of several transcripts one may end where another goes on. The bases
    beyond must be foreign to all of them.
    """
    best = _longest(mate)
    if best is None or best.gene not in targets:
        return
    others = sum(
        p.end - p.start
        for other in fragment.mates
        if other is not mate
        if (p := _longest(other)) and p.gene == best.gene and p.reverse != best.reverse
    )
    for enters in (True, False):
        found = [
            clip
            for placement in mate.placements
            if (placement.gene, placement.reverse) == (best.gene, best.reverse)
            and abs(_edge(placement, enters=enters) - _edge(best, enters=enters)) <= BORDER_REACH
            and (clip := _clip(panel, mate, placement, enters=enters))
        ]
        if all(clip.differs >= MIN_CLIP_MISMATCH_RATE for clip in found):
            for clip in found:
                if not clip.outer:
                    yield replace(clip, number=fragment.number, aligned=clip.aligned + others)


def _longest(mate: Mate) -> Placement | None:
    """Return the placement with the longest piece: edits of the whole read are those of the foreign bases."""
    return max(mate.placements, key=lambda p: p.end - p.start, default=None)


def _edge(placement: Placement, *, enters: bool) -> int:
    return placement.query_start if enters else placement.query_end


def _clip(panel: Panel, mate: Mate, placement: Placement, *, enters: bool) -> _Clip | None:
    """Return what a read shows beyond one end of a placement, None where either part is too short."""
    bases, edge = mate.oriented(reverse=placement.reverse), _edge(placement, enters=enters)
    inner, beyond, at_border = _to_border(panel, placement, enters=enters)
    start, end = (0, edge + beyond) if enters else (edge - beyond, len(bases))
    if _placed_elsewhere(mate, placement, start, end) or _poorly_placed(placement, bases, panel):
        return None
    contig, inner, more = _into_intron(panel, placement.contig, inner, bases[start:end], enters=enters)
    start, end = (start, end - more) if enters else (start + more, end)
    aligned = placement.end - placement.start - beyond + more
    if end - start < MIN_FURTHER_CLIP or aligned < MIN_FURTHER_ALIGNED:
        return None
    own = _continuation(panel, contig, inner, end - start, enters=enters)
    position = panel.genomic_position(contig, inner)
    outer = _at_outer_end(panel, contig, inner, enters=enters)
    return _Clip(
        0, placement.gene, position, enters, aligned, bases[start:end], own, outer, at_border and not more
    )


def _into_intron(
    panel: Panel, contig: str, inner: int, clipped: str, *, enters: bool
) -> tuple[str, int, int]:
    """Follow a read beyond an exon as far as it goes on in the intron.

    Of reads that leave the gene a few bases into an intron the aligner places some in the exon alone and
    others in the whole gene; they are of one break.

    Returns:
        Contig and its last base of the gene at the break (0-based), and the bases that the read goes on.
    """
    transcript = panel.transcripts.get(contig)
    unspliced = panel.unspliced.get(transcript.gene) if transcript else None
    if transcript is None or unspliced is None:
        return contig, inner, 0
    place = unspliced.from_genome(transcript.to_genome(inner))
    own = _continuation(panel, unspliced.key, place, len(clipped), enters=enters)
    more = _alike_at_first(clipped[::-1], own[::-1]) if enters else _alike_at_first(clipped, own)
    if more < MIN_FURTHER_CLIP:
        return contig, inner, 0
    return unspliced.key, place - more if enters else place + more, more


def _alike_at_first(bases: str, own: str) -> int:
    """Return how far two sequences are the same, a mismatch taking back three bases.

    >>> _alike_at_first("ACGTACGTTT", "ACGTACGTAA"), _alike_at_first("ACCTACGTTT", "ACGTACGTAA")
    (8, 8)
    """
    steps = (1 if base == other else -MISMATCH_COST for base, other in zip(bases, own, strict=True))
    score, length = max(((score, n) for n, score in enumerate(accumulate(steps), 1)), default=(0, 0))
    return length if score > 0 else 0


def _continuation(panel: Panel, contig: str, inner: int, length: int, *, enters: bool) -> str:
    """Return the contig's own bases beyond a break, padded with N at the contig's ends."""
    sequence = panel.sequence_of(contig)
    if enters:
        return sequence[max(0, inner - length) : inner].rjust(length, "N")
    return sequence[inner + 1 : inner + 1 + length].ljust(length, "N")


def _foreign(consensus: str, own: str, *, enters: bool) -> bool:
    """Whether a consensus differs from the gene's own continuation, as a whole and next to the break."""
    next_to_it = slice(-NEXT_BASES, None) if enters else slice(NEXT_BASES)
    return (
        _mismatch_rate(consensus, own) >= MIN_CONSENSUS_MISMATCH_RATE
        and _mismatch_rate(consensus[next_to_it], own[next_to_it]) >= MIN_CLIP_MISMATCH_RATE
    )


def _occurs_nearby(panel: Panel, gene: str, position: int, consensus: str) -> bool:
    """Whether a consensus fits the gene somewhere near a genomic position, 0-based, with few mismatches."""
    primary, unspliced = panel.primary[gene], panel.unspliced.get(gene)
    forms = [(primary.sequence, primary.from_genome(position))]
    if unspliced is not None:
        forms.append((unspliced.sequence, unspliced.from_genome(position)))
    length = len(consensus)
    return any(
        _mismatch_rate(consensus, sequence[start : start + length]) <= MAX_NEARBY_MISMATCH_RATE
        for sequence, place in forms
        if place is not None
        for start in range(max(0, place - NEARBY - length), min(place + NEARBY, len(sequence) - length) + 1)
    )


def _mismatch_rate(bases: str, own: str) -> float:
    return sum(base != other for base, other in zip(bases, own, strict=True)) / len(bases)


def _poorly_placed(placement: Placement, bases: str, panel: Panel) -> bool:
    """Whether the aligned part of a read differs so much that the read belongs to a copy of the gene."""
    if placement.end - placement.start != placement.query_end - placement.query_start:
        return True
    aligned = bases[placement.query_start : placement.query_end]
    own = panel.sequence_of(placement.contig)[placement.start : placement.end]
    return _mismatch_rate(aligned, own) > MAX_ALIGNED_EDIT_RATE


def _to_border(panel: Panel, placement: Placement, *, enters: bool) -> tuple[int, int, bool]:
    """Return the last base of the gene at a clip, the bases aligned beyond it, and whether an exon ends.

    Foreign sequence that begins like the neighbouring exon draws the alignment a few bases over the exon's
    border; the border is then the likelier place of the break.
    """
    inner = placement.start if enters else placement.end - 1
    transcript = panel.transcripts.get(placement.contig)
    if transcript is not None:
        for exon in transcript.exons:
            beyond = exon.tx_start - inner if enters else inner - (exon.tx_end - 1)
            if 0 <= beyond <= BORDER_REACH:
                return inner + beyond if enters else inner - beyond, beyond, True
    return inner, 0, False


def _placed_elsewhere(mate: Mate, placement: Placement, start: int, end: int) -> bool:
    """Whether half of the clipped bases are placed in some other sequence of the panel."""
    length = len(mate.sequence)
    for other in mate.placements:
        low, high = other.query_start, other.query_end
        if other.reverse != placement.reverse:
            low, high = length - high, length - low
        if 2 * (min(high, end) - max(low, start)) >= end - start:
            return True
    return False


def _at_outer_end(panel: Panel, contig: str, inner: int, *, enters: bool) -> bool:
    """Whether a clip is before the first exon of a gene or after its last one.

    Where transcription begins and ends varies, so such a clip says nothing. The ends of other transcripts are
    places like any other where the primary one goes on.
    """
    transcript = panel.transcripts.get(contig)
    if transcript is None or transcript.exon_at(inner).number != (1 if enters else len(transcript.exons)):
        return False
    position, exons = transcript.to_genome(inner), panel.primary[transcript.gene].exons
    inside = min(e.start for e in exons) <= position < max(e.end for e in exons)
    return transcript.primary or not inside


def _clusters(panel: Panel, clips: list[_Clip]) -> list[OneSidedCluster]:
    counts: Counter[tuple[str, bool, int]] = Counter()
    shown: Counter[tuple[str, bool, int]] = Counter()
    borders = set()
    for clip in clips:
        place = clip.gene, clip.enters, clip.position
        counts[place] += 1
        shown[place] += clip.aligned
        if clip.at_border:
            borders.add(place)
    clusters = []
    left = list(clips)

    def rank(place: tuple[str, bool, int]) -> tuple[object, ...]:
        # Of places that as many fragments show, an exon's border, then the one with most bases of the gene.
        return -counts[place], place not in borders, -shown[place], place

    for gene, enters, position in sorted(counts, key=rank):
        members = [
            clip
            for clip in left
            if (clip.gene, clip.enters) == (gene, enters) and abs(clip.position - position) <= POSITION_SLACK
        ]
        exact = [clip for clip in members if clip.position == position]
        consensus = _consensus([clip.bases for clip in exact], enters=enters)
        members = [clip for clip in members if _agrees(clip, consensus)]
        exact = [clip for clip in members if clip.position == position]
        longest = max((len(clip.bases) for clip in exact), default=0)
        fragments = {clip.number for clip in members}
        if len(fragments) < MIN_FRAGMENTS or longest < MIN_CLIP:
            continue
        if max(clip.aligned for clip in members) < MIN_ALIGNED:
            continue
        # A piece that fits a repeat twice has clips at two places, and is of one break.
        left = [c for c in left if (c.gene, c.enters) != (gene, enters) or c.number not in fragments]
        consensus = _consensus([clip.bases for clip in exact], enters=enters)
        own = max(exact, key=lambda clip: len(clip.own)).own
        if not _foreign(consensus, own, enters=enters) or _occurs_nearby(panel, gene, position, consensus):
            continue
        rejection = _rejection(consensus)
        clusters.append(OneSidedCluster(gene, position, enters, len(fragments), consensus, rejection))
    return sorted(clusters, key=lambda c: (-c.fragments, c.gene, c.position))


def _rejection(consensus: str) -> str:
    """Return the code of the reason why a consensus is no foreign gene, empty when it may be one."""
    if is_simple(consensus):
        return "LOW_COMPLEXITY"
    either_strand = (consensus, reverse_complement(consensus))
    if any(adapter in bases for adapter in ADAPTERS for bases in either_strand):
        return "ADAPTER"
    return ""


def _agrees(clip: _Clip, consensus: str) -> bool:
    """Whether a clip goes on like the consensus of all clips of its break, which may begin beside it."""
    bases = clip.bases[::-1] if clip.enters else clip.bases
    others = consensus[::-1] if clip.enters else consensus
    for shift in range(-POSITION_SLACK, POSITION_SLACK + 1):
        pairs = list(zip(bases[max(0, shift) :], others[max(0, -shift) :], strict=False))[:NEXT_BASES]
        least = MIN_AGREEMENT * min(NEXT_BASES, len(bases))
        if sum(a == b for a, b in pairs) >= least:
            return True
    return False


def _consensus(clips: list[str], *, enters: bool) -> str:
    """Return the majority base at each distance from the break, in the direction of the gene.

    >>> _consensus(["TTACG", "ACG", "TACG"], enters=True)
    'TTACG'
    """
    aligned = [clip[::-1] if enters else clip for clip in clips]
    bases = []
    for index in range(max(map(len, aligned), default=0)):
        column = Counter(clip[index] for clip in aligned if index < len(clip))
        bases.append(min(column, key=lambda base: (-column[base], base)))
    text = "".join(bases)
    return text[::-1] if enters else text
