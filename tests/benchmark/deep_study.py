"""Measures what a pair of a deep sample costs, from its candidates to its calls, beside BWA-MEM alone.

PYTHONPATH=tests python tests/benchmark/deep_study.py --panel DIR [--pairs N]... [--aligned]

Reads are pairs of 100 nt of all transcripts of the panel, 0.3 percent of their bases wrong. BWA-MEM is that
of pybwa with the panel's settings, on the same reads, in the same process: ratios mean more than times.
With --aligned the same is done without settling, and the calls must be the same.
"""

import argparse
import gzip
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pysam

from aspsfusion.call.call import Caller
from aspsfusion.call.calls_file import write_calls
from aspsfusion.call.tag import run_tag
from aspsfusion.config import CallParameters
from aspsfusion.io.bwa import aligner_options, open_aligner
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.pipeline import Watcher, call_candidates
from deep_reads import DeepSample, candidates

CHUNK = 10_000
ALIGNED = 10_000
"""Pairs that are made at a time, and those that BWA-MEM is measured with."""

SAMPLE = DeepSample(fragments=CHUNK, inserts=(100, 340), read_length=100, error_rate=0.003, fused=0.0005)


def write_candidates(path: Path, panel: Panel, pairs: int) -> None:
    """Write so many candidates."""
    transcripts = {key: each.sequence for key, each in panel.transcripts.items() if len(each.sequence) > 400}
    with gzip.open(path, "wt", compresslevel=1) as out:
        for first in range(1, pairs + 1, CHUNK):
            out.write(candidates(SAMPLE, transcripts, seed=first, first=first))


def bwa_alone(panel: Panel, path: Path) -> float:
    """Return the microseconds of a processor that BWA-MEM takes for a pair."""
    with pysam.FastxFile(str(path), persist=True) as reads:
        queries = [read for read, _ in zip(reads, range(2 * ALIGNED), strict=False)]
    with open_aligner(panel.index_prefix) as aligner:
        begin = time.process_time()
        for first in range(0, len(queries), CHUNK):
            aligner.align(queries[first : first + CHUNK], aligner_options())
        seconds = time.process_time() - begin
    return 2e6 * seconds / len(queries)


def analysed(panel: Panel, reads: Path, output: Path, *, settle: bool) -> Iterator[tuple[str, float]]:
    """Yield each stage with the seconds of a processor that it took; writes `calls` into the output."""
    output.mkdir()
    marks: list[tuple[str, float]] = []
    watcher = Watcher(stage=lambda stage: marks.append((stage, time.process_time())))
    outputs = {name: output / name for name in ("align", "evidence")}
    caller = Caller(panel, CallParameters())
    calls, records, sample = call_candidates(caller, reads, "x", outputs, watcher=watcher, settle=settle)
    watcher.stage("tag")
    files = (output / name for name in ("panel.bam", "junctions.fa"))
    run_tag(panel.directory, records, calls, *files, sample=sample)
    watcher.stage("end")
    write_calls(calls, output / "calls")
    for (stage, begin), (_, end) in pairwise(marks):
        yield stage, end - begin
    yield "settled", float(sample.settled.rows.size)


def main() -> None:
    """Print a line for each number of pairs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--panel", type=Path, required=True)
    parser.add_argument("--pairs", type=int, action="append")
    parser.add_argument("--aligned", action="store_true")
    args = parser.parse_args()
    panel = load_panel(args.panel)
    for pairs in args.pairs or [100_000]:
        with tempfile.TemporaryDirectory() as scratch:
            reads = Path(scratch, "c.fastq.gz")
            write_candidates(reads, panel, pairs)
            alone = bwa_alone(panel, reads)
            found = set()
            for settle in (True, False) if args.aligned else (True,):
                output = Path(scratch, f"settle_{settle}")
                *stages, (_, settled) = analysed(panel, reads, output, settle=settle)
                found.add((output / "calls").read_bytes())
                cost = {stage: round(1e6 * seconds / pairs, 1) for stage, seconds in stages}
                total = 1e6 * sum(seconds for _, seconds in stages) / pairs
                memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                print(
                    f"{pairs} pairs, {settled / pairs:.1%} settled: {total:.1f} us a pair {cost}, "
                    f"{total / alone:.2f} of BWA-MEM ({alone:.1f} us); {memory} MB",
                    flush=True,
                )
            if len(found) > 1:
                raise SystemExit("the calls differ")


if __name__ == "__main__":
    main()
