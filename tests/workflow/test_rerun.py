"""A batch that is run again: what changed is made anew, and no verdict is shown that is not of it."""

import os
import shutil
import signal
from pathlib import Path

import pytest
import yaml

from aspsfusion.batch.outcomes import read_outcome
from aspsfusion.simulate.demo import Outcome
from repository import run_command
from small_batch import Held, SmallBatch, part_of_demonstration, started, verdicts, wait_for

pytestmark = pytest.mark.workflow

SAMPLES = ("type2_weak", "type1_single")
NEGATIVE = "wild_type_poor"
SINGLE = "type1_single.fastq.gz"


@pytest.fixture(scope="module")
def batch(
    demonstration_run: tuple[Path, list[Outcome]], tmp_path_factory: pytest.TempPathFactory
) -> SmallBatch:
    """Return a finished batch of two carriers, with reads of its own."""
    directory = tmp_path_factory.mktemp("rerun")
    found = part_of_demonstration(demonstration_run[0], directory, SAMPLES)
    shutil.copytree(demonstration_run[0] / "reads", directory / "reads")
    sheet = directory / "samples.tsv"
    sheet.write_text(sheet.read_text().replace(str(demonstration_run[0]), str(directory)))
    done = found.run(directory / "results", "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert verdicts(directory / "results") == dict.fromkeys(SAMPLES, "CONFIRMED")
    return found


def planned(batch: SmallBatch, outdir: Path) -> dict[str, int]:
    """Return how many jobs of each rule are to be done, as far as that is known before the first one."""
    said = batch.run(outdir, "--cores", "2", "--dry-run").stdout
    words = [line.split() for line in said.splitlines()]
    return {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}


def test_tables_and_a_threshold_are_made_together(batch: SmallBatch) -> None:
    outdir = batch.directory / "results"
    settings = yaml.safe_load(batch.config.read_text())
    changed = SmallBatch(batch.directory, batch.directory / "changed.yaml")
    assert planned(batch, outdir) == {}
    # Tables alone are written from the records; with a threshold beside them both are made.
    changed.config.write_text(yaml.safe_dump(settings | {"compatible_tables": True}))
    assert planned(changed, outdir)["report"] == len(SAMPLES)
    assert "analyse" not in planned(changed, outdir)
    changed.config.write_text(
        yaml.safe_dump(settings | {"compatible_tables": True, "classify": {"min_fragments": 100}})
    )
    done = changed.run(outdir, "--cores", "2")
    assert done.returncode == 0, done.stdout
    for sample in SAMPLES:
        assert (outdir / sample / f"{sample}.arriba.tsv").is_file()
        assert (outdir / sample / f"{sample}.star-fusion.tsv").is_file()
    assert verdicts(outdir) == dict.fromkeys(SAMPLES, "INDETERMINATE")
    back = batch.run(outdir, "--cores", "2")
    assert back.returncode == 0, back.stdout
    assert verdicts(outdir) == dict.fromkeys(SAMPLES, "CONFIRMED")


def test_interrupted_run_leaves_no_verdict_of_other_reads(batch: SmallBatch) -> None:
    """After an interrupt with replaced reads, a summary once had the verdicts of the reads before."""
    outdir, reads = batch.directory / "results", batch.directory / "reads"
    for mate in ("R1", "R2"):
        shutil.copyfile(reads / f"{NEGATIVE}_{mate}.fastq.gz", reads / f"type2_weak_{mate}.fastq.gz")
    kept = (reads / SINGLE).read_bytes()
    (reads / SINGLE).write_bytes(kept[:-2000])
    job = Held(batch.directory, ".log")  # of the first sample that is screened
    command = batch.command(outdir, "--cores", "1")
    with started(command, batch.directory / "said", job.environment) as run:
        wait_for(job.process, run)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait() == 1
    job.let_go()
    assert not list(outdir.glob("summary.*"))
    (outcome,) = outdir.glob("*/*.outcome.json")  # the sample that was begun has none
    report = outcome.with_name(outcome.name.replace("outcome", "report"))
    assert [path.name for path in outdir.glob("*/*.report.json")] == [report.name]
    files = ["--output-tsv", outdir / "summary.tsv", "--output-html", outdir / "summary.html"]
    run_command(
        *("summary", *files, "--samples", batch.directory / "samples.tsv", report, "--outcomes", outcome)
    )
    assert sorted(verdicts(outdir).values()) == ["FAILED", "OUTDATED"]

    # One sample has other reads, the other one a damaged file: both are made anew, one fails, and again.
    for _ in range(2):
        done = batch.run(outdir, "--cores", "2")
        assert done.returncode == 1, done.stdout
        assert verdicts(outdir) == {SAMPLES[0]: "INDETERMINATE", SAMPLES[1]: "FAILED"}
        assert "1 of 2 samples FAILED" in done.stdout
    (reads / SINGLE).write_bytes(kept)
    done = batch.run(outdir, "--cores", "2")
    assert done.returncode == 0, done.stdout
    assert verdicts(outdir) == {SAMPLES[0]: "INDETERMINATE", SAMPLES[1]: "CONFIRMED"}


def test_killed_command_fails_its_sample_alone(batch: SmallBatch) -> None:
    outdir = batch.directory / "killed"
    victim, other = SAMPLES
    job = Held(batch.directory, f"screen/{victim}.log")
    command = batch.command(outdir, "--cores", "2")
    with started(command, batch.directory / "said", job.environment) as run:
        os.kill(wait_for(job.process, run), signal.SIGKILL)
        assert run.wait() == 1
    assert verdicts(outdir) == {victim: "FAILED", other: "CONFIRMED"}
    note = (outdir / victim / f"{victim}.failed.txt").read_text()
    assert note.startswith("screen stopped without a message, killed or out of memory")
    done = batch.run(outdir, "--cores", "2")
    assert done.returncode == 0, "it is tried again"
    assert verdicts(outdir)[other] == "CONFIRMED"
    assert not read_outcome(outdir / victim / f"{victim}.outcome.json").failed


def test_reads_that_change_names_are_looked_at_again(batch: SmallBatch) -> None:
    """Neither file is newer than what was made of the other one."""
    outdir, reads = batch.directory / "results", batch.directory / "reads"
    first, second = reads / SINGLE, reads / "other.fastq.gz"
    (reads / "wild_type_R1.fastq.gz").rename(second)
    os.utime(second, ns=(0, first.stat().st_mtime_ns - 10**9))
    second.rename(first)
    assert planned(batch, outdir)["screen"] == 1
