"""Runs `report` and `explain`: the verdict on a sample with its files, and why it is what it is."""

import argparse
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aspsfusion.cli import options
from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import ParameterError

if TYPE_CHECKING:
    from aspsfusion.report.models import Report

REPORT_EXAMPLE = """examples:
  aspsfusion report --panel results/panel --sample sample --screen sample.screen.json \\
      --align sample.align.json --calls sample.calls.json --json sample.report.json \\
      --html sample.report.html --tsv sample.fusions.tsv --vcf sample.fusions.vcf.gz

  aspsfusion report --from sample.report.json --pdf sample.report.pdf --arriba sample.arriba.tsv

The second form writes further files from a report that is there already; the verdict stays what it is.
"""

EXPLAIN_EXAMPLE = """\
examples:
  aspsfusion explain results/P17/P17.report.json
  aspsfusion explain results/P17/P17.report.json INSTRUMENT:7:FC:1:1101:1000:2727
  aspsfusion explain results/P17/P17.report.json INSTRUMENT:7:FC:1:1101:1000:2727 \\
      --panel results/panel --evidence results/P17/P17.evidence.json.gz --bam results/P17/P17.panel.bam

The report holds the reads that count. For any other read give --panel and --evidence: the fragment is then
weighed again as 'aspsfusion call' does it. --bam shows where its reads are.
"""

STAGES = ("panel", "sample", "screen", "align", "calls", "json")
"""Options of the first form; all of them are needed for a verdict."""

OUTPUTS = {
    "html": (".report.html", "HTML", "page for the pathologist"),
    "pdf": (".report.pdf", "PDF", "the same page on paper; needs the package weasyprint"),
    "tsv": (".fusions.tsv", "TSV", "table of fusions and filtered candidates"),
    "vcf": (".fusions.vcf.gz", "VCF.GZ", "breakends, bgzip with tabix index"),
    "arriba": (".arriba.tsv", "TSV", "reported fusions in the columns of Arriba"),
    "star_fusion": (".star-fusion.tsv", "TSV", "reported fusions in the columns of STAR-Fusion"),
    "fhir": (".fhir.json", "JSON", "bundle after FHIR Genomics Reporting, for hospital systems"),
    "vicc": (".vicc.json", "JSON", "reported fusions after the VICC Gene Fusion Specification"),
}
"""Files written from the report: the kind of file, the name of the value in the help, and the help."""


def sheet_cell(text: str) -> tuple[str, str]:
    """Return column and text of a cell of the sample sheet.

    >>> sheet_cell("specimen=B24/17 = block 2")
    ('specimen', 'B24/17 = block 2')
    """
    column, sign, cell = text.partition("=")
    if not column or not sign:
        raise argparse.ArgumentTypeError(f"{text!r} is not COLUMN=TEXT")
    return column, cell


def _add_report(parser: argparse.ArgumentParser) -> None:
    text = "write from this report.json, or record.json of 'aspsfusion analyse --record', alone"
    options.add_path(parser, "--from", "JSON", text, dest="source", required=False)
    text = "what the batch says about the sample, written by 'aspsfusion workflow compare'"
    options.add_path(parser, "--batch", "JSON", text, required=False)
    text = "what the sample sheet says of the sample, printed as given; may be repeated"
    options.add_repeated(parser, "--sheet", "COLUMN=TEXT", text, type=sheet_cell)
    options.add_path(
        parser, "--panel", "DIR", "directory written by 'aspsfusion panel build'", required=False
    )
    options.add_sample(parser, "sample name", required=False)
    for name, stage in (("screen", "screen"), ("align", "align"), ("calls", "call")):
        options.add_path(parser, f"--{name}", "JSON", f"written by 'aspsfusion {stage}'", required=False)
    options.add_library(parser)
    options.add_path(parser, "--json", "JSON", "the record of the sample, to be written", required=False)
    for name, (_, value, words) in OUTPUTS.items():
        options.add_path(parser, f"--{name.replace('_', '-')}", value, words, required=False)
    options.add_force(parser)
    options.add_parameters(parser, ClassifyParameters)


def _report(args: argparse.Namespace) -> None:
    from aspsfusion.report.files import WRITERS
    from aspsfusion.report.json_tsv import write_json

    outputs = {name: getattr(args, name) for name in OUTPUTS if getattr(args, name)}
    options.refuse_existing([args.json, *outputs.values()], force=args.force)
    if args.batch and not args.source:
        raise ParameterError("--batch goes with --from", remedy="write the report first, then with --from")
    report = _read(args) if args.source else _compose(args)
    if args.sheet:
        report = report.model_copy(update={"sheet": dict(args.sheet)})
    if args.json:
        write_json(report, args.json)
    for name, path in outputs.items():
        WRITERS[OUTPUTS[name][0]](report, path)
    print(f"{report.sample_id}: {report.verdict.call}")


def _read(args: argparse.Namespace) -> "Report":
    from aspsfusion.interpret.agreement import read_judged

    given = [f"--{name}" for name in STAGES if name != "json" and getattr(args, name)]
    if given:
        raise ParameterError(f"--from cannot go with {given[0]}", remedy="give either form of the command")
    report = read_judged(args.source)
    if args.batch:
        from aspsfusion.batch.contamination import read_findings, with_findings

        return with_findings(report, read_findings(args.batch))
    return report


def _compose(args: argparse.Namespace) -> "Report":
    from aspsfusion.interpret import compose
    from aspsfusion.panel.panel import load_panel

    missing = [f"--{name}" for name in STAGES if not getattr(args, name)]
    if missing:
        raise ParameterError(
            f"{', '.join(missing)} must be given", remedy="give all of them, or --from with a report.json"
        )
    panel = load_panel(args.panel)
    results = compose.StageResults(
        args.sample,
        compose.read_metrics(args.screen, compose.SCREEN_KEYS),
        compose.read_metrics(args.align, compose.ALIGN_KEYS),
        compose.read_calls_for(panel, args.calls),
        args.library,
        args.tumour_fraction,
    )
    return compose.compose_report(
        panel, results, options.parameters_from(args, ClassifyParameters), options.baseline_from(args)
    )


def _add_explain(parser: argparse.ArgumentParser) -> None:
    options.add_path(parser, "report", "REPORT.json", "report of the sample")
    parser.add_argument(
        "read", nargs="?", metavar="READ", help="name of a read, or NAME#NUMBER where names repeat"
    )
    options.add_path(parser, "--panel", "DIR", "panel that the sample was called with", required=False)
    text = "written by 'aspsfusion evidence' for the sample"
    options.add_path(parser, "--evidence", "JSON.GZ", text, required=False)
    options.add_path(parser, "--bam", "BAM", "the sample's panel.bam", required=False)


def _explain(args: argparse.Namespace) -> None:
    from aspsfusion.interpret.agreement import read_judged
    from aspsfusion.report import explain

    if bool(args.panel) != bool(args.evidence):
        raise ParameterError("--panel and --evidence go together", remedy="give both of them")
    report = read_judged(args.report)
    if args.read is None:
        print(explain.explain_verdict(report), end="")
        return
    found = explain.find_read(report, args.read)
    if found:
        others = explain.other_reads_of_name(report, args.read)
        print(others + explain.explain_supporting_read(*found), end="")
    else:
        print("\n".join(_other_read(args, report)))


def _other_read(args: argparse.Namespace, report: "Report") -> Iterator[str]:
    """Yield what can be said of a read that is not among those that count."""
    yield f"{args.read} is not among the supporting reads of {report.sample_id}."
    weighed: list[str] = []
    if args.panel:
        weighed = _weigh(args, report)
        yield from weighed
    lines: list[str] = []
    if args.bam:
        from aspsfusion.call.explain_read import alignments

        lines = alignments(args.bam, args.read)
        if lines and not weighed:
            yield "Its reads on the panel:"
            yield from (f"  {line}" for line in lines)
    if weighed:
        return
    if args.panel and (lines or not args.bam):
        yield (
            "It is not among the open fragments: one gene explains all its reads, another fragment has the "
            "same coordinates, or it is no candidate."
        )
    elif args.bam and not lines:
        yield "It is no candidate: it shares no sequence with the panel, or the name is another one."
    elif not args.panel:
        yield "Give --panel and --evidence to have it weighed again, and --bam to see where it is."


def _weigh(args: argparse.Namespace, report: "Report") -> list[str]:
    from aspsfusion.call.explain_read import explain_fragment
    from aspsfusion.config import CallParameters
    from aspsfusion.evidence.evidence_file import read_evidence
    from aspsfusion.panel.panel import load_panel

    panel = load_panel(args.panel)
    # The thresholds of the report, so that the answer is that of the run.
    known = {
        name: value
        for name, value in report.parameters.get("call", {}).items()
        if name in CallParameters.model_fields
    }
    parameters = CallParameters.model_validate(known)
    return explain_fragment(panel, parameters, read_evidence(args.evidence), args.read)


COMMANDS = {
    "report": options.Command(_add_report, _report, REPORT_EXAMPLE),
    "explain": options.Command(_add_explain, _explain, EXPLAIN_EXAMPLE),
}
