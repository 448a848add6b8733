"""Puts a verdict into words: a headline, and three lines that say result, evidence and limit.

Each number stands in one of them. Together the three are the statement, which can be read without the page.
"""

from collections.abc import Mapping, Sequence

from aspsfusion.interpret.assay import FIXED_ENDS
from aspsfusion.interpret.exclusion import Findings, informative_text
from aspsfusion.interpret.unproven import not_speaking
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Fusion, Reason
from aspsfusion.report.models import Call, Exclusion, Verdict, in_one
from aspsfusion.report.words import joined, percent, plural, rounded_up

FOR_THE_TARGET = ("NO_FUSION_PRODUCT", "WEAK_EVIDENCE", "UNPROVEN_EVIDENCE", "UNEXPLAINED_BRIDGE", FIXED_ENDS)
"""Reasons that speak for the target fusion, so that more reads could settle it."""

MOST_REASONS = 3
"""Reasons that the evidence spells out; of more it counts the rest, which the report lists."""

SHORT_REASONS: Mapping[str, str] = {
    "WEAK_EVIDENCE": "too few fragments to confirm",
    "UNPROVEN_EVIDENCE": "fragments that prove no junction",
    "UNEXPLAINED_BRIDGE": "both genes joined, no junction found",
    "NO_FUSION_PRODUCT": "a join without a fusion product",
    "OTHER_FUSION": "another {gene} fusion found, {name}",
    "RECIPROCAL_ONLY": "only the reciprocal found, {name}",
    "ONE_SIDED_BREAK": "{gene} breaks, partner unknown",
    "UNPROVEN_OTHER_FUSION": "another fusion is possible",
    "LOW_COVERAGE": "too few informative fragments",
    "FIVE_PRIME_GENE_NOT_SEEN": "{five} not seen",
    "FIVE_PRIME_GENE_DEPLETED": "{five} depleted beside {three}",
    "CONTROL_GENES_NOT_SEEN": "control genes not seen",
    "DIVERGED_READS": "reads of another species",
    "NO_SPLICED_READS": "reads look like DNA",
    "INPUT_INCOMPLETE": "the input cannot hold the evidence",
    "MATES_NOT_FACING": "mates do not face each other",
    "FOREIGN_STARTS": "undeclared UMI or linker in reads",
    "AMPLICON_CANNOT_SHOW": "amplicons cannot show the fusion",
    "PRIMERS_CANNOT_SHOW": "no primer could show the fusion",
    "PRIMERS_NOT_KNOWN": "primers are not declared",
    FIXED_ENDS: "molecules cannot be counted",
}
"""Each reason for no verdict by the sample's own reads, in three to six words."""


def verdict_in_words(
    spec: PanelSpec, findings: Findings, call: Call, reasons: Sequence[Reason], excluded: Exclusion
) -> Verdict:
    """Return a verdict with its headline and its statement."""
    result = _result(spec, findings, call, reasons, excluded)
    evidence = _evidence(spec, findings, call, reasons, excluded)
    limit = _limit(spec, call, reasons, excluded)
    return Verdict(
        call=call,
        target=spec.target.fusion,
        headline=f"{call}: {_short(spec, findings, call, reasons, excluded)}",
        reasons=list(reasons),
        result=result,
        evidence=evidence,
        limit=limit,
        statement=in_one(result, evidence, limit),
    )


def _short(
    spec: PanelSpec, findings: Findings, call: Call, reasons: Sequence[Reason], excluded: Exclusion
) -> str:
    """Return what stands after the call in the headline."""
    target = spec.target
    if call == "CONFIRMED":
        types = (fusion.full_name for fusion in findings.fusions if fusion.is_target)
        return ", ".join(dict.fromkeys(types))
    if call == "EXCLUDED":
        assert excluded.detectable_fraction is not None
        return f"no {target.fusion} down to {rounded_up(excluded.detectable_fraction)}"
    genes, name = _about(spec, findings, reasons[0].code)
    gene = next((gene for gene in (target.three_prime, target.five_prime) if gene in genes), "")
    return SHORT_REASONS[reasons[0].code].format(
        five=target.five_prime, three=target.three_prime, gene=gene, name=name
    )


def _about(spec: PanelSpec, findings: Findings, code: str) -> tuple[tuple[str, ...], str]:
    """Return the genes and the name of the first finding that a reason of this code is about."""
    if code == "ONE_SIDED_BREAK":
        return (findings.deciding_breaks[0].gene,), ""
    targets = set(spec.genes_with_role("target"))
    for fusion in findings.fusions:
        genes = fusion.five_prime.gene, fusion.three_prime.gene
        if (
            not fusion.is_target
            and targets.intersection(genes)
            and fusion.reciprocal == (code == "RECIPROCAL_ONLY")
        ):
            return genes, fusion.name
    return (), ""


def _result(
    spec: PanelSpec, findings: Findings, call: Call, reasons: Sequence[Reason], excluded: Exclusion
) -> str:
    """Return the panel's own sentence on the verdict."""
    target = [fusion for fusion in findings.fusions if fusion.is_target]
    candidates = [candidate for candidate in findings.filtered if candidate.name == spec.target.fusion]
    fragments = sum(fusion.fragments for fusion in target)
    if call != "CONFIRMED":
        fragments += sum(candidate.fragments for candidate in candidates)
    fraction = excluded.detectable_fraction
    detectable = "" if fraction is None else rounded_up(fraction)
    values = {
        "fusion": spec.target.fusion,
        "disease": spec.target.disease,
        "sample": findings.sample,
        "types": "; ".join(describe(fusion) for fusion in target),
        "fragments": "not countable" if reasons[0].code == FIXED_ENDS else fragments,
        "split_reads": sum(fusion.split_reads for fusion in target),
        "spanning_pairs": sum(fusion.spanning_pairs for fusion in target),
        "short_overhangs": sum(fusion.short_overhangs for fusion in target),
        # The panel's texts write the sign themselves.
        "detectable_percent": detectable.removesuffix("%"),
        "confidence_percent": rounded_up(excluded.confidence).removesuffix("%"),
        "informative_fragments": informative_text(excluded),
        "reasons": " ".join(reason.text for reason in reasons),
    }
    codes, texts = {reason.code for reason in reasons}, spec.texts
    template = {
        "CONFIRMED": texts.confirmed,
        "EXCLUDED": texts.excluded,
        "INDETERMINATE": texts.indeterminate,
    }[call]
    # Where a fusion with another partner is the reason for no verdict, more reads are no remedy. The
    # reciprocal is of the same translocation: a second method has to show the target.
    if call == "INDETERMINATE" and "OTHER_FUSION" in codes and codes.isdisjoint(FOR_THE_TARGET):
        template = texts.other_fusion or template
    return " ".join(template.format(**values).split())


def _evidence(
    spec: PanelSpec, findings: Findings, call: Call, reasons: Sequence[Reason], excluded: Exclusion
) -> str:
    """Return what was seen and decided the verdict."""
    if call == "EXCLUDED":
        return exclusion_evidence(spec, findings, excluded)
    more = len(reasons) - MOST_REASONS
    texts = [reason.text for reason in reasons[:MOST_REASONS]]
    if more > 0:
        texts.append(f"{plural(more, 'further reason is', 'further reasons are')} listed in the report.")
    return " ".join(texts)


def exclusion_evidence(spec: PanelSpec, findings: Findings, excluded: Exclusion) -> str:
    """Return what was seen instead of the fusion."""
    number, agree = not_speaking(spec, findings)
    seen = f"No fragment supports {spec.target.fusion}."
    if number:
        joins = plural(number, "unique fragment joins", "unique fragments join")
        if agree:
            why = f", but too few fit one junction to distinguish {'it' if number == 1 else 'them'} from"
        else:
            why = ("," if number == 1 else ", each at a place of its own,") + " as do"
        others = "" if agree or findings.artefacts else "; no others do"
        seen = f"{joins} the two genes of {spec.target.fusion}{why} chimeras of library preparation{others}."
    if findings.artefacts:
        named = joined([f"{name} {number}" for name, number in findings.artefacts.items()])
        seen += f" Long reads whose parts library preparation joined are no support ({named})."
    return f"{seen} Informative wild-type fragments where it would join: {informative_text(excluded)}."


def detectable(spec: PanelSpec, excluded: Exclusion) -> str:
    """Return from which share of the transcripts on the fusion would have been detected, in a sentence."""
    if excluded.detectable_fraction is None:
        return f"Even in all transcripts of {spec.target.three_prime} it could have been missed."
    share, chance = rounded_up(excluded.detectable_fraction), percent(excluded.confidence)
    return (
        f"{spec.target.fusion} in {share} or more of the {spec.target.three_prime} transcripts would have "
        f"been detected with {chance} probability."
    )


def _limit(spec: PanelSpec, call: Call, reasons: Sequence[Reason], excluded: Exclusion) -> str:
    """Return what the verdict does not say."""
    if call == "CONFIRMED":
        return spec.texts.confirmed_limit
    if any(reason.code in FOR_THE_TARGET for reason in reasons):
        return ""  # what a negative would be worth is beside the point
    declared = (
        ""
        if excluded.tumour_fraction is None
        else f" Declared tumour cells: {percent(excluded.tumour_fraction)}."
    )
    if call == "EXCLUDED":
        return f"{detectable(spec, excluded)}{declared} A smaller share cannot be excluded."
    return (
        f"{detectable(spec, excluded)} An exclusion requires {percent(excluded.threshold)} or less.{declared}"
    )


def describe(fusion: Fusion) -> str:
    """Return a junction in words: type and exons, or the places of its breakpoints, and how it deviates."""
    sides = [
        f"{side.gene} exon {side.exon}"
        if side.at_exon_boundary or (fusion.known_place and fusion.deviation)
        else f"{side.gene} {side.site}"
        for side in (fusion.five_prime, fusion.three_prime)
    ]
    place = " :: ".join(sides) + (f" with {fusion.deviation}" if fusion.deviation else "")
    return f"{fusion.type}, {place}" if fusion.type else place
