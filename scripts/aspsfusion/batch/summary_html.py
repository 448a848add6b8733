"""Writes the HTML table of a batch: one line for each sample with a link to its report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from aspsfusion.batch.summary import ANSWERS, FAILED, OUTDATED, SummaryRow, mixed_sources
from aspsfusion.io.files import replacing
from aspsfusion.report.html_parts import css_string, render, script_source, template_text
from aspsfusion.report.words import count, percent, plural, rounded_up

CALLS = ("CONFIRMED", "INDETERMINATE", "EXCLUDED", FAILED, OUTDATED)
"""In the order in which the batch's counts are told."""


@dataclass(frozen=True)
class SampleLine:
    """A sample as the page shows it; `link` is empty without a report."""

    sample_id: str
    link: str
    call: str
    reason: str
    statement: str
    fusions: str
    fragments: str
    split_and_spanning: str
    share: str
    detectable: str
    reads: str
    candidates: str
    flags: str
    control: str
    control_wrong: bool


@dataclass(frozen=True)
class SummaryView:
    """The page of a batch.

    Attributes:
        page_head: notices for the head of every printed page, fit for a style sheet.
        page_foot: title for the foot of every printed page, fit for a style sheet.
        counts: verdicts with how many samples have them; verdicts without any are left out.
        control_samples: how many samples are controls; empty when none is.
        contamination: sentence on samples whose fusion may come from another one; empty when there is none.
        mixed: sentences on verdicts of several versions, panels or references.
        script: makes the table sortable; the page says the same without it.
        script_source: what allows this script, and no other, to run.
    """

    title: str
    page_head: Markup
    page_foot: Markup
    notices: tuple[str, ...]
    counts: tuple[tuple[str, str], ...]
    control_samples: str
    controls: str
    controls_wrong: bool
    contamination: str
    mixed: tuple[str, ...]
    script: Markup
    script_source: str
    lines: tuple[SampleLine, ...]


def write_summary_html(rows: Sequence[SummaryRow], path: Path) -> None:
    """Write the page, replacing an existing one; `report` of the rows must be relative to its directory."""
    with replacing(path, force=True) as temporary:
        temporary.write_text(render("summary.html.j2", summary_view(rows)), encoding="utf-8", newline="\n")


def summary_view(rows: Sequence[SummaryRow]) -> SummaryView:
    """Return what the page of a batch shows."""
    title = f"Batch of {plural(len(rows), 'sample')}"
    notices = tuple(dict.fromkeys(row.notices for row in rows if row.notices))
    calls = Counter(row.verdict for row in rows)
    controls, wrong = controls_sentence(rows)
    declared = sum(bool(row.control) for row in rows)
    script = template_text("sort.js")
    return SummaryView(
        title=title,
        page_head=Markup(css_string(" ".join(notices))),
        page_foot=Markup(css_string(title)),
        notices=notices,
        counts=tuple((call, count(calls[call])) for call in CALLS if calls[call]),
        control_samples=plural(declared, "control") if declared else "",
        controls=controls,
        controls_wrong=wrong,
        contamination=contamination_sentence(rows),
        mixed=tuple(mixed_sources(rows)),
        script=Markup(script),
        script_source=script_source(script),
        lines=tuple(_line(row) for row in rows),
    )


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


def _line(row: SummaryRow) -> SampleLine:
    return SampleLine(
        sample_id=row.sample_id,
        link=quote(row.report),
        call=row.verdict,
        reason=row.reason,
        statement=row.statement,
        fusions=f"{row.fusions} {row.type}".strip() or "-",
        fragments=_count(row.fragments),
        split_and_spanning="-"
        if row.fragments is None
        else f"{_count(row.split_reads)} + {_count(row.spanning_pairs)}",
        share=_percent(row.fraction_three_prime),
        # Beside a fusion that was found it says nothing.
        detectable="-"
        if row.detectable_fraction is None or row.verdict == "CONFIRMED"
        else rounded_up(row.detectable_fraction),
        reads=_count(row.total_reads),
        candidates=_count(row.candidate_fragments),
        flags=row.flags or "-",
        control=f"{row.control}: {ANSWERS[row.control_ok]}" if row.control else "-",
        control_wrong=row.control_ok == "no",
    )


def _count(number: int | None) -> str:
    return "-" if number is None else count(number)


def _percent(share: float | None) -> str:
    return "-" if share is None else percent(share)
