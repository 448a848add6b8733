"""Writes the HTML table of a batch: one line for each sample with a link to its report."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from aspsfusion.batch.summary import ANSWERS, FAILED, OUTDATED, SummaryRow, mixed_sources
from aspsfusion.io.files import write_text
from aspsfusion.report.html_parts import css_string, render, script_source, template_text
from aspsfusion.report.words import count, percent, plural, rounded_up

CALLS = ("CONFIRMED", "INDETERMINATE", "EXCLUDED", FAILED, OUTDATED)
"""In the order in which the batch's counts are told."""


def write_summary_html(rows: Sequence[SummaryRow], path: Path) -> None:
    """Write the page, replacing an existing one; `report` of the rows must be relative to its directory."""
    write_text(path, render("summary.html.j2", summary_view(rows)))


def summary_view(rows: Sequence[SummaryRow]) -> dict[str, Any]:
    """Return what the page of a batch shows, by the names of the template."""
    title = f"Batch of {plural(len(rows), 'sample')}"
    notices = tuple(dict.fromkeys(row.notices for row in rows if row.notices))
    calls = Counter(row.verdict for row in rows)
    controls, wrong = controls_sentence(rows)
    declared = sum(bool(row.control) for row in rows)
    script = template_text("sort.js")
    return {
        "title": title,
        # Fit for a style sheet.
        "page_head": Markup(css_string(" ".join(notices))),
        "page_foot": Markup(css_string(title)),
        "notices": notices,
        "counts": [(call, count(calls[call])) for call in CALLS if calls[call]],
        "control_samples": plural(declared, "control") if declared else "",
        "controls": controls,
        "controls_wrong": wrong,
        "contamination": contamination_sentence(rows),
        "mixed": mixed_sources(rows),
        # It makes the table sortable; the page says the same without it.
        "script": Markup(script),
        "script_source": script_source(script),
        "lines": [_line(row) for row in rows],
    }


def controls_sentence(rows: Sequence[SummaryRow]) -> tuple[str, bool]:
    """Return a sentence on the controls, and whether one did not come out as declared."""
    controls = [row for row in rows if row.control]
    if not controls:
        return "No sample is declared a control.", False
    wrong = [f"{row.sample_id} ({row.control})" for row in controls if row.control_ok == "no"]
    if wrong:
        return f"Not as declared: {', '.join(wrong)}. Do not report the batch before this is explained.", True
    return f"{plural(len(controls), 'control')} came out as declared.", False


def contamination_sentence(rows: Sequence[SummaryRow]) -> str:
    """Return a sentence on the samples whose fusion may come from another one; empty when there is none."""
    parts = []
    for row in rows:
        if row.contamination_from:
            change = f", {row.own_verdict} by its own reads" if row.own_verdict != row.verdict else ""
            parts.append(f"{row.sample_id} from {row.contamination_from} ({row.verdict}{change})")
    if not parts:
        return ""
    return f"Possible contamination: {'; '.join(parts)}. Repeat these from a second preparation."


def _line(row: SummaryRow) -> dict[str, Any]:
    split_and_spanning = f"{_count(row.split_reads)} + {_count(row.spanning_pairs)}"
    # Beside a fusion that was found it says nothing.
    detectable = None if row.verdict == "CONFIRMED" else row.detectable_fraction
    return {
        "sample_id": row.sample_id,
        "link": quote(row.report),
        "call": row.verdict,
        "reason": row.reason,
        "statement": row.statement,
        "fusions": f"{row.fusions} {row.type}".strip() or "-",
        "fragments": _count(row.fragments),
        "split_and_spanning": "-" if row.fragments is None else split_and_spanning,
        "share": _percent(row.fraction_three_prime),
        "detectable": "-" if detectable is None else rounded_up(detectable),
        "reads": _count(row.total_reads),
        "candidates": _count(row.candidate_fragments),
        "flags": row.flags or "-",
        "control": f"{row.control}: {ANSWERS[row.control_ok]}" if row.control else "-",
        "control_wrong": row.control_ok == "no",
    }


def _count(number: int | None) -> str:
    return "-" if number is None else count(number)


def _percent(share: float | None) -> str:
    return "-" if share is None else percent(share)
