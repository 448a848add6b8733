"""The sheet to draw on: what it writes is what was asked for, and nothing leaves its place."""

from math import isclose
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aspsfusion.report.svg import HATCH_GAP, MOST_TICKS, Box, Fill, Sheet, hatching, round_ticks

SVG = "{http://www.w3.org/2000/svg}"
LENGTHS = st.integers(0, 30_000).map(lambda hundredths: hundredths / 100)


@settings(max_examples=60)
@given(LENGTHS, LENGTHS, LENGTHS, LENGTHS)
def test_hatching_stays_in_its_box_and_fills_it(left: float, top: float, width: float, height: float) -> None:
    box = Box(left, top, width, height)
    lines = list(hatching(box))
    for (x1, y1), (x2, y2) in lines:
        assert left <= x1 < x2 <= left + width
        assert top - 1e-6 <= y2 <= y1 <= top + height + 1e-6
        assert isclose(x2 - x1, y1 - y2, abs_tol=1e-6)
        assert isclose((x1 + y1) / HATCH_GAP, round((x1 + y1) / HATCH_GAP), abs_tol=1e-6)
    if min(width, height) > HATCH_GAP:
        assert abs(len(lines) - (width + height) / HATCH_GAP) <= 1


def test_hatching_runs_on_from_box_to_box() -> None:
    one = list(hatching(Box(3, 7, 20, 10)))
    parts = [*hatching(Box(3, 7, 12, 10)), *hatching(Box(15, 7, 8, 10))]
    assert {x + y for (x, y), _ in one} == {x + y for (x, y), _ in parts}


@settings(max_examples=100)
@given(st.floats(1e-6, 1e9))
def test_ticks_are_few_round_and_reach_half_of_the_height(highest: float) -> None:
    ticks = round_ticks(highest)
    assert ticks[0] == 0
    assert 2 <= len(ticks) <= MOST_TICKS
    assert highest / 2 <= ticks[-1] <= highest * (1 + 1e-6)
    assert {f"{tick:e}".split("e")[0].rstrip("0").rstrip(".") for tick in ticks[1:2]} <= {"1", "2", "5"}


def test_a_text_is_written_as_it_is() -> None:
    sheet = Sheet(100, 50, "d", 'what & "why" <b>')
    sheet.text((10, 20), "A<B>&C", 8, "#000000")
    root = ElementTree.fromstring(sheet.svg())
    assert root.findtext(f"{SVG}title") == 'what & "why" <b>'
    assert root.findtext(f"{SVG}text") == "A<B>&C"
    assert root.get("aria-labelledby") == "d-title"
    assert [element.get("id") for element in root.iter() if element.get("id")] == ["d-title"]


@pytest.mark.parametrize("hatched", [False, True])
def test_only_what_is_hatched_has_lines(hatched: bool) -> None:
    sheet = Sheet(100, 50, "d", "a box")
    sheet.box(Box(10, 10, 40, 20), Fill("#ffffff", "#123456", hatched))
    root = ElementTree.fromstring(sheet.svg())
    assert (root.find(f"{SVG}path") is not None) == hatched
    assert root.findall(f"{SVG}rect")[-1].get("stroke") == "#123456"
