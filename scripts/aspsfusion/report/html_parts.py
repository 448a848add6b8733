"""Fills the HTML templates. A template prints; whatever has to be worked out is in the view it is given.

The parts that pages are made of, and the one way in which each kind of number is written on them.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

from aspsfusion.io.files import cache_of_the_user, can_write

NOT_DETERMINED = "not determined"

Kind = Literal["text", "number", "code", "status"]


@dataclass(frozen=True)
class Column:
    """Head of a table's column; the kind decides how its cells are set."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table whose cells are text already; the caption tells what it holds, also to a screen reader."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Fact:
    """A named value with an explanation or further lines below it."""

    label: str
    value: str
    details: tuple[str, ...] = ()
    kind: Kind = "text"


def count(number: int) -> str:
    """Return a count with separated thousands.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def plural(number: int, singular: str, several: str | None = None) -> str:
    """Return a count with its noun.

    >>> plural(1, "split read"), plural(2000, "split read")
    ('1 split read', '2,000 split reads')
    """
    return f"{count(number)} {singular if number == 1 else several or singular + 's'}"


def percent(share: float | None) -> str:
    """Return a share of one as percentage with three significant digits.

    >>> [percent(share) for share in (0.05, 0.01414, 1.0, 0.99999, None)]
    ['5%', '1.41%', '100%', 'more than 99.9%', 'not determined']
    """
    if share is None:
        return NOT_DETERMINED
    if 0.9995 <= share < 1:
        return "more than 99.9%"
    return f"{float(f'{100 * share:.3g}'):g}%"


def or_not_determined(number: int | None, unit: str) -> str:
    """Return a count with its unit, or that there is none."""
    return NOT_DETERMINED if number is None else f"{count(number)} {unit}"


def side_by_side(table: Table, rows_each: int) -> list[Table]:
    """Cut a long narrow table into several that stand beside each other; an empty one into none."""
    parts = [table.rows[first : first + rows_each] for first in range(0, len(table.rows), rows_each)]
    return [
        Table(f"{table.caption}, part {number + 1}" if number else table.caption, table.columns, rows)
        for number, rows in enumerate(parts)
    ]


def columns(*heads: str | tuple[str, Kind]) -> tuple[Column, ...]:
    """Return the columns of a table from titles, with the kind where it is not text."""
    return tuple(Column(head) if isinstance(head, str) else Column(*head) for head in heads)


def joined(parts: Sequence[str]) -> str:
    """Return the parts with commas between them, or a dash when there is none."""
    return ", ".join(parts) or "-"


OPTIONS: dict[str, Any] = {
    "autoescape": True,
    "undefined": StrictUndefined,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "keep_trailing_newline": True,
}
"""Everything is escaped and a misspelt name is an error, not an empty place in a medical report."""


def template_cache(package: Path) -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept; None where no directory can be written to.

    Compiling takes longer than filling in. What is kept serves the same text of a template, version of Python
    (both of which Jinja compares), version of Jinja and options only: the last two are in the files' names.

    Args:
        package: directory of the package's files, whose `__pycache__` is the first choice.
    """
    directories = (package / "__pycache__", cache_of_the_user())
    directory = next((directory for directory in directories if can_write(directory)), None)
    if directory is None:
        return None
    options = hashlib.sha256(repr(sorted(OPTIONS.items(), key=str)).encode("utf-8")).hexdigest()[:8]
    return FileSystemBytecodeCache(str(directory), f"template-{version('jinja2')}-{options}-%s.cache")


ENVIRONMENT = Environment(
    loader=PackageLoader("aspsfusion.report"),
    bytecode_cache=template_cache(Path(__file__).parent),
    **OPTIONS,
)


def render(template: str, view: Any) -> str:
    """Return the page that the template makes of the view.

    Args:
        template: name of a file in `templates/`.
        view: the only thing that the template sees, under the name `view`.
    """
    return ENVIRONMENT.get_template(template).render(view=view)


def template_text(name: str) -> str:
    """Return a file in `templates/` as it is."""
    assert ENVIRONMENT.loader is not None
    return ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]


def script_source(script: str) -> str:
    """Return the source expression that allows one inline script, and no other, to run.

    Args:
        script: the text between the tags (Content Security Policy Level 3, section 6.7.3.3).

    >>> script_source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def css_string(text: str) -> str:
    r"""Return the text so that it can stand in double quotes in a style sheet inside of HTML.

    >>> css_string('a "b" <c>')
    'a \\"b\\" \\3c c>'
    """
    plain = " ".join(text.split())
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
