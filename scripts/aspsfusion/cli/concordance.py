"""Runs `concordance`: verdicts of batches against known samples."""

import argparse
from pathlib import Path

from aspsfusion.cli import options

EXAMPLE = """\
example:
  aspsfusion concordance --truth known.tsv results_march results_april --output verification

known.tsv has tabs between its columns sample_id, expected (positive or negative) and, optional, type (as the
reports name it, such as 'type 1'). Writes verification.html and verification.tsv.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    options.add_path(parser, "directories", "OUTDIR", "output directory of a batch", nargs="+")
    options.add_path(parser, "--truth", "TSV", "what is known of the samples")
    text = "path that the names of page and table begin with (default: %(default)s)"
    options.add_path(parser, "--output", "PREFIX", text, default=Path("concordance"))
    options.add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write page and table."""
    from aspsfusion.io.tables import write_rows
    from aspsfusion.validation import concordance as study
    from aspsfusion.validation.concordance_page import sentence, write_concordance_html

    page, table = (Path(f"{args.output}.{suffix}") for suffix in ("html", "tsv"))
    options.refuse_existing([page, table], force=args.force)
    rows, unknown = study.compare(study.read_truth(args.truth), args.directories)
    write_rows(study.Compared, rows, table, force=args.force)
    write_concordance_html(rows, unknown, page, force=args.force)
    for expected in study.RIGHT:
        print(sentence(study.agreement_of(rows, expected)))
    discordant = [row.sample_id for row in rows if row.agreement == "discordant"]
    print(f"discordant: {', '.join(discordant) or 'none'}. Page and table: {page}, {table}")
