"""What a batch costs beyond the work of its jobs, and where that goes.

    python tests/benchmark/batch_study.py --samples 96 --cores 2 --directory DIR

The samples are those of the demonstration, over and over under other names. Three things are measured:

* the batch: elapsed and processor time of `snakemake`, and the memory of snakemake alone and of all its
  processes, looked at twice a second;
* the jobs as processes: what each job of each distinct sample takes when it is started by itself;
* the jobs as work: the same in one process that has imported and compiled everything before.

The second minus the third is what starting Python, importing and loading compiled code cost; the first minus
the second is what Snakemake costs.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import yaml

from aspsfusion.cli import main as run_command_line
from aspsfusion.demo import DEFINITION, load_demo, prepare_samples

ROOT = Path(__file__).parents[2]
LOOK_EVERY = 0.5
"""Seconds between two looks at the memory."""
MEGABYTE = 1 << 20


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


def measured_process(command: list[str], said: Path) -> tuple[Usage, MemoryWatch]:
    """Run a command to its end.

    Raises:
        SystemExit: it failed.
    """
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with said.open("w") as stream:
        process = subprocess.Popen(command, cwd=ROOT, stdout=stream, stderr=subprocess.STDOUT)
        watch = MemoryWatch(process.pid)
        watch.start()
        status = process.wait()
    elapsed = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    watch.join()
    if status:
        sys.exit(f"{' '.join(command)} failed; see {said}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(elapsed, processor), watch


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


def study(directory: Path, count: int, cores: int, arguments: list[str]) -> dict[str, object]:
    """Measure a batch and its jobs.

    Args:
        directory: an empty directory.
        count: number of samples.
        cores: cores that snakemake may use; 0 leaves it to `arguments`.
        arguments: further arguments of snakemake.

    Returns:
        What was measured; seconds and MB.
    """
    demo = load_demo(ROOT / DEFINITION)
    config = prepare_samples(demo, ROOT, directory, max(cores, 1))
    panel = directory / "simulation_panel"
    scratch = directory / "jobs"
    scratch.mkdir()
    rows = [line.split("\t") for line in (directory / "samples.tsv").read_text().splitlines()[1:]]
    commands = [jobs(panel, row[0], [file for file in row[1:3] if file], scratch) for row in rows]
    as_work(commands[0])
    work = [as_work(each) for each in commands]
    processes = [as_processes(each, directory / "job.log") for each in commands]

    snakemake = [sys.executable, "-m", "snakemake", "--configfile", str(batch_of(config, count)), *arguments]
    if cores:
        snakemake += ["--cores", str(cores)]
    batch, watch = measured_process(snakemake, directory / "snakemake.log")
    outputs = ["--output-tsv", str(directory / "s.tsv"), "--output-html", str(directory / "s.html")]
    reports = map(str, (directory / "batch").glob("*/*.report.json"))
    summary, _ = measured_process(
        [sys.executable, "-m", "aspsfusion", "summary", *outputs, *reports], directory / "job.log"
    )

    def total(usages: list[dict[str, Usage]], job: str | None = None) -> Usage:
        """Return the mean over the distinct samples, of one job or of all."""
        chosen = [u for each in usages for name, u in each.items() if job in (None, name)]
        return Usage(
            sum(u.elapsed for u in chosen) / len(usages), sum(u.processor for u in chosen) / len(usages)
        )

    return {
        "samples": count,
        "cores": cores,
        "batch": asdict(batch),
        "batch_per_sample": {key: value / count for key, value in asdict(batch).items()},
        "jobs_as_processes_per_sample": asdict(total(processes)),
        "jobs_as_work_per_sample": asdict(total(work)),
        "overhead_per_sample": {
            "elapsed_on_all_cores": batch.elapsed / count - total(work).elapsed / max(cores, 1),
            "processor": batch.processor / count - total(work).processor,
            "processor_of_starting_jobs": total(processes).processor - total(work).processor,
            "processor_of_snakemake": batch.processor / count - total(processes).processor,
        },
        "by_job": {
            name: {"process": asdict(total(processes, name)), "work": asdict(total(work, name))}
            for name in commands[0]
        },
        "summary": asdict(summary),
        "memory_mb": {"snakemake": watch.alone, "all_processes": watch.together},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=96, help="size of the batch (default: %(default)s)")
    parser.add_argument("--cores", type=int, default=2, help="of snakemake (default: %(default)s)")
    parser.add_argument("--directory", type=Path, help="where to work (default: a temporary directory)")
    parser.add_argument("arguments", nargs="*", metavar="ARGUMENT", help="of snakemake, after --")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batch.") as scratch:
        directory = args.directory or Path(scratch)
        directory.mkdir(parents=True, exist_ok=True)
        measured = study(directory.resolve(), args.samples, args.cores, args.arguments)
    print(json.dumps(measured, indent=1, default=lambda value: round(value, 3)))


if __name__ == "__main__":
    main()
