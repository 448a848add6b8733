"""`aspsfusion validate`: the parts of the validation study, as `workflow/validation.smk` runs them."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from aspsfusion.cli.options import add_force, add_panel, add_parameters, parameters_from
from aspsfusion.cli.progress import ProgressLine
from aspsfusion.config import CallParameters, ClassifyParameters

if TYPE_CHECKING:
    from aspsfusion.validation.run import Chain

EXAMPLE = """example, all of it from the root of the repository:
  make validate

one sample of the study with its reads, truth and report:
  aspsfusion validate sample --panel validation/panel --study resources/validation/study.yaml \\
      --cell base --arm positive --index 17 --output sample17
"""

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory: the files between the stages of thousands of small samples go there."""

DEFAULT_STUDY = Path("resources/validation/study.yaml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `validate`."""
    subparsers = parser.add_subparsers(title="validate commands", metavar="COMMAND", required=True)

    cell = _subcommand(subparsers, "cell", "run all samples of a cell; goes on where an earlier run stopped")
    _add_study(cell)
    _add_chain(cell)
    cell.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    cell.add_argument("--output", type=Path, required=True, metavar="TSV", help="one row for each sample")
    cell.add_argument(
        "--scale",
        type=float,
        default=1.0,
        metavar="X",
        help="multiplies the number of samples (default: %(default)s)",
    )
    cell.set_defaults(part=_run_cell)

    sample = _subcommand(subparsers, "sample", "make one sample again, with its reads, truth and report")
    _add_study(sample)
    _add_chain(sample)
    sample.add_argument("--cell", required=True, metavar="NAME", help="cell of the study")
    sample.add_argument(
        "--arm", choices=("positive", "negative"), default="positive", help="with fusion or not"
    )
    sample.add_argument("--index", type=int, required=True, metavar="N", help="number of the sample, from 0")
    sample.add_argument(
        "--output", type=Path, required=True, metavar="PREFIX", help="path the names begin with"
    )
    sample.set_defaults(part=_run_sample)

    reads = _subcommand(subparsers, "junction-reads", "count fragments at the target's listed junctions")
    _add_chain(reads)
    reads.add_argument("--number", type=int, default=1000, metavar="N", help="fragments of each junction")
    reads.add_argument("--seed", type=int, default=1, metavar="N", help="seed (default: %(default)s)")
    reads.add_argument("--output", type=Path, required=True, metavar="TSV", help="table to write")
    reads.set_defaults(part=_run_junction_reads)

    dilution = _subcommand(subparsers, "dilution", "dilute the fusion fragments of a real positive sample")
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
    dilution.add_argument("--seed", type=int, default=1, metavar="N", help="seed (default: %(default)s)")
    dilution.add_argument("--output", type=Path, required=True, metavar="TSV", help="table to write")
    dilution.set_defaults(part=_run_dilution)

    page = _subcommand(subparsers, "page", "write the results of all cells as a table and a page")
    _add_study(page)
    _add_chain(page)
    page.add_argument("cells", type=Path, nargs="+", metavar="TSV", help="written by 'validate cell'")
    page.add_argument(
        "--junction-reads", type=Path, metavar="TSV", help="written by 'validate junction-reads'"
    )
    page.add_argument("--dilution", type=Path, metavar="TSV", help="written by 'validate dilution'")
    page.add_argument("--tsv", type=Path, required=True, metavar="TSV", help="one row for each cell and arm")
    page.add_argument("--markdown", type=Path, required=True, metavar="MD", help="the page")
    page.set_defaults(part=_run_page)


def _subcommand(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, text: str
) -> argparse.ArgumentParser:
    return subparsers.add_parser(name, help=text, description=text, formatter_class=argparse.HelpFormatter)


def _add_study(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--study", type=Path, default=DEFAULT_STUDY, metavar="YAML", help="the cells (default: %(default)s)"
    )


def _add_chain(parser: argparse.ArgumentParser) -> None:
    add_panel(parser)
    add_force(parser)
    add_parameters(parser, CallParameters)
    add_parameters(parser, ClassifyParameters)


def run(args: argparse.Namespace) -> None:
    """Run a part of the study.

    Args:
        args: parsed arguments of `add_arguments`.

    Raises:
        AspsfusionError: the study, the panel or an output is wrong.
    """
    args.part(args)


@contextmanager
def _chain(args: argparse.Namespace) -> "Iterator[Chain]":
    from aspsfusion.validation.run import Chain

    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="aspsfusion.", dir=memory) as scratch:
        yield Chain(
            args.panel,
            Path(scratch),
            parameters_from(args, CallParameters),
            parameters_from(args, ClassifyParameters),
        )


def _run_cell(args: argparse.Namespace) -> None:
    from aspsfusion.errors import ParameterError
    from aspsfusion.validation.run import run_cell
    from aspsfusion.validation.study import load_study

    if not 0 < args.scale < float("inf"):
        raise ParameterError(f"--scale {args.scale} has no sense", remedy="give a number above 0")
    study = load_study(args.study)
    with _chain(args) as chain, ProgressLine("samples") as line:
        run_cell(
            chain,
            study,
            study.cell(args.cell),
            args.output,
            args.scale,
            lambda done, total: line.update(done, f" of {total}"),
            force=args.force,
        )


def _run_sample(args: argparse.Namespace) -> None:
    from aspsfusion.report.json_tsv import write_json
    from aspsfusion.simulate.simulate import write_simulation
    from aspsfusion.validation.run import run_sample
    from aspsfusion.validation.study import load_study

    study = load_study(args.study)
    cell = study.cell(args.cell)
    with _chain(args) as chain:
        parameters = study.parameters(cell, args.arm, args.index)
        paths = write_simulation(chain.panel, parameters, args.output, force=args.force)
        outcome, report = run_sample(chain, study, cell, args.arm, args.index)
    path = Path(f"{args.output}.report.json")
    write_json(report, path)
    print(f"wrote {', '.join(str(path) for path in [*paths, path])}", file=sys.stderr)
    print(f"{outcome.call}: {' '.join(reason.text for reason in report.verdict.reasons)}")
    if outcome.wrong:
        print(outcome.wrong)


def _run_junction_reads(args: argparse.Namespace) -> None:
    from aspsfusion.validation.reads import JunctionReads, junction_reads
    from aspsfusion.validation.study import write_rows

    with _chain(args) as chain:
        rows = junction_reads(chain, args.number, args.seed)
    write_rows(JunctionReads, rows, args.output, force=args.force)


def _run_dilution(args: argparse.Namespace) -> None:
    from aspsfusion.screen.pairs import Lane
    from aspsfusion.validation.reads import Dilution, dilute
    from aspsfusion.validation.study import write_rows

    with _chain(args) as chain, ProgressLine("samples") as line:
        rows = dilute(
            chain,
            Lane(*args.reads),
            args.fragments,
            args.draws,
            args.seed,
            lambda done, total: line.update(done, f" of {total}"),
        )
    write_rows(Dilution, rows, args.output, force=args.force)


def _run_page(args: argparse.Namespace) -> None:
    from aspsfusion.validation.outcomes import read_outcomes
    from aspsfusion.validation.page import Inputs, write_page
    from aspsfusion.validation.study import load_study, write_rows
    from aspsfusion.validation.tables import CellRow

    study = load_study(args.study)
    outcomes = list(read_outcomes(args.cells))
    with _chain(args) as chain:
        inputs = Inputs.read(study, outcomes, chain, args.junction_reads, args.dilution)
    write_rows(CellRow, inputs.rows, args.tsv, force=args.force)
    write_page(inputs, args.markdown, force=args.force)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    print(f"{len(outcomes):,} samples, {len(wrong)} wrong verdicts; see {args.markdown}")
