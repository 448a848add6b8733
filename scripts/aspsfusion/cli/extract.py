"""`aspsfusion extract`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_panel, refuse_existing

EXAMPLE = """example:
  aspsfusion extract --panel results/panel sample.bam \\
      --output sample.candidates.fastq.gz --metrics sample.screen.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `extract`."""
    add_panel(parser)
    parser.add_argument(
        "alignments",
        type=Path,
        metavar="BAM",
        help="reads as BAM, CRAM or SAM, aligned to any genome or unaligned, in any order, indexed or not",
    )
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="FASTA",
        help="what a CRAM file was compressed with, unless it holds it; nothing is ever downloaded",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FASTQ", help="candidate fragments, gzip FASTQ"
    )
    parser.add_argument(
        "--metrics", type=Path, required=True, metavar="JSON", help="counts of the whole input"
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Extract a sample."""
    from aspsfusion.cli.progress import ProgressLine
    from aspsfusion.screen.extract import run_extract

    refuse_existing([args.output, args.metrics], force=args.force)
    with ProgressLine("reads") as line:
        result = run_extract(
            args.panel,
            args.alignments,
            args.output,
            args.metrics,
            args.reference,
            line.update,
            force=args.force,
        )
    print(f"kept {result['candidate_fragments']} of {result['total_fragments']} fragments")
    incomplete = result["incomplete"]
    assert isinstance(incomplete, list)
    for sentence in incomplete:
        print(f"note: {sentence}")
