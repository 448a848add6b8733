"""`aspsfusion simulate`: reads of wild-type and fusion transcripts with their truth."""

import argparse
import sys
from pathlib import Path

from aspsfusion.cli.options import add_panel

_DESCRIPTION = """\
Simulate sequencing of the transcripts of a built panel and of fusions between them. Writes
PREFIX_R1.fastq.gz and PREFIX_R2.fastq.gz (PREFIX.fastq.gz with --single-end) and PREFIX.truth.tsv.

A fusion is stated as GENE1:POINT::GENE2:POINT, 5' gene first; numbers refer to the primary transcripts:
  GENE1:7::GENE2:6          end of exon 7 joined to the start of exon 6
  GENE1:c.900::GENE2:c.800  c. positions of the last and the first joined base
  GENE1:7+120::GENE2:6-300  120 nt of the intron behind exon 7 and 300 nt of the one before exon 6 retained
followed by =N for N fragments along the whole fusion transcript (default 100), =nN for N fragments near the
junction (--window), or =xN for N fragments of which each has a read across the junction.
"""

EXAMPLE = """\
example:
  aspsfusion simulate --panel results/panel --output type1 --fusion GENE1:7::GENE2:6=x20 \\
      --fragments 200 --coverage GENE2=1000 --background 5000 --seed 7
"""


def _count(text: str) -> tuple[str, int]:
    """Read `NAME=N`."""
    name, _, number = text.rpartition("=")
    if not name or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=N with a whole number N")
    return name, int(number)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = _DESCRIPTION
    add_panel(parser)
    parser.add_argument(
        "--output", type=Path, required=True, metavar="PREFIX", help="path that the files' names begin with"
    )
    parser.add_argument("--force", action="store_true", help="replace files that exist")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of everything random (default: %(default)s)"
    )

    group = parser.add_argument_group("molecules")
    group.add_argument(
        "--fusion",
        action="append",
        default=[],
        metavar="SPEC",
        help="fusion, see above; may be given several times",
    )
    group.add_argument(
        "--fragments",
        type=int,
        default=0,
        metavar="N",
        help="fragments of the primary transcript of every gene (default: %(default)s)",
    )
    for option, name, what in (
        ("--coverage", "GENE=N", "fragments of the primary transcript of one gene instead of --fragments"),
        ("--transcript", "GENE|NAME=N", "fragments of one transcript; quote the bar in a shell"),
        ("--unspliced", "GENE=N", "fragments of the unspliced sequence of a target gene"),
        ("--near", "GENE:EXON=N", "fragments around the start of an exon (--window), added to the others"),
        ("--copy", "GENE=N", "fragments of a diverged copy of a gene, as paralogs and pseudogenes are"),
        ("--repeat", "GENE=N", "fragments that hold a diverged copy of one repeat of a target's introns"),
    ):
        group.add_argument(
            option,
            type=_count,
            action="append",
            default=[],
            metavar=name,
            help=f"{what}; may be given several times",
        )
    group.add_argument(
        "--background",
        type=int,
        default=0,
        metavar="N",
        help="fragments of random sequence that is not of the panel (default: %(default)s)",
    )

    group.add_argument(
        "--other-fusion",
        action="append",
        default=[],
        metavar="SPEC",
        help="fusion in another sample of the run, of which --hopping-rate is read in this one",
    )

    group = parser.add_argument_group("library and reads")
    for option, kind, default, what in (
        ("--read-length", int, 75, "bases of each read"),
        ("--insert-mean", float, 200.0, "mean fragment length, nt"),
        ("--insert-sd", float, 40.0, "standard deviation of the fragment length, nt"),
        ("--insert-min", int, 30, "shortest fragment, nt; reads run into the adapter behind short ones"),
        (
            "--three-prime-decay",
            float,
            0.0,
            "nt over which coverage falls by e from the 3' end on; 0: never",
        ),
        ("--error-rate", float, 0.002, "probability of a substitution for each base"),
        ("--deamination-rate", float, 0.0, "probability of C>T for each cytosine of one strand"),
        ("--umi-length", int, 0, "bases of the unique molecular identifier in the read name; 0 for none"),
        ("--window", int, 400, "bases on either side of an exon's start (--near) or a junction (=nN)"),
        ("--expression-spread", float, 0.0, "standard deviation of ln(expression) by which --fragments vary"),
        ("--copy-identity", float, 0.9, "share of bases that copies and repeats share with the panel"),
        ("--chimera-rate", float, 0.0, "chimeras of template switching for each fragment"),
        ("--chimera-homology", int, 4, "bases that both RNAs of a chimera share where they are joined"),
        ("--hopping-rate", float, 0.001, "share of the fragments of --other-fusion that is read here"),
        (
            "--duplicate-rate",
            float,
            0.0,
            "share of fragments that are written a second time, as PCR duplicates",
        ),
        ("--anchor-five-prime", int, 30, "bases of the 5' gene that a read across the junction has (=xN)"),
        ("--anchor-three-prime", int, 12, "bases of the 3' gene that a read across the junction has (=xN)"),
    ):
        group.add_argument(
            option, type=kind, default=default, metavar="N", help=f"{what} (default: %(default)s)"
        )
    group.add_argument("--single-end", action="store_true", help="read one end of each fragment only")
    group.add_argument(
        "--stranded",
        choices=("none", "forward", "reverse"),
        default="none",
        help="strand of read 1: the RNA's (forward), the other (reverse) or either (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> None:
    """Simulate and write.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: the panel lacks what is asked for, or the output can not be written.
    """
    from aspsfusion.panel.panel import load_panel
    from aspsfusion.simulate.records import SimulationParameters
    from aspsfusion.simulate.simulate import write_simulation

    parameters = SimulationParameters(
        fusions=tuple(args.fusion),
        fragments=args.fragments,
        coverage=_by_name("--coverage", args.coverage),
        transcripts=_by_name("--transcript", args.transcript),
        unspliced=_by_name("--unspliced", args.unspliced),
        background=args.background,
        near=_by_name("--near", args.near),
        window=args.window,
        expression_spread=args.expression_spread,
        copies=_by_name("--copy", args.copy),
        repeats=_by_name("--repeat", args.repeat),
        copy_identity=args.copy_identity,
        chimera_rate=args.chimera_rate,
        chimera_homology=args.chimera_homology,
        other_fusions=tuple(args.other_fusion),
        hopping_rate=args.hopping_rate,
        read_length=args.read_length,
        single_end=args.single_end,
        insert_mean=args.insert_mean,
        insert_sd=args.insert_sd,
        insert_min=args.insert_min,
        three_prime_decay=args.three_prime_decay,
        error_rate=args.error_rate,
        deamination_rate=args.deamination_rate,
        umi_length=args.umi_length,
        duplicate_rate=args.duplicate_rate,
        stranded=args.stranded,
        anchor_five_prime=args.anchor_five_prime,
        anchor_three_prime=args.anchor_three_prime,
        seed=args.seed,
    )
    paths = write_simulation(load_panel(args.panel), parameters, args.output, force=args.force)
    print(f"wrote {', '.join(str(path) for path in paths)}", file=sys.stderr)


def _by_name(option: str, counts: list[tuple[str, int]]) -> dict[str, int]:
    from aspsfusion.errors import ParameterError

    found: dict[str, int] = {}
    for name, number in counts:
        if name in found:
            raise ParameterError(f"{option} {name} is given twice", remedy="give one number for each name")
        found[name] = number
    return found
