"""Writes the batch as a table for MultiQC, which finds files named `*_mqc.tsv` by itself.

The comment lines before the table are YAML that says what MultiQC shows (MultiQC documentation, page "Custom
content"). The numbers are those of `summary.tsv`, rounded as the reports round them.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from aspsfusion.batch.summary import ANSWERS, FAILED, OUTDATED, SummaryRow
from aspsfusion.io.files import write_text
from aspsfusion.io.tables import Cell, cell_text
from aspsfusion.report.words import percent, rounded_up


@dataclass(frozen=True)
class Column:
    """A column of the table: its name in the file, its title, its explanation and how it is written."""

    name: str
    title: str
    description: str
    form: str = ""
    suffix: str = ""


COUNT = "{:,.0f}"
AS_GIVEN = "{:,g}"
"""With the digits that the table has."""

COLUMNS = (
    Column("verdict", "Verdict", "Verdict on the target fusion of the panel"),
    Column("reason", "Reason", "Reason of the verdict in a few words"),
    Column("fusions", "Fusions", "Names of all reported fusions"),
    Column("fragments", "Fragments", "Unique supporting fragments of the leading fusion", COUNT),
    Column("split_reads", "Split", "Those with a read across the junction", COUNT),
    Column("spanning_pairs", "Spanning", "Those whose mates are on the two sides", COUNT),
    Column("share_percent", "Share of 3' gene", "Its transcripts that carry the junction", AS_GIVEN, "%"),
    Column("detectable_percent", "Detectable", "Smallest share that would have been seen", AS_GIVEN, "%"),
    Column("total_reads", "Reads", "Reads of the sample", COUNT),
    Column("candidate_fragments", "Panel fragments", "Fragments of the panel's genes", COUNT),
    Column("duplicate_percent", "Duplicates", "Copies among the panel fragments", AS_GIVEN, "%"),
    Column("median_insert", "Insert", "Median length of the molecules in nt", COUNT),
    Column("mean_read_length", "Read length", "Mean length of the reads in nt", AS_GIVEN),
    Column("q30_percent", "Q30", "Bases with a quality of 30 or more", AS_GIVEN, "%"),
    Column("adapter_percent", "Adapter", "Reads with adapter", AS_GIVEN, "%"),
    Column("overlap_percent", "Overlap", "Pairs with overlapping mates", AS_GIVEN, "%"),
    Column("unspliced_percent", "Unspliced", "Molecules at exon borders that hold the intron", AS_GIVEN, "%"),
    Column("five_to_three_ratio", "5' to 3'", "Fragments of 5' for each one of 3' halves", AS_GIVEN),
    Column("flags", "Quality flags", "Quality values beyond their limit"),
    Column("control", "Control", "What the sample sheet declares, and whether it came out so"),
)

COLOURS = {
    "CONFIRMED": "#0072b2",
    "EXCLUDED": "#007a58",
    "INDETERMINATE": "#b35900",
    FAILED: "#1a1a1a",
    OUTDATED: "#1a1a1a",
}
"""Of the reports' verdicts. MultiQC's own colours speak of pass and fail, and no verdict is either."""


def write_multiqc(rows: Sequence[SummaryRow], path: Path) -> None:
    """Write the table and replace an existing file."""
    write_text(path, multiqc_text(rows))


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
        if column.suffix:
            header["suffix"] = column.suffix
    else:
        header["scale"] = False
    if column.name == "verdict":
        header["cond_formatting_rules"] = {call.lower(): [{"s_eq": call}] for call in COLOURS}
        header["cond_formatting_colours"] = [{call.lower(): colour} for call, colour in COLOURS.items()]
    return header


def _cells(row: SummaryRow) -> list[Cell]:
    """Return the cells of a sample: of most columns the row's own value of the same name."""
    copies = None
    if row.candidate_fragments and row.duplicates is not None:
        copies = row.duplicates / row.candidate_fragments
    least = row.detectable_fraction
    other: dict[str, Cell] = {
        "fusions": f"{row.fusions} {row.type}".strip(),
        "share_percent": _share(row.fraction_three_prime),
        "detectable_percent": None if least is None else _figure(rounded_up(least)),
        "duplicate_percent": _share(copies),
        "q30_percent": _share(row.q30_fraction),
        "adapter_percent": _share(row.adapter_fraction),
        "overlap_percent": _share(row.overlap_fraction),
        "unspliced_percent": _share(row.unspliced_fraction),
        "control": f"{row.control} {ANSWERS[row.control_ok]}".strip(),
    }
    names = (column.name for column in COLUMNS)
    return [row.sample_id, *(other[name] if name in other else getattr(row, name) for name in names)]


def _share(share: float | None) -> str | None:
    return None if share is None else _figure(percent(share))


def _figure(words: str) -> str:
    """Return the number in the words of a report.

    >>> _figure("more than 99.9%"), _figure("6.9%")
    ('99.9', '6.9')
    """
    return re.sub(r"[^0-9.]", "", words)
