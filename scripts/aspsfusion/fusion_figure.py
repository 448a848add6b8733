"""Sets the drawing of a fusion transcript as SVG."""

from math import inf

from aspsfusion.fusion_drawing import DomainBar, ExonBox, FusionDrawing, Row, Source
from aspsfusion.svg import CAPITAL_HEIGHT, POINTS, Box, Fill, Sheet, text_width

# Light fills carry dark text; what is lost is told by hatching as well, so that no colour need be seen.
PAPER, INK = "#ffffff", "#1a1a1a"
KEPT: dict[Source, Fill] = {
    "five_prime": Fill("#a6cee8", "#00568a"),
    "three_prime": Fill("#fbc98b", "#9a4a00"),
}
LOST: dict[Source, Fill] = {source: Fill(PAPER, fill.edge, hatched=True) for source, fill in KEPT.items()}
DOMAIN_KEPT, DOMAIN_LOST = Fill("#4d4d4d", "#4d4d4d"), Fill(PAPER, "#4d4d4d", hatched=True)

WIDTH = 7.4 * POINTS
"""The width of an A4 page between its margins."""

MARGIN = 4.0
ROW_HEIGHT = 62.0
MIDDLE = 27.0
"""From the top of a row to the middle of its exons; above them is the label, below them the domains."""

CODING_HEIGHT, UNTRANSLATED_HEIGHT, DOMAIN_HEIGHT = 17.3, 9.4, 3.6
LABEL_SIZE, NUMBER_SIZE, DOMAIN_SIZE = 8.5, 7.0, 7.5
NUMBER_RIM = 1.2
"""Paper around a number on hatching."""

DOMAIN_LINE = 8.6
"""From the first line of the domains' names to the second."""

JOIN_DASHES = "3.7 1.6"


def draw_fusion(drawing: FusionDrawing, identifier: str) -> str:
    """Return the drawing as an SVG element.

    Args:
        drawing: what to draw.
        identifier: prefix of the ids inside the drawing, unique within the page.
    """
    return _Figure(drawing, identifier).svg()


class _Figure:
    """A fusion transcript on its sheet, drawn row by row."""

    def __init__(self, drawing: FusionDrawing, identifier: str) -> None:
        self._sheet = Sheet(WIDTH, ROW_HEIGHT * len(drawing.rows), identifier, drawing.words)
        self._longest = max(box.end for row in drawing.rows for box in row.boxes)
        middles = [ROW_HEIGHT * number + MIDDLE for number in range(len(drawing.rows))]
        for row, middle in zip(drawing.rows, middles, strict=True):
            self._row(row, middle)
        self._joins(drawing, middles)

    def svg(self) -> str:
        return self._sheet.svg()

    def _x(self, place: float) -> float:
        """Return where a place of a transcript, in nt, is on the sheet; dots fit behind the longest."""
        return MARGIN + place / self._longest * (WIDTH - 2 * MARGIN - LABEL_SIZE)

    def _row(self, row: Row, middle: float) -> None:
        base = middle - CODING_HEIGHT / 2 - 6
        self._sheet.text((MARGIN, base), row.label, LABEL_SIZE, INK, bold=True)
        for box in row.boxes:
            self._exon(box, middle)
        if row.intron:
            left, right = row.intron
            self._sheet.line([(self._x(left), middle), (self._x(right), middle)], INK, 1.0, "1 1.6")
        if row.cut:
            end = max(box.end for box in row.boxes)
            self._sheet.text((self._x(end) + 1, middle), "\u2026", LABEL_SIZE, INK)
        taken = [-inf, -inf]
        for bar in sorted(row.domains, key=lambda bar: bar.start):
            self._domain(bar, middle, taken)

    def _exon(self, box: ExonBox, middle: float) -> None:
        fill = (KEPT if box.kept else LOST)[box.source]
        parts = (
            (box.start, box.coding_start, UNTRANSLATED_HEIGHT),
            (box.coding_start, box.coding_end, CODING_HEIGHT),
            (box.coding_end, box.end, UNTRANSLATED_HEIGHT),
        )
        for left, right, height in parts:
            if right > left:
                self._sheet.box(self._span(left, right, middle - height / 2, height), fill)
        label = str(box.number)
        width, height = text_width(label, NUMBER_SIZE), NUMBER_SIZE * CAPITAL_HEIGHT
        # In the high part if it fits: across the step it would hide where the coding part begins.
        places = ((box.coding_start, box.coding_end), (box.start, box.end))
        centre = next(
            (self._x((left + right) / 2) for left, right in places if self._x(right) - self._x(left) > width),
            None,
        )
        if centre is None:
            return
        if not box.kept:
            # Paper behind the number, which could not be read on the hatching.
            top, rim = middle - height / 2, NUMBER_RIM
            paper = Box(centre - width / 2 - rim, top - rim, width + 2 * rim, height + 2 * rim)
            self._sheet.box(paper, Fill(PAPER, "none"))
        self._sheet.text((centre, middle + height / 2), label, NUMBER_SIZE, INK, "middle")

    def _span(self, left: float, right: float, top: float, height: float) -> Box:
        return Box(self._x(left), top, self._x(right) - self._x(left), height)

    def _domain(self, bar: DomainBar, middle: float, taken: list[float]) -> None:
        """Draw a bar and its name; a name that would touch the one before it goes to the second line."""
        top = middle + CODING_HEIGHT / 2 + 2
        fill = DOMAIN_LOST if bar.status == "lost" else DOMAIN_KEPT
        self._sheet.box(self._span(bar.start, bar.end, top, DOMAIN_HEIGHT), fill)
        name = bar.name if bar.status == "kept" else f"{bar.name} ({bar.status})"
        half = text_width(name, DOMAIN_SIZE) / 2
        centre = self._x((bar.start + bar.end) / 2)
        # No name runs over the edge of the sheet.
        centre = max(min(centre, WIDTH - MARGIN - half), MARGIN + half)
        line = 0 if centre - half > taken[0] else 1
        taken[line] = centre + half
        base = top + DOMAIN_HEIGHT + 1.5 + DOMAIN_SIZE * CAPITAL_HEIGHT + line * DOMAIN_LINE
        self._sheet.text((centre, base), name, DOMAIN_SIZE, INK, "middle")

    def _joins(self, drawing: FusionDrawing, middles: list[float]) -> None:
        """Lead from the breakpoints of the genes to the junction of the fusion transcript."""
        five, fusion, three = middles
        half = CODING_HEIGHT / 2 + 3
        five_x, three_x = self._x(drawing.five_prime.breakpoint), self._x(drawing.three_prime.breakpoint)
        target = self._x(drawing.fusion.breakpoint)
        right = self._x(drawing.fusion.intron[1]) if drawing.fusion.intron else target
        for place, middle in ((five_x, five), (three_x, three), (target, fusion)):
            self._sheet.line([(place, middle - half), (place, middle + half)], INK, 1.6)
        self._sheet.line([(five_x, five + half), (target, fusion - half)], INK, 1.0, JOIN_DASHES)
        self._sheet.line([(three_x, three - half), (right, fusion + half)], INK, 1.0, JOIN_DASHES)
