"""Parses the command line, runs a command and turns its errors into one line and an exit status.

Exit status 0 is success, 1 an error that the user can correct (one line on standard error), 2 wrong usage.
With `--debug` the traceback is shown as well.

Each command is in one of the modules of this package. A module with one command has `add_arguments`, `run`
and `EXAMPLE`; a module with several has a `Command` of these for each, by its name, in `COMMANDS`.
"""

import argparse
import importlib
import os
import resource
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from aspsfusion.cli.options import Command, add_debug
from aspsfusion.errors import ERROR_MARK, AspsfusionError, TooBigError, sentence_of
from aspsfusion.io.permissions import private_files
from aspsfusion.io.plain_text import plain_output

READER_GONE = 141
"""Exit status as a shell has it of a command whose output nobody reads any more (128 + SIGPIPE)."""

WIDTH, COLUMN = 100, 18
"""Characters of a line of the help, and where the purposes of the commands begin in it."""

COMMANDS = {
    "run": ("run", "run everything on a directory of reads or a sample sheet: verdicts and reports"),
    "demo-reference": (
        "panel",
        "write a demonstration reference: a panel's loci with filler instead of the genome",
    ),
    "panel": (
        "panel",
        "build the panel directory from a panel YAML and a genome, or fetch the loci that it needs",
    ),
    "simulate": (
        "simulate",
        "write simulated reads of a panel's transcripts and fusions, with the truth of each fragment",
    ),
    "spike-in": (
        "spike_in",
        "put simulated fragments of a fusion into a laboratory's own negative reads, at stated shares",
    ),
    "screen": ("screen", "keep the fragments that share a k-mer with the panel"),
    "extract": ("screen", "keep the fragments of a BAM, CRAM or SAM file that share a k-mer with the panel"),
    "samplesheet": ("samplesheet", "write a sample sheet from a directory of FASTQ, BAM or CRAM files"),
    "align": ("stages", "trim candidate fragments and align them to the panel"),
    "evidence": ("stages", "count what the wild type explains and collect the fragments that it does not"),
    "call": ("stages", "decide between the wild type and every candidate junction"),
    "tag": ("stages", "place the supporting reads on their junctions, for a genome viewer"),
    "report": ("report", "give the verdict on a sample and write its report"),
    "analyse": ("analyse", "align, evidence, call, tag and report of one sample in one process"),
    "summary": (
        "summary",
        "write the table of a batch from its reports, and check its controls and contamination",
    ),
    "concordance": (
        "concordance",
        "compare the verdicts of batches with known samples: page and table of a verification",
    ),
    "verify": ("verify", "compare the results of a batch with the checksums that the workflow wrote"),
    "workflow": (
        "workflow",
        "what the rules of the workflow call: attempt a job, compare the samples, check the outcomes",
    ),
    "explain": ("report", "say why a sample has its verdict, or why one read did or did not count"),
    "demo": (
        "simulate",
        "run the workflow on simulated samples and compare the verdicts with those expected",
    ),
    "validate": ("validate", "study sensitivity, specificity and limits on simulated samples of known truth"),
}
"""Module of this package and purpose of each command, in the order of the data."""

GROUPS = {
    "run": ("run", "demo", "samplesheet", "panel"),
    "look": ("summary", "explain", "concordance", "verify"),
    "single stages": ("screen", "extract", "analyse", "align", "evidence", "call", "tag", "report"),
    "development": ("demo-reference", "simulate", "spike-in", "validate", "workflow"),
}
"""Commands by what they are for, as the help lists them."""

WITHOUT_PATIENTS = {"demo-reference", "panel", "simulate", "demo", "validate"}
"""Commands whose files are of no patient and often for all users of a machine: the user's umask decides."""


def load_command(name: str) -> Command:
    """Import a command."""
    module = importlib.import_module(f"{__name__}.{COMMANDS[name][0]}")
    if not hasattr(module, "COMMANDS"):
        return Command(module.add_arguments, module.run, module.EXAMPLE)
    commands: dict[str, Command] = module.COMMANDS
    return commands[name]


class _CommandParser(argparse.ArgumentParser):
    """Parser of one command, which imports the command's module when the command is asked for.

    A process runs one command: importing those of all others would cost it more time than some stages take.
    """

    command: str | None = None
    """Name of the command; None once its arguments are there, and for the parts of a command."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # as argparse has it
        """Add the command's arguments, then parse as any parser does."""
        if self.command is not None:
            name, self.command = self.command, None
            command = load_command(name)
            self.epilog = command.example
            command.add_arguments(self)
            add_debug(self)
            self.set_defaults(run=command.run if name in WITHOUT_PATIENTS else private_files()(command.run))
        return super().parse_known_args(args, namespace)


def _commands_in_groups() -> str:
    """Return the list of commands for the help: argparse knows one group alone."""
    indent = " " * COLUMN
    lines = []
    for title, names in GROUPS.items():
        lines.append(f"{title}:")
        for name in names:
            head = f"  {name}".ljust(COLUMN)
            lines.append(textwrap.fill(f"{head}{COMMANDS[name][1]}", WIDTH, subsequent_indent=indent))
        lines.append("")
    return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    from aspsfusion import __version__

    purpose = "Confirms or excludes a gene fusion from RNA-seq, and says when neither is possible."
    parser = argparse.ArgumentParser(
        prog="aspsfusion",
        usage="%(prog)s [-h] [--version] COMMAND ...",
        description=f"{purpose}\n\n{_commands_in_groups()}",
        epilog="Run 'aspsfusion COMMAND --help' for the arguments and an example of each command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"aspsfusion {__version__}")
    subparsers = parser.add_subparsers(
        prog="aspsfusion",
        metavar="COMMAND",
        required=True,
        parser_class=_CommandParser,
        help=argparse.SUPPRESS,
    )
    for name, (_, text) in COMMANDS.items():
        subparser = subparsers.add_parser(
            name, description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        subparser.command = name
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status; wrong usage leaves through SystemExit with status 2.

    The arguments are those of the process, without its name, unless others are given.
    """
    with plain_output():
        parser = build_parser()
        if not (sys.argv[1:] if argv is None else argv):
            parser.print_help(sys.stderr)
            parser.exit(2)
        args = parser.parse_args(argv)
        try:
            return run_command(args)
        except KeyboardInterrupt:
            print("aspsfusion: interrupted", file=sys.stderr)
            return 130
        except BrokenPipeError:
            # Whoever reads what is printed has seen enough; what Python would flush at its end goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            return READER_GONE
        except Exception as error:
            if args.debug:
                sys.excepthook(type(error), error, error.__traceback__)
            print(f"{ERROR_MARK}{_sentence(error)}", file=sys.stderr)
            return 1


def run_command(args: argparse.Namespace) -> int:
    """Run a command and return its exit status.

    Raises:
        TooBigError: there is not enough memory; names the largest file that it was given.
    """
    try:
        status: int | None = args.run(args)
    except (MemoryError, RecursionError) as error:
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        sizes = {path: path.stat().st_size for path in _paths(vars(args).values()) if path.is_file()}
        largest = max(sizes, key=lambda path: sizes[path], default=None)
        size = f" for a file of {sizes[largest] / 1e6:,.1f} MB" if largest else ""
        what = "depth of nesting" if isinstance(error, RecursionError) else "memory"
        raise TooBigError(
            f"not enough {what}{size} ({used:,.0f} MB were used{f': {error}' if str(error) else ''})",
            path=largest,
            remedy="give it more memory, or look whether it is the file that was meant",
        ) from error
    return status or 0


def _paths(values: Iterable[object]) -> Iterator[Path]:
    for value in values:
        if isinstance(value, Path):
            yield value
        elif isinstance(value, list):
            yield from _paths(value)


def _sentence(error: Exception) -> str:
    if isinstance(error, AspsfusionError | OSError):
        return sentence_of(error)
    return AspsfusionError(
        f"stopped at a case that the program does not know ({type(error).__name__}: {error})",
        remedy="run again with --debug and report what it says",
    ).sentence()
