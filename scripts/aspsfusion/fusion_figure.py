"""Sets the drawing of a fusion transcript as SVG."""

from math import inf
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aspsfusion.fusion_drawing import DomainBar, ExonBox, FusionDrawing, Row
from aspsfusion.svg import inline_svg

# Light fills carry dark text; what is lost is told by hatching as well, so that no colour need be seen.
FILL = {"five_prime": "#a6cee8", "three_prime": "#fbc98b"}
EDGE = {"five_prime": "#00568a", "three_prime": "#9a4a00"}
LOST = "#ffffff"
INK = "#1a1a1a"
DOMAIN_FILL = "#4d4d4d"

WIDTH = 7.4
"""Inches: the width of an A4 page between its margins."""

LEFT, RIGHT, TOP, BOTTOM = 0.05, 0.05, 0.02, 0.02
ROW_HEIGHT = 0.86
CODING_HEIGHT, UNTRANSLATED_HEIGHT, DOMAIN_HEIGHT = 0.24, 0.13, 0.05
LABEL_SIZE, NUMBER_SIZE, DOMAIN_SIZE = 8.5, 7.0, 7.5
CHARACTER_WIDTH = 0.56
"""Mean width of a character as a share of the font's size, to keep labels apart."""

POINTS = 72


def draw_fusion(drawing: FusionDrawing, identifier: str) -> str:
    """Return the drawing as an SVG element.

    Args:
        drawing: what to draw.
        identifier: prefix of the ids inside the drawing, unique within the page.
    """
    return inline_svg(lambda: _figure(drawing), identifier, drawing.words)


def _figure(drawing: FusionDrawing) -> Figure:
    height = ROW_HEIGHT * len(drawing.rows) + TOP + BOTTOM
    figure = Figure(figsize=(WIDTH, height))
    axes = figure.add_axes(
        (LEFT / WIDTH, BOTTOM / height, (WIDTH - LEFT - RIGHT) / WIDTH, (height - TOP - BOTTOM) / height)
    )
    axes.set_axis_off()
    longest = max(box.end for row in drawing.rows for box in row.boxes)
    per_inch = longest * 1.015 / (WIDTH - LEFT - RIGHT)
    axes.set_xlim(0, longest * 1.015)
    axes.set_ylim(0, ROW_HEIGHT * len(drawing.rows))
    middles = [ROW_HEIGHT * (len(drawing.rows) - number) - 0.38 for number in range(len(drawing.rows))]
    for row, middle in zip(drawing.rows, middles, strict=True):
        _row(axes, row, middle, per_inch)
    _joins(axes, drawing, middles)
    return figure


def _row(axes: Axes, row: Row, middle: float, per_inch: float) -> None:
    axes.text(0, middle + 0.22, row.label, size=LABEL_SIZE, weight="bold", color=INK, va="bottom")
    for box in row.boxes:
        _exon(axes, box, middle, per_inch)
    if row.intron:
        left, right = row.intron
        axes.plot([left, right], [middle, middle], color=INK, linewidth=1.0, linestyle=":")
    if row.cut:
        end = max(box.end for box in row.boxes)
        axes.text(end, middle, "\u2026", size=LABEL_SIZE, color=INK, va="center")
    taken = [-inf, -inf]
    for bar in sorted(row.domains, key=lambda bar: bar.start):
        _domain(axes, bar, middle, per_inch, taken)


def _exon(axes: Axes, box: ExonBox, middle: float, per_inch: float) -> None:
    style: dict[str, Any] = {
        "facecolor": FILL[box.source] if box.kept else LOST,
        "edgecolor": EDGE[box.source],
        "linewidth": 0.8,
        "hatch": None if box.kept else "/////",
    }
    parts = (
        (box.start, box.coding_start, UNTRANSLATED_HEIGHT),
        (box.coding_start, box.coding_end, CODING_HEIGHT),
        (box.coding_end, box.end, UNTRANSLATED_HEIGHT),
    )
    for left, right, height in parts:
        if right > left:
            axes.add_patch(Rectangle((left, middle - height / 2), right - left, height, **style))
    label = str(box.number)
    width = len(label) * CHARACTER_WIDTH * NUMBER_SIZE / POINTS * per_inch
    if box.end - box.start > width:
        axes.text(
            (box.start + box.end) / 2,
            middle,
            label,
            size=NUMBER_SIZE,
            color=INK,
            ha="center",
            va="center",
            bbox=None if box.kept else {"facecolor": LOST, "edgecolor": "none", "pad": 0.6},
        )


def _domain(axes: Axes, bar: DomainBar, middle: float, per_inch: float, taken: list[float]) -> None:
    """Draw a bar and its name; a name that would touch the one before it goes to the second line."""
    top = middle - CODING_HEIGHT / 2 - 0.03
    lost = bar.status == "lost"
    axes.add_patch(
        Rectangle(
            (bar.start, top - DOMAIN_HEIGHT),
            bar.end - bar.start,
            DOMAIN_HEIGHT,
            facecolor=LOST if lost else DOMAIN_FILL,
            edgecolor=DOMAIN_FILL,
            linewidth=0.8,
            hatch="/////" if lost else None,
        )
    )
    name = bar.name if bar.status == "kept" else f"{bar.name} ({bar.status})"
    half = len(name) * CHARACTER_WIDTH * DOMAIN_SIZE / POINTS * per_inch / 2
    centre = max((bar.start + bar.end) / 2, half)
    line = 0 if centre - half > taken[0] else 1
    taken[line] = centre + half
    axes.text(
        centre,
        top - DOMAIN_HEIGHT - 0.02 - line * 0.12,
        name,
        size=DOMAIN_SIZE,
        color=INK,
        ha="center",
        va="top",
    )


def _joins(axes: Axes, drawing: FusionDrawing, middles: list[float]) -> None:
    """Lead from the breakpoints of the genes to the junction of the fusion transcript."""
    five, fusion, three = middles
    target = drawing.fusion.breakpoint
    right = drawing.fusion.intron[1] if drawing.fusion.intron else target
    half = CODING_HEIGHT / 2 + 0.04
    line: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": "--"}
    for place, middle in ((drawing.five_prime.breakpoint, five), (drawing.three_prime.breakpoint, three)):
        axes.plot([place, place], [middle - half, middle + half], color=INK, linewidth=1.6)
    axes.plot([target, target], [fusion - half, fusion + half], color=INK, linewidth=1.6)
    axes.plot([drawing.five_prime.breakpoint, target], [five - half, fusion + half], **line)
    axes.plot([drawing.three_prime.breakpoint, right], [three + half, fusion - half], **line)
