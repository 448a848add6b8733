"""Outcomes: what a sample came to is kept, and what is not of the present inputs is known."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from aspsfusion.batch.outcomes import (
    FURTHER_FILES,
    STAGE_FILES,
    Inputs,
    Outcome,
    OutcomeError,
    file_identities,
    forget,
    outdated,
    present_inputs,
    read_outcome,
    read_outcomes,
    write_outcome,
)
from repository import sample_files


@pytest.fixture
def reads(tmp_path: Path) -> Path:
    """Write a file of reads."""
    path = tmp_path / "reads.fastq"
    path.write_text("@r\nACGT\n+\nIIII\n")
    return path


def outcome_of(reads: Path) -> Outcome:
    """Return the outcome of a sample with these reads."""
    inputs = Inputs(file_identities([str(reads)]), "panel", "polyA", "--min-anchor 10")
    return Outcome("S1", "analyse", inputs=inputs)


def test_an_outcome_is_read_as_it_was_written(reads: Path, tmp_path: Path) -> None:
    outcome = outcome_of(reads).failure("screen", "is cut off; copy it again")
    write_outcome(outcome, tmp_path / "S1.outcome.json")
    assert read_outcome(tmp_path / "S1.outcome.json") == outcome
    assert outcome.failed


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"sample_id": "S1", "inputs": {"reads": [], "more": 1}}'])
def test_a_file_that_is_no_outcome_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "S1.outcome.json"
    path.write_text(text)
    with pytest.raises(OutcomeError, match=r"S1\.outcome\.json: cannot be read .* run the workflow again"):
        read_outcome(path)


@pytest.mark.parametrize(
    ("key", "value"), [("sample_id", "../S2"), ("sample_id", {}), ("status", "fine"), ("sentence", 5)]
)
def test_an_outcome_with_a_wrong_value_is_refused(
    reads: Path, tmp_path: Path, key: str, value: object
) -> None:
    path = tmp_path / "S1.outcome.json"
    write_outcome(outcome_of(reads), path)
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(OutcomeError, match="not an outcome of a sample"):
        read_outcome(path)


def test_a_sample_has_one_outcome(reads: Path, tmp_path: Path) -> None:
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path in paths:
        write_outcome(outcome_of(reads), path)
    with pytest.raises(OutcomeError, match="sample S1 has two outcomes"):
        read_outcomes(paths)


def test_an_outcome_of_the_present_inputs_is_not_outdated(reads: Path) -> None:
    (now,) = present_inputs({"S1": ((str(reads),), "polyA", ())}, None, "--min-anchor 10").values()
    assert outdated(outcome_of(reads).inputs, now) == ""
    assert outdated(outcome_of(reads).inputs, Inputs()) == "", "what is not known is not compared"


def test_reads_that_were_exchanged_outdate_it(reads: Path, tmp_path: Path) -> None:
    """Two files that change names keep their times: neither is newer than what was made of the other."""
    other = tmp_path / "other.fastq"
    other.write_text("@r\nACGA\n+\nIIII\n")
    os.utime(other, ns=(0, reads.stat().st_mtime_ns - 10**9))
    of = outcome_of(reads).inputs
    other.rename(reads)
    now = replace(of, reads=file_identities([str(reads)]))
    assert outdated(of, now) == f"{reads} is not the file that was read"


def test_whatever_else_decides_outdates_it_too(reads: Path, tmp_path: Path) -> None:
    of = outcome_of(reads).inputs
    assert outdated(of, replace(of, panel="other")) == "the panel is another one"
    assert outdated(of, replace(of, settings="--min-anchor 12")) == "the thresholds are others"
    assert outdated(of, replace(of, declared="--library total")) == "the sheet declares '--library total' now"
    assert outdated(of, replace(of, version="9")).startswith("it was made by version")
    primers = replace(of, primers=file_identities([__file__]))
    assert outdated(of, primers) == f"{__file__} is not the file that was read"
    assert outdated(primers, primers) == ""
    more = replace(of, reads=(*of.reads, *file_identities([__file__])))
    assert outdated(of, more) == f"{__file__} is not the file that was read"
    two = replace(of, reads=(*of.reads, *of.reads))
    assert outdated(two, of) == "it was made of more files than the sheet names now"
    reads.unlink()
    assert outdated(of, replace(of, reads=file_identities([str(reads)]))).endswith("is not there any more")


def left(directory: Path) -> set[str]:
    """Return what is in a sample's directory."""
    return {path.name.removeprefix("S1.") for path in directory.iterdir()}


@pytest.mark.parametrize(("since", "stay"), [("screen", set()), ("analyse", set(STAGE_FILES["screen"]))])
def test_nothing_that_comes_after_a_job_stays(since: str, stay: set[str], tmp_path: Path) -> None:
    for file in sample_files(str(tmp_path), "S1"):
        Path(file).parent.mkdir(exist_ok=True)
        Path(file).touch()
    directory = tmp_path / "S1"
    for name in ("outcome.json", "batch.json", "failed.txt", *FURTHER_FILES):
        (directory / f"S1.{name}").touch()
    forget(directory, "S1", since)
    assert left(directory) == stay
