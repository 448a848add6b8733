"""Kills, ends and starves the jobs of a whole workflow at random marks, and runs it again.

A mark is an event of a job with a file of the batch, counted in a run that nothing disturbs. The jobs take
turns, those of a sample that comes as FASTQ and those of one that comes as BAM. A signal goes to the workflow
with all its jobs, as when a machine or a session ends; a full disk is that of one job. The next run leaves
nothing and writes the same results.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aspsfusion.batch.manifest import differences, read_manifest
from aspsfusion.batch.outcomes import CANDIDATES_SUFFIX
from fuzz.broken_rounds import FULL, KINDS
from fuzz.corpus import Corpus, build_corpus
from repository import ROOT
from small_batch import SmallBatch, working_directory
from snakemake_runs import SnakemakeRun

LARGEST_ROOM = 60_000
"""Bytes: beyond most files of the batch, so that some jobs are starved at once and some late or never."""

COLUMNS = {"fastq": ("reads_1.fq", "reads_2.fq", ""), "bam": ("", "", "reads.bam")}
"""Files of the sample in the sheet, by the format in which it comes."""

DIRECTORY_MARK = ".snakemake_timestamp"
"""What Snakemake keeps in a directory that a rule makes."""


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing disturbed.

    Attributes:
        outdir: its results.
        counts: number of marks by job.
    """

    outdir: Path
    counts: Mapping[str, int]


def new_batch(directory: Path, corpus: Corpus, format_: str) -> SmallBatch:
    """Make a batch of the corpus's carrier, not run yet, with a temporary directory of its own."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(parents=True, exist_ok=True)
    working_directory(directory)
    (directory / "tmp").mkdir()
    (directory / "counts").mkdir()
    batch = SmallBatch(directory)
    reads = "\t".join(str(corpus.sample(0) / name) if name else "" for name in COLUMNS[format_])
    batch.sheet.write_text(f"sample_id\tfastq_1\tfastq_2\tbam\nx\t{reads}\n")
    sources = corpus.directory / "small.yaml", corpus.directory / "genome.fa"
    batch.configure(panel=str(sources[0]), genome_fasta=str(sources[1]))
    return batch


def environment(batch: SmallBatch, **disturbed: object) -> dict[str, str]:
    """Return the environment of a run in which a job is disturbed, or all are counted."""
    found = {**os.environ, "TMPDIR": str(batch.directory / "tmp")}
    if disturbed:
        below = [str(batch.directory)]
        found["ASPSFUSION_TEST_DISTURB"] = json.dumps(
            {"below": below, "counts": str(batch.directory / "counts"), **disturbed}
        )
        found["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT / "tests" / "hold"), *filter(None, [os.environ.get("PYTHONPATH")])]
        )
    return found


def run(batch: SmallBatch, *arguments: str, **disturbed: object) -> tuple[int, str]:
    """Run the workflow until all its processes have ended; returns status and what it said."""
    started = SnakemakeRun(
        batch.arguments("--cores", "2", *arguments),
        batch.directory,
        batch.log(),
        environment(batch, **disturbed),
    )
    status = started.wait()
    with suppress(ProcessLookupError):
        while True:
            os.killpg(started.pid, 0)
            time.sleep(0.05)
    return status, batch.log().read_text(errors="replace")


def left(batch: SmallBatch) -> list[str]:
    """Return what is no result: drafts, notes of attempts, temporary files, and reads that no job needs."""
    hidden = (path for path in batch.outdir.rglob("*") if path.name.startswith("."))
    found = [path for path in hidden if path.name != DIRECTORY_MARK]
    found += batch.outdir.rglob("*.attempt.txt")
    found += [
        path
        for path in batch.outdir.rglob(f"*{CANDIDATES_SUFFIX}")
        if path.with_name("x.outcome.json").exists()
    ]
    found += [path for path in (batch.directory / "tmp").iterdir() if path.name.startswith("aspsfusion.")]
    return [str(path.relative_to(batch.directory)) for path in found]


def run_undisturbed(directory: Path, corpus: Corpus, format_: str) -> Undisturbed:
    """Run a batch to its end; a second run has nothing to do."""
    batch = new_batch(directory, corpus, format_)
    status, said = run(batch, job="", at=0, number=0, room=0)
    assert status == 0, said
    assert not left(batch)
    status, said = run(batch)
    assert "Nothing to be done" in said, said
    counts = {path.name: int(path.read_text()) for path in (directory / "counts").iterdir()}
    print(format_, *(f"{job} {count}" for job, count in sorted(counts.items())), "events", flush=True)
    return Undisturbed(batch.outdir, counts)


def one_round(batch: SmallBatch, kind: str, seed: int, whole: Undisturbed) -> tuple[bool, list[str]]:
    """Disturb a workflow once and run it again; returns whether that ended it, and what must not be."""
    source = random.Random(f"workflow {kind} {seed}")
    job = sorted(whole.counts)[seed // len(COLUMNS) % len(whole.counts)]
    number = 0 if kind == FULL else int(signal.Signals[kind])
    # Late marks may have no room to miss any more.
    room = source.randrange(LARGEST_ROOM) if source.random() < 0.5 else 0
    at = source.randint(1, whole.counts[job])
    status, said = run(batch, job=job, at=at, number=number, room=room)
    where = f"{job} at {at} of {whole.counts[job]}"
    problems = []
    if kind != FULL and status == 0:
        problems.append(f"was not disturbed: {said[-300:]}")
    if kind == FULL and status not in (0, 1):
        problems.append(f"status {status}: {said[-300:]}")
    if kind != "SIGKILL" and left(batch):
        problems.append(f"left {left(batch)}")
    if kind != FULL and list(batch.outdir.rglob("*.failed.txt")):
        problems.append("a sample is to blame")
    locks = batch.directory / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        run(batch, "--unlock")
    again, said = run(batch)
    if again:
        problems.append(f"the next run: status {again}: {said[-600:]}")
    else:
        expected = read_manifest(whole.outdir)
        problems += [f"{name} is {what}" for name, what in differences(batch.outdir, expected)]
        if left(batch):
            problems.append(f"the next run left {left(batch)}")
    return status != 0, [f"{where}: {problem}" for problem in problems]


def main() -> int:
    """Run the rounds and print a table; the status is 1 where there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="directory for files")
    parser.add_argument(
        "--rounds", type=int, default=20, help="that end a run, of each kind (default: %(default)s)"
    )
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    args = parser.parse_args()
    work = args.work.resolve()
    corpus = Corpus(work / "corpus")
    if not corpus.directory.is_dir():
        build_corpus(corpus.directory)
    whole = {name: run_undisturbed(work / "whole" / name, corpus, name) for name in COLUMNS}
    broken = 0
    for kind in args.kinds:
        rounds = well = ended = 0
        # A full disk that comes late ends nothing; then there is one round more, but not for ever.
        while ended < args.rounds and rounds < 2 * args.rounds:
            seed = args.first_seed + rounds
            rounds += 1
            format_ = list(COLUMNS)[seed % len(COLUMNS)]
            batch = new_batch(work / "disturbed", corpus, format_)
            disturbed, problems = one_round(batch, kind, seed, whole[format_])
            ended += disturbed
            well += not problems
            for problem in problems:
                print(f"workflow {kind} {seed} {format_}: {problem}", flush=True)
        broken += rounds - well
        print(f"workflow   {kind} {well}/{rounds}, {ended} ended a run", flush=True)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
