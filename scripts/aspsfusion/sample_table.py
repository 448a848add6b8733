"""The sample sheet as a table: its columns, its rows as text, and the error that names one of them.

Rows are counted as a spreadsheet counts them: the header is row 1.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from aspsfusion.errors import AspsfusionError

COLUMNS = ("sample_id", "fastq_1", "fastq_2", "bam", "control", "tumour_fraction", "batch", "library")


class SampleSheetError(AspsfusionError):
    """The sample sheet is wrong."""


@dataclass(frozen=True)
class Row:
    """A row of the sheet as text; columns that the sheet lacks are empty.

    Attributes:
        number: of the row as a spreadsheet counts, 1 for the header.
        cells: text by column.
    """

    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def sheet_error(path: Path, problem: str, remedy: str, row: Row | None = None) -> SampleSheetError:
    """Return the error for a row, or for the whole sheet."""
    where = None if row is None else f"row {row.number}"
    return SampleSheetError(problem, path=path, where=where, remedy=remedy)


def read_rows(path: Path) -> list[Row]:
    """Read the table and check its header.

    Args:
        path: table with tabs between the columns of `COLUMNS`.

    Returns:
        The rows that are not blank; at least one.

    Raises:
        SampleSheetError: it is no such table, lacks or repeats a column, or holds no row.
    """
    header, *records = _table(path)
    _check_header(path, header)
    rows = [
        Row(number, dict(zip(header, record, strict=True)))
        for number, record in enumerate(records, start=2)
        if any(record)
    ]
    if not rows:
        raise sheet_error(path, "holds no samples", "add one row for each lane below the header")
    return rows


def _table(path: Path) -> list[list[str]]:
    # No quoting and no skipped lines, so that the table's index is the line in the file.
    try:
        frame = pd.read_csv(
            path,
            sep="\t",
            header=None,
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,
            skip_blank_lines=False,
            encoding="utf-8-sig",
        )
    except FileNotFoundError as error:
        raise sheet_error(path, "does not exist", "correct the configuration key samples") from error
    except pd.errors.EmptyDataError as error:
        raise sheet_error(path, "is empty", "give a table with a header and one row for each lane") from error
    except pd.errors.ParserError as error:
        found = re.search(r"line (\d+), saw (\d+)", str(error))
        row = Row(int(found[1]), {}) if found else None
        raise sheet_error(
            path, "has more columns than the header", "remove the tabs that are too many", row
        ) from error
    except UnicodeError as error:
        raise sheet_error(
            path, "is not a UTF-8 text file", "save the sheet as tab-separated text (TSV)"
        ) from error
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise sheet_error(path, f"can not be read ({reason})", "give the path of a readable file") from error
    return [[str(cell).strip() for cell in record] for record in frame.fillna("").to_numpy().tolist()]


def _check_header(path: Path, header: Sequence[str]) -> None:
    known = ", ".join(COLUMNS)
    for column in header:
        if column not in COLUMNS:
            shown = column if len(column) <= 60 else f"{column[:60]}..."
            raise sheet_error(
                path,
                f"column '{shown}' is not known",
                f"use tabs between the columns and of these names only: {known}",
            )
        if header.count(column) > 1:
            raise sheet_error(path, f"column '{column}' is given twice", "remove one of the two")
    if "sample_id" not in header:
        raise sheet_error(path, "lacks the column sample_id", "add it to the header")
    if "fastq_1" not in header and "bam" not in header:
        raise sheet_error(path, "lacks the column fastq_1", "add it to the header")
