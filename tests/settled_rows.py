"""Settled fragments of a panel of two genes, made at random, each also as the aligner's records."""

import random
from typing import Any, cast

import numpy as np
import pysam

from aspsfusion.evidence.placements import MERGED_TAG, RecordGroup
from aspsfusion.evidence.settled import PanelText
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native.place import MERGED, SETTLED, Settled
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.panel.transcripts import Decoy, Exon, Transcript, Unspliced

_RANDOM = random.Random(11)


def bases_with_runs(length: int) -> str:
    return "".join(_RANDOM.choice("ACGT") * _RANDOM.choice((1, 1, 1, 1, 2, 3, 5)) for _ in range(length))[
        :length
    ]


GENOME = {"chr1": bases_with_runs(900), "chrX": bases_with_runs(900)}


def transcript(
    gene: str, name: str, strand: str, exons: list[tuple[int, int]], *, primary: bool
) -> Transcript:
    """Return a transcript of exons on its gene's chromosome, which are given in its order."""
    chromosome = {"FIVE": "chrX", "THREE": "chr1"}[gene]
    rows, bases, at = [], "", 0
    for number, (start, end) in enumerate(exons, start=1):
        piece = GENOME[chromosome][start:end]
        bases += piece if strand == "+" else reverse_complement(piece)
        rows.append(Exon(number, start, end, at, at + end - start))
        at += end - start
    return Transcript(gene, name, chromosome, strand, tuple(rows), None, primary, bases)


class TwoGenes:
    """As much of a panel as settled fragments need."""

    def __init__(self) -> None:
        made = (
            transcript("FIVE", "A", "+", [(100, 190), (300, 360), (500, 640)], primary=True),
            transcript("FIVE", "B", "+", [(100, 190), (500, 700)], primary=False),
            transcript("THREE", "C", "-", [(600, 760), (380, 460), (100, 230)], primary=True),
        )
        self.transcripts = {each.key: each for each in made}
        five, three = GENOME["chrX"][80:720], reverse_complement(GENOME["chr1"][90:780])
        self.unspliced = {
            "FIVE": Unspliced("FIVE", "chrX", "+", 80, 720, five),
            "THREE": Unspliced("THREE", "chr1", "-", 90, 780, three),
        }
        names = [*self.transcripts, *(each.key for each in self.unspliced.values())]
        self.contig_ranks = {name: rank for rank, name in enumerate(names)}
        self.decoys: dict[str, Decoy] = {}
        self.catalogue: dict[Junction, object] = {}

    def sequence_of(self, contig: str) -> str:
        if contig in self.transcripts:
            return self.transcripts[contig].sequence
        return self.unspliced[contig.split("|")[0]].sequence


PANEL = cast(Panel, TwoGenes())
TEXT = PanelText(PANEL)
HEADER = pysam.AlignmentHeader.from_dict(
    {"SQ": [{"SN": name, "LN": len(PANEL.sequence_of(name))} for name in TEXT.names]}
)


def settled_rows(count: int, seed: int) -> Settled:
    """Return settled fragments, numbered from 0 on: pairs, merged pairs and single reads."""
    rng = random.Random(seed)
    rows = np.zeros(count, SETTLED)
    rows["edit"] = rows["second"] = -1
    rows["number"] = np.arange(count)
    for row in rows:
        contig = rng.randrange(len(TEXT.names))
        start, length = int(TEXT.table.starts[contig]), len(PANEL.sequence_of(TEXT.names[contig]))
        kind = rng.choice(("pair", "pair", "merged", "single"))
        row["reads"] = 2 if kind == "pair" else 1
        row["flags"] = MERGED if kind == "merged" else 0
        row["quality"] = rng.randrange(1000)
        for read in range(row["reads"]):
            size = rng.choice((48, 60, 75))
            # Few places, so that there are copies, and all of the ends of a contig.
            offset = rng.choice((0, length - size, rng.randrange(length - size + 1), 7, 30))
            row["own"][read] = row["shared"][read] = start + offset
            row["size"][read] = size
            row["reverse"][read] = rng.random() < 0.5
            if rng.random() < 0.4:
                edits = [0, 3, 4, 7, 11, 12, size - 1, size - 4, size - 5, rng.randrange(size)]
                chosen = sorted(set(rng.sample(edits, rng.choice((1, 1, 2)))))
                for edit, (at, base) in zip(
                    chosen, (("edit", "base"), ("second", "second_base")), strict=False
                ):
                    own = chr(TEXT.table.text[start + offset + edit])
                    row[at][read] = edit
                    row[base][read] = ord(rng.choice([base for base in "ACGTN" if base != own]))
    return rows


def with_copies(rows: Settled, seed: int) -> Settled:
    """Return fragments with copies, some with another base, and some that begin a few bases beside."""
    rng = random.Random(seed)
    rows = np.repeat(rows, [rng.choice((0, 1, 1, 2, 3, 6)) for _ in range(rows.size)])
    for row, read in ((each, read) for each in rows for read in range(each["reads"])):
        begin, size = int(row["own"][read]), int(row["size"][read])
        shift = rng.choice((-3, -1, 1, 2))
        moved = TEXT.table.contigs[begin + shift : begin + shift + size]
        if rng.random() < 0.15 and (moved == TEXT.table.contigs[begin]).all():
            row["own"][read] = row["shared"][read] = begin + shift
            row["edit"][read] = row["second"][read] = -1
        elif rng.random() < 0.4:
            edit = rng.randrange(size)
            own = chr(TEXT.table.text[begin + edit])
            row["edit"][read], row["second"][read] = edit, -1
            row["base"][read] = ord(rng.choice([base for base in "ACGTN" if base != own]))
    rng.shuffle(order := list(range(rows.size)))
    rows = rows[order]
    rows["number"] = np.arange(rows.size)
    return rows


def records_of(row: np.void) -> list[RecordGroup]:
    """Return a settled fragment's records by read, as the aligner would have them."""
    mates: list[RecordGroup] = []
    for read in range(row["reads"]):
        record = pysam.AlignedSegment(HEADER)
        contig = int(TEXT.contigs_of(row["own"])[read])
        record.query_sequence = next(TEXT.sense_reads(np.array([row]), read))
        record.query_qualities = cast(Any, [30] * int(row["size"][read]))
        record.reference_id = HEADER.get_tid(TEXT.names[contig])
        record.reference_start = int(row["own"][read] - TEXT.table.starts[contig])
        record.cigarstring = f"{row['size'][read]}M"
        record.is_reverse = bool(row["reverse"][read])
        record.is_read2 = read == 1
        record.set_tag("NM", int(row["edit"][read] >= 0) + int(row["second"][read] >= 0))
        if row["flags"] & MERGED:
            record.set_tag(MERGED_TAG, 1)
        mates.append([record])
    return mates
