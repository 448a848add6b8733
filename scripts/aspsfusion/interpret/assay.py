"""Says where the assay could not have shown the target fusion, whatever it shows of the wild type."""

from aspsfusion.interpret.exclusion import Findings
from aspsfusion.panel.spec import PanelSpec
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import count

AMPLICON = "amplicon"


def amplicons(spec: PanelSpec, findings: Findings) -> Reason | None:
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
