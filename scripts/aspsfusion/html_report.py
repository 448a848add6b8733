"""Writes the HTML report of a sample from its Report: one file that needs nothing from elsewhere.

The page is read by a pathologist who may be offline, on a phone, on paper or colour-blind. A view of
dataclasses is built here; the template prints it and decides nothing.
"""

from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from aspsfusion.coverage_plot import draw_all, gene_coverages
from aspsfusion.fusion_view import FusionView, filtered_table, fusion_view, one_sided_table
from aspsfusion.records import Exclusion, Imbalance, QualityControl, Report, Verdict
from aspsfusion.safe_output import replacing
from aspsfusion.templating import css_string, render
from aspsfusion.view_parts import (
    Fact,
    Table,
    columns,
    count,
    joined,
    or_not_determined,
    percent,
    side_by_side,
)

SIGNATURE = "For professional interpretation; not a diagnosis by itself."

EXPRESSION_ROWS = 6
"""Genes in one of the expression tables that stand side by side."""

QC_ROWS = 4
"""Quality values in one of the tables that stand side by side."""


@dataclass(frozen=True)
class ReportView:
    """The page of a sample, part by part in the order of reading.

    Attributes:
        sample_id: name of the sample.
        title: what the panel is for.
        page_head: notices for the head of every printed page, fit for a style sheet.
        page_foot: sample and verdict for the foot of every printed page, fit for a style sheet.
        notices: sentences that must not be overlooked.
        verdict: the answer with its reasons.
        fusions_heading: what the fusions below it are to the verdict.
        fusions: evidence of each reported fusion.
        exclusion: sentences on what would have been seen.
        acceptors: informative fragments; None when there are none.
        qc: quality values, cut into tables that stand side by side.
        flags: quality values beyond their limit.
        expression: fragments by gene, cut into tables that stand side by side.
        plots: depth by exon as SVG elements.
        imbalance: sentence on the depth before and behind the breakpoints; empty when not measured.
        filtered: candidates that are not reported; None without any.
        one_sided: reads that leave the panel; None without any.
        interpretation: sentences of the panel.
        methods: panel and reference, name by name.
        software: versions.
        parameters: thresholds, a table for each stage.
        limits: sentences of the panel.
        signature: sentence above the line for the signature.
    """

    sample_id: str
    title: str
    page_head: Markup
    page_foot: Markup
    notices: tuple[str, ...]
    verdict: Verdict
    fusions_heading: str
    fusions: tuple[FusionView, ...]
    exclusion: tuple[str, ...]
    acceptors: Table | None
    qc: tuple[Table, ...]
    flags: tuple[str, ...]
    expression: tuple[Table, ...]
    plots: tuple[Markup, ...]
    imbalance: str
    filtered: Table | None
    one_sided: Table | None
    interpretation: tuple[str, ...]
    methods: tuple[Fact, ...]
    software: Table
    parameters: tuple[Table, ...]
    limits: tuple[str, ...]
    signature: str


def write_html(report: Report, path: Path) -> None:
    """Write the HTML report. The same report always gives the same bytes; an existing file is replaced."""
    with replacing(path, force=True) as temporary:
        temporary.write_text(render_html(report), encoding="utf-8", newline="\n")


def render_html(report: Report) -> str:
    """Return the HTML report as text."""
    return render("report.html.j2", report_view(report))


def report_view(report: Report) -> ReportView:
    """Return what the page of a report shows."""
    foot = f"{report.sample_id}: {report.verdict.call}, {report.verdict.target}"
    return ReportView(
        sample_id=report.sample_id,
        title=report.panel.title,
        # Both are escaped for a style sheet, where HTML's own escapes would be printed as they are.
        page_head=Markup(css_string(" ".join(report.notices))),
        page_foot=Markup(css_string(foot)),
        notices=tuple(report.notices),
        verdict=report.verdict,
        fusions_heading="What supports it" if report.verdict.call == "CONFIRMED" else "What was found",
        fusions=tuple(fusion_view(fusion, report.panel.build) for fusion in report.fusions),
        exclusion=exclusion_sentences(report.exclusion, report.verdict),
        acceptors=_acceptors(report.exclusion),
        qc=tuple(side_by_side(_qc_table(report.qc), QC_ROWS)),
        flags=tuple(flag.text for flag in report.qc.flags),
        expression=tuple(side_by_side(_expression(report), EXPRESSION_ROWS)),
        plots=tuple(Markup(svg) for svg in draw_all(gene_coverages(report))),
        imbalance=_imbalance_sentence(report.imbalance),
        filtered=filtered_table(report.filtered) if report.filtered else None,
        one_sided=one_sided_table(report.one_sided) if report.one_sided else None,
        interpretation=tuple(report.interpretation),
        methods=_methods(report),
        software=Table(
            "Software", columns("Program", ("Version", "code")), tuple(sorted(report.software.items()))
        ),
        parameters=_parameters(report),
        limits=tuple(report.limits),
        signature=SIGNATURE,
    )


def exclusion_sentences(exclusion: Exclusion, verdict: Verdict) -> tuple[str, ...]:
    """Return what would have been seen, in sentences; adequacy only where nothing was confirmed."""
    gene = verdict.target.rsplit("::", 1)[-1]
    if exclusion.detectable_fraction is None:
        seen = f"It can not be told how small a share of fusion transcripts of {gene} would have been seen."
    else:
        share, chance = percent(exclusion.detectable_fraction), percent(exclusion.confidence)
        seen = (
            f"If {share} or more of the {gene} transcripts carried the fusion {verdict.target}, "
            f"it would have been seen with {chance} probability."
        )
    if verdict.call == "CONFIRMED":
        return (seen,)
    adequate = "is adequate" if exclusion.adequate else "is not adequate"
    return (
        seen,
        f"An exclusion needs a share of {percent(exclusion.threshold)} or less: the coverage {adequate}.",
    )


def _acceptors(exclusion: Exclusion) -> Table | None:
    if not exclusion.informative_fragments:
        return None
    return Table(
        "Wild-type fragments across the start of each exon that the fusion could join",
        columns("Exon start", ("Fragments", "number")),
        tuple((place, count(number)) for place, number in exclusion.informative_fragments.items()),
    )


def _qc_table(qc: QualityControl) -> Table:
    controls = joined([f"{gene} {count(number)}" for gene, number in qc.control_genes.items()])
    return Table(
        "Quality of the sample",
        columns("Quantity", "Value"),
        (
            ("Reads in total", count(qc.total_reads)),
            ("Fragments of the panel's genes", count(qc.candidate_fragments)),
            ("Duplicates among them", count(qc.duplicates)),
            ("Longest read", f"{count(qc.read_length)} nt"),
            ("Median insert", or_not_determined(qc.median_insert, "nt")),
            ("Share of reads with adapter", percent(qc.adapter_fraction)),
            ("Share of pairs whose mates overlap", percent(qc.overlap_fraction)),
            ("Control genes, fragments", controls),
        ),
    )


def _expression(report: Report) -> Table:
    return Table(
        "Fragments by gene",
        columns("Gene", ("Fragments", "number"), ("Per kb, scaled", "number")),
        tuple((row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in report.expression),
    )


def _imbalance_sentence(imbalance: Imbalance) -> str:
    if imbalance.five_prime_depth is None or imbalance.three_prime_depth is None:
        return ""
    ratio = "" if imbalance.ratio is None else f", {imbalance.ratio:.1f} times as much"
    return (
        f"Mean depth of {imbalance.gene} before the recurrent breakpoints {imbalance.five_prime_depth:.1f}, "
        f"behind them {imbalance.three_prime_depth:.1f}{ratio}. This supports a finding and decides nothing."
    )


def _methods(report: Report) -> tuple[Fact, ...]:
    panel, reference = report.panel, report.reference
    kinds = {
        "genome": "whole chromosomes",
        "loci": "the loci of the panel's genes only",
        "demonstration": "demonstration sequence, not a genome",
    }
    authentic = (
        "MD5 of the target genes' chromosomes as published"
        if reference.authenticated
        else "not authenticated by MD5"
    )
    return (
        Fact("Panel", f"{panel.name} {panel.version}", (f"positions on {panel.build}",)),
        Fact("Panel SHA-256", panel.checksum, kind="code"),
        Fact("Reference", reference.file, (kinds[reference.kind], authentic)),
        Fact("Checks passed", f"{len(reference.checks)}", tuple(reference.checks)),
        Fact("Report schema", report.schema_version),
    )


def _parameters(report: Report) -> tuple[Table, ...]:
    return tuple(
        Table(
            f"Parameters of '{section}'",
            columns("Parameter", ("Value", "number")),
            tuple((name, str(value)) for name, value in values.items()),
        )
        for section, values in report.parameters.items()
    )
