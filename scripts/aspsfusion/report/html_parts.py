"""Fills the HTML templates with the parts that pages are made of.

A template prints; whatever has to be worked out is in the view it is given.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

Kind = Literal["text", "number", "code", "status"]
Head = str | tuple[str, Kind]
"""Title of a column, with its kind where it is not text."""


@dataclass(frozen=True)
class Column:
    """Head of a table's column; the kind decides how its cells are set."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table whose cells are text already; the caption says what it holds, also to a screen reader."""

    caption: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Fact:
    """A named value with an explanation or further lines below it."""

    label: str
    value: str
    details: tuple[str, ...] = ()
    kind: Kind = "text"


def columns(*heads: Head) -> tuple[Column, ...]:
    """Return the columns of a table from their heads."""
    return tuple(Column(head) if isinstance(head, str) else Column(*head) for head in heads)


def table(caption: str, heads: Sequence[Head], rows: Sequence[tuple[str, ...]]) -> Table | None:
    """Return a table; None without rows."""
    return Table(caption, columns(*heads), rows) if rows else None


ENVIRONMENT = Environment(
    loader=PackageLoader("aspsfusion.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
"""Everything is escaped and a misspelt name is an error, not an empty place in a medical report. Each
process compiles the templates: Jinja would keep them as pickles, which run whatever somebody put there."""


def render(template: str, view: Any) -> str:
    """Return the page that a file in `templates/` makes of the view, which is all that it sees."""
    return ENVIRONMENT.get_template(template).render(view=view)


def template_text(name: str) -> str:
    """Return a file in `templates/` as it is."""
    assert ENVIRONMENT.loader is not None
    return ENVIRONMENT.loader.get_source(ENVIRONMENT, name)[0]


def script_source(script: str) -> str:
    """Return the source expression that allows one inline script, and no other, to run.

    The script is the text between the tags (Content Security Policy Level 3, section 6.7.3.3).

    >>> script_source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return f"'sha256-{digest}'"


def css_string(text: str) -> str:
    r"""Return the text for double quotes in a style sheet inside HTML.

    >>> css_string('a "b" <c>')
    'a \\"b\\" \\3c c>'
    """
    plain = " ".join(text.split())
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("<", "\\3c ")
