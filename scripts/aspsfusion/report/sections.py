"""Builds the smaller parts of a page, in its order: coverage, exclusion, quality, differential.

Each part is a view that the template prints as it is; none of them decides a verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report.html_parts import Fact, Table, columns
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

SCALED = "fragments per kb of transcript are scaled so that all genes of the panel make a million"
"""Explains the unit of `tpm_like`."""

STATUS_WORDS = {"pass": "pass", "warn": "WARN", "not determined": NOT_DETERMINED}


@dataclass(frozen=True)
class DifferentialView:
    """The differential diagnosis as the page shows it.

    Attributes:
        found: other defining fusions that were found; None without any.
        folded: those that were not, and genes of stains, as far as the panel lists such.
        printed: what is folded in sentences, for paper.
    """

    found: Table | None
    folded: tuple[Table, ...]
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
    """Return what would have been seen, in sentences; adequacy only where nothing was confirmed.

    What the verdict says of it already is left out.
    """
    gene = verdict.target.rsplit("::", 1)[-1]
    if exclusion.detectable_fraction is None:
        seen = f"The smallest share of {gene} fusion transcripts that would be detected cannot be determined."
    else:
        share, chance = rounded_up(exclusion.detectable_fraction), percent(exclusion.confidence)
        seen = (
            f"If {share} or more of the {gene} transcripts carried the fusion {verdict.target}, "
            f"it would have been detected with {chance} probability."
        )
    found = (*(() if verdict.limit and verdict.call != "CONFIRMED" else (seen,)), *_other_levels(exclusion))
    if verdict.call == "CONFIRMED":
        return found
    adequate = "is adequate" if exclusion.adequate else "is not adequate"
    return (
        *found,
        f"An exclusion requires a share of {percent(exclusion.threshold)} or less{_tumour_share(exclusion)}: "
        f"the coverage {adequate}.",
        ASSUMPTION,
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
            else f"{rounded_up(level.detectable_fraction)} or more would have been detected"
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


def acceptor_table(exclusion: Exclusion) -> Table | None:
    """Return the informative fragments at each acceptor; None when there are none."""
    if not exclusion.informative_fragments:
        return None
    return Table(
        "Wild-type fragments across the exons that it could join",
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
        Fact("Control genes, fragments", controls),
    )


def differential_view(differential: Differential) -> DifferentialView | None:
    """Return the differential diagnosis as the page shows it; None when the panel lists nothing of it."""
    if not differential.fusions and not differential.markers:
        return None
    found = [fusion for fusion in differential.fusions if fusion.found]
    absent = [fusion for fusion in differential.fusions if not fusion.found]
    folded = []
    if absent:
        folded.append(_fusion_table("Other fusions that define a tumour, not found", absent))
    if differential.markers:
        folded.append(_marker_table(differential.markers))
    return DifferentialView(
        found=_fusion_table("Other fusions that define a tumour, found", found) if found else None,
        folded=tuple(folded),
        printed=tuple(_printed(absent, differential.markers)),
    )


def _result(fusion: DifferentialFusion) -> str:
    if fusion.found:
        fragments = plural(fusion.fragments, "fragment")
        return f"found: {fragments}, {count(fusion.split_reads)} across the junction"
    unseen = not (fusion.five_prime_fragments and fusion.three_prime_fragments)
    return "not found; one of its genes was not seen" if unseen else "not found"


def _fusion_table(caption: str, fusions: Sequence[DifferentialFusion]) -> Table:
    return Table(
        caption,
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
        f"Immunohistochemical marker genes; {SCALED}",
        columns("Stain", "Gene", ("Fragments", "number"), ("Per kb", "number")),
        tuple((row.stain, row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in markers),
    )


def _printed(absent: Sequence[DifferentialFusion], markers: Sequence[Marker]) -> list[str]:
    sentences = []
    if absent:
        names = ", ".join(
            f"{_name(fusion)} {count(fusion.five_prime_fragments)} and {count(fusion.three_prime_fragments)}"
            for fusion in absent
        )
        sentences.append(
            "Not found, with the fragments of the 5' and the 3' gene (without any, a negative result means "
            f"little): {names}."
        )
    if markers:
        stains = ", ".join(f"{row.stain} ({row.gene}) {count(row.fragments)}" for row in markers)
        sentences.append(f"Fragments of immunohistochemical marker genes: {stains}.")
    return sentences
