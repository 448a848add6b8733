"""Fusions as the panel YAML states them: the target, its junctions, artefacts and differential diagnoses.

Exon numbers and c. positions are those of the primary transcripts; see `aspsfusion.gene_spec`.
"""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from aspsfusion.gene_spec import GeneSymbol, Identifier, Strict

Direction = Literal["diagnostic", "reciprocal"]
EvidenceLevel = Literal["published_sequence", "genomic_coordinate", "inferred", "predicted"]


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


class TargetSpec(Strict):
    """The fusion whose presence or absence is the verdict."""

    five_prime: GeneSymbol
    three_prime: GeneSymbol
    disease: str = Field(description="the diagnosis that the fusion defines")
    translocation: str = Field(
        "", description="ISCN notation under which the translocation is published; bands of the genes else"
    )

    @property
    def fusion(self) -> str:
        """HGNC name of the fusion, 5' gene first."""
        return f"{self.five_prime}::{self.three_prime}"


class DifferentialSpec(Strict):
    """Another fusion that defines a tumour of the differential diagnosis; context, never the verdict."""

    five_prime: GeneSymbol
    three_prime: GeneSymbol
    entity: str = Field(min_length=1, description="the tumour that the fusion defines")
    note: str = Field("", description="what else is to be known, for example further tumours with it")
    source: str = Field(min_length=1)

    @property
    def genes(self) -> tuple[str, str]:
        """The two genes, 5' gene first."""
        return self.five_prime, self.three_prime

    @property
    def fusion(self) -> str:
        """HGNC name of the fusion, 5' gene first."""
        return f"{self.five_prime}::{self.three_prime}"


class ArtefactSpec(Strict):
    """A chimeric pair that has been seen in normal tissue and so is no finding by itself."""

    five_prime: str
    three_prime: str
    normal_samples: int = Field(ge=0)
    tumour_samples: int = Field(ge=0)
    comment: str = ""
    source: str = ""
