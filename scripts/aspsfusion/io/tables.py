"""Writes values as cells of tables that people open in a spreadsheet.

A spreadsheet runs a cell that begins with one of some characters, also in a file of text, and names of reads,
samples and genes come from outside. The apostrophe before such a text is the spreadsheet's own sign for text.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from aspsfusion.errors import printable
from aspsfusion.io.files import replacing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")

Cell = str | int | float | bool | None

FORMULA_STARTS = (*"=+-@", *"\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV Injection; tab and CR are no part of a
cell here); the last four are the wide forms of the others."""

TEXT_SIGN = "'"

_NO_FORMULA = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?|[-+./]+|-?(inf|nan)")
"""Numbers, and strands such as - and +/-."""


def cell_text(value: Cell) -> str:
    r"""Return a value as table files have it: nothing for None, true and false, text on one line.

    Control characters become escapes, and what a spreadsheet would run is marked as text.

    >>> [cell_text(value) for value in (None, True, 0.25, "two\nlines", "\x1b[2J")]
    ['', 'true', '0.25', 'two lines', '\\x1b[2J']
    >>> [cell_text(value) for value in ("=1+1", "\t@SUM(A1)", "-A1", "-3", -2.5e-05, "-", "+/-")]
    ["'=1+1", "'@SUM(A1)", "'-A1", '-3', '-2.5e-05', '-', '+/-']
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    text = printable(" ".join(str(value).split()))
    return (
        f"{TEXT_SIGN}{text}" if text.startswith(FORMULA_STARTS) and not _NO_FORMULA.fullmatch(text) else text
    )


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Cell]],
    *,
    quoted: bool = True,
    force: bool = True,
) -> None:
    """Write a table with tabs between its columns, in one step.

    Args:
        path: the file.
        columns: the header; a cell that a row lacks is empty.
        rows: cells by column.
        force: replace an existing file.
        quoted: quote cells that hold quotation marks; without it they are written as they are.
    """
    with replacing(path, force=force) as draft, draft.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(
            handle,
            dialect="excel-tab",
            lineterminator="\n",
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
            quotechar='"' if quoted else None,
        )
        writer.writerow(columns)
        writer.writerows([cell_text(row.get(column)) for column in columns] for row in rows)


def write_rows(kind: type[Row], rows: Iterable[Row], path: Path, *, force: bool = False) -> None:
    """Write a table of records of one kind, with the names of their fields in the first line."""
    names = [field.name for field in fields(kind)]
    write_table(path, names, ({name: getattr(row, name) for name in names} for row in rows), force=force)
