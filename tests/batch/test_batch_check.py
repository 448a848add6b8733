"""A junction that another sample of the batch has far more often cannot confirm."""

import csv
import json
import re
from pathlib import Path

import pytest

from aspsfusion.batch.contamination import (
    CONTAMINATION_CODE,
    BatchFindings,
    check_batch,
    own_report,
    read_findings,
    with_findings,
    write_findings,
)
from aspsfusion.batch.outcomes import Outcome, write_outcome
from aspsfusion.cli import main
from aspsfusion.config import BatchParameters
from aspsfusion.errors import AspsfusionError
from aspsfusion.report.findings import Fusion
from aspsfusion.report.json_tsv import read_report
from aspsfusion.report.models import Report
from report_factory import (
    TFE3_EXON_5,
    confirmed_report,
    excluded_report,
    indeterminate_report,
    judged,
    make_fusion,
)
from repository import run_command

PARAMETERS = BatchParameters()


def with_fragments(count: int, fusion: Fusion | None = None) -> Fusion:
    """Return a fusion with that many supporting fragments, duplicates counted."""
    return (fusion or make_fusion()).model_copy(update={"fragments_with_duplicates": count})


def sample(sample_id: str, *fusions: Fusion) -> Report:
    return confirmed_report(sample_id).model_copy(update={"fusions": list(fusions)})


def checked(*reports: Report, runs: dict[str, str] | None = None) -> dict[str, Report]:
    return {
        checked.report.sample_id: checked.report for checked in check_batch(reports, runs or {}, PARAMETERS)
    }


@pytest.mark.parametrize(("fragments", "call"), [(20, "INDETERMINATE"), (21, "CONFIRMED")])
def test_the_limit_is_two_percent(fragments: int, call: str) -> None:
    after = checked(sample("weak", with_fragments(fragments)), sample("strong", with_fragments(1000)))
    assert after["weak"].verdict.call == call
    assert after["strong"].verdict.call == "CONFIRMED"
    assert after["strong"].fusions[0].contamination is None


def test_a_lowered_verdict_says_why_and_keeps_its_own() -> None:
    after = checked(sample("weak", with_fragments(9)), sample("strong", with_fragments(1000)))["weak"]
    assert [reason.code for reason in after.verdict.reasons] == [
        CONTAMINATION_CODE,
        "TARGET_FOUND",
        "SPLIT_FOUND",
    ]
    assert "another sample of the batch with 1,000 fragments" in after.verdict.reasons[0].text
    assert "0.9% of them" in after.verdict.reasons[0].text
    assert "neither confirmed nor excluded" in after.verdict.statement
    assert after.verdict.before_batch_check
    assert after.verdict.before_batch_check.call == "CONFIRMED"
    source = after.fusions[0].contamination
    assert source
    assert (source.fragments_with_duplicates, source.share) == (1000, 0.009)
    assert "strong" not in after.model_dump_json()  # a report goes to the file of one patient alone


def test_the_sources_are_named_beside_the_report() -> None:
    batch = [sample("weak", with_fragments(9)), sample("strong", with_fragments(1000))]
    batch.append(sample("stronger", with_fragments(2000)))
    assert [checked.sources for checked in check_batch(batch, {}, PARAMETERS)] == [("stronger",), (), ()]


def test_another_junction_of_the_same_fusion_is_no_source() -> None:
    type_2 = with_fragments(1000, make_fusion(three_prime=TFE3_EXON_5))
    assert checked(sample("weak", with_fragments(9)), sample("strong", type_2))["weak"].verdict.call == (
        "CONFIRMED"
    )


def test_a_junction_of_its_own_still_confirms() -> None:
    own = with_fragments(35, make_fusion(three_prime=TFE3_EXON_5))
    after = checked(sample("weak", with_fragments(9), own), sample("strong", with_fragments(1000)))["weak"]
    assert after.verdict.call == "CONFIRMED"
    assert [fusion.contamination is not None for fusion in after.fusions] == [True, False]
    assert after.verdict.reasons[-1].code == CONTAMINATION_CODE


def test_another_run_is_no_source() -> None:
    reports = sample("weak", with_fragments(9)), sample("strong", with_fragments(1000))
    assert checked(*reports, runs={"weak": "A", "strong": "B"})["weak"].verdict.call == "CONFIRMED"
    assert checked(*reports, runs={"weak": "A", "strong": "A"})["weak"].verdict.call == "INDETERMINATE"


def test_the_check_can_be_switched_off() -> None:
    reports = sample("weak", with_fragments(1)), sample("strong", with_fragments(100000))
    off = BatchParameters(max_contamination_share=0.0)
    assert [checked.report for checked in check_batch(reports, {}, off)] == list(reports)


def test_a_weak_finding_stays_indeterminate_and_says_so() -> None:
    weak = indeterminate_report("weak")
    strong = indeterminate_report("strong")
    strong = strong.model_copy(update={"fusions": [with_fragments(5000, strong.fusions[0])]})
    after = checked(weak, strong)["weak"]
    assert after.verdict.call == "INDETERMINATE"
    assert after.verdict.reasons[-1].code == CONTAMINATION_CODE
    assert after.verdict.statement.startswith(weak.verdict.statement)


def test_a_second_check_changes_nothing_and_a_smaller_batch_takes_it_back() -> None:
    weak, strong = sample("weak", with_fragments(9)), sample("strong", with_fragments(1000))
    once = checked(weak, strong)
    assert checked(once["weak"], once["strong"]) == once
    assert checked(once["weak"])["weak"] == weak
    assert own_report(once["weak"]) == weak


def write_sample(directory: Path, report: Report) -> Path:
    """Write a report and its files as the workflow does."""
    place = directory / report.sample_id
    place.mkdir(parents=True)
    record = place / f"{report.sample_id}.report.json"
    record.write_text(judged(report).model_dump_json())
    stem = place / report.sample_id
    outputs = [
        *("--html", f"{stem}.report.html", "--tsv", f"{stem}.fusions.tsv"),
        *("--vcf", f"{stem}.fusions.vcf.gz", "--arriba", f"{stem}.arriba.tsv"),
    ]
    run_command("report", "--from", record, *outputs)
    return record


def summarise(directory: Path, *arguments: str) -> None:
    files = ["--output-tsv", f"{directory}/summary.tsv", "--output-html", f"{directory}/summary.html"]
    run_command("summary", *files, "--force", *arguments)


def state(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(directory.rglob("*"))
        if path.is_file() and "summary" not in path.name
    }


def compare(directory: Path, *records: Path) -> None:
    """Compare the samples of these records as the workflow does."""
    for record in records:
        name = record.name.removesuffix(".report.json")
        (record.parent / f"{name}.record.json").write_bytes(record.read_bytes())
        write_outcome(Outcome(name, "analyse"), record.parent / f"{name}.outcome.json")
    outcomes = [str(record).replace(".report.json", ".outcome.json") for record in records]
    assert main(["workflow", "compare", "--output", f"{directory}/compared.tsv", *outcomes]) == 0


def test_the_report_of_the_weaker_sample_says_what_the_batch_says(tmp_path: Path) -> None:
    weak = write_sample(tmp_path, sample("weak", with_fragments(9)))
    strong = write_sample(tmp_path, sample("strong", with_fragments(1000)))
    other = write_sample(tmp_path, excluded_report("other"))
    reports = [str(weak), str(strong), str(other)]
    before = state(tmp_path)
    with pytest.raises(
        AspsfusionError, match=r"weak: CONFIRMED, now INDETERMINATE .* 'aspsfusion workflow com"
    ):
        summarise(tmp_path, *reports)
    assert state(tmp_path) == before
    assert not (tmp_path / "summary.tsv").exists()

    compare(tmp_path, weak, strong, other)
    findings = tmp_path / "weak" / "weak.batch.json"
    assert list(tmp_path.glob("*/*.batch.json")) == [findings]
    assert (tmp_path / "compared.tsv").read_text().splitlines()[1:] == ["weak\tstrong", "strong\t", "other\t"]
    assert "strong" not in findings.read_text()
    stem = f"{tmp_path}/weak/weak"
    files = ["--json", str(weak), "--html", f"{stem}.report.html", "--arriba", f"{stem}.arriba.tsv"]
    words = ["report", "--force", "--from", f"{stem}.record.json", *files]
    assert main([*words, "--batch", str(findings)]) == 0
    page = (tmp_path / "weak/weak.report.html").read_text()
    assert '<p class="call">INDETERMINATE: may come from another sample</p>' in page
    assert "CONFIRMED by its own reads" in page
    for name in ("report.json", "report.html", "arriba.tsv"):
        text = (tmp_path / f"weak/weak.{name}").read_text()
        assert not re.search(r"(?<![</\w])strong\b", text)  # but for the mark of HTML
    summarise(tmp_path, *reports)
    rows = list(csv.DictReader((tmp_path / "summary.tsv").read_text().splitlines(), dialect="excel-tab"))
    assert {row["sample_id"]: row["contamination_from"] for row in rows}["weak"] == "strong"
    assert json.loads(weak.read_text())["verdict"]["call"] == "INDETERMINATE"
    summary = (tmp_path / "summary.html").read_text()
    assert "Possible contamination: weak from strong (INDETERMINATE, CONFIRMED by its own reads)" in summary

    # A second comparison changes nothing; a smaller batch has nothing to say.
    known = findings.stat().st_mtime_ns
    assert (
        main(["workflow", "compare", "--output", f"{tmp_path}/c.tsv", *map(str, outcomes_in(tmp_path))]) == 0
    )
    assert findings.stat().st_mtime_ns == known
    alone = [str(path) for path in outcomes_in(tmp_path) if "strong" not in path.name]
    assert main(["workflow", "compare", "--output", f"{tmp_path}/c.tsv", *alone]) == 0
    assert not findings.exists()
    with pytest.raises(AspsfusionError, match="weak: INDETERMINATE, now CONFIRMED"):
        summarise(tmp_path, str(weak), str(other))
    assert main(words) == 0
    assert read_report(weak).verdict.call == "CONFIRMED"
    summarise(tmp_path, str(weak), str(other))


def outcomes_in(directory: Path) -> list[Path]:
    """Return the outcomes of all samples."""
    return sorted(directory.glob("*/*.outcome.json"))


def test_findings_of_another_sample_are_refused(tmp_path: Path) -> None:
    findings = BatchFindings(sample_id="other", contamination=[])
    write_findings(findings, tmp_path / "b.json")
    assert read_findings(tmp_path / "b.json") == findings
    with pytest.raises(AspsfusionError, match="not of this report of weak"):
        with_findings(sample("weak", with_fragments(9)), findings)
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(AspsfusionError, match="not the findings of a batch"):
        read_findings(tmp_path / "b.json")
