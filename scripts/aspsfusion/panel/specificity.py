"""Tells which sequences of the panel's genes occur nowhere else in the genome, and what reads of them prove.

A gene's copy elsewhere (a pseudogene, a paralog, a duplicated segment) gives reads that fit the gene as well
as its own. Short anchors cannot tell the two apart: 10 nt occur in a genome at thousands of places. A k-mer
of 21 nt occurs by chance at 2 * 3.1e9 / 4^21 = 0.0014 places, so one that is found nowhere else is proof of
the gene. `panel build` counts every k-mer of the panel's genes in the genome; `evidence` and `call` ask
whether fragments hold such proof.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from aspsfusion.native import EMPTY
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.panel.layout import SPECIFICITY_TABLE, damage_named

UNIQUE_LENGTH = 21
"""Length of the k-mers whose places are counted, odd so that none is its own reverse complement. Shorter ones
occur elsewhere by chance too often (17 nt: 0.36 places), longer ones fit into fewer reads' anchors."""

MIN_UNIQUE_SHARE = 0.2
"""Share of a junction's informative fragments that must hold sequence of its gene alone, on each side. In the
study of copies (docs/methods.md) the share was 0.95 or more for reads of the gene itself, and below 0.01 for
reads of its copies of 90, 95 and 98 percent identity, where a sequencing error made the gene's base."""

MAX_PLACES = np.iinfo(np.uint16).max

Kmers = npt.NDArray[np.uint64]
Places = npt.NDArray[np.uint16]

Proof = Literal["unique", "elsewhere", "silent"]
"""What bases of a gene prove: they hold a k-mer that occurs nowhere else in the genome; they hold k-mers, all
of which occur elsewhere or not in the gene; or they are too short to hold any."""


@dataclass(frozen=True)
class SideCount:
    """Number of a junction's fragments by their proof on one side."""

    unique: int
    elsewhere: int
    silent: int

    @classmethod
    def of(cls, proofs: Iterable[Proof]) -> "SideCount":
        """Count proofs."""
        found = list(proofs)
        return cls(found.count("unique"), found.count("elsewhere"), found.count("silent"))

    @property
    def credible(self) -> bool:
        """Whether the fragments may come from the gene: enough of those with k-mers prove it."""
        return self.unique >= MIN_UNIQUE_SHARE * (self.unique + self.elsewhere)


@dataclass(frozen=True)
class GeneKmers:
    """The k-mers of a gene.

    Attributes:
        kmers: sorted canonical k-mers of all its panel sequences that occur in the gene's locus: those across
            an exon's border do not.
        places: for each the places in the genome outside the gene's own locus, at most MAX_PLACES.
    """

    kmers: Kmers
    places: Places

    @cached_property
    def unique(self) -> Kmers:
        """K-mers that occur nowhere else."""
        unique: Kmers = self.kmers[self.places == 0]
        return unique


@dataclass(frozen=True)
class Specificity:
    """The k-mers of every gene of a panel with their places elsewhere in the genome."""

    genes: Mapping[str, GeneKmers]
    k: int = UNIQUE_LENGTH

    def proof(self, gene: str, stretches: Iterable[str]) -> Proof:
        """Return what the bases of one fragment that lie in a gene, on either strand, prove of it."""
        known = self.genes[gene].unique
        silent = True
        for stretch in stretches:
            if len(stretch) < self.k:
                continue
            silent = False
            found = canonical_kmers(stretch.encode("ascii"), self.k)
            index = np.searchsorted(known, found)
            inside = index < known.size
            if np.any(known[index[inside]] == found[inside]):
                return "unique"
        return "silent" if silent else "elsewhere"

    def places_along(self, gene: str, sequence: str) -> npt.NDArray[np.int64]:
        """Return the places elsewhere of the k-mer that starts at each base of a panel sequence of a gene.

        -1 for k-mers that the gene's locus does not hold: those across an exon's border and those with a base
        that is not called.
        """
        held = self.genes[gene]
        found = canonical_kmers(sequence.encode("ascii"), self.k)
        places = np.full(found.size, -1, dtype=np.int64)
        if not held.kmers.size:
            return places
        index = np.minimum(np.searchsorted(held.kmers, found), held.kmers.size - 1)
        known = held.kmers[index] == found
        places[known] = held.places[index[known]]
        return places


def gene_kmers(sequences: Iterable[str]) -> Kmers:
    """Return the distinct canonical k-mers of a gene's sequences, sorted."""
    return np.unique(np.concatenate([kmers_of(sequence) for sequence in sequences]))


def kmers_of(bases: str) -> Kmers:
    """Return the canonical k-mers of the called bases of a sequence, in their order."""
    found: Kmers = canonical_kmers(bases.encode("ascii"), UNIQUE_LENGTH)
    called: Kmers = found[found != EMPTY]
    return called


def write_specificity(specificity: Specificity, path: Path) -> None:
    """Write the table; the same table always gives the same bytes."""
    genes = list(specificity.genes)
    np.savez(
        path,
        k=np.int64(specificity.k),
        genes=np.array(genes),
        sizes=np.array([specificity.genes[gene].kmers.size for gene in genes], dtype=np.int64),
        kmers=np.concatenate([specificity.genes[gene].kmers for gene in genes]),
        places=np.concatenate([specificity.genes[gene].places for gene in genes]),
    )


def read_specificity(directory: Path) -> Specificity | None:
    """Read the table of a panel directory; None when the panel was built from loci.

    Raises:
        PanelError: the table is damaged.
    """
    path = directory / SPECIFICITY_TABLE
    if not path.exists():
        return None
    with damage_named(path), path.open("rb") as stream, np.load(stream) as data:
        bounds = np.concatenate([[0], np.cumsum(data["sizes"])])
        kmers, places = data["kmers"], data["places"]
        genes = {
            str(gene): GeneKmers(kmers[first:last], places[first:last])
            for gene, first, last in zip(data["genes"], bounds[:-1], bounds[1:], strict=True)
        }
        return Specificity(genes, int(data["k"]))
