"""Draws the mean depth of each exon of a gene as SVG inside the HTML report."""

from collections.abc import Sequence
from dataclasses import dataclass

from aspsfusion.report.findings import Fusion
from aspsfusion.report.models import ExonCoverage, Report
from aspsfusion.report.svg import CAPITAL_HEIGHT, POINTS, Box, Fill, Sheet, round_ticks, text_width

# Blue and black of the Okabe-Ito palette; what a fusion loses is hatched as well.
BAR_COLOUR = "#0072B2"
LINE_COLOUR = "#000000"
KEPT, LOST = Fill(BAR_COLOUR, BAR_COLOUR), Fill("#ffffff", BAR_COLOUR, hatched=True)

WIDTH, HEIGHT = 4.6 * POINTS, 2.1 * POINTS
LEFT, RIGHT, TOP, BOTTOM = 44.0, WIDTH - 6, 22.0, HEIGHT - 50
"""Edges of the field of the bars; around it are the title, the axes and the legend."""

TITLE_SIZE, TEXT_SIZE = 12.0, 10.6
BAR_SHARE = 0.8
"""Width of a bar as a share of the way from exon to exon."""

TICK, AXIS_WIDTH = 3.5, 0.8
ROOM_ABOVE = 1.05
"""Height of the field as a share of the highest bar, so that none touches the top."""

FEW_FIGURES_FROM = 10_000
"""Depth from which ticks are written in thousands, as of capture and amplicon libraries."""

TICK_STEPS = (1, 2, 5, 10, 20, 50, 100)
"""Every how many exons a number is written: the first step whose numbers do not touch each other."""


@dataclass(frozen=True)
class GeneCoverage:
    """What a drawing shows.

    Attributes:
        exons: in order of their number.
        breakpoints: places between the bars, exon 7's end is 7.5; within an exon, its number.
        lost: exons that the leading fusion does not hold; empty without one.
    """

    gene: str
    exons: tuple[ExonCoverage, ...]
    breakpoints: tuple[float, ...]
    lost: frozenset[int]

    def words(self) -> str:
        """Return the drawing in words, for those who do not see it."""
        depths = ", ".join(f"exon {exon.exon} {exon.mean_depth:.1f}" for exon in self.exons)
        places = "; ".join(
            f"inside exon {place:.0f}"
            if place == int(place)
            else f"between exons {place - 0.5:.0f} and {place + 0.5:.0f}"
            for place in self.breakpoints
        )
        text = f"Mean depth of each exon of {self.gene}: {depths}."
        return f"{text} Breakpoint {places}." if places else text


def gene_coverages(report: Report) -> list[GeneCoverage]:
    """Return what to draw: the genes of `exon_coverage` in their order, with the fusions' breakpoints."""
    genes = list(dict.fromkeys(exon.gene for exon in report.exon_coverage))
    return [
        GeneCoverage(
            gene,
            tuple(sorted((e for e in report.exon_coverage if e.gene == gene), key=lambda e: e.exon)),
            tuple(sorted({place for fusion in report.fusions for place in _breakpoints(gene, fusion)})),
            _lost_exons(gene, report),
        )
        for gene in genes
    ]


def _breakpoints(gene: str, fusion: Fusion) -> list[float]:
    places = []
    for side, boundary in ((fusion.five_prime, 0.5), (fusion.three_prime, -0.5)):
        if side.gene == gene and side.exon is not None:
            places.append(side.exon + (boundary if side.at_exon_boundary else 0.0))
    return places


def _lost_exons(gene: str, report: Report) -> frozenset[int]:
    """Return the exons that the first fusion with this gene leaves out."""
    for fusion in report.fusions:
        numbers = [exon.exon for exon in report.exon_coverage if exon.gene == gene]
        if fusion.five_prime.gene == gene and fusion.five_prime.exon is not None:
            return frozenset(number for number in numbers if number > fusion.five_prime.exon)
        if fusion.three_prime.gene == gene and fusion.three_prime.exon is not None:
            return frozenset(number for number in numbers if number < fusion.three_prime.exon)
    return frozenset()


def draw(coverage: GeneCoverage, identifier: str) -> str:
    """Return the bar chart of a gene as an SVG element; `identifier` is as for `Sheet`."""
    sheet = Sheet(WIDTH, HEIGHT, identifier, coverage.words())
    highest = max(exon.mean_depth for exon in coverage.exons) or 1.0
    field = _Field(coverage, highest * ROOM_ABOVE)
    for exon in coverage.exons:
        top = field.y(exon.mean_depth)
        box = Box(field.x(exon.exon - BAR_SHARE / 2), top, field.step * BAR_SHARE, BOTTOM - top)
        sheet.box(box, LOST if exon.exon in coverage.lost else KEPT, 1.0)
    for place in coverage.breakpoints:
        sheet.line([(field.x(place), TOP), (field.x(place), BOTTOM)], LINE_COLOUR, 1.5, "5.5 2.4")
    title = f"{coverage.gene}{': breakpoint dashed' if coverage.breakpoints else ''}"
    sheet.text((LEFT, TOP - 6), title, TITLE_SIZE, LINE_COLOUR)
    _depth_axis(sheet, field, highest)
    _exon_axis(sheet, field, [exon.exon for exon in coverage.exons])
    if coverage.lost:
        _legend(sheet)
    return sheet.svg()


class _Field:
    """Where an exon and a depth are on the sheet."""

    def __init__(self, coverage: GeneCoverage, top_depth: float) -> None:
        numbers = [exon.exon for exon in coverage.exons]
        self._first = min(numbers) - 0.7
        self._top_depth = top_depth
        self.step = (RIGHT - LEFT) / (max(numbers) + 0.7 - self._first)

    def x(self, exon: float) -> float:
        return LEFT + (exon - self._first) * self.step

    def y(self, depth: float) -> float:
        return BOTTOM - depth / self._top_depth * (BOTTOM - TOP)


def _depth_axis(sheet: Sheet, field: _Field, highest: float) -> None:
    sheet.line([(LEFT, TOP), (LEFT, BOTTOM)], LINE_COLOUR, AXIS_WIDTH)
    for depth in round_ticks(highest):
        y = field.y(depth)
        sheet.line([(LEFT - TICK, y), (LEFT, y)], LINE_COLOUR, AXIS_WIDTH)
        base = y + TEXT_SIZE * CAPITAL_HEIGHT / 2
        sheet.text((LEFT - TICK - 3, base), _depth_label(depth), TEXT_SIZE, LINE_COLOUR, "end")
    sheet.text_upwards((TEXT_SIZE, (TOP + BOTTOM) / 2), "mean depth", TEXT_SIZE, LINE_COLOUR)


def _depth_label(depth: float) -> str:
    """Return a depth with no more figures than there is room for.

    >>> _depth_label(0.2), _depth_label(5000), _depth_label(20_000)
    ('0.2', '5000', '20k')
    """
    return f"{depth / 1000:g}k" if depth >= FEW_FIGURES_FROM else f"{depth:g}"


def _exon_axis(sheet: Sheet, field: _Field, numbers: Sequence[int]) -> None:
    sheet.line([(LEFT, BOTTOM), (RIGHT, BOTTOM)], LINE_COLOUR, AXIS_WIDTH)
    widest = max(text_width(f"{number} ", TEXT_SIZE) for number in numbers)
    every = next((step for step in TICK_STEPS if step * field.step >= widest), TICK_STEPS[-1])
    for number in numbers:
        if every > 1 and number % every:
            continue
        x = field.x(number)
        sheet.line([(x, BOTTOM), (x, BOTTOM + TICK)], LINE_COLOUR, AXIS_WIDTH)
        sheet.text((x, BOTTOM + TICK + TEXT_SIZE), str(number), TEXT_SIZE, LINE_COLOUR, "middle")
    below = BOTTOM + TICK + 2.25 * TEXT_SIZE
    sheet.text(((LEFT + RIGHT) / 2, below), "exon", TEXT_SIZE, LINE_COLOUR, "middle")


def _legend(sheet: Sheet) -> None:
    entries = ((KEPT, "in the fusion"), (LOST, "not in the fusion"))
    swatch, gap, between = 18.0, 6.0, 22.0
    widths = [swatch + gap + text_width(text, TEXT_SIZE) for _, text in entries]
    left = (WIDTH - sum(widths) - between) / 2
    base = HEIGHT - 4
    for (fill, text), width in zip(entries, widths, strict=True):
        sheet.box(Box(left, base - TEXT_SIZE * CAPITAL_HEIGHT, swatch, TEXT_SIZE * CAPITAL_HEIGHT), fill)
        sheet.text((left + swatch + gap, base), text, TEXT_SIZE, LINE_COLOUR)
        left += width + between
