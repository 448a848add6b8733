"""`aspsfusion demo-reference`: a reference to try the program on where no genome is at hand."""

import argparse
import sys
from pathlib import Path

_DESCRIPTION = """\
Write a demonstration reference: the loci of a panel with true coordinates, exon lengths, splice sites, open
reading frames and published junction sequences, and seeded random bases elsewhere. Build a panel from it to
try the program offline. It is not a genome: reports made on it are not for diagnosis, and say so.
"""

EXAMPLE = """\
example:
  aspsfusion demo-reference --panel resources/panels/aspscr1_tfe3.yaml --output demo.fa.gz
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.description = _DESCRIPTION
    parser.add_argument("--panel", type=Path, required=True, metavar="YAML", help="panel whose loci to write")
    parser.add_argument(
        "--output", type=Path, required=True, metavar="FASTA.gz", help="FASTA to write, compressed with bgzip"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the filler (default: %(default)s)"
    )
    parser.add_argument("--force", action="store_true", help="replace the output if it exists")


def run(args: argparse.Namespace) -> None:
    """Write the reference.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: the panel is wrong or the output can not be written.
    """
    from aspsfusion.panel.panel_yaml import load_panel_spec
    from aspsfusion.simulate.demo_reference import demonstration_reference, write_demonstration_reference

    reference = demonstration_reference(load_panel_spec(args.panel), args.seed, args.panel)
    write_demonstration_reference(reference, args.output, force=args.force)
    bases = sum(locus.end - locus.start for locus in reference.loci)
    print(f"wrote {args.output}: {len(reference.loci)} loci, {bases / 1e6:.2f} Mb", file=sys.stderr)
    for compromise in reference.compromises:
        print(f"note: {compromise}; a primary transcript stands against it", file=sys.stderr)
