"""Compares the report of a simulated sample with the truth."""

from collections.abc import Sequence

from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.report.findings import Fusion
from aspsfusion.report.models import Report
from aspsfusion.simulate.molecules import breakpoints, parse_fusion
from aspsfusion.simulate.records import TruthRecord
from aspsfusion.validation.definition import Arm, Cell, Study
from aspsfusion.validation.outcomes import Outcome

SILENT_REASONS = frozenset(
    {
        "LOW_COVERAGE",
        "FIVE_PRIME_GENE_NOT_SEEN",
        "CONTROL_GENES_NOT_SEEN",
        "WOULD_HAVE_BEEN_SEEN",
    }
)
"""Reasons of a verdict that say nothing was found, only how well it was looked for."""


def judge(
    panel: Panel,
    study: Study,
    cell: Cell,
    arm: Arm,
    index: int,
    truth: Sequence[TruthRecord],
    report: Report,
) -> Outcome:
    """Return the outcome of a sample.

    Args:
        panel: the panel that it was simulated and examined with.
        study: the study.
        cell: its cell.
        arm: its arm.
        index: its number.
        truth: of every fragment.
        report: what the stages made of it.
    """
    holds = cell.truth_of(arm)
    simulated = study.fusion_of(cell)
    crossing = sum(
        record.crosses_junction
        for record in truth
        if record.contig == simulated and record.source == "fusion" and not record.duplicate_of
    )
    named = right_type = exact = None
    fragments = 0
    if holds != "none":
        expected = breakpoints(panel, parse_fusion(simulated))
        of_name = [fusion for fusion in report.fusions if fusion.name == expected.fusion]
        largest = max(of_name, key=lambda fusion: fusion.fragments, default=None)
        fragments = sum(fusion.fragments for fusion in of_name)
        named = largest is not None
        if largest is not None:
            reported = junction_of(largest)
            exact = reported == expected or (not cell.at_exon_ends and equivalent(panel, reported, expected))
            kind = study.type_of(cell)
            right_type = None if kind is None else largest.type == kind
    return Outcome(
        cell=cell.name,
        arm=arm,
        index=index,
        truth=holds,
        call=report.verdict.call,
        reasons=",".join(reason.code for reason in report.verdict.reasons),
        crossing=crossing,
        fragments=fragments,
        named=named,
        right_type=right_type,
        exact=exact,
        seen=not {reason.code for reason in report.verdict.reasons} <= SILENT_REASONS,
        informative=min(report.exclusion.informative_fragments.values(), default=0),
        detectable=report.exclusion.detectable_fraction,
    )


def junction_of(fusion: Fusion) -> Junction:
    """Return a reported fusion's joined bases, 0-based."""
    return Junction(
        fusion.five_prime.gene,
        fusion.five_prime.pos - 1,
        fusion.three_prime.gene,
        fusion.three_prime.pos - 1,
    )


def equivalent(panel: Panel, one: Junction, other: Junction) -> bool:
    """Whether two junctions make the same transcript, because both genes share the bases between them.

    Where the genes share bases at a junction, no read can tell to which of them these belong.
    """
    if (one.five_gene, one.three_gene) != (other.five_gene, other.three_gene):
        return False
    genes = one.five_gene, one.three_gene
    if not set(genes) <= set(panel.unspliced):
        return one == other
    five, three = (panel.unspliced[gene] for gene in genes)
    pairs = sorted(
        (five.from_genome(junction.five_pos), three.from_genome(junction.three_pos))
        for junction in (one, other)
    )
    (low_five, low_three), (high_five, high_three) = pairs
    moved = high_five - low_five
    return (
        moved == high_three - low_three
        and five.sequence[low_five + 1 : high_five + 1] == three.sequence[low_three:high_three]
    )
