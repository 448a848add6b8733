"""The command line: parses arguments, runs a stage and turns its errors into one line and an exit status.

Exit status 0 is success, 1 an error that the user can mend (one line on standard error), 2 wrong usage.
With `--debug` the traceback is shown as well.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from types import ModuleType

from aspsfusion.errors import ERROR_MARK, AspsfusionError

COMMANDS = (
    "demo_reference",
    "panel",
    "simulate",
    "screen",
    "extract",
    "samplesheet",
    "align",
    "evidence",
    "call",
    "tag",
    "report",
    "summary",
    "explain",
    "demo",
    "validate",
)
"""Modules of this package, one for each subcommand, in the order of the data."""


def command_name(module: str) -> str:
    """Return the subcommand's name on the command line."""
    return module.replace("_", "-")


def load_command(module: str) -> ModuleType:
    """Import a subcommand's module."""
    return importlib.import_module(f"aspsfusion.cli.{module}")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    from aspsfusion import __version__

    parser = argparse.ArgumentParser(
        prog="aspsfusion",
        description="Confirms or excludes a gene fusion from RNA-seq, and says when neither is possible.",
        epilog="Run 'aspsfusion COMMAND --help' for the arguments and an example of each command.",
    )
    parser.add_argument("--version", action="version", version=f"aspsfusion {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name in COMMANDS:
        module = load_command(name)
        subparser = subparsers.add_parser(
            command_name(name),
            help=module.HELP,
            description=module.HELP,
            epilog=getattr(module, "EXAMPLE", None),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(subparser)
        subparser.add_argument(
            "--debug", action="store_true", help="show the traceback of an error (default: one line)"
        )
        subparser.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program's name; those of the process by default.

    Returns:
        The exit status: 0 or 1. Wrong usage leaves through SystemExit with status 2.
    """
    args = build_parser().parse_args(argv)
    try:
        args.run(args)
    except AspsfusionError as error:
        if args.debug:
            traceback.print_exc()
        print(f"{ERROR_MARK}{error.sentence()}", file=sys.stderr)
        return 1
    except OSError as error:
        if args.debug:
            traceback.print_exc()
        place = f"{error.filename}: " if error.filename else ""
        reason = (error.strerror or str(error)).lower()
        print(f"{ERROR_MARK}{place}{reason}; check path, permission and free space", file=sys.stderr)
        return 1
    except RuntimeError as error:
        # Raised by numba, which can not be asked beforehand, when a kernel is imported.
        if "cannot cache function" not in str(error):
            raise
        if args.debug:
            traceback.print_exc()
        print(
            f"{ERROR_MARK}no directory for compiled code can be written; set the environment variable "
            "NUMBA_CACHE_DIR to one that can",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("aspsfusion: interrupted", file=sys.stderr)
        return 130
    return 0
