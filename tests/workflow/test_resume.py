"""A workflow that is killed and started again: the results are those of an undisturbed run.

`make test` kills one run three times, beside which a second one could not start. `make test-resume` kills
twenty runs once each, at other moments.
"""

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from aspsfusion.simulate.demo import Outcome
from repository import ROOT
from small_batch import SmallBatch, part_of_demonstration, results

pytestmark = pytest.mark.workflow

SAMPLE = "type2_weak"
MOMENTS = {None: 2.0, "panel": 2.0, "screen": 1.5, "analyse": 3.0, "summary": 0.3}
"""The job that has begun when the clock starts, None for snakemake itself, and the seconds within which a
kill falls: about as many as the job takes, and surely fewer than the rest of the run."""
BATCH_ENTRIES = ("panel", "logs", "benchmarks", "summary.tsv", "summary.html", "aspsfusion_mqc.tsv")
LOGS = {
    "panel": "panel.log",
    "screen": f"screen/{SAMPLE}.log",
    "analyse": f"analyse/{SAMPLE}.log",
    "summary": "summary.log",
}
"""The log of each job, which appears when the job begins."""
PATIENCE = 300.0
"""Seconds after which a run hangs."""
ROUNDS = int(os.environ.get("ASPSFUSION_RESUME_ROUNDS", "1"))
IN_A_ROW = ("panel", "analyse", "summary")
"""Kills of one run, where there is one run only."""


@pytest.fixture(scope="module")
def batch(
    demonstration_run: tuple[Path, list[Outcome]], tmp_path_factory: pytest.TempPathFactory
) -> SmallBatch:
    """Return a batch of one sample of the demonstration."""
    return part_of_demonstration(demonstration_run[0], tmp_path_factory.mktemp("resume"), [SAMPLE])


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_run_is_completed_by_the_next(
    batch: SmallBatch, demonstration_run: tuple[Path, list[Outcome]], tmp_path: Path, seed: int
) -> None:
    outdir, draw = tmp_path / "results", random.Random(seed)
    for turn, job in enumerate(IN_A_ROW if ROUNDS == 1 else [draw.choice([*MOMENTS])]):
        with started(batch, outdir, job, locks=turn == 0) as run:
            if ROUNDS == 1 and turn == 0:
                require_stopped_by_lock(batch, outdir)
            else:
                time.sleep(draw.uniform(0, MOMENTS[job]))
            assert run.poll() is None, f"ended before it could be killed:\n{said(batch)}"
            if (seed + turn) % 2:
                run.kill()  # what it started runs on
            else:
                os.killpg(run.pid, signal.SIGKILL)
    # What docs/batches.md says: a kill leaves a lock. One that comes before the first job may come before it.
    assert job is None or any((ROOT / ".snakemake" / "locks").iterdir())
    unlocked = batch.run(outdir, "--cores", "2", "--unlock")
    assert unlocked.returncode == 0, unlocked.stdout
    done = batch.run(outdir, "--cores", "2")
    assert done.returncode == 0, done.stdout
    undisturbed = demonstration_run[0] / "results"
    assert sample_results(outdir) == sample_results(undisturbed)
    assert listing(outdir / SAMPLE) == listing(undisturbed / SAMPLE)
    assert listing(outdir / "panel") == listing(undisturbed / "panel")
    assert listing(outdir) == {SAMPLE, *BATCH_ENTRIES}


@contextmanager
def started(
    batch: SmallBatch, outdir: Path, job: str | None, *, locks: bool
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the workflow, and see that it has ended afterwards.

    Args:
        batch: what it works on.
        outdir: where it writes to.
        job: job that has begun when the workflow is handed out, None for no job.
        locks: take the lock, which a kill leaves behind.

    Yields:
        The process; it leads a group of its own.
    """
    begun = time.time()
    with (batch.directory / "log").open("w") as stream:
        run = subprocess.Popen(
            # The lock of the first kill would stop the others.
            batch.command(outdir, "--cores", "2", *([] if locks else ["--nolock"])),
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while job and not any(log.stat().st_mtime >= begun for log in outdir.glob(f"logs/**/{LOGS[job]}")):
        assert run.poll() is None, said(batch)
        assert time.time() < begun + PATIENCE, said(batch)
        time.sleep(0.05)
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def said(batch: SmallBatch) -> str:
    """Return what the run that was started last has said."""
    return (batch.directory / "log").read_text()


def require_stopped_by_lock(batch: SmallBatch, outdir: Path) -> None:
    """Start a second workflow beside one that runs: it must stop with its sentence, and touch nothing."""
    logs = set(outdir.glob("logs/**/*.log"))
    second = batch.run(outdir, "--cores", "2")
    assert second.returncode == 1, second.stdout
    assert "Directory cannot be locked" in second.stdout
    assert "--unlock" in second.stdout
    assert logs <= set(outdir.glob("logs/**/*.log"))
    assert not list(outdir.glob("*/*.failed.txt"))


def sample_results(outdir: Path) -> dict[str, bytes]:
    """Return the content of the sample's files; those of the batch depend on the other samples."""
    return {name: content for name, content in results(outdir, [SAMPLE]).items() if SAMPLE in name}


def listing(directory: Path) -> set[str]:
    """Return the names of everything in a directory."""
    return {path.name for path in directory.iterdir()}
