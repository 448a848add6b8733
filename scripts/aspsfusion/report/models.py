"""Defines `report.json`, the record of a sample that everything a person reads is written from.

Its JSON Schema is shipped in `resources/` (see `files`). Positions are 1-based and inclusive.
"""

from typing import Literal, Self

from pydantic import Field

from aspsfusion.report.assay import Assay
from aspsfusion.report.findings import (
    FilteredFusion,
    FilteredOneSided,
    Fusion,
    InternalJoin,
    ListedEndFragments,
    OneSided,
    Reason,
    Record,
    UnexplainedBridge,
)

REPORT_SCHEMA_VERSION = "1.0.0"
"""Version of the structure of report.json; the first number changes when a field changes its meaning."""

TUMOUR_SHARE_TO_DETECT = 0.5
"""Share of the declared tumour fraction that an exclusion must be able to detect: the neoplastic percentage
of a sample is to be at least twice the limit of detection (somatic NGS guideline, Eur J Hum Genet 2024). That
the share of fusion transcripts is about that of the tumour cells is an assumption."""

Call = Literal["CONFIRMED", "EXCLUDED", "INDETERMINATE"]


class Contig(Record):
    """A chromosome of the genome build, as the panel states it."""

    name: str
    length: int | None = None
    md5: str | None = Field(None, description="MD5 of the upper-case sequence")


class PanelId(Record):
    """Which panel was used."""

    name: str
    version: str
    title: str
    build: str = Field(description="genome build of all coordinates")
    checksum: str = Field(description="SHA-256 of the panel YAML")
    contigs: list[Contig] = Field(default=[], description="chromosomes that the panel names")
    aliases: list[str] = Field(default=[], description="other names of the target fusion")


class ReferenceId(Record):
    """Which reference the panel was built from."""

    kind: Literal["genome", "loci", "demonstration"]
    authenticated: bool = Field(
        description="whether every chromosome of a target gene was whole and matched the build's MD5"
    )
    whole_genome_specificity: bool = Field(
        False,
        description="whether the panel's sequences were looked for in the whole genome, so that reads of a "
        "gene's copies elsewhere are distinguished from its own",
    )
    decoys: int = Field(0, description="sequences that resemble the targets and compete as wild type")
    file: str = Field(description="file name of the genome FASTA")
    checksums: dict[str, str] = Field(
        default={},
        description="MD5 of the targets' chromosomes where they are whole, and SHA-256 of the panel's own "
        "sequences (transcripts.fa, introns.fa, decoys.fa)",
    )
    checks: list[str] = Field(description="what was proved about the reference when the panel was built")


class OwnVerdict(Record):
    """The verdict on a sample by its own reads, kept where the batch has changed it."""

    call: Call
    headline: str = Field("", description="the call with its reason in three to six words")
    reasons: list[Reason]
    result: str = Field("", description="the statement's first part: what was found and what it means")
    evidence: str = Field("", description="its second part: what was seen, in numbers")
    limit: str = Field("", description="its third part: what the verdict does not say; may be empty")
    statement: str = Field(description="result, evidence and limit in one text")

    def with_reasons(self, *reasons: Reason) -> Self:
        """Return it with further reasons, which are evidence too."""
        evidence = in_one(self.evidence, *(reason.text for reason in reasons))
        return self.model_copy(
            update={
                "reasons": [*self.reasons, *reasons],
                "evidence": evidence,
                "statement": in_one(self.result or self.statement, evidence, self.limit),
            }
        )


def in_one(*lines: str) -> str:
    """Return the parts of a statement as one text.

    >>> in_one("Not found.", "", "Down to 5%.")
    'Not found. Down to 5%.'
    """
    return " ".join(filter(None, lines))


class Verdict(OwnVerdict):
    """The answer to the one question."""

    target: str = Field(description="the fusion that the verdict is about, 5' gene first")
    before_batch_check: OwnVerdict | None = Field(
        None, description="the verdict by the sample's own reads, where the check of the batch changed it"
    )


class GeneModel(Record):
    """Exon structure of a transcript that the report speaks of, and where its gene lies."""

    gene: str
    hgnc: str = Field("", description="HGNC identifier of the gene; empty when the panel states none")
    transcript: str
    primary: bool
    gene_id: str = Field("", description="Ensembl identifier; empty when the panel states none")
    cytoband: str = ""
    chrom: str
    strand: Literal["+", "-"]
    exon_lengths: list[int] = Field(description="in transcript order, in nt")
    cds_first: int | None = Field(None, description="first base of the reading frame, 1-based")
    cds_last: int | None = Field(None, description="last base of the stop codon, 1-based")


class ExclusionLevel(Record):
    """The detectable fraction at one confidence."""

    confidence: float
    detectable_fraction: float | None


class Exclusion(Record):
    """What would have been detected if the fusion were there."""

    confidence: float = Field(
        description="probability with which the fraction below would have been detected"
    )
    informative_fragments: dict[str, int] = Field(
        description="unique wild-type fragments at each acceptor, by 'GENE exon N'"
    )
    detectable_fraction: float | None = Field(
        description="smallest share of fusion transcripts that would have been detected; None without "
        "coverage"
    )
    levels: list[ExclusionLevel] = Field(
        default_factory=list, description="the same at the confidences that are always given"
    )
    threshold: float = Field(description="largest detectable fraction that still counts as an exclusion")
    needed_fragments: int | None = Field(
        None, description="informative fragments that each acceptor needs for an exclusion"
    )
    tumour_fraction: float | None = Field(
        None, description="declared share of tumour cells, half of which bounds the threshold"
    )
    adequate: bool

    @property
    def limited_by_tumour(self) -> bool:
        """Whether the declared tumour content makes the threshold lower than the configured one."""
        declared = self.tumour_fraction
        return declared is not None and TUMOUR_SHARE_TO_DETECT * declared <= self.threshold


class InputFile(Record):
    """A file that the sample's reads came in, as it was when it was read."""

    name: str
    bytes: int
    sha256: str
    reads: int = Field(description="reads in it; of an aligned file each one once")


class QcFlag(Record):
    """A quality value beyond its limit."""

    code: str
    text: str


class QcCheck(Record):
    """A quality value that has a limit."""

    code: str = Field(description="code of the flag that is raised when the value is beyond the limit")
    name: str
    value: str = Field(description="the value in words, for reading")
    limit: str = Field(description="the limit in words")
    status: Literal["pass", "warn", "not determined"]
    reason: str = Field(description="why this limit, with its source")


class QualityControl(Record):
    """Quality of the sample as far as this program sees it."""

    total_reads: int
    candidate_fragments: int
    duplicates: int = Field(description="fragments that are copies of a molecule already counted")
    umi: bool = Field(
        False, description="whether the reads carry unique molecular identifiers, which distinguish molecules"
    )
    median_insert: int | None
    adapter_fraction: float | None
    overlap_fraction: float | None = Field(description="share of pairs whose mates overlap")
    read_length: int = Field(description="longest read")
    mean_read_length: float = Field(description="mean length of all reads in nt")
    gc_fraction: float = Field(description="GC content: share of G and C among the known bases of all reads")
    n_fraction: float = Field(description="share of unknown bases (N) in all reads")
    q30_fraction: float | None = Field(
        description="share of bases of all reads with a quality of at least 30; null where the input has none"
    )
    control_genes: dict[str, int] = Field(description="unique fragments by control gene")
    input: str = Field(
        description="what the reads came in: 'FASTQ', or the kind of BAM, CRAM or SAM file", default="FASTQ"
    )
    input_build: str | None = Field(
        description="genome build that the input was aligned to, read from its header; reads are realigned",
        default=None,
    )
    strand: Literal["forward", "reverse", "unstranded", "not determined"] = Field(
        description="direction of first reads on the panel's transcripts, inferred from the data",
        default="not determined",
    )
    strand_fraction: float | None = Field(
        description="share of unique fragments whose first read is in sense; None without any", default=None
    )
    unspliced_fraction: float | None = Field(
        description="share of the target genes' molecules at exon borders that still contain the intron; "
        "None where too few were seen",
        default=None,
    )
    five_to_three_ratio: float | None = Field(
        description="fragments of the 5' halves of control genes for each one of the 3' halves; None where "
        "too few were seen",
        default=None,
    )
    diverged_fragments: dict[str, int] = Field(
        default={},
        description="unique fragments of another species or of a diverged copy by the gene that they fit: "
        "they share differences from it in 3 percent of their bases or more, and are in no other count",
    )
    flags: list[QcFlag]
    checks: list[QcCheck] = Field(default=[], description="values with a limit, whether kept or not")


class Expression(Record):
    """Fragments of one gene."""

    gene: str
    fragments: int
    tpm_like: float = Field(
        description="fragments per kilobase, scaled to one million over the genes of the panel"
    )


class ExonCoverage(Record):
    """Mean depth of one exon of a target's primary transcript."""

    gene: str
    exon: int
    length: int
    mean_depth: float


class Imbalance(Record):
    """Depth of the target's 3' gene up- and downstream of its breakpoints; supporting evidence only."""

    gene: str
    five_prime_depth: float | None = Field(description="None when the panel lists no breakpoint")
    three_prime_depth: float | None
    ratio: float | None = Field(description="depth downstream divided by depth upstream of the breakpoints")
    five_prime_fragments: int = Field(0, description="unique fragments whose middle lies upstream of them")
    three_prime_fragments: int = Field(0, description="unique fragments whose middle lies downstream of them")
    p_value: float | None = Field(
        None,
        description="probability of as large an excess downstream of the breakpoints under the baseline; "
        "None without fragments",
    )
    baseline: str = Field("", description="'N negative samples', 'N samples of the panel' or 'uniform model'")


class DifferentialFusion(Record):
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
    three_prime_fragments: int = Field(description="the same for the 3' gene")


class Marker(Record):
    """Expression of the gene of an immunohistochemical stain."""

    gene: str
    stain: str
    fragments: int
    tpm_like: float


class Differential(Record):
    """Context for the differential diagnosis; never the verdict."""

    fusions: list[DifferentialFusion] = Field(default_factory=list)
    markers: list[Marker] = Field(default_factory=list)


class Report(Record):
    """The record of one sample: `<sample>.report.json`."""

    schema_version: str
    sample_id: str
    sheet: dict[str, str] = Field(
        default={}, description="what the sample sheet says of the sample, by column, as given"
    )
    inputs: list[InputFile] = Field(default=[], description="files of reads, lane by lane")
    panel: PanelId
    reference: ReferenceId
    software: dict[str, str]
    parameters: dict[str, dict[str, float | int | str | bool]]
    verdict: Verdict
    fusions: list[Fusion]
    filtered: list[FilteredFusion]
    one_sided: list[OneSided]
    filtered_one_sided: list[FilteredOneSided] = Field(default_factory=list)
    unexplained_bridges: list[UnexplainedBridge] = Field(
        default=[], description="fragments that join the target's genes and that no junction explains"
    )
    listed_ends: ListedEndFragments = Field(
        default_factory=ListedEndFragments,
        description="fragments that show listed ends of the target fusion with other sequence beyond",
    )
    internal_events: list[InternalJoin] = Field(
        default=[], description="deletions and duplications within a target gene; they touch no verdict"
    )
    exclusion: Exclusion
    assay: Assay = Field(default_factory=Assay)
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
        description="sentences that must be on every page, such as DEMONSTRATION REFERENCE"
    )
