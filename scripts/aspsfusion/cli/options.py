"""Holds what the commands share: how one is declared, options, thresholds, the progress line."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TextIO, TypeVar

from aspsfusion.errors import ParameterError, printable
from aspsfusion.io.plain_text import stream_below
from aspsfusion.io.shipped import PANEL, ROOT

if TYPE_CHECKING:  # many commands have no thresholds and need not wait for pydantic
    from pydantic import BaseModel

    from aspsfusion.align.structures import ReadStructures
    from aspsfusion.config import CallParameters, ClassifyParameters
    from aspsfusion.report.models import Imbalance

Parameters = TypeVar("Parameters", bound="BaseModel")

TERMINAL_INTERVAL = 0.5
LOG_INTERVAL = 60.0
"""Seconds between two lines of progress: a terminal's line is written over, a log keeps every one."""


class Command(NamedTuple):
    """A command: a function that adds its arguments, one that runs it, and an example for its help.

    The one that runs it may return an exit status other than 0.
    """

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int | None]
    example: str


def add_part(
    parts: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    text: str,
    run: Callable[[argparse.Namespace], int | None],
    example: str | None = None,
) -> argparse.ArgumentParser:
    """Add a part of a command, for example `build` of `panel`; `run_part` runs the one asked for."""
    part = parts.add_parser(
        name,
        help=text,
        description=text,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    part.set_defaults(part=run)
    # Suppressed, since a default would undo what was given before the part's name.
    add_debug(part, default=argparse.SUPPRESS)
    return part


def add_debug(parser: argparse.ArgumentParser, default: object = False) -> None:
    """Add `--debug`."""
    parser.add_argument(
        "--debug",
        action="store_true",
        default=default,
        help="show the traceback of an error (default: one line)",
    )


def run_part(args: argparse.Namespace) -> int | None:
    """Run the part of a command that was asked for, and return its exit status."""
    status: int | None = args.part(args)
    return status


def add_path(
    parser: "argparse._ActionsContainer", name: str, metavar: str, text: str, **settings: Any
) -> None:
    """Add an argument for a file or directory; an option must be given unless the settings say otherwise."""
    needed = {"required": "default" not in settings} if name.startswith("--") else {}
    parser.add_argument(name, type=Path, metavar=metavar, help=text, **(needed | settings))


def add_number(
    parser: "argparse._ActionsContainer", option: str, default: float, text: str, metavar: str = "N"
) -> None:
    """Add an option for a number of the type of its default, which the help names."""
    help_text = f"{text} (default: %(default)s)"
    parser.add_argument(option, type=type(default), default=default, metavar=metavar, help=help_text)


def add_list(
    parser: "argparse._ActionsContainer", option: str, metavar: str, text: str, **settings: Any
) -> None:
    """Add an option for several values, none by default, unless the settings say otherwise."""
    parser.add_argument(option, metavar=metavar, help=text, **({"nargs": "+", "default": []} | settings))


def add_repeated(
    parser: "argparse._ActionsContainer", option: str, metavar: str, text: str, **settings: Any
) -> None:
    """Add an option that may be given several times."""
    parser.add_argument(option, action="append", default=[], metavar=metavar, help=text, **settings)


def add_flag(parser: "argparse._ActionsContainer", option: str, text: str) -> None:
    """Add an option without a value."""
    parser.add_argument(option, action="store_true", help=text)


def add_panel(parser: argparse.ArgumentParser) -> None:
    """Add `--panel DIR`."""
    add_path(parser, "--panel", "DIR", "directory written by 'aspsfusion panel build'")


def add_panel_yaml(parser: argparse.ArgumentParser) -> None:
    """Add `--panel YAML`."""
    text = f"panel YAML (default: the shipped one, {Path(PANEL).stem})"
    add_path(parser, "--panel", "YAML", text, default=ROOT / PANEL)


def add_sample(parser: argparse.ArgumentParser, help_text: str, *, required: bool = True) -> None:
    """Add `--sample NAME`."""
    parser.add_argument("--sample", type=_sample_name, required=required, metavar="NAME", help=help_text)


def _sample_name(text: str) -> str:
    """Return a name that files and the header of a BAM file can have."""
    if not text.isprintable() or not text.strip() or "/" in text:
        raise argparse.ArgumentTypeError(
            f"'{printable(text)}' is no sample name: empty, or with '/' or a character that cannot be printed"
        )
    return text


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add `--force`."""
    add_flag(parser, "--force", "replace output files that exist already")


def add_library(parser: argparse.ArgumentParser) -> None:
    """Add `--library`, `--tumour-fraction` and `--baseline`: what is known of a sample besides its reads."""
    parser.add_argument(
        "--library",
        choices=["polyA", "total", "capture", "amplicon", "anchored"],
        help="how the library was made, if known; polyA and total must show the control genes",
    )
    parser.add_argument(
        "--tumour-fraction",
        type=_share,
        metavar="F",
        help="share of tumour cells by the pathologist's count, above 0 and up to 1; half of it bounds the "
        "share down to which the fusion can be excluded",
    )
    add_path(
        parser,
        "--baseline",
        "JSON",
        "reports of negative samples of the same kind of library, against which the coverage of the 3' gene "
        "upstream and downstream of the breakpoints is tested; five or more are used",
        nargs="+",
        default=[],
    )


def add_umi(parser: argparse.ArgumentParser) -> None:
    """Add `--umi`: what the reads consist of."""
    add_list(
        parser,
        "--umi",
        "STRUCTURE",
        "structure of each read in fgbio's notation where reads begin with a UMI or a linker, such as "
        "'8M13S+T +T': M UMI, S skipped, T template, + the rest; its UMI counts before one in names and tags",
    )


def add_primers(parser: argparse.ArgumentParser) -> None:
    """Add `--primers`: the gene-specific primers of the library."""
    add_path(
        parser,
        "--primers",
        "FASTA",
        "gene-specific primers of an amplicon or anchored library, 5' to 3', placed on the panel by their 3' "
        "ends: what begins at them informs, and their ends distinguish no molecules",
        required=False,
    )


def add_platform(parser: argparse.ArgumentParser, choices: tuple[str, ...]) -> None:
    """Add `--platform`: what the reads were sequenced on."""
    parser.add_argument(
        "--platform",
        choices=choices,
        help="what the reads were sequenced on; long reads (ont, pacbio) need the extra 'long' "
        f"(default: {choices[0]})",
    )


def structures_from(args: argparse.Namespace) -> "ReadStructures":
    """Return the read structures of `--umi`; raises ParameterError where one cannot be used."""
    from aspsfusion.align.structures import FORMS, StructureError, read_structures

    try:
        # Quoted as one argument, they are as good as in several.
        return read_structures(" ".join(args.umi).split())
    except StructureError as error:
        raise ParameterError(f"--umi: {error}", remedy=FORMS) from error


def _share(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0 and up to 1")
    return number


def baseline_from(args: argparse.Namespace) -> "list[Imbalance]":
    """Return the imbalance of the samples of `--baseline`; raises where one is not negative."""
    from aspsfusion.interpret.agreement import read_judged

    found = []
    for path in args.baseline:
        report = read_judged(path)
        if report.verdict.call == "CONFIRMED":
            raise ParameterError(
                f"is the report of a sample with {report.verdict.target}",
                path=path,
                remedy="give reports of negative samples as a baseline",
            )
        found.append(report.imbalance)
    return found


def refuse_existing(paths: Iterable[Path | None], *, force: bool, other: str = "") -> None:
    """Stop before any work when an output exists and may not be replaced; the error names the first one.

    `other` is a further remedy.
    """
    for path in paths:
        if path is not None and path.exists() and not force:
            raise ParameterError(
                "exists already", path=path, remedy=f"name another file, or give {other}--force to replace it"
            )


def add_parameters(parser: argparse.ArgumentParser, *models: "type[BaseModel]") -> None:
    """Add one option for each field of the parameter models, with its default and its reason as help."""
    for model in models:
        section = model.__name__.removesuffix("Parameters").lower()
        group = parser.add_argument_group(f"thresholds of '{section}'", (model.__doc__ or "").strip())
        for name, field in model.model_fields.items():
            description = (field.description or "").replace("%", "%%")
            group.add_argument(
                f"--{name.replace('_', '-')}",
                type=int if field.annotation is int else float,
                default=field.default,
                metavar="N",
                help=f"{description} (default: {field.default})",
            )


def thresholds_from(args: argparse.Namespace) -> "tuple[CallParameters, ClassifyParameters]":
    """Return the thresholds of the evidence and those of the verdict."""
    from aspsfusion.config import CallParameters, ClassifyParameters

    return parameters_from(args, CallParameters), parameters_from(args, ClassifyParameters)


def parameters_from(args: argparse.Namespace, model: type[Parameters]) -> Parameters:
    """Return the parameter model filled from parsed options; raises where a value is out of range."""
    from pydantic import ValidationError

    try:
        return model(**{name: getattr(args, name) for name in model.model_fields})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise ParameterError(
            f"--{option} {first['input']}: {first['msg'].lower()}", remedy="see --help for the range"
        ) from error


class ProgressLine:
    """A line with counts and their rate on standard error.

    On a terminal the line is renewed in place; in a log a new one is written each minute.
    """

    def __init__(self, unit: str, stream: TextIO | None = None) -> None:
        self._unit = unit
        # Its own steering characters have to come through.
        self._stream = stream or stream_below(sys.stderr)
        self._terminal = self._stream.isatty()
        self._started = self._last = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._terminal:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def update(
        self, count: int, note: str = "", *, read: int | None = None, total: int | None = None
    ) -> None:
        """Show a count, and the time left, if the last line is old enough; see `Progress`."""
        now = time.monotonic()
        if now - self._last < (TERMINAL_INTERVAL if self._terminal else LOG_INTERVAL):
            return
        self._last = now
        elapsed = max(now - self._started, 1e-9)
        text = f"{count:,} {self._unit} ({count / elapsed:,.0f} a second){printable(note)}"
        if read is not None:
            text += f", {read / elapsed / 1e6:,.1f} MB/s"
            if read and total is not None:
                text += f", {_clock(elapsed * max(0, total - read) / read)} left"
        self._stream.write(f"\r\x1b[K{text}" if self._terminal else f"{text}\n")
        self._stream.flush()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
