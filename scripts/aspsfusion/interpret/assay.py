"""Says where the assay could not have shown the target fusion, whatever it shows of the wild type."""

from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import count

AMPLICON, ANCHORED = "amplicon", "anchored"


def cannot_show(spec: PanelSpec, findings: Findings) -> list[Reason]:
    """Return why fragments of the wild type say nothing of the fusion, or cannot be judged."""
    return [reason for reason in (_amplicons(spec, findings), _anchored(spec, findings)) if reason]


def _anchored(spec: PanelSpec, findings: Findings) -> Reason | None:
    """Return that the library is anchored PCR, whose informative molecules are those of certain primers."""
    if findings.library != ANCHORED:
        return None
    return Reason(
        code="PRIMERS_NOT_KNOWN",
        text="The library is declared as anchored PCR. Only molecules that were primed beyond a place where "
        f"{spec.target.fusion} joins could have shown it; without the primers it is not known which are.",
    )


def _amplicons(spec: PanelSpec, findings: Findings) -> Reason | None:
    """Return that the fragments are amplicons, declared or seen, between primers of one gene."""
    fixed = {key: number for key, number in findings.fixed_ends.items() if number}
    if findings.library != AMPLICON and not fixed:
        return None
    begins = "The library is declared as amplicons."
    if fixed:
        seen = ", ".join(
            f"{count(number)} of {count(findings.informative[key])} at {key}" for key, number in fixed.items()
        )
        begins = f"Most informative fragments begin and end at the same few places, as amplicons do ({seen})."
    return Reason(
        code="AMPLICON_CANNOT_SHOW",
        text=f"{begins} A fragment between two primers of one gene cannot show {spec.target.fusion}: only an "
        "assay that also reads from one gene into the other could exclude it.",
    )
