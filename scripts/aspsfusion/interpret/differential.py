"""Finds the second tier: other fusions that define a tumour, and the genes of immunohistochemical stains.

Context for the pathologist and never the verdict. What is looked for is data of the panel; this module reads
the junctions that `call` found anyway between genes that are no target.
"""

from collections.abc import Mapping, Sequence

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.panel.panel import Panel
from aspsfusion.panel.spec import DifferentialSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.models import Differential, DifferentialFusion, Expression, Marker, Verdict

NO_OBSTACLE = {"NO_TARGET_GENE"}
"""Reasons that keep a junction from being a finding about the target and say nothing against it here."""

SHARED_SEQUENCE = "SEQUENCE_ELSEWHERE"
"""Does not count against a gene whose near-identical copies the panel names: they are one locus here."""


def differential_of(
    panel: Panel,
    junctions: Sequence[CalledJunction],
    gene_fragments: Mapping[str, int],
    expression: Sequence[Expression],
) -> Differential:
    """Return what was found of what the panel's `differential` and `stain` entries say.

    `junctions` are all called ones, those with rejections too; fragments are unique ones of the wild type.
    """
    fusions = []
    for spec in panel.spec.differential:
        found = [junction for junction in junctions if _is_found(panel, spec, junction)]
        fusions.append(
            DifferentialFusion(
                name=spec.fusion,
                entity=spec.entity,
                note=spec.note,
                source=spec.source,
                pooled=[copy for gene in spec.genes for copy in panel.spec.gene(gene).copies],
                found=bool(found),
                fragments=sum(junction.fragments for junction in found),
                split_reads=sum(junction.split_reads for junction in found),
                five_prime_fragments=gene_fragments.get(spec.five_prime, 0),
                three_prime_fragments=gene_fragments.get(spec.three_prime, 0),
            )
        )
    by_gene = {row.gene: row for row in expression}
    markers = [
        Marker(
            gene=gene.symbol,
            stain=gene.stain,
            fragments=by_gene[gene.symbol].fragments,
            tpm_like=by_gene[gene.symbol].tpm_like,
        )
        for gene in panel.spec.genes
        if gene.stain and gene.symbol in by_gene
    ]
    return Differential(fusions=fusions, markers=markers)


def _is_found(panel: Panel, spec: DifferentialSpec, junction: CalledJunction) -> bool:
    if (junction.five_gene, junction.three_gene) != spec.genes:
        return False
    pooled = any(panel.spec.gene(gene).copies for gene in spec.genes)
    return set(junction.rejections) <= (NO_OBSTACLE | {SHARED_SEQUENCE} if pooled else NO_OBSTACLE)


def with_differential(verdict: Verdict, differential: Differential, disease: str) -> Verdict:
    """Return a verdict that names the other defining fusions; what it says of the target stays the same.

    `disease` is the diagnosis that the target fusion defines.
    """
    found = [fusion for fusion in differential.fusions if fusion.found]
    if not found:
        return verdict
    named = "; ".join(
        f"{fusion.name} ({fusion.entity}; {fusion.fragments} unique "
        f"fragment{'s' if fusion.fragments != 1 else ''}, {fusion.split_reads} across the junction)"
        for fusion in found
    )
    meaning = {
        "CONFIRMED": "Two defining fusions in one sample are not expected: a mix-up or a contamination from "
        "another sample must be ruled out.",
        "EXCLUDED": f"Together with the exclusion of {verdict.target}, this is the strongest evidence "
        f"against {disease} that this analysis can give.",
        "INDETERMINATE": f"It suggests another tumour; it does not exclude {verdict.target}.",
    }[verdict.call]
    text = f"Another defining fusion was found: {named}. {meaning}"
    return verdict.with_reasons(Reason(code="OTHER_DEFINING_FUSION", text=text))
