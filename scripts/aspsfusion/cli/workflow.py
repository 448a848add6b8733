"""`aspsfusion workflow`: what the rules of the workflow call around the commands of the stages."""

import argparse
from pathlib import Path

from aspsfusion.cli import options
from aspsfusion.cli.summary import add_present_inputs, present_of
from aspsfusion.config import BatchParameters

EXAMPLE = """examples, as the workflow calls them:
  aspsfusion workflow attempt --sample S1 --outcome S1.outcome.json --log S1.log -- screen ...
  aspsfusion workflow compare --samples samples.tsv --output compared.tsv results/S1/S1.outcome.json
  aspsfusion workflow check --samples samples.tsv results/S1/S1.outcome.json
  aspsfusion workflow manifest --outdir results results/summary.tsv results/panel results/S1
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the four parts, each with its arguments."""
    parts = parser.add_subparsers(title="workflow commands", metavar="COMMAND", required=True)
    for name, text, add, run_it in (
        ("attempt", "run a command for a sample and keep how it came out", _add_attempt, _attempt),
        ("compare", "compare the samples and write SAMPLE.batch.json", _add_compare, _compare),
        ("check", "fail when a sample has no result", _add_check, _check),
        ("manifest", "write the checksums of all results", _add_manifest, _manifest),
    ):
        add(options.add_part(parts, name, text, run_it, EXAMPLE))


run = options.run_part


def _add_attempt(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--sample", required=True, metavar="NAME", help="sample name")
    options.add_path(parser, "--outcome", "JSON", "outcome to write")
    parser.add_argument("--log", type=Path, required=True, help="takes what the command says")
    options.add_path(parser, "--after", "JSON", "outcome of the sample's job before this", required=False)
    options.add_list(parser, "--reads", "FILE", "files that the sample is of")
    options.add_path(parser, "--panel", "DIR", "panel that the outcome is of", required=False)
    parser.add_argument("--declared", default="", help="what the sheet declares of the sample")
    parser.add_argument("--settings", default="", help="thresholds that the outcome is of")
    options.add_list(parser, "--primer-files", "FASTA", "primers of the library")
    parser.add_argument("--number", type=int, default=1, help="which attempt this is (default: 1)")
    parser.add_argument(
        "--retries",
        type=int,
        default=0,
        help="how many attempts may follow the first one; the last one only writes that those before were "
        "killed (default: %(default)s)",
    )
    parser.add_argument("--status", type=int, help="exit status of a command that left no outcome")
    parser.add_argument(
        "--empty", type=Path, nargs="+", default=[], help="files to make empty where the command fails"
    )
    parser.add_argument(
        "--outdates", type=Path, nargs="+", default=[], help="files to remove before the command runs"
    )
    parser.add_argument("command", nargs="*", metavar="-- COMMAND", help="subcommand with its arguments")


def _attempt(args: argparse.Namespace) -> int:
    from dataclasses import replace

    from aspsfusion.batch import outcomes
    from aspsfusion.batch.attempt import Job, end_job, run_job
    from aspsfusion.cli import build_parser, run_command

    stage = "analyse" if args.after else "screen"
    job = Job(stage, args.outcome, args.log, args.number, args.retries, args.empty, args.outdates)
    if args.after:
        before = outcomes.read_outcome(args.after)
        inputs = replace(
            before.inputs,
            declared=args.declared,
            settings=args.settings,
            primers=outcomes.read_through(args.primer_files),
        )
        before = replace(before, inputs=inputs)
    else:
        inputs = outcomes.Inputs(
            outcomes.file_identities(args.reads), outcomes.panel_identity(args.panel) if args.panel else ""
        )
        before = outcomes.Outcome(args.sample, stage, inputs=inputs)
    if args.status is not None:
        return end_job(job, before, args.status)
    command = build_parser().parse_args(args.command)

    def run() -> outcomes.Inputs | None:
        run_command(command)
        return None if args.after else outcomes.checked_inputs(before.inputs, command.metrics)

    return run_job(job, before, run)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    options.add_path(parser, "outcomes", "OUTCOME.json", "outcomes of all", nargs="+")
    options.add_path(parser, "--samples", "TSV", "sample sheet with the sequencing runs", required=False)
    options.add_path(parser, "--output", "TSV", "table of the samples with a record")
    options.add_parameters(parser, BatchParameters)


def _compare(args: argparse.Namespace) -> None:
    from aspsfusion.batch.contamination import check_batch, write_findings
    from aspsfusion.batch.outcomes import FINDINGS_SUFFIX, RECORD_SUFFIX, beside, read_outcomes
    from aspsfusion.batch.samples import BatchSheet, read_batch_sheet
    from aspsfusion.interpret.agreement import read_judged
    from aspsfusion.io.files import write_text

    sheet = read_batch_sheet(args.samples) if args.samples else BatchSheet()
    outcomes = {path: outcome for path, outcome in read_outcomes(args.outcomes).items() if not outcome.failed}
    records = [
        read_judged(beside(path, outcome.sample_id, RECORD_SUFFIX)) for path, outcome in outcomes.items()
    ]
    checked = check_batch(records, sheet.runs, options.parameters_from(args, BatchParameters))
    for path, report in zip(outcomes, checked, strict=True):
        file = beside(path, report.report.sample_id, FINDINGS_SUFFIX)
        if report.findings:
            write_findings(report.findings, file)
            print(f"{report.report.sample_id}: possible contamination from {', '.join(report.sources)}")
        else:
            file.unlink(missing_ok=True)
    lines = [f"{one.report.sample_id}\t{'; '.join(one.sources)}" for one in checked]
    write_text(args.output, "\n".join(["sample_id\tcontamination_from", *lines]) + "\n")


def _add_check(parser: argparse.ArgumentParser) -> None:
    options.add_path(parser, "outcomes", "OUTCOME.json", "outcomes of all", nargs="+")
    options.add_path(parser, "--samples", "TSV", "sample sheet with the present reads", required=False)
    options.add_path(parser, "--compared", "TSV", "table of 'compare', which goes with them", required=False)
    parser.add_argument(
        "--remove-candidates",
        type=int,
        choices=(0, 1),
        default=0,
        help="1: remove the candidate fragments of these samples (default: %(default)s)",
    )
    add_present_inputs(parser)


def _check(args: argparse.Namespace) -> None:
    from aspsfusion.batch.outcomes import read_outcomes, remove_candidates
    from aspsfusion.batch.summary import without_result
    from aspsfusion.errors import ParameterError

    outcomes = read_outcomes(args.outcomes)
    if args.remove_candidates:
        remove_candidates(outcomes)
    present = present_of(args)
    without = {}
    for path, outcome in outcomes.items():
        if missing := without_result(outcome, present.get(outcome.sample_id)):
            without[path] = missing
    for path, sample in without.items():
        print(f"sample {sample.sample_id} {sample.verdict}: {sample.error}")
        path.unlink()  # so that the next run tries again
    if without:
        if args.compared:
            args.compared.unlink(missing_ok=True)
        raise ParameterError(
            f"{len(without)} of {len(outcomes)} samples FAILED or are OUTDATED",
            remedy="see summary.tsv, correct the cause and run the workflow again",
        )


def _add_manifest(parser: argparse.ArgumentParser) -> None:
    options.add_path(parser, "results", "PATH", "files and directories in it", nargs="+")
    options.add_path(parser, "--outdir", "DIR", "output directory, for manifest.sha256")


def _manifest(args: argparse.Namespace) -> None:
    from aspsfusion.batch.manifest import write_manifest

    print(f"{args.outdir}: {write_manifest(args.outdir, args.results)} files are in the manifest")
