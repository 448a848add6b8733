"""Second stage: keeps the fragments that share sequence with the panel, and counts all others.

Nearly every read of a library has nothing to do with the question. A fragment is kept, with both mates,
when either mate matches the panel on either strand.

What the screen counts of a sample: the record behind `screen.json`.
"""

import gc
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from aspsfusion.errors import ReadsError, printable
from aspsfusion.io.checksums import Content
from aspsfusion.io.compressed import STANDARD_INPUT
from aspsfusion.io.files import (
    Progress,
    no_progress,
    open_to_write,
    replacing,
    require_unchanged,
    stamps_of,
)
from aspsfusion.native import BASES, GC, GOOD, LONGEST, QUALITY, TOTALS, UNKNOWN
from aspsfusion.panel.screen_index import load_screen_index
from aspsfusion.screen.fastq import FastqScanner
from aspsfusion.screen.lengths import are_long
from aspsfusion.screen.pairs import Lane, LaneReader


class ScreenMetrics(NamedTuple):
    """Counts of a sample's reads, under the names that `screen.json` has for them.

    Attributes:
        lanes: names of the files of each lane.
        inputs: name, bytes, SHA-256 and reads of each file, lane by lane.
        read_length: longest read in nt.
        mean_read_length: in nt.
        read_lengths: number of reads by length in nt.
        gc_fraction: share of G and C among the bases that are known.
        n_fraction: share of bases that are not known (N).
        mean_quality: mean Phred quality of all bases; None where the reads have none.
        q30_fraction: share of bases with a quality of at least 30, likewise.
        candidate_fragments: fragments that were kept.
        kmers_by_gene: panel k-mers in the reads that match the panel.
        qualities: `absent` where a file is FASTA; else not in `screen.json`.
    """

    layout: Literal["paired", "single"]
    interleaved: bool
    lanes: list[list[str]]
    inputs: list[dict[str, str | int]]
    total_fragments: int
    total_reads: int
    total_bases: int
    read_length: int
    mean_read_length: float
    read_lengths: dict[str, int]
    gc_fraction: float
    n_fraction: float
    mean_quality: float | None
    q30_fraction: float | None
    candidate_fragments: int
    kmers_by_gene: dict[str, int]
    qualities: Literal["absent"] | None = None

    def as_json(self) -> str:
        """Return the text of `screen.json`."""
        data = self._asdict()
        if self.qualities is None:
            del data["qualities"]
        return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


COMPRESSION_LEVEL = 1

FRACTION_DECIMALS = 4
MEAN_DECIMALS = 2


class _Counts:
    def __init__(self, genes: int) -> None:
        self.genes = [0] * genes
        self.totals = [0] * TOTALS
        self.lengths: Counter[int] = Counter()
        self.fragments = self.kept = self.reads = 0

    def add(self, scanner: FastqScanner) -> None:
        longest = scanner.totals[LONGEST]
        both = max(self.totals[LONGEST], longest)
        self.totals = [own + other for own, other in zip(self.totals, scanner.totals, strict=True)]
        self.totals[LONGEST] = both
        self.genes = [own + other for own, other in zip(self.genes, scanner.gene_hits, strict=True)]
        self.reads += scanner.records
        # Beyond the longest read there are millions of zeros.
        for length, count in enumerate(scanner.lengths[: longest + 1]):
            if count:
                self.lengths[length] += count

    def metrics(
        self, lanes: Sequence[Lane], readers: Sequence[LaneReader], symbols: Sequence[str]
    ) -> ScreenMetrics:
        bases, unknown = self.totals[BASES], self.totals[UNKNOWN]
        absent = any(scanner.fasta for reader in readers for scanner in reader.scanners)
        return ScreenMetrics(
            layout="paired" if readers[0].mates == 2 else "single",
            interleaved=any(reader.interleaved for reader in readers),
            lanes=[[printable(path.name) for path in lane.paths] for lane in lanes],
            inputs=[
                input_record(scanner.path, scanner.content, scanner.records)
                for reader in readers
                for scanner in reader.scanners
                if scanner.content
            ],
            total_fragments=self.fragments,
            total_reads=self.reads,
            total_bases=bases,
            read_length=self.totals[LONGEST],
            mean_read_length=_share(bases, self.reads, MEAN_DECIMALS),
            read_lengths={str(length): count for length, count in sorted(self.lengths.items())},
            gc_fraction=_share(self.totals[GC], bases - unknown),
            n_fraction=_share(unknown, bases),
            mean_quality=None if absent else _share(self.totals[QUALITY], bases, MEAN_DECIMALS),
            q30_fraction=None if absent else _share(self.totals[GOOD], bases),
            candidate_fragments=self.kept,
            kmers_by_gene={symbol: n for symbol, n in zip(symbols, self.genes, strict=True) if n},
            qualities="absent" if absent else None,
        )


def input_record(path: Path, content: Content, reads: int) -> dict[str, str | int]:
    """Return what the metrics say of a file of reads."""
    return {"name": printable(path.name), "bytes": content.bytes, "sha256": content.sha256, "reads": reads}


def _share(part: int, whole: int, decimals: int = FRACTION_DECIMALS) -> float:
    return round(part / whole, decimals) if whole else 0.0


@contextmanager
def _without_collection() -> Iterator[None]:
    """Keep Python from looking for cycles of objects.

    Blocks make none, and each search would visit all objects of the libraries.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def run_screen(
    panel_directory: Path,
    lanes: Sequence[Lane],
    output: Path,
    metrics: Path,
    progress: Progress = no_progress,
    *,
    force: bool = False,
) -> ScreenMetrics:
    """Screen the lanes of one sample into one FASTQ of candidate fragments.

    Fragments are numbered from 1 over all lanes, in the order of the input: names of reads repeat.

    Args:
        panel_directory: built panel.
        lanes: the sample's files, all paired or all single.
        output: gzip FASTQ to write; mates of a pair are one after the other.
        metrics: JSON to write.
        progress: called after each block with the fragments read so far.
        force: replace existing files.

    Returns:
        What was written to metrics.

    Raises:
        ReadsError: a file is damaged, empty, out of step, or the lanes differ in layout.
    """
    from isal import igzip

    _refuse_mixed(lanes)
    symbols, table = load_screen_index(panel_directory)
    stamps = stamps_of(path for lane in lanes for path in lane.paths)
    counts = _Counts(len(symbols))
    readers: list[LaneReader] = []
    sizes = [path.stat().st_size if path.is_file() else None for lane in lanes for path in lane.paths]
    total = None if None in sizes else sum(size or 0 for size in sizes)
    read_before = 0
    with (
        _without_collection(),
        # Both names are claimed before the first read, so that either both files appear or none.
        replacing(output, force=force) as draft,
        replacing(metrics, force=force) as metrics_draft,
        open_to_write(draft) as raw,
        igzip.IGzipFile(filename="", mode="wb", fileobj=raw, compresslevel=COMPRESSION_LEVEL, mtime=0) as out,
    ):
        for lane in lanes:
            reader = LaneReader(lane, table, len(symbols))
            before = counts.fragments
            for block in reader.fragments():
                kept = block.kept()
                if kept:
                    out.write(block.written(kept, counts.fragments + 1))
                counts.fragments += block.size
                counts.kept += len(kept)
                read = read_before + sum(scanner.compressed for scanner in reader.scanners)
                progress(counts.fragments, f", {counts.kept:,} kept", read=read, total=total)
            if counts.fragments == before:
                raise ReadsError(
                    "holds no reads", path=reader.scanners[0].label, remedy="give a FASTQ with reads"
                )
            readers.append(reader)
            if reader.mates != readers[0].mates:
                raise ReadsError(
                    "holds single reads, and the other lanes pairs"
                    if reader.mates == 1
                    else "holds interleaved mates, and the other lanes single reads",
                    path=reader.scanners[0].label,
                    remedy="give lanes of one layout, and other ones as separate samples",
                )
            for scanner in reader.scanners:
                counts.add(scanner)
            if len(lanes) > 1:
                _refuse_other_lengths(reader, readers[0])
            read_before += sum(scanner.compressed for scanner in reader.scanners)
        require_unchanged(stamps)
        result = counts.metrics(lanes, readers, symbols)
        metrics_draft.write_text(result.as_json(), encoding="utf-8")
    return result


def _refuse_other_lengths(reader: LaneReader, first: LaneReader) -> None:
    """Refuse a lane of long reads beside one of short ones, both of which were read."""
    kinds = []
    for each in (reader, first):
        (scanner, *_) = each.scanners
        lengths = scanner.lengths[: scanner.totals[LONGEST] + 1]
        kinds.append("long" if each.mates == 1 and are_long(dict(enumerate(lengths))) else "short")
    if kinds[0] != kinds[1]:
        raise ReadsError(
            f"holds {kinds[0]} reads, and the first lane {kinds[1]} ones",
            path=reader.scanners[0].label,
            remedy="give long and short reads as separate samples",
        )


def _refuse_mixed(lanes: Sequence[Lane]) -> None:
    """Refuse what can be told to be wrong before any read is looked at."""
    if any(lane.fastq_2 for lane in lanes) and any(
        lane.fastq_2 is None and lane.interleaved is False for lane in lanes
    ):
        raise ReadsError("some lanes are paired and some are single", remedy="give them as separate samples")
    if sum(path == STANDARD_INPUT for lane in lanes for path in lane.paths) > 1:
        raise ReadsError("is given twice", path="standard input", remedy="give '-' once")
