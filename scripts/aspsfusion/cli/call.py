"""`aspsfusion call`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import (
    add_force,
    add_panel,
    add_parameters,
    parameters_from,
    refuse_existing,
)
from aspsfusion.config import CallParameters

EXAMPLE = """example:
  aspsfusion call --panel results/panel --evidence sample.evidence.json.gz --output sample.calls.json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `call`."""
    add_panel(parser)
    parser.add_argument(
        "--evidence",
        type=Path,
        required=True,
        metavar="JSON.GZ",
        help="file written by 'aspsfusion evidence'",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="JSON", help="calls to write")
    add_force(parser)
    add_parameters(parser, CallParameters)


def run(args: argparse.Namespace) -> None:
    """Call the junctions of a sample."""
    from aspsfusion.call.call import run_call

    refuse_existing([args.output], force=args.force)
    parameters = parameters_from(args, CallParameters)
    calls = run_call(args.panel, args.evidence, args.output, parameters, force=args.force)
    reported = [junction for junction in calls.junctions if not junction.rejections]
    for junction in reported:
        print(
            f"{junction.five_gene}::{junction.three_gene} {junction.catalogue_id or 'not listed'}: "
            f"{junction.split_reads} split, {junction.spanning_pairs} spanning"
        )
    print(f"{len(reported)} junctions reported, {len(calls.junctions) - len(reported)} filtered")
