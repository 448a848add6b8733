"""Writes the HTML report of a sample: one file that needs nothing from elsewhere.

A pathologist reads the page, perhaps offline, on a phone, on paper or colour-blind. A view of dataclasses is
built here; the template prints it and decides nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from aspsfusion.io.files import replacing
from aspsfusion.report.assay_section import assay_facts, primer_table
from aspsfusion.report.candidates import (
    Folded,
    bridge_table,
    filtered_table,
    folded_one_sided,
    internal_table,
    one_sided_table,
)
from aspsfusion.report.coverage_plot import draw, gene_coverages
from aspsfusion.report.findings import Fusion
from aspsfusion.report.fusion_section import FusionView, fusion_view
from aspsfusion.report.html_parts import Fact, Table, columns, css_string, render
from aspsfusion.report.models import InputFile, Report, Verdict
from aspsfusion.report.sections import (
    SCALED,
    DifferentialView,
    acceptor_table,
    check_table,
    differential_view,
    exclusion_sentences,
    imbalance_sentences,
    unlimited_values,
)
from aspsfusion.report.words import SIGNATURE, count, joined, plural


@dataclass(frozen=True)
class ReportView:
    """The page of a sample, part by part in the order of reading.

    Attributes:
        title: what the panel is for.
        aliases: other names of the target fusion.
        page_head: notices for the head of every printed page, fit for a style sheet.
        page_foot: sample and verdict for the foot of every printed page, fit for a style sheet.
        case: what the sample sheet says of the sample, name by name.
        notices: sentences that must not be overlooked.
        call: the verdict in a word.
        headline: the verdict with its reason.
        lines: result, evidence and limit.
        own_verdict: the verdict by the sample's own reads where the batch changed it; else empty.
        reasons: codes and sentences of the reasons.
        fusions: those that the verdict is about, or all when it is about none.
        other_fusions: the others.
        exclusion: sentences on what would have been seen.
        acceptors: informative fragments; None when there are none.
        assay: what the assay is, name by name.
        assay_notes: what else is to be known of it.
        primers: of the target's genes; None where none are declared.
        qc_checks: quality values with a limit; None when there is none.
        qc_values: quality values without a limit, name by name.
        flags: quality values beyond their limit.
        expression_text: fragments by gene in one sentence, for paper; empty when not measured.
        expression: fragments by gene; None when not measured.
        plots: depth by exon as SVG elements.
        imbalance: sentences on the depth up- and downstream of the breakpoints; none when not measured.
        candidates: what is not reported as a fusion: candidate junctions, fragments that join the target's
            genes without one, deletions and duplications within a gene, reads that leave the panel.
        filtered_one_sided: such places that are no finding; None without any.
        differential: other defining fusions and genes of stains; None when the panel lists none.
        interpretation: sentences of the panel.
        methods: panel, reference, software and parameters, name by name.
        inputs: files of reads; None where they are not known.
        limits: sentences of the panel.
        signature: sentence above the line for the signature.
    """

    sample_id: str
    title: str
    aliases: tuple[str, ...]
    page_head: Markup
    page_foot: Markup
    case: tuple[Fact, ...]
    notices: tuple[str, ...]
    call: str
    headline: str
    lines: tuple[Fact, ...]
    own_verdict: str
    reasons: Table
    fusions: tuple[FusionView, ...]
    other_fusions: tuple[FusionView, ...]
    exclusion: tuple[str, ...]
    acceptors: Table | None
    assay: tuple[Fact, ...]
    assay_notes: tuple[str, ...]
    primers: Table | None
    qc_checks: Table | None
    qc_values: tuple[Fact, ...]
    flags: tuple[str, ...]
    expression_text: str
    expression: Table | None
    plots: tuple[Markup, ...]
    imbalance: tuple[str, ...]
    candidates: tuple[Table, ...]
    filtered_one_sided: Folded | None
    differential: DifferentialView | None
    interpretation: tuple[str, ...]
    methods: tuple[Fact, ...]
    inputs: Table | None
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
        fusion_view(fusion, report.panel, report.gene_models, number)
        for number, fusion in enumerate([*main, *others], 1)
    ]
    genes = report.verdict.target.split("::")
    foot = f"{report.sample_id}: {report.verdict.headline or report.verdict.call}"
    return ReportView(
        sample_id=report.sample_id,
        title=report.panel.title,
        aliases=tuple(report.panel.aliases),
        # Both are escaped for a style sheet, where HTML's own escapes would be printed as they are.
        page_head=Markup(css_string(" ".join(report.notices))),
        page_foot=Markup(css_string(foot)),
        case=tuple(Fact(_heading(column), text) for column, text in report.sheet.items()),
        notices=tuple(report.notices),
        call=report.verdict.call,
        headline=report.verdict.headline or report.verdict.call,
        lines=_lines(report.verdict),
        own_verdict=_own_verdict(report.verdict),
        reasons=Table(
            "Reasons of the verdict",
            columns(("Code", "code"), "Reason"),
            tuple((reason.code, reason.text) for reason in report.verdict.reasons),
        ),
        fusions=tuple(views[: len(main)]),
        other_fusions=tuple(views[len(main) :]),
        exclusion=exclusion_sentences(report.exclusion, report.verdict),
        acceptors=acceptor_table(report.exclusion),
        assay=assay_facts(report.assay, genes),
        assay_notes=tuple(report.assay.notes),
        primers=primer_table(report.assay, genes),
        qc_checks=check_table(report.qc),
        qc_values=unlimited_values(report.qc),
        flags=tuple(flag.text for flag in report.qc.flags),
        expression_text=_expression_text(report),
        expression=_expression(report) if report.expression else None,
        plots=tuple(
            Markup(draw(coverage, f"coverage-{number}"))
            for number, coverage in enumerate(gene_coverages(report), 1)
        ),
        imbalance=imbalance_sentences(report.imbalance),
        candidates=tuple(_candidates(report)),
        filtered_one_sided=folded_one_sided(report.filtered_one_sided) if report.filtered_one_sided else None,
        differential=differential_view(report.differential),
        interpretation=tuple(report.interpretation),
        methods=_methods(report),
        inputs=_inputs(report.inputs) if report.inputs else None,
        limits=tuple(report.limits),
        signature=SIGNATURE,
    )


def _heading(column: str) -> str:
    """Return the name of a column of the sample sheet for readers.

    >>> _heading("tumour_fraction")
    'Tumour fraction'
    """
    return column.replace("_", " ").capitalize()


def _lines(verdict: Verdict) -> tuple[Fact, ...]:
    """Return result, evidence and limit; of an older record, which has them in one, the statement."""
    lines = (
        Fact("Result", verdict.result or verdict.statement),
        Fact("Evidence", verdict.evidence),
        Fact("Limit", verdict.limit),
    )
    return tuple(line for line in lines if line.value)


def _own_verdict(verdict: Verdict) -> str:
    own = verdict.before_batch_check
    if own is None or own.call == verdict.call:
        return ""
    return f"The batch check changed this verdict; the sample is {own.call} by its own reads alone."


def _candidates(report: Report) -> Iterator[Table]:
    if report.filtered:
        yield filtered_table(report.filtered)
    if report.unexplained_bridges:
        yield bridge_table(report.unexplained_bridges)
    if report.internal_events:
        yield internal_table(report.internal_events)
    if report.one_sided:
        yield one_sided_table(report.one_sided)


def _main_fusions(fusions: Sequence[Fusion]) -> tuple[list[Fusion], list[Fusion]]:
    """Separate the target fusions, reciprocal ones too, from the others; without any, all are main."""
    main = [fusion for fusion in fusions if fusion.is_target or fusion.reciprocal]
    if not main:
        return list(fusions), []
    return main, [fusion for fusion in fusions if fusion not in main]


def _expression_text(report: Report) -> str:
    """Return the fragments of the genes that quality control and differential diagnosis leave out."""
    shown = {*report.qc.control_genes, *(marker.gene for marker in report.differential.markers)}
    shown |= {gene for fusion in report.differential.fusions for gene in fusion.name.split("::")}
    shown -= set(report.verdict.target.split("::"))
    return ", ".join(
        f"{row.gene} {count(row.fragments)}" for row in report.expression if row.gene not in shown
    )


def _expression(report: Report) -> Table:
    return Table(
        f"Fragments by gene; {SCALED}",
        columns("Gene", ("Fragments", "number"), ("Per kb", "number")),
        tuple((row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in report.expression),
    )


def _inputs(files: Sequence[InputFile]) -> Table:
    return Table(
        "Files of reads",
        columns("File", ("Reads", "number"), ("Bytes", "number"), ("SHA-256", "code")),
        tuple((file.name, count(file.reads), count(file.bytes), file.sha256) for file in files),
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
    decoys = plural(
        reference.decoys,
        "sequence that resembles a target competes",
        "sequences that resemble a target compete",
    )
    return (
        Fact("Panel", f"{panel.name} {panel.version}", (f"positions on {panel.build}",)),
        Fact("Panel YAML, SHA-256", panel.checksum, kind="code"),
        Fact("Reference", reference.file, (kinds[reference.kind], authentic, copies, decoys)),
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
