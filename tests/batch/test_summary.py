"""The table and page of a batch, and the check of its controls."""

import argparse
import csv
from pathlib import Path

import html5lib
import pytest

from aspsfusion.batch.outcomes import Inputs, Outcome, file_identities, read_outcomes, write_outcome
from aspsfusion.batch.summary import control_is_ok, in_order, leading_fusion, read_batch, with_outcomes
from aspsfusion.cli import summary as command
from aspsfusion.errors import AspsfusionError
from aspsfusion.report.json_tsv import read_report, write_json
from aspsfusion.report.models import Report
from report_factory import confirmed_report, excluded_report, indeterminate_report, judged, make_fusion


def write_reports(directory: Path, *reports: Report) -> list[str]:
    paths = []
    for report in reports:
        path = directory / report.sample_id / f"{report.sample_id}.report.json"
        write_json(judged(report), path)
        paths.append(str(path))
    return paths


def run(directory: Path, *arguments: str) -> list[dict[str, str]]:
    """Run the command as a shell would and return the rows of its table."""
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    table, page = directory / "summary.tsv", directory / "summary.html"
    files = ["--output-tsv", str(table), "--output-html", str(page)]
    command.run(parser.parse_args([*files, "--force", *arguments]))
    with table.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, dialect="excel-tab"))


def test_rows_come_in_the_order_of_the_reports(tmp_path: Path) -> None:
    paths = write_reports(tmp_path, indeterminate_report(), confirmed_report(), excluded_report())
    rows = run(tmp_path, *paths)
    assert [row["sample_id"] for row in rows] == ["prcc_tfe3", "type1_strong", "wild_type_deep"]
    expected = {
        "verdict": "CONFIRMED",
        "fusions": "ASPSCR1::TFE3",
        "type": "type 1",
        "fragments": "35",
        "split_reads": "26",
        "spanning_pairs": "9",
        "fraction_three_prime": "0.382",
        "detectable_fraction": "0.076492",
        "total_reads": "400000",
        "candidate_fragments": "4321",
        "duplicates": "377",
        "flags": "SHORT_INSERT",
        "notices": "DEMONSTRATION REFERENCE, NOT FOR DIAGNOSIS",
        "control": "",
        "control_ok": "",
        "report": "type1_strong/type1_strong.report.html",
        "median_insert": str(confirmed_report().qc.median_insert),
        "q30_fraction": str(confirmed_report().qc.q30_fraction),
    }
    assert {name: rows[1][name] for name in expected} == expected
    assert rows[2]["fragments"] == ""


def test_rows_come_in_the_order_of_the_sheet(tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    names = ("wild_type_deep", "broken", "type1_strong")
    sheet.write_text("sample_id\tfastq_1\n" + "".join(f"{name}\ta.fq\n" for name in names), encoding="utf-8")
    paths = write_reports(tmp_path, indeterminate_report(), confirmed_report(), excluded_report())
    outcomes = [tmp_path / "broken.outcome.json", tmp_path / "good.outcome.json"]
    write_outcome(Outcome("broken", "screen").failure("screen", "x"), outcomes[0])
    write_outcome(Outcome("wild_type_deep", "analyse"), outcomes[1])
    batch = with_outcomes(
        read_batch(list(map(Path, paths)), read_report), read_outcomes(outcomes).values(), {}
    )
    assert [one.sample_id for one in in_order(batch, names)] == [*names, "prcc_tfe3"]
    rows = run(tmp_path, *paths, "--samples", str(sheet))
    assert [row["sample_id"] for row in rows] == ["wild_type_deep", "type1_strong", "prcc_tfe3"]


def test_mixed_versions_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old = confirmed_report()
    old = old.model_copy(update={"software": {**old.software, "aspsfusion": "0.0.1"}})
    rows = run(tmp_path, *write_reports(tmp_path, old, indeterminate_report()))
    assert rows[0]["version"] == "0.0.1"
    sentence = "Results of more than one version are mixed: 0.0.1 and "
    assert sentence in capsys.readouterr().out
    assert sentence in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_the_page_links_to_the_reports(tmp_path: Path) -> None:
    paths = write_reports(tmp_path / "results of today", confirmed_report(), excluded_report())
    run(tmp_path, *paths)
    page = (tmp_path / "summary.html").read_text(encoding="utf-8")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert [link.get("href") for link in tree.iter("a")] == [
        "results%20of%20today/type1_strong/type1_strong.report.html",
        "results%20of%20today/wild_type_deep/wild_type_deep.report.html",
    ]
    assert "DEMONSTRATION REFERENCE" in page
    cells = [
        "".join(cell.itertext()).split() for cell in tree.iter("td") if cell.get("class") == "verdict-cell"
    ]
    assert [" ".join(words[:3]) for words in cells] == [
        "CONFIRMED ASPSCR1::TFE3 type",
        "EXCLUDED no ASPSCR1::TFE3",
    ]
    # What is shown of one verdict, and folded, is in the page without the script too.
    assert [row.get("data-call") for row in tree.iter("tr")][1:] == ["CONFIRMED", "EXCLUDED"]
    assert len(list(tree.iter("details"))) == 2
    assert "No sample is declared a control." in page


def test_a_second_writing_gives_the_same_bytes(tmp_path: Path) -> None:
    paths = write_reports(tmp_path, confirmed_report(), excluded_report())
    files = [tmp_path / "summary.tsv", tmp_path / "summary.html"]
    run(tmp_path, *paths)
    first = [file.read_bytes() for file in files]
    run(tmp_path, *paths)
    assert [file.read_bytes() for file in files] == first


@pytest.mark.parametrize(
    ("control", "report", "expected"),
    [
        ("", confirmed_report(), ""),
        ("positive", confirmed_report(), "yes"),
        ("positive", indeterminate_report(), "no"),
        ("positive", None, "no"),
        ("negative", excluded_report(), "yes"),
        ("negative", indeterminate_report(), "yes"),
        ("negative", confirmed_report(), "no"),
        ("ntc", indeterminate_report(), "no"),
        ("ntc", None, "no"),
    ],
)
def test_controls_must_come_out_as_declared(control: str, report: Report | None, expected: str) -> None:
    assert control_is_ok(control, report, ntc_max_fragments=10) == expected


def test_a_no_template_control_may_have_a_few_fragments() -> None:
    report = indeterminate_report()
    few = report.model_copy(update={"qc": report.qc.model_copy(update={"candidate_fragments": 10})})
    assert control_is_ok("ntc", few, ntc_max_fragments=10) == "yes"
    assert control_is_ok("ntc", few, ntc_max_fragments=9) == "no"


def test_a_control_that_is_wrong_marks_the_batch(tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text(
        "sample_id\tfastq_1\tcontrol\n"
        "type1_strong\ta.fq\tpositive\ntype1_strong\tb.fq\tpositive\n"
        "wild_type_deep\tc.fq\tntc\nprcc_tfe3\td.fq\t\n",
        encoding="utf-8",
    )
    paths = write_reports(tmp_path, confirmed_report(), excluded_report(), indeterminate_report())
    rows = run(tmp_path, "--samples", str(sheet), *paths)
    assert [(row["control"], row["control_ok"]) for row in rows] == [
        ("positive", "yes"),
        ("ntc", "no"),
        ("", ""),
    ]
    page = (tmp_path / "summary.html").read_text(encoding="utf-8")
    assert "Not as declared: wild_type_deep (ntc)." in page
    rows = run(tmp_path, "--samples", str(sheet), "--ntc-max-fragments", "5000", *paths)
    assert rows[1]["control_ok"] == "yes"
    assert "2 controls came out as declared." in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_a_failed_sample_has_a_row_with_its_error(tmp_path: Path) -> None:
    paths = write_reports(tmp_path, excluded_report())
    broken = tmp_path / "broken.outcome.json"
    write_outcome(Outcome("broken", "screen").failure("screen", "a.fq: is cut off; copy it again"), broken)
    rows = run(tmp_path, *paths, "--outcomes", str(broken))
    assert [row["verdict"] for row in rows] == ["FAILED", "EXCLUDED"]
    assert rows[0]["statement"] == "a.fq: is cut off; copy it again"
    assert rows[0]["report"] == ""
    assert "FAILED" in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_a_result_that_is_not_of_the_present_inputs_is_not_shown(tmp_path: Path) -> None:
    reads = {name: tmp_path / f"{name}.fq" for name in ("type1_strong", "wild_type_deep", "broken", "late")}
    sheet = tmp_path / "samples.tsv"
    rows = [f"{name}\t{path}\tpositive\n" for name, path in reads.items()]
    sheet.write_text("sample_id\tfastq_1\tcontrol\n" + "".join(rows), encoding="utf-8")
    paths = write_reports(tmp_path, confirmed_report(), excluded_report())
    outcomes = []
    for name in list(reads)[:3]:
        reads[name].write_text("as it was read")
        inputs = Inputs(file_identities([str(reads[name])]), settings="--margin 2")
        outcomes.append(tmp_path / f"{name}.outcome.json")
        outcome = Outcome(name, "analyse", inputs=inputs)
        write_outcome(
            outcome if name in paths[0] + paths[1] else outcome.failure("screen", "x"), outcomes[-1]
        )
    reads["late"].write_text("not yet read")
    given = ["--samples", str(sheet), *paths, "--outcomes", *map(str, outcomes)]

    def verdicts(*more: str) -> list[str]:
        return [row["verdict"] for row in run(tmp_path, *given, *more)]

    assert verdicts() == ["CONFIRMED", "EXCLUDED", "FAILED", "FAILED"]
    assert verdicts("--settings=--margin 3") == ["OUTDATED", "OUTDATED", "OUTDATED", "FAILED"]
    reads["wild_type_deep"].write_text("other reads")
    shown = run(tmp_path, *given)
    assert [row["verdict"] for row in shown] == ["CONFIRMED", "OUTDATED", "FAILED", "FAILED"]
    assert "is not the file that was read; run the workflow again" in shown[1]["statement"]
    assert shown[1]["report"] == shown[1]["fragments"] == ""
    assert shown[1]["control_ok"] == "no"
    assert shown[3]["statement"].startswith("not analysed")
    assert "OUTDATED" in (tmp_path / "summary.html").read_text(encoding="utf-8")


def test_the_leading_fusion_is_that_of_the_target() -> None:
    other = make_fusion(is_target=False)
    reciprocal = make_fusion(reciprocal=True)
    target = make_fusion()
    assert leading_fusion([other, reciprocal, target]) is target
    assert leading_fusion([other, reciprocal]) is other
    assert leading_fusion([]) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no report is given"),
        (["REPORT", "REPORT"], "wild_type_deep is given twice"),
        (["REPORT", "--samples", "SHEET"], "row 3: control 'maybe' is not known"),
        (["REPORT", "--samples", "NONE"], "does not exist"),
    ],
)
def test_wrong_arguments_are_told(arguments: list[str], message: str, tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("sample_id\tcontrol\na\t\nb\tmaybe\n", encoding="utf-8")
    (report,) = write_reports(tmp_path, excluded_report())
    given = {"REPORT": report, "SHEET": str(sheet), "NONE": str(tmp_path / "none.tsv")}
    with pytest.raises(AspsfusionError, match=message):
        run(tmp_path, *(given.get(argument, argument) for argument in arguments))


def test_a_sheet_without_names_is_refused(tmp_path: Path) -> None:
    sheet = tmp_path / "samples.tsv"
    sheet.write_text("name\n", encoding="utf-8")
    (report,) = write_reports(tmp_path, excluded_report())
    with pytest.raises(AspsfusionError, match="lacks the column sample_id"):
        run(tmp_path, "--samples", str(sheet), report)
