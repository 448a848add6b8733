"""`aspsfusion report`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import (
    add_force,
    add_panel,
    add_parameters,
    parameters_from,
    refuse_existing,
)
from aspsfusion.parameters import ClassifyParameters

HELP = "give the verdict on a sample and write its report"
EXAMPLE = """example:
  aspsfusion report --panel results/panel --sample sample --screen sample.screen.json \\
      --align sample.align.json --calls sample.calls.json --json sample.report.json \\
      --html sample.report.html --tsv sample.fusions.tsv --vcf sample.fusions.vcf.gz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `report`."""
    add_panel(parser)
    parser.add_argument("--sample", required=True, metavar="NAME", help="sample name")
    for name, stage in (("screen", "screen"), ("align", "align"), ("calls", "call")):
        parser.add_argument(
            f"--{name}", type=Path, required=True, metavar="JSON", help=f"written by 'aspsfusion {stage}'"
        )
    parser.add_argument(
        "--library",
        choices=["polyA", "total", "capture", "amplicon"],
        help="how the library was made, if known; polyA and total must show the control genes",
    )
    parser.add_argument("--json", type=Path, required=True, metavar="JSON", help="the record of the sample")
    parser.add_argument("--html", type=Path, metavar="HTML", help="page for the pathologist")
    parser.add_argument("--tsv", type=Path, metavar="TSV", help="table of fusions and filtered candidates")
    parser.add_argument("--vcf", type=Path, metavar="VCF.GZ", help="breakends, bgzip with tabix index")
    add_force(parser)
    add_parameters(parser, ClassifyParameters)


def run(args: argparse.Namespace) -> None:
    """Report on a sample."""
    from aspsfusion.compose import compose_report, read_calls_for, read_metrics
    from aspsfusion.panel import load_panel
    from aspsfusion.report import write_fusions_tsv, write_json

    refuse_existing([args.json, args.html, args.tsv, args.vcf], force=args.force)
    panel = load_panel(args.panel)
    report = compose_report(
        panel,
        args.sample,
        read_metrics(args.screen),
        read_metrics(args.align),
        read_calls_for(panel, args.calls),
        parameters_from(args, ClassifyParameters),
        args.library,
    )
    write_json(report, args.json)
    if args.tsv:
        write_fusions_tsv(report, args.tsv)
    if args.vcf:
        from aspsfusion.vcf import write_vcf

        write_vcf(report, args.vcf)
    if args.html:
        from aspsfusion.matplotlib_home import give_matplotlib_a_home

        give_matplotlib_a_home()  # before html_report imports matplotlib
        from aspsfusion.html_report import write_html

        write_html(report, args.html)
    print(f"{args.sample}: {report.verdict.call}")
