"""Pages as a browser shows and prints them: reports of each verdict, and a batch of 400 samples."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_core_python.selenium import Axe

from aspsfusion.batch.summary import BatchSample, SummaryRow, summary_row
from aspsfusion.batch.summary_html import write_summary_html
from aspsfusion.panel.panel_yaml import load_panel_spec
from aspsfusion.report.files import write_pdf
from aspsfusion.report.html import write_html
from aspsfusion.report.models import Report
from aspsfusion.report.words import SIGNATURE
from browser.chromium import Browser, Printed, opened_browser, programs
from report_factory import confirmed_report, excluded_report, indeterminate_report, make_fusion, make_verdict
from repository import SHIPPED_PANEL

WIDTHS = (400, 900, 1400)
"""Of a phone, of half a screen and of a whole one, in CSS pixels."""

SAMPLES = 400
LEAST_POINTS = 8.0

TEXTS = load_panel_spec(SHIPPED_PANEL).texts


def shipped(report: Report) -> Report:
    """Return a report with the sentences of the shipped panel, which are longer than those of the tests."""
    texts = {"interpretation": TEXTS.interpretation, "limits": TEXTS.limits}
    sheet = {"specimen": "B24/17 block 2, soft tissue of the thigh", "case": "C-4711", "library": "total"}
    return report.model_copy(update={**texts, "sheet": sheet})


def weak_report() -> Report:
    """Return the report of two fragments of the fusion, with an evidence of usual length."""
    verdict = make_verdict(
        "INDETERMINATE: too few fragments of ASPSCR1::TFE3",
        "RNA from sample weak neither confirms nor excludes the fusion transcript ASPSCR1::TFE3. Repeat "
        "testing with more or better RNA, or a second method such as RT-PCR, is recommended.",
        ("FEW_FRAGMENTS", "2 unique fragments support the fusion; at least 3 are needed."),
        ("LOW_COVERAGE", "12 fragments of TFE3 exon 5 would have shown it; 59 are needed."),
    )
    limit = "A share of fusion transcripts below 22.1% would not have been detected."
    verdict = verdict.model_copy(update={"limit": limit, "statement": f"{verdict.statement} {limit}"})
    fusions = [make_fusion(split=1, spanning=1, confidence="low")]
    return confirmed_report("weak").model_copy(update={"verdict": verdict, "fusions": fusions})


REPORTS = {
    "confirmed": shipped(confirmed_report()),
    "excluded": shipped(excluded_report()),
    "other_fusion": shipped(indeterminate_report()),
    "weak": shipped(weak_report()),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if programs() is None:
        pytest.skip("chromium or its driver is not installed")
    with opened_browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of each report, and that of the batch."""
    directory = tmp_path_factory.mktemp("pages")
    found = {name: directory / f"{name}.html" for name in (*REPORTS, "summary")}
    for name, report in REPORTS.items():
        write_html(report, found[name])
    write_summary_html(list(rows(directory)), found["summary"])
    return found


def rows(directory: Path) -> Iterator[SummaryRow]:
    """Yield a batch of which every tenth sample failed; the others have different numbers of fragments."""
    reports = list(REPORTS.values())
    for number in range(SAMPLES):
        name = f"S{number:03}"
        report = reports[number % len(reports)]
        fusions = [
            fusion.model_copy(update={"fragments": 3 + 37 * number % 101}) for fusion in report.fusions
        ]
        report = report.model_copy(update={"sample_id": name, "fusions": fusions})
        sample = BatchSample(name, report, directory / name / f"{name}.report.json")
        if number % 10 == 9:
            sample = BatchSample(name, None, None, "R1.fastq.gz, record 7: is cut off; copy it again")
        yield summary_row(sample, directory=directory, ntc_max_fragments=10)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window_or_asks_for_anything(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    for name, path in pages.items():
        browser.open(path, width)
        wide = browser.run("return document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide at {width} px"
        assert browser.requests() == {path.as_uri()}, name


def test_a_page_has_no_barriers(browser: Browser, pages: dict[str, Path]) -> None:
    """By the rules of axe, for whoever cannot see the page or has no mouse."""
    for name in ("confirmed", "excluded", "summary"):
        browser.open(pages[name], WIDTHS[1])
        if name == "summary":  # many rows of one kind
            browser.run(
                "for (const row of [...document.querySelectorAll('tbody tr')].slice(20)) row.remove()"
            )
        violations = Axe().run(browser.driver)["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], name


@pytest.mark.parametrize("maker", ["weasyprint", "chromium"])
@pytest.mark.parametrize("name", REPORTS)
def test_the_first_printed_page_says_all_that_a_pathologist_must_know(
    name: str, maker: str, browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    report = REPORTS[name]
    if maker == "chromium":
        browser.open(pages[name], WIDTHS[1])
        printed = Printed(browser.pdf())
    else:
        try:
            import weasyprint  # noqa: F401
        except OSError as error:
            pytest.skip(f"a library that WeasyPrint needs is not installed ({error})")
        write_pdf(report, tmp_path / "report.pdf")
        printed = Printed((tmp_path / "report.pdf").read_bytes())
    first = printed.text(0)
    verdict = report.verdict
    needed = [report.sample_id, *report.sheet.values(), verdict.headline, verdict.result, verdict.evidence]
    needed += [verdict.limit, *report.notices, TEXTS.interpretation[0], SIGNATURE, "Signature"]
    if report.fusions:
        needed += [report.fusions[0].name, str(report.fusions[0].fragments)]
    assert [words for words in needed if words not in first] == []
    assert len(printed) in (3, 4)
    assert SIGNATURE not in printed.text(1), "the next page begins with the evidence in detail"
    least, letters = printed.smallest()
    assert least >= LEAST_POINTS, f"{least} pt: {letters}"


def column(browser: Browser, head: str) -> list[str]:
    """Return the cells of the samples that are shown, from top to bottom."""
    found: list[str] = browser.run(
        f"""const heads = [...document.querySelectorAll("thead th")].map(each => each.textContent);
        const rows = [...document.querySelectorAll("tbody tr")].filter(row => row.offsetParent !== null);
        return rows.map(row => row.cells[heads.indexOf("{head}")].textContent.trim());"""
    )
    return found


def click(browser: Browser, words: str) -> None:
    """Click on the button whose words end with these."""
    browser.run(
        f"""[...document.querySelectorAll("button")].find(
            each => each.textContent.replace(/\\s+/g, " ").trim().endsWith("{words}")).click()"""
    )


def test_the_samples_of_a_batch_are_sorted_and_filtered(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["summary"], WIDTHS[2])
    names = [f"S{number:03}" for number in range(SAMPLES)]
    assert column(browser, "Sample") == names
    click(browser, "Fragments")
    cells = column(browser, "Fragments")
    numbers = [int(text) for text in cells if text.isdigit()]
    assert numbers == sorted(numbers) == [int(text) for text in cells[: len(numbers)]], "blanks are last"
    assert len(set(numbers)) > 50
    click(browser, "Fragments")
    assert column(browser, "Fragments") == cells[::-1]
    click(browser, "40 FAILED")
    assert sorted(column(browser, "Sample")) == names[9::10]
    click(browser, "Sample")
    assert column(browser, "Sample") == names[9::10], "what is filtered stays so when it is sorted"
    click(browser, "40 FAILED")
    assert column(browser, "Sample") == names
