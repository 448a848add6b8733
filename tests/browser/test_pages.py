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
from aspsfusion.report.pileup import FOLD_AFTER
from browser.chromium import Browser, opened_browser, programs
from browser.printed import assert_printed_well
from report_factory import confirmed_report, excluded_report, indeterminate_report, make_fusion, make_verdict
from repository import SHIPPED_PANEL

WIDTHS = (400, 900, 1400)
"""Of a phone, of half a screen and of a whole one, in CSS pixels."""

BATCHES = (96, 400)
"""Samples of the two batches."""

CONTROL_EVERY, FAILED_EVERY = 8, 10
LEAST_PIXELS = 9.0

DRAWN = ".drawing svg, .plots svg, pre.pileup"
"""What is drawn rather than written, and cannot be wrapped."""

PLACES = f"""
document.querySelectorAll("details").forEach(each => each.open = true);
return [...document.querySelectorAll("{DRAWN}")].filter(each => each.getClientRects().length).map(each => {{
  const box = each.getBoundingClientRect(), view = each.viewBox && each.viewBox.baseVal;
  const texts = view ? [...each.querySelectorAll("text")] : [each];
  const sizes = texts.map(text => parseFloat(getComputedStyle(text).fontSize));
  const outer = each.parentElement;
  return {{
    name: each.textContent.trim().slice(0, 40),
    right: box.right, beyond: outer.scrollWidth - outer.clientWidth,
    least: Math.min(...sizes) * (view ? box.width / view.width : 1),
    out: view ? texts.filter(text => text.getBoundingClientRect().right > box.right
                                     || text.getBoundingClientRect().left < box.left).length : 0,
  }};
}});"""
"""Of each drawing that is shown: its right edge, how far it can be scrolled sideways, its smallest letters,
and how many texts run over its edge."""

TEXTS = load_panel_spec(SHIPPED_PANEL).texts


def shipped(report: Report) -> Report:
    """Return a report with the sentences of the shipped panel, which are longer than those of the tests."""
    texts = {"interpretation": TEXTS.interpretation, "limits": TEXTS.limits}
    sheet = {
        "specimen": "B24/17 block 2, soft tissue of the right thigh, resected after chemotherapy",
        "case": "C-4711/2026",
        "run": "241108_M00001_0123_000000000-D1B2C",
        "remark": "second extraction; the first one failed",
        "library": "total",
        "tumour_fraction": "0.6",
    }
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
    """The page of each report, and those of the batches."""
    directory = tmp_path_factory.mktemp("pages")
    found = {name: directory / f"{name}.html" for name in (*REPORTS, *map(str, BATCHES))}
    for name, report in REPORTS.items():
        write_html(report, found[name])
    for samples in BATCHES:
        write_summary_html(list(rows(directory, samples)), found[str(samples)])
    return found


def names(samples: int) -> list[str]:
    """Return the names of a batch's samples, as long as a laboratory's."""
    return [f"24B01234-{number:03}_RNA_S{number}" for number in range(samples)]


def rows(directory: Path, samples: int) -> Iterator[SummaryRow]:
    """Yield a batch with failed samples and controls; the others have different numbers of fragments."""
    reports = list(REPORTS.values())
    for number, name in enumerate(names(samples)):
        report = reports[number % len(reports)]
        fusions = [
            fusion.model_copy(update={"fragments": 3 + 37 * number % 101}) for fusion in report.fusions
        ]
        report = report.model_copy(update={"sample_id": name, "fusions": fusions})
        sample = BatchSample(name, report, directory / name / f"{name}.report.json")
        if number % FAILED_EVERY == FAILED_EVERY - 1:
            sample = BatchSample(name, None, None, "R1.fastq.gz, record 7: is cut off; copy it again")
        control = "" if number % CONTROL_EVERY else "negative"
        yield summary_row(sample, control, directory=directory, ntc_max_fragments=10)


@pytest.mark.parametrize("width", WIDTHS)
def test_no_page_is_wider_than_its_window_or_asks_for_anything(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    for name, path in pages.items():
        browser.open(path, width)
        wide = browser.run("return document.documentElement.scrollWidth")
        assert wide <= width, f"{name} is {wide} px wide at {width} px"
        assert browser.requests() == {path.as_uri()}, name


@pytest.mark.parametrize("width", WIDTHS)
def test_drawings_and_reads_fit_the_window_and_can_be_read(
    browser: Browser, pages: dict[str, Path], width: int
) -> None:
    for name, report in REPORTS.items():
        browser.open(pages[name], width)
        places = browser.run(PLACES)
        folded = sum(fusion.split_reads > FOLD_AFTER for fusion in report.fusions)
        assert len(places) == 2 + 2 * len(report.fusions) + folded, "genes, fusions, reads"
        for place in places:
            assert place["right"] <= width, (name, place)
            assert place["beyond"] <= 0, (name, place)
            assert place["out"] == 0, (name, place)
            assert place["least"] >= LEAST_PIXELS, (name, place)


def test_a_page_has_no_barriers(browser: Browser, pages: dict[str, Path]) -> None:
    """By the rules of axe, for whoever cannot see the page or has no mouse."""
    for name, width in (
        ("confirmed", WIDTHS[0]),
        ("confirmed", WIDTHS[1]),
        ("excluded", WIDTHS[1]),
        (str(BATCHES[0]), WIDTHS[1]),
    ):
        browser.open(pages[name], width)
        if name.isdigit():  # many rows of one kind
            browser.run(
                "for (const row of [...document.querySelectorAll('tbody tr')].slice(20)) row.remove()"
            )
        violations = Axe().run(browser.driver)["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in violations] == [], (name, width)


@pytest.mark.parametrize("maker", ["weasyprint", "chromium"])
@pytest.mark.parametrize("name", REPORTS)
def test_the_first_printed_page_says_all_that_a_pathologist_must_know(
    name: str, maker: str, browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    report = REPORTS[name]
    if maker == "chromium":
        browser.open(pages[name], WIDTHS[1])
        content = browser.pdf()
    else:
        try:
            import weasyprint  # noqa: F401
        except OSError as error:
            pytest.skip(f"a library that WeasyPrint needs is not installed ({error})")
        write_pdf(report, tmp_path / "report.pdf")
        content = (tmp_path / "report.pdf").read_bytes()
    assert_printed_well(report, content)


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


@pytest.mark.parametrize("samples", BATCHES)
def test_the_samples_of_a_batch_are_sorted_and_filtered(
    samples: int, browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages[str(samples)], WIDTHS[2])
    every = names(samples)
    assert column(browser, "Sample") == every
    click(browser, "Fragments")
    cells = column(browser, "Fragments")
    numbers = [int(text) for text in cells if text.isdigit()]
    assert numbers == sorted(numbers) == [int(text) for text in cells[: len(numbers)]], "blanks are last"
    assert len(set(numbers)) > 50
    click(browser, "Fragments")
    assert column(browser, "Fragments") == cells[::-1]
    failed = every[FAILED_EVERY - 1 :: FAILED_EVERY]
    click(browser, "FAILED")
    assert sorted(column(browser, "Sample")) == failed
    click(browser, "Sample")
    assert column(browser, "Sample") == failed, "what is filtered stays so when it is sorted"
    click(browser, "controls")
    assert column(browser, "Sample") == every[::CONTROL_EVERY]
    click(browser, "controls")
    assert column(browser, "Sample") == every


@pytest.mark.parametrize("width", WIDTHS)
def test_name_and_verdict_of_a_sample_are_seen_without_scrolling(
    width: int, browser: Browser, pages: dict[str, Path]
) -> None:
    browser.open(pages[str(BATCHES[0])], width)
    right = browser.run(
        """return Math.max(...[...document.querySelectorAll("tbody tr")].map(
            row => row.cells[1].getBoundingClientRect().right))"""
    )
    assert right <= width
