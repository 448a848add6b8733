"""Runs `validate`: the parts of the validation study, as `workflow/validation.smk` runs them."""

import argparse
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from aspsfusion.cli.options import (
    ProgressLine,
    add_force,
    add_panel,
    add_parameters,
    add_part,
    add_path,
    parameters_from,
    run_part,
)
from aspsfusion.config import CallParameters, ClassifyParameters
from aspsfusion.errors import ParameterError
from aspsfusion.io.shipped import ROOT

if TYPE_CHECKING:
    from aspsfusion.validation.run import Chain

EXAMPLE = """example, all of it from the root of the repository:
  make validate

one sample of the study with its reads, truth and report:
  aspsfusion validate sample --panel validation/panel --cell base --arm positive --index 17 --output sample17
"""

DEFAULT_STUDY = ROOT / "resources/validation/study.yaml"
SEED = 1
"""Seed of junction reads and dilutions."""

run = run_part


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts of `validate`."""
    parts = parser.add_subparsers(title="validate commands", metavar="COMMAND", required=True)

    cell = add_part(parts, "cell", "run all samples of a cell; goes on where an earlier run stopped", _cell)
    _add_study(cell)
    _add_chain(cell)
    cell.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    add_path(cell, "--output", "TSV", "one row for each sample")
    cell.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="X",
        help="multiplies the number of samples (default: %(default)s)",
    )

    sample = add_part(parts, "sample", "make one sample again, with its reads, truth and report", _sample)
    _add_study(sample)
    _add_chain(sample)
    sample.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    sample.add_argument(
        "--arm", choices=("positive", "negative"), default="positive", help="with fusion or not"
    )
    sample.add_argument("--index", type=int, required=True, metavar="N", help="number of the sample, from 0")
    add_path(sample, "--output", "PREFIX", "path the names begin with")

    reads = add_part(
        parts, "junction-reads", "count fragments at the target's listed junctions", _junction_reads
    )
    _add_chain(reads)
    reads.add_argument("--number", type=int, default=1000, metavar="N", help="fragments of each junction")
    add_path(reads, "--output", "TSV", "table to write")

    dilution = add_part(parts, "dilution", "dilute the fusion fragments of a real positive sample", _dilution)
    _add_chain(dilution)
    dilution.add_argument("reads", type=Path, nargs="+", metavar="FASTQ", help="R1 [R2] of a positive sample")
    dilution.add_argument(
        "--fragments",
        type=int,
        nargs="+",
        default=[1, 2, 3, 5, 10, 20, 40],
        metavar="N",
        help="fusion fragments to leave (default: 1 2 3 5 10 20 40)",
    )
    dilution.add_argument("--draws", type=int, default=200, metavar="N", help="samples for each number")
    add_path(dilution, "--output", "TSV", "table to write")

    page = add_part(parts, "page", "write the results of all cells as a table and a page", _page)
    _add_study(page)
    _add_chain(page)
    page.add_argument("cells", type=Path, nargs="+", metavar="TSV", help="written by 'validate cell'")
    page.add_argument(
        "--junction-reads", type=Path, metavar="TSV", help="written by 'validate junction-reads'"
    )
    page.add_argument("--dilution", type=Path, metavar="TSV", help="written by 'validate dilution'")
    add_path(page, "--tsv", "TSV", "one row for each cell and arm")
    add_path(page, "--markdown", "MD", "the page")


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--study",
        type=Path,
        default=DEFAULT_STUDY,
        metavar="YAML",
        help="the cells (default: the shipped ones)",
    )


def _add_chain(parser: argparse.ArgumentParser) -> None:
    add_panel(parser)
    add_force(parser)
    add_parameters(parser, CallParameters)
    add_parameters(parser, ClassifyParameters)


def _chain(args: argparse.Namespace) -> "AbstractContextManager[Chain]":
    from aspsfusion.validation.run import open_chain

    call, classify = parameters_from(args, CallParameters), parameters_from(args, ClassifyParameters)
    return open_chain(args.panel, call, classify)


def _cell(args: argparse.Namespace) -> None:
    from aspsfusion.validation.run import run_cell
    from aspsfusion.validation.study import load_study

    if not 0 < args.scale < float("inf"):
        raise ParameterError(f"--scale {args.scale} is out of range", remedy="give a number above 0")
    study = load_study(args.study)
    cell = study.cell(args.cell)
    with _chain(args) as chain, ProgressLine("samples") as line:
        run_cell(chain, study, cell, args.output, args.scale, line.update, force=args.force)


def _sample(args: argparse.Namespace) -> None:
    from aspsfusion.validation.outcomes import violations
    from aspsfusion.validation.run import write_sample
    from aspsfusion.validation.study import load_study

    sample = load_study(args.study).sample(args.cell, args.arm, args.index)
    with _chain(args) as chain:
        paths, outcome, report = write_sample(chain, sample, args.output, force=args.force)
    print(f"wrote {', '.join(str(path) for path in paths)}", file=sys.stderr)
    print(f"{outcome.call}: {' '.join(reason.text for reason in report.verdict.reasons)}")
    for violation in violations(outcome, sample.cell):
        print(violation)


def _junction_reads(args: argparse.Namespace) -> None:
    from aspsfusion.io.tables import write_rows
    from aspsfusion.validation.reads import JunctionReads, junction_reads

    with _chain(args) as chain:
        rows = junction_reads(chain, args.number, SEED)
    write_rows(JunctionReads, rows, args.output, force=args.force)


def _dilution(args: argparse.Namespace) -> None:
    from aspsfusion.io.tables import write_rows
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.validation.reads import Dilution, dilute

    if len(args.reads) > 2:
        raise ParameterError(f"{len(args.reads)} files are given", remedy="give R1, or R1 and R2")
    with _chain(args) as chain, ProgressLine("samples") as line:
        rows = dilute(chain, Lane(*args.reads), args.fragments, args.draws, SEED, line.update)
    write_rows(Dilution, rows, args.output, force=args.force)


def _page(args: argparse.Namespace) -> None:
    from aspsfusion.validation.page import Inputs, write_results
    from aspsfusion.validation.study import load_study

    study = load_study(args.study)
    with _chain(args) as chain:
        inputs = Inputs.read(study, chain, args.cells, args.junction_reads, args.dilution)
    write_results(inputs, args.tsv, args.markdown, force=args.force)
    violated = len(inputs.violated)
    print(f"{len(inputs.outcomes):,} samples, {violated} with violations; see {args.markdown}")
