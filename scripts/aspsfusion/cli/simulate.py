"""Runs `simulate` and `demo`: reads of known truth, and the workflow on such reads."""

import argparse
import sys
from dataclasses import fields
from pathlib import Path
from typing import get_args

from aspsfusion.cli import options
from aspsfusion.errors import AspsfusionError, ParameterError

SIMULATE_DESCRIPTION = """\
Simulate sequencing of the transcripts of a built panel and of fusions between them. Writes
PREFIX_R1.fastq.gz and PREFIX_R2.fastq.gz (PREFIX.fastq.gz with --single-end) and PREFIX.truth.tsv.

A fusion is stated as GENE1:POINT::GENE2:POINT, 5' gene first; numbers refer to the primary transcripts:
  GENE1:7::GENE2:6          end of exon 7 joined to the start of exon 6
  GENE1:c.900::GENE2:c.800  c. positions of the last and the first joined base
  GENE1:7+120::GENE2:6-300  120 nt of the intron after exon 7 and 300 nt of the one before exon 6 retained
  GENE1:7::ACGT::GENE2:6    bases of neither gene between the two
  GENE1:7::GENE2:6@-2:1>T   a variant beside the junction: from base -2 on (-1 is the last of GENE1, 0 the
                            first of GENE2) 1 base is lost and T takes its place
  GENE1:7::?:300            300 random bases of a gene that is not on the panel, or first: ?:300::GENE2:6
followed by =N for N fragments along the whole fusion transcript (default 100), =nN for N fragments near the
junction (--window), or =xN for N fragments of which each has a read across the junction.

With --assay the fragments end at gene-specific primers, whatever place is asked for: anchored ones reach
from a primer to a random end, where read 1 begins; amplicons from a primer to one that faces it. A primer is
stated as GENE:EXON+Nup or GENE:EXON-Ndown: it begins N bases after or before the start of an exon of the
primary transcript and extends upstream or downstream. It works on each molecule that holds its sequence; a
molecule without one gives no reads. PREFIX.primers.fa has the sequences, for `analyse --primers`.
"""
SIMULATE_EXAMPLE = """\
example:
  aspsfusion simulate --panel results/panel --output type1 --fusion GENE1:7::GENE2:6=x20 \\
      --fragments 200 --coverage GENE2=1000 --background 5000 --seed 7
"""
DEMO_EXAMPLE = """\
example:
  aspsfusion demo --output demo
"""

COUNTS = (
    (
        *("coverage", "coverage", "GENE=N"),
        "fragments of the primary transcript of one gene instead of --fragments",
    ),
    ("transcript", "transcripts", "GENE|NAME=N", "fragments of one transcript; quote the bar in a shell"),
    ("unspliced", "unspliced", "GENE=N", "fragments of the unspliced sequence of a target gene"),
    ("near", "near", "GENE:EXON=N", "fragments around the start of an exon (--window), added to the others"),
)
"""Options that give numbers by name: option, field of `SimulationParameters`, value and help."""

NUMBERS = (
    ("read_length", "bases of each read"),
    ("insert_mean", "mean fragment length, nt"),
    ("insert_sd", "standard deviation of the fragment length, nt"),
    ("insert_min", "shortest fragment, nt; reads run into the adapter after short ones"),
    ("three_prime_decay", "nt over which coverage falls by e from the 3' end on; 0: never"),
    ("error_rate", "probability of a substitution for each base"),
    ("deamination_rate", "probability of C>T for each cytosine of one strand"),
    ("umi_length", "bases of the unique molecular identifier in the read name; 0 for none"),
    ("window", "bases on either side of an exon's start (--near) or a junction (=nN)"),
    ("duplicate_rate", "share of fragments that are written a second time, as PCR duplicates"),
    ("anchor_five_prime", "bases of the 5' gene that a read across the junction has (=xN)"),
    ("anchor_three_prime", "bases of the 3' gene that a read across the junction has (=xN)"),
)
"""Options of the library and the reads by their fields of `SimulationParameters`, with the help."""


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    from aspsfusion.simulate.records import Assay, SimulationParameters

    parser.description = SIMULATE_DESCRIPTION
    options.add_panel(parser)
    options.add_path(parser, "--output", "PREFIX", "path that the files' names begin with")
    options.add_flag(parser, "--force", "replace files that exist")
    options.add_number(parser, "--seed", 1, "seed of everything random")

    group = parser.add_argument_group("molecules")
    text = "fusion, see above; may be given several times"
    options.add_repeated(group, "--fusion", "SPEC", text, dest="fusions")
    options.add_number(group, "--fragments", 0, "fragments of the primary transcript of every gene")
    for option, field, metavar, text in COUNTS:
        text += "; may be given several times"
        options.add_repeated(group, f"--{option}", metavar, text, dest=field, type=_count)
    options.add_number(group, "--background", 0, "fragments of random sequence that is not of the panel")

    group = parser.add_argument_group("library and reads")
    defaults = SimulationParameters()
    group.add_argument(
        "--assay",
        choices=get_args(Assay),
        default=defaults.assay,
        help="what decides where fragments end: chance, one primer or two (default: %(default)s)",
    )
    text = "gene-specific primer, see above; may be given several times"
    options.add_repeated(group, "--primer", "PLACE", text, dest="primers")
    for field, text in NUMBERS:
        options.add_number(group, f"--{field.replace('_', '-')}", getattr(defaults, field), text)
    options.add_flag(group, "--single-end", "read one end of each fragment only")
    group.add_argument(
        "--stranded",
        choices=("none", "forward", "reverse"),
        default="none",
        help="strand of read 1: the RNA's (forward), the other (reverse) or either (default: %(default)s)",
    )


def _count(text: str) -> tuple[str, int]:
    name, _, number = text.rpartition("=")
    if not name or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=N with a whole number N")
    return name, int(number)


def _simulate(args: argparse.Namespace) -> None:
    from aspsfusion.panel.panel import load_panel
    from aspsfusion.simulate.records import SimulationParameters
    from aspsfusion.simulate.simulate import write_simulation

    given = {
        field.name: getattr(args, field.name) for field in fields(SimulationParameters) if field.name in args
    }
    given["fusions"], given["primers"] = tuple(args.fusions), tuple(args.primers)
    for option, field, _, _ in COUNTS:
        given[field] = _by_name(f"--{option}", given[field])
    paths = write_simulation(
        load_panel(args.panel), SimulationParameters(**given), args.output, force=args.force
    )
    print(f"wrote {', '.join(str(path) for path in paths)}", file=sys.stderr)


def _by_name(option: str, counts: list[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, number in counts:
        if name in found:
            raise ParameterError(f"{option} {name} is given twice", remedy="give one number for each name")
        found[name] = number
    return found


def _add_demo(parser: argparse.ArgumentParser) -> None:
    text = "directory to write; an earlier demonstration in it is replaced (default: %(default)s)"
    options.add_path(parser, "--output", "DIR", text, default=Path("demo"))
    options.add_number(parser, "--cores", 2, "processes at a time")


def _demo(args: argparse.Namespace) -> None:
    from aspsfusion.simulate.demo import run_demo, table

    if args.cores < 1:
        raise ParameterError(f"--cores {args.cores} is out of range", remedy="give 1 or more")
    outcomes = run_demo(args.output, args.cores, lambda text: print(text, file=sys.stderr, flush=True))
    print(table(outcomes))
    disagreeing = sum(not outcome.agree for outcome in outcomes)
    if disagreeing:
        raise AspsfusionError(
            f"{disagreeing} of {len(outcomes)} samples did not get the verdict expected",
            remedy=f"see {args.output / 'snakemake.log'} and {args.output / 'results' / 'summary.html'}",
        )
    print(f"{len(outcomes)} of {len(outcomes)} verdicts agree; reports are in {args.output / 'results'}")


COMMANDS = {
    "simulate": options.Command(_add_simulate, _simulate, SIMULATE_EXAMPLE),
    "demo": options.Command(_add_demo, _demo, DEMO_EXAMPLE),
}
