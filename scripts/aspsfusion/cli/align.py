"""`aspsfusion align`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_panel, refuse_existing

EXAMPLE = """example:
  aspsfusion align --panel results/panel --reads sample.candidates.fastq.gz --sample sample \\
      --output sample.aligned.bam --metrics sample.align.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `align`."""
    add_panel(parser)
    parser.add_argument(
        "--reads", type=Path, required=True, metavar="FASTQ", help="candidates written by 'aspsfusion screen'"
    )
    parser.add_argument("--sample", required=True, metavar="NAME", help="sample name for the read group")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="BAM", help="sorted BAM; .bai beside it"
    )
    parser.add_argument("--metrics", type=Path, required=True, metavar="JSON", help="counts of the stage")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads (default: 1)")
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Align a sample."""
    from aspsfusion.align.align import AlignFiles, run_align
    from aspsfusion.cli.progress import ProgressLine

    refuse_existing([args.output, args.metrics], force=args.force)
    with ProgressLine("fragments") as line:
        files = AlignFiles(args.reads, args.output, args.metrics)
        run_align(args.panel, files, args.sample, args.threads, line.update, force=args.force)
