"""Records the outcome of one sample of the study: a row of the table that everything is counted from.

An outcome is what was seen; whether that is right follows from the study's definition.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import get_type_hints

from aspsfusion.errors import ReadsError
from aspsfusion.io.tables import cell_text
from aspsfusion.report.models import Call
from aspsfusion.validation.study import Arm, Cell, Truth, cell_value


@dataclass(frozen=True)
class Outcome:
    """A row; its fields are the columns.

    Attributes:
        index: number of the sample in its arm, from 0.
        reasons: codes of its reasons, joined by commas.
        declared: the verdict where the cell's share of tumour cells is declared; None where it has none.
        crossing: simulated molecules of the fusion of which a read shows both genes with their anchors.
        molecules: simulated molecules that join the two genes of the fusion, whatever their reads show.
        fragments: unique fragments that the report counts for the simulated fusion.
        named: whether the report lists the simulated fusion, or the break where its partner is not on the
            panel; None when there is none.
        right_type: whether the largest junction of the fusion has the right type; None when not compared.
        exact: whether the largest junction (or break) is the simulated one to the base, inserted bases
            included; None without one.
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
    declared: Call | None
    crossing: int
    molecules: int
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
    def calls(self) -> tuple[Call, ...]:
        """All verdicts on the sample."""
        return (self.call,) if self.declared is None else (self.call, self.declared)


def shows_fusion(outcome: Outcome, cell: Cell) -> bool:
    """Whether the reads of a sample show the fusion it holds, so that it may not be excluded.

    Between exon borders one fragment shows it; elsewhere any two genes are joined now and then by template
    switching, and two fragments must agree.
    """
    return outcome.crossing >= (1 if cell.at_exon_ends else 2)


def violations(outcome: Outcome, cell: Cell) -> list[str]:
    """Return what must not come out of a sample of its cell and did, in words."""
    expected, truth = cell.expected(outcome.arm), outcome.truth
    found = []
    for call in outcome.calls:
        if call in expected.allowed:
            continue
        if call == "EXCLUDED" and truth != "none":
            if shows_fusion(outcome, cell):
                found.append(_EXCLUDED[truth])
        else:
            found.append(_OTHER.get((truth, call), f"{call} is not allowed"))
    if outcome.fragments > outcome.molecules:
        found.append(f"{outcome.fragments} fragments are counted of {outcome.molecules} molecules")
    return list(dict.fromkeys(found))


def as_expected(outcome: Outcome, cell: Cell) -> bool:
    """Whether the verdict is the expected one and gives the expected reason."""
    expected = cell.expected(outcome.arm)
    return outcome.call == expected.verdict and expected.reason in ("", *outcome.reasons.split(","))


_EXCLUDED = {
    "target": "missed: the fusion was excluded",
    "other": "another rearrangement of the gene was passed over",
}
_OTHER: dict[tuple[Truth, Call], str] = {
    ("target", "CONFIRMED"): "confirmed on too little evidence",
    ("other", "CONFIRMED"): "false: a fusion that is not there was confirmed",
    ("none", "CONFIRMED"): "false: a fusion that is not there was confirmed",
    ("none", "EXCLUDED"): "excluded on too little coverage",
}


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
