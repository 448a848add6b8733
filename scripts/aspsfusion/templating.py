"""Fills the HTML templates. A template prints; whatever has to be worked out is in the view it is given."""

import base64
import hashlib
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

ENVIRONMENT = Environment(
    loader=PackageLoader("aspsfusion", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)
"""Everything is escaped and a misspelt name is an error, not an empty place in a medical report."""


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
