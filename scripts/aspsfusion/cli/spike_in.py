"""Runs `spike-in`: proficiency samples out of a laboratory's own negative reads."""

import argparse

from aspsfusion.cli import options
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.errors import ParameterError

EXAMPLE = """\
example:
  aspsfusion spike-in --panel results/panel --fusion FIVE:7::THREE:6 --shares 0.02 0.05 0.1 \\
      --library capture N1_R1.fastq.gz N1_R2.fastq.gz --output made_samples

Reads across the junction, with the lengths, qualities and errors of the sample's own, are appended to the
reads of a negative sample. Writes for each share reads and report, and spike_in.tsv and README.md.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add its arguments."""
    options.add_panel(parser)
    options.add_path(parser, "fastq_1", "R1", "FASTQ of a negative sample, plain or gzip")
    options.add_path(parser, "fastq_2", "R2", "FASTQ with the second mates", nargs="?")
    parser.add_argument(
        "--fusion", required=True, metavar="SPEC", help="fusion, as 'aspsfusion simulate' takes it"
    )
    text = "shares of the fragments across the start of the 3' part, above 0 and below 1"
    options.add_list(parser, "--shares", "S", text, type=float)
    text = "numbers of fragments with a read across the junction"
    options.add_list(parser, "--fragments", "N", text, type=int)
    options.add_path(parser, "--output", "DIR", "directory to write, which must be new or empty")
    options.add_number(parser, "--seed", 1, "seed")
    parser.add_argument(
        "--library",
        choices=["polyA", "total", "capture"],
        help="how the library was made, if known; fragments that end at primers cannot be made here, see "
        "'aspsfusion simulate --assay'",
    )
    options.add_umi(parser)
    options.add_parameters(parser, CallParameters, ClassifyParameters)


def run(args: argparse.Namespace) -> None:
    """Make and analyse the samples."""
    from aspsfusion.io.temporary import scratch_directory
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.validation.run import Chain
    from aspsfusion.validation.spike_in import SpikeIn, run_spike_in

    if not args.shares and not args.fragments:
        raise ParameterError("nothing to make", remedy="give --shares or --fragments")
    if not all(0 < share < 1 for share in args.shares) or not all(number > 0 for number in args.fragments):
        raise ParameterError(
            "a share is not above 0 and below 1, or a number of fragments not above 0",
            remedy="correct --shares or --fragments",
        )
    if args.seed < 0:
        raise ParameterError(f"--seed {args.seed} is out of range", remedy="give 0 or more")
    asked = SpikeIn(
        Lane(args.fastq_1, args.fastq_2),
        args.fusion,
        tuple(dict.fromkeys(args.shares)),
        tuple(dict.fromkeys(args.fragments)),
        args.library,
        options.structures_from(args),
        args.seed,
    )
    with scratch_directory() as scratch, options.ProgressLine("samples") as line:
        rows = run_spike_in(
            Chain(args.panel, scratch, *options.thresholds_from(args)),
            scratch,
            asked,
            args.output,
            line.update,
        )
    for row in rows:
        found = f", {row.fragments} fragments found" if row.fragments else ""
        print(
            f"{row.sample}: {row.verdict} ({row.made_crossing} made with a read across the junction{found})"
        )
    print(f"the reads are MADE: see {args.output / 'README.md'}")
