"""A workflow that is killed and started again: the results are those of an undisturbed run.

A job is held where it opens a certain file: whatever happens meanwhile happens in the middle of that job, on
a fast machine as on a slow one.
"""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from aspsfusion.simulate.demo import Outcome
from repository import ROOT
from small_batch import Held, SmallBatch, part_of_demonstration, results, started, wait_for

pytestmark = pytest.mark.workflow

SAMPLE = "type2_weak"
BATCH_ENTRIES = ("panel", "logs", "benchmarks", "summary.tsv", "summary.html", "aspsfusion_mqc.tsv")
KILLED_AT = ("transcripts.fa", f"screen/{SAMPLE}.log", f"{SAMPLE}.calls.json", "summary.tsv")
"""What a job opens when each kill of the run falls: building the panel, screen, analyse, summary."""


@pytest.fixture(scope="module")
def batch(
    demonstration_run: tuple[Path, list[Outcome]], tmp_path_factory: pytest.TempPathFactory
) -> SmallBatch:
    """Return a batch of one sample of the demonstration."""
    return part_of_demonstration(demonstration_run[0], tmp_path_factory.mktemp("resume"), [SAMPLE])


def test_killed_run_is_completed_by_the_next(
    batch: SmallBatch, demonstration_run: tuple[Path, list[Outcome]], tmp_path: Path
) -> None:
    outdir = tmp_path / "results"
    for turn, where in enumerate(KILLED_AT):
        job = Held(tmp_path, where)
        # The lock of the first kill would stop the others.
        options = ["--cores", "2", *(["--nolock"] if turn else [])]
        with started(batch.command(outdir, *options), tmp_path / "said", job.environment) as run:
            wait_for(job.process, run)
            if turn == 0:
                require_stopped_by_lock(batch, outdir)
            if turn % 2:
                run.kill()  # what it started runs on
            else:
                os.killpg(run.pid, signal.SIGKILL)
        job.let_go()
    # What docs/batches.md says: a kill leaves a lock.
    assert any((ROOT / ".snakemake" / "locks").iterdir())
    unlocked = batch.run(outdir, "--cores", "2", "--unlock")
    assert unlocked.returncode == 0, unlocked.stdout
    done = batch.run(outdir, "--cores", "2")
    assert done.returncode == 0, done.stdout
    undisturbed = demonstration_run[0] / "results"
    assert sample_results(outdir) == sample_results(undisturbed)
    for name in (SAMPLE, "panel"):
        assert listing(outdir / name) == listing(undisturbed / name)
    assert listing(outdir) == {SAMPLE, *BATCH_ENTRIES}


def require_stopped_by_lock(batch: SmallBatch, outdir: Path) -> None:
    """Start a second workflow beside one that runs: it must stop with its sentence, and touch nothing."""
    before = sorted(outdir.rglob("*"))
    second: subprocess.CompletedProcess[str] = batch.run(outdir, "--cores", "2")
    assert second.returncode == 1, second.stdout
    assert "Directory cannot be locked" in second.stdout
    assert sorted(outdir.rglob("*")) == before


def sample_results(outdir: Path) -> dict[str, bytes]:
    """Return the content of the sample's files; those of the batch depend on the other samples."""
    return {name: content for name, content in results(outdir, [SAMPLE]).items() if SAMPLE in name}


def listing(directory: Path) -> set[str]:
    """Return the names of everything in a directory."""
    return {path.name for path in directory.iterdir()}
