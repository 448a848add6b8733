"""The records that stages pass to each other and to the outside.

Two languages meet here. Frozen dataclasses carry what flows between stages in files of this program's
own; pydantic models are `report.json`, the record that everything a person reads is written from, and
whose JSON Schema is shipped in `resources/`. Genomic positions in the pydantic models are 1-based and
inclusive; in the dataclasses they are 0-based and half-open.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

REPORT_SCHEMA_VERSION = "1.0.0"
"""Version of the structure of report.json; the first number changes when a field changes its meaning."""

Call = Literal["CONFIRMED", "EXCLUDED", "INDETERMINATE"]
Confidence = Literal["high", "medium", "low"]
Region = Literal["CDS", "5' UTR", "3' UTR", "exon", "intron", "intergenic"]

BOTH_ENDS = 2


# ---------------------------------------------------------------------------------------------------
# Between `evidence` and `call`
# ---------------------------------------------------------------------------------------------------


class Placement(NamedTuple):
    """One ungapped or gapped alignment of a read to a panel sequence.

    A named tuple, because a deep sample has millions and a dataclass takes four times as long to make.

    Attributes:
        contig: record name of the panel sequence, `GENE|TRANSCRIPT` or `GENE|unspliced`.
        reverse: whether the read lies antisense to the contig.
        start: first aligned base on the contig, 0-based.
        end: end of the aligned bases on the contig, half-open.
        query_start: first aligned base of the read in contig orientation, 0-based.
        query_end: end of the aligned bases of the read in contig orientation, half-open.
        edits: mismatches and indels when the read is laid end to end: clipped bases are compared with
            the contig, bases beyond its end count as one edit each.
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
        """Gene of the contig."""
        return self.contig.split("|", 1)[0]


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
        """Fewest edits with which the read lies in each gene."""
        best: dict[str, int] = {}
        for placement in self.placements:
            gene = placement.gene
            if gene not in best or placement.edits < best[gene]:
                best[gene] = placement.edits
        return best

    def near_best_genes(self, margin: int) -> set[str]:
        """Return the genes in which the read has fewer than `margin` edits more than in its best one."""
        best = self.edits_by_gene
        if not best:
            return set()
        limit = min(best.values()) + margin
        return {gene for gene, edits in best.items() if edits < limit}


@dataclass(frozen=True)
class Fragment:
    """A fragment that the wild type does not fully explain, after duplicate removal.

    Attributes:
        name: read name.
        copies: how many fragments of the library had the same coordinates, this one included.
        mates: one or two reads.
        merged: whether the one read is the whole molecule, joined of two overlapping mates.
        umi: unique molecular identifier, empty where the sample carries none.
    """

    name: str
    copies: int
    mates: tuple[Mate, ...]
    merged: bool = False
    umi: str = ""

    @property
    def both_ends_known(self) -> bool:
        """Whether the reads show where the molecule begins and ends."""
        return self.merged or len(self.mates) == BOTH_ENDS


# ---------------------------------------------------------------------------------------------------
# report.json
# ---------------------------------------------------------------------------------------------------


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Contig(_Record):
    """A chromosome of the genome build, as the panel states it."""

    name: str
    length: int | None = None
    md5: str | None = Field(None, description="MD5 of the upper-case sequence")


class PanelId(_Record):
    """Which panel was used."""

    name: str
    version: str
    title: str
    build: str = Field(description="genome build of all coordinates")
    checksum: str = Field(description="SHA-256 of the panel YAML")
    contigs: list[Contig] = Field(default=[], description="chromosomes that the panel names")


class ReferenceId(_Record):
    """Which reference the panel was built from."""

    kind: Literal["genome", "loci", "demonstration"]
    authenticated: bool = Field(
        description="whether every chromosome of a target gene was whole and matched the build's MD5"
    )
    whole_genome_specificity: bool = Field(
        False,
        description="whether the panel's sequences were looked for in the whole genome, so that reads of a "
        "gene's copies elsewhere are told from its own",
    )
    file: str = Field(description="file name of the genome FASTA")
    checksums: dict[str, str] = Field(
        default={},
        description="MD5 of the targets' chromosomes where they are whole, and SHA-256 of the panel's own "
        "sequences (transcripts.fa, introns.fa)",
    )
    checks: list[str] = Field(description="what was proved of the reference when the panel was built")


class Reason(_Record):
    """One reason of the verdict: a stable code for programs and a sentence for people."""

    code: str
    text: str


class OwnVerdict(_Record):
    """The verdict on a sample by its own reads, kept where the batch has lowered it."""

    call: Call
    reasons: list[Reason]
    statement: str


class Verdict(_Record):
    """The answer to the one question."""

    call: Call
    target: str = Field(description="the fusion that the verdict is about, 5' gene first")
    reasons: list[Reason]
    statement: str
    before_batch_check: OwnVerdict | None = Field(
        None, description="the verdict by the sample's own reads, where the check of the batch changed it"
    )


class FusionSide(_Record):
    """One side of a junction."""

    gene: str
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


class DomainStatus(_Record):
    """A protein domain and what the fusion keeps of it."""

    gene: str
    name: str
    first_residue: int
    last_residue: int
    status: Literal["kept", "partly kept", "lost"]


class FusionPeptide(_Record):
    """The protein that the fusion transcript codes for, read from the start codon of the 5' gene."""

    sequence: str = Field(
        description="residues around the junction, a vertical bar at it, an asterisk for a stop; a codon of "
        "both genes stands on the side with two of its bases; small letters behind a shift of the frame"
    )
    length: int = Field(description="residues of the whole protein")
    residues_five_prime: int = Field(description="complete codons of the 5' gene in front of the junction")
    first_residue_three_prime: int | None = Field(
        None, description="first complete residue of the 3' gene, None out of frame"
    )


class Contamination(_Record):
    """Another sample of the batch that has the same junction at a far higher level."""

    sample_id: str
    fragments_with_duplicates: int = Field(description="supporting fragments there, with duplicates")
    share: float = Field(description="this sample's fragments as a share of those, both with duplicates")


class GeneModel(_Record):
    """Exon structure of a transcript that the report speaks of, and where its gene lies."""

    gene: str
    transcript: str
    primary: bool
    gene_id: str = Field("", description="Ensembl identifier; empty when the panel states none")
    cytoband: str = ""
    chrom: str
    strand: Literal["+", "-"]
    exon_lengths: list[int] = Field(description="in transcript order, in nt")
    cds_first: int | None = Field(None, description="first base of the reading frame, 1-based")
    cds_last: int | None = Field(None, description="last base of the stop codon, 1-based")


class SupportingRead(_Record):
    """A fragment that supports a junction, as counted."""

    name: str
    kind: Literal["split", "spanning", "short"] = Field(
        description="a read crosses with sufficient anchors; the mates lie on the two sides; or a read runs "
        "over the junction by fewer bases than an anchor"
    )
    copies: int = Field(description="fragments of the same molecule, counted once")
    typable: bool = Field(
        True, description="false when another known junction explains the fragment about as well"
    )
    anchor_five_prime: int = Field(description="bases of the 5' gene in the crossing read; 0 when spanning")
    anchor_three_prime: int = Field(description="bases of the 3' gene in the crossing read; 0 when spanning")
    mismatches: int = Field(description="edits of the fragment against the junction")
    sequence: str = Field(description="the crossing read in the orientation of the fusion transcript")
    offset: int = Field(description="position of its first base relative to the first base of the 3' gene")


class Fusion(_Record):
    """One junction with its evidence."""

    name: str
    type: str = Field(description="name in the literature, for example 'type 1'; empty when it has none")
    old_name: str = Field(description="the same junction in superseded exon numbering; may be empty")
    is_target: bool
    reciprocal: bool = Field(description="3' gene of the target fused in front of its 5' gene")
    five_prime: FusionSide
    three_prime: FusionSide
    hgvs: str
    in_frame: bool | None = Field(description="None when a transcript has no known reading frame")
    split_reads: int = Field(description="unique fragments with a read that crosses the junction")
    spanning_pairs: int = Field(description="unique fragments whose mates lie on the two sides")
    short_overhangs: int = Field(
        0,
        description="unique fragments with a read that runs over the junction by fewer bases than an anchor; "
        "counted only where at least two split reads prove the junction",
    )
    fragments: int = Field(
        description="unique supporting fragments: split reads, spanning pairs and short overhangs"
    )
    not_typable: int = Field(
        0, description="of these, fragments that another known junction explains about as well"
    )
    event: str = Field(
        "", description="name shared by the junctions of one rearrangement: the same 5' and the same 3' gene"
    )
    event_fragments: int = Field(0, description="unique supporting fragments of all its junctions together")
    split_reads_with_duplicates: int
    spanning_pairs_with_duplicates: int
    fragments_with_duplicates: int
    max_anchor_five_prime: int
    max_anchor_three_prime: int
    wild_type_five_prime: int = Field(
        description="unique fragments that run on in the 5' gene at the breakpoint"
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
        description="reference bases of both sides, a vertical bar at the junction"
    )
    retained_domains: list[DomainStatus]
    peptide: FusionPeptide | None = Field(
        None, description="None where a breakpoint lies outside the reading frame"
    )
    translocation: str = Field(
        "", description="ISCN notation of a translocation between the bands of the two genes; may be empty"
    )
    contamination: Contamination | None = Field(
        None, description="set by the check of the batch where the junction may come from another sample"
    )
    reads: list[SupportingRead]

    @property
    def anchored_fragments(self) -> int:
        """Unique fragments that show enough of both genes to speak for the junction by themselves."""
        return self.fragments - self.short_overhangs


class FilteredFusion(_Record):
    """A candidate junction that is not reported as a fusion, and why."""

    name: str
    five_prime: FusionSide
    three_prime: FusionSide
    split_reads: int
    spanning_pairs: int
    fragments: int
    reasons: list[Reason]


class OneSided(_Record):
    """A place where fragments leave a gene into sequence that the panel does not hold."""

    gene: str
    exon: int | None
    chrom: str
    pos: int
    fragments: int
    clipped_consensus: str


class FilteredOneSided(OneSided):
    """Such a place that is no finding, and why."""

    reasons: list[Reason]


class ExclusionLevel(_Record):
    """The detectable fraction at one confidence."""

    confidence: float
    detectable_fraction: float | None


class Exclusion(_Record):
    """What would have been seen if the fusion were there."""

    confidence: float = Field(description="probability with which the fraction below would have been seen")
    informative_fragments: dict[str, int] = Field(
        description="unique wild-type fragments at each acceptor, by 'GENE exon N'"
    )
    detectable_fraction: float | None = Field(
        description="smallest share of fusion transcripts that would have been seen; None without coverage"
    )
    levels: list[ExclusionLevel] = Field(
        default_factory=list, description="the same at the confidences that are always given"
    )
    threshold: float = Field(description="largest detectable fraction that still counts as an exclusion")
    needed_fragments: int | None = Field(
        None, description="informative fragments that each acceptor needs for an exclusion"
    )
    adequate: bool


class QcFlag(_Record):
    """A quality value beyond its limit."""

    code: str
    text: str


class ScreenMetrics(_Record):
    """What the screen counts of a sample: `screen.json`."""

    layout: Literal["paired", "single"]
    interleaved: bool = Field(description="whether a file held both mates by turns")
    lanes: list[list[str]] = Field(description="names of the files of each lane")
    total_fragments: int
    total_reads: int
    total_bases: int
    read_length: int = Field(description="longest read in nt")
    mean_read_length: float = Field(description="in nt")
    read_lengths: dict[str, int] = Field(description="number of reads by length in nt")
    gc_fraction: float = Field(description="share of G and C among the bases that are known")
    n_fraction: float = Field(description="share of bases that are not known (N)")
    mean_quality: float = Field(description="mean Phred quality of all bases")
    q30_fraction: float = Field(description="share of bases with a quality of at least 30")
    candidate_fragments: int = Field(description="fragments that were kept")
    kmers_by_gene: dict[str, int] = Field(description="panel k-mers in the reads that match the panel")


class QcCheck(_Record):
    """A quality value that has a limit."""

    code: str = Field(description="code of the flag that is raised when the value is beyond the limit")
    name: str
    value: str = Field(description="the value in words, for reading")
    limit: str = Field(description="the limit in words")
    status: Literal["pass", "warn", "not determined"]
    reason: str = Field(description="why this limit, with its source")


class QualityControl(_Record):
    """Quality of the sample as far as this program sees it."""

    total_reads: int
    candidate_fragments: int
    duplicates: int = Field(description="fragments that are copies of a molecule already counted")
    umi: bool = Field(
        False, description="whether the reads carry unique molecular identifiers, so that they tell molecules"
    )
    median_insert: int | None
    adapter_fraction: float | None
    overlap_fraction: float | None = Field(description="share of pairs whose mates overlap")
    read_length: int = Field(description="longest read")
    mean_read_length: float = Field(description="mean length of all reads in nt")
    gc_fraction: float = Field(description="share of G and C among the known bases of all reads")
    n_fraction: float = Field(description="share of unknown bases (N) in all reads")
    q30_fraction: float | None = Field(
        description="share of bases of all reads with a quality of at least 30; null for BAM input"
    )
    control_genes: dict[str, int] = Field(description="unique fragments by control gene")
    input: str = Field(
        description="what the reads came in: 'FASTQ', or the kind of BAM, CRAM or SAM file", default="FASTQ"
    )
    input_build: str | None = Field(
        description="genome build that the input was aligned to, told from its header; reads are realigned",
        default=None,
    )
    strand: Literal["forward", "reverse", "unstranded", "not determined"] = Field(
        description="direction of first reads on the panel's transcripts, told from the data",
        default="not determined",
    )
    strand_fraction: float | None = Field(
        description="share of unique fragments whose first read is in sense; None without any", default=None
    )
    flags: list[QcFlag]
    checks: list[QcCheck] = Field(default=[], description="values with a limit, whether kept or not")


class Expression(_Record):
    """Fragments of one gene."""

    gene: str
    fragments: int
    tpm_like: float = Field(
        description="fragments per kilobase, scaled to one million over the genes of the panel"
    )


class ExonCoverage(_Record):
    """Mean depth of one exon of a target's primary transcript."""

    gene: str
    exon: int
    length: int
    mean_depth: float


class Imbalance(_Record):
    """Depth of the target's 3' gene before and behind the recurrent breakpoints; supporting evidence only."""

    gene: str
    five_prime_depth: float | None = Field(description="None when the panel lists no breakpoint")
    three_prime_depth: float | None
    ratio: float | None = Field(description="depth behind divided by depth before the breakpoints")
    five_prime_fragments: int = Field(0, description="unique fragments whose middle lies before them")
    three_prime_fragments: int = Field(0, description="unique fragments whose middle lies behind them")
    p_value: float | None = Field(
        None,
        description="probability of as large an excess behind the breakpoints under the baseline; None "
        "without fragments",
    )
    baseline: str = Field("", description="'uniform model' or 'N negative samples'")


class DifferentialFusion(_Record):
    """Another fusion that defines a tumour of the differential diagnosis; context, never the verdict."""

    name: str
    entity: str = Field(description="the tumour that the fusion defines")
    note: str
    source: str
    pooled: list[str] = Field(description="near-identical genes whose reads count for the two genes as well")
    found: bool
    fragments: int = Field(description="unique supporting fragments")
    split_reads: int = Field(description="those with a read across the junction")
    five_prime_fragments: int = Field(
        description="unique wild-type fragments of the 5' gene; without any, nothing found means little"
    )
    three_prime_fragments: int = Field(description="the same of the 3' gene")


class Marker(_Record):
    """Expression of a gene behind an immunohistochemical stain."""

    gene: str
    stain: str
    fragments: int
    tpm_like: float


class Differential(_Record):
    """Context for the differential diagnosis; never the verdict."""

    fusions: list[DifferentialFusion] = Field(default_factory=list)
    markers: list[Marker] = Field(default_factory=list)


class Report(_Record):
    """The record of one sample: `<sample>.report.json`."""

    schema_version: str
    sample_id: str
    panel: PanelId
    reference: ReferenceId
    software: dict[str, str]
    parameters: dict[str, dict[str, float | int | str | bool]]
    verdict: Verdict
    fusions: list[Fusion]
    filtered: list[FilteredFusion]
    one_sided: list[OneSided]
    filtered_one_sided: list[FilteredOneSided] = Field(default_factory=list)
    exclusion: Exclusion
    qc: QualityControl
    expression: list[Expression]
    exon_coverage: list[ExonCoverage]
    gene_models: list[GeneModel] = Field(
        default=[], description="transcripts of the target's genes and of the genes in `fusions`"
    )
    imbalance: Imbalance
    differential: Differential = Field(default_factory=Differential)
    interpretation: list[str]
    limits: list[str]
    notices: list[str] = Field(
        description="sentences that must stand on every page, such as DEMONSTRATION REFERENCE"
    )
