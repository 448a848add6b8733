"""Finds where reads leave a target gene for other sequence: their clips.

A clip is what a read shows beyond the last base that it shares with a gene. Where a piece of the read is
placed in another gene in its direction, a junction may explain it, and it is none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import accumulate, product

from aspsfusion.evidence.coverage import proves_gene
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.transcripts import DECOY

MIN_FURTHER_CLIP, MIN_FURTHER_ALIGNED = 8, 17
"""Bases that each fragment of a break must show beyond it and in the gene; one of them must show more, see
`one_sided`."""

MAX_ALIGNED_EDIT_RATE = 0.06
"""Largest share of mismatches in the bases that are placed in the gene; as for a read of a junction."""

MISMATCH_COST = 3
"""Bases that a mismatch takes back where a read is followed into an intron, as in the screen."""

BORDER_REACH = 6
"""Bases by which an alignment may run over an exon's border into foreign sequence: more agree by chance in
fewer than 1 of 1000 cases."""

MIN_CLIP_MISMATCH_RATE = 0.3
"""Clips that differ less from the gene's own continuation are its own with sequencing errors. Foreign
sequence differs in 75 percent; 15 foreign bases differ in fewer than 30 percent once in 8,000 cases."""


@dataclass(frozen=True)
class Clip:
    """Bases of a read beyond a break, and those of the gene itself in their place.

    Attributes:
        position: genomic position of the last base of the gene, 0-based.
        enters: whether the read enters the gene at the break, its foreign bases being upstream.
        aligned: bases of the fragment's reads in the gene.
        bases: of the read, in the direction of the gene.
        own: of the gene, as many.
        outer: whether the transcript begins or ends here.
        at_border: whether an exon does.
        piece: bases of the read that are placed in the gene, in its direction.
        of_mate: bases of the other read in the gene.
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
    piece: str = ""
    of_mate: int = 0

    @property
    def differs(self) -> float:
        """Share of the bases that differ from the gene's own."""
        return mismatch_rate(self.bases, self.own)


def clips_of(panel: Panel, fragments: Iterable[Fragment]) -> list[Clip]:
    """Return the clips of fragments, the longest one for each fragment and place."""
    targets = set(panel.spec.genes_with_role("target"))
    clips: list[Clip] = []
    for fragment in fragments:
        found = [clip for mate in fragment.mates for clip in _clips(panel, fragment, mate, targets)]
        # Overlapping mates show the same break twice; the fragment votes once, with its longest clip.
        by_place = {(clip.gene, clip.position, clip.enters): clip for clip in sorted(found, key=_weight)}
        clips.extend(clip for clip in by_place.values() if _of_the_gene_itself(panel, fragment, clip.gene))
    return clips


def _weight(clip: Clip) -> tuple[object, ...]:
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


def _clips(panel: Panel, fragment: Fragment, mate: Mate, targets: set[str]) -> Iterator[Clip]:
    """Yield the clips of a read at each place in a target where its piece fits.

    Repeats have several places, and of several transcripts one may end where another goes on. The bases
    beyond must be foreign to all of them.
    """
    for best in _pieces(mate, targets):
        others = sum(
            p.end - p.start
            for other in fragment.mates
            if other is not mate
            if (p := _longest(other.placements)) and p.gene == best.gene and p.reverse != best.reverse
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
                        yield replace(
                            clip, number=fragment.number, aligned=clip.aligned + others, of_mate=others
                        )


def _pieces(mate: Mate, targets: set[str]) -> Iterator[Placement]:
    """Yield the longest placement in each target and direction, unless a longer one holds its bases."""
    for gene, reverse in product(sorted(targets), (False, True)):
        piece = _longest(p for p in mate.placements if (p.gene, p.reverse) == (gene, reverse))
        if piece is None:
            continue
        start, end = _span(mate, piece)
        if not any(
            p.end - p.start > piece.end - piece.start and _shared(_span(mate, p), (start, end)) >= end - start
            for p in mate.placements
            if (p.gene, p.reverse) != (gene, reverse)
        ):
            yield piece


def _span(mate: Mate, placement: Placement) -> tuple[int, int]:
    """Return the bases of a placement's piece in the order of sequencing, half-open."""
    if not placement.reverse:
        return placement.query_start, placement.query_end
    length = len(mate.sequence)
    return length - placement.query_end, length - placement.query_start


def _shared(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Return twice the number of bases that two spans share."""
    return 2 * (min(one[1], other[1]) - max(one[0], other[0]))


def _longest(placements: Iterable[Placement]) -> Placement | None:
    """Return the placement with the longest piece: edits of the whole read are those of the foreign bases."""
    return max(placements, key=lambda p: p.end - p.start, default=None)


def _edge(placement: Placement, *, enters: bool) -> int:
    return placement.query_start if enters else placement.query_end


def _clip(panel: Panel, mate: Mate, placement: Placement, *, enters: bool) -> Clip | None:
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
    return Clip(
        0,
        placement.gene,
        position,
        enters,
        aligned,
        bases[start:end],
        own,
        outer,
        at_border and not more,
        bases[placement.query_start : placement.query_end],
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


def mismatch_rate(bases: str, own: str) -> float:
    """Return the share of the bases that differ between two sequences of one length."""
    return sum(base != other for base, other in zip(bases, own, strict=True)) / len(bases)


def _poorly_placed(placement: Placement, bases: str, panel: Panel) -> bool:
    """Whether the aligned part of a read differs so much that the read belongs to a copy of the gene."""
    if placement.end - placement.start != placement.query_end - placement.query_start:
        return True
    aligned = bases[placement.query_start : placement.query_end]
    own = panel.sequence_of(placement.contig)[placement.start : placement.end]
    return mismatch_rate(aligned, own) > MAX_ALIGNED_EDIT_RATE


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
    """Whether half of the clipped bases are placed in another sequence of the panel that can be joined.

    That is one on the same strand: no junction joins a gene to the antisense strand of another one. Nor does
    any join a decoy.
    """
    return any(
        _shared((other.query_start, other.query_end), (start, end)) >= end - start
        for other in mate.placements
        if other.reverse == placement.reverse and other.gene != DECOY
    )


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
