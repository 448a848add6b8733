"""The command line: parses arguments, runs a stage and turns its errors into one line and an exit status.

Exit status 0 is success, 1 an error that the user can mend (one line on standard error), 2 wrong usage.
With `--debug` the traceback is shown as well.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from aspsfusion.errors import ERROR_MARK, AspsfusionError

COMMANDS = {
    "demo_reference": "write a demonstration reference: a panel's loci with filler instead of the genome",
    "panel": "build the panel directory from a panel YAML and a genome, or fetch the loci that it needs",
    "simulate": "write simulated reads of a panel's transcripts and fusions, with the truth of each fragment",
    "screen": "keep the fragments that share a k-mer with the panel",
    "extract": "keep the fragments of a BAM, CRAM or SAM file that share a k-mer with the panel",
    "samplesheet": "write a sample sheet from a directory of FASTQ, BAM or CRAM files",
    "align": "trim candidate fragments and align them to the panel",
    "evidence": "count what the wild type explains and collect the fragments that it does not",
    "call": "decide between the wild type and every candidate junction",
    "tag": "lay the supporting reads on their junctions, for a genome viewer",
    "report": "give the verdict on a sample and write its report",
    "analyse": "align, evidence, call, tag and report of one sample in one process",
    "summary": "write the table of a batch from its reports, and check its controls and contamination",
    "workflow": "what the rules of the workflow call: attempt a job, compare the samples, check the outcomes",
    "explain": "say why a sample has its verdict, or why one read did or did not count",
    "demo": "run the workflow on simulated samples and compare the verdicts with those expected",
    "validate": "study sensitivity, specificity and limits on simulated samples of known truth",
}
"""What each subcommand does, by the module of this package that holds it, in the order of the data."""


def command_name(module: str) -> str:
    """Return the subcommand's name on the command line."""
    return module.replace("_", "-")


class _CommandParser(argparse.ArgumentParser):
    """Parser of one subcommand, which imports the command's module when the command is asked for.

    A process runs one command: importing those of all others would cost it more time than some stages take.
    """

    module: str | None = None
    """Module of this package with the command; None where the arguments are there from the beginning."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # as argparse has it
        """Add the command's arguments, then parse as any parser does."""
        if self.module is not None:
            command = importlib.import_module(f"{__name__}.{self.module}")
            self.module = None
            self.epilog = getattr(command, "EXAMPLE", None)
            command.add_arguments(self)
            self.add_argument(
                "--debug", action="store_true", help="show the traceback of an error (default: one line)"
            )
            self.set_defaults(run=command.run)
        return super().parse_known_args(args, namespace)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    from aspsfusion import __version__

    parser = argparse.ArgumentParser(
        prog="aspsfusion",
        description="Confirms or excludes a gene fusion from RNA-seq, and says when neither is possible.",
        epilog="Run 'aspsfusion COMMAND --help' for the arguments and an example of each command.",
    )
    parser.add_argument("--version", action="version", version=f"aspsfusion {__version__}")
    subparsers = parser.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_CommandParser
    )
    for module, text in COMMANDS.items():
        subparser = subparsers.add_parser(
            command_name(module),
            help=text,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.module = module
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; those of the process by default.

    Returns:
        The exit status: 0, 1 or what the command returns. Wrong usage leaves by SystemExit with status 2.
    """
    args = build_parser().parse_args(argv)
    try:
        status: int = args.run(args) or 0
    except AspsfusionError as error:
        if args.debug:
            _print_traceback()
        print(f"{ERROR_MARK}{error.sentence()}", file=sys.stderr)
        return 1
    except OSError as error:
        if args.debug:
            _print_traceback()
        place = f"{error.filename}: " if error.filename else ""
        reason = (error.strerror or str(error)).lower()
        print(f"{ERROR_MARK}{place}{reason}; check path, permission and free space", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("aspsfusion: interrupted", file=sys.stderr)
        return 130
    return status


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()
