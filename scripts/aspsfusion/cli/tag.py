"""`aspsfusion tag`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_panel, refuse_existing

EXAMPLE = """example:
  aspsfusion tag --panel results/panel --bam sample.aligned.bam --calls sample.calls.json \\
      --output sample.panel.bam --reference sample.junctions.fa
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `tag`."""
    add_panel(parser)
    parser.add_argument(
        "--bam", type=Path, required=True, metavar="BAM", help="BAM written by 'aspsfusion align'"
    )
    parser.add_argument(
        "--calls", type=Path, required=True, metavar="JSON", help="file written by 'aspsfusion call'"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="BAM", help="BAM to write, with index")
    parser.add_argument(
        "--reference",
        type=Path,
        required=True,
        metavar="FASTA",
        help="FASTA to write, with index: the sequences that the BAM lies on",
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Tag the supporting reads of a sample."""
    from aspsfusion.call.tag import run_tag

    refuse_existing([args.output, args.reference], force=args.force)
    tagged = run_tag(args.panel, args.bam, args.calls, args.output, args.reference, force=args.force)
    print(f"{tagged} supporting fragments laid on their junctions")
