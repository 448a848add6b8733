"""Draws on a sheet, whose SVG element is part of an HTML page.

The text stays text, so that it can be searched, and each drawing says in words what it shows. The same shapes
always give the same bytes. Lengths are points of the sheet, x to the right and y down from the upper left
corner; the page decides how large the sheet is shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Literal
from xml.etree import ElementTree

POINTS = 72
"""Points of an inch."""

FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
"""The page's own font, named because a PDF writer does not apply it inside a drawing."""

CHARACTER_WIDTH = 0.56
"""Mean width of a character as a share of the font's size, to keep texts apart."""

CAPITAL_HEIGHT = 0.72
"""Height of capitals and figures as a share of the font's size, to centre them (Helvetica: 0.718)."""

HATCH_GAP = 5.0
"""Points between two lines of hatching, along the horizontal."""

HATCH_WIDTH = 0.6

PAPER = "#ffffff"

MOST_TICKS = 5
"""Values that there is room for at an axis, 0 included."""

RIM = 1.2
"""Paper around a text."""

Anchor = Literal["start", "middle", "end"]
ANCHORED: dict[Anchor, float] = {"start": 0.0, "middle": 0.5, "end": 1.0}
"""Share of a text's width that is to the left of its place."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A rectangle, by its upper left corner and its size."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Fill:
    """How an area looks: its colour, and the colour of its edge and its hatching."""

    inside: str
    edge: str
    hatched: bool = False


BLANK = Fill(PAPER, "none")


def text_width(text: str, size: float) -> float:
    """Return about how wide a text is."""
    return len(text) * CHARACTER_WIDTH * size


def hatching(box: Box) -> Iterator[tuple[Point, Point]]:
    """Return the ends of the lines at 45 degrees, from lower left to upper right, that fill a box.

    They run on from one box into the next, because x + y of each line is a multiple of the gap. Lines rather
    than a pattern: a pattern needs an id, and browsers print it as a coarse picture.
    """
    right, bottom = box.left + box.width, box.top + box.height
    total = ceil((box.left + box.top) / HATCH_GAP) * HATCH_GAP
    while total < right + bottom:
        lower = max(box.left, total - bottom)
        upper = min(right, total - box.top)
        if lower < upper:
            yield (lower, total - lower), (upper, total - upper)
        total += HATCH_GAP


class Sheet:
    """Takes shapes, the later above the earlier, and gives them as one SVG element."""

    def __init__(self, width: float, height: float, identifier: str, words: str) -> None:
        """Make an empty sheet.

        The `identifier` begins the ids inside the drawing and is unique within the page; the `words` say
        what the drawing shows.
        """
        title = f"{identifier}-title"
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {_number(width)} {_number(height)}",
                "font-family": FONT,
                "role": "img",
                "aria-labelledby": title,
            },
        )
        ElementTree.SubElement(self._root, "title", {"id": title}).text = words

    def box(self, box: Box, fill: Fill, line_width: float = 0.8) -> None:
        """Draw a rectangle."""
        shape = {
            "x": _number(box.left),
            "y": _number(box.top),
            "width": _number(box.width),
            "height": _number(box.height),
            "fill": fill.inside,
        }
        edge = {"stroke": fill.edge, "stroke-width": _number(line_width)}
        if not fill.hatched:
            ElementTree.SubElement(self._root, "rect", shape | edge)
            return
        ElementTree.SubElement(self._root, "rect", shape)
        lines = " ".join(_path(line) for line in hatching(box))
        if lines:
            strokes = {"d": lines, "stroke": fill.edge, "stroke-width": _number(HATCH_WIDTH)}
            ElementTree.SubElement(self._root, "path", strokes)
        # Above the ends of the hatching.
        ElementTree.SubElement(self._root, "rect", shape | {"fill": "none"} | edge)

    def line(self, points: Sequence[Point], colour: str, width: float, dashes: str = "") -> None:
        """Draw a line through two or more points.

        `dashes` are the lengths of dash and gap with a space between; empty for an unbroken line.
        """
        shape = {"d": _path(points), "fill": "none", "stroke": colour, "stroke-width": _number(width)}
        ElementTree.SubElement(self._root, "path", shape | ({"stroke-dasharray": dashes} if dashes else {}))

    def text(
        self,
        place: Point,
        text: str,
        size: float,
        colour: str,
        anchor: Anchor = "start",
        *,
        bold: bool = False,
        paper: bool = False,
    ) -> None:
        """Write one line of text, whose `anchor` (start, middle or end) is at the place on the base line.

        On `paper` of its own no line and no hatching runs through it.
        """
        if paper:
            width, height = text_width(text, size), size * CAPITAL_HEIGHT
            left = place[0] - width * ANCHORED[anchor]
            self.box(Box(left - RIM, place[1] - height - RIM, width + 2 * RIM, height + 2 * RIM), BLANK)
        self._text(place, text, size, {"fill": colour, "text-anchor": anchor}, bold=bold)

    def text_upwards(self, place: Point, text: str, size: float, colour: str) -> None:
        """Write a text that runs from bottom to top, its middle at the place."""
        turn = f"rotate(-90 {_number(place[0])} {_number(place[1])})"
        self._text(place, text, size, {"fill": colour, "text-anchor": "middle", "transform": turn})

    def _text(
        self, place: Point, text: str, size: float, attributes: dict[str, str], *, bold: bool = False
    ) -> None:
        where = {"x": _number(place[0]), "y": _number(place[1]), "font-size": _number(size)}
        weight = {"font-weight": "bold"} if bold else {}
        ElementTree.SubElement(self._root, "text", where | weight | attributes).text = text

    def svg(self) -> str:
        """Return the drawing as an SVG element."""
        return ElementTree.tostring(self._root, encoding="unicode")


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in points)


def _number(value: float) -> str:
    """Return a number with no more places than can be seen.

    >>> _number(12.0), _number(0.8), _number(1 / 3)
    ('12', '0.8', '0.33')
    """
    return f"{value:.2f}".rstrip("0").rstrip(".")


def round_ticks(highest: float) -> list[float]:
    """Return round values from 0 up to a highest one, which is above 0, to be written at an axis.

    >>> round_ticks(123.4)
    [0.0, 50.0, 100.0]
    >>> round_ticks(0.9)
    [0.0, 0.2, 0.4, 0.6, 0.8]
    """
    power = floor(log10(highest / MOST_TICKS))
    # The smallest step may have too many ticks, the largest has fewer than half of those allowed.
    for factor in (1, 2, 5, 10, 20):
        step = factor * 10.0**power
        intervals = int(highest / step + 1e-9)  # a quotient just below a whole number is meant to be whole
        if intervals < MOST_TICKS:
            break
    return [round(number * step, max(0, -power)) for number in range(intervals + 1)]
