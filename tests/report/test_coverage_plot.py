"""The bar chart of a gene: bars to scale, lost exons hatched, numbers that can be read."""

import itertools
from xml.etree import ElementTree

import pytest

from aspsfusion.report.coverage_plot import TEXT_SIZE, GeneCoverage, draw, gene_coverages
from aspsfusion.report.models import ExonCoverage
from aspsfusion.report.svg import text_width
from report_factory import confirmed_report, excluded_report

SVG = "{http://www.w3.org/2000/svg}"


def drawn(coverage: GeneCoverage) -> ElementTree.Element:
    return ElementTree.fromstring(draw(coverage, "plot"))


def words(root: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def bars(root: ElementTree.Element) -> list[ElementTree.Element]:
    """Return the edges of the bars; those of the legend are thinner."""
    return [shape for shape in root.iter(f"{SVG}rect") if shape.get("stroke-width") == "1"]


def of_exons(depths: list[float]) -> GeneCoverage:
    exon = confirmed_report().exon_coverage[0]
    exons = [exon.model_copy(update={"exon": n, "mean_depth": depth}) for n, depth in enumerate(depths, 1)]
    return GeneCoverage(exon.gene, tuple(exons), (), frozenset())


def test_bars_are_to_scale_and_lost_exons_hatched() -> None:
    coverage = of_exons([10.0, 40.0, 20.0, 35.0])
    coverage = GeneCoverage(coverage.gene, coverage.exons, (2.5,), frozenset({3, 4}))
    root = drawn(coverage)
    heights = [float(bar.get("height", 0)) for bar in bars(root)]
    assert [height / heights[0] for height in heights] == pytest.approx([1.0, 4.0, 2.0, 3.5], rel=0.01)
    assert [bar.get("fill") == "none" for bar in bars(root)] == [False, False, True, True]
    assert {"exon", "mean depth", "in the fusion", "not in the fusion", "1", "2", "3", "4"} <= set(
        words(root)
    )
    # The dashed line stands between the second bar and the third.
    (dashed,) = [path for path in root.iter(f"{SVG}path") if path.get("stroke-dasharray")]
    place = float(dashed.get("d", "").removeprefix("M").split()[0])
    left, right = (float(bar.get("x", 0)) for bar in bars(root)[1:3])
    width = float(bars(root)[1].get("width", 0))
    assert left + width < place < right


def test_a_gene_without_a_fusion_has_no_legend() -> None:
    root = drawn(gene_coverages(excluded_report())[0])
    assert "in the fusion" not in words(root)
    assert all(bar.get("fill") != "none" for bar in bars(root))


def test_numbers_of_many_exons_do_not_touch() -> None:
    root = drawn(of_exons([float(number) for number in range(1, 80)]))
    numbers = [
        text
        for text in root.iter(f"{SVG}text")
        if text.get("text-anchor") == "middle" and text.text != "exon"
    ]
    numbers = [text for text in numbers if text.text != "mean depth"]
    assert [text.text for text in numbers] == [str(number) for number in range(10, 80, 10)]
    places = [float(text.get("x", 0)) for text in numbers]
    assert min(right - left for left, right in itertools.pairwise(places)) > text_width("75", TEXT_SIZE)


@pytest.mark.parametrize(
    ("depth", "ticks"),
    [(0.0, ["0", "0.5", "1"]), (0.03, ["0", "0.01", "0.02", "0.03"]), (5e6, ["0", "2000k", "4000k"])],
)
def test_depths_are_written_round(depth: float, ticks: list[str]) -> None:
    root = drawn(of_exons([depth, 0.0]))
    written = [text.text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "end"]
    assert written[: len(ticks)] == ticks


def test_the_drawing_is_the_same_each_time() -> None:
    for coverage in gene_coverages(confirmed_report()):
        assert isinstance(coverage.exons[0], ExonCoverage)
        assert draw(coverage, "plot") == draw(coverage, "plot")
