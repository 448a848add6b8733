"""What the page of the study is written from, and the two forms that all its tables share."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion import __version__
from aspsfusion.validation.chain import Chain
from aspsfusion.validation.definition import Study
from aspsfusion.validation.dilution import Dilution
from aspsfusion.validation.junction_reads import JunctionReads
from aspsfusion.validation.outcomes import Outcome
from aspsfusion.validation.rows import read_rows
from aspsfusion.validation.tables import CellRow, cell_rows


@dataclass(frozen=True)
class Inputs:
    """Everything the page is written from.

    Attributes:
        study: the study.
        outcomes: of all samples.
        rows: counted by cell and arm.
        panel: directory of the panel.
        confidence: of the exclusion that the reports state.
        facts: panel, reference and thresholds, by name.
        junction_reads: see `junction_reads`; may be empty.
        dilutions: see `dilution`; may be empty.
    """

    study: Study
    outcomes: Sequence[Outcome]
    rows: Sequence[CellRow]
    panel: Path
    confidence: float
    facts: dict[str, str]
    junction_reads: Sequence[JunctionReads]
    dilutions: Sequence[Dilution]

    @classmethod
    def read(
        cls,
        study: Study,
        outcomes: Sequence[Outcome],
        chain: Chain,
        junction_reads: Path | None,
        dilution: Path | None,
    ) -> "Inputs":
        """Count the outcomes and read the tables of the smaller studies, where they were made."""
        panel = chain.panel
        facts = {
            "program": f"aspsfusion {__version__}",
            "panel": f"{panel.spec.name} {panel.spec.version}",
            "reference": str(panel.provenance["reference_kind"]),
            "call": _settings(chain.call.model_dump()),
            "classify": _settings(chain.classify.model_dump()),
            "seed of the study": str(study.seed),
        }
        return cls(
            study,
            outcomes,
            cell_rows(study, outcomes),
            panel.directory,
            chain.classify.confidence,
            facts,
            read_rows(JunctionReads, junction_reads) if junction_reads else [],
            read_rows(Dilution, dilution) if dilution else [],
        )


def _settings(values: dict[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table.

    Raises:
        ValueError: a row has more or fewer cells than the header.
    """
    lines = [header, ["---"] * len(header), *rows]
    if any(len(line) != len(header) for line in lines):
        raise ValueError(f"rows of a table must have the {len(header)} cells of its header: {header}")
    return "".join(f"| {' | '.join(str(cell) for cell in line)} |\n" for line in lines)


def section(title: str, text: str) -> str:
    """Return the beginning of a section, its text without a last line break."""
    return f"## {title}\n\n{text}\n"
