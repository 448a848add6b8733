"""The HTML report: a valid page that needs nothing from elsewhere and says what the report says."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from aspsfusion.coverage_plot import draw, gene_coverages
from aspsfusion.html_report import SIGNATURE, exclusion_sentences, render_html, write_html
from aspsfusion.pileup import DRAW_AT_MOST, FLANK, FOLD_AFTER, PileupLine, build_pileup
from aspsfusion.records import Report
from report_factory import (
    ASPSCR1,
    DEMONSTRATION,
    EXON_6_START,
    EXON_7_END,
    confirmed_report,
    excluded_report,
    indeterminate_report,
    make_fusion,
    split_read,
)

REPORTS = [confirmed_report(), excluded_report(), indeterminate_report()]
NAMES = [report.verdict.call for report in REPORTS]
OWN_ATTRIBUTES = ("src", "href", "{http://www.w3.org/1999/xlink}href", "srcset", "data", "action")


def parse(page: str) -> Element:
    """Return the page's tree; any parse error raises."""
    tree: Element = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    return tree


def words_of(page: str) -> str:
    return " ".join("".join(parse(page).find("body").itertext()).split())  # type: ignore[union-attr]


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_the_page_is_valid_and_needs_nothing_from_elsewhere(report: Report) -> None:
    page = render_html(report)
    tree = parse(page)
    for element in tree.iter():
        assert element.tag not in ("script", "link", "iframe", "object", "embed", "img")
        for name in OWN_ATTRIBUTES:
            assert element.get(name, "#").startswith("#")
    for address in re.findall(r"url\(([^)]*)\)", page):
        assert address.startswith("#")
    assert "@import" not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_every_id_is_used_once_and_every_reference_is_met(report: Report) -> None:
    tree = parse(render_html(report))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        if element.get("aria-labelledby"):
            assert element.get("aria-labelledby") in ids


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_the_parts_come_in_the_order_of_reading(report: Report) -> None:
    words = words_of(render_html(report))
    found = "What supports it" if report.verdict.call == "CONFIRMED" else "What was found"
    parts = [
        *report.notices,
        report.sample_id,
        report.verdict.call,
        report.verdict.statement,
        report.verdict.reasons[0].text,
        *([found] if report.fusions else []),
        "What would have been seen",
        "Quality control",
        "Expression",
        "Coverage by exon",
        "Other candidates",
        "Interpretation",
        "Methods",
        "Limits",
        SIGNATURE,
    ]
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


def test_the_evidence_is_told_in_full() -> None:
    words = words_of(render_html(confirmed_report()))
    for part in (
        "35: 26 split reads and 9 spanning pairs",
        "with duplicates 40: 31 and 9",
        "18 fragments of ASPSCR1, 42 fragments of TFE3",
        "38.2%",
        "ASPSCR1 end of exon 7 :: TFE3 start of exon 6",
        "superseded numbering: ASPSCR1 exon 7 :: TFE3 exon 4",
        "NM_024083.4:r.?_933::NM_006521.6:r.886_?",
        "chr17:81996846 (+)",
        "chrX:49034251 (-)",
        "kept (in frame)",
        "activation domain",
        "high confidence",
        f"{EXON_7_END}|{EXON_6_START}",
        "median insert 164 nt",
        "1 unique split fragment; 3 are needed",
        "not authenticated by MD5",
        "max_detectable_fraction",
    ):
        assert part in words


def test_a_verdict_is_told_by_word_and_by_shape() -> None:
    shapes = []
    for report in REPORTS:
        page = render_html(report)
        assert f'<p class="call">{report.verdict.call}</p>' in page
        shapes.append(re.search(r'<svg class="icon[^>]*>\s*(.*?)\s*</svg>', page, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert len(set(shapes)) == 3


def test_a_notice_is_on_the_screen_and_at_the_head_of_each_printed_page() -> None:
    page = render_html(confirmed_report())
    assert f'<p class="notice">{DEMONSTRATION}</p>' in page
    assert f'@top-center {{ content: "{DEMONSTRATION}"' in page


def test_what_is_hostile_in_a_report_stays_text() -> None:
    sample_id = "<script>alert('x')</script>\"};body{display:none"
    report = confirmed_report().model_copy(update={"sample_id": sample_id, "limits": ["{{ 7 * 7 }} <b>"]})
    tree = parse(render_html(report))
    assert not list(tree.iter("script"))
    assert not list(tree.iter("b"))
    assert tree.find("body//h1").text == sample_id  # type: ignore[union-attr]
    style = "".join(tree.find("head/style").itertext())  # type: ignore[union-attr]
    assert '\\"};body{display:none' in style


@pytest.mark.parametrize("report", REPORTS, ids=NAMES)
def test_a_second_writing_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "s.report.html"
    write_html(report, path)
    first = path.read_bytes()
    write_html(report, path)
    assert path.read_bytes() == first


def test_adequacy_is_told_unless_the_fusion_was_found() -> None:
    confirmed, excluded, indeterminate = (exclusion_sentences(r.exclusion, r.verdict) for r in REPORTS)
    assert confirmed == (
        "If 6.89% or more of the TFE3 transcripts carried the fusion ASPSCR1::TFE3, "
        "it would have been seen with 95% probability.",
    )
    assert excluded[-1] == "An exclusion needs a share of 5% or less: the coverage is adequate."
    assert indeterminate[0].startswith("It can not be told")
    assert indeterminate[-1].endswith("the coverage is not adequate.")


def test_a_plot_can_be_searched_and_is_told_in_words() -> None:
    coverage = gene_coverages(confirmed_report())[1]
    assert coverage.breakpoints == (5.5,)
    assert coverage.lost == {1, 2, 3, 4, 5}
    svg = draw(coverage, "plot")
    assert ">mean depth</text>" in svg
    title = re.search(r"<title[^>]*>(.*?)</title>", svg).group(1)  # type: ignore[union-attr]
    assert title.startswith("Mean depth of each exon of TFE3: exon 1 10.0,")
    assert title.endswith("Breakpoint between exons 5 and 6.")


def test_a_plot_without_coverage_is_drawn() -> None:
    report = confirmed_report()
    exons = [exon.model_copy(update={"mean_depth": 0.0}) for exon in report.exon_coverage]
    inside = make_fusion(ASPSCR1.model_copy(update={"at_exon_boundary": False}))
    coverage = gene_coverages(report.model_copy(update={"exon_coverage": exons, "fusions": [inside]}))[0]
    assert coverage.breakpoints == (7.0,)
    assert "Breakpoint inside exon 7." in draw(coverage, "plot")


def text_of(line: PileupLine) -> str:
    return "".join(segment.text for segment in line.segments)


def test_the_pileup_lays_reads_under_the_junction() -> None:
    reads = [split_read(1, 20, 60), split_read(2, 30, 60, errors=(29, 31))]
    pileup = build_pileup(make_fusion().model_copy(update={"reads": reads}))
    assert pileup
    bar = pileup.reference.index("|")
    assert pileup.heading.index("|") == bar
    first, second = pileup.shown
    assert [text_of(line).index("|") for line in pileup.shown] == [bar, bar]
    assert text_of(first).strip() == (
        EXON_7_END[-30:-1] + EXON_7_END[-1].lower().replace("g", "a") + "|C" + "a" + EXON_6_START[2:30]
    )
    assert [segment.text for segment in first.segments if segment.mismatch] == ["a", "a"]
    assert first.figures.split() == ["30", "30", "2", "3"]
    assert not any(segment.mismatch for segment in second.segments)
    assert not pileup.shifted


def test_the_pileup_marks_reads_that_go_on_and_folds_many() -> None:
    reads = [split_read(number, 70, 140) for number in range(DRAW_AT_MOST + 5)]
    pileup = build_pileup(make_fusion().model_copy(update={"reads": reads}))
    assert pileup
    line = text_of(pileup.shown[0])
    assert line.startswith("<")
    assert line.endswith(">")
    assert len(line) == 2 * FLANK + 3
    assert len(pileup.shown) == FOLD_AFTER
    assert len(pileup.folded) == DRAW_AT_MOST - FOLD_AFTER
    assert pileup.not_drawn == 5


def test_the_pileup_shows_the_best_anchored_reads() -> None:
    reads = [split_read(number, 12, 60) for number in range(FOLD_AFTER)] + [split_read(99, 30, 60)]
    pileup = build_pileup(make_fusion().model_copy(update={"reads": reads}))
    assert pileup
    assert "30     30" in pileup.shown[0].figures
    assert len(pileup.folded) == 1


def test_the_pileup_says_when_a_base_is_missing() -> None:
    whole = split_read(1, 20, 60)
    shorter = whole.model_copy(
        update={"sequence": whole.sequence[:10] + whole.sequence[11:], "mismatches": 1}
    )
    pileup = build_pileup(make_fusion().model_copy(update={"reads": [shorter]}))
    assert pileup
    assert pileup.shifted


def test_spanning_pairs_alone_have_no_pileup() -> None:
    fusion = make_fusion(split=0, spanning=1)
    assert build_pileup(fusion) is None
    report = confirmed_report().model_copy(update={"fusions": [fusion]})
    assert "1 spanning pair has one mate in each gene" in words_of(render_html(report))


def test_a_report_without_any_coverage_is_a_page() -> None:
    empty = {"expression": [], "exon_coverage": [], "parameters": {}, "software": {}, "interpretation": []}
    parse(render_html(excluded_report().model_copy(update=empty)))
