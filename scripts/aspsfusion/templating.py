"""Fills the HTML templates. A template prints; whatever has to be worked out is in the view it is given."""

import base64
import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

from aspsfusion.writable import cache_of_the_user, can_write

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
    loader=PackageLoader("aspsfusion", "templates"),
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
