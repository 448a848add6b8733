"""Runs `samplesheet`: a sample sheet from the names of files."""

import argparse

from aspsfusion.batch.samples import CONTROLS, LIBRARIES
from aspsfusion.cli import options

EXAMPLE = """examples:
  aspsfusion samplesheet /data/run_240117/fastq --output my_samples.tsv
  aspsfusion samplesheet /data/run_240117/fastq --output my_samples.tsv --library capture \\
      --umi 8M+T +T --control 'NTC*=ntc' --control K562=negative
  aspsfusion samplesheet /data/run_240124/fastq --output my_samples.tsv --append

Columns that are left empty can be filled in by hand. --append keeps all rows that are there.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    options.add_path(parser, "directory", "DIR", "directory with the reads")
    options.add_path(parser, "--output", "TSV", "sample sheet to write")
    options.add_flag(parser, "--recursive", "look into directories inside the directory as well")
    options.add_flag(parser, "--append", "add the samples that an existing sheet lacks, and keep its rows")
    parser.add_argument("--library", choices=LIBRARIES, default="", help="how the libraries were made")
    text = f"sample that is a control, {', '.join(CONTROLS)}; '*' stands for any part of its name; may be "
    text += "given several times"
    options.add_repeated(parser, "--control", "SAMPLE=KIND", text, type=_control)
    options.add_umi(parser)
    options.add_force(parser)


def _control(text: str) -> tuple[str, str]:
    name, _, kind = text.rpartition("=")
    if not name or kind not in CONTROLS:
        raise argparse.ArgumentTypeError(f"'{text}' is not SAMPLE=KIND with one of {', '.join(CONTROLS)}")
    return name, kind


def run(args: argparse.Namespace) -> None:
    """Write the sheet and say what was left out."""
    from aspsfusion.batch.samplesheet import run_samplesheet
    from aspsfusion.report.words import plural

    options.refuse_existing(
        [args.output], force=args.force or args.append, other="--append to add new samples to it or "
    )
    options.structures_from(args)
    sheet = run_samplesheet(
        args.directory,
        args.output,
        recursive=args.recursive,
        append=args.append,
        force=args.force,
        filled={"library": args.library, "umi": " ".join(" ".join(args.umi).split())},
        controls=args.control,
    )
    for path, reason in sheet.skipped:
        print(f"left out {path}: {reason}")
    samples = plural(len({row.sample_id for row in sheet.rows}), "sample")
    done = "added" if args.append else "wrote"
    print(f"{done} {samples} in {plural(len(sheet.rows), 'row')} to {args.output}")
