"""Shows what a change did to the verdicts: a fixed set of samples, this state against another one.

`make compare BASE=REF` simulates the samples of the demonstration once, takes them through the stages of both
states, each on a panel that it has built itself, and prints every difference as a row of a table. Exit status
1 when a verdict differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aspsfusion.simulate.demo import DemoSample, load_demo
from repository import ROOT


@dataclass(frozen=True)
class State:
    """A working tree of the program; `work` is where it writes."""

    tree: Path
    work: Path

    def run(self, *arguments: str) -> None:
        """Run a command of its `aspsfusion`."""
        self.python("-m", "aspsfusion", *arguments)

    def python(self, *arguments: str) -> None:
        """Run Python with its package; what it says is shown where it fails.

        Raises:
            SystemExit: the command failed.
        """
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.tree,
            env={**os.environ, "PYTHONPATH": str(self.tree / "scripts")},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SystemExit(f"{self.tree}: {' '.join(arguments[:4])} failed:\n{done.stdout}{done.stderr}")

    def build_panel(self, yaml: str) -> None:
        """Build the demonstration's panel."""
        self.work.mkdir(parents=True)
        if not any((self.tree / "scripts/aspsfusion/native").glob("*.so")):
            self.python("scripts/aspsfusion/native/build.py")
        reference = f"{self.work}/demo.fa.gz"
        self.run("demo-reference", "--panel", yaml, "--output", reference)
        self.run("panel", "build", "--panel", yaml, "--genome", reference, "--output", f"{self.work}/panel")

    def report(self, sample: DemoSample, reads: Sequence[Path]) -> dict[str, Any]:
        """Take a sample through all stages and return its report.json."""
        panel = ["--panel", f"{self.work}/panel"]
        candidates, metrics = f"{self.work}/{sample.id}.fastq.gz", f"{self.work}/{sample.id}.screen.json"
        self.run("screen", *panel, *map(str, reads), "--output", candidates, "--metrics", metrics)
        library = ["--library", sample.library] if sample.library else []
        given = ["--sample", sample.id, "--reads", candidates, "--screen", metrics, *library]
        self.run("analyse", *panel, *given, "--output", f"{self.work}/{sample.id}")
        path = self.work / sample.id / f"{sample.id}.report.json"
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return report


def facts(report: Mapping[str, Any]) -> dict[str, str]:
    """Return what is compared of a report, by name."""
    verdict = report["verdict"]
    return {
        "verdict": verdict["call"],
        "reasons": ", ".join(reason["code"] for reason in verdict["reasons"]),
        "fusions": "; ".join(
            f"{fusion['name']} {fusion['type']} {fusion['fragments']} fragments "
            f"({fusion['split_reads']} split, {fusion['spanning_pairs']} spanning)"
            for fusion in report["fusions"]
        ),
        "detectable fraction": str(report["exclusion"]["detectable_fraction"]),
    }


def differences(sample: str, base: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the rows of the table for a sample: none where nothing differs."""
    return [
        f"| {sample} | {name} | {base.get(name) or '-'} | {now[name] or '-'} |"
        for name in now
        if base.get(name) != now[name]
    ]


@contextmanager
def checked_out(ref: str, directory: Path) -> Iterator[Path]:
    """Give a working tree of another state, which is removed at the end.

    Raises:
        SystemExit: there is no such state.
    """
    git = ["git", "-C", str(ROOT), "worktree"]
    done = subprocess.run(
        [*git, "add", "--detach", str(directory), ref], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"BASE={ref}: {done.stderr.strip().splitlines()[-1]}; give a commit, branch or tag")
    try:
        yield directory
    finally:
        subprocess.run([*git, "remove", "--force", str(directory)], check=False)


def main() -> int:
    """Print the table; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, help="commit, branch or tag to compare with")
    parser.add_argument("--samples", nargs="+", help="of the demonstration (default: all)")
    args = parser.parse_args()
    demo = load_demo()
    samples = [sample for sample in demo.samples if not args.samples or sample.id in args.samples]
    with tempfile.TemporaryDirectory() as scratch, checked_out(args.base, Path(scratch, "tree")) as tree:
        base, now = State(tree, Path(scratch, "base")), State(ROOT, Path(scratch, "now"))
        for state in (base, now):
            state.build_panel(demo.panel)
        rows, changed = [], 0
        for sample in samples:
            prefix = f"{scratch}/{sample.id}"
            now.run("simulate", "--panel", f"{now.work}/panel", "--output", prefix, *sample.options())
            ends = ("_R1.fastq.gz", "_R2.fastq.gz") if sample.paired else (".fastq.gz",)
            reads = [Path(f"{prefix}{end}") for end in ends]
            before, after = (facts(state.report(sample, reads)) for state in (base, now))
            rows += differences(sample.id, before, after)
            changed += before["verdict"] != after["verdict"]
    print(f"{len(samples)} samples, {changed} verdicts differ from {args.base}.")
    if rows:
        print("\n".join([f"\n| sample | what | {args.base} | now |", "|---|---|---|---|", *rows]))
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
