"""Defines the findings in `report.json`: junctions, rejected candidates, breaks with an unknown partner.

Positions are 1-based and inclusive, as in everything that a person reads.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Confidence = Literal["high", "medium", "low"]
Region = Literal["CDS", "5' UTR", "3' UTR", "exon", "intron", "intergenic"]


class Record(BaseModel):
    """A record of a JSON file: it cannot be changed, and refuses fields that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(Record):
    """One reason of the verdict: a stable code for programs and a sentence for people."""

    code: str
    text: str


class ListedEndFragments(Record):
    """Unique fragments that show listed ends of the target fusion with other sequence beyond, see `call`."""

    leaving: int = Field(0, description="leave the 5' gene, or enter the 3' gene, exactly at a listed end")
    joining: int = Field(0, description="others that join the two genes in the order of the fusion")


class FusionSide(Record):
    """One side of a junction."""

    gene: str
    hgnc: str = Field("", description="HGNC identifier of the gene; empty when the panel states none")
    transcript: str = Field(description="transcript that exon number and HGVS refer to")
    exon: int | None = Field(description="exon number, None inside an intron")
    chrom: str
    pos: int = Field(description="joined base, 1-based")
    strand: Literal["+", "-"]
    at_exon_boundary: bool = Field(description="joined base is the exon's last (5') or first (3') base")
    site: str = Field(description="words, for example 'end of exon 7' or 'inside exon 4'")
    tx_pos: int | None = Field(
        None, description="joined base on the transcript, 1-based; None inside an intron"
    )
    intron: int | None = Field(None, description="intron number, None inside an exon")
    region: Region | None = Field(
        None, description="what the joined base belongs to; 'exon' where the reading frame is not known"
    )


class DomainStatus(Record):
    """A protein domain and what the fusion keeps of it."""

    gene: str
    name: str
    first_residue: int
    last_residue: int
    status: Literal["kept", "partly kept", "lost"]


class FusionPeptide(Record):
    """The protein that the fusion transcript codes for, read from the start codon of the 5' gene."""

    sequence: str = Field(
        description="residues around the junction, a vertical bar at it, an asterisk for a stop; a codon of "
        "both genes is on the side with two of its bases; codons with inserted bases are between two bars; "
        "lower case after a shift of the frame"
    )
    length: int = Field(description="residues of the whole protein")
    residues_five_prime: int = Field(description="complete codons of the 5' gene before the junction")
    first_residue_three_prime: int | None = Field(
        None, description="first complete residue of the 3' gene, None out of frame"
    )


class Contamination(Record):
    """Another sample of the batch that has the same junction at a far higher level.

    Its name is left out: a report goes to the patient's file. The summary of the batch names it.
    """

    fragments_with_duplicates: int = Field(description="supporting fragments there, with duplicates")
    share: float = Field(description="this sample's fragments as a share of those, both with duplicates")


class SupportingRead(Record):
    """A fragment that supports a junction, as counted."""

    name: str = Field(description="the read's own name without the mate's number; names may repeat")
    number: int = Field(0, description="place of the fragment in the input, counted from 1 over all lanes")
    kind: Literal["split", "spanning", "short"] = Field(
        description="a read crosses with sufficient anchors; the mates lie on the two sides; or a read "
        "extends across the junction by fewer bases than an anchor needs"
    )
    copies: int = Field(description="fragments of the same molecule, counted once")
    typable: bool = Field(
        True, description="false when another known junction explains the fragment about equally well"
    )
    anchor_five_prime: int = Field(description="bases of the 5' gene in the crossing read; 0 when spanning")
    anchor_three_prime: int = Field(description="bases of the 3' gene in the crossing read; 0 when spanning")
    mismatches: int = Field(description="edits of the fragment against the junction")
    sequence: str = Field(description="the crossing read in the orientation of the fusion transcript")
    offset: int = Field(description="position of its first base relative to the first base of the 3' gene")


class Fusion(Record):
    """One junction with its evidence."""

    name: str
    type: str = Field(description="name in the literature, for example 'type 1'; empty when it has none")
    old_name: str = Field(description="the same junction in superseded exon numbering; may be empty")
    is_target: bool
    reciprocal: bool = Field(description="3' gene of the target fused in front of its 5' gene")
    five_prime: FusionSide
    three_prime: FusionSide
    inserted_sequence: str = Field(
        "", description="bases of neither gene between the two, in the sense of the fusion transcript"
    )
    known_place: bool = Field(
        False,
        description="whether the junction is listed or lies between exon borders, or is a variant of such a "
        "one: type, exon numbers, thresholds and wild type are those of it",
    )
    deviation: str = Field(
        "",
        description="in words what distinguishes the junction from the known one, the bases inserted, and "
        "variants beside it that most of its reads share; empty when there is nothing",
    )
    hgvs: str
    in_frame: bool | None = Field(description="None when a transcript has no known reading frame")
    split_reads: int = Field(description="unique fragments with a read that crosses the junction")
    spanning_pairs: int = Field(description="unique fragments whose mates lie on the two sides")
    short_overhangs: int = Field(
        0,
        description="unique fragments with a read that extends across the junction by fewer bases than an "
        "anchor needs; counted only where at least two split reads prove the junction",
    )
    fragments: int = Field(
        description="unique supporting fragments: split reads, spanning pairs and short overhangs"
    )
    not_typable: int = Field(
        0, description="of these, fragments that another known junction explains about equally well"
    )
    event: str = Field(
        "", description="name shared by the junctions of one rearrangement: the same 5' and the same 3' gene"
    )
    event_fragments: int = Field(0, description="unique supporting fragments of all its junctions together")
    diseases: list[str] = Field(default=[], description="tumours in which the panel lists this fusion")
    split_reads_with_duplicates: int
    spanning_pairs_with_duplicates: int
    fragments_with_duplicates: int
    fixed_ends: list[int] = Field(
        [],
        description="without UMIs, fragments with duplicates at each of the few pairs of ends that most of "
        "them share; empty where they do not",
    )
    max_anchor_five_prime: int
    max_anchor_three_prime: int
    wild_type_five_prime: int = Field(
        description="unique fragments that continue in the 5' gene at the breakpoint"
    )
    wild_type_three_prime: int = Field(
        description="unique fragments that come from the 3' gene itself at the breakpoint"
    )
    fraction_three_prime: float | None = Field(
        description="split reads divided by split reads and wild type at the 3' breakpoint"
    )
    confidence: Confidence
    confidence_reasons: list[str]
    catalogue_id: str | None
    junction_sequence: str = Field(
        description="reference bases of both sides, a vertical bar at the junction; inserted bases are "
        "between two bars, in lower case"
    )
    retained_domains: list[DomainStatus]
    peptide: FusionPeptide | None = Field(
        None, description="None where a breakpoint lies outside the reading frame"
    )
    no_product: str = Field(
        "", description="why the junction makes no protein of both genes; empty where it can make one"
    )
    translocation: str = Field(
        "", description="ISCN notation of a translocation between the bands of the two genes; may be empty"
    )
    contamination: Contamination | None = Field(
        None, description="set by the check of the batch where the junction may come from another sample"
    )
    reads: list[SupportingRead]

    @property
    def full_name(self) -> str:
        """Name and type, for example `FIVE::THREE type 1`."""
        return f"{self.name} {self.type}".strip()

    @property
    def junction_parts(self) -> tuple[str, str, str]:
        """Bases of the 5' gene, inserted bases and bases of the 3' gene, all in upper case."""
        five, *inserted, three = (self.junction_sequence.upper() or "|").split("|")
        return five, "".join(inserted), three

    @property
    def stops_early(self) -> bool:
        """Whether inserted bases end the protein before the 3' gene is read."""
        before = self.peptide.sequence.rpartition("|")[0] if self.peptide else ""
        return bool(self.inserted_sequence) and "*" in before

    @property
    def anchored_fragments(self) -> int:
        """Unique fragments that show enough of both genes to speak for the junction by themselves."""
        return self.fragments - self.short_overhangs


class FilteredFusion(Record):
    """A candidate junction that was not called, and why."""

    name: str
    five_prime: FusionSide
    three_prime: FusionSide
    inserted_sequence: str = Field("", description="bases of neither gene between the two")
    known_place: bool = Field(
        False, description="whether the junction is or is a variant of one that is listed or at exon borders"
    )
    listed: bool = Field(False, description="whether that one is listed in the panel")
    split_reads: int
    spanning_pairs: int
    fragments: int
    fragments_with_duplicates: int = 0
    fixed_ends: list[int] = Field([], description="see `Fusion`")
    agreeing_split_reads: int = Field(
        0,
        description="between the target's genes: unique fragments with a read split at about the same "
        "places, those of other candidates and unexplained bridges included",
    )
    agreeing_fragments: int = Field(
        0, description="between the target's genes: unique fragments that could be of one junction with these"
    )
    reasons: list[Reason]


class UnexplainedBridge(Record):
    """A fragment that joins the two genes of the target fusion and that no junction explains."""

    number: int = Field(description="number of the fragment in the sample's input")
    name: str = Field(description="read name")
    five_prime: FusionSide = Field(description="last base that is shown of the gene that comes first")
    three_prime: FusionSide = Field(description="first base that is shown of the other gene")
    inserted_sequence: str = Field("", description="bases of neither gene between the two")
    listed: bool = Field(description="whether a read shows a listed junction, or a variant of one")
    split_reads: int = Field(description="1 where a read shows both genes, 0 where each mate shows one")
    agreeing_split_reads: int = Field(
        description="unique fragments with a read split at about the same places"
    )
    agreeing_fragments: int = Field(
        description="unique fragments that could be of one junction with this one, itself included"
    )


class InternalJoin(Record):
    """A deletion or duplication within a target gene: reads leave it and go on elsewhere in it."""

    gene: str
    kind: Literal["deletion", "duplication"]
    five_prime: FusionSide = Field(description="last base before the join, in the direction of the gene")
    three_prime: FusionSide = Field(description="first base after it")
    length: int = Field(description="bases of the transcript that are lost or repeated")
    fragments: int = Field(description="unique fragments with a read across the join")
    wild_type: int = Field(description="unique fragments that run on in the gene after the last base")


class OneSided(Record):
    """A place where fragments run from a gene into sequence that the panel does not contain."""

    gene: str
    exon: int | None
    chrom: str
    pos: int
    fragments: int
    clipped_consensus: str
    kept_side: bool = Field(
        True,
        description="whether the gene breaks on the side that the target fusion keeps, or into sequence of "
        "the other target gene; false: by itself the break says nothing of the target fusion",
    )


class FilteredOneSided(OneSided):
    """Such a place that is not reported as a finding, and why."""

    reasons: list[Reason]
