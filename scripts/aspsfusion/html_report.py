"""Writes the HTML report of a sample from its Report: one file that needs nothing from elsewhere.

The page is read by a pathologist who may be offline, on a phone, on paper or colour-blind. A view of
dataclasses is built here; the template prints it and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from aspsfusion.coverage_plot import draw_all, gene_coverages
from aspsfusion.fusion_view import FusionView, filtered_table, fusion_view, one_sided_table
from aspsfusion.records import Exclusion, Fusion, Imbalance, QualityControl, Report, Verdict
from aspsfusion.safe_output import replacing
from aspsfusion.templating import css_string, render
from aspsfusion.view_parts import (
    NOT_DETERMINED,
    Fact,
    Table,
    columns,
    count,
    joined,
    percent,
    side_by_side,
)

SIGNATURE = "For professional interpretation; not a diagnosis by itself."

EXPRESSION_ROWS = 6
"""Genes in one of the expression tables that stand side by side."""

STATUS_WORDS = {"pass": "pass", "warn": "WARN", "not determined": NOT_DETERMINED}


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
        fusions: evidence of the fusions that the verdict is about, or of all when none is.
        other_fusions: evidence of the others.
        exclusion: sentences on what would have been seen.
        acceptors: informative fragments; None when there are none.
        qc_checks: quality values with a limit; None when there is none.
        qc_values: quality values without a limit, name by name.
        flags: quality values beyond their limit.
        expression_text: fragments by gene in one sentence, for paper; empty when not measured.
        expression: fragments by gene, cut into tables that stand side by side.
        plots: depth by exon as SVG elements.
        imbalance: sentence on the depth before and behind the breakpoints; empty when not measured.
        filtered: candidates that are not reported; None without any.
        one_sided: reads that leave the panel; None without any.
        interpretation: sentences of the panel.
        methods: panel, reference, software and parameters, name by name.
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
    other_fusions: tuple[FusionView, ...]
    exclusion: tuple[str, ...]
    acceptors: Table | None
    qc_checks: Table | None
    qc_values: tuple[Fact, ...]
    flags: tuple[str, ...]
    expression_text: str
    expression: tuple[Table, ...]
    plots: tuple[Markup, ...]
    imbalance: str
    filtered: Table | None
    one_sided: Table | None
    interpretation: tuple[str, ...]
    methods: tuple[Fact, ...]
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
    main, others = _main_fusions(report.fusions)
    views = [
        fusion_view(fusion, report.panel.build, report.gene_models, number)
        for number, fusion in enumerate([*main, *others], 1)
    ]
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
        fusions=tuple(views[: len(main)]),
        other_fusions=tuple(views[len(main) :]),
        exclusion=exclusion_sentences(report.exclusion, report.verdict),
        acceptors=_acceptors(report.exclusion),
        qc_checks=_qc_checks(report.qc),
        qc_values=_qc_values(report.qc),
        flags=tuple(flag.text for flag in report.qc.flags),
        expression_text=_expression_text(report),
        expression=tuple(side_by_side(_expression(report), EXPRESSION_ROWS)),
        plots=tuple(Markup(svg) for svg in draw_all(gene_coverages(report))),
        imbalance=_imbalance_sentence(report.imbalance),
        filtered=filtered_table(report.filtered) if report.filtered else None,
        one_sided=one_sided_table(report.one_sided) if report.one_sided else None,
        interpretation=tuple(report.interpretation),
        methods=_methods(report),
        limits=tuple(report.limits),
        signature=SIGNATURE,
    )


def _main_fusions(fusions: Sequence[Fusion]) -> tuple[list[Fusion], list[Fusion]]:
    """Part the fusions that the verdict is about, both ways round, from the others; all if there is none."""
    main = [fusion for fusion in fusions if fusion.is_target or fusion.reciprocal]
    if not main:
        return list(fusions), []
    return main, [fusion for fusion in fusions if fusion not in main]


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
        *_not_excluded(exclusion),
    )


def _not_excluded(exclusion: Exclusion) -> tuple[str, ...]:
    """Say what stays possible after the figures above."""
    if exclusion.detectable_fraction is None:
        return ()
    return (
        f"A share below {percent(exclusion.detectable_fraction)} can not be excluded, nor what is listed "
        "under Limits.",
    )


def _acceptors(exclusion: Exclusion) -> Table | None:
    if not exclusion.informative_fragments:
        return None
    return Table(
        "Wild-type fragments across the start of each exon that the fusion could join",
        columns("Exon start", ("Fragments", "number"), ("Needed to exclude", "number")),
        tuple(
            (
                place,
                count(number),
                NOT_DETERMINED if exclusion.needed_fragments is None else count(exclusion.needed_fragments),
            )
            for place, number in exclusion.informative_fragments.items()
        ),
    )


def _qc_checks(qc: QualityControl) -> Table | None:
    if not qc.checks:
        return None
    return Table(
        "Values with a limit",
        columns("Quantity", ("Value", "number"), "Limit", ("Result", "status"), "Why this limit"),
        tuple(
            (check.name, check.value, check.limit, STATUS_WORDS[check.status], check.reason)
            for check in qc.checks
        ),
    )


def _qc_values(qc: QualityControl) -> tuple[Fact, ...]:
    controls = joined([f"{gene} {count(number)}" for gene, number in qc.control_genes.items()])
    return (
        Fact("Reads in total", count(qc.total_reads)),
        Fact("Longest read", f"{count(qc.read_length)} nt"),
        Fact("Reads with adapter", percent(qc.adapter_fraction)),
        Fact("Pairs whose mates overlap", percent(qc.overlap_fraction)),
        Fact("Input", qc.input if qc.input_build is None else f"{qc.input}, aligned to {qc.input_build}"),
        Fact(
            "Strand",
            qc.strand
            if qc.strand_fraction is None
            else f"{qc.strand} ({percent(qc.strand_fraction)} in sense)",
        ),
        Fact("Molecules told by", "UMI" if qc.umi else "coordinates"),
        Fact("Control genes, fragments", controls),
    )


def _expression_text(report: Report) -> str:
    """Return the fragments of all genes but the control genes, which quality control has already told."""
    return ", ".join(
        f"{row.gene} {count(row.fragments)}"
        for row in report.expression
        if row.gene not in report.qc.control_genes
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
    copies = (
        "copies of the panel's sequence elsewhere in the genome are known"
        if reference.whole_genome_specificity
        else "copies of the panel's sequence elsewhere in the genome are not known"
    )
    return (
        Fact("Panel", f"{panel.name} {panel.version}", (f"positions on {panel.build}",)),
        Fact("Panel YAML, SHA-256", panel.checksum, kind="code"),
        Fact("Reference", reference.file, (kinds[reference.kind], authentic, copies)),
        *(
            Fact(f"{name}, {value.split()[0]}", value.split()[-1], kind="code")
            for name, value in reference.checksums.items()
        ),
        Fact("Checks passed", f"{len(reference.checks)}", tuple(reference.checks)),
        Fact(
            "Software",
            joined([f"{name} {version}" for name, version in sorted(report.software.items())]),
            (f"report schema {report.schema_version}",),
        ),
        *(
            Fact(f"Parameters, {section}", joined([f"{name} {value}" for name, value in values.items()]))
            for section, values in report.parameters.items()
        ),
    )
