"""Tells which fragments without a reported junction forbid an exclusion, and says so.

Template switching and ligation join two genes at random places: such a fragment stands alone, and an
exclusion must survive it. What the fusion makes agrees: with the exon borders, or with a second fragment.
"""

from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import FilteredFusion, Reason, UnexplainedBridge
from aspsfusion.report.words import plural

AGREEING_SPLIT = 2
"""Unique fragments with a read split at about the same two places from which an exclusion is forbidden. Among
ten random joins of genes of 2,000 and 3,000 nt, two agree within 3 nt once in 2,700 samples."""

AGREEING = 3
"""Unique fragments that could be of one junction, in either order of the genes, from which it is forbidden.
Pairs have no exact place, so that two of them agree by chance in a deep sample."""

BY_NUMBER = {"TOO_FEW_FRAGMENTS", "SHORT_ANCHORS", "TEMPLATE_SWITCHING", "ONE_MOLECULE", "AMONG_CHIMERAS"}
"""Reasons against a candidate that more fragments would remove."""


def unproven_evidence(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return reasons from fragments that join the two target genes and prove no junction."""
    reasons = [
        Reason(
            code="UNPROVEN_EVIDENCE",
            text=f"{_fragments(candidate.fragments)} "
            f"suggest{'' if candidate.fragments != 1 else 's'} {candidate.name} without proving a "
            f"junction. {candidate.reasons[0].text}",
        )
        for candidate in findings.filtered
        if _between_targets(spec, candidate) and _speaks(spec, candidate)
    ]
    speaking = [bridge for bridge in findings.bridges if _speaks(spec, bridge)]
    if speaking:
        first = speaking[0]
        number = max(1, first.agreeing_fragments)
        fragments = plural(number, "unique fragment joins", "unique fragments join")
        about = " at about the same place" if number > 1 else ""
        reasons.append(
            Reason(
                code="UNEXPLAINED_BRIDGE",
                text=f"{fragments} {first.five_prime.gene} and {first.three_prime.gene}{about} "
                f"({first.five_prime.gene} {first.five_prime.site}, {first.three_prime.gene} "
                f"{first.three_prime.site}), and no junction explains "
                f"{'them' if number > 1 else 'it'}: the fusion may be there in an unusual form.",
            )
        )
    return [*reasons, *_between_the_genes(spec, findings)]


def _between_the_genes(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return a reason where fragments show the listed ends of the fusion, each with other sequence."""
    ends, target = findings.listed_ends, spec.target
    if ends.leaving < AGREEING_SPLIT or ends.leaving + ends.joining < AGREEING:
        return []
    text = (
        f"{_fragments(ends.leaving)} leave {target.five_prime} or enter {target.three_prime} exactly where "
        f"{target.fusion} is listed to join them, with other sequence beyond"
    )
    if ends.joining:
        text += f", and {plural(ends.joining, 'other joins', 'others join')} the two genes"
    return [
        Reason(
            code="UNPROVEN_EVIDENCE",
            text=f"{text}: the fusion may be there with other sequence between its genes.",
        )
    ]


def unproven_partners(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return reasons from fragments that join the part of a target that the fusion keeps to another gene."""
    return [
        Reason(
            code="UNPROVEN_OTHER_FUSION",
            text=f"{_fragments(candidate.split_reads)} run across a junction of {candidate.name} that is not "
            f"reported. {candidate.reasons[0].text}",
        )
        for candidate in findings.filtered
        if not _between_targets(spec, candidate)
        and (
            candidate.five_prime.gene == spec.target.five_prime
            or candidate.three_prime.gene == spec.target.three_prime
        )
        and candidate.split_reads >= AGREEING
        and {reason.code for reason in candidate.reasons} <= BY_NUMBER
    ]


def not_speaking(spec: PanelSpec, findings: Findings) -> tuple[int, bool]:
    """Count the unique fragments that join the target genes as the fusion does and forbid no exclusion.

    Returns:
        Their number, and whether any of them could be of one junction with another fragment.
    """
    candidates = [c for c in findings.filtered if c.name == spec.target.fusion and not _speaks(spec, c)]
    bridges = [b for b in findings.bridges if _in_order(spec, b) and not _speaks(spec, b)]
    number = sum(candidate.fragments for candidate in candidates) + len({b.number for b in bridges})
    together = [c.fragments for c in candidates] + [c.agreeing_fragments for c in candidates]
    together += [b.agreeing_fragments for b in bridges]
    return number, max(together, default=0) > 1


def _speaks(spec: PanelSpec, finding: FilteredFusion | UnexplainedBridge) -> bool:
    """Whether a finding between the two target genes forbids an exclusion."""
    if finding.agreeing_fragments >= AGREEING:
        return True
    return _in_order(spec, finding) and (
        finding.agreeing_split_reads >= AGREEING_SPLIT or (finding.split_reads > 0 and _expected(finding))
    )


def _expected(finding: FilteredFusion | UnexplainedBridge) -> bool:
    """Whether a junction is where chance hardly ever makes one: between exon borders, or at a listed one.

    Within a few bases of any two borders a chimera is once in 700 times, and in a deep sample there are many.
    """
    borders = finding.five_prime.at_exon_boundary and finding.three_prime.at_exon_boundary
    return finding.listed or (borders and not finding.inserted_sequence)


def _between_targets(spec: PanelSpec, finding: FilteredFusion | UnexplainedBridge) -> bool:
    genes = {finding.five_prime.gene, finding.three_prime.gene}
    return genes == {spec.target.five_prime, spec.target.three_prime}


def _in_order(spec: PanelSpec, finding: FilteredFusion | UnexplainedBridge) -> bool:
    genes = (finding.five_prime.gene, finding.three_prime.gene)
    return genes == (spec.target.five_prime, spec.target.three_prime)


def _fragments(number: int) -> str:
    return plural(number, "unique fragment")
