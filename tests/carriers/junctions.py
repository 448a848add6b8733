"""Samples of the two listed junctions with inserted bases, or with a variant beside the junction."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from carriers.genes import Gene, read_genes
from carriers.reads import BASES, Fragment, Join, Library, across, altered, around, join, write
from carriers.sample import analysed

FIVE_EXON = 7
THREE_EXONS = {"type 1": 6, "type 2": 5}
LIBRARIES = {
    "2x75": Library(),
    "2x100": Library(read=100, insert=220),
    "2x150": Library(read=150, insert=280),
}
WILD_TYPE, OTHERS = 150, 60
"""Fragments of TFE3 at the two acceptors and of ASPSCR1 at the exon's end; 150 exclude a sample."""


@dataclass(frozen=True)
class Truth:
    """What a sample holds."""

    type: str
    inserted: str
    in_frame: bool


def simulated(
    panel: Path,
    directory: Path,
    joined: Join,
    library: Library,
    count: int,
    seed: int,
    margin: tuple[int, int] = (16, 20),
) -> dict[str, Any]:
    """Sequence a sample with `count` fragments of a join among wild type, and return its report."""
    rng = random.Random(seed)
    genes = read_genes(panel)
    five, three = genes["ASPSCR1"], genes["TFE3"]
    fragments: list[Fragment] = across(joined, count, margin, library, rng, "f")
    acceptors = tuple(three.start_of(exon) for exon in THREE_EXONS.values())
    fragments += around(three, acceptors, WILD_TYPE, library, rng, "w")
    fragments += around(five, (five.end_of(FIVE_EXON),), OTHERS, library, rng, "w")
    directory.mkdir(parents=True, exist_ok=True)
    return analysed(panel, directory, [write(fragments, directory / "reads", rng)])


def with_inserted(panel: Path, kind: str, length: int, seed: int) -> tuple[Join, Truth]:
    """Return a listed junction with so many random bases between its exons."""
    rng = random.Random(seed)
    genes = read_genes(panel)
    five, three = genes["ASPSCR1"], genes["TFE3"]
    bases = "".join(rng.choice(BASES) for _ in range(length))
    cut, onwards = five.end_of(FIVE_EXON), three.start_of(THREE_EXONS[kind])
    return join(five, cut, three, onwards, bases), Truth(
        kind, bases, _frame(five, cut, three, onwards, length)
    )


def _frame(five: Gene, cut: int, three: Gene, onwards: int, inserted: int) -> bool:
    return (cut - five.coding[0] + inserted - (onwards - three.coding[0])) % 3 == 0


def with_variant(panel: Path, kind: str, change: str, at: int, seed: int) -> tuple[Join, Truth]:
    """Return a listed junction with a variant beside it.

    Args:
        panel: panel directory.
        kind: type of the junction.
        change: `snp`, or `del` or `ins` and the number of bases.
        at: first base of the variant, relative to the first base of the 3' gene.
        seed: of its bases.
    """
    rng = random.Random(seed)
    genes = read_genes(panel)
    five, three = genes["ASPSCR1"], genes["TFE3"]
    cut, onwards = five.end_of(FIVE_EXON), three.start_of(THREE_EXONS[kind])
    plain = join(five, cut, three, onwards)
    if change == "snp":
        was = plain.bases[plain.left + at]
        joined, shift = altered(plain, at, 1, rng.choice([base for base in BASES if base != was])), 0
    elif change.startswith("del"):
        shift = -int(change[3:])
        joined = altered(plain, at, -shift, "")
    else:
        shift = int(change[3:])
        joined = altered(plain, at, 0, "".join(rng.choice(BASES) for _ in range(shift)))
    return joined, Truth(kind, "", _frame(five, cut, three, onwards, shift))


def target_of(report: dict[str, Any]) -> dict[str, Any] | None:
    """Return the best supported target fusion of a report."""
    found = [fusion for fusion in report["fusions"] if fusion["is_target"]]
    return max(found, key=lambda fusion: fusion["fragments"], default=None)
