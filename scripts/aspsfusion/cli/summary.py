"""`aspsfusion summary`."""

import argparse
from typing import TYPE_CHECKING

from aspsfusion.cli import options
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
    """Add its arguments."""
    text = "report of a sample; rows are in the order of the sheet, or without one of the reports"
    options.add_path(parser, "reports", "REPORT.json", text, nargs="*")
    options.add_path(parser, "--output-tsv", "TSV", "table to write")
    options.add_path(parser, "--output-html", "HTML", "page to write")
    text = "table for MultiQC, to be named *_mqc.tsv"
    options.add_path(parser, "--multiqc", "TSV", text, required=False)
    text = "sample sheet; its columns 'control' and 'batch' declare controls and sequencing runs"
    options.add_path(parser, "--samples", "TSV", text, required=False)
    options.add_path(
        parser,
        "--outcomes",
        "JSON",
        "outcomes that the workflow keeps: samples without a result get a row too, and a result that is not "
        "of the present inputs is shown as OUTDATED",
        nargs="+",
        default=[],
    )
    add_present_inputs(parser)
    options.add_parameters(parser, BatchParameters)
    options.add_force(parser)


def add_present_inputs(parser: argparse.ArgumentParser) -> None:
    """Add `--panel` and `--settings`, with which outcomes are compared besides the files of reads."""
    text = "panel that outcomes have to be of, where it is known"
    options.add_path(parser, "--panel", "DIR", text, required=False)
    parser.add_argument(
        "--settings",
        default="",
        metavar="TEXT",
        help="what outcomes have to say of their thresholds, where it is known",
    )
    text = "what the workflow knows of the files of reads; without it those that were touched are read"
    options.add_path(parser, "--planned", "DIR", text, required=False)


def present_of(args: argparse.Namespace) -> "dict[str, Inputs]":
    """Return the present inputs of the samples of `--samples`, with `--panel` and `--settings`."""
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
    """Write table and page."""
    from aspsfusion.batch import summary
    from aspsfusion.batch.multiqc import write_multiqc
    from aspsfusion.batch.outcomes import read_outcomes
    from aspsfusion.batch.samples import BatchSheet, read_batch_sheet
    from aspsfusion.batch.summary_html import controls_sentence, write_summary_html
    from aspsfusion.errors import ParameterError
    from aspsfusion.interpret.agreement import read_judged

    options.refuse_existing([args.output_tsv, args.output_html, args.multiqc], force=args.force)
    if not args.reports and not args.outcomes:
        raise ParameterError("no report is given", remedy="name at least one report.json")
    parameters = options.parameters_from(args, BatchParameters)
    sheet = read_batch_sheet(args.samples) if args.samples else BatchSheet()
    batch = summary.read_batch(args.reports, read_judged)
    if args.outcomes:
        outcomes = read_outcomes(args.outcomes).values()
        batch = summary.with_outcomes(batch, outcomes, present_of(args))
    batch = summary.in_order(summary.judge_batch(batch, sheet.runs, parameters), sheet.samples)
    outputs = [(args.output_tsv, summary.write_summary_tsv), (args.output_html, write_summary_html)]
    if args.multiqc:
        outputs.append((args.multiqc, write_multiqc))
    for path, write in outputs:
        settings = {"directory": path.parent, "ntc_max_fragments": parameters.ntc_max_fragments}
        rows = [
            summary.summary_row(each, sheet.controls.get(each.sample_id, ""), **settings) for each in batch
        ]
        write(rows, path)
    sentence, _ = controls_sentence(rows)
    mixed = summary.mixed_sources(rows)
    print(" ".join([f"{args.output_tsv}: {len(batch)} samples. Controls: {sentence}", *mixed]))
