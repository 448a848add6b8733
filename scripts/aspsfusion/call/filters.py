"""Filters false-positive junctions, by stable codes.

Nothing is dropped silently: a rejected candidate stays in the report as filtered, with every reason that
applies. Listed junctions are exempt from the rules that judge a junction by its place, because their place
is known.
"""

from collections.abc import Callable, Iterable

from aspsfusion.call.calls_file import CalledJunction, CalledRead
from aspsfusion.call.junction import JunctionModel
from aspsfusion.config import BOTH_SIDES, CallParameters
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.specificity import SideCount
from aspsfusion.report.findings import Reason

MAX_HOMOLOGY = 30
"""Shared bases are counted up to this number on each side; more is no short repeat but a gene family."""

READ_THROUGH_DISTANCE = 200_000
"""Genomic bases from the end of one gene to the start of the next within which transcription that runs on
into a neighbour is the likelier explanation. A convention of this program: read-through transcripts join
neighbouring genes."""

STRONGER_RATIO = 20
"""Split fragments of a junction for each one of a junction beside it that errors in its reads explain. With 3
percent errors, 1,000 fragments of one junction gave at most 5 that fitted another place better."""

ONE_PLACE = 10
"""Bases within which long reads break off at one place."""

CHANCE_SHARE = 0.1
"""Share of chimeras at any place of a gene of which those beside exon borders are: of 119 that joined the end
of one exon to any place of another gene eight were within the few bases of a border that errors explain."""

SHADOW_REACH = 60
"""Bases of a transcript within which errors put a read beside its junction; the repeat at the 5' breakpoint
of the shipped panel does so by 30 and by 36 nt."""

PROOF_ANCHOR = 18
"""Bases of each gene that some read must show at a junction inside an exon or intron. Insertions of 15 bases
that were like the other gene were called as fusions; one of five reads of 36 nt shows as many of a gene in 97
of 100 cases."""

MIN_COMPLEXITY_BASES = 10
"""Bases of the shortest anchor that can show more than a simple repeat."""

MAX_REPEATED_SHARE = 0.8
"""Largest share of an anchor's bases that equal the base one or two places before them. In random sequence it
is 44 percent; it is 100 in runs of one base and in repeats of two, as in poly-A tails and microsatellites."""


def rejections(panel: Panel, junction: CalledJunction, parameters: CallParameters) -> tuple[str, ...]:
    """Return the codes of the reasons that keep a junction from being reported, none for a reported one."""
    listed = junction.catalogue_id is not None
    rules: dict[str, Callable[[], bool]] = {
        "SEQUENCE_ELSEWHERE": lambda: not all(side.credible for side in _sides(junction)),
        "NO_TARGET_GENE": lambda: _no_target(panel, junction),
        "SEEN_IN_NORMAL_TISSUE": lambda: not listed and _seen_in_normal(panel, junction),
        "PARALOGS": lambda: not listed and _paralogs(panel, junction),
        "READ_THROUGH": lambda: not listed and _read_through(panel, junction),
        "NO_SPLIT_READ": lambda: not junction.split_reads,
        "LOW_COMPLEXITY": lambda: not listed and _low_complexity(junction),
        "TEMPLATE_SWITCHING": lambda: not listed and _template_switching(junction, parameters),
        "TOO_FEW_FRAGMENTS": lambda: (
            (not listed or junction.deviates) and 0 < junction.split_reads < _needed(junction, parameters)
        ),
        "SHORT_ANCHORS": lambda: (
            not listed
            and junction.known_place is None
            and 0 < min(junction.max_anchor_five_prime, junction.max_anchor_three_prime) < PROOF_ANCHOR
        ),
        "ONE_MOLECULE": lambda: (
            not listed and junction.fragments == 1 and junction.fragments_with_duplicates > 1
        ),
    }
    return tuple(code for code, applies in rules.items() if applies())


def _needed(junction: CalledJunction, parameters: CallParameters) -> int:
    """Return how many split fragments a junction needs; a variant of a known one as many as that."""
    return parameters.needed_split_fragments(BOTH_SIDES if junction.known_place else junction.boundaries)


def _sides(junction: CalledJunction) -> tuple[SideCount, SideCount]:
    """Return what the whole genome proves of either side; nothing without one."""
    return (
        SideCount(junction.unique_five_prime, junction.elsewhere_five_prime, 0),
        SideCount(junction.unique_three_prime, junction.elsewhere_three_prime, 0),
    )


def _no_target(panel: Panel, junction: CalledJunction) -> bool:
    targets = panel.spec.genes_with_role("target")
    return junction.five_gene not in targets and junction.three_gene not in targets


def _seen_in_normal(panel: Panel, junction: CalledJunction) -> bool:
    pair = (junction.five_gene, junction.three_gene)
    return any((seen.five_prime, seen.three_prime) == pair for seen in panel.spec.artefacts)


def _paralogs(panel: Panel, junction: CalledJunction) -> bool:
    groups = [panel.spec.gene(gene).paralog_group for gene in (junction.five_gene, junction.three_gene)]
    return bool(groups[0]) and groups[0] == groups[1]


def _read_through(panel: Panel, junction: CalledJunction) -> bool:
    """Whether the 3' gene follows the 5' gene on the same strand within the distance of a read-through."""
    five, three = panel.primary[junction.five_gene], panel.primary[junction.three_gene]
    if (five.chrom, five.strand) != (three.chrom, three.strand):
        return False
    if five.strand == "+":
        gap = three.exons[0].start - five.exons[-1].end
    else:
        gap = five.exons[-1].start - three.exons[0].end
    length = sum(abs(t.exons[-1].start - t.exons[0].start) for t in (five, three))
    # Neighbours may overlap, but the 3' gene must begin after the start of the 5' gene.
    return -length < gap <= READ_THROUGH_DISTANCE


def _low_complexity(junction: CalledJunction) -> bool:
    """Whether no split read shows more than a simple repeat on both sides."""
    split = [read for read in junction.reads if read.kind == "split"]
    return bool(split) and not any(_complex_anchors(read, len(junction.inserted)) for read in split)


def _complex_anchors(read: CalledRead, inserted: int) -> bool:
    place = -read.offset
    anchors = (read.sequence[: max(0, place - inserted)], read.sequence[place:])
    return all(len(anchor) >= MIN_COMPLEXITY_BASES and not is_simple(anchor) for anchor in anchors)


def _template_switching(junction: CalledJunction, parameters: CallParameters) -> bool:
    """Whether the two genes share a short repeat at a junction off the exon borders.

    Reverse transcriptase that leaves one template for another does so where the two are alike (Cocquet
    2006 Genomics 88:127).
    """
    return (
        junction.known_place is None
        and junction.homology >= parameters.min_homology
        and 0 < junction.split_reads < parameters.min_fragments_homology
    )


def beside_stronger(panel: Panel, junction: CalledJunction, others: Iterable[CalledJunction]) -> bool:
    """Whether a junction off the exon borders is beside one that errors in its reads explain.

    Args:
        panel: with the transcripts.
        junction: that is judged; listed ones never are.
        others: junctions of the sample, itself among them or not.
    """
    if not junction.deviates:
        return False
    return any(
        (other.five_gene, other.three_gene) == (junction.five_gene, junction.three_gene)
        and other.split_reads >= STRONGER_RATIO * junction.split_reads
        and _apart(panel, junction.five_gene, junction.five_pos, other.five_pos) <= SHADOW_REACH
        and _apart(panel, junction.three_gene, junction.three_pos, other.three_pos) <= SHADOW_REACH
        for other in others
    )


def among_chimeras(junction: CalledJunction, others: Iterable[CalledJunction]) -> bool:
    """Whether chimeras of the same two genes explain a junction between exon borders by chance.

    Where library preparation joins one place of a gene to any place of another, some of the places are beside
    an exon border.
    """
    alone = sum(
        other.split_reads
        for other in others
        if (other.five_gene, other.three_gene) == (junction.five_gene, junction.three_gene)
        and other.known_place is None
        and other.rejections
        and min(abs(other.five_pos - junction.five_pos), abs(other.three_pos - junction.three_pos))
        <= ONE_PLACE
    )
    return junction.known_place is not None and junction.split_reads <= CHANCE_SHARE * alone


def _apart(panel: Panel, gene: str, one: int, other: int) -> int:
    """Return the fewest bases between two genomic positions on any transcript or the unspliced gene."""
    distances = [abs(one - other)]
    for transcript in panel.by_gene[gene]:
        places = transcript.from_genome(one), transcript.from_genome(other)
        if places[0] is not None and places[1] is not None:
            distances.append(abs(places[0] - places[1]))
    return min(distances)


def homology(contigs: ContigBases, model: JunctionModel) -> int:
    """Return how many bases around a junction the two genes share, in nt.

    The bases by which the junction could be moved to either side without changing the joined sequence. A
    junction at random has 4 or more once in 60 times (sum of two geometric numbers of chance 1/4).
    """
    five, three = model.five.main_form, model.three.main_form
    five_bases, three_bases = contigs[five], contigs[three]
    five_at, three_at = model.five.boundaries[five], model.three.boundaries[three]
    after = before = 0
    while (
        after < MAX_HOMOLOGY
        and five_at + after < len(five_bases)
        and three_at + after < len(three_bases)
        and five_bases[five_at + after] == three_bases[three_at + after]
    ):
        after += 1
    while (
        before < MAX_HOMOLOGY
        and five_at > before
        and three_at > before
        and five_bases[five_at - before - 1] == three_bases[three_at - before - 1]
    ):
        before += 1
    return before + after


def repeated_share(bases: str) -> float:
    """Return the share of bases that equal the base one or two places before them.

    >>> repeated_share("AAAAAAAA"), repeated_share("ACACACAC"), repeated_share("ACGTACGT")
    (1.0, 1.0, 0.0)
    """
    repeated = sum(base in bases[max(0, place - 2) : place] for place, base in enumerate(bases[2:], start=2))
    return repeated / max(1, len(bases) - 2)


def is_simple(bases: str) -> bool:
    """Tell whether a sequence is a run of one base or a repeat of two, with few exceptions.

    >>> is_simple("AAAAAAAAATAAAAAA"), is_simple("GAGCAGGAGCGGGAGCGG")
    (True, False)
    """
    return repeated_share(bases) >= MAX_REPEATED_SHARE


def rejection_reasons(panel: Panel, junction: CalledJunction, parameters: CallParameters) -> list[Reason]:
    """Return the reasons of a filtered candidate in words."""
    return [Reason(code=code, text=_text(panel, junction, code, parameters)) for code in junction.rejections]


def _text(panel: Panel, junction: CalledJunction, code: str, parameters: CallParameters) -> str:
    split = f"{junction.split_reads} unique crossing fragment{'s' if junction.split_reads != 1 else ''}"
    texts: dict[str, Callable[[], str]] = {
        "SEQUENCE_ELSEWHERE": lambda: _elsewhere_text(junction),
        "NO_TARGET_GENE": lambda: "Neither gene is a target of this panel.",
        "SEEN_IN_NORMAL_TISSUE": lambda: _normal_tissue_text(panel, junction),
        "PARALOGS": lambda: (
            f"{junction.five_gene} and {junction.three_gene} belong to one gene family "
            f"({panel.spec.gene(junction.five_gene).paralog_group}); reads between similar genes are "
            "joined by mistake."
        ),
        "READ_THROUGH": lambda: (
            f"{junction.three_gene} follows {junction.five_gene} on the same strand within "
            f"{READ_THROUGH_DISTANCE} nt: transcription that runs on into the neighbour explains the reads."
        ),
        "NO_SPLIT_READ": lambda: (
            f"No read crosses a junction; {junction.spanning_pairs} unique "
            f"pair{'s have' if junction.spanning_pairs != 1 else ' has'} mates in the two genes, "
            "so the exons given are only one possibility."
        ),
        "LOW_COMPLEXITY": lambda: "On one side of the junction the reads show nothing but a simple repeat.",
        "TEMPLATE_SWITCHING": lambda: (
            f"The two genes share {junction.homology} nt at the junction, which is "
            f"not between exon borders, as where reverse transcriptase switches its template; {split}, "
            f"{parameters.min_fragments_homology} are needed to report such a junction."
        ),
        "TOO_FEW_FRAGMENTS": lambda: (
            f"{split}; an unlisted junction {_place(junction)} needs "
            f"{_needed(junction, parameters)} to be reported."
        ),
        "SHORT_ANCHORS": lambda: (
            f"{_short_sides(junction)}; a junction {_place(junction)} needs {PROOF_ANCHOR} nt of both genes "
            "to be reported. Fewer may be an insertion that looks like the gene."
        ),
        "BESIDE_STRONGER_JUNCTION": lambda: (
            f"A junction within {SHADOW_REACH} nt has at least {STRONGER_RATIO} times as many split reads; "
            "sequencing errors in some of them explain this one."
        ),
        "AMONG_CHIMERAS": lambda: (
            f"{split}, and at least {1 / CHANCE_SHARE:.0f} times as many join one of the two places to any "
            "place of the other gene, as library preparation does: some of these are beside an exon border."
        ),
        "ONE_MOLECULE": lambda: (
            f"All {junction.fragments_with_duplicates} fragments are copies of one molecule."
            if junction.fragments == 1
            else f"So many of the {junction.fragments} reads have an end in common, or are of whole "
            f"transcripts, that they may be copies of one molecule; a junction {_place(junction)} may be one "
            "that library preparation made."
        ),
    }
    return texts[code]()


def _elsewhere_text(junction: CalledJunction) -> str:
    """Say on which side the reads may come from a copy of the gene."""
    return " ".join(
        f"Of {side.unique + side.elsewhere} unique fragments with enough bases of {gene} to decide, "
        f"{side.unique} hold sequence that occurs nowhere else in the genome; the others may come from a "
        "copy of the gene."
        for gene, side in zip((junction.five_gene, junction.three_gene), _sides(junction), strict=True)
        if not side.credible
    )


def _normal_tissue_text(panel: Panel, junction: CalledJunction) -> str:
    pair = (junction.five_gene, junction.three_gene)
    seen = next(s for s in panel.spec.artefacts if (s.five_prime, s.three_prime) == pair)
    return (
        f"This pair has been seen in RNA of normal tissue ({seen.normal_samples} normal and "
        f"{seen.tumour_samples} tumour samples of the listed source)."
    )


def _short_sides(junction: CalledJunction) -> str:
    """Say of which genes the reads show too little."""
    sides = (
        (junction.five_gene, junction.max_anchor_five_prime),
        (junction.three_gene, junction.max_anchor_three_prime),
    )
    shown = [f"{bases} nt of {gene}" for gene, bases in sides if bases < PROOF_ANCHOR]
    return f"No read shows more than {' or '.join(shown)}"


def _place(junction: CalledJunction) -> str:
    if junction.known_place is None:
        return "inside an exon or intron"
    return "with lost or inserted bases at exon borders" if junction.deviates else "between exon borders"
