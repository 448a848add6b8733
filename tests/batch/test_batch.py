"""Failed samples: the reason is kept, and nothing that looks like a result."""

import os
from pathlib import Path

import pytest
from aspsfusion.batch.failures import (
    JOB_FILES,
    Failure,
    forget_failures,
    job_log,
    record_failures,
    sample_files,
)

from aspsfusion.errors import ERROR_MARK, STAGE_MARK


@pytest.fixture
def outdir(tmp_path: Path) -> str:
    """Make the output directory of two complete samples."""
    for sample in ("good", "bad"):
        for job in JOB_FILES:
            for file in [
                *sample_files(str(tmp_path), sample, job),
                job_log(str(tmp_path), sample, job),
            ]:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
                Path(file).write_text("written by an earlier run\n")
    return str(tmp_path)


def left(outdir: str, sample: str) -> set[str]:
    """Return what is in a sample's directory."""
    return {path.name.removeprefix(f"{sample}.") for path in (Path(outdir) / sample).iterdir()}


def fail(outdir: str, sample: str, job: str, log: str | None) -> Failure:
    """Do what Snakemake does when a job fails, and return what is recorded."""
    for file in sample_files(outdir, sample, job):
        Path(file).unlink()
    path = Path(job_log(outdir, sample, job))
    path.unlink()
    if log is not None:
        path.write_text(log)
    (failure,) = record_failures(outdir, ["good", "bad"])
    assert failure.note.read_text() == f"{failure.sentence}\n"
    return failure


def test_complete_samples_are_no_failures(outdir: str) -> None:
    assert record_failures(outdir, ["good", "bad"]) == []
    assert "failed.txt" not in left(outdir, "good")


def test_reason_is_the_error_of_the_job(outdir: str) -> None:
    failure = fail(outdir, "bad", "analyse", f"progress\n{ERROR_MARK}a.fq, record 3: too short\nmore\n")
    assert (failure.sample_id, failure.job) == ("bad", "analyse")
    assert failure.sentence == "a.fq, record 3: too short"


def test_results_of_an_earlier_run_do_not_stay(outdir: str) -> None:
    fail(outdir, "bad", "analyse", f"{ERROR_MARK}broken\n")
    assert left(outdir, "bad") == {*JOB_FILES["screen"], "failed.txt"}
    assert left(outdir, "good") == {name for names in JOB_FILES.values() for name in names}


def test_files_that_were_asked_for_besides_do_not_stay_either(outdir: str) -> None:
    for name in ("arriba.tsv", "star-fusion.tsv", "report.pdf"):
        (Path(outdir) / "bad" / f"bad.{name}").write_text("written by an earlier run\n")
    fail(outdir, "bad", "screen", f"{ERROR_MARK}broken\n")
    assert left(outdir, "bad") == {"failed.txt"}


def test_job_that_was_killed_is_said_to_be(outdir: str) -> None:
    failure = fail(outdir, "bad", "screen", "reading\n")
    assert failure.sentence.startswith("screen stopped without a message")
    assert failure.sentence.endswith(job_log(outdir, "bad", "screen"))


def test_stage_in_which_a_job_was_killed_is_named(outdir: str) -> None:
    log = f"{STAGE_MARK}align after 0.0 s\n{STAGE_MARK}evidence after 9.1 s\nhalf a li"
    assert fail(outdir, "bad", "analyse", log).sentence.startswith("evidence stopped without a message")


def test_sample_that_was_not_reached_is_said_to_be(outdir: str) -> None:
    assert fail(outdir, "bad", "analyse", None).sentence.startswith("not analysed: the run ended before")


def test_next_run_forgets_the_failure_and_its_logs(outdir: str) -> None:
    fail(outdir, "bad", "analyse", f"{ERROR_MARK}broken\n")
    forget_failures(outdir, ["good", "bad"])
    assert "failed.txt" not in left(outdir, "bad")
    logs = {job: Path(job_log(outdir, "bad", job)).exists() for job in JOB_FILES}
    assert logs == {"screen": True, "analyse": False}
    assert all(Path(job_log(outdir, "good", job)).exists() for job in JOB_FILES)


@pytest.mark.parametrize(("last", "words"), [("screen", "of screen"), ("analyse", "of analyse")])
def test_job_that_failed_is_found_when_all_were_one(outdir: str, last: str, words: str) -> None:
    """A cluster's job of several is cleaned up as a whole; the logs tell how far it got."""
    for number, job in enumerate(JOB_FILES):
        for file in sample_files(outdir, "bad", job):
            Path(file).unlink()
        log = Path(job_log(outdir, "bad", job))
        log.write_text(f"{ERROR_MARK}of {job}\n")
        # Of two attempts: the log of a job that the second one did not reach is of the first.
        os.utime(log, (1000 + number, 1000 + number + (100 if job == last else 0)))
    (failure,) = record_failures(outdir, ["good", "bad"])
    assert (failure.job, failure.sentence) == (last, words)
