"""A small batch, taken from the demonstration, for tests that run the workflow several times."""

import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
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


def has_ended(process: int) -> bool:
    """Return whether a process has ended, even if nobody has asked for its status yet."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


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


class Held:
    """Holds the jobs of a run that open a certain file, for as long as a test wants.

    Attributes:
        environment: of the run.
    """

    def __init__(self, directory: Path, where: str) -> None:
        self._pipe, self._mark = directory / "pipe", directory / "held"
        self._mark.unlink(missing_ok=True)
        self._pipe.unlink(missing_ok=True)
        os.mkfifo(self._pipe)
        hold = {"where": where, "pipe": str(self._pipe), "mark": str(self._mark)}
        path = [str(ROOT / "tests" / "hold"), *filter(None, [os.environ.get("PYTHONPATH")])]
        self.environment = {
            **os.environ,
            "ASPSFUSION_TEST_HOLD": json.dumps(hold),
            "PYTHONPATH": os.pathsep.join(path),
        }

    def process(self) -> int | None:
        """Return the number of the process that is held, None while there is none."""
        text = self._mark.read_text() if self._mark.exists() else ""
        return int(text) if text and not has_ended(int(text)) else None

    def let_go(self) -> None:
        """Let a job that still waits go on; it has ended when this returns."""
        end = time.monotonic() + 300.0
        while self.process() and time.monotonic() < end:
            with suppress(OSError):  # it waits no more
                os.close(os.open(self._pipe, os.O_WRONLY | os.O_NONBLOCK))
            time.sleep(0.05)
        assert not self.process()


@contextmanager
def started(
    command: Sequence[str], said: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a run as the leader of a process group of its own, and see that it has ended afterwards."""
    with said.open("w") as stream:
        run = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield run
    except BaseException:
        print(said.read_text())
        raise
    finally:
        run.kill()
        run.wait()
