"""Times the screen beside other programs on the same reads, in the same run, by turns.

`make benchmark` calls this. Every program runs once in each round, so that a machine that is busy for a while
slows all of them; the table holds the median of the rounds. Programs that are not installed are left out with
a word, and of one that fails the table says so. Slow ones get a stated part of the reads, and their time is
scaled by the number of pairs, which counts their start several times; where several sizes are given, they run
with the first one only.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from make_reads import repeat, transcriptome, write_pairs

DISTINCT_PAIRS = 1_000_000
"""Pairs that are made; larger inputs repeat them as gzip members one behind the other."""

LIMIT = "igzip -dc, both files in parallel"


LAUNCHER = """
import os, resource, sys, time
begin = time.perf_counter()
child = os.fork()
if not child:
    os.execvp(sys.argv[2], sys.argv[2:])
status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
end, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
os.write(int(sys.argv[1]), f"{begin} {end} {used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
sys.exit(status)
"""
"""Starts a command from a small process: the peak memory of a program counts what it was started from as
well, and this benchmark is large once it has made reads. All processes have one clock, the system's."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        wall: seconds from start to end.
        cpu: seconds of all its processes.
        memory: peak resident memory of its largest process, in MB.
    """

    wall: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Contestant:
    """A program and what it is run as.

    Attributes:
        name: what the table calls it.
        program: what must be installed.
        commands: of a pair of files, the command lines that run at the same time.
        pairs: how many pairs it gets; None for all.
    """

    name: str
    program: str
    commands: Callable[[tuple[Path, Path], Path], list[list[str]]]
    pairs: int | None = None


class ProgramError(Exception):
    """A program failed; the message has its status and the last line that it wrote as an error."""


def run(commands: Iterable[Sequence[str]]) -> Cost:
    """Run command lines at the same time and return what they took together.

    Raises:
        ProgramError: one of them failed; all have ended.
    """
    begin = time.perf_counter()
    started = []
    for command in commands:
        read, write = os.pipe()
        launch = [sys.executable, "-S", "-c", LAUNCHER, str(write), *command]
        errors = tempfile.TemporaryFile()  # noqa: SIM115  closed when it has been read
        process = subprocess.Popen(launch, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=errors)
        started.append((command, process, read, errors))
        os.close(write)
    cpu = memory = last = 0.0
    failures = []
    for command, process, read, errors in started:
        with os.fdopen(read) as said, errors:
            words = said.read().split()
            status = process.wait()
            errors.seek(0)
            lines = errors.read().decode(errors="replace").strip().splitlines()
        if status:
            failures.append(f"{command[0]} ended with status {status}: {lines[-1] if lines else 'no word'}")
            continue
        first, end, used, peak = map(float, words)
        begin = min(first, begin) if last else first
        last = max(last, end)
        cpu += used
        memory = max(memory, peak / 1024)
    if failures:
        raise ProgramError("; ".join(failures))
    return Cost(last - begin, cpu, memory)


def contestants(panel: Path, slow_pairs: int) -> list[Contestant]:
    """Return the programs, the limit first and the screen second."""
    fasta = str(panel / "transcripts.fa")

    def each_file(*command: str) -> Callable[[tuple[Path, Path], Path], list[list[str]]]:
        return lambda reads, scratch: [[*command, str(path)] for path in reads]

    def both(*command: str) -> Callable[[tuple[Path, Path], Path], list[list[str]]]:
        return lambda reads, scratch: [
            [part.format(r1=reads[0], r2=reads[1], out=scratch, fasta=fasta) for part in command]
        ]

    screen = [sys.executable, "-m", "aspsfusion", "screen", "--panel", str(panel), "{r1}", "{r2}", "--force"]
    star = ["STAR", "--runThreadN", "2", "--genomeDir", "{out}/star", "--readFilesIn", "{r1}", "{r2}"]
    star += ["--readFilesCommand", "gzip", "-dc", "--chimSegmentMin", "12", "--chimOutType", "WithinBAM"]
    star += ["--outSAMtype", "BAM", "Unsorted", "--outFileNamePrefix", "{out}/star."]
    bbduk = ["bbduk.sh", "-Xmx2g", "threads=2", "in={r1}", "in2={r2}", "outm={out}/bbduk.fq", "ref={fasta}"]
    return [
        Contestant(LIMIT, "igzip", each_file("igzip", "-dc")),
        Contestant(
            "aspsfusion screen",
            sys.executable,
            both(*screen, "--output", "{out}/kept.fq.gz", "--metrics", "{out}/screen.json"),
        ),
        Contestant("gzip -dc, both files in parallel", "gzip", each_file("gzip", "-dc")),
        Contestant("bbduk.sh k=21", "bbduk.sh", both(*bbduk, "k=21", "overwrite=t"), slow_pairs),
        Contestant("STAR, chimeric detection", "STAR", both(*star), slow_pairs),
        Contestant(
            "minimap2 -ax sr",
            "minimap2",
            both("minimap2", "-t", "2", "-ax", "sr", "{fasta}", "{r1}", "{r2}"),
            slow_pairs,
        ),
        Contestant(
            "bwa mem", "bwa", both("bwa", "mem", "-t", "2", "{out}/bwa.fa", "{r1}", "{r2}"), slow_pairs
        ),
    ]


def prepare(panel: Path, scratch: Path, chosen: Sequence[Contestant]) -> None:
    """Build the indexes that chosen programs need.

    A program whose index cannot be built says so itself when it is run.
    """
    fasta = scratch / "bwa.fa"
    shutil.copyfile(panel / "transcripts.fa", fasta)
    programs = {one.program for one in chosen}
    commands = []
    if "bwa" in programs:
        commands.append(["bwa", "index", str(fasta)])
    if "STAR" in programs:
        (scratch / "star").mkdir()
        build = ["STAR", "--runMode", "genomeGenerate", "--genomeDir", str(scratch / "star")]
        build += ["--genomeFastaFiles", str(fasta), "--genomeSAindexNbases", "8", "--genomeChrBinNbits", "11"]
        commands.append([*build, "--outFileNamePrefix", f"{scratch}/build."])
    for command in commands:
        try:
            run([command])
        except ProgramError as failure:
            print(f"preparing: {failure}", flush=True)


def table(costs: dict[str, list[Cost]], scale: dict[str, float], said: dict[str, str]) -> list[list[str]]:
    """Return the rows of the result: medians, and ratios to the limit and to the screen.

    Args:
        costs: what each program took in each round.
        scale: by what the time of a program is multiplied to stand for all pairs.
        said: what is to be noted of a program.
    """
    rows = [["program", "wall s", "CPU s", "peak MB", "wall / igzip", "CPU / igzip", "note"]]
    middle = {
        name: Cost(
            *(statistics.median(getattr(c, part) for c in found) for part in ("wall", "cpu", "memory"))
        )
        for name, found in costs.items()
        if found
    }
    limit = middle.get(LIMIT)
    for name, cost in middle.items():
        wall, cpu = cost.wall * scale[name], cost.cpu * scale[name]
        ratios = [f"{wall / limit.wall:.2f}", f"{cpu / limit.cpu:.2f}"] if limit else ["", ""]
        rows.append([name, f"{wall:.2f}", f"{cpu:.2f}", f"{cost.memory:.0f}", *ratios, said.get(name, "")])
    rows += [[name, "", "", "", "", "", said.get(name, "")] for name in costs if name not in middle]
    return rows


def race(chosen: Sequence[Contestant], args: argparse.Namespace, size: int) -> list[list[str]]:
    """Run the programs by turns on one number of pairs and return the rows of the result.

    Args:
        chosen: the programs; what fails is left out of the rounds that follow.
        args: of the command line.
        size: number of pairs, rounded down to whole repeats of what is made.
    """
    distinct = min(DISTINCT_PAIRS, size)
    pool = transcriptome(args.panel)
    made = write_pairs(args.work / str(distinct), distinct, pool)
    pairs = size // distinct * distinct
    reads: dict[int | None, tuple[Path, Path]]
    reads = {None: made if pairs == distinct else repeat(made, pairs // distinct, args.work / str(pairs))}
    costs: dict[str, list[Cost]] = {c.name: [] for c in chosen}
    scale, said = {c.name: 1.0 for c in chosen}, {}
    failed: set[str] = set()
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        scratch = Path(folder)
        prepare(args.panel, scratch, chosen)
        for one in chosen:
            if one.pairs and one.pairs < pairs:
                reads[one.pairs] = write_pairs(args.work / str(one.pairs), one.pairs, pool)
                scale[one.name] = pairs / one.pairs
                said[one.name] = f"timed on {one.pairs:,} pairs, scaled, its start too"
        for round_number in range(1, args.rounds + 1):
            for one in (each for each in chosen if each.name not in failed):
                few = one.pairs if one.pairs in reads else None
                try:
                    cost = run(one.commands(reads[few], scratch))
                except ProgramError as failure:
                    failed.add(one.name)
                    costs[one.name].clear()
                    said[one.name] = f"failed: {failure}"
                    print(f"{pairs:,} pairs, round {round_number}: {one.name} {said[one.name]}", flush=True)
                    continue
                costs[one.name].append(cost)
                took = f"{cost.wall:.2f} s, {cost.cpu:.2f} s CPU, {cost.memory:.0f} MB"
                print(f"{pairs:,} pairs, round {round_number}: {one.name} {took}", flush=True)
    head, *rows = table(costs, scale, said)
    return [["pairs", *head], *([str(pairs), *row] for row in rows)]


def sizes(text: str) -> list[int]:
    """Return the numbers of a list with commas, smallest first."""
    found = sorted(int(number.replace("_", "")) for number in text.split(","))
    if found[0] < 1:
        raise ValueError(text)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and write its table as TSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True, help="built panel directory")
    parser.add_argument("--work", type=Path, required=True, help="where the reads are made, once")
    parser.add_argument("--output", type=Path, required=True, help="TSV to write")
    parser.add_argument(
        "--sizes", "--pairs", type=sizes, default=[5_000_000], help="numbers of pairs, with commas between"
    )
    parser.add_argument("--slow-pairs", type=int, default=200_000, help="pairs for aligners and bbduk.sh")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="programs whose name holds this, besides the limit")
    args = parser.parse_args(arguments)
    chosen = [c for c in contestants(args.panel, args.slow_pairs) if c.name == LIMIT or args.only in c.name]
    for absent in [c for c in chosen if not shutil.which(c.program)]:
        print(f"{absent.name}: {absent.program} is not installed, left out")
        chosen.remove(absent)
    rows: list[list[str]] = []
    for size in args.sizes:
        head, *found = race([c for c in chosen if not (rows and c.pairs)], args, size)
        rows += found if rows else [head, *found]
    note = f"# {args.rounds} rounds, {os.cpu_count()} cores, {platform.machine()}\n"
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(note + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
