"""Runs mutated inputs in worker processes, keeps how each came out, and prints a table.

It goes on where it was stopped: what the results hold is not run again. A worker that dies, takes too long or
too much memory is blamed on the input that it had.
"""

import argparse
import json
import subprocess
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from fuzz.corpus import Corpus, build_corpus
from fuzz.targets import names

MOST_SECONDS = 20.0
"""Processor time that an input may take."""

MOST_MEGABYTES = 2000
INPUTS_OF_A_WORKER = 250
"""After so many a worker starts anew, so that the largest memory is that of few inputs."""


class Worker:
    """A process that runs inputs.

    Args:
        corpus: files to mutate.
    """

    def __init__(self, corpus: Corpus) -> None:
        command = [sys.executable, "-m", "fuzz.worker", str(corpus.directory)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._watched = psutil.Process(self._process.pid)
        self.inputs = 0

    def run(self, target: str, seed: int) -> dict[str, Any]:
        """Run an input and return how it came out; a worker that was stopped runs no more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.inputs += 1
        self._process.stdin.write(f"{target} {seed}\n")
        self._process.stdin.flush()
        before, done, reason = self._seconds(), threading.Event(), []

        def watch() -> None:
            while not done.wait(0.5):
                if self._seconds() - before > MOST_SECONDS:
                    reason.append("hang")
                elif self._megabytes() > MOST_MEGABYTES:
                    reason.append("memory")
                if reason:
                    self._process.kill()
                    return

        watcher = threading.Thread(target=watch)
        watcher.start()
        line = self._process.stdout.readline()
        done.set()
        watcher.join()
        if not line:
            status = self._process.wait()
            return {
                "status": status,
                "call": "",
                "problem": reason[0] if reason else f"signal {-status}",
                "said": "",
            }
        answer: dict[str, Any] = json.loads(line)
        if answer["megabytes"] > MOST_MEGABYTES:
            answer["problem"] = answer["problem"] or "memory"
        return answer

    @property
    def usable(self) -> bool:
        """Whether it can take another input."""
        return self._process.poll() is None and self.inputs < INPUTS_OF_A_WORKER

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        if self._process.poll() is None:
            self._process.stdin.close()
        self._process.wait()

    def _seconds(self) -> float:
        try:
            times = self._watched.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)

    def _megabytes(self) -> float:
        try:
            return float(self._watched.memory_info().rss / 1e6)
        except psutil.Error:
            return 0.0


def run_all(corpus: Corpus, inputs: Iterator[tuple[str, int]], results: Path, processes: int) -> None:
    """Run inputs in several workers and add how they came out to the results."""
    lock = threading.Lock()

    def work() -> None:
        worker = Worker(corpus)
        while True:
            with lock:
                one = next(inputs, None)
            if one is None:
                break
            answer = worker.run(*one)
            with lock, results.open("a") as stream:
                stream.write(json.dumps({"target": one[0], "seed": one[1], **answer}) + "\n")
            if not worker.usable:
                worker.close()
                worker = Worker(corpus)
        worker.close()

    threads = [threading.Thread(target=work) for _ in range(processes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def table(rows: list[dict[str, Any]]) -> str:
    """Return how many inputs of each target came out how, and every problem."""
    by_target: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        kind = "problem" if row["problem"] else "error" if row["status"] else "result"
        by_target[row["target"]].update((kind, "inputs"))
    lines = [f"{'target':<16}{'inputs':>8}{'results':>9}{'errors':>8}{'problems':>10}"]
    for target, counts in [*by_target.items(), ("all", sum(by_target.values(), Counter()))]:
        numbers = (counts[kind] for kind in ("inputs", "result", "error", "problem"))
        lines.append("{:<16}{:>8}{:>9}{:>8}{:>10}".format(target, *numbers))
    lines += [f"{r['target']} {r['seed']}: {r['problem']}: {r['said']}" for r in rows if r["problem"]]
    return "\n".join(lines)


def main() -> int:
    """Run the study; the status is 1 where there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="directory for corpus and results")
    parser.add_argument("--inputs", type=int, default=5000, help="of all targets (default: %(default)s)")
    parser.add_argument("--targets", nargs="+", choices=names(), default=names(), help="default: all")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    corpus, results = Corpus(args.work / "corpus"), args.work / "results.jsonl"
    if not corpus.directory.is_dir():
        build_corpus(corpus.directory)
    results.touch()
    known = {(row["target"], row["seed"]) for row in map(json.loads, results.read_text().splitlines())}
    seeds = range(args.first_seed, args.first_seed + -(-args.inputs // len(args.targets)))
    wanted = [(target, seed) for seed in seeds for target in args.targets]
    run_all(corpus, iter([one for one in wanted if one not in known]), results, args.cores)
    asked = set(wanted)
    rows = [
        row
        for row in map(json.loads, results.read_text().splitlines())
        if (row["target"], row["seed"]) in asked
    ]
    rows.sort(key=lambda row: (row["target"], row["seed"]))
    print(table(rows))
    return int(any(row["problem"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
