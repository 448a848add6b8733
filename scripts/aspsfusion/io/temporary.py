"""Knows what this process has on disk that is no result, so that nothing of it outlives the process.

Drafts beside outputs and folders for what is sorted hold reads of patients. Each is entered here before it is
made and removed where it is not needed any more; whoever ends the process (`cli.ending`) has all of them
removed at once. A process that is killed cannot do that. What it leaves is known by its name: a draft goes
when the same file is written again, a folder below the temporary directory when the next one is made there.
"""

import contextlib
import fcntl
import os
import platform
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

PREFIX = "aspsfusion."
"""Begins the name of each folder; that of the machine follows: a temporary directory may be shared."""

CHILD_SECONDS = 20.0
"""Time that a process of ours has to end after a signal; Slurm waits 30 s before it kills."""

REMOVAL_ATTEMPTS = 3
"""A child or a compiled loop may still make a file in a folder while it is removed."""

INDEX_SUFFIXES = (".bai", ".csi", ".fai", ".gzi", ".tbi")
"""Ends of the names of indices, which libraries write beside a file."""

_present: set[Path] = set()
_children: set["subprocess.Popen[Any]"] = set()


@contextlib.contextmanager
def removed_after(path: Path) -> Iterator[None]:
    """Have a file, with its index, or a folder removed after the block, or when the process ends in it.

    It need not be there yet.
    """
    _present.add(path)
    try:
        yield
    finally:
        _remove(path)
        _present.discard(path)


@contextlib.contextmanager
def used_by_libraries(path: Path) -> Iterator[None]:
    """Have libraries make their temporary files in a folder: pysam keeps there what samtools says."""
    before, tempfile.tempdir = tempfile.tempdir, str(path)
    try:
        yield
    finally:
        tempfile.tempdir = before


@contextlib.contextmanager
def scratch_directory(parent: Path | None = None) -> Iterator[Path]:
    """Give an empty folder that no one else may read; it is removed after the block.

    What libraries write in the meantime goes there too. What a killed process left is removed before. It is
    made in the temporary directory (TMPDIR) by default.

    Raises:
        OSError: it cannot be made.
    """
    parent = parent or Path(tempfile.gettempdir())
    _remove_abandoned(parent)
    with contextlib.ExitStack() as stack:
        while True:
            path = parent / f"{_own_prefix()}{os.getpid()}.{os.urandom(4).hex()}"
            stack.enter_context(removed_after(path))
            path.mkdir(mode=0o700)
            with contextlib.suppress(BlockingIOError, FileNotFoundError):
                lock = _locked(path)
                if lock is not None:
                    stack.callback(os.close, lock)
                if path.exists():
                    break
            # Another process took it for abandoned before it was locked.
        stack.enter_context(used_by_libraries(path))
        yield path


def run_child(
    command: Sequence[str], *, own_group: bool = False, **options: Any
) -> subprocess.CompletedProcess[Any]:
    """Run a command like `subprocess.run`; it ends when this process is ended.

    With `own_group` it and what it starts are a process group, which is ended as a whole.
    """
    with subprocess.Popen(command, start_new_session=own_group, **options) as child:
        _children.add(child)
        try:
            out, error = child.communicate()
        except BaseException:
            _end_child(child, signal.SIGTERM)
            raise
        finally:
            _children.discard(child)
    return subprocess.CompletedProcess(command, child.returncode, out, error)


def leave_nothing(number: int) -> None:
    """End what this process has started by a signal, and remove what it has not finished."""
    for child in list(_children):
        _end_child(child, number)
    for path in list(_present):
        _remove(path)


def _end_child(child: "subprocess.Popen[Any]", number: int) -> None:
    for each in (number, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            in_group = os.getpgid(child.pid) == child.pid
            (os.killpg if in_group else os.kill)(child.pid, each)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(CHILD_SECONDS)
            return


def _remove(path: Path) -> None:
    for _ in range(REMOVAL_ATTEMPTS):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                for suffix in ("", *INDEX_SUFFIXES):
                    path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)
        except OSError:
            continue
        return


def _own_prefix() -> str:
    return f"{PREFIX}{platform.node()}."


def _locked(path: Path) -> int | None:
    """Return the descriptor of a folder with a lock on it, None where the file system knows no locks.

    The system releases the lock when the process ends, however that happens, so that it tells whether the
    folder is in use, in another container as well. Without locks nothing is ever taken for abandoned.

    Raises:
        BlockingIOError: the folder is in use.
        FileNotFoundError: it is not there.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if isinstance(error, BlockingIOError):
            raise
        return None
    return descriptor


def _remove_abandoned(parent: Path) -> None:
    """Remove the folders of processes of this user and machine that do not run any more."""
    try:
        with os.scandir(parent) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(_own_prefix())]
    except OSError:
        return
    for path in (parent / name for name in names):
        with contextlib.suppress(OSError):
            state = path.lstat()
            if path in _present or state.st_uid != os.geteuid() or not stat.S_ISDIR(state.st_mode):
                continue
            lock = _locked(path)
            if lock is not None:
                try:
                    shutil.rmtree(path)
                finally:
                    os.close(lock)
