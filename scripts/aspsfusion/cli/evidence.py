"""`aspsfusion evidence`."""

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
  aspsfusion evidence --panel results/panel --bam sample.aligned.bam --output sample.evidence.json.gz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `evidence`."""
    add_panel(parser)
    parser.add_argument(
        "--bam", type=Path, required=True, metavar="BAM", help="BAM written by 'aspsfusion align'"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="JSON.GZ", help="evidence to write")
    add_force(parser)
    add_parameters(parser, CallParameters)


def run(args: argparse.Namespace) -> None:
    """Collect the evidence of a sample."""
    from aspsfusion.evidence.evidence import run_evidence

    parameters = parameters_from(args, CallParameters)
    refuse_existing([args.output], force=args.force)
    evidence = run_evidence(args.panel, args.bam, args.output, parameters, force=args.force)
    print(
        f"{evidence.candidates} candidate fragments, {evidence.duplicates} duplicates, "
        f"{len(evidence.fragments)} not explained by the wild type"
    )
