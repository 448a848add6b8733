"""Failed samples: the reason is kept, and nothing that looks like a result."""

import os
from pathlib import Path

import pytest

from aspsfusion.batch import (
    ERROR_MARK,
    STAGE_FILES,
    Failure,
    forget_failures,
    record_failures,
    sample_files,
    stage_log,
)


@pytest.fixture
def outdir(tmp_path: Path) -> str:
    """Make the output directory of two complete samples."""
    for sample in ("good", "bad"):
        for stage in STAGE_FILES:
            for file in [
                *sample_files(str(tmp_path), sample, stage),
                stage_log(str(tmp_path), sample, stage),
            ]:
                Path(file).parent.mkdir(parents=True, exist_ok=True)
                Path(file).write_text("written by an earlier run\n")
    return str(tmp_path)


def left(outdir: str, sample: str) -> set[str]:
    """Return what is in a sample's directory."""
    return {path.name.removeprefix(f"{sample}.") for path in (Path(outdir) / sample).iterdir()}


def fail(outdir: str, sample: str, stage: str, log: str | None) -> Failure:
    """Do what Snakemake does when a stage fails, and return what is recorded."""
    for file in sample_files(outdir, sample, stage):
        Path(file).unlink()
    path = Path(stage_log(outdir, sample, stage))
    path.unlink()
    if log is not None:
        path.write_text(log)
    (failure,) = record_failures(outdir, ["good", "bad"])
    assert failure.note.read_text() == f"{failure.sentence}\n"
    return failure


def test_complete_samples_are_no_failures(outdir: str) -> None:
    assert record_failures(outdir, ["good", "bad"]) == []
    assert "failed.txt" not in left(outdir, "good")


def test_reason_is_the_error_of_the_stage(outdir: str) -> None:
    failure = fail(outdir, "bad", "align", f"progress\n{ERROR_MARK}a.fq, record 3: too short\nmore\n")
    assert (failure.sample_id, failure.stage) == ("bad", "align")
    assert failure.sentence == "a.fq, record 3: too short"


def test_results_of_an_earlier_run_do_not_stay(outdir: str) -> None:
    fail(outdir, "bad", "evidence", f"{ERROR_MARK}broken\n")
    assert left(outdir, "bad") == {
        *STAGE_FILES["screen"],
        *STAGE_FILES["align"],
        "failed.txt",
    }
    assert left(outdir, "good") == {name for names in STAGE_FILES.values() for name in names}


def test_stage_that_was_killed_is_said_to_be(outdir: str) -> None:
    failure = fail(outdir, "bad", "screen", "reading\n")
    assert failure.sentence.startswith("screen stopped without a message")
    assert failure.sentence.endswith(stage_log(outdir, "bad", "screen"))


def test_sample_that_was_not_reached_is_said_to_be(outdir: str) -> None:
    assert fail(outdir, "bad", "call", None).sentence.startswith("not analysed: the run ended before")


def test_next_run_forgets_the_failure_and_its_logs(outdir: str) -> None:
    fail(outdir, "bad", "evidence", f"{ERROR_MARK}broken\n")
    forget_failures(outdir, ["good", "bad"])
    assert "failed.txt" not in left(outdir, "bad")
    logs = {stage: Path(stage_log(outdir, "bad", stage)).exists() for stage in STAGE_FILES}
    assert logs == {
        "screen": True,
        "align": True,
        "evidence": False,
        "call": False,
        "tag": False,
        "report": False,
    }
    assert all(Path(stage_log(outdir, "good", stage)).exists() for stage in STAGE_FILES)


def test_stage_that_failed_is_found_when_all_stages_were_one_job(outdir: str) -> None:
    """A cluster's job of all stages is cleaned up as a whole; the logs tell how far it got."""
    for number, stage in enumerate(STAGE_FILES):
        for file in sample_files(outdir, "bad", stage):
            Path(file).unlink()
        log = Path(stage_log(outdir, "bad", stage))
        log.write_text(f"{ERROR_MARK}of {stage}\n")
        # The second attempt failed in evidence; the logs of the stages after it are of the first attempt.
        os.utime(log, (1000 + number, 1000 + number + (100 if number <= 2 else 0)))
    (failure,) = record_failures(outdir, ["good", "bad"])
    assert (failure.stage, failure.sentence) == ("evidence", "of evidence")
