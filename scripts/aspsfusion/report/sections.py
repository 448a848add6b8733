"""Builds the smaller parts of a page, in its order: coverage, exclusion, quality, candidates, differential.

Each part is a view that the template prints as it is; none of them decides a verdict.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report.findings import (
    FilteredFusion,
    FilteredOneSided,
    FusionSide,
    InternalJoin,
    OneSided,
    UnexplainedBridge,
)
from aspsfusion.report.html_parts import Fact, Kind, Table, columns
from aspsfusion.report.models import (
    Differential,
    DifferentialFusion,
    Exclusion,
    Imbalance,
    Marker,
    QualityControl,
    Verdict,
)
from aspsfusion.report.words import NOT_DETERMINED, count, joined, percent, plural, rounded_up

SMALLEST_P = 1e-6
"""A probability of 0 in the report has been rounded down from less than this."""

ASSUMPTION = (
    "That the share of fusion transcripts is about the share of tumour cells is an assumption: tumour cells "
    "may express the gene more or less than their neighbours."
)

STATUS_WORDS = {"pass": "pass", "warn": "WARN", "not determined": NOT_DETERMINED}

MAX_BRIDGES = 10
"""Unexplained bridges that the page lists; report.json has all."""

ONE_SIDED_COLUMNS: tuple[str | tuple[str, Kind], ...] = (
    "Gene",
    ("Exon", "number"),
    ("Position", "code"),
    ("Fragments", "number"),
    ("Sequence", "code"),
)


@dataclass(frozen=True)
class Folded:
    """A table that opens at a click on a screen; paper has a sentence in its place.

    Attributes:
        heading: what is clicked on.
        table: the table.
        printed: the sentence.
    """

    heading: str
    table: Table
    printed: str


@dataclass(frozen=True)
class DifferentialView:
    """The differential diagnosis as the page shows it.

    Attributes:
        fusions: other defining fusions, those that were found first; None when the panel lists none.
        markers: genes of stains; None when the panel lists none.
        printed: the same in sentences, for paper.
    """

    fusions: Table | None
    markers: Table | None
    printed: tuple[str, ...]


def imbalance_sentences(imbalance: Imbalance) -> tuple[str, ...]:
    """Return how the 3' gene's depth differs across its breakpoints; none when not measured."""
    if imbalance.five_prime_depth is None or imbalance.three_prime_depth is None:
        return ()
    ratio = "" if imbalance.ratio is None else f" ({imbalance.ratio:.1f} times as much)"
    depth = (
        f"Mean depth of {imbalance.gene}: {imbalance.five_prime_depth:.1f} upstream of the recurrent "
        f"breakpoints, {imbalance.three_prime_depth:.1f} downstream{ratio}."
    )
    caution = "This is supporting evidence only and does not affect the verdict."
    if imbalance.p_value is None:
        return depth, caution
    chance = (
        f"less than {SMALLEST_P:f}"
        if imbalance.p_value < SMALLEST_P
        else f"{float(f'{imbalance.p_value:.2g}'):g}"
    )
    return (
        depth,
        f"Unique fragments centred upstream: {count(imbalance.five_prime_fragments)}, downstream: "
        f"{count(imbalance.three_prime_fragments)}; probability of at least as large an excess downstream: "
        f"{chance} (baseline: {imbalance.baseline}; real coverage is never even).",
        caution,
    )


def exclusion_sentences(exclusion: Exclusion, verdict: Verdict) -> tuple[str, ...]:
    """Return what would have been seen, in sentences; adequacy only where nothing was confirmed."""
    gene = verdict.target.rsplit("::", 1)[-1]
    if exclusion.detectable_fraction is None:
        seen = f"The smallest share of {gene} fusion transcripts that would be detected cannot be determined."
    else:
        share, chance = rounded_up(exclusion.detectable_fraction), percent(exclusion.confidence)
        seen = (
            f"If {share} or more of the {gene} transcripts carried the fusion {verdict.target}, "
            f"it would have been detected with {chance} probability."
        )
    found = (seen, *_other_levels(exclusion))
    if verdict.call == "CONFIRMED":
        return found
    adequate = "is adequate" if exclusion.adequate else "is not adequate"
    return (
        *found,
        f"An exclusion requires a share of {percent(exclusion.threshold)} or less{_tumour_share(exclusion)}: "
        f"the coverage {adequate}.",
        ASSUMPTION,
        *_not_excluded(exclusion),
    )


def _other_levels(exclusion: Exclusion) -> tuple[str, ...]:
    """Say the same at the confidences beside the one that decides; nothing where there is no share."""
    if exclusion.detectable_fraction is None:
        return ()
    others = [
        f"with {percent(level.confidence)} probability, "
        + (
            "no share can be determined"
            if level.detectable_fraction is None
            else f"the share is {rounded_up(level.detectable_fraction)}"
        )
        for level in exclusion.levels
        if level.confidence != exclusion.confidence
    ]
    text = "; ".join(others)
    return (f"{text[0].upper()}{text[1:]}.",) if others else ()


def _tumour_share(exclusion: Exclusion) -> str:
    """Say which part the declared tumour content has in the limit."""
    if exclusion.tumour_fraction is None:
        return " (no tumour content was declared)"
    declared = f"of the {percent(exclusion.tumour_fraction)} tumour cells declared"
    if exclusion.limited_by_tumour:
        return f" (half {declared})"
    return f" (half {declared} is more than that)"


def _not_excluded(exclusion: Exclusion) -> tuple[str, ...]:
    """Say what stays possible after the figures above."""
    if exclusion.detectable_fraction is None:
        return ()
    return (
        f"A share below {rounded_up(exclusion.detectable_fraction)} cannot be excluded, and neither "
        "can what is listed under Limits.",
    )


def acceptor_table(exclusion: Exclusion) -> Table | None:
    """Return the informative fragments at each acceptor; None when there are none."""
    if not exclusion.informative_fragments:
        return None
    return Table(
        "Wild-type fragments across the start of each exon that the fusion could join",
        columns("Exon start", ("Fragments", "number"), ("Needed for exclusion", "number")),
        tuple(
            (
                place,
                count(number),
                NOT_DETERMINED if exclusion.needed_fragments is None else count(exclusion.needed_fragments),
            )
            for place, number in exclusion.informative_fragments.items()
        ),
    )


def check_table(qc: QualityControl) -> Table | None:
    """Return the values that have a limit; None when there is none."""
    if not qc.checks:
        return None
    return Table(
        "Values with a limit",
        columns("Quantity", ("Value", "number"), "Limit", ("Result", "status"), "Why this limit"),
        tuple(
            (check.name, check.value, check.limit, STATUS_WORDS[check.status], check.reason)
            for check in qc.checks
        ),
    )


def unlimited_values(qc: QualityControl) -> tuple[Fact, ...]:
    """Return the values without a limit, name by name; one that the input does not show is left out."""
    controls = joined([f"{gene} {count(number)}" for gene, number in qc.control_genes.items()])
    in_sense = "" if qc.strand_fraction is None else f" ({percent(qc.strand_fraction)} sense)"
    return (
        Fact("Total reads", count(qc.total_reads)),
        Fact("Read length", f"mean {qc.mean_read_length:g} nt, longest {count(qc.read_length)} nt"),
        Fact("GC content", percent(qc.gc_fraction)),
        Fact("Unknown bases (N)", percent(qc.n_fraction)),
        *([] if qc.q30_fraction is None else [Fact("Bases with Q30 or better", percent(qc.q30_fraction))]),
        Fact("Reads with adapter", percent(qc.adapter_fraction)),
        Fact("Pairs with overlapping mates", percent(qc.overlap_fraction)),
        Fact("Input", qc.input if qc.input_build is None else f"{qc.input}, aligned to {qc.input_build}"),
        Fact("Strand", f"{qc.strand}{in_sense}"),
        Fact("Molecules distinguished by", "UMI" if qc.umi else "coordinates"),
        Fact("Control genes, fragments", controls),
    )


def filtered_table(candidates: Sequence[FilteredFusion]) -> Table:
    """Return the candidate junctions that were not called, with the reasons."""
    return Table(
        "Candidate junctions not called",
        columns(
            "Fusion",
            "5' side",
            "3' side",
            ("Split", "number"),
            ("Spanning", "number"),
            ("Fragments", "number"),
            "Why not",
        ),
        tuple(
            (
                candidate.name,
                _side_words(candidate.five_prime),
                _side_words(candidate.three_prime),
                count(candidate.split_reads),
                count(candidate.spanning_pairs),
                count(candidate.fragments),
                "; ".join(reason.text for reason in candidate.reasons),
            )
            for candidate in candidates
        ),
    )


def _side_words(side: FusionSide) -> str:
    return f"{side.site}, {side.chrom}:{side.pos}"


def bridge_table(bridges: Sequence[UnexplainedBridge]) -> Table:
    """Return the fragments that join the two target genes without a junction, those that agree first."""
    shown = bridges[:MAX_BRIDGES]
    more = f" (the first {MAX_BRIDGES} of {count(len(bridges))})" if len(bridges) > MAX_BRIDGES else ""
    return Table(
        f"Fragments that join the two genes and that no junction explains{more}",
        columns("Read", "First gene", "Second gene", "Shown by", ("Fragments that agree", "number")),
        tuple(
            (
                bridge.name,
                f"{bridge.five_prime.gene} {_side_words(bridge.five_prime)}",
                f"{bridge.three_prime.gene} {_side_words(bridge.three_prime)}",
                "one read" if bridge.split_reads else "two mates",
                count(bridge.agreeing_fragments - 1),
            )
            for bridge in shown
        ),
    )


def internal_table(events: Sequence[InternalJoin]) -> Table:
    """Return the deletions and duplications within the target genes."""
    return Table(
        "Deletions and duplications within a gene, for information: splicing and circular RNA make them too",
        columns(
            "Gene",
            "Event",
            "Leaves it at",
            "Goes on at",
            ("Bases", "number"),
            ("Fragments", "number"),
            ("Wild type", "number"),
        ),
        tuple(
            (
                event.gene,
                event.kind,
                _side_words(event.five_prime),
                _side_words(event.three_prime),
                count(event.length),
                count(event.fragments),
                count(event.wild_type),
            )
            for event in events
        ),
    )


def one_sided_table(places: Sequence[OneSided]) -> Table:
    """Return the places where fragments leave a gene into sequence that the panel does not hold."""
    return Table(
        "Places where reads run from a gene into sequence outside the panel",
        columns(*ONE_SIDED_COLUMNS),
        tuple(_place_words(place) for place in places),
    )


def folded_one_sided(places: Sequence[FilteredOneSided]) -> Folded:
    """Return such places that are no finding, with the reasons, and what paper says of them."""
    heading = (
        plural(len(places), "place where reads leave a gene is", "places where reads leave a gene are")
        + " not reported"
    )
    reasons = Counter(reason.text for place in places for reason in place.reasons)
    why = "; ".join(f"{text.removesuffix('.')} ({times})" for text, times in sorted(reasons.items()))
    return Folded(
        heading,
        Table(
            "Places where reads leave a gene that are not reported",
            columns(*ONE_SIDED_COLUMNS, "Why not"),
            tuple(
                (*_place_words(place), "; ".join(reason.text for reason in place.reasons)) for place in places
            ),
        ),
        f"{heading}: {why}.",
    )


def _place_words(place: OneSided) -> tuple[str, ...]:
    return (
        place.gene,
        "-" if place.exon is None else str(place.exon),
        f"{place.chrom}:{place.pos}",
        count(place.fragments),
        place.clipped_consensus,
    )


def differential_view(differential: Differential) -> DifferentialView | None:
    """Return the differential diagnosis as the page shows it; None when the panel lists nothing of it."""
    if not differential.fusions and not differential.markers:
        return None
    found_first = sorted(differential.fusions, key=lambda fusion: not fusion.found)
    return DifferentialView(
        fusions=_fusion_table(found_first) if found_first else None,
        markers=_marker_table(differential.markers) if differential.markers else None,
        printed=tuple(_printed(found_first, differential.markers)),
    )


def _result(fusion: DifferentialFusion) -> str:
    if fusion.found:
        fragments = plural(fusion.fragments, "fragment")
        return f"found: {fragments}, {count(fusion.split_reads)} across the junction"
    unseen = not (fusion.five_prime_fragments and fusion.three_prime_fragments)
    return "not found; one of its genes was not seen" if unseen else "not found"


def _fusion_table(fusions: Sequence[DifferentialFusion]) -> Table:
    return Table(
        "Other fusions that define a tumour",
        columns("Fusion", "Result", "Fragments of its genes", "Tumour", "Source"),
        tuple(
            (
                _name(fusion),
                _result(fusion),
                f"{count(fusion.five_prime_fragments)} and {count(fusion.three_prime_fragments)}",
                "; ".join(filter(None, (fusion.entity, fusion.note))),
                fusion.source,
            )
            for fusion in fusions
        ),
    )


def _name(fusion: DifferentialFusion) -> str:
    return f"{fusion.name} (with {', '.join(fusion.pooled)})" if fusion.pooled else fusion.name


def _marker_table(markers: Sequence[Marker]) -> Table:
    return Table(
        "Immunohistochemical marker genes",
        columns("Stain", "Gene", ("Fragments", "number"), ("Per kb, scaled", "number")),
        tuple((row.stain, row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in markers),
    )


def _printed(fusions: Sequence[DifferentialFusion], markers: Sequence[Marker]) -> list[str]:
    sentences = [
        f"Found: {_name(fusion)}, {fusion.entity}, {plural(fusion.fragments, 'unique fragment')}, "
        f"{count(fusion.split_reads)} across the junction."
        for fusion in fusions
        if fusion.found
    ]
    absent = [
        f"{_name(fusion)} {count(fusion.five_prime_fragments)} and {count(fusion.three_prime_fragments)}"
        for fusion in fusions
        if not fusion.found
    ]
    if absent:
        sentences.append(
            "Not found, with the fragments of the 5' and the 3' gene (without any, a negative result means "
            f"little): {', '.join(absent)}."
        )
    if markers:
        stains = ", ".join(f"{row.stain} ({row.gene}) {count(row.fragments)}" for row in markers)
        sentences.append(f"Fragments of immunohistochemical marker genes: {stains}.")
    return sentences
