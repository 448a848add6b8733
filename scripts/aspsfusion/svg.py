"""Turns a matplotlib figure into an SVG element that stands inside an HTML page.

The text stays text, so that it can be searched, and each drawing says in words what it shows. The same
figure always gives the same bytes: no date, ids from a fixed salt, no settings of the user's own.
"""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib
from matplotlib.figure import Figure

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "aspsfusion",
    "font.family": "sans-serif",
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "hatch.linewidth": 0.6,
}


def inline_svg(make_figure: Callable[[], Figure], identifier: str, words: str) -> str:
    """Return a figure as an SVG element.

    Args:
        make_figure: draws the figure; called with the settings of `STYLE`.
        identifier: prefix of the ids inside the drawing, unique within the page.
        words: what the drawing shows, for those who do not see it.
    """
    with matplotlib.rc_context():
        # A user's own matplotlibrc must not change a report.
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        buffer = io.StringIO()
        make_figure().savefig(
            buffer,
            format="svg",
            metadata={"Date": None, "Creator": None, "Format": None, "Type": None},
        )
    return _inline(buffer.getvalue(), identifier, words)


def _inline(svg: str, identifier: str, words: str) -> str:
    """Make a standalone SVG file fit to stand inside a page: no prolog, ids of its own, a title in words."""
    body = svg[svg.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    # A style element would hold for the whole page, so what it says goes to the drawing's own element.
    body = re.sub(r"<style.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'<g id="[^"]*"', "<g", body)
    body = re.sub(r'\bid="', f'id="{identifier}-', body)
    body = re.sub(r'(url\(#|href="#)', rf"\g<1>{identifier}-", body)
    opening, rest = body.split(">", 1)
    opening = re.sub(r'\s(width|height|version)="[^"]*"', "", opening)
    title = f'<title id="{identifier}-title">{_escape(words)}</title>'
    opening += ' stroke-linejoin="round" stroke-linecap="butt"'
    return f'{opening} role="img" aria-labelledby="{identifier}-title">{title}{rest}'


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
