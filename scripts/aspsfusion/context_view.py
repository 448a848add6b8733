"""What a page says beside the evidence: tilted coverage, other defining fusions, genes behind stains.

Nothing here decides a verdict, and each part says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report_record import Differential, DifferentialFusion, Imbalance, Marker
from aspsfusion.view_parts import Table, columns, count, plural

SMALLEST_P = 1e-6
"""A probability that is 0 in the report has been rounded down from less than this."""


@dataclass(frozen=True)
class DifferentialView:
    """The differential diagnosis as the page shows it.

    Attributes:
        fusions: other defining fusions, those that were found first; None when the panel lists none.
        markers: genes behind stains; None when the panel lists none.
        printed: the same in sentences, for paper.
    """

    fusions: Table | None
    markers: Table | None
    printed: tuple[str, ...]


def imbalance_sentences(imbalance: Imbalance) -> tuple[str, ...]:
    """Return how the 3' gene's depth differs before and behind its breakpoints; none when not measured."""
    if imbalance.five_prime_depth is None or imbalance.three_prime_depth is None:
        return ()
    ratio = "" if imbalance.ratio is None else f", {imbalance.ratio:.1f} times as much"
    depth = (
        f"Mean depth of {imbalance.gene} before the recurrent breakpoints {imbalance.five_prime_depth:.1f}, "
        f"behind them {imbalance.three_prime_depth:.1f}{ratio}."
    )
    caution = "This supports a finding and decides nothing."
    if imbalance.p_value is None:
        return depth, caution
    chance = (
        f"less than {SMALLEST_P:f}"
        if imbalance.p_value < SMALLEST_P
        else f"{float(f'{imbalance.p_value:.2g}'):g}"
    )
    return (
        depth,
        f"Unique fragments with their middle before them {count(imbalance.five_prime_fragments)}, behind "
        f"them {count(imbalance.three_prime_fragments)}; probability of as large an excess there {chance} "
        f"(baseline: {imbalance.baseline}; real coverage is never even).",
        caution,
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
    return "not found; a gene was not seen" if unseen else "not found"


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
        "Genes behind stains",
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
            "Not found, with the fragments of the 5' and the 3' gene (without any, nothing found means "
            f"little): {', '.join(absent)}."
        )
    if markers:
        stains = ", ".join(f"{row.stain} ({row.gene}) {count(row.fragments)}" for row in markers)
        sentences.append(f"Fragments of genes behind stains: {stains}.")
    return sentences
