"""A batch on a real Slurm of one node: what its jobs ask for and start, and that one may be cancelled.

`make test-slurm` runs this; `make test` leaves it out, since it waits more than it works.
"""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from one_node_slurm import OneNodeSlurm, SlurmJob, SlurmUnavailableError, one_node_slurm
from repository import ROOT
from small_batch import (
    SAMPLES,
    Held,
    SmallBatch,
    has_ended,
    results,
    small_batch,
    verdicts,
    wait_for,
)
from snakemake_runs import SnakemakeRun

pytestmark = [pytest.mark.slurm, pytest.mark.workflow, pytest.mark.timeout(1800)]

PROFILE = ("--workflow-profile", "workflow/profiles/slurm")
DEADLINE = 600.0
"""Seconds after which the run hangs; it takes less than a minute."""
LARGE = 60_000_000
"""Bytes of the files of a sample that is worth two processors."""
REQUIRED = "ASPSFUSION_REQUIRE_SLURM"
"""Set where a missing Slurm is an error: on a machine that was made for this test."""


@pytest.fixture(scope="module")
def slurm() -> Iterator[OneNodeSlurm]:
    """Return a Slurm that runs; skip with the reason where there can be none."""
    with ExitStack() as stack:
        try:
            running = stack.enter_context(one_node_slurm())
        except SlurmUnavailableError as error:
            if os.environ.get(REQUIRED):
                raise
            pytest.skip(f"no Slurm here: {error}")
        yield running


def test_slurm_leaves_nothing_behind(slurm: OneNodeSlurm) -> None:
    with one_node_slurm(cpus=1) as second:
        number = second.run("sbatch", "--parsable", "--output=/dev/null", "--wrap=srun sleep 600").strip()
        _wait_until(lambda: (number, "RUNNING") in [(job.number, job.state) for job in second.jobs()])
        assert _processes_of(second)
    assert not _processes_of(second)
    assert not second.directory.exists()
    assert _processes_of(slurm), "the other one still runs"


def test_batch_with_a_cancelled_job_equals_a_local_run(
    slurm: OneNodeSlurm, demo_panel_directory: Path, tmp_path: Path
) -> None:
    batch = small_batch(tmp_path / "batch", demo_panel_directory)
    remote, said = batch.directory / "slurm", tmp_path / "log"
    with said.open("w") as stream:
        run = subprocess.Popen(
            _on_slurm(batch, tmp_path / "jobs"),
            cwd=batch.directory,
            env=slurm.environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        # At the same time, since a cluster's run waits more than it works.
        local = batch.copied(tmp_path / "local", results=False)
        beside = SnakemakeRun(local.arguments("--cores", "1"), local.directory, local.log())
        try:
            # In the middle of a sample: its first stage has begun, its last has not.
            _wait_until(lambda: run.poll() is not None or any(remote.glob("logs/screen/*.log")))
            victim = next(job.number for job in slurm.jobs() if _is_running_sample(job))
            slurm.run("scancel", victim)
            status = run.wait(DEADLINE)
            assert beside.wait() == 0, local.log().read_text()
        finally:
            run.kill()
            beside.kill()
            run.wait()
            beside.wait()

    assert status == 0, said.read_text()
    assert results(remote) == results(local.outdir)
    states = {job.number: job.state for job in slurm.jobs()}
    assert states.pop(victim) == "CANCELLED"
    # One job for the panel and one for each sample, the cancelled one a second time; the summary is made by
    # snakemake itself.
    assert set(states.values()) == {"COMPLETED"}
    assert len(states) == 1 + len(SAMPLES)
    assert list((tmp_path / "jobs").rglob(f"{victim}.log")), "the log of a failed job is kept"


def test_small_sample_asks_for_one_processor_and_large_one_for_two(
    slurm: OneNodeSlurm, demo_panel_directory: Path, tmp_path: Path
) -> None:
    batch = small_batch(tmp_path / "batch", demo_panel_directory)
    reads = tmp_path / "large.fastq.gz"
    record = "@read{}\n" + "ACGTC" * 20 + "\n+\n" + "I" * 100 + "\n"
    count = LARGE // len(record)
    with gzip.open(reads, "wt", compresslevel=0) as stream:  # large, and yet soon read
        stream.writelines(record.format(number) for number in range(count))
    batch.write_sheet(SAMPLES[1:], [f"large\t{reads}\t\tpolyA\t"])
    earlier = {job.number for job in slurm.jobs()}
    logs = tmp_path / "jobs"
    run = subprocess.run(
        _on_slurm(batch, logs, "--slurm-keep-successful-logs", "--retries", "0"),
        cwd=batch.directory,
        env=slurm.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert run.returncode == 0, run.stdout + run.stderr

    processors = {}
    for job in slurm.jobs():
        if job.number not in earlier:
            (log,) = logs.rglob(f"{job.number}.log")
            said = log.read_text()
            assert said.count("Building DAG of jobs") == 1, "snakemake is started once for each job"
            (who,) = {line.strip() for line in said.splitlines() if "wildcards:" in line} or {"panel"}
            processors[who] = job.processors
    assert processors == {"panel": 1, f"wildcards: sample={SAMPLES[1]}": 1, "wildcards: sample=large": 2}


def test_sample_whose_job_is_killed_every_time_fails_alone(
    slurm: OneNodeSlurm, demo_panel_directory: Path, tmp_path: Path
) -> None:
    """A job that is killed as a whole can write nothing; the last attempt does it for those before."""
    batch, said = small_batch(tmp_path / "batch", demo_panel_directory), tmp_path / "log"
    outdir = batch.directory / "slurm"
    victim = SAMPLES[0]
    job = Held(tmp_path, f"{victim}.calls.json")
    with said.open("w") as stream:
        run = subprocess.Popen(
            _on_slurm(batch, tmp_path / "jobs", "--jobs", "1"),
            cwd=batch.directory,
            env=job.environment | slurm.environment | {"PYTHONPATH": job.environment["PYTHONPATH"]},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            for _ in range(3):
                process = wait_for(job.process, run, DEADLINE)
                slurm.run("scancel", _slurm_job_of(process))
                wait_for(partial(has_ended, process), run, DEADLINE)
            status = run.wait(DEADLINE)
        finally:
            run.kill()
            run.wait()
    assert status == 1, said.read_text()
    assert verdicts(outdir) == {victim: "FAILED", SAMPLES[1]: "CONFIRMED"}
    note = (outdir / victim / f"{victim}.failed.txt").read_text()
    assert note.startswith("analyse stopped without a message, killed or out of memory")


def _slurm_job_of(process: int) -> str:
    """Return the number of the Slurm job that a process belongs to."""
    environment = Path(f"/proc/{process}/environ").read_bytes().split(b"\0")
    return next(word for word in environment if word.startswith(b"SLURM_JOB_ID=")).decode().partition("=")[2]


def _on_slurm(batch: SmallBatch, logs: Path, *arguments: str) -> list[str]:
    """Return the command line of the workflow on Slurm, that does not wait longer than a test should."""
    given = batch.arguments(*PROFILE, "--slurm-logdir", str(logs), *arguments, outdir="slurm")
    return [sys.executable, str(ROOT / "tests" / "impatient_snakemake.py"), *given]


def _is_running_sample(job: SlurmJob) -> bool:
    return job.state == "RUNNING" and job.comment.startswith("rule_sample_")


def _processes_of(slurm: OneNodeSlurm) -> list[str]:
    """Return the command lines of all processes that name the directory of a Slurm."""
    needle = str(slurm.directory).encode()
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (place / "cmdline").read_bytes(), (place / "environ").read_bytes()
        except OSError:
            continue  # it has ended, or is not ours to look at
        if needle in command or needle in environment:
            found.append(command.replace(b"\0", b" ").decode(errors="replace"))
    return found


def _wait_until(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
