"""Decides what a workflow makes anew, by what files hold and not by the order of their times.

Snakemake makes anew what is older than its inputs. Two files of reads that were exchanged by `mv`, or an
older copy that was put back, are older than what was made of others. So the rules depend on a record of the
files instead, which is written when, and only when, one of them is another file than before: a file of equal
size, time and inode is the same one; of any other the SHA-256 decides.

Thresholds and whatever else decides in words are kept so as well. Snakemake notices changed parameters by its
notes on former runs, which are where it ran: in another directory a changed threshold did nothing.

Records are kept when a workflow is planned, by the one process that plans it. It also holds the output
directory, so that no other workflow writes there.
"""

import errno
import fcntl
import json
import os
import socket
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import IO

from aspsfusion import __version__
from aspsfusion.batch.outcomes import (
    FileIdentity,
    Inputs,
    Outcome,
    OutcomeError,
    file_identities,
    read_identities,
    read_outcome,
    with_checksums,
)
from aspsfusion.errors import ParameterError
from aspsfusion.io.checksums import content_of
from aspsfusion.io.files import replacing

PLANNER = "ASPSFUSION_PLANNER"
"""Variable that tells the processes of a workflow's jobs, on whichever node, which one planned them."""

HOLDER = "workflow.lock"
"""Names the workflow that writes to a directory; locked for as long as that one runs."""

_held: list[IO[str]] = []
"""Open as long as this process runs: whoever closes such a file lets its lock go."""


def in_job(outdir: Path) -> bool:
    """Return whether this is the process of a job of a workflow that another process has planned."""
    planner, _, planned = os.environ.get(PLANNER, "").partition(" ")
    return planned == str(outdir.resolve()) and planner != str(os.getpid())


def begin_planning(outdir: Path, records: Path) -> bool:
    """Hold an output directory, unless this is the process of a job.

    The system lets go of the directory when this process ends, however it ends. A workflow in the same
    working directory is left to Snakemake's own lock, which allows looking at a run (`--dry-run`).
    The directory for the records also takes the file that says who writes.

    Returns:
        Whether records are to be kept.

    Raises:
        ParameterError: a workflow in another working directory writes there, or nothing can be written.
    """
    if in_job(outdir):
        return False
    try:
        records.mkdir(parents=True, exist_ok=True)
        _hold(outdir, records / HOLDER)
    except OSError as error:
        raise ParameterError(
            f"cannot be written ({error.strerror})", path=records, remedy="name another outdir"
        ) from error
    os.environ[PLANNER] = f"{os.getpid()} {outdir.resolve()}"
    return True


def _hold(outdir: Path, path: Path) -> None:
    stream = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        stream.seek(0)
        said = stream.read().split("\n")
        stream.close()
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            return  # a file system without locks
        process, host, directory = (*said, "", "", "")[:3]
        if directory != str(Path.cwd()):
            raise ParameterError(
                f"another snakemake writes there (process {process} on {host}, started in {directory})",
                path=outdir,
                remedy="wait until it has ended, or name another outdir",
            ) from None
        return
    stream.truncate(0)
    stream.write(f"{os.getpid()}\n{socket.gethostname()}\n{Path.cwd()}\n")
    stream.flush()
    _held.append(stream)


def keep_identities(path: Path, files: Iterable[str]) -> None:
    """Keep a record of files that a result rests on, whose checksums are taken as soon as they are seen.

    Raises:
        ParameterError: a file cannot be read, or the record not be written.
    """
    _keep(path, file_identities(files), (), at_once=True)


def keep_sample_identities(path: Path, reads: Sequence[str], outcome: Path, panel: str) -> Outcome | None:
    """Keep a record of a sample's reads, whose checksums the screen takes while it reads them.

    The record is also written where there is a result of another panel, or version, than the present one.

    Args:
        path: the record.
        reads: the sample's files.
        outcome: where the sample's outcome is, once there is one.
        panel: what identifies the present panel, empty where there is none.

    Returns:
        The sample's outcome, None where there is none.

    Raises:
        ParameterError: a file cannot be read, or the record not be written.
    """
    former = _former(outcome)
    inputs = former.inputs if former else Inputs()
    other = former is not None and ((bool(panel) and inputs.panel != panel) or inputs.version != __version__)
    _keep(path, file_identities(reads), inputs.reads, at_once=False, anew=other)
    return former


def keep_words(path: Path, words: str, of: str | None = None) -> None:
    """Keep a record of what decides about a result in words.

    Args:
        path: the record.
        words: the present ones.
        of: those that the result is of, where it says so. Where it does not, it is taken for one of the
            record's words; without a record Snakemake's notes decide.

    Raises:
        ParameterError: the record cannot be read.
    """
    try:
        before = path.read_text(encoding="utf-8") if path.is_file() else None
    except (OSError, ValueError) as error:
        raise ParameterError("cannot be read", path=path, remedy="remove it") from error
    if before == words:
        return
    with replacing(path, force=True) as draft:
        draft.write_text(words, encoding="utf-8")
        if before is None if of is None else of == words:
            os.utime(draft, ns=(0, 0))  # the result stays: it is newer


def _former(path: Path) -> Outcome | None:
    try:
        return read_outcome(path)
    except OutcomeError:
        return None


def _keep(
    path: Path,
    now: Sequence[FileIdentity],
    known: Sequence[FileIdentity],
    *,
    at_once: bool,
    anew: bool = False,
) -> None:
    """Write a record where it is not of the present files, or `anew` in any case.

    What jobs have read is known with its checksums; with `at_once` those of new files are taken here.
    """
    kept = read_identities(path)
    before = {file.path: file for file in with_checksums(kept, (each for each in known if each.sha256))}
    found = []
    same = path.is_file() and not anew and [file.path for file in kept] == [file.path for file in now]
    for file in now:
        former = before.get(file.path)
        if former is not None and former.untouched(file):
            found.append(former)
            continue
        comparable = former is not None and former.bytes == file.bytes and former.sha256
        if file.bytes >= 0 and (at_once or comparable):
            file = replace(file, sha256=_checksum(file.path))
        same = same and former is not None and former.same(file)
        found.append(file)
    if same and tuple(found) == kept:
        return
    state = path.stat() if same else None
    text = {"since": time.time_ns(), "files": [asdict(file) for file in found]}
    with replacing(path, force=True) as draft:
        draft.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")
        if state:  # the files are the same ones: nothing is to be made anew
            os.utime(draft, ns=(state.st_atime_ns, state.st_mtime_ns))


def _checksum(path: str) -> str:
    try:
        return content_of(Path(path)).sha256
    except OSError as error:
        raise ParameterError(
            f"cannot be read ({error.strerror})", path=path, remedy="make it readable"
        ) from error
