"""Second stage: keeps the fragments that share a k-mer with the panel, and counts all others.

Nearly every read of a library has nothing to do with the question. A fragment is kept, with both mates,
when either mate holds at least one k-mer of the panel, on either strand. Each mate file is inflated and
scanned in a thread of its own.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aspsfusion.errors import ReadsError
from aspsfusion.fastq import FastqScanner, ScannedBlock
from aspsfusion.kmers import KmerTable, build_table
from aspsfusion.mate_order import require_mates
from aspsfusion.panel import load_panel
from aspsfusion.safe_output import replacing
from aspsfusion.steady import require_unchanged, stamps_of

MIN_KMERS = 1
"""Panel k-mers that a read must hold. One is enough to keep every junction read; what comes in by chance is
stopped by the alignment."""

COMPRESSION_LEVEL = 1


@dataclass(frozen=True)
class Lane:
    """The one or two FASTQ files of a lane."""

    fastq_1: Path
    fastq_2: Path | None = None


@dataclass(frozen=True)
class Step:
    """What one step of the screen gave.

    Attributes:
        records: kept records in the order of the files, both mates of a pair one behind the other.
        fragments: fragments of the lane read so far.
        kept: fragments of the lane kept so far.
        scanners: the lane's files with their counts.
    """

    records: list[bytes]
    fragments: int
    kept: int
    scanners: list[FastqScanner]


def screen_lane(lane: Lane, table: KmerTable, genes: int) -> Iterator[Step]:
    """Screen one lane.

    Args:
        lane: its files.
        table: the panel's k-mers.
        genes: number of genes of the panel.

    Yields:
        What each step gave; nothing when the files hold no read.

    Raises:
        ReadsError: a file is damaged, or the mates are out of step.
    """
    paths = [lane.fastq_1] if lane.fastq_2 is None else [lane.fastq_1, lane.fastq_2]
    done = kept = 0
    with ExitStack() as stack:
        scanners = [stack.enter_context(closing(FastqScanner(path, table, genes))) for path in paths]
        pending: list[ScannedBlock | None] = [None] * len(scanners)
        with ThreadPoolExecutor(max_workers=len(scanners)) as pool:
            while True:
                # Both files are inflated and scanned at the same time; the compiled code holds no lock.
                jobs = [
                    pool.submit(scanner.next_block) if block is None else None
                    for scanner, block in zip(scanners, pending, strict=True)
                ]
                pending = [job.result() if job else block for job, block in zip(jobs, pending, strict=True)]
                present = [block for block in pending if block is not None]
                if not present:
                    return
                if len(present) < len(pending):
                    _refuse_unequal(scanners, pending, done)
                count = min(block.count for block in present)
                _require_in_step(scanners, present, count, done)
                wanted = np.zeros(count, dtype=bool)
                for block in present:
                    wanted |= block.hits[:count] >= MIN_KMERS
                records = [block.record(int(index)) for index in np.flatnonzero(wanted) for block in present]
                done += count
                kept += int(wanted.sum())
                yield Step(records, done, kept, scanners)
                pending = [block.tail(count) if block.count > count else None for block in present]


def _refuse_unequal(
    scanners: Sequence[FastqScanner], pending: Sequence[ScannedBlock | None], done: int
) -> None:
    short = next(s for s, block in zip(scanners, pending, strict=True) if block is None)
    other = next(s for s, block in zip(scanners, pending, strict=True) if block is not None)
    raise ReadsError(
        f"ends after {done} records, while {other.path} goes on",
        path=short.path,
        where=f"record {done + 1}",
        remedy="give the complete mate files of one run",
    )


def _require_in_step(
    scanners: Sequence[FastqScanner], blocks: Sequence[ScannedBlock], count: int, done: int
) -> None:
    if len(blocks) < 2:
        return
    different = np.flatnonzero(blocks[0].names[:count] != blocks[1].names[:count])
    if different.size:
        index = int(different[0])
        names = [block.record(index).split(b"\n", 1)[0].decode("utf-8", "replace") for block in blocks]
        raise ReadsError(
            f"mates are out of step: {names[0]!r} stands against {names[1]!r} in {scanners[1].path}",
            path=scanners[0].path,
            where=f"record {done + index + 1}",
            remedy="give the mate files of one run, unsorted and unfiltered",
        )


def mate_record(record: bytes, mate: int | None) -> bytes:
    """Return a FASTQ record in the one form that later stages read.

    The name ends with /1 or /2 for a pair and carries no suffix for a single read; comment, carriage
    returns and the second name are dropped, bases are upper case.

    Args:
        record: four lines.
        mate: 1 or 2, None for a single read.
    """
    header, sequence, _, quality = record.replace(b"\r", b"").split(b"\n")[:4]
    name = header.split(maxsplit=1)[0]
    if name.endswith((b"/1", b"/2")):
        name = name[:-2]
    suffix = b"" if mate is None else b"/%d" % mate
    return b"%s%s\n%s\n+\n%s\n" % (name, suffix, sequence.upper(), quality)


def run_screen(
    panel_directory: Path,
    lanes: Sequence[Lane],
    output: Path,
    metrics: Path,
    progress: Callable[[int, str], None] = lambda count, note: None,
    *,
    force: bool = False,
) -> dict[str, object]:
    """Screen the lanes of one sample into one FASTQ of candidate fragments.

    Args:
        panel_directory: built panel.
        lanes: the sample's files, all paired or all single.
        output: gzip FASTQ to write; mates of a pair stand one behind the other.
        metrics: JSON to write.
        progress: called now and then with the fragments read so far and a note.
        force: replace existing files.

    Returns:
        What was written to metrics.

    Raises:
        ReadsError: a file is damaged, empty, out of step, or the lanes differ in layout.
    """
    from isal import igzip

    if len({lane.fastq_2 is None for lane in lanes}) != 1:
        raise ReadsError("some lanes are paired and some are single", remedy="give them as separate samples")
    paired = lanes[0].fastq_2 is not None
    panel = load_panel(panel_directory)
    symbols = [gene.symbol for gene in panel.spec.genes]
    table = build_table(*panel.kmers())
    for lane in lanes:
        if lane.fastq_2 is not None:
            require_mates(lane.fastq_1, lane.fastq_2)
    stamps = stamps_of(path for lane in lanes for path in (lane.fastq_1, lane.fastq_2) if path)
    fragments = candidates = bases = longest = 0
    gene_hits = np.zeros(len(symbols), dtype=np.int64)
    with (
        # Both names are claimed before the first read, so that either both files appear or none.
        replacing(output, force=force) as draft,
        replacing(metrics, force=force) as metrics_draft,
        draft.open("wb") as raw,
        igzip.IGzipFile(filename="", mode="wb", fileobj=raw, compresslevel=COMPRESSION_LEVEL, mtime=0) as out,
    ):
        for lane in lanes:
            step: Step | None = None
            for step in screen_lane(lane, table, len(symbols)):
                for index, record in enumerate(step.records):
                    out.write(mate_record(record, index % 2 + 1 if paired else None))
                progress(fragments + step.fragments, f", {candidates + step.kept:,} kept")
            if step is None:
                raise ReadsError("holds no reads", path=lane.fastq_1, remedy="give a FASTQ with reads")
            fragments += step.fragments
            candidates += step.kept
            bases += sum(scanner.bases for scanner in step.scanners)
            longest = max(longest, *(scanner.longest for scanner in step.scanners))
            gene_hits += sum(scanner.gene_hits for scanner in step.scanners)
        require_unchanged(stamps)
        result: dict[str, object] = {
            "layout": "paired" if paired else "single",
            "lanes": [[p.name for p in (lane.fastq_1, lane.fastq_2) if p] for lane in lanes],
            "total_fragments": fragments,
            "total_reads": fragments * (2 if paired else 1),
            "total_bases": bases,
            "read_length": longest,
            "candidate_fragments": candidates,
            "kmers_by_gene": {symbol: int(n) for symbol, n in zip(symbols, gene_hits, strict=True) if n},
        }
        metrics_draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result
