"""The drawing of a fusion transcript: what is kept, to scale, and the same in words."""

import itertools
import re
from collections import defaultdict
from xml.etree import ElementTree

import pytest

from aspsfusion.report.findings import Fusion, FusionSide
from aspsfusion.report.fusion_drawing import BROAD, DOMAIN_SIZE, NARROW, Form, draw_fusion
from aspsfusion.report.fusion_figure import INTRON_SHOWN, UTR_SHOWN, FusionDrawing, Row, lay_out
from aspsfusion.report.svg import text_width
from report_factory import ASPSCR1, GENE_MODELS, PRCC, TFE3_EXON_5, TFE3_EXON_6, make_fusion

SVG = "{http://www.w3.org/2000/svg}"


def drawn(fusion: Fusion) -> FusionDrawing:
    drawing = lay_out(fusion, GENE_MODELS, {})
    assert drawing
    return drawing


def kept(row: Row) -> list[int]:
    return [box.number for box in row.boxes if box.kept]


@pytest.mark.parametrize(("three", "first"), [(TFE3_EXON_6, 6), (TFE3_EXON_5, 5)])
def test_types_differ_by_the_first_exon_of_the_3_prime_gene(three: object, first: int) -> None:
    drawing = drawn(make_fusion(three_prime=three))  # type: ignore[arg-type]
    assert kept(drawing.five_prime) == [1, 2, 3, 4, 5, 6, 7]
    assert kept(drawing.three_prime) == list(range(first, 11))
    assert kept(drawing.fusion) == [1, 2, 3, 4, 5, 6, 7, *range(first, 11)]
    assert f"exons 1 to 7 of ASPSCR1, then exons {first} to 10 of TFE3" in drawing.words


def test_exons_are_to_scale_and_join_without_a_gap() -> None:
    drawing = drawn(make_fusion())
    for row in drawing.rows:
        assert row.boxes[0].start == 0
        for left, right in zip(row.boxes, row.boxes[1:], strict=False):
            assert left.end == right.start
    assert [box.end - box.start for box in drawing.fusion.boxes][:8] == [120, 56, 115, 101, 58, 74, 427, 118]
    assert drawing.fusion.breakpoint == 951
    # The end of exon 10 behind the stop codon is cut.
    assert drawing.three_prime.boxes[-1].end == 1859 + UTR_SHOWN
    assert drawing.three_prime.cut


def test_domains_stand_below_the_exons_that_code_for_them() -> None:
    drawing = drawn(make_fusion())
    bars = {bar.name: (bar.start, bar.end) for bar in drawing.five_prime.domains}
    assert bars == {"ubiquitin-like domain": (18 + 27, 18 + 249)}
    names = [bar.name for bar in drawing.fusion.domains]
    assert names == ["ubiquitin-like domain", "bHLH domain", "leucine zipper"]
    basic = next(bar for bar in drawing.fusion.domains if bar.name == "bHLH domain")
    # Residue 296 is the first behind the junction, which lies behind 951 nt.
    assert (basic.start - 951, basic.end - basic.start) == (3 * (346 - 296), 3 * 54)


def test_a_breakpoint_inside_an_exon_cuts_its_box() -> None:
    inside = ASPSCR1.model_copy(update={"at_exon_boundary": False, "site": "inside exon 7", "tx_pos": 900})
    drawing = drawn(make_fusion(inside))
    assert [(box.number, box.kept) for box in drawing.five_prime.boxes][6:8] == [(7, True), (7, False)]
    assert drawing.fusion.breakpoint == 900


def test_an_intronic_breakpoint_shows_a_piece_of_intron() -> None:
    intronic = TFE3_EXON_6.model_copy(
        update={"exon": None, "intron": 5, "tx_pos": None, "region": "intron", "site": "inside intron 5"}
    )
    drawing = drawn(make_fusion(three_prime=intronic))
    assert kept(drawing.three_prime) == [6, 7, 8, 9, 10]
    assert drawing.fusion.intron == (951, 951 + INTRON_SHOWN)


def test_nothing_is_drawn_outside_of_a_gene() -> None:
    outside = ASPSCR1.model_copy(update={"exon": None, "tx_pos": None, "site": "before exon 1"})
    assert lay_out(make_fusion(outside), GENE_MODELS, {}) is None
    assert lay_out(make_fusion(), GENE_MODELS[1:], {}) is None


def test_the_drawing_is_searchable_and_the_same_each_time() -> None:
    for fusion in (make_fusion(), make_fusion(PRCC, TFE3_EXON_5, is_target=False)):
        svg = draw_fusion(drawn(fusion), "d", BROAD)
        assert svg == draw_fusion(drawn(fusion), "d", BROAD)
        assert f">{fusion.name}" in svg
        assert ">leucine zipper</text>" in svg
        title = re.search(r"<title[^>]*>(.*?)</title>", svg)
        assert title
        assert title.group(1).startswith(f"Fusion transcript {fusion.name}")


@pytest.mark.parametrize("form", [BROAD, NARROW])
@pytest.mark.parametrize("three", [TFE3_EXON_6, TFE3_EXON_5])
def test_names_of_domains_do_not_touch(three: FusionSide, form: Form) -> None:
    fusion = make_fusion(three_prime=three)
    names = {domain.name for domain in fusion.retained_domains}
    lines = defaultdict(list)
    for text in ElementTree.fromstring(draw_fusion(drawn(fusion), "d", form)).iter(f"{SVG}text"):
        words = text.text or ""
        if any(words.startswith(name) for name in names):
            half = text_width(words, DOMAIN_SIZE) / 2
            lines[text.get("y")].append((float(text.get("x", 0)) - half, float(text.get("x", 0)) + half))
    assert len(lines) > 3, "three genes, and one of them with two lines"
    for line in lines.values():
        for left, right in itertools.pairwise(sorted(line)):
            assert left[1] < right[0]
        assert min(line)[0] >= 0
        assert max(line)[1] <= form.width
