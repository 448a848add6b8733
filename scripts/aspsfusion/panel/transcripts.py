"""Defines genes as sequences: transcripts with their exons, unspliced genes, junctions between two of them.

Coordinates are 0-based and half-open.
"""

import itertools
from dataclasses import dataclass

from aspsfusion.errors import PanelError
from aspsfusion.panel.gene_spec import TranscriptSpec

UNSPLICED_SUFFIX = "unspliced"
"""Second part of the name of a target's unspliced sequence, `GENE|unspliced`, in introns.fa."""

DECOY = "~decoy"
"""First part of the names of all decoys: no gene has this symbol, and one decoy is as good as another."""


@dataclass(frozen=True)
class Exon:
    """One exon: genomic interval and the same bases on the transcript, 0-based half-open."""

    number: int
    start: int
    end: int
    tx_start: int
    tx_end: int


@dataclass(frozen=True)
class Transcript:
    """A spliced transcript with its sequence in sense orientation.

    Attributes:
        chrom: chromosome, `chr` style.
        exons: in transcript order.
        cds: reading frame incl. stop on the transcript, 0-based half-open, or None.
        primary: whether exon numbers and HGVS of the gene refer to this transcript.
        sequence: upper-case bases, 5' to 3' of the RNA.
    """

    gene: str
    name: str
    chrom: str
    strand: str
    exons: tuple[Exon, ...]
    cds: tuple[int, int] | None
    primary: bool
    sequence: str

    @property
    def key(self) -> str:
        """Name of the record in transcripts.fa, `GENE|TRANSCRIPT`."""
        return f"{self.gene}|{self.name}"

    @classmethod
    def from_spec(cls, gene: str, spec: TranscriptSpec) -> "Transcript":
        """Return the transcript that the panel YAML states, 1-based and inclusive; it has no bases yet."""
        exons, offset = [], 0
        for number, (first, last) in enumerate(spec.exons, start=1):
            length = last - first + 1
            exons.append(Exon(number, first - 1, last, offset, offset + length))
            offset += length
        cds = None if spec.cds is None else (spec.cds[0] - 1, spec.cds[1])
        return cls(gene, spec.id, spec.chrom, spec.strand, tuple(exons), cds, spec.primary, "")

    @property
    def introns(self) -> list[tuple[int, int]]:
        """Genomic intervals between the exons, in transcript order."""
        pairs = itertools.pairwise(self.exons)
        if self.strand == "+":
            return [(before.end, after.start) for before, after in pairs]
        return [(after.end, before.start) for before, after in pairs]

    def exon_at(self, tx_pos: int) -> Exon:
        """Return the exon that holds the transcript position; raises IndexError outside the transcript."""
        for exon in self.exons:
            if exon.tx_start <= tx_pos < exon.tx_end:
                return exon
        raise IndexError(f"{self.key} has no position {tx_pos}")

    def to_genome(self, tx_pos: int) -> int:
        """Return the genomic position of a base of the transcript (both 0-based)."""
        exon = self.exon_at(tx_pos)
        offset = tx_pos - exon.tx_start
        return exon.start + offset if self.strand == "+" else exon.end - 1 - offset

    def from_genome(self, position: int) -> int | None:
        """Return the transcript position of a genomic base (both 0-based), None when it is not exonic."""
        for exon in self.exons:
            if exon.start <= position < exon.end:
                offset = position - exon.start if self.strand == "+" else exon.end - 1 - position
                return exon.tx_start + offset
        return None

    def coding_to_tx(self, coding_position: int) -> int:
        """Return the 0-based transcript position of c. `coding_position` (1-based).

        Raises:
            PanelError: the transcript has no reading frame or the position lies outside it.
        """
        if self.cds is None or not 1 <= coding_position <= self.cds[1] - self.cds[0]:
            raise PanelError(f"{self.key} has no coding position {coding_position}")
        return self.cds[0] + coding_position - 1


@dataclass(frozen=True)
class Unspliced:
    """The unspliced sequence of a target gene in sense orientation; wild-type competitor and intron source.

    Attributes:
        start: genomic start, 0-based.
        end: genomic end, half-open.
        sequence: upper-case bases, 5' to 3' of the gene.
    """

    gene: str
    chrom: str
    strand: str
    start: int
    end: int
    sequence: str

    @property
    def key(self) -> str:
        """Name of the record in introns.fa."""
        return f"{self.gene}|{UNSPLICED_SUFFIX}"

    def to_genome(self, offset: int) -> int:
        """Return the genomic position (0-based) of a base of the sequence."""
        return self.start + offset if self.strand == "+" else self.end - 1 - offset

    def from_genome(self, position: int) -> int:
        """Return the offset in the sequence of a genomic position (both 0-based)."""
        return position - self.start if self.strand == "+" else self.end - 1 - position


@dataclass(frozen=True)
class Decoy:
    """Sequence outside the targets that resembles an exon of one: wild-type competitor and nothing else.

    Attributes:
        name: gene and place.
        sequence: upper-case bases; in a genome either strand.
    """

    name: str
    sequence: str

    @property
    def key(self) -> str:
        """Name of the record in decoys.fa."""
        return f"{DECOY}|{self.name}"


@dataclass(frozen=True)
class Junction:
    """A junction: last joined base of the 5' gene, inserted bases, first joined base of the 3' gene.

    One joined sequence can be written as several junctions, where bases beside the join fit both sides;
    `call.normal_form` says which of them stands for all.

    Attributes:
        five_pos: genomic position of its last joined base, 0-based.
        three_pos: genomic position of its first joined base, 0-based.
        inserted: bases of neither gene between the two, upper case, in the sense of the fusion transcript.
    """

    five_gene: str
    five_pos: int
    three_gene: str
    three_pos: int
    inserted: str = ""

    @property
    def fusion(self) -> str:
        """HGNC name of the fusion, 5' gene first."""
        return f"{self.five_gene}::{self.three_gene}"
