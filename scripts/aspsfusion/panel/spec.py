"""Defines the panel YAML, which states as data what a laboratory wants confirmed or excluded.

All that the product knows of a fusion is in that file: genes, transcripts, published junctions, artefact
pairs, domains and the sentences of the report. The code knows none of it by name.

Coordinates in the YAML are 1-based and inclusive, as in GTF and HGVS. They become 0-based and half-open
when `aspsfusion.panel.build` turns them into a panel directory. Exon numbers and c. positions are those of
the primary transcripts.
"""

import string
from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    NonNegativeInt,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from aspsfusion.config import Strict
from aspsfusion.panel.gene_spec import (
    DomainSpec,
    GeneSpec,
    GeneSymbol,
    GenomeSpec,
    Identifier,
    Role,
)

Direction = Literal["diagnostic", "reciprocal"]
EvidenceLevel = Literal[
    "published_sequence", "genomic_coordinate", "published_exons", "inferred", "predicted"
]

PLACEHOLDERS = (
    "fusion",
    "disease",
    "sample",
    "types",
    "fragments",
    "split_reads",
    "spanning_pairs",
    "short_overhangs",
    "detectable_percent",
    "confidence_percent",
    "informative_fragments",
    "reasons",
)
"""What the sentences of the verdict may name in braces; `interpret.statement` fills each of them."""


class BreakpointSpec(Strict):
    """One side of a catalogue junction: an exon end (5' gene) or an exon start (3' gene)."""

    gene: GeneSymbol
    exon: int = Field(gt=0, description="exon number on the primary transcript")
    coding_position: int | None = Field(
        None, gt=0, description="c. position of the joined base where it is not the exon's end or start"
    )


class JunctionSpec(Strict):
    """A junction that has been published or follows from a published one."""

    id: Identifier
    five_prime: BreakpointSpec
    three_prime: BreakpointSpec
    type: str = Field("", description="name in the literature, for example 'type 1'")
    old_name: str = Field("", description="the same junction in superseded exon numbering")
    direction: Direction
    evidence: EvidenceLevel
    sequence: Annotated[str, StringConstraints(pattern=r"^[ACGT]+\|[ACGT]+$")] | None = Field(
        None, description="published sequence, a vertical bar at the junction"
    )
    disease: str = ""
    frequency: str = ""
    source: str

    @property
    def fusion(self) -> str:
        """HGNC name of the fusion, 5' gene first."""
        return f"{self.five_prime.gene}::{self.three_prime.gene}"


class GenePair(Strict):
    """Two genes of the panel that a fusion joins."""

    five_prime: GeneSymbol
    three_prime: GeneSymbol

    @property
    def genes(self) -> tuple[str, str]:
        """The two genes, 5' gene first."""
        return self.five_prime, self.three_prime

    @property
    def fusion(self) -> str:
        """HGNC name of the fusion, 5' gene first."""
        return f"{self.five_prime}::{self.three_prime}"


class TargetSpec(GenePair):
    """The fusion whose presence or absence is the verdict."""

    disease: str = Field(description="the diagnosis that the fusion defines")
    translocation: str = Field(
        "", description="ISCN notation under which the translocation is published; bands of the genes else"
    )
    aliases: list[str] = Field(
        default_factory=list, description="other names of the fusion, as a reader may search for them"
    )
    wild_type_balance: list[tuple[NonNegativeInt, NonNegativeInt]] = Field(
        default_factory=list,
        description="fragments of the 3' gene centred upstream and downstream of the breakpoints, in samples "
        "without the fusion",
    )


class DifferentialSpec(GenePair):
    """Another fusion that defines a tumour of the differential diagnosis; context, never the verdict."""

    entity: str = Field(min_length=1, description="the tumour that the fusion defines")
    note: str = Field("", description="what else is to be known, for example further tumours with it")
    source: str = Field(min_length=1)


class DecoySpec(Strict):
    """Sequence of another gene that resembles an exon of a target in part, where no genome was searched."""

    name: Identifier = Field(description="gene, with its transcript")
    sequence: Annotated[str, StringConstraints(pattern=r"^[ACGT]{28,}$")]
    source: str = Field(min_length=1)


class ArtefactSpec(Strict):
    """A chimeric pair that has been seen in normal tissue and so is no finding by itself."""

    five_prime: str
    three_prime: str
    normal_samples: int = Field(ge=0)
    tumour_samples: int = Field(ge=0)
    comment: str = ""
    source: str = ""


class TextSpec(Strict):
    """The report's sentences.

    Those of the verdict say what was found and what it means; evidence and limit follow by themselves.
    `interpret.statement` fills `PLACEHOLDERS` in braces into them; the others are printed as they are.
    """

    confirmed: str
    excluded: str
    indeterminate: str
    other_fusion: str = Field(
        "", description="instead of `indeterminate` where another fusion of the target's genes is the reason"
    )
    confirmed_limit: str = Field("", description="what a confirmed fusion does not say")
    interpretation: list[str] = Field(default_factory=list)
    limits: list[str] = Field(default_factory=list)

    @field_validator("confirmed", "excluded", "indeterminate", "other_fusion")
    @classmethod
    def _known_placeholders(cls, text: str, info: ValidationInfo) -> str:
        # The text that may be left out is written to panel.json as an empty one, and read from there.
        if not text.strip() and cls.model_fields[str(info.field_name)].is_required():
            raise ValueError("is empty: a verdict needs a sentence")
        for name in _placeholders(text):
            if name not in PLACEHOLDERS:
                raise ValueError(f"names {{{name}}}, which is none of {', '.join(PLACEHOLDERS)}")
        return text

    @field_validator("interpretation", "limits")
    @classmethod
    def _no_placeholders(cls, sentences: list[str]) -> list[str]:
        for sentence in sentences:
            if "{" in sentence or "}" in sentence:
                raise ValueError(f"has braces, but nothing is filled in here: {sentence}")
        return sentences


class PanelSpec(Strict):
    """A whole panel as the YAML states it."""

    schema_version: Literal[1]
    name: Identifier
    version: str
    title: str
    genome: GenomeSpec
    target: TargetSpec
    genes: list[GeneSpec] = Field(min_length=2)
    junctions: list[JunctionSpec] = Field(default_factory=list)
    artefacts: list[ArtefactSpec] = Field(default_factory=list)
    differential: list[DifferentialSpec] = Field(default_factory=list)
    domains: list[DomainSpec] = Field(default_factory=list)
    decoys: list[DecoySpec] = Field(default_factory=list)
    texts: TextSpec

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, names in (
            ("gene", [gene.symbol for gene in self.genes]),
            ("junction id", [junction.id for junction in self.junctions]),
            ("differential", [entry.fusion for entry in self.differential]),
            ("transcript", [t.id for gene in self.genes for t in gene.transcripts]),
            ("decoy", [decoy.name for decoy in self.decoys]),
        ):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"{what} {twice[0]} is given twice")
        known = {gene.symbol for gene in self.genes}
        wanted = {
            "target": self.target.genes,
            "junctions": [side.gene for j in self.junctions for side in (j.five_prime, j.three_prime)],
            "differential": [gene for entry in self.differential for gene in entry.genes],
            "domains": [domain.gene for domain in self.domains],
        }
        for section, symbols in wanted.items():
            for symbol in symbols:
                if symbol not in known:
                    raise ValueError(f"{section} names gene {symbol}, which is not under genes")
        if self.target.five_prime == self.target.three_prime:
            raise ValueError(f"target joins {self.target.five_prime} to itself; it needs two genes")
        for symbol in self.target.genes:
            if "target" not in self.gene(symbol).roles:
                raise ValueError(f"gene {symbol} is part of the target fusion but lacks the role target")
        for artefact in self.artefacts:
            if f"{artefact.five_prime}::{artefact.three_prime}" == self.target.fusion:
                raise ValueError(f"artefacts name the target fusion {self.target.fusion}")
        for entry in self.differential:
            if set(entry.genes) == set(self.target.genes):
                raise ValueError(f"differential names {entry.fusion}, the target fusion or its reciprocal")
            if entry.five_prime == entry.three_prime:
                raise ValueError(f"differential joins {entry.five_prime} to itself; it needs two genes")
        self._check_junctions()
        self._check_extents()
        return self

    def _check_junctions(self) -> None:
        """Raise ValueError for a junction that no read could ever be counted for."""
        targets = set(self.genes_with_role("target"))
        context = {entry.genes for entry in self.differential}
        for junction in self.junctions:
            genes = (junction.five_prime.gene, junction.three_prime.gene)
            if genes[0] == genes[1]:
                raise ValueError(f"junction {junction.id} joins {genes[0]} to itself")
            if not targets & set(genes) and genes not in context:
                raise ValueError(
                    f"junction {junction.id} joins {genes[0]} and {genes[1]}, "
                    "neither of which has the role target"
                )
            acceptor = junction.three_prime
            at_gene_start = acceptor.exon == 1 and acceptor.coding_position is None
            if at_gene_start and junction.fusion == self.target.fusion:
                raise ValueError(
                    f"junction {junction.id} joins the start of exon 1 of {acceptor.gene}: no wild-type "
                    "fragment runs across it, so that the target fusion could never be excluded"
                )
            for side in (junction.five_prime, junction.three_prime):
                primary = self.gene(side.gene).primary
                if primary:
                    try:
                        primary.check_joined_base(side.exon, side.coding_position)
                    except ValueError as error:
                        raise ValueError(f"junction {junction.id} names {error} ({side.gene})") from error

    def _check_extents(self) -> None:
        """Raise ValueError for exons beyond their chromosome and domains beyond their protein."""
        for gene in self.genes:
            for transcript in gene.transcripts:
                chromosome = self.genome.chromosomes.get(transcript.chrom)
                end = max(end for _, end in transcript.exons)
                if chromosome and chromosome.length and end > chromosome.length:
                    raise ValueError(
                        f"{transcript.id} reaches {transcript.chrom}:{end}, "
                        f"the chromosome has {chromosome.length} nt"
                    )
        for domain in self.domains:
            primary = self.gene(domain.gene).primary
            if primary and primary.cds:
                residues = (primary.cds[1] - primary.cds[0] + 1) // 3 - 1
                if domain.last_residue > residues:
                    raise ValueError(
                        f"domain {domain.name} reaches residue {domain.last_residue} of {domain.gene}, "
                        f"whose protein has {residues}"
                    )

    def gene(self, symbol: str) -> GeneSpec:
        """Return the gene of that symbol; raises KeyError when the panel has none."""
        for gene in self.genes:
            if gene.symbol == symbol:
                return gene
        raise KeyError(symbol)

    def genes_with_role(self, role: Role) -> list[str]:
        """Return the symbols of the genes that have the role, in the order of the YAML."""
        return [gene.symbol for gene in self.genes if role in gene.roles]


def _placeholders(text: str) -> list[str]:
    """Return what a sentence has in braces; raises ValueError for a brace without its partner."""
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"has a stray brace ({error}); a brace itself is written {{{{ or }}}}") from error
    found = []
    for _, name, form, conversion in parts:
        if name is not None:
            found.append(name + (f"!{conversion}" if conversion else "") + (f":{form}" if form else ""))
    return found
