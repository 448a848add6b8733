"""Chooses the fragments of a BAM, CRAM or SAM file that hold a panel k-mer: the first pass of `extract`.

Every record is looked up by its sequence, and what the file holds is counted.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pysam

from aspsfusion.io.files import Progress
from aspsfusion.native import ScreenTable
from aspsfusion.screen.bam_mates import (
    NOT_PRIMARY,
    SUPPLEMENTARY,
    UNMAPPED,
    NeighbourPairs,
    Wanted,
    has_no_place,
)
from aspsfusion.screen.extract_metrics import Counts, Loci, locus_genes
from aspsfusion.screen.sequences import SequenceScreen

BATCH_READS = 8192
"""Reads looked up per call: enough to make the call's own cost vanish."""

BATCH_BASES = 16 * 1024 * 1024
"""Bases of long reads that are looked up per call at the most, which memory holds four times."""


@dataclass
class _Batch:
    """Reads that wait to be looked up, and to be counted where there are counts."""

    screen: SequenceScreen
    wanted: Wanted
    counts: Counts | None = None
    records: list[pysam.AlignedSegment] = field(default_factory=list)
    ordinals: list[int] = field(default_factory=list)
    unplaced: list[int] = field(default_factory=list)
    sequences: list[str] = field(default_factory=list)
    qualities: list[bytes] = field(default_factory=list)
    bases: int = 0

    def add(self, record: pysam.AlignedSegment, bases: str, ordinal: int = 0, unplaced: int = 0) -> None:
        self.records.append(record)
        self.ordinals.append(ordinal)
        self.unplaced.append(unplaced)
        self.sequences.append(bases)
        if self.counts is not None and (qualities := record.query_qualities) is not None:
            self.qualities.append(qualities.tobytes())
        self.bases += len(bases)
        if len(self.records) == BATCH_READS or self.bases >= BATCH_BASES:
            self.flush()

    def flush(self) -> None:
        if not self.records:
            return
        for place in np.flatnonzero(self.screen.hits(self.sequences)):
            if self.counts is None:
                self.wanted.add_other(self.records[place])
            else:
                self.wanted.add(self.records[place], self.ordinals[place], self.unplaced[place])
        if self.counts is not None:
            self.counts.lengths.update(map(len, self.sequences))
            self.counts.add_qualities(np.frombuffer(b"".join(self.qualities), dtype=np.uint8))
        self.records, self.ordinals, self.unplaced = [], [], []
        self.sequences, self.qualities, self.bases = [], [], 0


def choose_fragments(
    records: Iterable[pysam.AlignedSegment], table: ScreenTable, genes: int, loci: Loci, progress: Progress
) -> tuple[Wanted, Counts]:
    """First pass: the fragments of which any record holds a panel k-mer, and what there is.

    Records that are not primary add to them too, so that a fragment is missed by none of its parts and
    one whose primary record was removed is noticed. Those without bases cannot be looked up: they are
    remembered by their place, or everywhere where the loci are not known.

    Args:
        records: every record of the file.
        table: the panel's k-mers.
        genes: number of genes of the panel.
        loci: of the panel's targets in the file, none where the file's genome is not known.
        progress: called now and then with the reads seen so far and a note.
    """
    wanted, counts = Wanted(), Counts()
    pairs, unplaced_pairs, unplaced = NeighbourPairs(), NeighbourPairs(), 0
    primary = _Batch(SequenceScreen(table, genes), wanted, counts)
    other = _Batch(SequenceScreen(table, genes), wanted)
    last: pysam.AlignedSegment | None = None
    before_last: pysam.AlignedSegment | None = None
    for record in records:
        flag = record.flag
        bases = record.query_sequence
        if flag & NOT_PRIMARY:
            counts.not_primary += 1
            counts.supplementary += bool(flag & SUPPLEMENTARY)
            if bases:
                other.add(record, bases)
            elif not loci or locus_genes(loci, str(record.reference_name), record.reference_start):
                wanted.baseless.add(record, (last, before_last))
            continue
        last, before_last = record, last
        pairs.add(record)
        without_place = has_no_place(record)
        if without_place:
            unplaced_pairs.add(record)
        if bases:
            primary.add(record, bases, counts.reads, unplaced)
        unplaced += without_place
        counts.add(flag, has_bases=bool(bases))
        if not flag & UNMAPPED:
            counts.add_alignment(record)
        if counts.reads % BATCH_READS == 0:
            progress(counts.reads, f", {wanted.count:,} names kept")
    primary.flush()
    other.flush()
    wanted.neighbours, wanted.unplaced_neighbours = pairs.hold, unplaced_pairs.hold
    wanted.finish()
    counts.bases, counts.longest = primary.screen.bases, primary.screen.longest
    counts.gc, counts.unknown = primary.screen.gc, primary.screen.unknown
    counts.gene_hits = [int(n) for n in primary.screen.gene_hits]
    return wanted, counts
