"""Every threshold of the product: its default, its range and the reason for it.

The models are the one source for the command-line options, the configuration keys and the report's
table of parameters.
"""

from pydantic import BaseModel, ConfigDict, Field

BOTH_SIDES = 2


class _Parameters(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CallParameters(_Parameters):
    """Thresholds of `aspsfusion evidence` and `aspsfusion call` (configuration section `call`)."""

    min_anchor: int = Field(
        10,
        ge=6,
        le=50,
        description="fewest bases on each side of a junction for a read to count as split read; a side whose "
        "last bases occur in another gene of the panel needs as many as make it unique. Below 10 nt an "
        "anchor is found by chance in a panel of some hundred kilobases",
    )
    min_overhang: int = Field(
        3,
        ge=2,
        le=50,
        description="fewest bases, all of them right, with which a read that has too short an anchor is "
        "counted all the same, at a junction that two or more properly anchored fragments prove. There they "
        "decide between two known continuations, which 3 bases confuse by chance once in 64",
    )
    margin: int = Field(
        2,
        ge=1,
        le=20,
        description="edits by which a junction must beat the best wild-type explanation of the same read; a "
        "single sequencing error can not bridge two",
    )
    max_edit_rate: float = Field(
        0.06,
        ge=0.0,
        le=0.2,
        description="largest share of edits in a read that is counted for a junction: 1 percent errors and 2 "
        "percent deamination leave a wide reserve",
    )
    min_span: int = Field(
        25,
        ge=15,
        le=100,
        description="fewest bases that each mate of a spanning pair needs in its own gene",
    )
    max_insert: int = Field(
        1000,
        ge=100,
        le=100000,
        description="longest fragment on the fusion transcript, in nt; longer ones are not made by RNA-seq "
        "library preparation",
    )
    min_fragments_boundary: int = Field(
        2,
        ge=1,
        description="unique split fragments that an unlisted junction between two exon boundaries needs to "
        "be reported; a listed junction needs one",
    )
    min_fragments_other: int = Field(
        3,
        ge=1,
        description="unique split fragments that a junction inside an exon or intron needs to be reported; "
        "template switching makes such junctions at random places",
    )

    min_homology: int = Field(
        4,
        ge=1,
        le=30,
        description="bases that two genes share at a junction off the exon borders from which it counts as "
        "template switching of reverse transcriptase; 4 are shared by chance at 1 junction in 60",
    )
    min_fragments_homology: int = Field(
        10,
        ge=1,
        description="unique split fragments with which such a junction is reported all the same: template "
        "switching at one place is rare, a rearrangement gives as many as its transcript is expressed",
    )

    def needed_split_fragments(self, boundaries: int) -> int:
        """Return how many unique split fragments an unlisted junction needs to be reported.

        Args:
            boundaries: how many of its two sides lie at an exon border.
        """
        return self.min_fragments_boundary if boundaries == BOTH_SIDES else self.min_fragments_other


class ClassifyParameters(_Parameters):
    """Thresholds of the verdict (configuration section `classify`)."""

    min_fragments: int = Field(
        3,
        ge=1,
        description="unique supporting fragments of the target fusion for CONFIRMED; fewer give "
        "INDETERMINATE",
    )
    min_split_fragments: int = Field(
        2,
        ge=1,
        description="of these, unique fragments with a read across the junction; one alone may be a chimera "
        "of library preparation",
    )
    min_fragments_uncatalogued: int = Field(
        5,
        ge=1,
        description="unique supporting fragments for CONFIRMED where the junction is neither listed nor "
        "between two exon boundaries",
    )
    confidence: float = Field(
        0.95,
        gt=0.5,
        lt=1.0,
        description="probability with which the detectable fraction would have been seen",
    )
    max_detectable_fraction: float = Field(
        0.05,
        gt=0.0,
        le=1.0,
        description="largest detectable share of fusion transcripts at each acceptor for EXCLUDED: 10 "
        "percent tumour cells, the least that published sarcoma RNA assays accept, of whose transcripts half "
        "carry the fusion",
    )
    min_five_prime_fragments: int = Field(
        10,
        ge=0,
        description="unique fragments of the target's 5' gene for EXCLUDED; without any the assay may not "
        "have looked at that gene",
    )
    min_five_prime_ratio: float = Field(
        0.02,
        ge=0.0,
        le=1.0,
        description="fragments per kilobase of the target's 5' gene, as a share of those of its 3' gene, for "
        "EXCLUDED; far fewer mean a capture panel with probes for the 3' gene alone, whose stray reads of "
        "other genes are no evidence that the assay looks at them",
    )
    min_control_genes: int = Field(
        3,
        ge=0,
        description="control genes that must be seen for EXCLUDED in libraries declared polyA or total",
    )
    min_control_fragments: int = Field(
        5, ge=1, description="unique fragments that make a control gene count as seen"
    )
    min_median_insert: int = Field(
        100,
        ge=0,
        description="median insert in nt below which the report warns: the quality rule of whole-"
        "transcriptome sequencing of 1233 tumours in FFPE tissue (Ball 2026, Br J Cancer)",
    )
    max_duplicate_fraction: float = Field(
        0.8,
        ge=0.0,
        le=1.0,
        description="share of duplicates among candidate fragments above which the report warns; a "
        "convention of this program, without a published limit",
    )
    max_unspliced_fraction: float = Field(
        0.2,
        ge=0.0,
        le=1.0,
        description="share of the target genes' molecules at exon borders that still hold the intron above "
        "which the report warns of DNA or unripe RNA; a convention, between the shares of clean RNA and of "
        "DNA in the study of docs/methods.md",
    )
    min_five_to_three_ratio: float = Field(
        0.5,
        ge=0.0,
        description="fragments of the 5' halves of control genes for each one of the 3' halves below which "
        "the report warns of degraded RNA, as set by the study of docs/methods.md",
    )


class BatchParameters(_Parameters):
    """Thresholds of `aspsfusion summary` (configuration section `batch`)."""

    max_contamination_share: float = Field(
        0.02,
        ge=0.0,
        lt=1.0,
        description="a junction with at most this share of the supporting fragments, duplicates counted, "
        "that another sample of the batch has of the same junction may come from there: index hopping moves "
        "up to 1 percent of the reads on unpatterned and up to 2 percent on patterned flow cells (Illumina "
        "Knowledge, article 1928); 0 switches the check off",
    )
    ntc_max_fragments: int = Field(
        10,
        ge=0,
        description="candidate fragments that a no-template control may have; index hopping alone brings "
        "in a few",
    )
