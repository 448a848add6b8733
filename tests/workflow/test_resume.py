"""A workflow that is killed and started again: the results are those of an undisturbed run.

A job is held where it opens a certain file: whatever happens meanwhile happens in the middle of that job, on
a fast machine as on a slow one.
"""

import os
import signal
from pathlib import Path

import pytest

from aspsfusion.batch.samples import RESERVED_NAMES
from small_batch import Held, SmallBatch, results, wait_for

pytestmark = pytest.mark.workflow

SAMPLE = "pairs"
KILLED_AT = ("transcripts.fa", f"screen/{SAMPLE}.log", f"{SAMPLE}.calls.json", "summary.tsv")
"""What a job opens when each kill of the run falls: building the panel, screen, analyse, summary."""


@pytest.fixture
def batch(undisturbed: SmallBatch, tmp_path: Path) -> SmallBatch:
    """Return a batch of one sample that was not run yet."""
    found = undisturbed.copied(tmp_path / "batch", results=False)
    found.write_sheet([SAMPLE])
    return found


def test_killed_run_is_completed_by_the_next(batch: SmallBatch, undisturbed: SmallBatch) -> None:
    outdir = batch.outdir
    for turn, where in enumerate(KILLED_AT):
        job = Held(batch.directory, where)
        # The lock of the first kill would stop the others.
        options = ["--cores", "2", *(["--nolock"] if turn else [])]
        with batch.started(*options, environment=job.environment) as run:
            wait_for(job.process, run)
            if turn == 0:
                require_stopped_by_lock(batch)
            if turn % 2:
                run.kill()  # what it started runs on
            else:
                os.killpg(run.pid, signal.SIGKILL)
        job.let_go()
    # What docs/batches.md says: a kill leaves a lock.
    assert any((batch.directory / ".snakemake" / "locks").iterdir())
    unlocked = batch.run("--unlock")
    assert unlocked.returncode == 0, unlocked.stdout
    done = batch.run()
    assert done.returncode == 0, done.stdout
    assert sample_results(outdir) == sample_results(undisturbed.outdir)
    for name in (SAMPLE, "panel"):
        assert listing(outdir / name) == listing(undisturbed.outdir / name)
    assert listing(outdir) - RESERVED_NAMES == {SAMPLE}, "no sample may have a name of the others"


def require_stopped_by_lock(batch: SmallBatch) -> None:
    """Start a second workflow beside one that runs: it must stop with its sentence, and touch nothing."""
    before = sorted(batch.outdir.rglob("*"))
    second = batch.run()
    assert second.returncode == 1, second.stdout
    assert "Directory cannot be locked" in second.stdout
    assert sorted(batch.outdir.rglob("*")) == before


def sample_results(outdir: Path) -> dict[str, bytes]:
    """Return the content of the sample's files; those of the batch depend on the other samples."""
    return {name: content for name, content in results(outdir, [SAMPLE]).items() if SAMPLE in name}


def listing(directory: Path) -> set[str]:
    """Return the names of everything in a directory."""
    return {path.name for path in directory.iterdir()}
