"""A small batch, for tests that run the workflow several times.

It lies in a working directory of its own, which holds what a clone of the repository holds: runs beside each
other do not share Snakemake's locks, and a copy of the directory is a batch that was run.
"""

import csv
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from repository import ROOT, run_command, sample_files
from snakemake_runs import SnakemakeRun, snakemake

T = TypeVar("T")

CLONED = ("config", "envs", "resources", "scripts", "workflow")
"""What the workflow needs of the repository."""
CONFIG, SHEET, OUTDIR, GENOME = "config.yaml", "samples.tsv", "results", "genome.fa.gz"

SIMULATED = {
    "pairs": ("--fusion", "ASPSCR1:7::TFE3:5=x6"),
    "single": ("--fusion", "ASPSCR1:7::TFE3:6=x24", "--single-end"),
    "wild_type": (
        *("--near", "TFE3:5=150", "--near", "TFE3:6=150", "--coverage", "ASPSCR1=60"),
        *("--coverage", "EMC7=8", "--coverage", "CHMP2A=8", "--coverage", "C1orf43=8"),
    ),
    "poor": (),
    "strong": ("--fusion", "ASPSCR1:7::TFE3:6=x80"),
}
"""Options of `aspsfusion simulate` by sample: two carriers, one that is excluded, one that cannot be, and one
with much of the fusion."""
EVERYWHERE = ("--fragments", 1, "--background", 200)

SAMPLES = ("pairs", "single")
"""The smallest with a fusion: pairs and single reads."""


@dataclass(frozen=True)
class SmallBatch:
    """Simulated reads, and the configuration of a workflow on them.

    Attributes:
        directory: holds everything; the workflow runs here.
    """

    directory: Path

    @property
    def outdir(self) -> Path:
        """Where the workflow writes to unless it is told otherwise."""
        return self.directory / OUTDIR

    @property
    def sheet(self) -> Path:
        """The sample sheet."""
        return self.directory / SHEET

    @property
    def reads(self) -> Path:
        """Directory of the reads of all samples, also of those that the sheet does not name."""
        return self.directory / "reads"

    def log(self, name: str = "said") -> Path:
        """Return the file that takes what a run says."""
        return self.directory / name

    def configure(self, **settings: object) -> None:
        """Write the configuration, with these settings beside those that the batch needs."""
        own = {"samples": SHEET, "outdir": OUTDIR, "genome_fasta": GENOME}
        (self.directory / CONFIG).write_text(yaml.safe_dump(own | settings))

    def configure_built_panel(self) -> None:
        """Name the panel that a run of this batch has built, for runs into other directories."""
        self.configure(genome_fasta=None, panel_dir=str(self.outdir / "panel"))

    def write_sheet(self, samples: Sequence[str], lanes: Sequence[str] = ()) -> None:
        """Write the sample sheet.

        Args:
            samples: names of simulated samples.
            lanes: further rows: name, two FASTQ files, library and BAM, with tabs between them.
        """
        rows = ["sample_id\tfastq_1\tfastq_2\tlibrary\tbam"]
        rows += ["\t".join([name, *self.files(name), "polyA", ""]) for name in samples]
        self.sheet.write_text("\n".join([*rows, *lanes]) + "\n")

    def files(self, sample: str) -> tuple[str, str]:
        """Return the FASTQ files of a simulated sample, the second one empty for single reads."""
        if "--single-end" in SIMULATED[sample]:
            return f"reads/{sample}.fastq.gz", ""
        return f"reads/{sample}_R1.fastq.gz", f"reads/{sample}_R2.fastq.gz"

    def copied(self, directory: Path, *, results: bool = True) -> "SmallBatch":
        """Return a copy whose files keep their times; with the results goes what Snakemake knows of them."""
        left = shutil.ignore_patterns(*(() if results else (OUTDIR, ".snakemake")))
        shutil.copytree(self.directory, directory, symlinks=True, ignore=left)
        return SmallBatch(directory)

    def arguments(self, *arguments: str, outdir: str = OUTDIR) -> list[str]:
        """Return the arguments of snakemake."""
        return ["--configfile", CONFIG, "--config", f"outdir={outdir}", *arguments]

    def run(self, *arguments: str, outdir: str = OUTDIR) -> subprocess.CompletedProcess[str]:
        """Run the workflow to its end."""
        given = self.arguments("--cores", "2", *arguments, outdir=outdir)
        return snakemake(given, self.directory, self.log())

    @contextmanager
    def started(
        self, *arguments: str, outdir: str = OUTDIR, environment: Mapping[str, str] | None = None
    ) -> Iterator[SnakemakeRun]:
        """Start a run, and see that it has ended afterwards."""
        said = self.log("said.by.started")
        run = SnakemakeRun(self.arguments(*arguments, outdir=outdir), self.directory, said, environment)
        try:
            yield run
        except BaseException:
            print(said.read_text())
            run.kill_all()
            raise
        finally:
            run.kill()
            run.wait()


def working_directory(directory: Path) -> None:
    """Make a directory one in which the workflow runs as in a clone of the repository."""
    directory.mkdir(exist_ok=True)
    for name in CLONED:
        (directory / name).symlink_to(ROOT / name)


def small_batch(directory: Path, panel: Path, samples: Sequence[str] = SAMPLES) -> SmallBatch:
    """Simulate all samples of `SIMULATED`.

    Args:
        directory: a new directory to write to.
        panel: the shipped panel, beside the demonstration reference it was built on.
        samples: those that the sample sheet names.
    """
    working_directory(directory)
    batch = SmallBatch(directory)
    batch.reads.mkdir()
    for seed, (name, options) in enumerate(SIMULATED.items(), start=102):
        files = ("--panel", panel, "--output", batch.reads / name)
        run_command("simulate", *files, "--seed", seed, *EVERYWHERE, *options)
    shutil.copy2(panel.parent / "demo.fa.gz", directory / GENOME)
    batch.write_sheet(samples)
    batch.configure()
    return batch


def results(outdir: Path, samples: Sequence[str] = SAMPLES) -> dict[str, bytes]:
    """Return the content of every file that is kept, by its path below `outdir`."""
    names = ["summary.tsv", "summary.html"]
    names += [file for sample in samples for file in sample_files(".", sample)]
    return {name: (outdir / name).read_bytes() for name in names}


def summary(outdir: Path) -> dict[str, dict[str, str]]:
    """Return summary.tsv by sample."""
    with (outdir / "summary.tsv").open(newline="") as stream:
        return {row["sample_id"]: row for row in csv.DictReader(stream, delimiter="\t")}


def verdicts(outdir: Path) -> dict[str, str]:
    """Return what the summary says of each sample."""
    return {sample: row["verdict"] for sample, row in summary(outdir).items()}


def has_ended(process: int) -> bool:
    """Return whether a process has ended, even if nobody has asked for its status yet."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


def wait_for(
    condition: Callable[[], T | None], run: subprocess.Popen[Any] | SnakemakeRun, seconds: float = 300.0
) -> T:
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
