"""`aspsfusion panel build` and `aspsfusion panel fetch`."""

import argparse
from pathlib import Path

BUILD_HELP = "build the panel directory from a panel YAML and a genome"
BUILD_EXAMPLE = """example:
  aspsfusion panel build --panel resources/panels/aspscr1_tfe3.yaml \\
      --genome GRCh38.fa.gz --output results/panel
"""
FETCH_HELP = "download the loci of a panel from a public sequence service"
FETCH_EXAMPLE = """example:
  aspsfusion panel fetch --panel resources/panels/aspscr1_tfe3.yaml --output loci.fa.gz
  aspsfusion panel build --panel resources/panels/aspscr1_tfe3.yaml \\
      --genome loci.fa.gz --output results/panel
"""

REPEATS_UNKNOWN = (
    "repeats are not known: nothing in the FASTA is in lower case, and it holds loci only. Reads of Alu and "
    "other repeats will be kept as candidates, so that samples take longer; a soft-masked FASTA avoids it"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `panel`."""
    subparsers = parser.add_subparsers(title="panel commands", metavar="COMMAND", required=True)
    build = _command(subparsers, "build", BUILD_HELP, BUILD_EXAMPLE)
    build.add_argument(
        "--genome",
        type=Path,
        required=True,
        metavar="FASTA",
        help="genome, plain, gzip or bgzip; or loci as written by samtools faidx",
    )
    build.add_argument("--output", type=Path, required=True, metavar="DIR", help="panel directory to write")
    build.add_argument("--force", action="store_true", help="replace an existing panel directory")
    build.set_defaults(action=_build)
    fetch = _command(subparsers, "fetch", FETCH_HELP, FETCH_EXAMPLE)
    fetch.add_argument(
        "--source",
        default="ucsc",
        metavar="SOURCE",
        help="ucsc, ensembl, or ucsc=URL or ensembl=URL of a mirror of that form (default: ucsc)",
    )
    fetch.add_argument(
        "--output",
        type=Path,
        required=True,
        metavar="FASTA",
        help="gzip FASTA to write; what it holds is recorded beside it, under the same name with .json",
    )
    fetch.add_argument("--force", action="store_true", help="download again and replace an existing FASTA")
    fetch.set_defaults(action=_fetch)


def _command(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str, example: str
) -> argparse.ArgumentParser:
    """Add a command with the arguments that both have."""
    command = subparsers.add_parser(
        name,
        help=text,
        description=text,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--panel", type=Path, required=True, metavar="YAML", help="panel YAML")
    command.add_argument(
        "--gtf", type=Path, metavar="GTF", help="annotation for genes that the panel names without exons"
    )
    return command


def run(args: argparse.Namespace) -> None:
    """Run the chosen command."""
    args.action(args)


def _build(args: argparse.Namespace) -> None:
    """Build the panel and say what was proved."""
    from aspsfusion.cli.progress import ProgressLine
    from aspsfusion.panel.build import build_panel, replace_panel

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
    known = panel.provenance["repeats_marked"] or panel.provenance["genome_pass"]
    if not known and panel.provenance["reference_kind"] != "demonstration":
        print(f"  {REPEATS_UNKNOWN}")


def _fetch(args: argparse.Namespace) -> None:
    """Download the loci and say how many there are."""
    from aspsfusion.cli.progress import ProgressLine
    from aspsfusion.panel.fetch import fetch_loci

    with ProgressLine("bases") as line:
        fetched = fetch_loci(
            args.panel, args.gtf, args.output, args.source, force=args.force, progress=line.update
        )
    how = f"{fetched.asked} downloaded" if fetched.asked else "all there already"
    print(f"{args.output}: {fetched.loci} loci, {fetched.bases:,} bases, {how}")
