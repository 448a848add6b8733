"""The HTML report: a valid page that needs nothing from elsewhere and says what the report says."""

import itertools
import re
from functools import cache
from xml.etree.ElementTree import Element

import html5lib
import pytest

from aspsfusion.report.coverage_plot import draw, gene_coverages
from aspsfusion.report.findings import FilteredOneSided, Reason
from aspsfusion.report.html import render_html, report_view
from aspsfusion.report.models import Differential, DifferentialFusion, ExclusionLevel, Marker
from aspsfusion.report.pileup import (
    DRAW_AT_MOST,
    FOLD_AFTER,
    MOST_BASES,
    NARROW_BASES,
    PileupLine,
    build_pileup,
)
from aspsfusion.report.sections import ASSUMPTION, exclusion_sentences, imbalance_sentences, unlimited_values
from aspsfusion.report.words import SIGNATURE
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


@cache
def page_of(number: int) -> str:
    """Return the page of one of the three reports, rendered once for all tests."""
    return render_html(REPORTS[number])


def words_of(page: str) -> str:
    return " ".join("".join(parse(page).find("body").itertext()).split())  # type: ignore[union-attr]


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_the_page_is_valid_and_needs_nothing_from_elsewhere(number: int) -> None:
    page = page_of(number)
    tree = parse(page)
    for element in tree.iter():
        assert element.tag not in ("script", "link", "iframe", "object", "embed", "img")
        for name in OWN_ATTRIBUTES:
            assert element.get(name, "#").startswith("#")
    for address in re.findall(r"url\(([^)]*)\)", page):
        assert address.startswith("#")
    assert "@import" not in page
    assert "default-src 'none'" in page


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_every_id_is_used_once_and_every_reference_is_met(number: int) -> None:
    tree = parse(page_of(number))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in tree.iter():
        if element.get("aria-labelledby"):
            assert element.get("aria-labelledby") in ids


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_the_parts_come_in_the_order_of_reading(number: int) -> None:
    report, words = REPORTS[number], words_of(page_of(number))
    verdict = report.verdict
    coverage = ["Coverage by exon", "What would have been detected"]
    parts = [
        *report.notices,
        report.sample_id,
        verdict.headline,
        verdict.result,
        verdict.evidence,
        verdict.reasons[0].code,
        *(["Fusion transcript", "Supporting fragments"] if report.fusions else coverage),
        "Interpretation",
        SIGNATURE,
        *(["Reads across the junction", *coverage] if report.fusions else []),
        "Assay",
        "Quality control",
        "Other candidates",
        "Limits",
        "Expression",
        "Methods",
    ]
    places = [words.index(part) for part in parts]
    assert places == sorted(places)


def test_the_evidence_is_given_in_full() -> None:
    words = words_of(page_of(0))
    for part in (
        "35: 26 split reads and 9 spanning pairs",
        "with duplicates: 40 (31 and 9)",
        "18 fragments of ASPSCR1, 42 fragments of TFE3",
        "38.2%",
        "ASPSCR1 end of exon 7 :: TFE3 start of exon 6",
        "previous numbering: ASPSCR1 exon 7 :: TFE3 exon 4",
        "NM_024083.4:r.?_933::NM_006521.6:r.886_?",
        "chr17:81996846 (+)",
        "chrX:49034251 (-)",
        "kept (in frame)",
        "t(X;17)(p11.2;q25)",
        "QQEQEQERERDPQQEQERER|LPVSGNLLDVYSSQGVATPA",
        "predicted protein of 591 residues",
        "activation domain",
        "high confidence",
        f"{EXON_7_END}|{EXON_6_START}",
        "median insert 164 nt",
        "1 unique split fragment; 3 are needed",
        "not authenticated by MD5",
        "max_detectable_fraction",
    ):
        assert part in words


def test_a_verdict_is_shown_by_word_and_by_shape() -> None:
    shapes = []
    for number, report in enumerate(REPORTS):
        page = page_of(number)
        assert f'<p class="call">{report.verdict.headline}</p>' in page
        shapes.append(re.search(r'<svg class="icon[^>]*>\s*(.*?)\s*</svg>', page, re.DOTALL).group(1))  # type: ignore[union-attr]
    assert len(set(shapes)) == 3


def test_the_shape_of_a_verdict_needs_no_style_sheet() -> None:
    """A PDF writer does not apply it inside of a drawing, and would draw black discs and squares."""
    for number, ink in enumerate(("blue", "green", "orange")):
        page = page_of(number)
        colour = re.search(rf"--{ink}: (#[0-9a-f]{{6}})", page).group(1)  # type: ignore[union-attr]
        icon = re.search(r'<svg class="icon[^>]*>', page).group()  # type: ignore[union-attr]
        assert f'stroke="{colour}"' in icon
        assert 'fill="none"' in icon


def test_a_notice_is_on_the_screen_and_at_the_head_of_each_printed_page() -> None:
    page = page_of(0)
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


def test_adequacy_is_stated_unless_the_fusion_was_found() -> None:
    confirmed, excluded, indeterminate = (exclusion_sentences(r.exclusion, r.verdict) for r in REPORTS)
    assert confirmed == [
        "If 6.9% or more of the TFE3 transcripts carried the fusion ASPSCR1::TFE3, "
        "it would have been detected with 95% probability."
    ]
    assert excluded[1:] == [
        "An exclusion requires a share of 5% or less (no tumour content was declared): "
        "the coverage is adequate.",
        ASSUMPTION,
    ]
    told = REPORTS[1].verdict.model_copy(update={"limit": "In 1.5% or more it would have been detected."})
    assert exclusion_sentences(REPORTS[1].exclusion, told) == excluded[1:]
    assert "cannot be determined" in indeterminate[0]
    assert indeterminate[1].endswith("the coverage is not adequate.")


@pytest.mark.parametrize(
    ("declared", "limit", "words"),
    [
        (0.08, 0.04, "4% or less (half of the 8% tumour cells declared)"),
        (0.6, 0.1, "10% or less (half of the 60% tumour cells declared is more than that)"),
    ],
)
def test_the_limit_names_the_declared_tumour_content(declared: float, limit: float, words: str) -> None:
    _, excluded, _ = REPORTS
    exclusion = excluded.exclusion.model_copy(update={"tumour_fraction": declared, "threshold": limit})
    assert words in exclusion_sentences(exclusion, excluded.verdict)[1]


def test_a_plot_can_be_searched_and_is_described_in_words() -> None:
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


def test_the_pileup_shows_reads_under_the_junction() -> None:
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


@pytest.mark.parametrize("bases", [MOST_BASES, NARROW_BASES])
def test_the_pileup_marks_reads_that_go_on_and_folds_many(bases: int) -> None:
    reads = [split_read(number, 70, 140) for number in range(DRAW_AT_MOST + 5)]
    pileup = build_pileup(make_fusion().model_copy(update={"reads": reads}), bases)
    assert pileup
    line = text_of(pileup.shown[0])
    assert line.startswith("<")
    assert line.endswith(">")
    assert len(line) == 2 * (bases // 2) + 3
    assert len(pileup.shown) == FOLD_AFTER
    assert len(pileup.folded) == DRAW_AT_MOST - FOLD_AFTER
    assert pileup.not_drawn == 5


def test_the_pileup_shows_the_best_anchored_reads() -> None:
    reads = [split_read(number, 12, 60) for number in range(FOLD_AFTER)] + [split_read(99, 30, 60)]
    pileup = build_pileup(make_fusion().model_copy(update={"reads": reads}))
    assert pileup
    assert "30   30" in pileup.shown[0].figures
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
    lists: dict[str, object] = {"expression": [], "exon_coverage": [], "interpretation": []}
    empty = {**lists, "parameters": {}, "software": {}}
    parse(render_html(excluded_report().model_copy(update=empty)))


def test_a_value_beyond_its_limit_is_marked_by_a_word() -> None:
    rows = [
        ["".join(cell.itertext()).strip() for cell in row.iter("td")] for row in parse(page_of(0)).iter("tr")
    ]
    assert ["Median insert", "164 nt", "at least 180 nt", "\u25b2 WARN", "made up for the tests"] in rows
    assert ["Duplicates", "377 (8.7%)", "at most 80%", "\u2713 pass", "made up for the tests"] in rows


def test_a_fusion_of_other_genes_is_apart_from_that_of_the_target() -> None:
    other = indeterminate_report().fusions[0]
    report = confirmed_report()
    report = report.model_copy(update={"fusions": [other, *report.fusions]})
    view = report_view(report)
    assert [fusion["heading"] for fusion in view["fusions"]] == ["ASPSCR1::TFE3 type 1"]
    assert [fusion["heading"] for fusion in view["other_fusions"]] == ["PRCC::TFE3"]
    assert [fusion["heading"] for fusion in report_view(indeterminate_report())["fusions"]] == ["PRCC::TFE3"]


def luminance(colour: str) -> float:
    """Return the relative luminance of #rrggbb (WCAG 2.1, definition of relative luminance)."""
    shares = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *(
            (ink, ground)
            for ink in ("ink", "soft")
            for ground in ("#ffffff", "#eaf4fb", "#eaf7f2", "#fdf3e7")
        ),
        *(("ink", ground) for ground in ("#fff3c4", "#f2f2f2", "#a6cee8", "#fbc98b")),
        *((ink, "#ffffff") for ink in ("blue", "green", "orange")),
    ],
)
def test_text_stands_out_from_its_ground(ink: str, ground: str) -> None:
    """Contrast of at least 4.5 to 1 (WCAG 2.1, criterion 1.4.3) for every pair that the pages use."""
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", page_of(0)))
    lighter, darker = sorted((luminance(colours[ink]), luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


@pytest.mark.parametrize("number", range(3), ids=NAMES)
def test_the_page_can_be_heard(number: int) -> None:
    tree = parse(page_of(number))
    assert tree.get("lang") == "en"
    assert len(list(tree.iter("main"))) == 1
    levels = [int(element.tag[1]) for element in tree.iter() if re.fullmatch("h[1-6]", str(element.tag))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(second - first <= 1 for first, second in itertools.pairwise(levels))
    for svg in tree.iter("svg"):
        assert svg.get("aria-hidden") == "true" or (svg.get("role") == "img" and svg.get("aria-labelledby"))
    for table in tree.iter("table"):
        assert table.find("caption") is not None
        assert all(head.get("scope") in ("col", "row") for head in table.iter("th"))
    for element in tree.iter():
        if element.get("tabindex"):
            assert element.get("aria-label")


def test_every_confidence_of_an_exclusion_is_stated() -> None:
    report = excluded_report()
    levels = [
        ExclusionLevel(confidence=0.95, detectable_fraction=0.0141),
        ExclusionLevel(confidence=0.99, detectable_fraction=0.0216),
    ]
    sentences = exclusion_sentences(report.exclusion.model_copy(update={"levels": levels}), report.verdict)
    assert sentences[1] == "With 99% probability, 2.2% or more would have been detected."
    levels[1] = ExclusionLevel(confidence=0.99, detectable_fraction=None)
    sentences = exclusion_sentences(report.exclusion.model_copy(update={"levels": levels}), report.verdict)
    assert sentences[1] == "With 99% probability, no share can be determined."


@pytest.mark.parametrize(
    ("p_value", "baseline", "expected"),
    [
        (0.00123, "uniform model", "excess downstream: 0.0012 (baseline: uniform model;"),
        (0.0, "12 negative samples", "excess downstream: less than 0.000001 (baseline: 12 negative samples;"),
    ],
)
def test_the_tilt_of_the_coverage_comes_with_counts_and_baseline(
    p_value: float, baseline: str, expected: str
) -> None:
    figures = {"five_prime_fragments": 12, "three_prime_fragments": 1634, "p_value": p_value}
    imbalance = confirmed_report().imbalance.model_copy(update={**figures, "baseline": baseline})
    text = " ".join(imbalance_sentences(imbalance))
    assert "upstream: 12, downstream: 1,634" in text
    assert expected in text
    assert text.endswith("does not affect the verdict.")


def test_a_tilt_that_was_not_measured_is_not_mentioned() -> None:
    assert (
        imbalance_sentences(excluded_report().imbalance.model_copy(update={"five_prime_depth": None})) == ()
    )


def differential_fusion(name: str, *, five: int, three: int, fragments: int = 0) -> DifferentialFusion:
    return DifferentialFusion(
        name=name,
        entity=f"tumour of {name}",
        note="",
        source="made up",
        pooled=["SSX2B"] if name.endswith("SSX2") else [],
        found=fragments > 0,
        fragments=fragments,
        split_reads=fragments // 2,
        five_prime_fragments=five,
        three_prime_fragments=three,
    )


def test_the_differential_diagnosis_is_context_with_the_fragments_of_its_genes() -> None:
    differential = Differential(
        fusions=[
            differential_fusion("EWSR1::ATF1", five=310, three=0),
            differential_fusion("PAX3::FOXO1", five=20, three=30),
            differential_fusion("SS18::SSX2", five=1200, three=44, fragments=16),
        ],
        markers=[Marker(gene="S100B", stain="S100", fragments=1234, tpm_like=55.4)],
    )
    report = confirmed_report().model_copy(update={"differential": differential})
    tree = parse(render_html(report))
    rows = [["".join(cell.itertext()).strip() for cell in row.iter("td")] for row in tree.iter("tr")]
    found = "found: 16 fragments, 8 across the junction"
    expected = [
        ["SS18::SSX2 (with SSX2B)", found, "1,200 and 44", "tumour of SS18::SSX2", "made up"],
        [
            "EWSR1::ATF1",
            "not found; one of its genes was not seen",
            "310 and 0",
            "tumour of EWSR1::ATF1",
            "made up",
        ],
        ["PAX3::FOXO1", "not found", "20 and 30", "tumour of PAX3::FOXO1", "made up"],
    ]
    assert [row for row in rows if row[-1:] == ["made up"]] == expected
    assert ["S100", "S100B", "1,234", "55"] in rows
    words = " ".join("".join(tree.find("body").itertext()).split())  # type: ignore[union-attr]
    assert "For context only; the verdict does not depend on it." in words
    assert "EWSR1::ATF1 310 and 0, PAX3::FOXO1 20 and 30." in words
    assert "S100 (S100B) 1,234" in words


def test_the_junctions_of_one_rearrangement_are_counted_together() -> None:
    fusion = make_fusion().model_copy(
        update={"event": "ASPSCR1::TFE3", "event_fragments": 41, "not_typable": 7, "short_overhangs": 3}
    )
    report = confirmed_report()
    words = words_of(render_html(report.model_copy(update={"fusions": [fusion]})))
    assert "All junctions of ASPSCR1::TFE3 41 fragments" in words
    assert "7 fragments fit another known junction about equally well" in words
    assert "3 short overhangs extend across the junction" in words
    alone = fusion.model_copy(update={"event_fragments": fusion.fragments})
    assert "All junctions of ASPSCR1::TFE3" not in words_of(
        render_html(report.model_copy(update={"fusions": [alone]}))
    )


def test_places_that_are_no_finding_come_with_their_reasons() -> None:
    place = confirmed_report().one_sided[0].model_dump()
    reasons = [Reason(code="LOW_COMPLEXITY", text="simple repeat.")]
    update = {"filtered_one_sided": [FilteredOneSided(**place, reasons=reasons)] * 3}
    page = render_html(confirmed_report().model_copy(update=update))
    assert "3 places where reads leave a gene are not reported: simple repeat (3)." in page
    assert page.count("<td>simple repeat.</td>") == 3


def test_a_quality_value_that_the_input_does_not_show_is_left_out() -> None:
    qc = confirmed_report().qc
    told = {fact.label: fact.value for fact in unlimited_values(qc)}
    assert told["GC content"] == "48%"
    assert told["Unknown bases (N)"] == "0.1%"
    assert told["Bases with Q30 or better"] == "93%"
    assert told["Read length"] == "mean 75 nt, longest 75 nt"
    from_bam = unlimited_values(qc.model_copy(update={"q30_fraction": None}))
    assert "Bases with Q30 or better" not in {fact.label for fact in from_bam}
