"""Decides what a workflow makes anew, by what files hold and not by the order of their times.

Snakemake makes anew what is older than its inputs. Two files of reads that were exchanged by `mv`, or an
older copy that was put back, are older than what was made of others. So the rules depend on a record of the
files instead, which is written when, and only when, one of them is another file than before: a file of equal
size, time and inode is the same one; of any other the SHA-256 decides.

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

from aspsfusion.batch.outcomes import (
    FileIdentity,
    Inputs,
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
    place = str(outdir.resolve())
    planner, _, planned = os.environ.get(PLANNER, "").partition(" ")
    if planned == place and planner != str(os.getpid()):
        return False
    try:
        records.mkdir(parents=True, exist_ok=True)
        _hold(outdir, records / HOLDER)
    except OSError as error:
        raise ParameterError(
            f"cannot be written ({error.strerror})", path=records, remedy="name another outdir"
        ) from error
    os.environ[PLANNER] = f"{os.getpid()} {place}"
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


def keep_sample_identities(path: Path, reads: Sequence[str], outcome: Path, panel: str) -> None:
    """Keep a record of a sample's reads, whose checksums the screen takes while it reads them.

    The record is also written where the sample's outcome is of another panel than the present one, which is
    empty where there is none.

    Raises:
        ParameterError: a file cannot be read, or the record not be written.
    """
    try:
        former = read_outcome(outcome).inputs
    except OutcomeError:
        former = Inputs(panel=panel)
    other_panel = bool(panel) and former.panel != panel
    _keep(path, file_identities(reads), former.reads, at_once=False, anew=other_panel)


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
