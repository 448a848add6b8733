"""Kills, ends and starves the jobs of a whole workflow at random marks, and runs it again.

A mark is an event of a job with a file of the batch, counted in a run that nothing disturbs. A signal goes to
the workflow with all its jobs, as when a machine or a session ends; a full disk is that of one job. The next
run leaves nothing and writes the same results.
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
from pathlib import Path

from aspsfusion.batch.manifest import differences, read_manifest
from aspsfusion.batch.outcomes import CANDIDATES_SUFFIX
from fuzz.broken_rounds import FULL, KINDS
from fuzz.corpus import Corpus, build_corpus
from repository import ROOT
from small_batch import SmallBatch, working_directory
from snakemake_runs import SnakemakeRun, snakemake

LARGEST_ROOM = 60_000
"""Bytes: beyond most files of the batch, so that some jobs are starved at once and some late or never."""


DIRECTORY_MARK = ".snakemake_timestamp"
"""What Snakemake keeps in a directory that a rule makes."""


def new_batch(directory: Path, corpus: Corpus) -> SmallBatch:
    """Make a batch of the corpus's carrier, not run yet, with a temporary directory of its own."""
    shutil.rmtree(directory, ignore_errors=True)
    working_directory(directory)
    (directory / "tmp").mkdir()
    (directory / "counts").mkdir()
    batch = SmallBatch(directory)
    reads = "\t".join(str(corpus.sample(0) / f"reads_{mate}.fq") for mate in (1, 2))
    batch.sheet.write_text(f"sample_id\tfastq_1\tfastq_2\nx\t{reads}\n")
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
    """Return what is no result: drafts, notes of attempts and temporary files."""
    hidden = (path for path in batch.outdir.rglob("*") if path.name.startswith("."))
    found = [path for path in hidden if path.name != DIRECTORY_MARK]
    found += batch.outdir.rglob("*.attempt.txt")
    found += [path for path in (batch.directory / "tmp").iterdir() if path.name.startswith("aspsfusion.")]
    return [str(path.relative_to(batch.directory)) for path in found]


def one_round(batch: SmallBatch, kind: str, seed: int, whole: Path, counts: Mapping[str, int]) -> list[str]:
    """Disturb a workflow once and run it again; returns what must not be."""
    source = random.Random(f"workflow {kind} {seed}")
    job = source.choice(sorted(counts))
    number = 0 if kind == FULL else int(signal.Signals[kind])
    # Late marks may have no room to miss any more.
    room = source.randrange(LARGEST_ROOM) if source.random() < 0.5 else 0
    at = source.randint(1, counts[job])
    status, said = run(batch, job=job, at=at, number=number, room=room)
    where = f"{job} at {at} of {counts[job]}"
    problems = []
    if kind != FULL and status == 0:
        problems.append(f"was not disturbed: {said[-300:]}")
    if kind == FULL and status not in (0, 1):
        problems.append(f"status {status}: {said[-300:]}")
    if kind != "SIGKILL" and left(batch):
        problems.append(f"left {left(batch)}")
    locks = batch.directory / ".snakemake" / "locks"
    if locks.is_dir() and any(locks.iterdir()):
        run(batch, "--unlock")
    status, said = run(batch)
    if status:
        return [*problems, f"{where}: the next run: status {status}: {said[-600:]}"]
    problems += [f"{name} is {what}" for name, what in differences(batch.outdir, read_manifest(whole))]
    stayed = [*left(batch), *(path.name for path in batch.outdir.rglob(f"*{CANDIDATES_SUFFIX}"))]
    if stayed:
        problems.append(f"the next run left {stayed}")
    return [f"{where}: {problem}" for problem in problems]


def main() -> int:
    """Run the rounds and print a table; the status is 1 where there is a problem."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="directory for files")
    parser.add_argument("--rounds", type=int, default=20, help="of each kind (default: %(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    args = parser.parse_args()
    work = args.work.resolve()
    corpus = Corpus(work / "corpus")
    if not corpus.directory.is_dir():
        build_corpus(corpus.directory)
    undisturbed = new_batch(work / "whole", corpus)
    status, said = run(undisturbed, job="", at=0, number=0, room=0)
    assert status == 0, said
    again = snakemake(
        undisturbed.arguments("--cores", "2"),
        undisturbed.directory,
        undisturbed.log(),
        environment(undisturbed),
    )
    assert "Nothing to be done" in again.stdout, again.stdout
    counts = {path.name: int(path.read_text()) for path in (undisturbed.directory / "counts").iterdir()}
    print(" ".join(f"{job} {count}" for job, count in sorted(counts.items())), "events", flush=True)
    broken = 0
    for kind in args.kinds:
        well = 0
        for seed in range(args.rounds):
            batch = new_batch(work / "disturbed", corpus)
            problems = one_round(batch, kind, seed, undisturbed.outdir, counts)
            well += not problems
            for problem in problems:
                print(f"workflow {kind} {seed}: {problem}", flush=True)
        broken += args.rounds - well
        print(f"workflow   {kind} {well}/{args.rounds}", flush=True)
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
