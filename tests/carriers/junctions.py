"""The two listed junctions, with bases inserted or with a variant beside them."""

import random
from dataclasses import dataclass

from carriers.genes import Gene, Genes
from carriers.misreading import BASES
from carriers.reads import Join, Library, altered, join

FIVE_EXON = 7
THREE_EXONS = {"type 1": 6, "type 2": 5}
LIBRARIES = {
    "2x75": Library(),
    "2x100": Library(read=100, insert=220),
    "2x150": Library(read=150, insert=280),
}


@dataclass(frozen=True)
class Listed:
    """A listed junction that a sample holds.

    Attributes:
        type: its name in the literature.
        joined: the fusion transcript.
        inserted: bases of neither gene between the two.
        in_frame: whether the 3' gene is read in its own frame.
    """

    type: str
    joined: Join
    inserted: str
    in_frame: bool


def listed(genes: Genes, kind: str, inserted: str = "") -> Listed:
    """Return a listed junction with these bases between its exons."""
    five, three, cut, onwards = _sides(genes, kind)
    joined = join(five, cut, three, onwards, inserted)
    return Listed(kind, joined, inserted, in_frame(five, cut, three, onwards, len(inserted)))


def with_inserted(genes: Genes, kind: str, length: int, rng: random.Random) -> Listed:
    """Return a listed junction with so many random bases between its exons."""
    return listed(genes, kind, "".join(rng.choices(BASES, k=length)))


def with_variant(genes: Genes, kind: str, change: str, at: int, rng: random.Random) -> Listed:
    """Return a listed junction with a variant beside it.

    Args:
        genes: of the panel.
        kind: type of the junction.
        change: `snp`, or `del` or `ins` and the number of bases.
        at: first base of the variant, relative to the first base of the 3' gene.
        rng: random numbers.
    """
    five, three, cut, onwards = _sides(genes, kind)
    joined, shift = changed(join(five, cut, three, onwards), change, at, rng)
    return Listed(kind, joined, "", in_frame(five, cut, three, onwards, shift))


def changed(joined: Join, change: str, at: int, rng: random.Random) -> tuple[Join, int]:
    """Return a join with a variant, see `altered` for its place, and how many bases it gains."""
    place = joined.left + at if at < 0 else joined.right + at
    if change == "snp":
        return altered(joined, at, 1, rng.choice([base for base in BASES if base != joined.bases[place]])), 0
    length = int(change[3:])
    if change.startswith("del"):
        return altered(joined, at, length, ""), -length
    return altered(joined, at, 0, "".join(rng.choices(BASES, k=length))), length


def in_frame(five: Gene, cut: int, three: Gene, onwards: int, gained: int) -> bool:
    """Whether a join leaves the 3' gene's reading frame, so many bases gained between the two places."""
    return (cut - five.coding[0] + gained - (onwards - three.coding[0])) % 3 == 0


def acceptors(genes: Genes) -> list[int]:
    """Return the places on TFE3's transcript whose wild type decides whether a sample can be excluded."""
    return [genes["TFE3"].start_of(exon) for exon in THREE_EXONS.values()]


def _sides(genes: Genes, kind: str) -> tuple[Gene, Gene, int, int]:
    five, three = genes["ASPSCR1"], genes["TFE3"]
    return five, three, five.end_of(FIVE_EXON), three.start_of(THREE_EXONS[kind])
