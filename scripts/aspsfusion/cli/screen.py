"""`aspsfusion screen`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_panel, refuse_existing

EXAMPLE = """example:
  aspsfusion screen --panel results/panel sample_R1.fastq.gz sample_R2.fastq.gz \\
      --output sample.candidates.fastq.gz --metrics sample.screen.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `screen`."""
    add_panel(parser)
    parser.add_argument(
        "fastq_1",
        type=Path,
        metavar="R1",
        help="first mates, single reads, or both mates by turns; - for standard input",
    )
    parser.add_argument("fastq_2", type=Path, metavar="R2", nargs="?", help="second mates")
    parser.add_argument(
        "--interleaved",
        action="store_true",
        help="one file holds both mates by turns (default: told from the names)",
    )
    parser.add_argument(
        "--lane",
        type=Path,
        nargs="+",
        action="append",
        default=[],
        metavar="FASTQ",
        help="one or two files of a further lane of the same sample; may be repeated",
    )
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FASTQ", help="candidate fragments, gzip FASTQ"
    )
    parser.add_argument(
        "--metrics", type=Path, required=True, metavar="JSON", help="counts of the whole input"
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Screen a sample."""
    from aspsfusion.cli.progress import ProgressLine
    from aspsfusion.errors import ParameterError
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.screen.screen import Progress, run_screen

    interleaved = True if args.interleaved else None
    if interleaved and (args.fastq_2 or any(len(files) > 1 for files in args.lane)):
        raise ParameterError(
            "--interleaved takes one file for each lane",
            remedy="leave it out, or give one file with both mates",
        )
    lanes = [Lane(args.fastq_1, args.fastq_2, interleaved)]
    for files in args.lane:
        if len(files) > 2:
            raise ParameterError(f"--lane takes one or two files, not {len(files)}", remedy="repeat --lane")
        lanes.append(Lane(files[0], files[1] if len(files) > 1 else None, interleaved))
    refuse_existing([args.output, args.metrics], force=args.force)
    with ProgressLine("fragments") as line:

        def show(progress: Progress) -> None:
            line.update(
                progress.fragments, f", {progress.kept:,} kept", read=progress.read, total=progress.total
            )

        result = run_screen(args.panel, lanes, args.output, args.metrics, show, force=args.force)
    print(f"kept {result.candidate_fragments} of {result.total_fragments} fragments")
