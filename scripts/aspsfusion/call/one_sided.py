"""Finds places where fragments leave a target gene into sequence that no junction can name.

A partner that is not on the panel, or is joined on its antisense strand, cannot be named, but the break can
be seen. It is reported, so that such a sample is never called negative for want of a name.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from aspsfusion.align.trim import ADAPTERS
from aspsfusion.call.calls_file import OneSidedCluster
from aspsfusion.call.clips import MAX_ALIGNED_EDIT_RATE, MIN_CLIP_MISMATCH_RATE, Clip, mismatch_rate
from aspsfusion.call.filters import is_simple
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.genome import MAX_MISMATCHES, WINDOW
from aspsfusion.panel.panel import Panel

MIN_CLIP = 15
"""Clipped bases that one fragment of a break must show: 15 nt do not occur by chance in the introns and
transcripts of a target."""

MIN_ALIGNED = 25
"""Bases in the gene that one fragment of a break must show, both of its reads together: reads of some other
gene that shares a shorter piece with the target all end in the same place, and none of them shows more."""

MIN_FRAGMENTS = 3
"""Unique fragments that leave a gene at one position: single ones are chimeras of library preparation."""

POSITION_SLACK = 5
"""Bases by which the clips of one break differ: the foreign sequence goes on like the gene by chance, and the
aligner clips at a sequencing error in the last 4 bases of the gene, which cost it more than they bring."""

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


def find_one_sided(panel: Panel, clips: Sequence[Clip]) -> list[OneSidedCluster]:
    """Cluster the clips of fragments that neither the wild type nor a junction explains.

    Returns:
        Clusters of at least MIN_FRAGMENTS fragments, the largest first.
    """
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
        if not any(clip.aligned >= MIN_ALIGNED and not _of_a_decoy(panel, clip) for clip in members):
            continue
        # A piece that fits a repeat twice has clips at two places, and is of one break.
        left = [c for c in left if (c.gene, c.enters) != (gene, enters) or c.number not in fragments]
        consensus = _consensus([clip.bases for clip in exact], enters=enters)
        own = max(exact, key=lambda clip: len(clip.own)).own
        if not _foreign(consensus, own, enters=enters) or _occurs_nearby(panel, gene, position, consensus):
            continue
        rejection = rejection_of(consensus)
        clusters.append(OneSidedCluster(gene, position, enters, len(fragments), consensus, rejection))
    return sorted(clusters, key=lambda c: (-c.fragments, c.gene, c.position))


def on_kept_side(panel: Panel, cluster: OneSidedCluster) -> bool:
    """Whether a break may be one of the target fusion, which keeps the first gene's 5', the other's 3' part.

    Clips are in the direction of the gene, so the strand of a read does not matter. A break on the other
    side counts too where the foreign sequence holds MIN_CLIP bases of the other target, on either strand:
    the two genes are joined after all.
    """
    target = panel.spec.target
    not_kept = {(target.five_prime, True): target.three_prime, (target.three_prime, False): target.five_prime}
    other = not_kept.get((cluster.gene, cluster.enters))
    if other is None:
        return True
    texts = [transcript.sequence for transcript in panel.by_gene[other]] + [panel.unspliced[other].sequence]
    return any(
        bases[start : start + MIN_CLIP] in text
        for bases in (cluster.consensus, reverse_complement(cluster.consensus))
        for start in range(len(bases) - MIN_CLIP + 1)
        for text in texts
    )


def _of_a_decoy(panel: Panel, clip: Clip) -> bool:
    """Whether all that a fragment shows of the gene may be of a decoy, which goes on as it likes beyond it.

    A decoy differs from the gene in up to MAX_MISMATCHES bases, and the read from the gene in some more.
    """
    size = len(clip.piece)
    if clip.of_mate >= WINDOW or len(panel.decoy_text) < size:
        return False
    piece = np.frombuffer(clip.piece.encode("ascii"), dtype=np.uint8)
    text = np.lib.stride_tricks.sliding_window_view(panel.decoy_text, size)
    fewest = int(np.count_nonzero(text != piece, axis=1).min())
    return fewest <= MAX_MISMATCHES + int(MAX_ALIGNED_EDIT_RATE * size)


def _foreign(consensus: str, own: str, *, enters: bool) -> bool:
    """Whether a consensus differs from the gene's own continuation, as a whole and next to the break."""
    next_to_it = slice(-NEXT_BASES, None) if enters else slice(NEXT_BASES)
    return (
        mismatch_rate(consensus, own) >= MIN_CONSENSUS_MISMATCH_RATE
        and mismatch_rate(consensus[next_to_it], own[next_to_it]) >= MIN_CLIP_MISMATCH_RATE
    )


def _occurs_nearby(panel: Panel, gene: str, position: int, consensus: str) -> bool:
    """Whether a consensus fits the gene somewhere near a genomic position, 0-based, with few mismatches."""
    primary, unspliced = panel.primary[gene], panel.unspliced.get(gene)
    forms = [(primary.sequence, primary.from_genome(position))]
    if unspliced is not None:
        forms.append((unspliced.sequence, unspliced.from_genome(position)))
    length = len(consensus)
    return any(
        mismatch_rate(consensus, sequence[start : start + length]) <= MAX_NEARBY_MISMATCH_RATE
        for sequence, place in forms
        if place is not None
        for start in range(max(0, place - NEARBY - length), min(place + NEARBY, len(sequence) - length) + 1)
    )


def rejection_of(consensus: str) -> str:
    """Return the code of the reason why a consensus is no foreign gene, empty when it may be one."""
    if is_simple(consensus):
        return "LOW_COMPLEXITY"
    either_strand = (consensus, reverse_complement(consensus))
    if any(adapter in bases for adapter in ADAPTERS for bases in either_strand):
        return "ADAPTER"
    return ""


def _agrees(clip: Clip, consensus: str) -> bool:
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
