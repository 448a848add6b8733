"""Puts the verdict into one sentence, from the templates of the panel."""

from collections.abc import Sequence

from aspsfusion.exclusion import informative_text, percent
from aspsfusion.findings import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Fusion, Reason
from aspsfusion.report.models import Exclusion

FOUND_ELSEWHERE = ("OTHER_FUSION", "RECIPROCAL_ONLY")
"""Reasons that name another fusion of the target's genes."""

FOR_THE_TARGET = ("WEAK_EVIDENCE", "UNPROVEN_EVIDENCE")
"""Reasons that speak for the target fusion, so that more reads could settle it."""


def describe(fusion: Fusion) -> str:
    """Return a junction in words: type and exons, or the places of its breakpoints."""
    sides = [
        f"{side.gene} exon {side.exon}" if side.at_exon_boundary else f"{side.gene} {side.site}"
        for side in (fusion.five_prime, fusion.three_prime)
    ]
    place = " :: ".join(sides)
    return f"{fusion.type}, {place}" if fusion.type else place


def _another_fusion_decides(reasons: Sequence[Reason]) -> bool:
    """Whether the reason for no verdict is another fusion, so that more reads of this one are no remedy."""
    codes = {reason.code for reason in reasons}
    return bool(codes.intersection(FOUND_ELSEWHERE)) and not codes.intersection(FOR_THE_TARGET)


def statement_of(
    spec: PanelSpec, findings: Findings, call: str, reasons: Sequence[Reason], excluded: Exclusion
) -> str:
    """Return the sentence at the head of the report.

    Args:
        spec: the panel, whose texts are filled in.
        findings: evidence of the sample.
        call: CONFIRMED, EXCLUDED or INDETERMINATE.
        reasons: what led to the call.
        excluded: what the coverage would have shown.
    """
    target = [fusion for fusion in findings.fusions if fusion.is_target]
    candidates = [candidate for candidate in findings.filtered if candidate.name == spec.target.fusion]
    fragments = sum(fusion.fragments for fusion in target)
    if call != "CONFIRMED":
        fragments += sum(candidate.fragments for candidate in candidates)
    values = {
        "fusion": spec.target.fusion,
        "disease": spec.target.disease,
        "sample": findings.sample,
        "types": "; ".join(describe(fusion) for fusion in target),
        "fragments": fragments,
        "split_reads": sum(fusion.split_reads for fusion in target),
        "spanning_pairs": sum(fusion.spanning_pairs for fusion in target),
        "short_overhangs": sum(fusion.short_overhangs for fusion in target),
        "detectable_percent": (
            "" if excluded.detectable_fraction is None else percent(excluded.detectable_fraction)
        ),
        "confidence_percent": percent(excluded.confidence),
        "informative_fragments": informative_text(excluded),
        "reasons": " ".join(reason.text for reason in reasons),
    }
    template = {
        "CONFIRMED": spec.texts.confirmed,
        "EXCLUDED": spec.texts.excluded,
        "INDETERMINATE": spec.texts.indeterminate,
    }[call]
    if call == "INDETERMINATE" and spec.texts.other_fusion and _another_fusion_decides(reasons):
        template = spec.texts.other_fusion
    return " ".join(template.format(**values).split())
