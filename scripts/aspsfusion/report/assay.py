"""Defines the block `assay` of `report.json`: how the library was made, as declared and as its reads show."""

from typing import Literal

from pydantic import Field

from aspsfusion.report.findings import Record

Seen = Literal["amplicons", "anchored PCR", "ends anywhere", "not determined"]
"""What the ends of the informative fragments look like."""


class PrimedPlace(Record):
    """Where a primer fits, from its first to its last matching base."""

    gene: str
    transcript: str = Field(description="the primary one where it fits that; 'unspliced' inside introns")
    exon: int | None = Field(description="exon of its 3' end; None inside an intron")
    first: int = Field(description="first base on the transcript in its direction, 1-based")
    last: int = Field(description="last base on the transcript in its direction, 1-based")
    direction: Literal["sense", "antisense"] = Field(description="antisense primers extend upstream")
    mismatches: int


class AssayPrimer(Record):
    """A declared primer."""

    name: str
    sequence: str
    tail: int = Field(description="bases at its 5' end that fit nowhere and belong to no gene")
    places: list[PrimedPlace] = Field(description="one for each gene and place; none where it fits nowhere")
    could_show: list[str] = Field(
        description="acceptors at which a molecule of the target fusion could begin with this primer, or be "
        "between it and another one; 'GENE exon N'"
    )
    molecules: dict[str, int] = Field(
        default={}, description="anchored PCR: informative wild-type molecules that begin at it, by acceptor"
    )


class AssayUmi(Record):
    """Where the unique molecular identifiers are."""

    source: Literal["none", "read structures", "tag", "read names"] = "none"
    structures: list[str] = Field(default=[], description="declared structure of each read")


class FixedJunction(Record):
    """A junction most of whose fragments share a few pairs of ends, in a sample without UMIs."""

    name: str
    molecules: int = Field(description="fragments that differ in ends or bases")
    reads: int = Field(description="fragments, every copy counted")
    shared: list[int] = Field(description="of these, those at each of the few pairs of ends")


class FixedEnds(Record):
    """Fragments whose ends are at a few places, as primers make them."""

    both_ends: dict[str, int] = Field(
        default={},
        description="informative fragments with both ends at few places, by acceptor; 0 if most are not",
    )
    one_end: dict[str, int] = Field(default={}, description="the same with one end at few places")
    junctions: list[FixedJunction] = Field(default=[], description="reported junctions of that kind")


class FusionIsoform(Record):
    """What reads with a junction show of its genes."""

    fusion: str = Field(description="the fusion with its type")
    exons: str = Field(description="exons of each gene that the read shows, in the order of the RNA")
    reads: int


class LongReadAssay(Record):
    """What is special about a sample of long reads."""

    platform: Literal["ont", "pacbio", "long"] = Field(
        description="as declared; 'long' where the lengths of the reads alone show it"
    )
    error_rate: float = Field(description="median share of edits in the bases of a read on the panel")
    margin: int = Field(
        description="edits by which a junction must be better than the wild type at this rate"
    )
    artefacts: dict[str, int] = Field(
        description="reads that show an artefact of library preparation, by its name; they support nothing. "
        "5' truncation: reads of the 3' gene that reach no acceptor and say nothing of the fusion"
    )
    isoforms: list[FusionIsoform] = Field(description="of the reported fusions, the most reads first")


class Assay(Record):
    """What the assay is, what distinguishes its molecules, and which of them inform about the fusion."""

    library: str | None = Field(None, description="as declared")
    seen: Seen = Field("not determined", description="as the ends of the informative fragments show it")
    primers: list[AssayPrimer] = Field(default=[], description="as declared, with their places")
    umi: AssayUmi = Field(default_factory=AssayUmi)
    fixed_ends: FixedEnds = Field(default_factory=FixedEnds)
    molecules_by: str = Field("", description="what distinguishes molecules, in words")
    informs: str = Field(
        "", description="which molecules say something of the fusion's absence, in a sentence"
    )
    notes: list[str] = Field(default=[], description="what else is to be known of primers and molecules")
    long_reads: LongReadAssay | None = Field(
        None, exclude_if=lambda value: value is None, description="of long reads; absent for short ones"
    )
