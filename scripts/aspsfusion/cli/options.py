"""Options that several subcommands share."""

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aspsfusion.errors import ParameterError

if TYPE_CHECKING:  # many commands have no thresholds and need not wait for pydantic
    from pydantic import BaseModel

    from aspsfusion.report.models import Imbalance

Parameters = TypeVar("Parameters", bound="BaseModel")


def add_panel(parser: argparse.ArgumentParser) -> None:
    """Add `--panel DIR`."""
    parser.add_argument(
        "--panel",
        type=Path,
        required=True,
        metavar="DIR",
        help="directory written by 'aspsfusion panel build'",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """Add `--force`."""
    parser.add_argument("--force", action="store_true", help="replace output files that exist already")


def add_library(parser: argparse.ArgumentParser) -> None:
    """Add `--library KIND` and `--baseline JSON...`: what is known of the library besides its reads."""
    parser.add_argument(
        "--library",
        choices=["polyA", "total", "capture", "amplicon"],
        help="how the library was made, if known; polyA and total must show the control genes",
    )
    parser.add_argument(
        "--baseline",
        type=Path,
        nargs="+",
        default=[],
        metavar="JSON",
        help="reports of negative samples of the same kind of library, against which the coverage of the 3' "
        "gene before and behind the breakpoints is tested; five or more are used",
    )


def baseline_from(args: argparse.Namespace) -> "list[Imbalance]":
    """Return the imbalance of the negative samples of `--baseline`.

    Raises:
        AspsfusionError: a report can not be read, or is not of a negative sample.
    """
    from aspsfusion.report.json_tsv import read_report

    found = []
    for path in args.baseline:
        report = read_report(path)
        if report.verdict.call == "CONFIRMED":
            raise ParameterError(
                f"is the report of a sample with {report.verdict.target}",
                path=path,
                remedy="give reports of negative samples as a baseline",
            )
        found.append(report.imbalance)
    return found


def refuse_existing(paths: Iterable[Path | None], *, force: bool) -> None:
    """Stop before any work when an output exists and may not be replaced.

    Raises:
        ParameterError: names the first such file.
    """
    for path in paths:
        if path is not None and path.exists() and not force:
            raise ParameterError(
                "exists already", path=path, remedy="name another file, or give --force to replace it"
            )


def add_parameters(parser: argparse.ArgumentParser, model: "type[BaseModel]") -> None:
    """Add one option for each field of a parameter model, with its default and its reason as help."""
    group = parser.add_argument_group("thresholds", (model.__doc__ or "").strip())
    for name, field in model.model_fields.items():
        description = (field.description or "").replace("%", "%%")
        group.add_argument(
            f"--{name.replace('_', '-')}",
            type=int if field.annotation is int else float,
            default=field.default,
            metavar="N",
            help=f"{description} (default: {field.default})",
        )


def parameters_from(args: argparse.Namespace, model: type[Parameters]) -> Parameters:
    """Return the parameter model filled from parsed options.

    Raises:
        ParameterError: a value lies outside its range.
    """
    from pydantic import ValidationError

    try:
        return model(**{name: getattr(args, name) for name in model.model_fields})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = str(first["loc"][0]).replace("_", "-")
        raise ParameterError(
            f"--{option} {first['input']}: {first['msg'].lower()}", remedy="see --help for the range"
        ) from error
