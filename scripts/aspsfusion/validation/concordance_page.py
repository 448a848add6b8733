"""Writes the page of a verification: agreement, what does not agree, and what gave the verdicts."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aspsfusion.batch.summary import mixed_sources
from aspsfusion.io.files import write_text
from aspsfusion.report.html_parts import Kind, Table, columns, css_string, render
from aspsfusion.report.words import listed, plural, rounded_up
from aspsfusion.validation.concordance import RIGHT, VERDICTS, Agreement, Compared, agreement_of
from aspsfusion.validation.tables import INTERVAL_LEVEL

NOTES = (
    f"Agreement in percent, in brackets the {100 * INTERVAL_LEVEL:g}% score interval (Wilson 1927).",
    "Of answers: among CONFIRMED and EXCLUDED. Of all: INDETERMINATE, FAILED, NO RESULT agree with nothing.",
    "The figures hold for samples like these; they are no statement on samples of other kinds.",
)


def write_concordance_html(
    rows: Sequence[Compared], unknown: Sequence[str], path: Path, *, force: bool = False
) -> None:
    """Write the page."""
    write_text(path, render("concordance.html.j2", concordance_view(rows, unknown)), force=force)


def concordance_view(rows: Sequence[Compared], unknown: Sequence[str]) -> dict[str, Any]:
    """Return what the page shows of results, and of the names of samples of which nothing is known."""
    number = len({row.sample_id for row in rows})
    title = f"Agreement with {plural(number, 'known sample')}"
    notices = tuple(dict.fromkeys(row.notices for row in rows if row.notices))
    apart = {
        "Discordant verdicts": [row for row in rows if row.agreement == "discordant"],
        "Other type than known": [row for row in rows if row.type_agreement == "discordant"],
        "Without an answer": [row for row in rows if row.agreement == "no answer"],
    }
    return {
        "title": title,
        # Fit for a style sheet.
        "page_head": Markup(css_string(" ".join(notices))),
        "page_foot": Markup(css_string(title)),
        "notices": notices,
        "warnings": _warnings(rows, unknown),
        "counts": _counts([agreement_of(rows, expected) for expected in RIGHT]),
        "notes": NOTES,
        "apart": [_list(caption, chosen) for caption, chosen in apart.items() if chosen],
        "sources": _sources(rows),
        "all_rows": _list("All results", rows),
    }


def sentence(agreement: Agreement) -> str:
    """Return the agreement on samples of one kind in words."""
    share, all_ = agreement.of_answers, agreement.of_all
    return (
        f"{agreement.expected} agreement {share.part} of {plural(share.whole, 'answer')}"
        f"{f', {share.percent()} percent' if share.whole else ''}; {plural(all_.whole, 'result')} in all"
    )


def _warnings(rows: Sequence[Compared], unknown: Sequence[str]) -> list[str]:
    found = mixed_sources(rows)
    if len({row.thresholds for row in rows if row.report_sha256}) > 1:
        found.append("Results of more than one set of thresholds are mixed: the table has those of each.")
    repeated = [name for name, times in Counter(row.sample_id for row in rows).items() if times > 1]
    if repeated:
        found.append(
            f"{listed(repeated)}: several results, each counted. Results of one sample depend on each other: "
            "the intervals are too narrow."
        )
    if unknown:
        found.append(f"Not counted, since nothing is known of them: {listed(unknown)}.")
    return found


def _counts(agreements: Sequence[Agreement]) -> Table:
    shares = ("Agreement of answers", "Agreement of all", "Right type of those compared")
    counted = [
        (
            *map(str, (one.of_all.whole, *one.verdicts)),
            *(share.percent() for share in (one.of_answers, one.of_all, one.of_types)),
        )
        for one in agreements
    ]
    known: list[tuple[str, Kind]] = [(f"Known {one.expected}", "number") for one in agreements]
    lines = tuple(zip(("Results", *VERDICTS, *shares), *counted, strict=True))
    return Table("Verdicts by what is known of the samples", columns("", *known), lines)


def _list(caption: str, rows: Sequence[Compared]) -> Table:
    return Table(
        caption,
        columns(
            *("Sample", "Known", "Verdict", "Type"),
            ("Fragments", "number"),
            ("Detectable", "number"),
            *("Reasons", "Directory"),
        ),
        tuple(
            (
                row.sample_id,
                f"{row.expected} {row.expected_type}".strip(),
                row.verdict,
                row.type or "-",
                "-" if row.fragments is None else str(row.fragments),
                "-" if row.detectable_fraction is None else rounded_up(row.detectable_fraction),
                row.reasons or "-",
                row.directory or "-",
            )
            for row in rows
        ),
    )


def _sources(rows: Sequence[Compared]) -> Table:
    found = Counter(
        (row.version, row.panel, row.panel_checksum, row.reference) for row in rows if row.report_sha256
    )
    return Table(
        "What gave the verdicts",
        columns("aspsfusion", "Panel", ("SHA-256 of the panel", "code"), "Reference", ("Results", "number")),
        tuple((*source, str(number)) for source, number in sorted(found.items())),
    )
