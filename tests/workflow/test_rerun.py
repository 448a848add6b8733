"""A batch that is run again: what changed is made anew, and no verdict is shown that is not of it."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from aspsfusion.batch.outcomes import read_outcome
from repository import run_command
from small_batch import OUTDIR, SAMPLES, Held, SmallBatch, verdicts, wait_for

pytestmark = pytest.mark.workflow

PAIRS, SINGLE = SAMPLES
SHEET = ("sample_id", "fastq_1", "fastq_2", "library", "primers")
SINGLE_READS = f"{SINGLE}.fastq.gz"


@pytest.fixture(scope="module")
def batch(undisturbed: SmallBatch, tmp_path_factory: pytest.TempPathFactory) -> SmallBatch:
    """Return a finished batch of two carriers, with reads of its own."""
    found = undisturbed.copied(tmp_path_factory.mktemp("rerun") / "batch")
    found.write_sheet(SAMPLES)
    shutil.rmtree(found.outdir / "wild_type")
    done = found.run("--printshellcmds")  # with which Snakemake says all that it does
    assert done.returncode == 0, done.stdout
    assert "rule summary" in done.stdout
    assert "rule analyse" not in done.stdout, "a sample that is left out makes none of the others anew"
    assert verdicts(found.outdir) == dict.fromkeys(SAMPLES, "CONFIRMED")
    return found


def planned(batch: SmallBatch, outdir: str = OUTDIR) -> dict[str, int]:
    """Return how many jobs of each rule are to be done, as far as that is known before the first one."""
    words = [line.split() for line in batch.run("--dry-run", outdir=outdir).stdout.splitlines()]
    return {line[0]: int(line[1]) for line in words if len(line) == 2 and line[1].isdigit()}


def test_tables_and_a_threshold_are_made_together(batch: SmallBatch) -> None:
    assert planned(batch) == {}
    # Exports alone are written from the records; a table that is not asked for any more does not stay.
    records = {path: path.stat().st_mtime_ns for path in batch.outdir.glob("*/*.record.json")}
    former = batch.outdir / PAIRS / f"{PAIRS}.arriba.tsv"
    former.write_text("verdicts of another day\n")
    batch.configure(exports=["vicc"])
    done = batch.run()
    assert done.returncode == 0, done.stdout
    assert not former.exists()
    assert former.with_name(f"{PAIRS}.vicc.json").is_file()
    assert {path: path.stat().st_mtime_ns for path in records} == records
    # With a threshold beside them both are made.
    batch.configure(compatible_tables=True, classify={"min_fragments": 100})
    done = batch.run()
    assert done.returncode == 0, done.stdout
    for sample in SAMPLES:
        assert (batch.outdir / sample / f"{sample}.arriba.tsv").is_file()
        assert (batch.outdir / sample / f"{sample}.star-fusion.tsv").is_file()
    assert verdicts(batch.outdir) == dict.fromkeys(SAMPLES, "INDETERMINATE")
    batch.configure()
    back = batch.run()
    assert back.returncode == 0, back.stdout
    assert verdicts(batch.outdir) == dict.fromkeys(SAMPLES, "CONFIRMED")


def test_candidates_that_an_interrupted_run_left_go(batch: SmallBatch) -> None:
    """Snakemake keeps temporary files until its checkpoint is through; after an interrupt it forgets them."""
    left = batch.outdir / PAIRS / f"{PAIRS}.candidates.fastq.gz"
    for options in (["--notemp"], []):
        left.write_bytes(b"reads of a patient")
        shutil.copystat(batch.outdir / PAIRS / f"{PAIRS}.outcome.json", left)  # no newer
        for name in ("logs/compared.tsv", "logs/batch.complete", "manifest.sha256"):
            (batch.outdir / name).unlink()
        done = batch.run(*options)
        assert done.returncode == 0, done.stdout
        assert left.exists() == bool(options), "only --notemp keeps them"
        assert left.name not in (batch.outdir / "manifest.sha256").read_text()
        run_command("verify", batch.outdir)


def test_interrupted_run_leaves_no_verdict_of_other_reads(batch: SmallBatch) -> None:
    """After an interrupt with replaced reads, a summary once had the verdicts of the reads before."""
    outdir, reads = batch.outdir, batch.reads
    for mate in ("R1", "R2"):
        shutil.copyfile(reads / f"poor_{mate}.fastq.gz", reads / f"{PAIRS}_{mate}.fastq.gz")
    kept = (reads / SINGLE_READS).read_bytes()
    (reads / SINGLE_READS).write_bytes(kept[:-2000])
    job = Held(batch.directory, ".log")  # of the first sample that is screened
    with batch.started("--cores", "1", environment=job.environment) as run:
        wait_for(job.process, run)
        os.killpg(run.pid, signal.SIGINT)
        assert run.wait() == 1
    job.let_go()
    assert not list(outdir.glob("summary.*"))
    (outcome,) = outdir.glob("*/*.outcome.json")  # the sample that was begun has none
    report = outcome.with_name(outcome.name.replace("outcome", "report"))
    assert [path.name for path in outdir.glob("*/*.report.json")] == [report.name]
    summarise(batch, report, outcome)
    assert sorted(verdicts(outdir).values()) == ["FAILED", "OUTDATED"]

    # One sample has other reads, the other one a damaged file: both are made anew, one fails, and again.
    for _ in range(2):
        done = batch.run()
        assert done.returncode == 1, done.stdout
        assert verdicts(outdir) == {PAIRS: "INDETERMINATE", SINGLE: "FAILED"}
        assert "2 samples: 1 FAILED, 1 INDETERMINATE" in done.stdout
    (reads / SINGLE_READS).write_bytes(kept)
    done = batch.run()
    assert done.returncode == 0, done.stdout
    assert verdicts(outdir) == {PAIRS: "INDETERMINATE", SINGLE: "CONFIRMED"}


def summarise(batch: SmallBatch, report: Path, outcome: Path) -> None:
    """Write the summary of a batch of which one sample has a report."""
    files = ["--output-tsv", batch.outdir / "summary.tsv", "--output-html", batch.outdir / "summary.html"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(batch.directory)  # where the names of files in sheet and outcomes begin
        run_command("summary", *files, "--samples", batch.sheet, report, "--outcomes", outcome)


def test_killed_command_fails_its_sample_alone(batch: SmallBatch) -> None:
    outdir = batch.directory / "killed"
    batch.configure_built_panel()
    job = Held(batch.directory, f"screen/{PAIRS}.log")
    with batch.started("--cores", "2", outdir="killed", environment=job.environment) as run:
        process = wait_for(job.process, run)
        os.kill(process, signal.SIGKILL)
        assert run.wait() == 1
    assert verdicts(outdir) == {PAIRS: "FAILED", SINGLE: "CONFIRMED"}
    note = (outdir / PAIRS / f"{PAIRS}.failed.txt").read_text()
    assert note.startswith("screen stopped without a message, killed or out of memory")
    done = batch.run(outdir="killed")
    assert done.returncode == 0, "it is tried again"
    assert verdicts(outdir)[SINGLE] == "CONFIRMED"
    assert not read_outcome(outdir / PAIRS / f"{PAIRS}.outcome.json").failed
    batch.configure()


def test_reads_that_change_names_are_looked_at_again(batch: SmallBatch) -> None:
    """Neither file is newer than what was made of the other one."""
    first, second = batch.reads / SINGLE_READS, batch.reads / "other.fastq.gz"
    (batch.reads / "wild_type_R1.fastq.gz").rename(second)
    os.utime(second, ns=(0, first.stat().st_mtime_ns - 10**9))
    second.rename(first)
    assert planned(batch)["screen"] == 1


def test_other_primers_under_the_same_name_make_the_sample_anew(batch: SmallBatch) -> None:
    primers, other = batch.directory / "primers.fa", batch.directory / "other.fa"
    primers.write_text(">P\nACGTACGTACGTACGTACGT\n")
    other.write_text(">P\nACGTACGTACGTACGTACGA\n")
    os.utime(other, ns=(0, primers.stat().st_mtime_ns - 10**9))
    row = [PAIRS, *batch.files(PAIRS), "amplicon", "primers.fa"]
    batch.sheet.write_text("\t".join(SHEET) + "\n" + "\t".join(row) + "\n")
    batch.configure_built_panel()
    done = batch.run(outdir="primed")
    assert done.returncode == 0, done.stdout
    outcome = read_outcome(batch.directory / "primed" / PAIRS / f"{PAIRS}.outcome.json")
    assert [file.path for file in outcome.inputs.primers] == ["primers.fa"]
    assert planned(batch, outdir="primed") == {}
    other.rename(primers)
    assert planned(batch, outdir="primed")["analyse"] == 1
