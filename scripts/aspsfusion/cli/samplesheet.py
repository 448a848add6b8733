"""Runs `samplesheet`: a sample sheet from the names of files."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_path, refuse_existing

EXAMPLE = """example:
  aspsfusion samplesheet /data/run_240117/fastq --output my_samples.tsv
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `samplesheet`."""
    parser.add_argument("directory", type=Path, metavar="DIR", help="directory with the reads")
    add_path(parser, "--output", "TSV", "sample sheet to write")
    parser.add_argument(
        "--recursive", action="store_true", help="look into directories inside the directory as well"
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write the sheet and say what was left out."""
    from aspsfusion.batch.samplesheet import run_samplesheet

    refuse_existing([args.output], force=args.force)
    sheet = run_samplesheet(args.directory, args.output, recursive=args.recursive, force=args.force)
    for path, reason in sheet.skipped:
        print(f"left out {path}: {reason}")
    samples = len({row.sample_id for row in sheet.rows})
    print(f"wrote {samples} samples in {len(sheet.rows)} rows to {args.output}")
