"""Tables of records of numbers and text: tab-separated, the names of the fields in the first line."""

import csv
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, get_type_hints

from aspsfusion.io.files import replacing

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Row = TypeVar("Row", bound="DataclassInstance")


def write_rows(kind: type[Row], rows: Sequence[Row], path: Path, *, force: bool = False) -> None:
    """Write a table.

    Args:
        kind: class of the records, which gives the header.
        rows: the records.
        path: file to write.
        force: replace an existing file.
    """
    with replacing(path, force=force) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        names = [field.name for field in fields(kind)]
        writer = csv.DictWriter(stream, names, delimiter="\t", lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(row) for row in rows)


def read_rows(kind: type[Row], path: Path) -> list[Row]:
    """Read a table of records whose fields are int or str back."""
    types = get_type_hints(kind)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [kind(**{name: types[name](text) for name, text in row.items()}) for row in rows]
