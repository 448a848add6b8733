"""A job of a batch leaves an outcome whatever happens to its command."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from aspsfusion.batch.attempt import AGAIN, INTERRUPTED, Job, end_job, run_job
from aspsfusion.batch.outcomes import Outcome, read_outcome, write_outcome
from aspsfusion.cli import main
from aspsfusion.errors import STAGE_MARK, AspsfusionError, TooBigError

KILLED = 137
FIRST = Outcome("S1", "screen")


def job(directory: Path, number: int = 1, retries: int = 0, stage: str = "screen") -> Job:
    """Return a job of the sample."""
    outcome = directory / "S1" / "S1.outcome.json"
    return Job(stage, outcome, directory / "S1.log", number, retries, [directory / "S1" / "empty.fastq.gz"])


def fails_with(error: BaseException) -> Callable[[], None]:
    """Return a command that fails."""

    def command() -> None:
        print("it has begun")
        raise error

    return command


def files(directory: Path) -> set[str]:
    """Return the names of the sample's files."""
    return {path.name for path in (directory / "S1").iterdir()}


def test_a_command_that_ends_well_leaves_an_outcome(tmp_path: Path) -> None:
    assert run_job(job(tmp_path), FIRST, lambda: print("done")) == 0
    assert read_outcome(job(tmp_path).outcome) == FIRST
    assert (tmp_path / "S1.log").read_text() == "done\n"


def test_an_error_is_the_outcome_and_is_not_tried_again(tmp_path: Path) -> None:
    error = AspsfusionError("is cut off", path="a.fq", remedy="copy it again")
    assert run_job(job(tmp_path, retries=3), FIRST, fails_with(error)) == 0
    outcome = read_outcome(job(tmp_path).outcome)
    assert (outcome.status, outcome.sentence) == ("failed", "a.fq: is cut off; copy it again")
    assert files(tmp_path) == {"S1.outcome.json", "S1.failed.txt", "empty.fastq.gz"}
    assert (tmp_path / "S1" / "S1.failed.txt").read_text() == f"{outcome.sentence}\n"
    assert "aspsfusion: error: a.fq" in (tmp_path / "S1.log").read_text()


def test_a_fault_of_the_program_is_named(tmp_path: Path) -> None:
    assert run_job(job(tmp_path), FIRST, fails_with(ValueError("no such\nthing"))) == 0
    sentence = read_outcome(job(tmp_path).outcome).sentence
    assert sentence == f"screen stopped with ValueError: no such thing; see {tmp_path / 'S1.log'}"
    assert "Traceback" in (tmp_path / "S1.log").read_text()


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), TooBigError("not enough memory")])
def test_what_may_go_better_is_tried_again(error: Exception, tmp_path: Path) -> None:
    assert run_job(job(tmp_path, 1, retries=3), FIRST, fails_with(error)) != 0
    assert not job(tmp_path).outcome.exists()


def test_an_error_of_the_disk_is_the_outcome_of_the_last_try(tmp_path: Path) -> None:
    assert run_job(job(tmp_path, 3, retries=3), FIRST, fails_with(OSError(28, "No space left"))) == 0
    assert "no space is left" in read_outcome(job(tmp_path).outcome).sentence


def test_what_was_too_big_is_the_outcome_of_the_last_try(tmp_path: Path) -> None:
    error = TooBigError("not enough memory for a file of 9.0 MB", path="a.fq", remedy="give it more memory")
    assert run_job(job(tmp_path), FIRST, fails_with(error)) == AGAIN
    assert end_job(job(tmp_path), FIRST, AGAIN) == 0
    assert read_outcome(job(tmp_path).outcome).sentence == error.sentence()


def test_an_interrupt_is_no_outcome(tmp_path: Path) -> None:
    assert run_job(job(tmp_path), FIRST, fails_with(KeyboardInterrupt())) == INTERRUPTED
    assert end_job(job(tmp_path), FIRST, INTERRUPTED) == INTERRUPTED
    assert not job(tmp_path).outcome.exists()


def test_a_stage_in_which_a_command_was_killed_is_named(tmp_path: Path) -> None:
    log = tmp_path / "S1.log"
    log.write_text(f"{STAGE_MARK}align after 0.0 s\n{STAGE_MARK}evidence after 9.1 s\nhalf a li")
    analyse = job(tmp_path, stage="analyse")
    assert end_job(analyse, FIRST, KILLED) == 0
    sentence = read_outcome(analyse.outcome).sentence
    assert sentence.startswith("evidence stopped without a message, killed or out of memory")
    assert sentence.endswith(str(log))


def test_a_killed_command_is_the_outcome_where_nothing_is_tried_again(tmp_path: Path) -> None:
    assert end_job(job(tmp_path, 1, retries=3), FIRST, KILLED) == KILLED
    assert not job(tmp_path).outcome.exists()
    assert end_job(job(tmp_path), FIRST, KILLED) == 0
    assert read_outcome(job(tmp_path).outcome).sentence.startswith("screen stopped without a message")


def test_a_failure_is_passed_on_and_nothing_is_run(tmp_path: Path) -> None:
    before = FIRST.failure("screen", "is cut off")
    (tmp_path / "S1").mkdir()
    (tmp_path / "S1" / "S1.report.json").write_text("of an earlier run")
    analyse = job(tmp_path, stage="analyse")
    assert run_job(analyse, before, fails_with(AssertionError("is not run"))) == 0
    assert read_outcome(analyse.outcome) == before
    assert "S1.report.json" not in files(tmp_path)


class KilledError(BaseException):
    """Stands for what no program can catch."""


@pytest.mark.parametrize("reached", ["screen", "analyse"])
def test_the_last_attempt_says_where_those_before_were_killed(reached: str, tmp_path: Path) -> None:
    """A cluster's job of both is tried again as a whole; in the last attempt both give up."""
    with pytest.raises(KilledError):
        run_job(job(tmp_path, 3, 3, reached), FIRST, fails_with(KilledError()))
    (tmp_path / "S1.log").unlink()  # as Snakemake does
    screen = replace(job(tmp_path, 4, 3), outcome=tmp_path / "S1" / "S1.screen.outcome.json")
    assert run_job(screen, FIRST, fails_with(AssertionError("is not run"))) == 0
    before = read_outcome(screen.outcome)
    analyse = job(tmp_path, 4, 3, stage="analyse")
    assert run_job(analyse, before, fails_with(AssertionError("is not run"))) == 0
    sentence = read_outcome(analyse.outcome).sentence
    assert sentence == f"{reached} stopped without a message, killed or out of memory, time or disk space"
    assert "S1.attempt.txt" not in files(tmp_path)


def test_what_a_sample_had_before_does_not_stay_beside_a_new_attempt(tmp_path: Path) -> None:
    directory = tmp_path / "S1"
    directory.mkdir()
    for name in ("S1.report.json", "S1.failed.txt", "S1.outcome.json"):
        (directory / name).touch()
    summary = tmp_path / "summary.tsv"
    summary.touch()
    seen: list[set[str]] = []
    begun = replace(job(tmp_path), outcome=directory / "S1.screen.outcome.json", outdates=[summary])
    assert run_job(begun, FIRST, lambda: seen.append(files(tmp_path))) == 0
    assert seen == [set()], "what ends the process here leaves nothing"
    assert not summary.exists()


def test_the_command_line_keeps_how_a_command_came_out(tmp_path: Path) -> None:
    words = ["workflow", "attempt", "--sample", "S1", "--outcome", f"{tmp_path}/S1.outcome.json"]
    words += ["--log", f"{tmp_path}/log", "--reads", __file__, "--"]
    missing = ["summary", "--output-tsv", f"{tmp_path}/t", "--output-html", f"{tmp_path}/h", "none.json"]
    assert main([*words, *missing]) == 0
    outcome = read_outcome(tmp_path / "S1.outcome.json")
    assert outcome.sentence.startswith("none.json: ")
    assert [file.path for file in outcome.inputs.reads] == [__file__]


def test_the_check_fails_and_forgets_what_is_to_be_tried_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.outcome.json", tmp_path / "bad.outcome.json"
    write_outcome(Outcome("good", "analyse"), good)
    write_outcome(Outcome("bad", "analyse").failure("screen", "is cut off"), bad)
    assert main(["workflow", "check", str(good), str(bad)]) == 1
    said = capsys.readouterr()
    assert said.out == "sample bad FAILED: is cut off\n"
    assert "1 of 2 samples FAILED" in said.err
    assert good.exists()
    assert not bad.exists()
    assert main(["workflow", "check", str(good)]) == 0
