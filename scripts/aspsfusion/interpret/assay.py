"""Says where the assay could not have shown the target fusion, whatever it shows of the wild type."""

from collections.abc import Mapping

from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import count

AMPLICON, ANCHORED = "amplicon", "anchored"


def cannot_show(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return why fragments of the wild type say nothing of the fusion, or cannot be judged."""
    fusion = spec.target.fusion
    amplicons, anchored = (_seen(findings, fixed) for fixed in (findings.fixed_ends, findings.anchored))
    if findings.library == AMPLICON or amplicons:
        begins = "The library is declared as amplicons."
        if amplicons:
            begins = (
                f"Most informative fragments have their ends at few places, as amplicons do ({amplicons})."
            )
        return [
            Reason(
                code="AMPLICON_CANNOT_SHOW",
                text=f"{begins} A fragment between two primers of one gene cannot show {fusion}: only an "
                "assay that also reads from one gene into the other could exclude it.",
            )
        ]
    if findings.library == ANCHORED or anchored:
        begins = "The library is declared as anchored PCR."
        if anchored:
            begins = (
                f"Most informative fragments have one end at few places, as in anchored PCR ({anchored})."
            )
        return [
            Reason(
                code="PRIMERS_NOT_KNOWN",
                text=f"{begins} Only molecules primed in the part of a gene that {fusion} keeps could have "
                "shown it; without the primers it is not known which are.",
            )
        ]
    return []


def _seen(findings: Findings, fixed: Mapping[str, int]) -> str:
    """Return at which acceptors most fragments share their ends, in words; empty where they do at none."""
    return ", ".join(
        f"{count(number)} of {count(findings.informative[key])} at {key}"
        for key, number in fixed.items()
        if number
    )
