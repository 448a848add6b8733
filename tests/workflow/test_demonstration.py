"""The demonstration, run as a user runs it: verdicts, files, reports and the archive of them."""

import json
import re
import zipfile
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from aspsfusion.report.models import Report
from aspsfusion.simulate.demo import Demo, Outcome, load_demo
from browser.chromium import opened_browser, programs
from browser.printed import assert_printed_well
from repository import ROOT, sample_files
from small_batch import verdicts
from snakemake_runs import snakemake

pytestmark = pytest.mark.workflow

Demonstration = tuple[Path, list[Outcome]]


@pytest.fixture(scope="module")
def demo() -> Demo:
    """Return the definition of the demonstration."""
    return load_demo()


@pytest.fixture(scope="module")
def outdir(demonstration_run: Demonstration) -> Path:
    """Return where the results of the demonstration are."""
    return demonstration_run[0] / "results"


def test_demonstration_gets_every_verdict(demonstration_run: Demonstration, demo: Demo) -> None:
    _, outcomes = demonstration_run
    assert [outcome.sample for outcome in outcomes] == [sample.id for sample in demo.samples]
    assert {outcome.sample: outcome.obtained for outcome in outcomes} == {
        outcome.sample: outcome.expected for outcome in outcomes
    }
    assert all(outcome.agree for outcome in outcomes)


def test_every_file_of_the_contract_is_there(outdir: Path, demo: Demo) -> None:
    for sample in demo.samples:
        for file in sample_files(str(outdir), sample.id):
            assert Path(file).stat().st_size, file
        assert not (outdir / sample.id / f"{sample.id}.candidates.fastq.gz").exists()
    for name in ("panel.json", "transcripts.fa", "exons.tsv"):
        assert (outdir / "panel" / name).is_file()
    assert list(verdicts(outdir)) == [sample.id for sample in demo.samples]
    assert (outdir / "summary.html").is_file()


def test_reports_keep_to_the_schema(outdir: Path, demo: Demo) -> None:
    schema = json.loads((ROOT / "resources/report.schema.json").read_text())
    validator = Draft202012Validator(schema)
    for sample in demo.samples:
        report = json.loads((outdir / sample.id / f"{sample.id}.report.json").read_text())
        assert list(validator.iter_errors(report)) == []
        assert report["reference"]["kind"] == "demonstration"
        assert report["notices"]


def test_the_first_printed_page_of_each_report_says_all_that_a_pathologist_must_know(
    outdir: Path, demo: Demo
) -> None:
    if programs() is None:
        pytest.skip("chromium or its driver is not installed")
    with opened_browser() as browser:
        for sample in demo.samples:
            files = outdir / sample.id / sample.id
            browser.open(files.with_name(f"{sample.id}.report.html"), width=900)
            record = files.with_name(f"{sample.id}.report.json").read_text()
            assert_printed_well(Report.model_validate_json(record), browser.pdf())


def test_archive_holds_every_report(outdir: Path, demo: Demo, tmp_path: Path) -> None:
    """`snakemake --report` packs a finished batch into an archive that opens without a network."""
    archive = tmp_path / "results.zip"
    # Where it is run there may be a configuration of something else.
    foreign = outdir.parent / "config" / "config.yaml"
    foreign.parent.mkdir()
    foreign.write_text("colour: blue\n")
    arguments = ["--snakefile", str(ROOT / "workflow/Snakefile"), "--configfile", "config.yaml"]
    done = snakemake([*arguments, "--report", str(archive)], outdir.parent, tmp_path / "said")
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(archive) as packed:
        names = {Path(name).name: name for name in packed.namelist()}
        page = packed.read(names["report.html"]).decode()
        for sample in demo.samples:
            name = f"{sample.id}.report.html"
            assert packed.read(names[name]) == (outdir / sample.id / name).read_bytes()
    assert {"summary.html", "summary.tsv"} <= set(names)
    assert "Report of sample" in page, "the captions are those of workflow/report"
    loaded = re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"(https?:[^\"]+)", page)
    assert loaded == []
