"""Defines fragments, their reads, and where the reads are placed on the panel.

Positions are 0-based and half-open. A fragment is a read pair, or a single read, counted once.
"""

from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.transcripts import DECOY

BOTH_ENDS = 2


@cache
def _gene_of(contig: str) -> str:
    return contig.split("|", 1)[0]


class Placement(NamedTuple):
    """One ungapped or gapped alignment of a read to a panel sequence.

    A named tuple, because a deep sample has millions and a dataclass takes four times as long to make.

    Attributes:
        contig: record name of the panel sequence, `GENE|TRANSCRIPT`, `GENE|unspliced` or `~decoy|NAME`.
        reverse: whether the read is antisense to the contig.
        start: first aligned base on the contig, 0-based.
        end: end of the aligned bases on the contig, half-open.
        query_start: first aligned base of the read in contig orientation, 0-based.
        query_end: end of the aligned bases of the read in contig orientation, half-open.
        edits: mismatches and indels of the read from end to end: clipped bases are compared with the
            contig, bases beyond its end count as one edit each.
    """

    contig: str
    reverse: bool
    start: int
    end: int
    query_start: int
    query_end: int
    edits: int

    @property
    def gene(self) -> str:
        """HGNC symbol of the contig's gene, DECOY for a decoy."""
        return _gene_of(self.contig)


@dataclass(frozen=True)
class Mate:
    """One trimmed read of a fragment with all its placements on the panel.

    Attributes:
        number: 1 or 2; 1 for single reads.
        sequence: bases in the order of sequencing.
        placements: best first; empty when the read did not align.
    """

    number: int
    sequence: str
    placements: tuple[Placement, ...]

    @cached_property
    def edits_by_gene(self) -> dict[str, int]:
        """Fewest edits with which the read is placed in each gene."""
        best: dict[str, int] = {}
        for placement in self.placements:
            gene = placement.gene
            if gene not in best or placement.edits < best[gene]:
                best[gene] = placement.edits
        return best

    def fewest_edits(self, default: int) -> int:
        """Return the edits of the best placement, `default` where there is none."""
        return default if self._fewest is None else self._fewest

    @cached_property
    def _fewest(self) -> int | None:
        return min((placement.edits for placement in self.placements), default=None)

    def oriented(self, *, reverse: bool) -> str:
        """Return the bases as sequenced or, with `reverse`, their reverse complement."""
        return reverse_complement(self.sequence) if reverse else self.sequence

    def near_best_genes(self, margin: int) -> set[str]:
        """Return the genes in which the read has fewer than `margin` edits more than in its best one.

        DECOY is among them where no gene is better: what fits a gene of the panel at all better is its own.
        """
        best = self.edits_by_gene
        if not best:
            return set()
        fewest = min(best.values())
        return {
            gene
            for gene, edits in best.items()
            if edits < fewest + margin and (gene != DECOY or edits == fewest)
        }


@dataclass(frozen=True)
class Fragment:
    """A fragment that the wild type does not fully explain, after duplicate removal.

    Attributes:
        number: number of the fragment in the sample's input, its identity.
        label: read name, which may repeat.
        copies: how many fragments of the library had the same coordinates, this one included.
        mates: one or two reads.
        merged: whether the one read is the whole molecule, joined of two overlapping mates.
        umis: unique molecular identifiers of the copies; an empty one where they are not looked at.
    """

    number: int
    label: str
    copies: int
    mates: tuple[Mate, ...]
    merged: bool = False
    umis: tuple[str, ...] = ("",)
