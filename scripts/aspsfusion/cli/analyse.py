"""`aspsfusion analyse`."""

import argparse
import time

from aspsfusion.cli import options
from aspsfusion.cli.report import OUTPUTS
from aspsfusion.config import PLATFORMS, CallParameters, ClassifyParameters

EXAMPLE = """example:
  aspsfusion analyse --panel results/panel --sample sample --reads sample.candidates.fastq.gz \\
      --screen sample.screen.json --output results/sample

The same as 'aspsfusion align', 'evidence', 'call', 'tag' and 'report' in a row, with the same files.
"""

FURTHER = {
    name.replace("_", "-"): OUTPUTS[name][0] for name in ("pdf", "arriba", "star_fusion", "fhir", "vicc")
}
"""What `--also` can name, with the end of the file's name."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    options.add_panel(parser)
    options.add_sample(parser, "sample name")
    options.add_path(
        parser, "--reads", "FASTQ", "candidates written by 'aspsfusion screen' or 'aspsfusion extract'"
    )
    options.add_path(parser, "--screen", "JSON", "written by the same")
    options.add_library(parser)
    options.add_umi(parser)
    options.add_primers(parser)
    options.add_platform(parser, PLATFORMS)
    options.add_path(
        parser,
        "--output",
        "DIR",
        "directory for the files of the sample; the name of each begins with the sample's",
    )
    text = f"further files to write: {', '.join(sorted(FURTHER))}; described at 'aspsfusion report'"
    options.add_list(parser, "--also", "FILE", text, choices=sorted(FURTHER))
    options.add_flag(
        parser,
        "--record",
        "write the sample's own record (SAMPLE.record.json) and no report: the samples of its batch are to "
        "be compared first",
    )
    options.add_number(
        parser, "--threads", 1, "processes that share the work on a large sample; results do not depend on it"
    )
    options.add_force(parser)
    options.add_parameters(parser, CallParameters, ClassifyParameters)


def run(args: argparse.Namespace) -> None:
    """Analyse a sample."""
    from aspsfusion.errors import STAGE_MARK
    from aspsfusion.pipeline import SampleFiles, SampleInput, Thresholds, Watcher, run_analyse

    thresholds = Thresholds(*options.thresholds_from(args))
    also = [FURTHER[name] for name in args.also]
    files = SampleFiles(args.output, args.sample, also, record_only=args.record, force=args.force)
    options.refuse_existing(files.main_files(), force=args.force)
    given = SampleInput(
        args.panel,
        args.reads,
        args.screen,
        args.library,
        args.tumour_fraction,
        options.baseline_from(args),
        options.structures_from(args),
        args.primers,
        args.platform,
    )
    started = time.monotonic()

    def say(stage: str) -> None:
        # The time tells in a log what each stage took.
        print(f"{STAGE_MARK}{stage} after {time.monotonic() - started:.1f} s", flush=True)

    with options.ProgressLine("fragments") as line:
        watcher = Watcher(say, line.update)
        report = run_analyse(given, files, thresholds, threads=args.threads, watcher=watcher)
    print(f"{report.sample_id}: {report.verdict.call}")
