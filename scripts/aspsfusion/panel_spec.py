"""The panel YAML: what a lab wants confirmed or excluded, stated as data.

Everything the product knows of a fusion stands in this file: genes, transcripts, published junctions,
artefact pairs, domains and the sentences of the report. The code knows none of it by name.

Coordinates in the YAML are 1-based and inclusive, as in GTF and HGVS. They become 0-based and half-open
when `aspsfusion.panel_build` turns them into a panel directory.
"""

from collections import Counter
from typing import Literal, Self

from pydantic import Field, model_validator

from aspsfusion.fusion_spec import ArtefactSpec, DifferentialSpec, JunctionSpec, TargetSpec
from aspsfusion.gene_spec import DomainSpec, GeneSpec, GenomeSpec, Identifier, Role, Strict
from aspsfusion.text_spec import TextSpec


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
    texts: TextSpec

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, names in (
            ("gene", [gene.symbol for gene in self.genes]),
            ("junction id", [junction.id for junction in self.junctions]),
            ("differential", [entry.fusion for entry in self.differential]),
            ("transcript", [t.id for gene in self.genes for t in gene.transcripts]),
        ):
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise ValueError(f"{what} {twice[0]} is given twice")
        known = {gene.symbol for gene in self.genes}
        wanted = {
            "target": [self.target.five_prime, self.target.three_prime],
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
        for symbol in (self.target.five_prime, self.target.three_prime):
            if "target" not in self.gene(symbol).roles:
                raise ValueError(f"gene {symbol} is part of the target fusion but lacks the role target")
        for artefact in self.artefacts:
            if f"{artefact.five_prime}::{artefact.three_prime}" == self.target.fusion:
                raise ValueError(f"artefacts name the target fusion {self.target.fusion}")
        for entry in self.differential:
            if set(entry.genes) == {self.target.five_prime, self.target.three_prime}:
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
            if junction.fusion == self.target.fusion and (acceptor.exon, acceptor.coding_position) == (
                1,
                None,
            ):
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
