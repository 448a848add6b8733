"""`aspsfusion summary`."""

import argparse
from pathlib import Path

from aspsfusion.cli.options import add_force, refuse_existing

HELP = "write the table of a batch from the reports of its samples, and check its controls"
EXAMPLE = """\
example:
  aspsfusion summary --output-tsv results/summary.tsv --output-html results/summary.html \\
      --samples config/samples.tsv results/*/*.report.json
"""

NTC_MAX_FRAGMENTS = 10
"""Candidate fragments that a no-template control may have by default."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "reports", type=Path, nargs="*", metavar="REPORT.json", help="report of a sample, in the order wanted"
    )
    parser.add_argument("--output-tsv", type=Path, required=True, metavar="TSV", help="table to write")
    parser.add_argument("--output-html", type=Path, required=True, metavar="HTML", help="page to write")
    parser.add_argument(
        "--samples", type=Path, metavar="TSV", help="sample sheet; its column 'control' declares the controls"
    )
    parser.add_argument(
        "--failed",
        action="append",
        default=[],
        metavar="SAMPLE=FILE",
        help="a sample that failed, and the file with its error; may be repeated",
    )
    parser.add_argument(
        "--ntc-max-fragments",
        type=int,
        default=NTC_MAX_FRAGMENTS,
        metavar="N",
        help="candidate fragments that a no-template control may have; index hopping alone brings in a few "
        "(default: %(default)s)",
    )
    add_force(parser)


def run(args: argparse.Namespace) -> None:
    """Write table and page.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: nothing is given, or a file can not be read or written.
    """
    from aspsfusion.errors import ParameterError
    from aspsfusion.summary import (
        parse_failures,
        read_batch,
        read_controls,
        summary_row,
        write_summary_tsv,
    )
    from aspsfusion.summary_page import controls_sentence, write_summary_html

    refuse_existing([args.output_tsv, args.output_html], force=args.force)
    failures = parse_failures(args.failed)
    if not args.reports and not failures:
        raise ParameterError("no report is given", remedy="name at least one report.json")
    batch = read_batch(args.reports, failures)
    controls = read_controls(args.samples) if args.samples else {}
    for path, write in ((args.output_tsv, write_summary_tsv), (args.output_html, write_summary_html)):
        rows = [
            summary_row(
                sample,
                controls.get(sample.sample_id, ""),
                directory=path.parent,
                ntc_max_fragments=args.ntc_max_fragments,
            )
            for sample in batch
        ]
        write(rows, path)
    sentence, _ = controls_sentence(rows)
    print(f"{args.output_tsv}: {len(batch)} samples. Controls: {sentence}")
