"""Transcripts of a panel directory, read from its files alone."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")


def opposite(bases: str) -> str:
    """Return the other strand, 5' to 3'."""
    return bases.translate(_COMPLEMENT)[::-1]


@dataclass(frozen=True)
class Gene:
    """A transcript.

    Attributes:
        name: gene symbol.
        bases: the mRNA.
        starts: first base of each exon, 0-based.
        ends: end of each exon, half-open.
        coding: first base and end of the coding sequence, half-open.
        introns: sequence of the intron after each exon but the last; empty where it is not known.
    """

    name: str
    bases: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    coding: tuple[int, int]
    introns: tuple[str, ...] = ()

    def end_of(self, exon: int) -> int:
        """Return where an exon ends, its number as printed (from 1)."""
        return self.ends[exon - 1]

    def start_of(self, exon: int) -> int:
        """Return where an exon begins, its number as printed (from 1)."""
        return self.starts[exon - 1]


Genes = Mapping[str, Gene]
"""The genes of a panel by symbol."""


def _fasta(path: Path) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="ascii").splitlines():
        if line.startswith(">"):
            lines = found.setdefault(line[1:].split()[0], [])
        else:
            lines.append(line.upper())
    return {name: "".join(lines) for name, lines in found.items()}


def read_genes(panel: Path) -> dict[str, Gene]:
    """Return the first transcript that the panel lists of each gene."""
    sequences = _fasta(panel / "transcripts.fa")
    unspliced = _fasta(panel / "introns.fa")
    rows: dict[tuple[str, str], list[dict[str, str]]] = {}
    with (panel / "exons.tsv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            rows.setdefault((row["gene"], row["transcript"]), []).append(row)
    genes: dict[str, Gene] = {}
    for (name, transcript), exons in rows.items():
        if name in genes:
            continue
        starts = tuple(int(exon["tx_start"]) - 1 for exon in exons)
        ends = tuple(int(exon["tx_end"]) for exon in exons)
        coding = [(int(exon["tx_start"]) - 1, int(exon["tx_end"])) for exon in exons if exon["cds_start"]]
        bases = sequences[f"{name}|{transcript}"]
        whole = unspliced.get(f"{name}|unspliced", "")
        genes[name] = Gene(
            name, bases, starts, ends, _coding(bases, exons, coding), _introns(whole, bases, exons)
        )
    return genes


def _coding(bases: str, exons: list[dict[str, str]], coding: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the coding sequence: the exons' table counts its bases from 1 at the start codon."""
    if not coding:
        return 0, len(bases)
    first = next(exon for exon in exons if exon["cds_start"])
    length = max(int(exon["cds_end"]) for exon in exons if exon["cds_end"])
    # The first coding exon begins before the start codon: the coding bases are its last ones.
    if int(first["tx_end"]) == int(exons[-1]["tx_end"]):
        return coding[0][0], coding[0][0] + length
    start = int(first["tx_end"]) - int(first["cds_end"])
    return start, start + length


def _introns(whole: str, bases: str, exons: list[dict[str, str]]) -> tuple[str, ...]:
    """Cut the introns out of a gene's unspliced sequence, which begins with its transcript's first base."""
    if not whole:
        return ()
    forward = exons[0]["strand"] == "+"
    found = []
    at = whole.find(bases[: int(exons[0]["tx_end"])])
    if at < 0:
        return ()
    at += int(exons[0]["tx_end"])
    for before, after in pairwise(exons):
        length = (
            int(after["start"]) - int(before["end"]) - 1
            if forward
            else int(before["start"]) - int(after["end"]) - 1
        )
        found.append(whole[at : at + length])
        at += length + int(after["tx_end"]) - int(after["tx_start"]) + 1
    return tuple(found)
