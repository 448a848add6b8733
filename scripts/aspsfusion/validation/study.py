"""Defines the study: its cells, what is simulated for each of their samples, and what must come out.

Tables of the study are tab-separated records with the names of the fields in the first line.
"""

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, get_args, get_type_hints

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from aspsfusion.batch.samples import NAME_PATTERN
from aspsfusion.errors import ParameterError
from aspsfusion.io.files import replacing
from aspsfusion.simulate.records import SimulationParameters

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")

Truth = Literal["target", "other", "none"]
"""What a sample holds: the fusion in question, another rearrangement of its genes, or none."""

Arm = Literal["positive", "negative"]
ARMS: tuple[Arm, ...] = ("positive", "negative")

LONG_READ = 75
"""Read length in nt from which on pairs are expected to show every fusion with enough fragments."""

_SEED_BYTES = 7
_OPTIONS = {field.name for field in fields(SimulationParameters)} - {"seed"}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cell(_Strict):
    """One set of conditions.

    `positives` samples hold the fusion, `negatives` samples are made alike without it.
    """

    name: str = Field(pattern=NAME_PATTERN)
    factor: str = Field(description="what the cell varies; cells of one factor are in one table")
    level: str = Field(description="the value of the factor, in words")
    truth: Truth = "target"
    fusion: str | None = Field(None, description="as `aspsfusion simulate` takes it, without a number")
    type: str | None = Field(None, description="type that the report must give; none: not compared")
    fragments: int | None = Field(None, ge=0, description="fragments with a read across the junction")
    fraction: float | None = Field(
        None, gt=0, lt=1, description="share of fusion transcripts at the acceptor, instead of `fragments`"
    )
    at_exon_ends: bool = Field(True, description="whether the position must be exact to the base")
    positives: int | None = Field(None, ge=0)
    negatives: int | None = Field(None, ge=0)
    library: Literal["polyA", "total", "capture", "amplicon"] | None = None
    simulate: dict[str, Any] = Field(default_factory=dict)

    def truth_of(self, arm: Arm) -> Truth:
        """Return what the samples of an arm hold."""
        return self.truth if arm == "positive" else "none"


class Study(_Strict):
    """All cells and what they share."""

    schema_version: Literal[1]
    title: str
    seed: int = Field(ge=0)
    fusion: str = Field(description="fusion of the cells that name none")
    type: str | None = None
    fragments: int = Field(ge=0, description="fragments across the junction where a cell says nothing else")
    positives: int = Field(ge=0, description="positive samples of a cell that says nothing else")
    negatives: int = Field(ge=0)
    simulate: dict[str, Any] = Field(description="options of all samples; those of a cell replace them")
    cells: list[Cell] = Field(min_length=1)

    def cell(self, name: str) -> Cell:
        """Return a cell by its name.

        Raises:
            ParameterError: there is none.
        """
        for cell in self.cells:
            if cell.name == name:
                return cell
        raise ParameterError(
            f"the study has no cell {name}", remedy=f"it has {', '.join(c.name for c in self.cells)}"
        )

    def samples(self, cell: Cell, arm: Arm, scale: float) -> int:
        """Return how many samples an arm of a cell has; at least one where the study has any."""
        if arm == "positive":
            number = self.positives if cell.positives is None else cell.positives
        else:
            number = self.negatives if cell.negatives is None else cell.negatives
        return max(1, round(number * scale)) if number else 0

    def sample(self, cell: str, arm: Arm, index: int) -> "StudySample":
        """Return a sample of a cell by the cell's name and the number (from 0) in its arm.

        Raises:
            ParameterError: there is no such cell.
        """
        return StudySample(self, self.cell(cell), arm, index)

    def reads_long_pairs(self, cell: Cell) -> bool:
        """Return whether the samples of a cell are pairs of LONG_READ nt or longer."""
        options = {**self.simulate, **cell.simulate}
        length: int = options.get("read_length", SimulationParameters.read_length)
        return length >= LONG_READ and not options.get("single_end", SimulationParameters.single_end)


@dataclass(frozen=True)
class StudySample:
    """One sample: what is simulated for it follows from these four and from nothing else.

    Attributes:
        study: the study.
        cell: one of its cells.
        arm: with or without the fusion.
        index: number of the sample in its arm, from 0.
    """

    study: Study
    cell: Cell
    arm: Arm
    index: int

    @property
    def name(self) -> str:
        """The sample's name."""
        return f"{self.cell.name}.{self.arm}.{self.index}"

    @property
    def truth(self) -> Truth:
        """What the sample holds."""
        return self.cell.truth_of(self.arm)

    @property
    def fusion(self) -> str:
        """The fusion of the cell's positive samples."""
        return self.cell.fusion or self.study.fusion

    @property
    def type(self) -> str | None:
        """The type that the report must give, None when it is not compared."""
        own = self.cell.fusion is not None or self.cell.type is not None
        return self.cell.type if own else self.study.type

    @property
    def seed(self) -> int:
        """The seed of everything that is simulated."""
        text = f"{self.study.seed}/{self.cell.name}/{self.arm}/{self.index}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:_SEED_BYTES], "big")

    def parameters(self) -> SimulationParameters:
        """Return what is simulated.

        Raises:
            ParameterError: an option is unknown or out of range.
        """
        options = {**self.study.simulate, **self.cell.simulate}
        unknown = sorted(set(options) - _OPTIONS)
        if unknown:
            raise ParameterError(
                f"cell {self.cell.name}: simulate has no option {unknown[0]}",
                remedy=f"options are {', '.join(sorted(_OPTIONS))}",
            )
        options = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
        if self.truth != "none":
            options |= self._fusion_options(options)
        return SimulationParameters(**options, seed=self.seed)

    def _fusion_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        fusion, present, cell = self.fusion, tuple(options.get("fusions", ())), self.cell
        if cell.fraction is None:
            number = self.study.fragments if cell.fragments is None else cell.fragments
            return {"fusions": (*present, f"{fusion}=x{number}")}
        # The share is that of the fragments around the acceptor; how many of them are of the fusion is
        # chance, as in a library.
        acceptor = fusion.split("::")[1]
        near = dict(options.get("near", {}))
        if acceptor not in near:
            raise ParameterError(
                f"cell {cell.name}: a fraction needs fragments near {acceptor}",
                remedy=f'give near: {{"{acceptor}": N}}',
            )
        drawn = int(np.random.default_rng([self.seed, 1]).binomial(near[acceptor], cell.fraction))
        near[acceptor] -= drawn
        return {"near": near, "fusions": (*present, f"{fusion}=n{drawn}")}


def load_study(path: Path) -> Study:
    """Read a study.

    Raises:
        ParameterError: the file cannot be read or is wrong.
    """
    try:
        study = Study.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ParameterError(
            f"cannot be read ({(error.strerror or str(error)).lower()})",
            path=path,
            remedy="give a study such as resources/validation/study.yaml",
        ) from error
    except (yaml.YAMLError, ValidationError) as error:
        raise ParameterError(
            f"is no study: {_first(error)}", path=path, remedy="compare resources/validation/study.yaml"
        ) from error
    names = [cell.name for cell in study.cells]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ParameterError(f"cell {twice} occurs twice", path=path, remedy="give each cell its own name")
    for cell in study.cells:
        study.sample(cell.name, "positive", 0).parameters()
    return study


def _first(error: yaml.YAMLError | ValidationError) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"key {'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    return " ".join(str(error).split())


def cell_text(value: object) -> str:
    """Return a value as a table has it; None is empty."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def cell_value(kind: Any, text: str) -> Any:
    """Return the value that `cell_text` wrote.

    Args:
        kind: type of the field: int, float, bool, str or a Literal of texts, each with None or without.
        text: what the table has.

    Raises:
        ValueError: the text is no such value.
    """
    kinds = get_args(kind)
    if NoneType in kinds:
        return cell_value(kinds[0], text) if text else None
    if kind is bool:
        kinds = ("true", "false")
    if kinds and text not in kinds:
        raise ValueError(f"{text!r} is none of {', '.join(kinds)}")
    if kind is bool:
        return text == "true"
    return kind(text) if kind in (int, float) else text


def write_rows(kind: type[Row], rows: Sequence[Row], path: Path, *, force: bool = False) -> None:
    """Write a table of records of one kind."""
    with replacing(path, force=force) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        names = [field.name for field in fields(kind)]
        writer.writerow(names)
        writer.writerows([cell_text(getattr(row, name)) for name in names] for row in rows)


def read_rows(kind: type[Row], path: Path) -> list[Row]:
    """Read a table of records back."""
    kinds = get_type_hints(kind)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [kind(**{name: cell_value(kinds[name], text) for name, text in row.items()}) for row in rows]
