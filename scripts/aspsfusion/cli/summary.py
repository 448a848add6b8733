"""`aspsfusion summary`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from aspsfusion.cli.options import add_force, add_parameters, parameters_from, refuse_existing
from aspsfusion.config import BatchParameters

if TYPE_CHECKING:
    from aspsfusion.batch.outcomes import Inputs

EXAMPLE = """\
example:
  aspsfusion summary --output-tsv results/summary.tsv --output-html results/summary.html \\
      --samples config/samples.tsv results/S1/S1.report.json results/S2/S2.report.json

A junction that another sample of the batch has far more often may come from there: it cannot confirm.
Such a sample's report has to say so too; where it does not, the command stops and names the sample.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "reports",
        type=Path,
        nargs="*",
        metavar="REPORT.json",
        help="report of a sample; rows are in the order of the sheet, or without one of the reports",
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
        "--outcomes",
        type=Path,
        nargs="+",
        default=[],
        metavar="JSON",
        help="outcomes that the workflow keeps: samples without a result get a row too, and a result that is "
        "not of the present inputs is shown as OUTDATED",
    )
    add_present_inputs(parser)
    add_parameters(parser, BatchParameters)
    add_force(parser)


def add_present_inputs(parser: argparse.ArgumentParser) -> None:
    """Add `--panel` and `--settings`, with which outcomes are compared besides the files of reads."""
    parser.add_argument(
        "--panel", type=Path, metavar="DIR", help="panel that outcomes have to be of, where it is known"
    )
    parser.add_argument(
        "--settings",
        default="",
        metavar="TEXT",
        help="what outcomes have to say of their thresholds, where it is known",
    )
    parser.add_argument(
        "--planned",
        type=Path,
        metavar="DIR",
        help="what the workflow knows of the files of reads; without it those that were touched are read",
    )


def present_of(args: argparse.Namespace) -> "dict[str, Inputs]":
    """Return the present inputs of the samples of `--samples`, with `--panel` and `--settings`.

    Raises:
        AspsfusionError: the sheet is wrong.
    """
    from aspsfusion.batch.outcomes import present_inputs
    from aspsfusion.batch.samples import read_samples

    samples = read_samples(args.samples) if args.samples else ()
    return present_inputs(
        {sample.sample_id: (sample.reads, sample.declared, sample.primer_files) for sample in samples},
        args.panel,
        args.settings,
        args.planned,
    )


def run(args: argparse.Namespace) -> None:
    """Write table and page.

    Raises:
        AspsfusionError: nothing is given, a file cannot be read or written, or a report does not say what it
            has to say as one of this batch.
    """
    from aspsfusion.batch.multiqc import write_multiqc
    from aspsfusion.batch.outcomes import read_outcomes
    from aspsfusion.batch.samples import BatchSheet, read_batch_sheet
    from aspsfusion.batch.summary import (
        in_order,
        judge_batch,
        mixed_sources,
        read_batch,
        summary_row,
        with_outcomes,
        write_summary_tsv,
    )
    from aspsfusion.batch.summary_html import controls_sentence, write_summary_html
    from aspsfusion.errors import ParameterError
    from aspsfusion.interpret.agreement import read_judged

    refuse_existing([args.output_tsv, args.output_html, args.multiqc], force=args.force)
    if not args.reports and not args.outcomes:
        raise ParameterError("no report is given", remedy="name at least one report.json")
    parameters = parameters_from(args, BatchParameters)
    sheet = read_batch_sheet(args.samples) if args.samples else BatchSheet()
    batch = read_batch(args.reports, read_judged)
    if args.outcomes:
        outcomes = read_outcomes(args.outcomes).values()
        batch = with_outcomes(batch, outcomes, present_of(args))
    batch = in_order(judge_batch(batch, sheet.runs, parameters), sheet.samples)
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
    print(" ".join([f"{args.output_tsv}: {len(batch)} samples. Controls: {sentence}", *mixed_sources(rows)]))
