"""`aspsfusion panel build`."""

import argparse
from pathlib import Path

HELP = "build the panel directory from a panel YAML and a genome"
EXAMPLE = """example:
  aspsfusion panel build --panel resources/panels/aspscr1_tfe3.yaml \\
      --genome GRCh38.fa.gz --output results/panel
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `panel`."""
    subparsers = parser.add_subparsers(title="panel commands", metavar="COMMAND", required=True)
    build = subparsers.add_parser(
        "build",
        help=HELP,
        description=HELP,
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    build.add_argument("--panel", type=Path, required=True, metavar="YAML", help="panel YAML")
    build.add_argument(
        "--genome",
        type=Path,
        required=True,
        metavar="FASTA",
        help="genome, plain, gzip or bgzip; or loci as written by samtools faidx",
    )
    build.add_argument(
        "--gtf", type=Path, metavar="GTF", help="annotation for genes that the panel names without exons"
    )
    build.add_argument("--output", type=Path, required=True, metavar="DIR", help="panel directory to write")
    build.add_argument("--force", action="store_true", help="replace an existing panel directory")


def run(args: argparse.Namespace) -> None:
    """Build the panel and say what was proved."""
    from aspsfusion.cli.progress import ProgressLine
    from aspsfusion.panel_build import build_panel, replace_panel

    build = replace_panel if args.force else build_panel
    with ProgressLine("bases of the genome counted") as line:
        panel = build(args.panel, args.genome, args.gtf, args.output, line.update)
    checks = panel.provenance["checks"]
    looked = "" if panel.provenance["whole_genome_specificity"] else "not "
    passed = sum(check["passed"] for check in checks)
    print(
        f"{args.output}: {len(panel.primary)} genes, {len(panel.transcripts)} transcripts, "
        f"reference {panel.provenance['reference_kind']}, {passed} of {len(checks)} checks passed, "
        f"sequences {looked}looked for in a whole genome"
    )
    for check in checks:
        if not check["passed"]:
            print(f"  not passed: {check['text']}")
