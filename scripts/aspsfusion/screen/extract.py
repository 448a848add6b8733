"""Second stage for BAM, CRAM and SAM files: keeps the fragments that share a k-mer with the panel.

The file is read twice from its first to its last record, whatever its order and with or without an index. The
first pass looks every read up by its sequence and remembers the names of the fragments that hold a panel
k-mer; the second takes the primary records of those names, wherever they lie. So nothing depends on where, or
whether, an aligner placed a read, and what comes out is what the screen makes of the same reads as FASTQ.
Memory holds the names of kept fragments only: their reads are brought together by a sort on disk.

Looks up sequences that are in memory in the panel's k-mers, by the screen's own kernel.

The one place where reads of BAM files meet the screen: what counts as a hit is decided there, so that a
sample's candidates do not depend on the format that its reads came in.
"""

import json
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pysam

from aspsfusion.errors import ReadsError
from aspsfusion.io.bam import Header, open_alignments, read_header, records_of, require_reference, sort_bam
from aspsfusion.io.files import replacing, require_unchanged, stamps_of
from aspsfusion.native import (
    BASES,
    GC,
    LOAD_BYTES,
    LONGEST,
    SCAN_OK,
    UNKNOWN,
    ScanRoom,
    ScreenTable,
    scan_fastq,
)
from aspsfusion.panel.panel import Panel, load_panel
from aspsfusion.panel.screen_index import load_screen_index
from aspsfusion.screen.extract_metrics import (
    Counts,
    Kept,
    extract_metrics,
    locus_genes,
    require_human,
    target_loci,
)

ROOM_BYTES = 64 * 1024
"""Room for the first sequences; it grows with them."""


class SequenceScreen:
    """Looks sequences up and sums what it has seen.

    Args:
        table: the panel's k-mers.
        genes: number of genes of the panel.
    """

    def __init__(self, table: ScreenTable, genes: int) -> None:
        self._table = table
        self._room = ScanRoom(ROOM_BYTES, genes)

    @property
    def gene_hits(self) -> npt.NDArray[np.int64]:
        """Panel k-mers seen, by gene number."""
        return self._room.genes

    @property
    def bases(self) -> int:
        """Bases seen so far."""
        return int(self._room.totals[BASES])

    @property
    def longest(self) -> int:
        """Longest sequence so far, in nt."""
        return int(self._room.totals[LONGEST])

    @property
    def gc(self) -> int:
        """G and C seen so far."""
        return int(self._room.totals[GC])

    @property
    def unknown(self) -> int:
        """Bases seen so far that are not known (N)."""
        return int(self._room.totals[UNKNOWN])

    def hits(self, sequences: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Tell of each sequence whether the screen keeps it.

        Args:
            sequences: bases, each at least one.
        """
        count = len(sequences)
        block = "".join(f"@\n{bases}\n+\n{bases}\n" for bases in sequences).encode("ascii")
        if len(block) > self._room.size:
            self._room = ScanRoom(2 * len(block), self.gene_hits.size, self._room)
        self._room.begin_block()
        data = np.frombuffer(block + bytes(LOAD_BYTES), dtype=np.uint8)
        scanned, problem = scan_fastq(data, len(block), 1, self._table, self._room)
        assert (scanned, problem) == (count, SCAN_OK)
        return self._room.hits[:count].copy()


BATCH_READS = 8192
"""Reads looked up per call: enough to make the call's own cost vanish."""

SORT_MEMORY = "256M"
"""What the sort of the kept reads holds in memory before it uses the disk."""

COMPRESSION_LEVEL = 1
UMI_TAG = "RX"
"""Bases of a fragment's molecular identifier (SAM tags specification)."""

UNKNOWN_QUALITY = 30
"""Quality of bases in a file that states none. Qualities only choose among copies of one molecule."""

PAIRED, UNMAPPED, MATE_UNMAPPED = 0x1, 0x4, 0x8
FIRST, SECOND = 0x40, 0x80
NOT_PRIMARY = 0x100 | 0x800
"""Flags of the SAM specification; not primary are secondary and supplementary records."""

HARD_CLIP = 5
"""Operation of a CIGAR that tells of bases which the record no longer holds."""

Progress = Callable[[int, str], None]


def fragment_name(record: pysam.AlignedSegment) -> str:
    """Return the name that both mates of a fragment share: a mate number at its end is no part of it."""
    name = str(record.query_name)
    return name[:-2] if name.endswith(("/1", "/2")) else name


@dataclass
class _Batch:
    """Reads that wait to be looked up, and to be counted where there are counts."""

    screen: SequenceScreen
    counts: Counts | None = None
    names: list[str] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    qualities: list[bytes] = field(default_factory=list)

    def add(self, record: pysam.AlignedSegment, bases: str, kept: set[str]) -> None:
        self.names.append(fragment_name(record))
        self.sequences.append(bases)
        if self.counts is not None and (qualities := record.query_qualities) is not None:
            self.qualities.append(qualities.tobytes())
        if len(self.names) == BATCH_READS:
            self.flush(kept)

    def flush(self, kept: set[str]) -> None:
        if self.names:
            found = self.screen.hits(self.sequences)
            kept.update(name for name, count in zip(self.names, found, strict=True) if count)
            if self.counts is not None:
                self.counts.lengths.update(map(len, self.sequences))
                self.counts.add_qualities(np.frombuffer(b"".join(self.qualities), dtype=np.uint8))
            self.names, self.sequences, self.qualities = [], [], []


def choose_fragments(
    records: Iterable[pysam.AlignedSegment], table: ScreenTable, genes: int, progress: Progress
) -> tuple[set[str], Counts]:
    """First pass: the names of the fragments of which any record holds a panel k-mer, and what there is.

    Records that are not primary add to the names too, so that a fragment is missed by none of its parts and
    one whose primary record was removed is noticed.

    Args:
        records: every record of the file.
        table: the panel's k-mers.
        genes: number of genes of the panel.
        progress: called now and then with the reads seen so far and a note.
    """
    kept: set[str] = set()
    counts = Counts()
    primary = _Batch(SequenceScreen(table, genes), counts)
    other = _Batch(SequenceScreen(table, genes))
    for record in records:
        flag = record.flag
        bases = record.query_sequence
        if flag & NOT_PRIMARY:
            counts.not_primary += 1
            if bases:
                other.add(record, bases, kept)
            continue
        counts.add(flag, has_bases=bool(bases))
        if bases:
            primary.add(record, bases, kept)
        if counts.reads % BATCH_READS == 0:
            progress(counts.reads, f", {len(kept):,} fragments kept")
    primary.flush(kept)
    other.flush(kept)
    counts.bases, counts.longest = primary.screen.bases, primary.screen.longest
    counts.gc, counts.unknown = primary.screen.gc, primary.screen.unknown
    counts.gene_hits = [int(n) for n in primary.screen.gene_hits]
    return kept, counts


def unaligned(record: pysam.AlignedSegment, header: pysam.AlignmentHeader) -> pysam.AlignedSegment:
    """Return a primary record's read as it was sequenced, with its name, mate number and UMI alone."""
    read = pysam.AlignedSegment(header)
    read.query_name = fragment_name(record)
    flag = record.flag
    mate = (SECOND if flag & SECOND and not flag & FIRST else FIRST) if flag & PAIRED else 0
    read.flag = UNMAPPED | (PAIRED | MATE_UNMAPPED | mate if mate else 0)
    read.reference_id = read.next_reference_id = -1
    read.reference_start = read.next_reference_start = -1
    bases = record.get_forward_sequence() or ""
    qualities = record.get_forward_qualities()
    read.query_sequence = bases
    read.query_qualities = array("B", [UNKNOWN_QUALITY] * len(bases)) if qualities is None else qualities
    if record.has_tag(UMI_TAG):
        read.set_tag(UMI_TAG, str(record.get_tag(UMI_TAG)), "Z")
    return read


def _collect(
    stream: pysam.AlignmentFile, path: Path, names: set[str], loci: dict[str, list[tuple[str, int, int]]],
    scratch: Path, kept: Kept, progress: Progress,
) -> Path:  # fmt: skip
    """Second pass: write the primary reads of the kept fragments to an unaligned BAM, sorted by name."""
    header = pysam.AlignmentHeader.from_dict({"HD": {"VN": "1.6", "SO": "unsorted"}})
    collected, by_name = scratch / "kept.bam", scratch / "by_name.bam"
    found: set[str] = set()
    with pysam.AlignmentFile(str(collected), "wb0", header=header) as out:
        for number, record in enumerate(records_of(stream, path), start=1):
            if number % BATCH_READS == 0:
                progress(number, ", second pass")
            if record.flag & NOT_PRIMARY or fragment_name(record) not in names:
                continue
            found.add(fragment_name(record))
            if not record.query_sequence:
                continue
            cigar = record.cigartuples
            kept.hard_clipped += cigar is not None and HARD_CLIP in (cigar[0][0], cigar[-1][0])
            if not record.flag & UNMAPPED:
                for gene in locus_genes(loci, str(record.reference_name), record.reference_start):
                    kept.at_locus[gene] = kept.at_locus.get(gene, 0) + 1
            out.write(unaligned(record, header))
    kept.without_primary = len(names - found)
    options = ("-n", "-l", "1", "-m", SORT_MEMORY)
    sort_bam(collected, by_name, *options, remedy="run 'aspsfusion extract' again")
    collected.unlink()
    return by_name


def one_of(copies: Sequence[pysam.AlignedSegment], kept: Kept) -> pysam.AlignedSegment | None:
    """Return the one read of a mate; a file that was merged twice has it several times.

    Copies with other bases are another molecule under the same name; of these the longest is taken, then the
    first by alphabet, so that the choice does not depend on the order of the file, and the loss is counted.
    """
    if not copies:
        return None
    kept.repeated += len(copies) - 1
    kept.ambiguous += len({read.query_sequence for read in copies}) > 1
    return min(
        copies,
        key=lambda read: (-read.query_length, str(read.query_sequence), read.query_qualities_str or ""),
    )


def write_fragments(by_name: Path, kept: Kept) -> Iterator[str]:
    """Yield the FASTQ records of the kept fragments as the screen writes them, mates one after the other."""
    with pysam.AlignmentFile(str(by_name), check_sq=False) as stream:
        for name, group in groupby(stream, key=lambda read: str(read.query_name)):
            reads = list(group)
            kept.fragments += 1
            mates = [one_of([r for r in reads if r.flag & which], kept) for which in (FIRST, SECOND)]
            singles = [read for read in reads if not read.flag & PAIRED]
            present = [read for read in mates if read is not None]
            if len(present) == 2:
                kept.ambiguous += bool(singles)
                yield "".join(fastq_record(name, f"/{n}", r) for n, r in enumerate(present, start=1))
                continue
            kept.without_mate += len(present)
            single = one_of([*present, *singles], kept)
            if single is not None:
                yield fastq_record(name, "", single)


def fastq_record(name: str, suffix: str, read: pysam.AlignedSegment) -> str:
    """Return a read as FASTQ; its UMI, if it has one, stands after the name as a SAM tag.

    Args:
        name: fragment name.
        suffix: `/1` or `/2` for a pair, empty for a single read.
        read: unaligned read.
    """
    umi = f" {UMI_TAG}:Z:{read.get_tag(UMI_TAG)}" if read.has_tag(UMI_TAG) else ""
    return f"@{name}{suffix}{umi}\n{read.query_sequence}\n+\n{read.query_qualities_str}\n"


def run_extract(
    panel_directory: Path,
    alignments: Path,
    output: Path,
    metrics: Path,
    reference: Path | None = None,
    progress: Progress = lambda count, note: None,
    *,
    force: bool = False,
) -> dict[str, object]:
    """Extract one sample's candidate fragments from a BAM, CRAM or SAM file.

    Args:
        panel_directory: built panel.
        alignments: aligned or unaligned reads, in any order.
        output: gzip FASTQ to write; mates of a pair are one after the other.
        metrics: JSON to write.
        reference: FASTA that a CRAM file was compressed with, if it does not hold it.
        progress: called now and then with the reads seen so far and a note.
        force: replace existing files.

    Returns:
        What was written to metrics: all that the screen writes, and what the file cannot show.

    Raises:
        ReadsError: the file is missing, damaged, empty, of another species, or changes while it is read.
    """
    from isal import igzip

    if reference is not None:
        require_reference(reference)
    panel = load_panel(panel_directory)
    stamps = stamps_of([alignments])
    kept = Kept()
    with (
        # Both names are claimed before the first read, so that either both files appear or none.
        replacing(output, force=force) as draft,
        replacing(metrics, force=force) as metrics_draft,
        tempfile.TemporaryDirectory(prefix="aspsfusion.", dir=output.parent) as scratch,
    ):
        header, names, counts = _first_pass(panel, alignments, reference, progress)
        with open_alignments(alignments, reference) as stream:
            by_name = _collect(
                stream, alignments, names, target_loci(panel, header), Path(scratch), kept, progress
            )
        with (
            draft.open("wb") as raw,
            igzip.IGzipFile(
                filename="", mode="wb", fileobj=raw, compresslevel=COMPRESSION_LEVEL, mtime=0
            ) as out,
        ):
            for text in write_fragments(by_name, kept):
                out.write(text.encode("ascii"))
        require_unchanged(stamps)
        result = extract_metrics(panel, alignments, header, counts, kept)
        metrics_draft.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return result


def _first_pass(
    panel: Panel, path: Path, reference: Path | None, progress: Progress
) -> tuple[Header, set[str], Counts]:
    table = load_screen_index(panel.directory).table
    with open_alignments(path, reference) as stream:
        header = read_header(stream)
        require_human(header, path)
        names, counts = choose_fragments(records_of(stream, path), table, len(panel.spec.genes), progress)
    if not counts.reads:
        raise ReadsError("holds no reads", path=path, remedy="give a file with reads")
    return header, names, counts
