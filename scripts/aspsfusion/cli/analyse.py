"""`aspsfusion analyse`."""

import argparse
import time

from aspsfusion.cli.options import (
    ProgressLine,
    add_force,
    add_library,
    add_number,
    add_panel,
    add_parameters,
    add_path,
    add_platform,
    add_primers,
    add_sample,
    add_umi,
    baseline_from,
    parameters_from,
    refuse_existing,
    structures_from,
)
from aspsfusion.config import PLATFORMS, CallParameters, ClassifyParameters

EXAMPLE = """example:
  aspsfusion analyse --panel results/panel --sample sample --reads sample.candidates.fastq.gz \\
      --screen sample.screen.json --output results/sample

The same as 'aspsfusion align', 'evidence', 'call', 'tag' and 'report' in a row, with the same files.
"""

FURTHER = {
    "pdf": ".report.pdf",
    "arriba": ".arriba.tsv",
    "star-fusion": ".star-fusion.tsv",
    "fhir": ".fhir.json",
    "vicc": ".vicc.json",
}
"""What `--also` can name, with the end of the file's name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    add_panel(parser)
    add_sample(parser, "sample name")
    add_path(parser, "--reads", "FASTQ", "candidates written by 'aspsfusion screen' or 'aspsfusion extract'")
    add_path(parser, "--screen", "JSON", "written by the same")
    add_library(parser)
    add_umi(parser)
    add_primers(parser)
    add_platform(parser, PLATFORMS)
    add_path(
        parser,
        "--output",
        "DIR",
        "directory for the files of the sample; the name of each begins with the sample's",
    )
    parser.add_argument(
        "--also",
        nargs="+",
        choices=sorted(FURTHER),
        default=[],
        metavar="FILE",
        help=f"further files to write: {', '.join(sorted(FURTHER))}; described at 'aspsfusion report'",
    )
    parser.add_argument(
        "--record",
        action="store_true",
        help="write the sample's own record (SAMPLE.record.json) and no report: the samples of its batch are "
        "to be compared first",
    )
    add_number(parser, "--threads", 1, "threads of align")
    add_force(parser)
    for model in (CallParameters, ClassifyParameters):
        add_parameters(parser, model)


def run(args: argparse.Namespace) -> None:
    """Analyse a sample."""
    from aspsfusion.errors import STAGE_MARK
    from aspsfusion.pipeline import SampleFiles, SampleInput, Thresholds, Watcher, run_analyse

    thresholds = Thresholds(parameters_from(args, CallParameters), parameters_from(args, ClassifyParameters))
    also = [FURTHER[name] for name in args.also]
    files = SampleFiles(args.output, args.sample, also, record_only=args.record, force=args.force)
    refuse_existing(files.main_files(), force=args.force)
    given = SampleInput(
        args.panel,
        args.reads,
        args.screen,
        args.library,
        args.tumour_fraction,
        baseline_from(args),
        structures_from(args),
        args.primers,
        args.platform,
    )
    started = time.monotonic()

    def say(stage: str) -> None:
        # The time tells in a log what each stage took.
        print(f"{STAGE_MARK}{stage} after {time.monotonic() - started:.1f} s", flush=True)

    with ProgressLine("fragments") as line:
        watcher = Watcher(say, line.update)
        report = run_analyse(given, files, thresholds, threads=args.threads, watcher=watcher)
    print(f"{report.sample_id}: {report.verdict.call}")
