"""Says what follows from reads that begin with bases that are not of the panel (`align.foreign_starts`).

They were taken off, so that junctions and breaks are those of the molecules. What they are stays unknown:
where they hold UMIs, molecules are counted without them, and fewer of them than there are.
"""

from collections.abc import Mapping
from typing import Any

from aspsfusion.align.foreign_starts import ForeignStart
from aspsfusion.report.findings import Reason
from aspsfusion.report.words import percent

FOREIGN_STARTS = "FOREIGN_STARTS"
"""Code of the flag and of the reason against an exclusion."""


def foreign_reasons(align: Mapping[str, Any]) -> list[Reason]:
    """Return why molecules cannot be trusted where reads begin with foreign bases; nothing otherwise."""
    declared = " ".join(align.get("umi_structures", ()))
    after = f" after the declared structure {declared}" if declared else ""
    return [
        Reason(
            code=FOREIGN_STARTS,
            text=f"Read {start.read} begins{after} with {start.bases} bases that are not of the panel "
            f"({start.consensus} in {percent(start.share)} of the reads placed there): an inline UMI or a "
            "linker. They were taken off, and molecules are counted without them; declare `umi`.",
        )
        for start in (ForeignStart(**found) for found in align.get("foreign_starts", ()))
    ]
