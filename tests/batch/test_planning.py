"""Records of input files: written anew when, and only when, a file holds something else."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aspsfusion.batch.outcomes import Inputs, Outcome, file_identities, read_identities, write_outcome
from aspsfusion.batch.planning import (
    PLANNER,
    begin_planning,
    in_job,
    keep_identities,
    keep_sample_identities,
    keep_words,
)
from aspsfusion.errors import ParameterError
from aspsfusion.io.checksums import content_of

LONG_AGO = 10**18


class Record:
    """A record of one file that a sample's result rests on."""

    def __init__(self, directory: Path) -> None:
        self.file, self.path = directory / "reads.fastq", directory / "S1.json"
        self.outcome = directory / "S1.outcome.json"
        self.file.write_text("ACGT\n")

    def screened(self) -> None:
        """Keep the outcome of a screen, with the checksum that it took."""
        (read,) = file_identities([str(self.file)])
        read = replace(read, sha256=content_of(self.file).sha256)
        write_outcome(Outcome("S1", "analyse", inputs=Inputs((read,), "panel")), self.outcome)

    def is_written_anew(self, panel: str = "panel", *, of_a_sample: bool = True) -> bool:
        """Return whether planning says that the file is another one."""
        if self.path.exists():
            os.utime(self.path, ns=(LONG_AGO, LONG_AGO))
        if of_a_sample:
            keep_sample_identities(self.path, [str(self.file)], self.outcome, panel)
        else:
            keep_identities(self.path, [str(self.file)])
        return self.path.stat().st_mtime_ns != LONG_AGO


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return a record of a file that was planned, and read."""
    found = Record(tmp_path)
    assert found.is_written_anew()
    assert read_identities(found.path)[0].sha256 == "", "files of reads are not read when they are planned"
    found.screened()
    return found


def test_nothing_new(record: Record) -> None:
    assert not record.is_written_anew()


@pytest.mark.parametrize("content", ["ACGA\n", "ACGTA\n"], ids=["same size", "longer"])
def test_an_older_file_is_another_one(record: Record, content: str) -> None:
    record.file.write_text(content)
    os.utime(record.file, ns=(LONG_AGO, LONG_AGO))
    assert record.is_written_anew()
    assert not record.is_written_anew()


def test_a_touched_file_and_a_copy_are_the_same(record: Record) -> None:
    os.utime(record.file, ns=(LONG_AGO, LONG_AGO))
    assert not record.is_written_anew()
    record.file.rename(record.file.with_name("kept"))
    record.file.write_text("ACGT\n")
    record.outcome.unlink()  # the record has the checksum by now
    assert not record.is_written_anew()


def test_a_file_that_was_never_read_through_is_another_one_when_touched(record: Record) -> None:
    record.outcome.unlink()
    os.utime(record.file, ns=(LONG_AGO, LONG_AGO))
    assert record.is_written_anew()


def test_a_result_of_another_panel(record: Record) -> None:
    assert record.is_written_anew("other")
    assert not record.is_written_anew(""), "a panel that is not built yet says nothing"


def test_other_files_are_read_when_they_are_planned(tmp_path: Path) -> None:
    record = Record(tmp_path)
    assert record.is_written_anew(of_a_sample=False)
    os.utime(record.file, ns=(LONG_AGO, LONG_AGO))
    assert not record.is_written_anew(of_a_sample=False)
    record.file.unlink()
    assert record.is_written_anew(of_a_sample=False)


def test_a_damaged_record_is_written_anew(record: Record) -> None:
    record.path.write_text("{")
    assert record.is_written_anew()


def test_words_that_a_result_is_not_of_are_newer_than_it(tmp_path: Path) -> None:
    record = tmp_path / "words" / "S.analysis"

    def newer(words: str, of: str | None = None) -> bool:
        keep_words(record, words, of)
        assert record.read_text() == words
        return record.stat().st_mtime_ns > LONG_AGO

    assert not newer("a"), "without a record it is not known of what a result is"
    assert newer("b")
    assert newer("b"), "planned, and not done"
    assert newer("a")
    assert not newer("b", of="b")
    assert newer("a", of="b")
    record.write_bytes(b"\xff")
    with pytest.raises(ParameterError, match="cannot be read; remove it"):
        keep_words(record, "a")


def hold(outdir: Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Try to hold a directory in a process that was started elsewhere."""
    code = (
        "import sys; from pathlib import Path; from aspsfusion.batch.planning import begin_planning\n"
        "print(begin_planning(Path(sys.argv[1]), Path(sys.argv[1]) / 'inputs'))"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(outdir)], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_a_directory_is_held_by_one_planner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLANNER, raising=False)
    outdir = tmp_path / "results"
    assert begin_planning(outdir, outdir / "inputs")
    assert begin_planning(outdir, outdir / "inputs"), "again in the same process"
    assert hold(outdir, tmp_path).stdout == "False\n", "what this process started are its jobs"
    assert not in_job(outdir)
    monkeypatch.setenv(PLANNER, f"1 {outdir}")
    assert in_job(outdir)
    assert not in_job(tmp_path), "another workflow"
    monkeypatch.delenv(PLANNER)
    assert "another snakemake writes there" in hold(outdir, tmp_path).stderr
    assert hold(outdir, Path.cwd()).stdout == "True\n", "in the same directory Snakemake's own lock decides"


def test_a_directory_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PLANNER, raising=False)
    (tmp_path / "file").touch()
    with pytest.raises(ParameterError, match=r"inputs: cannot be written \(Not a directory\); name another"):
        begin_planning(tmp_path / "file", tmp_path / "file" / "inputs")
