"""Joins of random shape: anywhere in two genes, with anything between them, with variants beside them."""

import random
from dataclasses import dataclass, replace

from carriers.genes import Gene, Genes, opposite
from carriers.junctions import LIBRARIES, changed, in_frame
from carriers.misreading import BASES
from carriers.reads import Join, Library

LONGEST_INSERTED = 40
ROOM = 46
"""Bases of a read that inserted bases leave: 17 of both genes, and 12 places for different molecules."""

NEARBY = 150
"""Distance in nt from the join to what is copied from nearby."""

VARIANT_REACH = 25
"""Distance in nt of a variant from the join."""

ENDS = 150
"""Bases at the ends of transcripts that are not cut, so that fragments have room on both sides."""

INTRON_ENDS = 30
"""Bases at the ends of an intron in which it is not cut: they would be a join at the exon's border."""

NEAR_EXON, DEEP = 150, 400
"""Distance in nt from the exons of cuts in an intron, so that reads show them with an exon, or cannot."""


@dataclass(frozen=True)
class Site:
    """Where a gene is cut.

    Attributes:
        exonic: bases of its transcript before the cut.
        intronic: bases of the intron after these that are before the cut; 0 within an exon.
        intron: the whole intron that is cut; empty within an exon.
    """

    exonic: int
    intronic: int = 0
    intron: str = ""

    def before(self, gene: Gene) -> str:
        """Return the part of a gene's transcript before the cut."""
        return gene.bases[: self.exonic] + self.intron[: self.intronic]

    def after(self, gene: Gene) -> str:
        """Return the part of a gene's transcript after the cut."""
        return self.intron[self.intronic :] + gene.bases[self.exonic :]


def random_site(gene: Gene, where: str, rng: random.Random) -> Site:
    """Return a cut at a random place, not among the first and last bases of the transcript.

    Args:
        gene: to be cut.
        where: `exon`, `intron` for one of its bases near an exon, or `deep intron` for one of the others.
        rng: random numbers.
    """
    first, end = ENDS, len(gene.bases) - ENDS
    if where == "exon":
        return Site(rng.randint(first, end))
    deep = where == "deep intron"
    exon, intron = rng.choice(
        [
            (place, bases)
            for place, bases in zip(gene.ends, gene.introns, strict=False)
            if first <= place <= end and len(bases) > (2 * DEEP if deep else 2 * INTRON_ENDS)
        ]
    )
    edge = DEEP if deep else INTRON_ENDS
    if deep:
        at = rng.randint(edge, len(intron) - edge)
    else:
        near = min(NEAR_EXON, len(intron) - edge)
        at = rng.choice((rng.randint(edge, near), len(intron) - rng.randint(edge, near)))
    return Site(exon, at, intron)


def joined_at(five: Gene, cut: Site, three: Gene, onwards: Site, inserted: str = "") -> Join:
    """Join what is before a cut of one gene and what is after a cut of another one."""
    before = cut.before(five)
    return Join(before + inserted + onwards.after(three), len(before), len(before) + len(inserted))


@dataclass(frozen=True)
class Shape:
    """A carrier of random shape.

    Attributes:
        joined: the fusion transcript.
        inserted: bases between the two genes.
        in_frame: whether the 3' gene is read in its own frame; None with a lost or inserted base in a gene.
        library: how it is sequenced.
        fragments: that show the join.
        words: what it is, so that like ones can be counted together.
        detail: where it is cut, and its variants.
        places: cuts of the transcripts of the two genes.
    """

    joined: Join
    inserted: str
    in_frame: bool | None
    library: Library
    fragments: int
    words: str
    detail: str
    places: tuple[int, int]


def random_shape(genes: Genes, rng: random.Random) -> Shape:
    """Draw a carrier whose genes are cut anywhere in their coding sequences."""
    five, three = genes["ASPSCR1"], genes["TFE3"]
    cut, onwards = (rng.randint(gene.coding[0] + 3, gene.coding[1] - 3) for gene in (five, three))
    library = rng.choice(list(LIBRARIES.values()))
    library = replace(library, paired=rng.random() < 0.7, trimmed=rng.random() < 0.4)
    source, inserted = _inserted(genes, cut, onwards, library, rng)
    joined = joined_at(five, Site(cut), three, Site(onwards), inserted)
    gained, variants = 0, []
    for _ in range(rng.choice((0, 0, 1, 2))):
        change = rng.choice(("snp", "snp", "snp", "del1", "del3", "ins1", "ins3"))
        at = rng.randint(1, VARIANT_REACH)
        at = -at - 3 if rng.random() < 0.5 else at - 1
        joined, more = changed(joined, change, at, rng)
        gained += more != 0
        variants.append(f"{change} at {at}")
    size = (
        ""
        if not inserted
        else " to 9"
        if len(inserted) < 10
        else " 10 to 19"
        if len(inserted) < 20
        else " 20 on"
    )
    kinds = "indels" if gained else f"{len(variants)} SNP" if variants else "no variant"
    return Shape(
        joined,
        inserted,
        None if gained else in_frame(five, cut, three, onwards, len(inserted)),
        library,
        rng.randint(8, 14),
        f"{library.words}, inserted {source}{size}, {kinds}",
        f"{cut}::{onwards}, inserted '{inserted}', {'; '.join(variants) or 'no variant'}",
        (cut, onwards),
    )


def _inserted(genes: Genes, cut: int, onwards: int, library: Library, rng: random.Random) -> tuple[str, str]:
    """Return where the inserted bases of a carrier come from, and the bases."""
    five, three = genes["ASPSCR1"], genes["TFE3"]
    source = rng.choice(("none", "random", "templated", "inverted", "intronic"))
    length = rng.randint(1, min(LONGEST_INSERTED, library.read - ROOM))
    if source == "none":
        return source, ""
    if source == "random":
        return source, "".join(rng.choices(BASES, k=length))
    if source == "intronic":
        intron = rng.choice([bases for bases in five.introns + three.introns if len(bases) > length])
        start = rng.randint(0, len(intron) - length)
        return source, intron[start : start + length]
    gene, place = rng.choice(((five, cut), (three, onwards)))
    start = rng.randint(max(0, place - NEARBY), min(len(gene.bases) - length, place + NEARBY))
    bases = gene.bases[start : start + length]
    return source, opposite(bases) if source == "inverted" else bases
