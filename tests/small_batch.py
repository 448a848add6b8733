"""A small batch, taken from the demonstration, for tests that run the workflow several times."""

import csv
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from aspsfusion.batch.outcomes import sample_files
from aspsfusion.simulate.demo import DEFINITION, load_demo, prepare_samples
from repository import ROOT

T = TypeVar("T")
SAMPLES = ("type2_weak", "type1_single")
"""The smallest with a fusion: pairs and single reads."""


@dataclass(frozen=True)
class SmallBatch:
    """Simulated reads, and the configuration of a workflow on them.

    Attributes:
        directory: holds everything.
        config: configuration file; `outdir` is for the caller to choose.
    """

    directory: Path
    config: Path

    def command(self, outdir: Path, *arguments: str) -> list[str]:
        """Return the command line of the workflow."""
        snakemake = [sys.executable, "-m", "snakemake", "--configfile", str(self.config)]
        return [*snakemake, "--config", f"outdir={outdir}", *arguments]

    def run(
        self, outdir: Path, *arguments: str, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run the workflow to its end."""
        return subprocess.run(
            self.command(outdir, *arguments),
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def small_batch(directory: Path, samples: Sequence[str] = SAMPLES) -> SmallBatch:
    """Simulate some samples of the demonstration.

    Args:
        directory: an empty directory to write to.
        samples: names of samples of the demonstration.
    """
    demo = load_demo(ROOT / DEFINITION)
    chosen = [sample for sample in demo.samples if sample.id in samples]
    assert len(chosen) == len(samples)
    config = prepare_samples(demo.model_copy(update={"samples": chosen}), ROOT, directory, 2)
    return SmallBatch(directory, config)


def part_of_demonstration(demonstration: Path, directory: Path, samples: Sequence[str]) -> SmallBatch:
    """Take some samples of a demonstration that was run, with its reads.

    Args:
        demonstration: directory of the demonstration.
        directory: where to write sheet and configuration.
        samples: names of the samples.
    """
    rows = (demonstration / "samples.tsv").read_text().splitlines()
    sheet = directory / "samples.tsv"
    sheet.write_text("\n".join(row for row in rows if row.split("\t")[0] in ("sample_id", *samples)) + "\n")
    settings = yaml.safe_load((demonstration / "config.yaml").read_text())
    del settings["outdir"]
    config = directory / "config.yaml"
    config.write_text(yaml.safe_dump(settings | {"samples": str(sheet)}))
    return SmallBatch(directory, config)


def results(outdir: Path, samples: Sequence[str] = SAMPLES) -> dict[str, bytes]:
    """Return the content of every file that is kept, by its path below `outdir`."""
    names = ["summary.tsv", "summary.html"]
    names += [file for sample in samples for file in sample_files(".", sample)]
    return {name: (outdir / name).read_bytes() for name in names}


def verdicts(outdir: Path) -> dict[str, str]:
    """Return what the summary says of each sample."""
    with (outdir / "summary.tsv").open(newline="") as stream:
        return {row["sample_id"]: row["verdict"] for row in csv.DictReader(stream, delimiter="\t")}


def running_attempt(outcome: Path, number: int) -> int | None:
    """Return the process that runs an attempt of a sample's job, None where there is none now.

    Args:
        outcome: what the job writes.
        number: which attempt.
    """
    wanted = [b"workflow", b"attempt", b"--outcome", str(outcome).encode(), b"--number", b"%d" % number]
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has ended
        if all(word in words for word in wanted):
            return int(place.name)
    return None


def wait_for(condition: Callable[[], T | None], run: subprocess.Popen[Any], seconds: float = 300.0) -> T:
    """Wait for a mark that a run sets, and return it.

    Args:
        condition: returns something as soon as the mark is there.
        run: must not end before.
        seconds: after which a run hangs.
    """
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert run.poll() is None, "ended before its mark"
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)
    return found
