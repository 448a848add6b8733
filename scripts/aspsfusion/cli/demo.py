"""`aspsfusion demo`: the whole workflow on simulated samples, with a table of the verdicts."""

import argparse
import sys
from pathlib import Path

EXAMPLE = """\
example, from the repository root:
  aspsfusion demo --output demo
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("demo"),
        metavar="DIR",
        help="directory to write; an earlier demonstration in it is replaced (default: %(default)s)",
    )
    parser.add_argument(
        "--cores", type=int, default=2, metavar="N", help="processes at a time (default: %(default)s)"
    )
    parser.add_argument(
        "--repository",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="root of the repository, which holds the workflow (default: the working directory)",
    )


def run(args: argparse.Namespace) -> None:
    """Run the demonstration and print the table.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: something failed, or a sample did not get the verdict expected.
    """
    from aspsfusion.errors import AspsfusionError, ParameterError
    from aspsfusion.simulate.demo import run_demo, table

    if args.cores < 1:
        raise ParameterError(f"--cores {args.cores} has no sense", remedy="give 1 or more")
    outcomes = run_demo(
        args.repository, args.output, args.cores, lambda text: print(text, file=sys.stderr, flush=True)
    )
    print(table(outcomes))
    disagreeing = sum(not outcome.agree for outcome in outcomes)
    if disagreeing:
        raise AspsfusionError(
            f"{disagreeing} of {len(outcomes)} samples did not get the verdict expected",
            remedy=f"see {args.output / 'snakemake.log'} and {args.output / 'results' / 'summary.html'}",
        )
    print(f"{len(outcomes)} of {len(outcomes)} verdicts agree; reports are in {args.output / 'results'}")
