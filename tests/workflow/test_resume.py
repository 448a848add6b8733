"""A workflow that is killed and started again: the results are those of an undisturbed run.

`make test` kills one run three times. `make test-resume` kills twenty runs once each, at other moments.
"""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from aspsfusion.demo import Outcome
from small_batch import ROOT, SmallBatch, part_of_demonstration, results

pytestmark = pytest.mark.workflow

SAMPLE = "type2_weak"
JOBS = 8
"""Jobs of a batch of one sample, without `all`: the panel, six stages and the summary."""
LONGEST_DELAY = 1.5
"""Seconds that a job of this batch takes, about; kills fall anywhere within."""
BATCH_ENTRIES = ("panel", "logs", "benchmarks", "summary.tsv", "summary.html", "aspsfusion_mqc.tsv")
PATIENCE = 300.0
"""Seconds after which a run hangs."""
ROUNDS = int(os.environ.get("ASPSFUSION_RESUME_ROUNDS", "1"))
KILLS = 3 if ROUNDS == 1 else 1


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
    for turn in range(KILLS):
        # The whole run in one kill, or a part of it in each.
        begun = draw.randrange(JOBS) if KILLS == 1 else draw.randrange(1, 1 + JOBS // KILLS)
        kill_snakemake(
            batch,
            outdir,
            begun,
            draw.uniform(0, LONGEST_DELAY),
            alone=(seed + turn) % 2 == 1,
            locks=turn == 0,
        )
    # What docs/batches.md says: a kill leaves a lock.
    assert any((ROOT / ".snakemake" / "locks").iterdir())
    unlocked = batch.run(outdir, "--cores", "2", "--unlock")
    assert unlocked.returncode == 0, unlocked.stdout
    done = batch.run(outdir, "--cores", "2")
    assert done.returncode == 0, done.stdout
    undisturbed = demonstration_run[0] / "results"
    assert sample_results(outdir) == sample_results(undisturbed)
    assert listing(outdir / SAMPLE) == listing(undisturbed / SAMPLE)
    assert listing(outdir / "panel") == listing(undisturbed / "panel")
    assert listing(outdir) == {SAMPLE, *BATCH_ENTRIES}


def kill_snakemake(
    batch: SmallBatch, outdir: Path, begun: int, delay: float, *, alone: bool, locks: bool
) -> None:
    """Start the workflow and kill it.

    Args:
        batch: what it works on.
        outdir: where it writes to.
        begun: number of jobs that have begun when the clock starts.
        delay: seconds until the kill.
        alone: kill snakemake and leave what it started running, instead of everything at once.
        locks: take the lock, which the kill leaves behind.
    """
    said = batch.directory / "log"
    started = time.time()
    with said.open("w") as stream:
        run = subprocess.Popen(
            # The lock of the first kill would stop the others.
            batch.command(outdir, "--cores", "2", *([] if locks else ["--nolock"])),
            cwd=ROOT,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while sum(log.stat().st_mtime >= started for log in outdir.glob("logs/**/*.log")) < begun:
        assert run.poll() is None, said.read_text()
        assert time.time() < started + PATIENCE, said.read_text()
        time.sleep(0.05)
    time.sleep(delay)
    assert run.poll() is None, f"ended before it could be killed:\n{said.read_text()}"
    if alone:
        run.kill()
    else:
        os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def sample_results(outdir: Path) -> dict[str, bytes]:
    """Return the content of the sample's files; those of the batch depend on the other samples."""
    return {name: content for name, content in results(outdir, [SAMPLE]).items() if SAMPLE in name}


def listing(directory: Path) -> set[str]:
    """Return the names of everything in a directory."""
    return {path.name for path in directory.iterdir()}
