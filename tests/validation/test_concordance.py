"""A laboratory's verification: agreement with known samples, and what is counted apart from it."""

import csv
from pathlib import Path

import html5lib
import pytest

from aspsfusion.batch.outcomes import Outcome, write_outcome
from aspsfusion.cli import main
from aspsfusion.errors import ReportError
from aspsfusion.report.json_tsv import write_json
from aspsfusion.report.models import Report
from aspsfusion.validation.concordance import agreement_of, compare, read_truth
from report_factory import confirmed_report, excluded_report, indeterminate_report, judged

TRUTH = {
    "right": ("positive", "type 1"),
    "other_type": ("positive", "type 2"),
    "missed": ("positive", ""),
    "open": ("positive", ""),
    "broken": ("positive", ""),
    "never_run": ("positive", ""),
    "clean": ("negative", ""),
    "false": ("negative", ""),
}


def put(directory: Path, sample: str, report: Report) -> None:
    """Write a result as the workflow does."""
    named = judged(report.model_copy(update={"sample_id": sample}))
    write_json(named, directory / sample / f"{sample}.report.json")
    write_outcome(Outcome(sample, "analyse"), directory / sample / f"{sample}.outcome.json")


@pytest.fixture
def batch(tmp_path: Path) -> Path:
    """Make a batch with every kind of result, one of a former run that failed since, and one not known."""
    directory = tmp_path / "results"
    for sample in ("right", "other_type", "false", "unknown"):
        put(directory, sample, confirmed_report())
    for sample in ("missed", "clean"):
        put(directory, sample, excluded_report())
    put(directory, "open", indeterminate_report())
    put(directory, "broken", confirmed_report())
    failed = Outcome("broken", "screen").failure("screen", "a.fq: is cut off")
    write_outcome(failed, directory / "broken" / "broken.outcome.json")
    return directory


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Write what is known."""
    path = tmp_path / "known.tsv"
    rows = (f"{sample}\t{expected}\t{kind}" for sample, (expected, kind) in TRUTH.items())
    path.write_text("sample_id\texpected\ttype\n" + "\n".join(rows) + "\n")
    return path


def test_an_edited_verdict_is_refused(batch: Path, truth: Path) -> None:
    edited = batch / "false" / "false.report.json"
    edited.write_text(edited.read_text().replace('"call": "CONFIRMED"', '"call": "EXCLUDED"', 1))
    with pytest.raises(ReportError, match=r"false\.report\.json.*its verdict is EXCLUDED"):
        compare(read_truth(truth), [batch])


def test_nothing_is_hidden_in_the_agreement(batch: Path, truth: Path) -> None:
    rows, unknown = compare(read_truth(truth), [batch])
    assert [row.sample_id for row in rows] == list(TRUTH)
    assert unknown == ["unknown"]
    positive, negative = (agreement_of(rows, expected) for expected in ("positive", "negative"))
    assert positive.verdicts == (2, 1, 1, 1, 1)
    assert (positive.of_answers.part, positive.of_answers.whole) == (2, 3)
    assert (positive.of_all.part, positive.of_all.whole) == (2, 6)
    assert (positive.of_types.part, positive.of_types.whole) == (1, 2)
    assert negative.verdicts == (1, 1, 0, 0, 0)
    assert positive.of_answers.percent() == "66.7 (20.8 to 93.9)"


def test_page_and_table_name_what_does_not_agree(
    batch: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["concordance", "--truth", str(truth), str(batch), "--output", str(tmp_path / "v")]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "negative agreement 1 of 2 answers, 50.0 (9.5 to 90.5) percent; 2 results in all" in printed
    assert "discordant: missed, false." in printed
    with (tmp_path / "v.tsv").open(newline="") as handle:
        rows = {row["sample_id"]: row for row in csv.DictReader(handle, dialect="excel-tab")}
    assert list(rows) == list(TRUTH)
    assert rows["broken"]["verdict"] == "FAILED"
    assert rows["broken"]["reasons"] == "a.fq: is cut off"
    assert rows["never_run"]["verdict"] == "NO RESULT"
    assert rows["other_type"]["type_agreement"] == "discordant"
    assert rows["missed"]["panel"] == "aspscr1_tfe3 1.0.0"
    assert len(rows["missed"]["report_sha256"]) == 64
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    for words in ("Discordant verdicts", "Without an answer", "Other type than known", "DEMONSTRATION"):
        assert words in page
    assert "nothing is known of them: unknown" in page
    assert main(command) == 1
    assert "exists already" in capsys.readouterr().err


def test_mixed_versions_and_repeated_samples_are_said(batch: Path, truth: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    old = confirmed_report()
    put(again, "right", old.model_copy(update={"software": {**old.software, "aspsfusion": "0.0.1"}}))
    output = ["--output", str(tmp_path / "v")]
    assert main(["concordance", "--truth", str(truth), str(batch), str(again), *output]) == 0
    page = (tmp_path / "v.html").read_text(encoding="utf-8")
    assert "Results of more than one version are mixed: 0.0.1 and" in page
    assert "right: several results, each counted." in page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sample_id\texpected\nA\tmaybe\n",
            "row 2: expected 'maybe' is not known; write",
        ),
        ("sample_id\texpected\nA\tpositive\nA\tpositive\n", "row 3: sample_id 'A' is empty or given twice"),
        ("sample_id\ttruth\nA\tpositive\n", "has an unknown column 'truth'"),
        ("sample_id\texpected\n", "lacks sample_id, expected or samples"),
    ],
)
def test_a_wrong_table_is_one_sentence(
    text: str, message: str, batch: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "known.tsv"
    path.write_text(text)
    assert main(["concordance", "--truth", str(path), str(batch)]) == 1
    assert message in capsys.readouterr().err


def test_a_directory_without_results_is_refused(
    truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["concordance", "--truth", str(truth), str(tmp_path)]) == 1
    assert "holds no result of a sample" in capsys.readouterr().err
