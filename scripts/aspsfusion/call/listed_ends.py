"""Counts the fragments that leave the target genes where the target fusion is listed to join them.

Other sequence between the two genes, such as a cryptic exon, makes reads that show one of two joins, and
pairs whose mates are on both sides of it. Each of these may be too few to be reported; together they are not
chance.
"""

from collections.abc import Iterable, Mapping, Sequence

from aspsfusion.call.borders import NEAR
from aspsfusion.call.calls_file import Bridge, CalledJunction, ListedEnds
from aspsfusion.call.clips import Clip
from aspsfusion.call.one_sided import MIN_CLIP, MIN_CONSENSUS_MISMATCH_RATE, rejection_of
from aspsfusion.call.support import Support
from aspsfusion.panel.panel import Junction, Panel

EXPLAINED = {"PARALOGS", "SEEN_IN_NORMAL_TISSUE"}
"""Reasons against a candidate by which its fragments are no sign of the target fusion: exons of paralogs have
the same borders, and normal tissue joins the pairs that the panel lists as artefacts."""

WORD = 10
"""Bases beside a listed end, all of them right, that show the other gene there: what is beyond them, such as
a deletion in a repeat, may make the read fit no junction."""


def at_listed_ends(
    panel: Panel,
    clips: Iterable[Clip],
    junctions: Iterable[CalledJunction],
    supports: Mapping[Junction, Sequence[Support]],
    bridges: Iterable[Bridge],
) -> ListedEnds:
    """Count the fragments of a sample that show a listed end of the target fusion, or both of its genes.

    Args:
        panel: with the listed junctions.
        clips: of fragments that nothing explains, or that only touch a junction that proves to be none.
        junctions: all of the sample; those that are reported need no further sign.
        supports: molecules of each junction.
        bridges: fragments that join the two genes and that no junction took.
    """
    target = panel.spec.target
    listed = [j for j, spec in panel.catalogue.items() if spec.fusion == target.fusion]

    def shows(gene: str, position: int, *, five_prime: bool) -> bool:
        sides = [(j.five_gene, j.five_pos) if five_prime else (j.three_gene, j.three_pos) for j in listed]
        return any(gene == own and abs(place - position) <= NEAR for own, place in sides)

    words = {_word(panel, j, five_prime=five) for j in listed for five in (False, True)}
    leaving = {
        clip.number
        for clip in clips
        if shows(clip.gene, clip.position, five_prime=not clip.enters)
        and len(clip.bases) >= MIN_CLIP
        and (
            clip.differs >= MIN_CONSENSUS_MISMATCH_RATE
            or (clip.bases[-WORD:] if clip.enters else clip.bases[:WORD]) in words
        )
        and not rejection_of(clip.bases)
    }
    genes = (target.five_prime, target.three_prime)
    joining = {bridge.number for bridge in bridges if (bridge.five_gene, bridge.three_gene) == genes}
    for called in junctions:
        if not called.rejections or EXPLAINED & set(called.rejections):
            continue
        at_end = shows(called.five_gene, called.five_pos, five_prime=True) or shows(
            called.three_gene, called.three_pos, five_prime=False
        )
        both = (called.five_gene, called.three_gene) == genes
        for support in supports[called.junction]:
            if at_end and support.kind == "split":
                leaving.add(support.fragment.number)
            elif both:
                joining.add(support.fragment.number)
    return ListedEnds(len(leaving), len(joining - leaving))


def _word(panel: Panel, junction: Junction, *, five_prime: bool) -> str:
    """Return the bases of one side of a listed junction that are beside it."""
    gene, position = (
        (junction.five_gene, junction.five_pos) if five_prime else (junction.three_gene, junction.three_pos)
    )
    transcript = panel.primary[gene]
    place = transcript.from_genome(position)
    if place is None:
        return ""
    return (
        transcript.sequence[max(0, place + 1 - WORD) : place + 1]
        if five_prime
        else transcript.sequence[place:][:WORD]
    )
