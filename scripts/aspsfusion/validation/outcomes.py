"""Records the outcome of one sample of the study: a row of the table that everything is counted from."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_type_hints

from aspsfusion.errors import ReadsError
from aspsfusion.report.models import Call
from aspsfusion.validation.study import Arm, Truth, cell_text, cell_value


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
        return "\t".join(cell_text(getattr(self, field.name)) for field in fields(self))

    @classmethod
    def parse(cls, row: str) -> "Outcome":
        """Return the outcome of a row as `row` wrote it.

        Raises:
            ValueError: the row is none.
        """
        kinds = get_type_hints(cls)
        values = zip(kinds, row.split("\t"), strict=True)
        return cls(**{name: cell_value(kinds[name], text) for name, text in values})

    @property
    def wrong(self) -> str:
        """What is wrong with the verdict in words, empty when nothing is.

        A target fusion that is INDETERMINATE is no error, nor is a sample without one.
        """
        if self.truth == "target" and self.call == "EXCLUDED":
            return "missed: the fusion was excluded"
        if self.truth != "target" and self.call == "CONFIRMED":
            return "false: a fusion that is not there was confirmed"
        if self.truth == "other" and self.call == "EXCLUDED":
            return "another rearrangement of the gene was passed over"
        return ""


def read_outcomes(paths: Iterable[Path]) -> Iterator[Outcome]:
    """Read the outcomes of complete cells.

    Raises:
        ReadsError: a file cannot be read or is no such table; names the line.
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
        except (OSError, ValueError) as error:
            raise ReadsError(
                f"is no table of outcomes ({error})",
                path=path,
                where=f"line {number}",
                remedy="remove the file and run the study again",
            ) from error
