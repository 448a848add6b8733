"""Tells why a fusion might have been missed, so that nothing was found says nothing."""

from collections.abc import Mapping

from aspsfusion.exclusion import informative_text, needed_fragments, percent
from aspsfusion.findings import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.parameters import ClassifyParameters
from aspsfusion.report.findings import Reason
from aspsfusion.report.models import Exclusion

FULL_LIBRARIES = ("polyA", "total")
"""Libraries that hold all of a cell's genes, so that silent control genes mean failed RNA."""


def control_genes_seen(
    spec: PanelSpec, gene_fragments: Mapping[str, int], parameters: ClassifyParameters
) -> int:
    """Return how many control genes have enough fragments."""
    return sum(
        gene_fragments.get(gene, 0) >= parameters.min_control_fragments
        for gene in spec.genes_with_role("control")
    )


def inadequacies(
    spec: PanelSpec, findings: Findings, excluded: Exclusion, parameters: ClassifyParameters
) -> list[Reason]:
    """Return the reasons why the target fusion might have been missed.

    Args:
        spec: the panel.
        findings: evidence of the sample.
        excluded: what the coverage would have shown.
        parameters: thresholds.
    """
    reasons = list(findings.incomplete)
    if not excluded.adequate:
        needed = needed_fragments(parameters)
        counts = informative_text(excluded) or "none, as the panel lists no junction of the target fusion"
        would = (
            ""
            if excluded.detectable_fraction is None
            else " At this coverage a fusion that makes up less than "
            f"{percent(excluded.detectable_fraction)}% of the transcripts could have been missed."
        )
        reasons.append(
            Reason(
                code="LOW_COVERAGE",
                text=f"Too few informative wild-type fragments where the fusion would join ({counts}); "
                f"{needed} are needed at each place to exclude a share of "
                f"{percent(parameters.max_detectable_fraction)}%.{would}",
            )
        )
    five = findings.gene_fragments.get(spec.target.five_prime, 0)
    if five < parameters.min_five_prime_fragments:
        reasons.append(
            Reason(
                code="FIVE_PRIME_GENE_NOT_SEEN",
                text=f"{spec.target.five_prime} was seen with {five} unique fragments, at least "
                f"{parameters.min_five_prime_fragments} are needed: the library may not contain this gene.",
            )
        )
    depth = [findings.per_kilobase.get(g, 0.0) for g in (spec.target.five_prime, spec.target.three_prime)]
    if five >= parameters.min_five_prime_fragments and depth[0] < parameters.min_five_prime_ratio * depth[1]:
        reasons.append(
            Reason(
                code="FIVE_PRIME_GENE_DEPLETED",
                text=f"{spec.target.five_prime} has {depth[0]:.1f} unique fragments per kilobase, "
                f"{spec.target.three_prime} {depth[1]:.1f}; less than "
                f"{percent(parameters.min_five_prime_ratio)}% of that means that the library was enriched "
                f"for {spec.target.three_prime} alone.",
            )
        )
    controls = spec.genes_with_role("control")
    seen = control_genes_seen(spec, findings.gene_fragments, parameters)
    if (
        controls
        and findings.library in FULL_LIBRARIES
        and seen < min(parameters.min_control_genes, len(controls))
    ):
        reasons.append(
            Reason(
                code="CONTROL_GENES_NOT_SEEN",
                text=f"{seen} of {len(controls)} control genes were seen, at least "
                f"{parameters.min_control_genes} are needed: the RNA or the library may have failed.",
            )
        )
    return reasons
