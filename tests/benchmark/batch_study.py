"""What a batch costs beyond the work of its jobs, and where that goes.

    PYTHONPATH=tests python tests/benchmark/batch_study.py --samples 96 --cores 2 [--slurm] [--directory DIR]

The samples are those of the demonstration, over and over under other names. Four things are measured:

* the batch: elapsed and processor time of `snakemake`, and the memory of snakemake alone and of all its
  processes, looked at twice a second. With `--slurm` processor time includes Slurm and its jobs, memory not;
* the stages within the batch: elapsed time as the benchmark files of the workflow have it;
* the stages as processes: what each takes for each distinct sample when it is started by itself;
* the stages as work: the same in one process that has imported and compiled everything before.

The second minus the third is what samples that run at the same time cost each other; the third minus the
fourth is what starting Python, importing and loading compiled code cost. The overhead is counted over the
stages as work, so that it includes all of this and Snakemake. It is given in three ways:

* by the clock: elapsed time of the batch for each sample, minus the elapsed time of its stages divided by the
  cores. A batch of N samples takes N times this longer than its work takes on all cores;
* of a core: the former times the cores, which is the time that the batch holds a core for each sample beyond
  the elapsed time of its stages;
* in processor time: that of the batch for each sample, minus that of its stages. Other load on the machine
  changes it least.
"""

import argparse
import contextlib
import csv
import ctypes
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import yaml

from aspsfusion.cli import main as run_command_line
from aspsfusion.simulate.demo import load_demo, prepare_samples
from one_node_slurm import one_node_slurm
from repository import ROOT

LOOK_EVERY = 0.5
"""Seconds between two looks at the memory."""
MEGABYTE = 1 << 20
PROFILE = ("--workflow-profile", "workflow/profiles/slurm")
PR_SET_CHILD_SUBREAPER = 36
"""From <linux/prctl.h>: orphans below this process become its children."""


@dataclass(frozen=True)
class Usage:
    """What a run of something used.

    Attributes:
        elapsed: seconds.
        processor: seconds, of all processes.
    """

    elapsed: float
    processor: float


class MemoryWatch(threading.Thread):
    """Looks at the memory of a process and of all that it started.

    Attributes:
        alone: largest resident set of the process, in MB.
        together: largest sum over the process and its descendants, in MB; shared pages count each time.
    """

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.process = psutil.Process(pid)
        self.alone = self.together = 0.0

    def run(self) -> None:
        """Look until the process has ended."""
        while True:
            try:
                own = self.process.memory_info().rss / MEGABYTE
                family = self.process.children(recursive=True)
            except psutil.NoSuchProcess:
                return
            others = 0.0
            for child in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    others += child.memory_info().rss / MEGABYTE
            self.alone = max(self.alone, own)
            self.together = max(self.together, own + others)
            time.sleep(LOOK_EVERY)


def measured_process(
    command: list[str], said: Path, environment: Mapping[str, str] | None = None
) -> tuple[Usage, MemoryWatch]:
    """Run a command to its end.

    Raises:
        SystemExit: it failed.
    """
    before, start = processor_of_children(), time.perf_counter()
    with said.open("w") as stream:
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT, env=environment
        )
        watch = MemoryWatch(process.pid)
        watch.start()
        status = process.wait()
    elapsed = time.perf_counter() - start
    processor = processor_of_children() - before
    watch.join()
    if status:
        sys.exit(f"{' '.join(command)} failed; see {said}")
    return Usage(elapsed, processor), watch


def processor_of_children() -> float:
    """Return the processor time of all children that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def jobs(panel: Path, sample: str, reads: list[str], directory: Path) -> dict[str, list[str]]:
    """Return the command line of each job of a sample, without the program's name."""
    on = ["--force", "--panel", str(panel)]
    candidates, metrics = f"{directory / sample}.candidates.fastq.gz", f"{directory / sample}.screen.json"
    written = ["--sample", sample, "--output", str(directory)]
    return {
        "screen": ["screen", *on, *reads, "--output", candidates, "--metrics", metrics],
        "analyse": ["analyse", *on, "--reads", candidates, "--screen", metrics, *written],
    }


def as_processes(commands: dict[str, list[str]], said: Path) -> dict[str, Usage]:
    """Run each job in a process of its own."""
    program = [sys.executable, "-m", "aspsfusion"]
    return {name: measured_process([*program, *words], said)[0] for name, words in commands.items()}


def as_work(commands: dict[str, list[str]]) -> dict[str, Usage]:
    """Run each job in this process; the first call imports and compiles, so make one before."""
    usages = {}
    for name, words in commands.items():
        start, processor = time.perf_counter(), time.process_time()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            status = run_command_line(words)
        if status:
            sys.exit(f"aspsfusion {' '.join(words)} failed")
        usages[name] = Usage(time.perf_counter() - start, time.process_time() - processor)
    return usages


def batch_of(config: Path, count: int) -> Path:
    """Write sheet and configuration of a batch of `count` samples with the reads of a few."""
    settings = yaml.safe_load(config.read_text())
    header, *rows = Path(settings["samples"]).read_text().splitlines()
    sheet = config.with_name("batch.tsv")
    lines = []
    for number in range(count):
        name, *fields = rows[number % len(rows)].split("\t")
        # The sheet refuses a file that is named twice, so each sample has links of its own.
        for column in (0, 1):
            if fields[column]:
                link = config.parent / "links" / f"{number:03}_{Path(fields[column]).name}"
                link.parent.mkdir(exist_ok=True)
                os.link(fields[column], link)
                fields[column] = str(link)
        lines.append("\t".join([f"{number:03}_{name}", *fields]))
    sheet.write_text("\n".join([header, *lines]) + "\n")
    written = config.with_name("batch.yaml")
    outdir = config.with_name("batch")
    written.write_text(yaml.safe_dump(settings | {"samples": str(sheet), "outdir": str(outdir)}))
    return written


def elapsed_in_batch(outdir: Path) -> float:
    """Return the seconds that all stages of all samples took within the batch, from its benchmark files."""
    tables = [path.read_text().splitlines() for path in (outdir / "benchmarks").glob("*/*.tsv")]
    return sum(float(row["s"]) for table in tables for row in csv.DictReader(table, delimiter="\t"))


def mean(usages: list[dict[str, Usage]], job: str | None = None) -> Usage:
    """Return the mean over the distinct samples, of one job or of all."""
    chosen = [usage for each in usages for name, usage in each.items() if job in (None, name)]
    return Usage(
        sum(usage.elapsed for usage in chosen) / len(usages),
        sum(usage.processor for usage in chosen) / len(usages),
    )


def measured_on_slurm(command: list[str], said: Path, cores: int) -> tuple[Usage, MemoryWatch]:
    """Run a command that submits to a Slurm of one node, and count what Slurm and its jobs use as well."""
    # Slurm detaches what runs a job from its daemons, so that it has to be adopted to be counted.
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    before = processor_of_children()
    with one_node_slurm(cores) as running:
        usage, watch = measured_process(command, said, running.environment)
    with contextlib.suppress(ChildProcessError):  # there is none left
        while True:
            os.wait()
    return Usage(usage.elapsed, processor_of_children() - before), watch


def run_batch(
    directory: Path, config: Path, cores: int, slurm: bool, arguments: list[str]
) -> tuple[Usage, MemoryWatch]:
    """Run the workflow, on Slurm or without."""
    snakemake = [sys.executable, "-m", "snakemake", "--configfile", str(config), *arguments]
    said = directory / "snakemake.log"
    if slurm:
        command = [*snakemake, *PROFILE, "--slurm-logdir", str(directory / "slurm")]
        return measured_on_slurm(command, said, cores)
    return measured_process([*snakemake, "--cores", str(cores)], said)


def study(directory: Path, count: int, cores: int, slurm: bool, arguments: list[str]) -> dict[str, object]:
    """Measure a batch and its jobs.

    Args:
        directory: an empty directory.
        count: number of samples.
        cores: cores that the batch may use.
        slurm: run it on a Slurm of one node that has so many.
        arguments: further arguments of snakemake.

    Returns:
        What was measured; seconds and MB.
    """
    demo = load_demo()
    config = prepare_samples(demo, directory, cores)
    panel = directory / "simulation_panel"
    scratch = directory / "jobs"
    scratch.mkdir()
    rows = [line.split("\t") for line in (directory / "samples.tsv").read_text().splitlines()[1:]]
    commands = [jobs(panel, row[0], [file for file in row[1:3] if file], scratch) for row in rows]
    as_work(commands[0])
    work = [as_work(each) for each in commands]
    processes = [as_processes(each, directory / "job.log") for each in commands]

    batch, watch = run_batch(directory, batch_of(config, count), cores, slurm, arguments)
    outputs = ["--output-tsv", str(directory / "s.tsv"), "--output-html", str(directory / "s.html")]
    reports = map(str, (directory / "batch").glob("*/*.report.json"))
    summary, _ = measured_process(
        [sys.executable, "-m", "aspsfusion", "summary", *outputs, *reports], directory / "job.log"
    )

    whole, stages = mean(processes), mean(work)
    memory = {"snakemake": watch.alone} | ({} if slurm else {"all_processes": watch.together})
    return {
        "samples": count,
        "cores": cores,
        "slurm": slurm,
        "batch": asdict(batch),
        "batch_per_sample": {key: value / count for key, value in asdict(batch).items()},
        "stages_in_batch_per_sample": {"elapsed": elapsed_in_batch(directory / "batch") / count},
        "stages_as_processes_per_sample": asdict(whole),
        "stages_as_work_per_sample": asdict(stages),
        "overhead_per_sample": {
            "elapsed_by_the_clock": batch.elapsed / count - stages.elapsed / cores,
            "elapsed_of_a_core": batch.elapsed * cores / count - stages.elapsed,
            "processor": batch.processor / count - stages.processor,
            "processor_of_starting_jobs": whole.processor - stages.processor,
            "processor_of_snakemake": batch.processor / count - whole.processor,
        },
        "by_job": {
            name: {"process": asdict(mean(processes, name)), "work": asdict(mean(work, name))}
            for name in commands[0]
        },
        "summary": asdict(summary),
        "memory_mb": memory,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=96, help="size of the batch (default: %(default)s)")
    parser.add_argument("--cores", type=int, default=2, help="that the batch may use (default: %(default)s)")
    parser.add_argument("--slurm", action="store_true", help="run it on a Slurm of one node, started for it")
    parser.add_argument("--directory", type=Path, help="where to work (default: a temporary directory)")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="of snakemake, after --")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batch.") as scratch:
        directory = args.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        measured = study(directory.resolve(), args.samples, args.cores, args.slurm, args.arguments)
    print(json.dumps(measured, indent=1, default=lambda value: round(value, 3)))


if __name__ == "__main__":
    main()
