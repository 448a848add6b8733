"""Runs `run`: the workflow on a directory of reads or a sample sheet, from any directory."""

import argparse
import os
from pathlib import Path

from aspsfusion.cli import options
from aspsfusion.errors import ParameterError

EXAMPLE = """\
examples:
  aspsfusion run --reads /data/run_240117/fastq --genome GRCh38.fa.gz --output results --cores 8
  aspsfusion run --samples my_samples.tsv --fetch ucsc --output results \\
      --config 'classify={min_fragments: 4}' compatible_tables=true
  aspsfusion run --samples my_samples.tsv --genome GRCh38.fa.gz --output results \\
      --profile slurm -- --dry-run

The configuration of the run is written to OUTPUT/config.yaml: 'snakemake --configfile' with it in a clone of
the repository does the same. Give the same command again to go on where a run ended, or to add samples;
without a value of --config that was given before, it says so and stops.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    reads = parser.add_mutually_exclusive_group(required=True)
    options.add_path(
        reads,
        "--reads",
        "DIR",
        "directory of FASTQ, BAM or CRAM files whose names say which sample they are of; OUTPUT/samples.tsv "
        "is the sheet made of them, which keeps what is entered in it by hand",
        required=False,
    )
    options.add_path(reads, "--samples", "TSV", "sample sheet", required=False)
    source = parser.add_mutually_exclusive_group(required=True)
    text = "GRCh38, plain, gzip or bgzip; or loci of samtools faidx"
    options.add_path(source, "--genome", "FASTA", text, required=False)
    source.add_argument(
        "--fetch", metavar="SOURCE", help="download the panel's loci instead: ucsc, ensembl or ucsc=URL"
    )
    text = "panel that is built already, which is only read"
    options.add_path(source, "--panel-dir", "DIR", text, required=False)
    options.add_path(parser, "--output", "DIR", "directory that everything is written to")
    parser.add_argument(
        "--cores",
        type=int,
        metavar="N",
        help="processors to use at a time (default: all; with --profile what it says)",
    )
    parser.add_argument(
        "--profile",
        metavar="NAME|PATH",
        help="profile of the workflow by its name, such as slurm, or a directory with one of your own",
    )
    text = "further keys of the configuration, with values in YAML"
    options.add_list(parser, "--config", "KEY=VALUE", text, action="extend")
    options.add_flag(parser, "--recursive", "with --reads: look into directories inside DIR as well")
    parser.add_argument("arguments", nargs="*", metavar="-- ARGUMENT", help="passed on to Snakemake")


def run(args: argparse.Namespace) -> int:
    """Prove what is given, write sheet and configuration, and run the workflow."""
    from aspsfusion.batch import start
    from aspsfusion.batch.samples import read_samples
    from aspsfusion.batch.samplesheet import run_samplesheet

    profile, cores = args.profile or start.DEFAULT_PROFILE, args.cores
    start.profile_directory(profile)
    if cores is None and args.profile in (None, start.DEFAULT_PROFILE):
        cores = len(os.sched_getaffinity(0))
    if cores is not None and cores < 1:
        raise ParameterError(f"--cores {cores} is out of range", remedy="give 1 or more")
    if args.arguments and not args.arguments[0].startswith("-"):
        raise ParameterError(
            f"{args.arguments[0]} belongs to no option",
            remedy="arguments of Snakemake come after --, options first",
        )
    if not os.access(Path.cwd(), os.W_OK):
        raise ParameterError(
            "cannot be written to, and Snakemake keeps its notes where it runs",
            path=Path.cwd(),
            remedy="run the command in a directory of your own",
        )
    if args.genome and not args.genome.is_file():
        raise ParameterError("is no file", path=args.genome, remedy="give a FASTA of GRCh38 with --genome")
    given = {
        "samples": _absolute(args.samples or args.output / start.SHEET),
        "outdir": _absolute(args.output),
        **({"genome_fasta": _absolute(args.genome)} if args.genome else {}),
        **({"genome_fetch": args.fetch} if args.fetch else {}),
        **({"panel_dir": _absolute(args.panel_dir)} if args.panel_dir else {}),
    }
    config = start.configuration(given, args.config)
    start.require_former_values(config, args.output / start.CONFIG)
    if args.reads:
        args.output.mkdir(parents=True, exist_ok=True)
        sheet = run_samplesheet(args.reads, args.output / start.SHEET, recursive=args.recursive, append=True)
        for path, reason in sheet.skipped:
            print(f"left out {path}: {reason}")
    read_samples(given["samples"])
    args.output.mkdir(parents=True, exist_ok=True)
    start.write_configuration(config, args.output / start.CONFIG)
    words = [*(["--cores", str(cores)] if cores else []), *args.arguments]
    return start.run_workflow(args.output / start.CONFIG, words, profile=profile)


def _absolute(path: Path) -> str:
    # Links are left as they are: what they lead to may be exchanged on purpose.
    return os.path.abspath(path)  # noqa: PTH100
