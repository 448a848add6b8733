"""Runs `validate`: the parts of the validation study, as `workflow/validation.smk` runs them."""

import argparse
import sys
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from aspsfusion.cli import options
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

run = options.run_part


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the parts of `validate`."""
    parts = parser.add_subparsers(title="validate commands", metavar="COMMAND", required=True)

    cell = options.add_part(
        parts, "cell", "run all samples of a cell; goes on where an earlier run stopped", _cell
    )
    _add_study(cell)
    _add_chain(cell)
    cell.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    options.add_path(cell, "--output", "TSV", "one row for each sample")
    options.add_number(cell, "--scale", 1.0, "multiplies the number of samples", "X")

    sample = options.add_part(
        parts, "sample", "make one sample again, with its reads, truth and report", _sample
    )
    _add_study(sample)
    _add_chain(sample)
    sample.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    sample.add_argument(
        "--arm", choices=("positive", "negative"), default="positive", help="with fusion or not"
    )
    sample.add_argument("--index", type=int, required=True, metavar="N", help="number of the sample, from 0")
    options.add_path(sample, "--output", "PREFIX", "path the names begin with")

    reads = options.add_part(
        parts, "junction-reads", "count fragments at the target's listed junctions", _junction_reads
    )
    _add_chain(reads)
    reads.add_argument("--number", type=int, default=1000, metavar="N", help="fragments of each junction")
    options.add_path(reads, "--output", "TSV", "table to write")

    dilution = options.add_part(
        parts, "dilution", "dilute the fusion fragments of a real positive sample", _dilution
    )
    _add_chain(dilution)
    options.add_path(dilution, "reads", "FASTQ", "R1 [R2] of a positive sample", nargs="+")
    text = "fusion fragments to leave (default: 1 2 3 5 10 20 40)"
    options.add_list(dilution, "--fragments", "N", text, type=int, default=[1, 2, 3, 5, 10, 20, 40])
    dilution.add_argument("--draws", type=int, default=200, metavar="N", help="samples for each number")
    options.add_path(dilution, "--output", "TSV", "table to write")

    page = options.add_part(parts, "page", "write the results of all cells as a table and a page", _page)
    _add_study(page)
    _add_chain(page)
    options.add_path(page, "cells", "TSV", "written by 'validate cell'", nargs="+")
    options.add_path(page, "--junction-reads", "TSV", "written by 'validate junction-reads'", required=False)
    options.add_path(page, "--dilution", "TSV", "written by 'validate dilution'", required=False)
    options.add_path(page, "--tsv", "TSV", "one row for each cell and arm")
    options.add_path(page, "--markdown", "MD", "the page")


def _add_study(parser: argparse.ArgumentParser) -> None:
    options.add_path(
        parser, "--study", "YAML", "the cells (default: the shipped ones)", default=DEFAULT_STUDY
    )


def _add_chain(parser: argparse.ArgumentParser) -> None:
    options.add_panel(parser)
    options.add_force(parser)
    options.add_parameters(parser, CallParameters, ClassifyParameters)


def _chain(args: argparse.Namespace) -> "AbstractContextManager[Chain]":
    from aspsfusion.validation.run import open_chain

    return open_chain(args.panel, *options.thresholds_from(args))


def _cell(args: argparse.Namespace) -> None:
    from aspsfusion.validation.run import run_cell
    from aspsfusion.validation.study import load_study

    if not 0 < args.scale < float("inf"):
        raise ParameterError(f"--scale {args.scale} is out of range", remedy="give a number above 0")
    study = load_study(args.study)
    cell = study.cell(args.cell)
    with _chain(args) as chain, options.ProgressLine("samples") as line:
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
    with _chain(args) as chain, options.ProgressLine("samples") as line:
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
