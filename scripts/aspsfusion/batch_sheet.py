"""Reads from the sample sheet what a summary needs: which samples are controls, and of which run.

Only these columns are read: the sheet was proved before the batch was run, and its reads may be gone when a
summary is written again.
"""

import csv
from dataclasses import dataclass, field
from pathlib import Path

from aspsfusion.sample_table import SampleSheetError
from aspsfusion.samples import CONTROLS


@dataclass(frozen=True)
class BatchSheet:
    """What the sheet declares.

    Attributes:
        controls: `positive`, `negative` or `ntc` by sample; patients are left out.
        runs: name of the sequencing run by sample; samples without one are left out.
    """

    controls: dict[str, str] = field(default_factory=dict)
    runs: dict[str, str] = field(default_factory=dict)


def read_batch_sheet(path: Path) -> BatchSheet:
    """Read the sheet.

    Raises:
        SampleSheetError: the sheet can not be read or its control column is wrong.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, dialect="excel-tab", quoting=csv.QUOTE_NONE)
            if "sample_id" not in (reader.fieldnames or ()):
                raise SampleSheetError("lacks the column sample_id", path=path, remedy="give a sample sheet")
            rows = [
                {name: (row.get(name) or "").strip() for name in ("sample_id", "control", "batch")}
                for row in reader
            ]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "not a table"
        raise SampleSheetError(
            f"can not be read ({reason})", path=path, remedy="give a sample sheet"
        ) from error
    sheet = BatchSheet()
    for number, row in enumerate(rows, 2):
        sample_id, control, run = row["sample_id"], row["control"], row["batch"]
        if control and control not in CONTROLS:
            raise SampleSheetError(
                f"control '{control}' is not known",
                path=path,
                where=f"row {number}",
                remedy=f"use {', '.join(CONTROLS)} or leave it empty",
            )
        if control and sample_id:
            sheet.controls[sample_id] = control
        if run and sample_id:
            sheet.runs[sample_id] = run
    return sheet
