"""Draws a fusion transcript and the two genes it comes from as SVG, for a broad page or a narrow screen."""

from dataclasses import dataclass

from aspsfusion.report.fusion_figure import Chromosome, DomainBar, ExonBox, FusionDrawing, Row, Source
from aspsfusion.report.svg import CAPITAL_HEIGHT, PAPER, POINTS, RIM, Box, Fill, Sheet, text_width

# Light fills carry dark text; what is lost is hatched as well, so that no colour need be seen.
INK = "#1a1a1a"
KEPT: dict[Source, Fill] = {
    "five_prime": Fill("#a6cee8", "#00568a"),
    "three_prime": Fill("#fbc98b", "#9a4a00"),
}
LOST: dict[Source, Fill] = {source: Fill(PAPER, fill.edge, hatched=True) for source, fill in KEPT.items()}
DOMAIN_KEPT, DOMAIN_LOST = Fill("#4d4d4d", "#4d4d4d"), Fill(PAPER, "#4d4d4d", hatched=True)

MARGIN = 4.0
CODING_HEIGHT, UNTRANSLATED_HEIGHT, DOMAIN_HEIGHT = 17.3, 9.4, 3.6
LABEL_SIZE, NUMBER_SIZE, DOMAIN_SIZE = 9.0, 8.2, 8.2
"""Paper shows the sheet a little smaller than it is; nothing on it is to be below 8 pt there."""

DOMAIN_LINE, NAME_GAP = 9.0, 4.0
"""From one line of the domains' names to the next, and between two names in a line."""

ABOVE, BELOW = 25.0, 17.0
"""From the middle of the exons to the row above, with a label between, and to the lines of domains' names."""

JOIN_DASHES = "3.7 1.6"
BREAK_RISE = 3.0
"""By which the mark of a breakpoint is higher than the exons, and lower."""

CHROMOSOME_WIDTH, CHROMOSOME_HEIGHT = 110.0, 5.5
CHROMOSOME = Fill(PAPER, "#4d4d4d")


@dataclass(frozen=True)
class Form:
    """How a drawing is arranged, in points; the page decides which form fits its width.

    Attributes:
        width: of the sheet.
        label_line: from the label to the chromosome below it; 0 where both are in one line.
    """

    width: float
    label_line: float = 0.0


BROAD = Form(width=7.4 * POINTS)
"""As wide as an A4 page between its margins."""

NARROW = Form(width=328.0, label_line=10.0)
"""A phone of 400 px shows it 10% larger than it is, so that its smallest text has 9 px."""


def draw_fusion(drawing: FusionDrawing, identifier: str, form: Form) -> str:
    """Return the drawing as an SVG element; `identifier` begins the ids inside and is unique on the page."""
    return _Figure(drawing, identifier, form).svg


@dataclass(frozen=True)
class _Name:
    """A domain's name: its middle on the sheet, and its line below the exons, from 0."""

    text: str
    centre: float
    line: int


class _Figure:
    """A fusion transcript on its sheet, drawn row by row."""

    def __init__(self, drawing: FusionDrawing, identifier: str, form: Form) -> None:
        self._form = form
        self._longest = max(box.end for row in drawing.rows for box in row.boxes)
        names = [self._names(row) for row in drawing.rows]
        middles, height = [], 0.0
        for row, placed in zip(drawing.rows, names, strict=True):
            middles.append(height + ABOVE + self._label_line(row))
            height = middles[-1] + BELOW + DOMAIN_LINE * (1 + max((name.line for name in placed), default=-1))
        self._sheet = Sheet(form.width, height, identifier, drawing.words)
        self._joins(drawing, middles)
        for row, placed, middle in zip(drawing.rows, names, middles, strict=True):
            self._row(row, middle)
            for bar, name in zip(row.domains, placed, strict=True):
                self._domain(bar, name, middle)
        self.svg = self._sheet.svg()

    def _label_line(self, row: Row) -> float:
        return self._form.label_line if row.chromosome else 0.0

    def _names(self, row: Row) -> list["_Name"]:
        """Place the names of domains: each is in the first line where it touches no other."""
        placed: list[_Name] = []
        ends: list[float] = []
        for bar in row.domains:
            text = bar.name if bar.status == "kept" else f"{bar.name} ({bar.status})"
            half = text_width(text, DOMAIN_SIZE) / 2
            centre = self._x((bar.start + bar.end) / 2)
            # No name runs over the edge of the sheet.
            centre = max(min(centre, self._form.width - MARGIN - half), MARGIN + half)
            line = next((line for line, end in enumerate(ends) if end < centre - half), len(ends))
            ends[line : line + 1] = [centre + half + NAME_GAP]
            placed.append(_Name(text, centre, line))
        return placed

    def _x(self, place: float) -> float:
        """Return where a place of a transcript, in nt, is on the sheet; dots fit after the longest."""
        return MARGIN + place / self._longest * (self._form.width - 2 * MARGIN - LABEL_SIZE)

    def _row(self, row: Row, middle: float) -> None:
        base = middle - CODING_HEIGHT / 2 - 6
        corner = (MARGIN, base - self._label_line(row))
        self._sheet.text(corner, row.label, LABEL_SIZE, INK, bold=True, paper=True)
        if row.chromosome:
            self._chromosome(row.chromosome, base)
        for box in row.boxes:
            self._exon(box, middle)
        if row.intron:
            left, right = row.intron
            self._sheet.line([(self._x(left), middle), (self._x(right), middle)], INK, 1.0, "1 1.6")
        if row.inserted:
            left, right = row.inserted
            self._sheet.box(
                self._span(left, right, middle - CODING_HEIGHT / 2, CODING_HEIGHT), Fill(PAPER, INK)
            )
        place, half = self._x(row.breakpoint), CODING_HEIGHT / 2 + BREAK_RISE
        self._sheet.line([(place, middle - half), (place, middle + half)], INK, 1.6)
        if row.cut:
            end = max(box.end for box in row.boxes)
            self._sheet.text((self._x(end) + 1, middle), "\u2026", LABEL_SIZE, INK)

    def _chromosome(self, chromosome: Chromosome, base: float) -> None:
        """Draw a chromosome as a plain bar with a mark at the breakpoint, at the right of a label."""
        left, top = self._form.width - MARGIN - CHROMOSOME_WIDTH, base - CHROMOSOME_HEIGHT
        self._sheet.text((left - 5, base), chromosome.label, NUMBER_SIZE, INK, "end", paper=True)
        self._sheet.box(Box(left, top, CHROMOSOME_WIDTH, CHROMOSOME_HEIGHT), CHROMOSOME)
        mark = left + chromosome.share * CHROMOSOME_WIDTH
        self._sheet.line([(mark, top - 2), (mark, base + 2)], INK, 2.0)

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
        width = text_width(label, NUMBER_SIZE) + (0 if box.kept else 2 * RIM)
        # In the high part if it fits: across the step it would hide where the coding part begins.
        places = ((box.coding_start, box.coding_end), (box.start, box.end))
        centre = next(
            (self._x((left + right) / 2) for left, right in places if self._x(right) - self._x(left) > width),
            None,
        )
        if centre is not None:
            place = (centre, middle + NUMBER_SIZE * CAPITAL_HEIGHT / 2)
            self._sheet.text(place, label, NUMBER_SIZE, INK, "middle", paper=not box.kept)

    def _span(self, left: float, right: float, top: float, height: float) -> Box:
        return Box(self._x(left), top, self._x(right) - self._x(left), height)

    def _domain(self, bar: DomainBar, name: "_Name", middle: float) -> None:
        top = middle + CODING_HEIGHT / 2 + 2
        fill = DOMAIN_LOST if bar.status == "lost" else DOMAIN_KEPT
        self._sheet.box(self._span(bar.start, bar.end, top, DOMAIN_HEIGHT), fill)
        base = top + DOMAIN_HEIGHT + 1.5 + DOMAIN_SIZE * CAPITAL_HEIGHT + name.line * DOMAIN_LINE
        self._sheet.text((name.centre, base), name.text, DOMAIN_SIZE, INK, "middle", paper=True)

    def _joins(self, drawing: FusionDrawing, middles: list[float]) -> None:
        """Lead from the breakpoints of the genes to the junction of the fusion transcript."""
        five, fusion, three = middles
        half = CODING_HEIGHT / 2 + BREAK_RISE
        five_x, left, three_x = (self._x(row.breakpoint) for row in drawing.rows)
        between = drawing.fusion.intron or drawing.fusion.inserted
        right = self._x(between[1]) if between else left
        self._sheet.line([(five_x, five + half), (left, fusion - half)], INK, 1.0, JOIN_DASHES)
        self._sheet.line([(three_x, three - half), (right, fusion + half)], INK, 1.0, JOIN_DASHES)
