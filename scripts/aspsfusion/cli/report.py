"""`aspsfusion report`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aspsfusion.cli.options import (
    add_force,
    add_library,
    add_parameters,
    baseline_from,
    parameters_from,
    refuse_existing,
)
from aspsfusion.config import ClassifyParameters
from aspsfusion.errors import ParameterError

if TYPE_CHECKING:
    from aspsfusion.report.models import Report

EXAMPLE = """examples:
  aspsfusion report --panel results/panel --sample sample --screen sample.screen.json \\
      --align sample.align.json --calls sample.calls.json --json sample.report.json \\
      --html sample.report.html --tsv sample.fusions.tsv --vcf sample.fusions.vcf.gz

  aspsfusion report --from sample.report.json --pdf sample.report.pdf --arriba sample.arriba.tsv

The second form writes further files from a report that is there already; the verdict stays what it is.
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
}
"""Files written from the report: the kind of file, the name of the value in the help, and the help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="JSON",
        help="write from this report.json, or record.json of 'aspsfusion analyse --record', alone",
    )
    parser.add_argument(
        "--batch",
        type=Path,
        metavar="JSON",
        help="what the batch says about the sample, written by 'aspsfusion workflow compare'",
    )
    parser.add_argument(
        "--panel", type=Path, metavar="DIR", help="directory written by 'aspsfusion panel build'"
    )
    parser.add_argument("--sample", metavar="NAME", help="sample name")
    for name, stage in (("screen", "screen"), ("align", "align"), ("calls", "call")):
        parser.add_argument(f"--{name}", type=Path, metavar="JSON", help=f"written by 'aspsfusion {stage}'")
    add_library(parser)
    parser.add_argument("--json", type=Path, metavar="JSON", help="the record of the sample, to be written")
    for name, (_, value, words) in OUTPUTS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=Path, metavar=value, help=words)
    add_force(parser)
    add_parameters(parser, ClassifyParameters)


def run(args: argparse.Namespace) -> None:
    """Report on a sample.

    Raises:
        AspsfusionError: an option is missing, or a file can not be read or written.
    """
    from aspsfusion.report.files import WRITERS
    from aspsfusion.report.json_tsv import write_json

    outputs = {name: getattr(args, name) for name in OUTPUTS if getattr(args, name)}
    refuse_existing([args.json, *outputs.values()], force=args.force)
    if args.batch and not args.source:
        raise ParameterError("--batch goes with --from", remedy="write the report first, then with --from")
    report = _read(args) if args.source else _compose(args)
    if args.json:
        write_json(report, args.json)
    for name, path in outputs.items():
        WRITERS[OUTPUTS[name][0]](report, path)
    print(f"{report.sample_id}: {report.verdict.call}")


def _read(args: argparse.Namespace) -> "Report":
    from aspsfusion.report.json_tsv import read_report

    given = [f"--{name}" for name in STAGES if name != "json" and getattr(args, name)]
    if given:
        raise ParameterError(f"--from can not go with {given[0]}", remedy="give either form of the command")
    report = read_report(args.source)
    if args.batch:
        from aspsfusion.batch.contamination import read_findings, with_findings

        return with_findings(report, read_findings(args.batch))
    return report


def _compose(args: argparse.Namespace) -> "Report":
    from aspsfusion.interpret.compose import (
        ALIGN_KEYS,
        SCREEN_KEYS,
        compose_report,
        read_calls_for,
        read_metrics,
    )
    from aspsfusion.panel.panel import load_panel

    missing = [f"--{name}" for name in STAGES if not getattr(args, name)]
    if missing:
        raise ParameterError(
            f"{', '.join(missing)} must be given", remedy="give all of them, or --from with a report.json"
        )
    panel = load_panel(args.panel)
    return compose_report(
        panel,
        args.sample,
        read_metrics(args.screen, SCREEN_KEYS),
        read_metrics(args.align, ALIGN_KEYS),
        read_calls_for(panel, args.calls),
        parameters_from(args, ClassifyParameters),
        args.library,
        baseline_from(args),
    )
