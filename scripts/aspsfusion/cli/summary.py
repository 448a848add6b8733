"""`aspsfusion summary`."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from aspsfusion.cli.options import add_force, add_parameters, parameters_from, refuse_existing
from aspsfusion.config import BatchParameters

if TYPE_CHECKING:
    from aspsfusion.batch.summary import Change

EXAMPLE = """\
example:
  aspsfusion summary --output-tsv results/summary.tsv --output-html results/summary.html \\
      --samples config/samples.tsv --reissue results/*/*.report.json

A junction that another sample of the batch has far more often may come from there: it can not confirm.
Such a sample's report has to say so too. With --reissue its files (report.json and the files of the same
sample beside it) are written again; without it the command stops and names the samples. The verdict by the
sample's own reads stays in report.json, and every later summary starts from it.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "reports", type=Path, nargs="*", metavar="REPORT.json", help="report of a sample, in the order wanted"
    )
    parser.add_argument("--output-tsv", type=Path, required=True, metavar="TSV", help="table to write")
    parser.add_argument("--output-html", type=Path, required=True, metavar="HTML", help="page to write")
    parser.add_argument(
        "--multiqc", type=Path, metavar="TSV", help="table for MultiQC, to be named *_mqc.tsv"
    )
    parser.add_argument(
        "--samples",
        type=Path,
        metavar="TSV",
        help="sample sheet; its columns 'control' and 'batch' declare controls and sequencing runs",
    )
    parser.add_argument(
        "--failed",
        action="append",
        default=[],
        metavar="SAMPLE=FILE",
        help="a sample that failed, and the file with its error; may be repeated",
    )
    parser.add_argument(
        "--reissue",
        action="store_true",
        help="write the reports of samples again whose verdict the batch changes",
    )
    add_parameters(parser, BatchParameters)
    add_force(parser)


def _reissue(changes: "Sequence[Change]", *, allowed: bool) -> None:
    """Write the reports that the batch changes; nothing is written when there are any and none may be."""
    from aspsfusion.errors import ParameterError
    from aspsfusion.report.files import reissue

    if changes and not allowed:
        raise ParameterError(
            f"the batch changes the reports of {', '.join(change.sample.sample_id for change in changes)}: "
            f"{changes[0].sentence()}",
            remedy="give --reissue to write them again, or --max-contamination-share 0 for no such check",
        )
    for change in changes:
        report, path = change.sample.report, change.sample.path
        assert report is not None
        assert path is not None
        files = reissue(report, path)
        print(f"{change.sentence()}; {len(files)} files written again")


def run(args: argparse.Namespace) -> None:
    """Write table and page, and the reports that the batch changes.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: nothing is given, a file can not be read or written, or a report would have to change
            and may not.
    """
    from aspsfusion.batch.multiqc import write_multiqc
    from aspsfusion.batch.samples import BatchSheet, read_batch_sheet
    from aspsfusion.batch.summary import (
        judge_batch,
        parse_failures,
        read_batch,
        summary_row,
        write_summary_tsv,
    )
    from aspsfusion.batch.summary_html import controls_sentence, write_summary_html
    from aspsfusion.errors import ParameterError

    refuse_existing([args.output_tsv, args.output_html, args.multiqc], force=args.force)
    failures = parse_failures(args.failed)
    if not args.reports and not failures:
        raise ParameterError("no report is given", remedy="name at least one report.json")
    parameters = parameters_from(args, BatchParameters)
    sheet = read_batch_sheet(args.samples) if args.samples else BatchSheet()
    batch, changes = judge_batch(read_batch(args.reports, failures), sheet.runs, parameters)
    _reissue([change for change in changes if change.sample.path], allowed=args.reissue)
    outputs = [(args.output_tsv, write_summary_tsv), (args.output_html, write_summary_html)]
    for path, write in [*outputs, *([(args.multiqc, write_multiqc)] if args.multiqc else [])]:
        rows = [
            summary_row(
                sample,
                sheet.controls.get(sample.sample_id, ""),
                directory=path.parent,
                ntc_max_fragments=parameters.ntc_max_fragments,
            )
            for sample in batch
        ]
        write(rows, path)
    sentence, _ = controls_sentence(rows)
    print(f"{args.output_tsv}: {len(batch)} samples. Controls: {sentence}")
