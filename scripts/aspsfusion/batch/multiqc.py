"""Writes the batch as a table for MultiQC, which finds files named `*_mqc.tsv` by itself.

The comment lines before the table are YAML that says what MultiQC shows (MultiQC documentation, page "Custom
content"). The numbers are those of `summary.tsv`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aspsfusion.batch.summary import SummaryRow
from aspsfusion.io.files import replacing
from aspsfusion.io.tables import Cell, cell_text


@dataclass(frozen=True)
class Column:
    """A column of the table: its name in the file, its title, its explanation and how it is written."""

    name: str
    title: str
    description: str
    form: str = ""


COLUMNS = (
    Column("verdict", "Verdict", "Verdict on the target fusion of the panel"),
    Column("fusions", "Fusions", "Names of all reported fusions"),
    Column("fragments", "Fragments", "Unique supporting fragments of the leading fusion", "{:,.0f}"),
    Column("split_reads", "Split", "Those with a read across the junction", "{:,.0f}"),
    Column("spanning_pairs", "Spanning", "Those whose mates are on the two sides", "{:,.0f}"),
    Column("detectable_percent", "Detectable %", "Smallest share that would have been seen", "{:,.2f}"),
    Column("total_reads", "Reads", "Reads of the sample", "{:,.0f}"),
    Column("candidate_fragments", "Panel fragments", "Fragments of the panel's genes", "{:,.0f}"),
    Column("flags", "Quality flags", "Quality values beyond their limit"),
    Column("control", "Control", "What the sample sheet declares, and whether it came out so"),
)

RULES = {
    "pass": [{"s_eq": "CONFIRMED"}, {"s_eq": "EXCLUDED"}],
    "warn": [{"s_eq": "INDETERMINATE"}],
    "fail": [{"s_eq": "FAILED"}],
}
"""How MultiQC colours a verdict: whether there is an answer, not which one."""


def write_multiqc(rows: Sequence[SummaryRow], path: Path) -> None:
    """Write the table and replace an existing file."""
    with replacing(path, force=True) as temporary:
        temporary.write_text(multiqc_text(rows), encoding="utf-8", newline="\n")


def multiqc_text(rows: Sequence[SummaryRow]) -> str:
    """Return the table with its settings before it."""
    notices = list(dict.fromkeys(row.notices for row in rows if row.notices))
    settings: dict[str, Any] = {
        "id": "aspsfusion",
        "section_name": "aspsfusion",
        "description": " ".join(["Verdict on the target fusion of the panel for each sample.", *notices]),
        "plot_type": "table",
        "pconfig": {"id": "aspsfusion_table", "title": "aspsfusion: verdicts", "namespace": "aspsfusion"},
        "headers": {column.name: _header(column) for column in COLUMNS},
    }
    text = yaml.safe_dump(settings, sort_keys=False, width=1000, allow_unicode=False)
    lines = [f"# {line}" for line in text.splitlines()]
    lines.append("\t".join(["Sample", *(column.name for column in COLUMNS)]))
    lines += ["\t".join(cell_text(cell) for cell in _cells(row)) for row in rows]
    return "\n".join(lines) + "\n"


def _header(column: Column) -> dict[str, Any]:
    header: dict[str, Any] = {"title": column.title, "description": column.description}
    if column.form:
        header["format"] = column.form
    else:
        header["scale"] = False
    if column.name == "verdict":
        header["cond_formatting_rules"] = RULES
    return header


def _cells(row: SummaryRow) -> list[Cell]:
    share = row.detectable_fraction
    answers = {"yes": "as declared", "no": "NOT as declared", "": ""}
    control = f"{row.control} {answers[row.control_ok]}".strip()
    return [
        row.sample_id,
        row.verdict,
        f"{row.fusions} {row.type}".strip(),
        row.fragments,
        row.split_reads,
        row.spanning_pairs,
        None if share is None else round(100 * share, 4),
        row.total_reads,
        row.candidate_fragments,
        row.flags,
        control,
    ]
