"""Defines genome, genes, transcripts and domains as the panel YAML states them.

Coordinates are 1-based and inclusive, as in GTF and HGVS; see `aspsfusion.panel.spec`.
"""

import itertools
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, ValidationError, model_validator

from aspsfusion.config import Strict

GeneSymbol = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]+$")]
ChromosomeName = Annotated[str, StringConstraints(pattern=r"^chr[A-Za-z0-9_]+$")]
Role = Literal["target", "partner", "paralog", "control", "differential", "marker"]


def first_problem(error: ValidationError) -> tuple[str, str]:
    """Return the key, with dots between its parts, and the text of the first problem of a validation."""
    first = error.errors(include_url=False)[0]
    return ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")


class ChromosomeSpec(Strict):
    """What is known of one chromosome of the build, to authenticate a reference."""

    refseq: Annotated[str, StringConstraints(pattern=r"^NC_\d{6}\.\d+$")] | None = Field(
        None, description="RefSeq accession with version, accepted as a contig name"
    )
    length: int | None = Field(None, gt=0, description="length in nucleotides")
    md5: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = Field(
        None, description="MD5 of the upper-case sequence (refget, SAM M5)"
    )


class GenomeSpec(Strict):
    """The genome build that every coordinate of the panel refers to."""

    build: str = Field(description="name of the build, for example GRCh38")
    chromosomes: dict[ChromosomeName, ChromosomeSpec] = Field(default_factory=dict)
    source: str = Field("", description="where lengths, accessions and checksums were taken from")


class TranscriptSpec(Strict):
    """Exon structure of one transcript, 1-based inclusive genomic coordinates in transcript order."""

    id: Identifier = Field(description="accession with version")
    alias: str = Field("", description="accession of the same transcript in the other catalogue")
    primary: bool = Field(False, description="the transcript that exon numbers and HGVS refer to")
    chrom: ChromosomeName
    strand: Literal["+", "-"]
    exons: list[tuple[int, int]] = Field(min_length=1)
    cds: tuple[int, int] | None = Field(
        None, description="first and last base of the reading frame incl. stop, 1-based on the transcript"
    )
    source: str = ""

    @model_validator(mode="after")
    def _exons_in_order(self) -> Self:
        for start, end in self.exons:
            if not 1 <= start <= end:
                raise ValueError(
                    f"exon {start}-{end} of {self.id} does not run from a lower to a higher position"
                )
        in_genome_order = self.exons if self.strand == "+" else self.exons[::-1]
        for (_, end), (start, _) in itertools.pairwise(in_genome_order):
            if start <= end:
                raise ValueError(f"exons of {self.id} overlap or are out of order near position {start}")
        if self.cds:
            first, last = self.cds
            length = sum(end - start + 1 for start, end in self.exons)
            if not 1 <= first < last <= length:
                raise ValueError(f"cds {first}-{last} of {self.id} lies outside its {length} nt")
            if (last - first + 1) % 3:
                raise ValueError(f"cds {first}-{last} of {self.id} is not a multiple of 3 nt")
        return self

    def check_joined_base(self, exon: int, coding_position: int | None) -> None:
        """Raise ValueError unless there is such an exon and the coding position lies in it."""
        if exon > len(self.exons):
            raise ValueError(f"exon {exon} of {self.id}, which has {len(self.exons)} exons")
        if coding_position is None:
            return
        if self.cds is None:
            raise ValueError(f"c.{coding_position} of {self.id}, which has no cds")
        position = self.cds[0] + coding_position - 1
        before = sum(end - start + 1 for start, end in self.exons[: exon - 1])
        start, end = self.exons[exon - 1]
        if position > self.cds[1] or not before < position <= before + end - start + 1:
            raise ValueError(f"c.{coding_position} of {self.id}, which does not lie in exon {exon}")


class GeneSpec(Strict):
    """A gene of the panel and what it is there for."""

    symbol: GeneSymbol
    hgnc: str = ""
    ensembl: str = ""
    cytoband: str = ""
    roles: list[Role] = Field(min_length=1)
    transcripts: list[TranscriptSpec] = Field(
        default_factory=list, description="left out when the gene is to be read from the annotation GTF"
    )
    paralog_group: str = Field(
        "", description="name of the gene family; reads between genes of one family are no finding"
    )
    copies: list[GeneSymbol] = Field(
        default_factory=list,
        description="near-identical genes that are not on the panel; their reads count for this gene",
    )
    stain: str = Field("", description="immunohistochemical stain of the gene's protein")
    primary_transcript: Identifier | None = Field(
        None, description="for genes read from the GTF: accession of the primary transcript"
    )
    note: str = ""
    source: str = ""

    @model_validator(mode="after")
    def _consistent_transcripts(self) -> Self:
        if not self.transcripts:
            return self
        if sum(transcript.primary for transcript in self.transcripts) != 1:
            raise ValueError(f"gene {self.symbol} needs exactly one transcript with primary: true")
        if len({(transcript.chrom, transcript.strand) for transcript in self.transcripts}) > 1:
            raise ValueError(
                f"transcripts of {self.symbol} lie on more than one chromosome or strand; keep those of the "
                "primary transcript's"
            )
        named, primary = self.primary_transcript, self.primary
        if named and primary and named.split(".")[0] != primary.id.split(".")[0]:
            raise ValueError(
                f"gene {self.symbol} names primary_transcript {named}, but {primary.id} is primary"
            )
        return self

    @property
    def primary(self) -> TranscriptSpec | None:
        """The transcript that exon numbers refer to, None before the gene was read from the GTF."""
        return next((transcript for transcript in self.transcripts if transcript.primary), None)


class DomainSpec(Strict):
    """A protein domain on the primary transcript's protein, 1-based inclusive residues."""

    gene: GeneSymbol
    name: str
    first_residue: int = Field(gt=0)
    last_residue: int = Field(gt=0)
    source: str

    @model_validator(mode="after")
    def _residues_in_order(self) -> Self:
        if self.first_residue > self.last_residue:
            raise ValueError(
                f"domain {self.name} of {self.gene} runs from {self.first_residue} to {self.last_residue}"
            )
        return self
