"""A batch on a real Slurm of one node: a job is cancelled, and the results are those of a local run.

`make test-slurm` runs this; `make test` leaves it out, since it waits more than it works.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from one_node_slurm import OneNodeSlurm, SlurmUnavailableError, one_node_slurm
from small_batch import ROOT, SAMPLES, results, small_batch

pytestmark = [pytest.mark.slurm, pytest.mark.workflow]

PROFILE = ("--workflow-profile", "workflow/profiles/slurm")
DEADLINE = 600.0
"""Seconds after which the run hangs; it takes less than a minute."""
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
        _wait_until(lambda: (number, "RUNNING") in [job[:2] for job in second.jobs()], 20)
        assert _processes_of(second)
    assert not _processes_of(second)
    assert not second.directory.exists()
    assert _processes_of(slurm), "the other one still runs"


def test_batch_with_a_cancelled_job_equals_a_local_run(slurm: OneNodeSlurm, tmp_path: Path) -> None:
    batch = small_batch(tmp_path)
    local, remote, said = tmp_path / "local", tmp_path / "slurm", tmp_path / "log"
    program, *words = batch.command(remote, *PROFILE, "--slurm-logdir", str(tmp_path / "jobs"))
    assert words[:2] == ["-m", "snakemake"]
    with said.open("w") as stream, (tmp_path / "local.log").open("w") as local_stream:
        run = subprocess.Popen(
            [program, str(ROOT / "tests" / "impatient_snakemake.py"), *words[2:]],
            cwd=ROOT,
            env=slurm.environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        # At the same time, since a cluster's run waits more than it works.
        beside = subprocess.Popen(
            batch.command(local, "--cores", "1"), cwd=ROOT, stdout=local_stream, stderr=subprocess.STDOUT
        )
        try:
            # In the middle of a sample: its first stage has begun, its last has not.
            _wait_until(lambda: run.poll() is not None or any(remote.glob("logs/screen/*.log")), DEADLINE)
            victim = next(
                number for number, state, comment in slurm.jobs() if _is_running_sample(state, comment)
            )
            slurm.run("scancel", victim)
            status = run.wait(DEADLINE)
            assert beside.wait(DEADLINE) == 0, (tmp_path / "local.log").read_text()
        finally:
            for process in (run, beside):
                process.kill()
                process.wait()

    assert status == 0, said.read_text()
    assert results(remote) == results(local)
    states = {number: (state, comment) for number, state, comment in slurm.jobs()}
    assert states.pop(victim)[0] == "CANCELLED"
    # One job for the panel and one for each sample, the cancelled one a second time; the summary is made by
    # snakemake itself.
    assert {state for state, _ in states.values()} == {"COMPLETED"}
    assert len(states) == 1 + len(SAMPLES)
    assert list((tmp_path / "jobs").rglob(f"{victim}.log")), "the log of a failed job is kept"


def _is_running_sample(state: str, comment: str) -> bool:
    return state == "RUNNING" and comment.startswith("rule_sample_")


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


def _wait_until(condition: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition; fail after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)
