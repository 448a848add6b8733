"""Kills, ends and starves every stage at random moments, and runs it again.

A moment is an event that Python reports to an audit hook (a file is opened, made, renamed, removed), counted
in a run that nothing disturbs, so that the moments are the same on any machine. After a signal or a full disk
nothing may be left beside the results or below the temporary directory; after a kill the next run may leave
nothing. The next run writes the same bytes.
"""

import argparse
import hashlib
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.cli import main as run_command_line
from aspsfusion.cli.ending import end_on_signals
from command_lines import COMMANDS, STAGES, command_line
from fuzz.corpus import Corpus, build_corpus

FULL = "full"
KINDS = ("SIGKILL", "SIGTERM", "SIGINT", FULL)
EVENTS = ("open", "os.", "shutil.", "tempfile.", "subprocess.")


@dataclass(frozen=True)
class Stage:
    """A stage with the files that it reads.

    Attributes:
        name: of `COMMANDS`.
        corpus: the panel and the sample.
    """

    name: str
    corpus: Corpus

    def words(self, output: Path) -> list[str]:
        """Return the command that writes into a directory."""
        sample = self.corpus.sample(0)
        reads = [sample / f"reads_{mate}.fq" for mate in (1, 2)]
        reads = [sample / "reads.sorted.bam"] if self.name == "extract" else reads
        inputs = self.corpus.directory if self.name == "panel" else sample / "stages"
        return [*command_line(self.name, self.corpus.panel, inputs, output, *reads), "--force"]


def in_child(words: Sequence[str], temporary: Path, before: Callable[[], None]) -> tuple[int, str, int]:
    """Run a command in a forked process as the program's entry point does.

    Args:
        words: the command.
        temporary: its temporary directory.
        before: called first in the child.

    Returns:
        Exit status (negative for a signal), standard error, and the number of events.
    """
    (error, said), (read, write) = os.pipe(), os.pipe()
    child = os.fork()
    if not child:
        status = 99
        try:
            os.dup2(said, 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stderr = os.fdopen(2, "w", buffering=1)
            tempfile.tempdir = str(temporary)
            # A shell that starts this program in the background has SIGINT ignored.
            signal.signal(signal.SIGINT, signal.default_int_handler)
            end_on_signals()
            events = _count_events()
            before()
            status = run_command_line(words)
            os.write(write, str(events[0]).encode())
        finally:
            os._exit(status)
    os.close(write)
    os.close(said)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    with os.fdopen(read) as counted, os.fdopen(error, errors="replace") as text:
        return status, text.read(), int(counted.read() or 0)


_moment: dict[str, int] = {}


def _count_events() -> list[int]:
    """Count the events of this process; at the one that is asked for it sends itself a signal."""
    events = [0]

    def hook(event: str, arguments: object) -> None:
        if event.startswith(EVENTS) and _moment.get("counting"):
            events[0] += 1
            if events[0] == _moment.get("at"):
                os.kill(os.getpid(), _moment["signal"])

    sys.addaudithook(hook)
    return events


def _counting(at: int = 0, number: int = 0) -> Callable[[], None]:
    return lambda: _moment.update(counting=1, at=at, signal=number)


def _with_room(size: int) -> Callable[[], None]:
    """Let no file of the process grow beyond a size, as on a full disk."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def sums(directory: Path) -> dict[str, str]:
    """Checksums of all files below a directory."""
    return {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def one_round(
    stage: Stage, kind: str, seed: int, work: Path, whole: Mapping[str, str], events: int
) -> list[str]:
    """Disturb a stage once and run it again; returns what must not be."""
    source = random.Random(f"{stage.name} {kind} {seed}")
    output, temporary = work / "out", work / "tmp"
    for directory in (output, temporary):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
    words = stage.words(output)
    if kind == FULL:
        largest = max(path.stat().st_size for path in (work / "whole").rglob("*") if path.is_file())
        before, expected = _with_room(source.randrange(0, largest)), 1
    else:
        number = signal.Signals[kind]
        before = _counting(source.randint(1, events), number)
        expected = -number if kind == "SIGKILL" else 128 + number
    status, said, _ = in_child(words, temporary, before)
    problems = []
    if status != expected:
        problems.append(f"status {status}, not {expected}: {said[-300:]}")
    if kind != "SIGKILL":
        if len(said.strip().splitlines()) != 1 or (kind == FULL and "make room" not in said):
            problems.append(f"said {said[-300:]!r}")
        left = [name for name in sums(output) if name.startswith(".") or name not in whole]
        left += [str(path) for path in temporary.iterdir()]
        if left:
            problems.append(f"left {left}")
    status, said, _ = in_child(words, temporary, lambda: None)
    if status:
        problems.append(f"the next run: status {status}: {said[-300:]}")
    if sums(output) != whole:
        problems.append(f"the next run wrote other files: {sorted(set(sums(output)) ^ set(whole))}")
    if list(temporary.iterdir()):
        problems.append(f"the next run left {list(temporary.iterdir())}")
    return problems


def prepare(directory: Path) -> Corpus:
    """Build the corpus, and what further stages read."""
    corpus = Corpus(directory)
    if not directory.is_dir():
        build_corpus(directory)
        import pysam

        sample = corpus.sample(0)
        pysam.sort("-o", str(sample / "reads.sorted.bam"), str(sample / "reads.bam"))
        (sample / "stages").mkdir()
        for name in STAGES:
            assert run_command_line(Stage(name, corpus).words(sample / "stages")) == 0
    return corpus


def main() -> int:
    """Run the rounds and print a table; the status is 1 where there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="directory for files")
    parser.add_argument(
        "--rounds", type=int, default=20, help="of each kind for each stage (default: %(default)s)"
    )
    parser.add_argument("--stages", nargs="+", choices=list(COMMANDS), default=list(COMMANDS))
    args = parser.parse_args()
    corpus = prepare(args.work / "corpus")
    broken: set[tuple[str, str, int]] = set()
    for name in args.stages:
        stage, work = Stage(name, corpus), args.work / name
        whole = work / "whole"
        for directory in (whole, work / "tmp"):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        status, said, events = in_child(stage.words(whole), work / "tmp", _counting())
        assert not status, said
        expected = sums(whole)
        for kind in KINDS:
            for seed in range(args.rounds):
                for problem in one_round(stage, kind, seed, work, expected, events):
                    broken.add((name, kind, seed))
                    print(f"{name} {kind} {seed}: {problem}", flush=True)
        well = {k: sum((name, k, seed) not in broken for seed in range(args.rounds)) for k in KINDS}
        counts = " ".join(f"{kind} {well[kind]}/{args.rounds}" for kind in KINDS)
        print(f"{name:<10} {events:>5} events  {counts}", flush=True)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
