"""Runs `concordance`: verdicts of batches against known samples."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, add_path, refuse_existing

EXAMPLE = """\
example:
  aspsfusion concordance --truth known.tsv results_march results_april --output verification

known.tsv has tabs between its columns sample_id, expected (positive or negative) and, optional, type (as the
reports name it, such as 'type 1'). Writes verification.html and verification.tsv.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "directories", type=Path, nargs="+", metavar="OUTDIR", help="output directory of a batch"
    )
    add_path(parser, "--truth", "TSV", "what is known of the samples")
    parser.add_argument(
        "--output",
        type=Path,
        default=Path("concordance"),
        metavar="PREFIX",
        help="path that the names of page and table begin with (default: %(default)s)",
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write page and table.

    Raises:
        AspsfusionError: a file cannot be read or written.
    """
    from aspsfusion.io.tables import write_rows
    from aspsfusion.validation.concordance import RIGHT, Compared, agreement_of, compare, read_truth
    from aspsfusion.validation.concordance_page import sentence, write_concordance_html

    page, table = (Path(f"{args.output}.{suffix}") for suffix in ("html", "tsv"))
    refuse_existing([page, table], force=args.force)
    rows, unknown = compare(read_truth(args.truth), args.directories)
    write_rows(Compared, rows, table, force=args.force)
    write_concordance_html(rows, unknown, page, force=args.force)
    for expected in RIGHT:
        print(sentence(agreement_of(rows, expected)))
    discordant = [row.sample_id for row in rows if row.agreement == "discordant"]
    print(f"discordant: {', '.join(discordant) or 'none'}. Page and table: {page}, {table}")
