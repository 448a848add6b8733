"""The outcome of one sample of the study: a row of the table that everything is counted from."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import cast

from aspsfusion.errors import ReadsError
from aspsfusion.report.models import Call
from aspsfusion.validation.study import Arm, Truth

_FLAGS = ("named", "right_type", "exact")
_TRUE_FALSE = {"true": True, "false": False}


@dataclass(frozen=True)
class Outcome:
    """A row; its fields are the columns.

    Attributes:
        cell: name of the cell.
        arm: `positive` or `negative`.
        index: number of the sample in its arm, from 0.
        truth: what the sample holds.
        call: the verdict.
        reasons: codes of its reasons, joined by commas.
        crossing: simulated fragments, copies apart, of which a read crosses the junction.
        fragments: unique fragments that the report counts for the simulated fusion.
        named: whether the report lists the simulated fusion; None when there is none.
        right_type: whether the largest junction of the fusion has the right type; None when not compared.
        exact: whether the largest junction of the fusion is the simulated one to the base; None without one.
        seen: whether anything in the report speaks for a rearrangement of the targets.
        informative: wild-type fragments at the acceptor with the fewest.
        detectable: the detectable fraction that the report states; None without coverage.
    """

    cell: str
    arm: Arm
    index: int
    truth: Truth
    call: Call
    reasons: str
    crossing: int
    fragments: int
    named: bool | None
    right_type: bool | None
    exact: bool | None
    seen: bool
    informative: int
    detectable: float | None

    @classmethod
    def header(cls) -> str:
        """Return the column names, tab-separated."""
        return "\t".join(field.name for field in fields(cls))

    def row(self) -> str:
        """Return the values, tab-separated; what is not known is empty."""
        return "\t".join(_text(getattr(self, field.name)) for field in fields(self))

    @classmethod
    def parse(cls, row: str) -> "Outcome":
        """Return the outcome of a row as `row` wrote it.

        Raises:
            ValueError: the row is none.
        """
        values = dict(zip((field.name for field in fields(cls)), row.split("\t"), strict=True))
        flag = {name: _TRUE_FALSE[text] if text else None for name, text in values.items() if name in _FLAGS}
        return cls(
            cell=values["cell"],
            arm=cast(Arm, values["arm"]),
            index=int(values["index"]),
            truth=cast(Truth, values["truth"]),
            call=cast(Call, values["call"]),
            reasons=values["reasons"],
            crossing=int(values["crossing"]),
            fragments=int(values["fragments"]),
            named=flag["named"],
            right_type=flag["right_type"],
            exact=flag["exact"],
            seen=_TRUE_FALSE[values["seen"]],
            informative=int(values["informative"]),
            detectable=float(values["detectable"]) if values["detectable"] else None,
        )

    @property
    def wrong(self) -> str:
        """What is wrong with the verdict in words, empty when nothing is.

        A target fusion that is not confirmed is no error as long as it is not excluded; no more is the
        absence of one that is not excluded.
        """
        if self.truth == "target" and self.call == "EXCLUDED":
            return "missed: the fusion was excluded"
        if self.truth != "target" and self.call == "CONFIRMED":
            return "false: a fusion that is not there was confirmed"
        if self.truth == "other" and self.call == "EXCLUDED":
            return "another rearrangement of the gene was passed over"
        return ""


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def read_outcomes(paths: Iterable[Path]) -> Iterator[Outcome]:
    """Read the outcomes of complete cells.

    Raises:
        ReadsError: a file can not be read or is no such table; names the line.
    """
    for path in paths:
        number = 1
        try:
            with path.open(encoding="ascii", newline="") as stream:
                lines = [line.rstrip("\n") for line in stream]
            if not lines or lines[0] != Outcome.header():
                raise ValueError("the header is another one")
            for number, line in enumerate(lines[1:], start=2):  # noqa: B007 - named in the error
                yield Outcome.parse(line)
        except (OSError, ValueError, KeyError, csv.Error) as error:
            raise ReadsError(
                f"is no table of outcomes ({error})",
                path=path,
                where=f"line {number}",
                remedy="remove the file and run the study again",
            ) from error
