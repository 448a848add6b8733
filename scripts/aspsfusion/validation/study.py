"""Defines the study: its cells, what is simulated for each of their samples, and what must come out.

Tables of the study are tab-separated records with the names of the fields in the first line.
"""

import csv
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_type_hints

import numpy as np
import yaml
from pydantic import Field, ValidationError, model_validator

from aspsfusion.batch.samples import NAME_PATTERN
from aspsfusion.config import Strict
from aspsfusion.errors import ParameterError
from aspsfusion.io.tables import Row
from aspsfusion.report.models import Call
from aspsfusion.simulate.reads import decode
from aspsfusion.simulate.records import SimulationParameters

Truth = Literal["target", "other", "none"]
"""What a sample holds: the fusion in question, another rearrangement of its genes, or none."""

Arm = Literal["positive", "negative"]
ARMS: tuple[Arm, ...] = ("positive", "negative")

_SEED_BYTES = 7
_DRAW_SHARE, _DRAW_FUSION = 1, 2
_OPTIONS = {field.name for field in fields(SimulationParameters)} - {"seed"}
_DRAWN = re.compile(r"\{(?:(?P<low>-?\d+)\.\.(?P<high>-?\d+)|(?P<bases>\d+) nt|(?P<choice>[^{}]*\|[^{}]*))\}")


class Expected(Strict):
    """What must come out of the samples of one arm of a cell.

    A verdict that is not allowed is a violation. One that is allowed and not expected, or that lacks the
    reason, is counted and is none.
    """

    verdict: Call
    allowed: tuple[Call, ...] = Field(min_length=1)
    reason: str = Field("", description="code of a reason that the verdict must give; empty: any")

    @model_validator(mode="after")
    def _expects_what_is_allowed(self) -> "Expected":
        if self.verdict not in self.allowed:
            raise ValueError(f"{self.verdict} is expected and not allowed")
        return self


USUAL: dict[Truth, Expected] = {
    "target": Expected(verdict="CONFIRMED", allowed=("CONFIRMED", "INDETERMINATE")),
    "other": Expected(verdict="INDETERMINATE", allowed=("INDETERMINATE",)),
    "none": Expected(verdict="EXCLUDED", allowed=("EXCLUDED", "INDETERMINATE")),
}
"""What must come out of samples of each truth where a cell says nothing else."""


class Cell(Strict):
    """One set of conditions.

    `positives` samples hold the fusion, `negatives` samples are made alike without it.
    """

    name: str = Field(pattern=NAME_PATTERN)
    factor: str = Field(description="what the cell varies; cells of one factor are in one table")
    level: str = Field(description="the value of the factor, in words")
    column: str | None = Field(None, description="a second factor, in words: the table has a column for each")
    truth: Truth = "target"
    fusion: str | tuple[str, ...] | None = Field(
        None,
        description="as `aspsfusion simulate` takes it, without a number; the samples take several in turn",
    )
    type: str | tuple[str, ...] | None = Field(
        None, description="type that the report must give, for each fusion; none: not compared"
    )
    fragments: int | None = Field(None, ge=0, description="fragments with a read across the junction")
    fraction: float | None = Field(
        None, gt=0, lt=1, description="share of fusion transcripts at the acceptor, instead of `fragments`"
    )
    at_exon_ends: bool = Field(
        True, description="whether exon borders decide where shared bases of the genes are counted"
    )
    tumour_fraction: float | None = Field(
        None, gt=0, le=1, description="share of tumour cells with which a second verdict is given"
    )
    expect: dict[str, Any] = Field(default_factory=dict, description="fields of Expected, of the positives")
    expect_negative: dict[str, Any] = Field(default_factory=dict, description="the same for the negatives")
    positives: int | None = Field(None, ge=0)
    negatives: int | None = Field(None, ge=0)
    library: Literal["polyA", "total", "capture", "amplicon", "anchored"] | None = None
    declare_primers: bool = Field(False, description="whether the program is given the simulated primers")
    simulate: dict[str, Any] = Field(default_factory=dict)

    def truth_of(self, arm: Arm) -> Truth:
        """Return what the samples of an arm hold."""
        return self.truth if arm == "positive" else "none"

    def expected(self, arm: Arm) -> Expected:
        """Return what must come out of the samples of an arm."""
        given = self.expect if arm == "positive" else self.expect_negative
        return Expected.model_validate({**USUAL[self.truth_of(arm)].model_dump(), **given})

    @model_validator(mode="after")
    def _can_be_compared(self) -> "Cell":
        for arm in ARMS:
            self.expected(arm)
        several = self.fusion if isinstance(self.fusion, tuple) else ()
        if isinstance(self.type, tuple) and len(self.type) != len(several):
            raise ValueError(f"{len(self.type)} types are given of {len(several)} fusions")
        return self


class Study(Strict):
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


@dataclass(frozen=True)
class StudySample:
    """One sample: what is simulated for it follows from these four and from nothing else.

    Attributes:
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
        """The fusion of a positive sample, with everything drawn that the cell leaves open."""
        stated = self._of_turn(self.cell.fusion) or self.study.fusion
        return drawn(stated, np.random.default_rng([self.seed, _DRAW_FUSION]))

    @property
    def type(self) -> str | None:
        """The type that the report must give, None when it is not compared."""
        own = self.cell.fusion is not None or self.cell.type is not None
        return self._of_turn(self.cell.type) if own else self.study.type

    def _of_turn(self, values: str | tuple[str, ...] | None) -> str | None:
        return values[self.index % len(values)] if isinstance(values, tuple) else values

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
        acceptor = fusion.split("::")[-1]
        near = dict(options.get("near", {}))
        if acceptor not in near:
            raise ParameterError(
                f"cell {cell.name}: a fraction needs fragments near {acceptor}",
                remedy=f'give near: {{"{acceptor}": N}}',
            )
        rng = np.random.default_rng([self.seed, _DRAW_SHARE])
        number = int(rng.binomial(near[acceptor], cell.fraction))
        near[acceptor] -= number
        return {"near": near, "fusions": (*present, f"{fusion}=n{number}")}


def drawn(text: str, rng: np.random.Generator) -> str:
    """Return a text in which everything in braces is drawn: a number, so many bases, or one of several words.

    >>> drawn("{5..5}::{0 nt}{a|a}", np.random.default_rng(1))
    '5::a'
    """

    def value(match: re.Match[str]) -> str:
        if match["low"] is not None:
            return str(rng.integers(int(match["low"]), int(match["high"]) + 1))
        if match["bases"] is not None:
            return decode(rng.integers(0, 4, size=int(match["bases"]), dtype=np.uint8))
        words = match["choice"].split("|")
        return words[int(rng.integers(len(words)))]

    return _DRAWN.sub(value, text)


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
        return f"key {'.'.join(map(str, first['loc']))}: {' '.join(first['msg'].lower().split())}"
    return " ".join(str(error).split())


def cell_value(kind: Any, text: str) -> Any:
    """Return the value that `io.tables.cell_text` wrote of a field of a type.

    The types are int, float, bool, str or a Literal of texts, each with None or without.

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


def read_rows(kind: type[Row], path: Path) -> list[Row]:
    """Read a table that `io.tables.write_rows` wrote."""
    kinds = get_type_hints(kind)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [kind(**{name: cell_value(kinds[name], text) for name, text in row.items()}) for row in rows]
