"""Times the screen beside other programs on the same reads, in the same run, by turns.

`make benchmark` calls this. Every program runs once in each round, so that a machine that is busy for a while
slows all of them; the table holds the median of the rounds. Programs that are not installed are left out with
a word. Slow ones get a stated part of the reads, and their time is scaled by the number of pairs.
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

from make_reads import panel_letters, repeat, write_pairs

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


def run(commands: Iterable[Sequence[str]]) -> Cost:
    """Run command lines at the same time and return what they took together.

    Raises:
        subprocess.CalledProcessError: one of them failed.
    """
    begin = time.perf_counter()
    started = []
    for command in commands:
        read, write = os.pipe()
        launch = [sys.executable, "-S", "-c", LAUNCHER, str(write), *command]
        process = subprocess.Popen(
            launch, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        started.append((command, process, read))
        os.close(write)
    cpu = memory = last = 0.0
    for command, process, read in started:
        with os.fdopen(read) as said:
            words = said.read().split()
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)
        first, end, used, peak = map(float, words)
        begin = min(first, begin) if last else first
        last = max(last, end)
        cpu += used
        memory = max(memory, peak / 1024)
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


def prepare(panel: Path, scratch: Path) -> None:
    """Build the indexes of the programs that need one."""
    fasta = scratch / "bwa.fa"
    shutil.copyfile(panel / "transcripts.fa", fasta)
    if shutil.which("bwa"):
        run([["bwa", "index", str(fasta)]])
    if shutil.which("STAR"):
        (scratch / "star").mkdir()
        build = ["STAR", "--runMode", "genomeGenerate", "--genomeDir", str(scratch / "star")]
        build += ["--genomeFastaFiles", str(fasta), "--genomeSAindexNbases", "8", "--genomeChrBinNbits", "11"]
        run([[*build, "--outFileNamePrefix", f"{scratch}/build."]])


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
    }
    limit = middle.get(LIMIT)
    for name, cost in middle.items():
        wall, cpu = cost.wall * scale[name], cost.cpu * scale[name]
        ratios = [f"{wall / limit.wall:.2f}", f"{cpu / limit.cpu:.2f}"] if limit else ["", ""]
        rows.append([name, f"{wall:.2f}", f"{cpu:.2f}", f"{cost.memory:.0f}", *ratios, said.get(name, "")])
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the benchmark and write its table as TSV."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True, help="built panel directory")
    parser.add_argument("--work", type=Path, required=True, help="where the reads are made, once")
    parser.add_argument("--output", type=Path, required=True, help="TSV to write")
    parser.add_argument("--pairs", type=int, default=5_000_000)
    parser.add_argument("--slow-pairs", type=int, default=200_000, help="pairs for aligners and bbduk.sh")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="programs whose name holds this, besides the limit")
    args = parser.parse_args(arguments)
    distinct = min(DISTINCT_PAIRS, args.pairs)
    letters = panel_letters(args.panel)
    made = write_pairs(args.work / str(distinct), distinct, letters)
    reads: dict[int | None, tuple[Path, Path]] = {None: made}
    if args.pairs > distinct:
        reads[None] = repeat(made, args.pairs // distinct, args.work / str(args.pairs))
    pairs = args.pairs // distinct * distinct
    chosen = [c for c in contestants(args.panel, args.slow_pairs) if c.name == LIMIT or args.only in c.name]
    for absent in [c for c in chosen if not shutil.which(c.program)]:
        print(f"{absent.name}: {absent.program} is not installed, left out")
        chosen.remove(absent)
    costs: dict[str, list[Cost]] = {c.name: [] for c in chosen}
    scale, said = {c.name: 1.0 for c in chosen}, {}
    with tempfile.TemporaryDirectory(dir=args.work) as folder:
        scratch = Path(folder)
        prepare(args.panel, scratch)
        for one in chosen:
            if one.pairs and one.pairs < pairs:
                reads[one.pairs] = write_pairs(args.work / str(one.pairs), one.pairs, letters)
                scale[one.name] = pairs / one.pairs
                said[one.name] = f"timed on {one.pairs:,} pairs, scaled"
        for round_number in range(args.rounds):
            for one in chosen:
                few = one.pairs if one.pairs in reads else None
                cost = run(one.commands(reads[few], scratch))
                costs[one.name].append(cost)
                print(
                    f"round {round_number + 1}: {one.name} {cost.wall:.2f} s, {cost.cpu:.2f} s CPU",
                    flush=True,
                )
    rows = table(costs, scale, said)
    head = f"# {pairs:,} pairs, {args.rounds} rounds, {os.cpu_count()} cores, {platform.machine()}\n"
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(head + "".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
