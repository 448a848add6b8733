"""Reads the table of a sample sheet: its columns, and its rows with their numbers.

Rows are counted as a spreadsheet counts them: the header is row 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.errors import SampleSheetError, reason_of

FILE_COLUMNS = ("fastq_1", "fastq_2", "bam")
SAMPLE_COLUMNS = ("control", "tumour_fraction", "batch", "library", "primers", "umi", "platform")
"""Columns in which all rows of a sample must agree."""
FREE_COLUMNS = ("specimen", "case", "run", "remark")
"""Text of the laboratory's own, of which nothing depends."""
COLUMNS = ("sample_id", *FILE_COLUMNS, *SAMPLE_COLUMNS, *FREE_COLUMNS)


@dataclass(frozen=True)
class Row:
    """A row of a sheet as text; columns that the sheet lacks are empty.

    Attributes:
        number: of the row as a spreadsheet counts, 1 for the header.
        cells: text by column.
    """

    path: Path
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")

    def error(self, problem: str, remedy: str) -> SampleSheetError:
        """Return an error that names the row."""
        return SampleSheetError(problem, path=self.path, where=f"row {self.number}", remedy=remedy)


def read_table(path: Path) -> tuple[list[str], list[Row]]:
    """Return the header and the rows that are not blank, as a spreadsheet writes them or an editor.

    A spreadsheet puts cells with commas or quotes in quotes, and empty ones where others have been.

    Raises:
        SampleSheetError: the file cannot be read, is empty, or has a row longer than the header.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise sheet_error(path, "does not exist", "correct its path") from error
    except UnicodeError as error:
        raise sheet_error(path, "is not a UTF-8 text file", "save it as tab-separated text (TSV)") from error
    except OSError as error:
        raise sheet_error(
            path, f"cannot be read ({reason_of(error)})", "give the path of a readable file"
        ) from error
    if not text.strip():
        raise sheet_error(path, "is empty", "give a table with a header and rows")
    # Quotes never hold a line end: the number of a record is that of its line in the file.
    header, *records = [_cells(line) for line in text.split("\n")]
    rows = []
    for number, record in enumerate(records, start=2):
        row = Row(path, number, dict.fromkeys(header, "") | dict(zip(header, record, strict=False)))
        if len(record) > len(header):
            raise row.error("has more columns than the header", "remove the tabs that are too many")
        if any(record):
            rows.append(row)
    return header, rows


def _cells(line: str) -> list[str]:
    r"""Return the cells of a line without quotes around them, and without empty ones at its end.

    >>> _cells('S1\t"said ""no"", twice"\t \t')
    ['S1', 'said "no", twice']
    """
    cells = [cell.strip() for cell in line.split("\t")]
    while cells and not cells[-1]:
        cells.pop()
    return [
        cell[1:-1].replace('""', '"').strip() if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        for cell in cells
    ]


def check_header(path: Path, header: Sequence[str]) -> None:
    """Refuse a header with columns that are not known, or without those that are needed.

    Raises:
        SampleSheetError: names the first such column.
    """
    for number, column in enumerate(header, start=1):
        if not column:
            raise sheet_error(path, f"column {number} has no name", f"name it, one of {', '.join(COLUMNS)}")
        if column not in COLUMNS:
            shown = column if len(column) <= 60 else f"{column[:60]}..."
            raise sheet_error(
                path,
                f"column '{shown}' is not known",
                f"use tabs between the columns and of these names only: {', '.join(COLUMNS)}",
            )
        if header.count(column) > 1:
            raise sheet_error(path, f"column '{column}' is given twice", "remove one of the two")
    if "sample_id" not in header:
        raise sheet_error(path, "lacks the column sample_id", "add it to the header")
    if "fastq_1" not in header and "bam" not in header:
        raise sheet_error(path, "lacks the column fastq_1", "add it to the header")


def sheet_error(path: Path, problem: str, remedy: str) -> SampleSheetError:
    """Return an error that is of no row."""
    return SampleSheetError(problem, path=path, remedy=remedy)
