"""Draws the depth of each exon of a gene as SVG that stands inside the HTML report."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from aspsfusion.report_findings import Fusion
from aspsfusion.report_record import ExonCoverage, Report
from aspsfusion.svg import inline_svg

# Blue and black of the Okabe-Ito palette; what a fusion loses is told by hatching as well.
BAR_COLOUR = "#0072B2"
LINE_COLOUR = "#000000"


@dataclass(frozen=True)
class GeneCoverage:
    """What a drawing shows.

    Attributes:
        gene: symbol.
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
        places = "; ".join(_breakpoint_words(place) for place in self.breakpoints)
        text = f"Mean depth of each exon of {self.gene}: {depths}."
        return f"{text} Breakpoint {places}." if places else text


def _breakpoint_words(place: float) -> str:
    return (
        f"inside exon {place:.0f}"
        if place == int(place)
        else f"between exons {place - 0.5:.0f} and {place + 0.5:.0f}"
    )


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
    """Return the bar chart of a gene as an SVG element.

    Args:
        coverage: what to draw.
        identifier: prefix of the ids inside the drawing, unique within the page.
    """
    return inline_svg(lambda: _figure(coverage), identifier, coverage.words())


def _figure(coverage: GeneCoverage) -> Figure:
    # Margins in inches are given, because having matplotlib work them out takes most of the time.
    width, height, left, right, top, bottom = 4.6, 2.1, 0.6, 0.08, 0.3, 0.7
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes(
        (left / width, bottom / height, (width - left - right) / width, (height - top - bottom) / height)
    )
    numbers = [exon.exon for exon in coverage.exons]
    kept = [exon.exon not in coverage.lost for exon in coverage.exons]
    axes.bar(
        numbers,
        [exon.mean_depth for exon in coverage.exons],
        color=[BAR_COLOUR if keep else "#ffffff" for keep in kept],
        edgecolor=BAR_COLOUR,
        hatch=["" if keep else "////" for keep in kept],
    )
    for place in coverage.breakpoints:
        axes.axvline(place, color=LINE_COLOUR, linestyle="--", linewidth=1.5)
    axes.set_title(f"{coverage.gene}{': breakpoint dashed' if coverage.breakpoints else ''}", loc="left")
    axes.set_xlabel("exon")
    axes.set_ylabel("mean depth")
    axes.set_xticks(numbers)
    axes.set_xlim(min(numbers) - 0.7, max(numbers) + 0.7)
    axes.set_ylim(bottom=0, top=None if any(exon.mean_depth for exon in coverage.exons) else 1)
    if coverage.lost:
        _legend(figure)
    return figure


def _legend(figure: Figure) -> None:
    figure.legend(
        handles=[
            Patch(facecolor=BAR_COLOUR, edgecolor=BAR_COLOUR, label="in the fusion"),
            Patch(facecolor="#ffffff", edgecolor=BAR_COLOUR, hatch="////", label="not in the fusion"),
        ],
        loc="lower center",
        ncols=2,
        frameon=False,
    )


def draw_all(genes: Sequence[GeneCoverage]) -> list[str]:
    """Return the drawings of all genes."""
    return [draw(coverage, f"coverage-{number}") for number, coverage in enumerate(genes, 1)]
