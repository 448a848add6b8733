"""Says where the assay could not have shown the target fusion, whatever it shows of the wild type."""

from collections.abc import Mapping

from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import count

AMPLICON, ANCHORED = "amplicon", "anchored"


def cannot_show(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return why fragments of the wild type say nothing of the fusion, or cannot be judged."""
    reason = _amplicons(spec, findings) or _anchored(spec, findings)
    return [reason] if reason else []


def _anchored(spec: PanelSpec, findings: Findings) -> Reason | None:
    """Return that the library is anchored PCR, whose informative molecules are those of certain primers."""
    seen = _seen(findings, findings.anchored)
    if findings.library != ANCHORED and not seen:
        return None
    begins = "The library is declared as anchored PCR."
    if seen:
        begins = f"Most informative fragments have one end at few places, as in anchored PCR ({seen})."
    return Reason(
        code="PRIMERS_NOT_KNOWN",
        text=f"{begins} Only molecules primed in the part of a gene that {spec.target.fusion} keeps could "
        "have shown it; without the primers it is not known which are.",
    )


def _amplicons(spec: PanelSpec, findings: Findings) -> Reason | None:
    """Return that the fragments are amplicons, declared or seen, between primers of one gene."""
    seen = _seen(findings, findings.fixed_ends)
    if findings.library != AMPLICON and not seen:
        return None
    begins = "The library is declared as amplicons."
    if seen:
        begins = f"Most informative fragments begin and end at the same few places, as amplicons do ({seen})."
    return Reason(
        code="AMPLICON_CANNOT_SHOW",
        text=f"{begins} A fragment between two primers of one gene cannot show {spec.target.fusion}: only an "
        "assay that also reads from one gene into the other could exclude it.",
    )


def _seen(findings: Findings, fixed: Mapping[str, int]) -> str:
    """Return at which acceptors most fragments share their ends, in words; empty where they do at none."""
    return ", ".join(
        f"{count(number)} of {count(findings.informative[key])} at {key}"
        for key, number in fixed.items()
        if number
    )
