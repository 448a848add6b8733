"""Runs a command as a job of a batch and keeps how it came out, whatever happens.

A command that ends with an error is not tried again: the error is the sample's outcome. One that is killed
(out of memory, time limit, a node that fails) cannot say so; its job fails and is tried again as often as the
workflow may. The last attempt then does not run the command any more: it only writes what became of those
before. Where nothing is tried again, the shell that ran the command has the outcome written.
"""

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO, cast

from aspsfusion.batch.outcomes import (
    ATTEMPT_SUFFIX,
    NOTE_SUFFIX,
    Inputs,
    Outcome,
    beside,
    forget,
    write_outcome,
)
from aspsfusion.errors import ERROR_MARK, STAGE_MARK, AspsfusionError, TooBigError, printable, sentence_of
from aspsfusion.io.plain_text import PlainText

AGAIN = 1
"""Exit status of an attempt after which another one is worth while."""
INTERRUPTED = 130
STOPPED = (INTERRUPTED, 128 + signal.SIGTERM)
"""Exit statuses of a command that somebody stopped; the sample is not to blame."""


@dataclass(frozen=True)
class Job:
    """A command as a job of a batch.

    Attributes:
        stage: the job, `screen` or `analyse`.
        number: which attempt this is, from 1.
        retries: how many attempts may follow the first one.
        empty: outputs that the workflow waits for and that are made empty when the command fails.
        outdates: files that say something else as soon as the command begins.
    """

    stage: str
    outcome: Path
    log: Path
    number: int = 1
    retries: int = 0
    empty: Sequence[Path] = ()
    outdates: Sequence[Path] = ()


def run_job(job: Job, before: Outcome, command: Callable[[], Inputs | None]) -> int:
    """Run a command and write its outcome.

    Args:
        job: how the command is run.
        before: the outcome of the sample's job before this one; of the first one, what the sample is made of.
        command: raises what goes wrong; returns inputs for the outcome, None for those before.

    Returns:
        The exit status: 0 where there is an outcome, of a failure as well.
    """
    if job.retries and job.number > job.retries:
        return _write(job, _given_up(job, before))
    if before.failed:
        return _write(job, before)
    if job.number == 1:
        for file in job.outdates:
            file.unlink(missing_ok=True)
        forget(job.outcome.parent, before.sample_id, job.stage)
    attempt = beside(job.outcome, before.sample_id, ATTEMPT_SUFFIX)
    attempt.parent.mkdir(parents=True, exist_ok=True)
    if job.retries:  # else nobody reads it, and a signal to the job and its shell would leave it
        attempt.write_text(f"{job.stage}\n", encoding="utf-8")
    with _said_to(job.log):
        try:
            inputs = command() or before.inputs
        except TooBigError as error:
            print(f"{ERROR_MARK}{error.sentence()}", flush=True)
            attempt.write_text(f"{job.stage}\n{error.sentence()}\n", encoding="utf-8")
            return AGAIN  # with more memory; the last attempt writes what became of it
        except AspsfusionError as error:
            print(f"{ERROR_MARK}{error.sentence()}", flush=True)
            return _write(job, before.failure(job.stage, error.sentence()))
        except KeyboardInterrupt:
            return INTERRUPTED
        except OSError as error:
            print(f"{ERROR_MARK}{sentence_of(error)}", flush=True)
            if job.number < job.retries:
                return AGAIN
            return _write(job, before.failure(job.stage, f"{job.stage}: {sentence_of(error)}; see {job.log}"))
        except Exception as error:
            traceback.print_exc()
            sentence = f"{job.stage} stopped with {type(error).__name__}: {error}; see {job.log}"
            return _write(job, before.failure(job.stage, printable(" ".join(sentence.split()))))
    return _write(job, replace(before, stage=job.stage, inputs=inputs))


def end_job(job: Job, before: Outcome, status: int) -> int:
    """Write the outcome of a command that ended without one, unless another attempt follows.

    It ended with a status that the shell saw. The exit status is 0 where there is an outcome; see `run_job`.
    """
    if status in STOPPED or job.number <= job.retries:
        return status
    return _write(job, _given_up(job, before))


def _given_up(job: Job, before: Outcome) -> Outcome:
    """Return the outcome of a job of which every attempt was killed.

    A cluster may run all jobs of a sample as one, which is tried again as a whole. The note says how far the
    attempt before came, since Snakemake removes the log before each attempt.
    """
    if before.failed:
        return before
    note = beside(job.outcome, before.sample_id, ATTEMPT_SUFFIX)
    stage, *sentences = note.read_text(encoding="utf-8").splitlines() if note.is_file() else [job.stage]
    if sentences:
        return before.failure(stage, sentences[0])
    said = ""
    if job.log.is_file():
        said = f"; see {job.log}"
        for line in job.log.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(STAGE_MARK):
                stage = line.removeprefix(STAGE_MARK).split()[0]
    sentence = f"{stage} stopped without a message, killed or out of memory, time or disk space{said}"
    return before.failure(job.stage, sentence)


def _write(job: Job, outcome: Outcome) -> int:
    if outcome.failed:
        # An outcome of this job may be that of the job before, whose files have to go as well.
        forget(job.outcome.parent, outcome.sample_id, outcome.stage)
        for file in job.empty:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(b"")
        note = beside(job.outcome, outcome.sample_id, NOTE_SUFFIX)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"{outcome.sentence}\n", encoding="utf-8")
    write_outcome(outcome, job.outcome)
    beside(job.outcome, outcome.sample_id, ATTEMPT_SUFFIX).unlink(missing_ok=True)
    return 0


@contextmanager
def _said_to(log: Path) -> Iterator[None]:
    """Send what this process and libraries in it say to a file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8", buffering=1) as stream:
        kept = os.dup(1), os.dup(2)
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(stream.fileno(), 1)
        os.dup2(stream.fileno(), 2)
        try:
            plain = cast(TextIO, PlainText(stream))
            with redirect_stdout(plain), redirect_stderr(plain):
                yield
        finally:
            stream.flush()
            for number, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)
