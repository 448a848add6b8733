"""Writes the HTML report of a sample: one file that needs nothing from elsewhere.

A pathologist reads the page, perhaps offline, on a phone, on paper or colour-blind. All that
is worked out is in the view that is built here; the template prints it and decides nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from aspsfusion.io.files import write_text
from aspsfusion.report import sections
from aspsfusion.report.candidates import candidate_tables, folded_one_sided
from aspsfusion.report.coverage_plot import draw, gene_coverages
from aspsfusion.report.findings import Fusion
from aspsfusion.report.fusion_section import fusion_view
from aspsfusion.report.html_parts import Fact, Table, columns, css_string, render, table
from aspsfusion.report.models import Report, Verdict
from aspsfusion.report.words import SIGNATURE, count, joined, plural


def write_html(report: Report, path: Path) -> None:
    """Write the HTML report. The same report always gives the same bytes; an existing file is replaced."""
    write_text(path, render_html(report))


def render_html(report: Report) -> str:
    """Return the HTML report as text."""
    return render("report.html.j2", report_view(report))


def report_view(report: Report) -> dict[str, Any]:
    """Return what the page of a report shows besides the report itself, by the names of the template."""
    main, others = _main_fusions(report.fusions)
    views = [
        fusion_view(fusion, report.panel, report.gene_models, number)
        for number, fusion in enumerate([*main, *others], 1)
    ]
    genes = report.verdict.target.split("::")
    headline = report.verdict.headline or report.verdict.call
    return {
        "report": report,
        # Both are escaped for a style sheet, where HTML's own escapes would be printed as they are.
        "page_head": Markup(css_string(" ".join(report.notices))),
        "page_foot": Markup(css_string(f"{report.sample_id}: {headline}")),
        "notices": report.notices,
        "case": [Fact(column.replace("_", " ").capitalize(), text) for column, text in report.sheet.items()],
        "headline": headline,
        "lines": _lines(report.verdict),
        "own_verdict": _own_verdict(report.verdict),
        "reasons": Table(
            "Reasons of the verdict",
            columns(("Code", "code"), "Reason"),
            [(reason.code, reason.text) for reason in report.verdict.reasons],
        ),
        "fusions": views[: len(main)],
        "other_fusions": views[len(main) :],
        "exclusion": sections.exclusion_sentences(report.exclusion, report.verdict),
        "acceptors": sections.acceptor_table(report.exclusion),
        "assay": sections.assay_facts(report.assay, genes),
        "primers": sections.primer_table(report.assay, genes),
        "qc_checks": sections.check_table(report.qc),
        "qc_values": sections.unlimited_values(report.qc),
        "expression_text": _expression_text(report),
        "expression": table(
            f"Fragments by gene; {sections.SCALED}",
            ["Gene", ("Fragments", "number"), ("Per kb", "number")],
            [(row.gene, count(row.fragments), f"{row.tpm_like:,.0f}") for row in report.expression],
        ),
        "plots": [
            Markup(draw(coverage, f"coverage-{number}"))
            for number, coverage in enumerate(gene_coverages(report), 1)
        ],
        "imbalance": sections.imbalance_sentences(report.imbalance),
        "candidates": candidate_tables(report),
        "filtered_one_sided": folded_one_sided(report.filtered_one_sided),
        "differential": sections.differential_view(report.differential),
        "methods": _methods(report),
        "inputs": table(
            "Files of reads",
            ["File", ("Reads", "number"), ("Bytes", "number"), ("SHA-256", "code")],
            [(file.name, count(file.reads), count(file.bytes), file.sha256) for file in report.inputs],
        ),
        "signature": SIGNATURE,
    }


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
    known = "known" if reference.whole_genome_specificity else "not known"
    copies = f"copies of the panel's sequence elsewhere in the genome are {known}"
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
