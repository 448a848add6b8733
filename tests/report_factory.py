"""Builds reports as the pipeline would, for the tests of everything that is written from them.

The junctions are those of GenBank AY034077 (type 1) and AY034078 (type 2); counts and read names are
made up. Reads are cut out of the junction's own sequence.
"""

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.config import ClassifyParameters
from aspsfusion.interpret.agreement import decided_again
from aspsfusion.panel.panel import Panel
from aspsfusion.report.findings import (
    Confidence,
    DomainStatus,
    FilteredFusion,
    Fusion,
    FusionPeptide,
    FusionSide,
    OneSided,
    Reason,
    SupportingRead,
)
from aspsfusion.report.models import (
    REPORT_SCHEMA_VERSION,
    Contig,
    Exclusion,
    ExonCoverage,
    Expression,
    GeneModel,
    Imbalance,
    PanelId,
    QcCheck,
    QcFlag,
    QualityControl,
    ReferenceId,
    Report,
    Verdict,
    in_one,
)


def called_junction(
    five: tuple[str, int],
    three: tuple[str, int],
    *,
    boundaries: int = 2,
    split_reads: int = 6,
    spanning_pairs: int = 0,
    rejections: tuple[str, ...] = (),
) -> CalledJunction:
    """Return an unlisted junction between two genes at genomic positions (0-based), without its reads."""
    return CalledJunction(
        five_gene=five[0],
        five_pos=five[1],
        three_gene=three[0],
        three_pos=three[1],
        catalogue_id=None,
        boundaries=boundaries,
        split_reads=split_reads,
        spanning_pairs=spanning_pairs,
        short_overhangs=0,
        split_with_duplicates=split_reads,
        spanning_with_duplicates=spanning_pairs,
        short_with_duplicates=0,
        homology=0,
        max_anchor_five_prime=40,
        max_anchor_three_prime=30,
        wild_type_five_prime=0,
        wild_type_three_prime=0,
        flank_five_prime="A",
        flank_three_prime="C",
        reads=(),
        rejections=rejections,
    )


DEMONSTRATION = "DEMONSTRATION REFERENCE, NOT FOR DIAGNOSIS"
EXON_7_END = "AAGAAGTCCAAGTCGGGCCAGGATCCCCAGCAGGAGCAGGAGCAGGAGCGGGAGCGGGATCCCCAGCAGGAGCAGGAGCGGGAGCGG"
EXON_6_START = "CTGCCTGTGTCAGGGAATCTGCTTGATGTGTACAGTAGTCAAGGCGTGGCCACACCAGCCATCACTGTCAGCAACTCCTGCCCAGCT"
# The 5' half is made up, the 3' half is the start of TFE3 exon 5 in AY034078.
PRCC_JUNCTION = (
    "GACCTACTCCGATTCAGAGGATGAAGCCACACTGGTGGCATATGAGCCTTCAGAGCTGCCCACAGGTTCCCAG"
    "|ATTGATGATGTCATTGATGAGATCATCAGCCTGGAGTCCAGTTACAATGATGAAATGCTCAGCTATCTGCCCGGAGGC"
)
ASPSCR1 = FusionSide(
    gene="ASPSCR1",
    hgnc="HGNC:13825",
    transcript="NM_024083.4",
    exon=7,
    chrom="chr17",
    pos=81996846,
    strand="+",
    at_exon_boundary=True,
    site="end of exon 7",
    tx_pos=951,
    region="CDS",
)
TFE3_EXON_6 = FusionSide(
    gene="TFE3",
    hgnc="HGNC:11752",
    transcript="NM_006521.6",
    exon=6,
    chrom="chrX",
    pos=49034251,
    strand="-",
    at_exon_boundary=True,
    site="start of exon 6",
    tx_pos=1017,
    region="CDS",
)
TFE3_EXON_5 = TFE3_EXON_6.model_copy(
    update={"exon": 5, "pos": 49038114, "site": "start of exon 5", "tx_pos": 912}
)
PRCC = FusionSide(
    gene="PRCC",
    hgnc="HGNC:9343",
    transcript="NM_005973.5",
    exon=1,
    chrom="chr1",
    pos=156768239,
    strand="+",
    at_exon_boundary=True,
    site="end of exon 1",
    tx_pos=705,
    region="CDS",
)
GENE_MODELS = [
    GeneModel(
        gene=gene,
        hgnc=hgnc,
        transcript=transcript,
        primary=True,
        gene_id=gene_id,
        cytoband=cytoband,
        chrom=chrom,
        strand=strand,
        exon_lengths=exon_lengths,
        cds_first=cds[0],
        cds_last=cds[1],
    )
    for gene, hgnc, transcript, gene_id, cytoband, chrom, strand, exon_lengths, cds in (
        (
            "ASPSCR1",
            "HGNC:13825",
            "NM_024083.4",
            "ENSG00000169696.16",
            "17q25.3",
            "chr17",
            "+",
            [120, 56, 115, 101, 58, 74, 427, 155, 82, 67, 63, 53, 52, 70, 173, 98],
            (19, 1680),
        ),
        (
            "TFE3",
            "HGNC:11752",
            "NM_006521.6",
            "ENSG00000068323.17",
            "Xp11.23",
            "chrX",
            "-",
            [247, 114, 304, 246, 105, 118, 57, 76, 148, 1876],
            (132, 1859),
        ),
        (
            "PRCC",
            "HGNC:9343",
            "NM_005973.5",
            "ENSG00000143294.15",
            "1q23.1",
            "chr1",
            "+",
            [705, 48, 567, 96, 144, 66, 442],
            (238, 1713),
        ),
    )
]
"""Exon lengths and reading frames of the panel's primary transcripts."""


DOMAINS = [
    DomainStatus(gene=gene, name=name, first_residue=first, last_residue=last, status=status)
    for gene, name, first, last, status in (
        ("ASPSCR1", "ubiquitin-like domain", 10, 83, "kept"),
        ("TFE3", "activation domain", 260, 271, "lost"),
        ("TFE3", "bHLH domain", 346, 399, "kept"),
        ("TFE3", "leucine zipper", 409, 430, "kept"),
    )
]


def split_read(
    number: int,
    start: int,
    length: int,
    *,
    errors: tuple[int, ...] = (),
    junction: str = f"{EXON_7_END}|{EXON_6_START}",
) -> SupportingRead:
    """Return a split read that begins `start` bases before the junction, wrong at the given offsets."""
    before, behind = junction.split("|")
    first = len(before) - start
    bases = list((before + behind)[first : first + length])
    for place in errors:
        bases[place] = "A" if bases[place] != "A" else "C"
    return SupportingRead(
        name=f"M00001:12:000000000-D1B2C:1:1101:{15000 + 37 * number}:{1300 + number}",
        number=number + 1,
        kind="split",
        copies=1 + number % 3,
        anchor_five_prime=start,
        anchor_three_prime=length - start,
        mismatches=len(errors),
        sequence="".join(bases),
        offset=-start,
    )


def spanning_pair(number: int) -> SupportingRead:
    """Return a spanning pair, which has no crossing read."""
    return SupportingRead(
        name=f"M00001:12:000000000-D1B2C:1:2102:{9000 + number}:{2200 + number}",
        number=10_000 + number,
        kind="spanning",
        copies=1,
        anchor_five_prime=0,
        anchor_three_prime=0,
        mismatches=0,
        sequence="",
        offset=0,
    )


def make_reads(split: int, spanning: int, junction: str) -> list[SupportingRead]:
    """Return that many supporting reads; every seventh split read has a substitution."""
    reads = [
        split_read(
            number, 12 + 5 * number % 60, 75, errors=(40,) if number % 7 == 3 else (), junction=junction
        )
        for number in range(split)
    ]
    return reads + [spanning_pair(number) for number in range(spanning)]


def make_fusion(
    five_prime: FusionSide = ASPSCR1,
    three_prime: FusionSide = TFE3_EXON_6,
    *,
    split: int = 26,
    spanning: int = 9,
    fraction: float | None = 0.382,
    confidence: Confidence = "high",
    is_target: bool = True,
    reciprocal: bool = False,
    junction_sequence: str = f"{EXON_7_END}|{EXON_6_START}",
) -> Fusion:
    """Return a type 1 fusion, or another when the sides are given."""
    listed = is_target and three_prime.exon == 6
    return Fusion(
        name=f"{five_prime.gene}::{three_prime.gene}",
        type="type 1" if listed else "",
        old_name=f"{five_prime.gene} exon 7 :: {three_prime.gene} exon 4" if listed else "",
        is_target=is_target,
        reciprocal=reciprocal,
        five_prime=five_prime,
        three_prime=three_prime,
        hgvs="NM_024083.4:r.?_933::NM_006521.6:r.886_?"
        if listed
        else f"{five_prime.transcript}:r.?_468::{three_prime.transcript}:r.781_?",
        in_frame=True,
        split_reads=split,
        spanning_pairs=spanning,
        fragments=split + spanning,
        split_reads_with_duplicates=split + 5,
        spanning_pairs_with_duplicates=spanning,
        fragments_with_duplicates=split + spanning + 5,
        max_anchor_five_prime=63,
        max_anchor_three_prime=60,
        wild_type_five_prime=18,
        wild_type_three_prime=42,
        fraction_three_prime=fraction,
        confidence=confidence,
        confidence_reasons=[
            "the junction is listed in the panel's catalogue and joins two exon boundaries",
            "split reads and spanning pairs agree",
        ],
        catalogue_id="asps-type1" if listed else None,
        junction_sequence=junction_sequence,
        retained_domains=DOMAINS if listed else DOMAINS[2:],
        peptide=FusionPeptide(
            sequence="QQEQEQERERDPQQEQERER|LPVSGNLLDVYSSQGVATPA",
            length=591,
            residues_five_prime=311,
            first_residue_three_prime=296,
        )
        if listed
        else None,
        translocation="t(X;17)(p11.2;q25)" if listed else "",
        reads=make_reads(split, spanning, junction_sequence),
    )


def make_coverage(gene: str, depths: tuple[float, ...]) -> list[ExonCoverage]:
    """Return the mean depth of a gene's exons, in order."""
    return [
        ExonCoverage(gene=gene, exon=number, length=100 + 10 * number, mean_depth=depth)
        for number, depth in enumerate(depths, 1)
    ]


def make_verdict(headline: str, result: str, *reasons: tuple[str, str]) -> Verdict:
    """Return a verdict on ASPSCR1::TFE3, whose evidence are its reasons."""
    evidence = " ".join(text for _, text in reasons)
    return Verdict(
        call=headline.split(":")[0],
        target="ASPSCR1::TFE3",
        headline=headline,
        reasons=[Reason(code=code, text=text) for code, text in reasons],
        result=result,
        evidence=evidence,
        statement=f"{result} {evidence}",
    )


def confirmed_report(sample_id: str = "type1_strong") -> Report:
    """Return the report of a sample with a type 1 fusion, on the demonstration reference."""
    return Report(
        schema_version=REPORT_SCHEMA_VERSION,
        sample_id=sample_id,
        panel=PanelId(
            name="aspscr1_tfe3",
            version="1.0.0",
            title="Alveolar soft part sarcoma: ASPSCR1::TFE3",
            build="GRCh38",
            checksum="5d41402abc4b2a76b9719d911017c592ae1c6bdaa1d2b4b2a0c1dd9f30b1a7c4",
            contigs=[
                Contig(name="chr17", length=83257441),
                Contig(name="chrX", length=156040895, md5="2b3a55ff7f58eb308420c8a9b11cac50"),
            ],
        ),
        reference=ReferenceId(
            kind="demonstration",
            authenticated=False,
            file="demo.fa.gz",
            checks=[
                "introns of the 31 transcripts end GT/GC..AG",
                "the reading frames are open and have the stated length",
                "6 published junction sequences are found at the stated exon ends",
            ],
        ),
        software={"aspsfusion": "0.1.0", "pybwa": "2.3.2", "python": "3.11.7"},
        parameters={
            "call": {"min_anchor": 10, "margin": 2, "max_edit_rate": 0.06},
            "classify": {"min_fragments": 3, "confidence": 0.95, "max_detectable_fraction": 0.05},
        },
        verdict=make_verdict(
            "CONFIRMED: ASPSCR1::TFE3 type 1",
            "The fusion ASPSCR1::TFE3 (type 1) was found in 35 independent RNA fragments.",
            ("TARGET_FOUND", "35 unique fragments support the fusion; at least 3 are needed"),
            ("SPLIT_FOUND", "26 of them have a read across the junction; at least 2 are needed"),
        ),
        fusions=[make_fusion()],
        filtered=[
            FilteredFusion(
                name="TFE3::CLTC",
                five_prime=TFE3_EXON_6.model_copy(
                    update={"at_exon_boundary": False, "site": "inside exon 6"}
                ),
                three_prime=PRCC.model_copy(
                    update={
                        "gene": "CLTC",
                        "transcript": "NM_004859.4",
                        "exon": None,
                        "chrom": "chr17",
                        "pos": 59677400,
                        "at_exon_boundary": False,
                        "site": "inside intron 17",
                    }
                ),
                split_reads=1,
                spanning_pairs=0,
                fragments=1,
                reasons=[Reason(code="FEW_FRAGMENTS", text="1 unique split fragment; 3 are needed")],
            )
        ],
        one_sided=[
            OneSided(
                gene="TFE3",
                exon=6,
                chrom="chrX",
                pos=49034251,
                fragments=4,
                clipped_consensus="CAGCAGGAGCAGGAGCGGGAGCGG",
            )
        ],
        exclusion=Exclusion(
            confidence=0.95,
            informative_fragments={"TFE3 exon 5": 61, "TFE3 exon 6": 42},
            detectable_fraction=0.0689,
            threshold=0.05,
            adequate=False,
            needed_fragments=59,
        ),
        qc=QualityControl(
            total_reads=400000,
            candidate_fragments=4321,
            duplicates=377,
            median_insert=164,
            adapter_fraction=0.021,
            overlap_fraction=0.312,
            read_length=75,
            mean_read_length=75.0,
            gc_fraction=0.48,
            n_fraction=0.001,
            q30_fraction=0.93,
            control_genes={"UBC": 512, "ACTB": 2210, "GAPDH": 1821},
            flags=[
                QcFlag(code="SHORT_INSERT", text="median insert 164 nt; below 180 nt spanning pairs are rare")
            ],
            checks=[
                QcCheck(
                    code="SHORT_INSERT",
                    name="Median insert",
                    value="164 nt",
                    limit="at least 180 nt",
                    status="warn",
                    reason="made up for the tests",
                ),
                QcCheck(
                    code="HIGH_DUPLICATION",
                    name="Duplicates",
                    value="377 (8.7%)",
                    limit="at most 80%",
                    status="pass",
                    reason="made up for the tests",
                ),
            ],
        ),
        expression=[
            Expression(gene=gene, fragments=fragments, tpm_like=round(fragments * 211.37, 1))
            for gene, fragments in (
                ("ASPSCR1", 212),
                ("TFE3", 640),
                ("PRCC", 98),
                ("SFPQ", 310),
                ("NONO", 405),
                ("CLTC", 290),
                ("TFEB", 12),
                ("MITF", 3),
                ("TFEC", 0),
                ("ACTB", 2210),
                ("GAPDH", 1821),
            )
        ],
        exon_coverage=make_coverage(
            "ASPSCR1", (35, 33, 41, 38, 36, 40, 39, 14, 13, 15, 12, 13, 16, 14, 12, 9)
        )
        + make_coverage("TFE3", (10, 14, 17, 18, 19, 61, 63, 60, 66, 52)),
        gene_models=GENE_MODELS,
        imbalance=Imbalance(gene="TFE3", five_prime_depth=17.3, three_prime_depth=60.4, ratio=3.49),
        interpretation=[
            "The same fusion occurs in translocation renal cell carcinoma and in PEComa-like tumours.",
            "Correlate with morphology, site and TFE3 immunohistochemistry.",
        ],
        limits=["Fusions of genes that the panel does not hold are not seen."],
        notices=[DEMONSTRATION],
    )


def excluded_report(sample_id: str = "wild_type_deep") -> Report:
    """Return the report of a well covered sample without any fusion, on an authentic genome."""
    base = confirmed_report(sample_id)
    return base.model_copy(
        update={
            "reference": ReferenceId(
                kind="genome",
                authenticated=True,
                file="GRCh38.fa.gz",
                checks=["chr17 and chrX match their MD5"],
            ),
            "verdict": make_verdict(
                "EXCLUDED: no ASPSCR1::TFE3 down to 1.5%",
                "The fusion ASPSCR1::TFE3 was not found, and it would have been detected.",
                ("TARGET_ABSENT", "no fragment supports the fusion"),
                ("COVERAGE_ADEQUATE", "a share of 1.4% would have been detected with 95% probability"),
            ),
            "fusions": [],
            "filtered": [],
            "one_sided": [],
            "exclusion": Exclusion(
                confidence=0.95,
                informative_fragments={"TFE3 exon 5": 212, "TFE3 exon 6": 230},
                detectable_fraction=0.0141,
                threshold=0.05,
                adequate=True,
            ),
            "qc": base.qc.model_copy(update={"flags": []}),
            "exon_coverage": make_coverage("ASPSCR1", (40.0,) * 16) + make_coverage("TFE3", (60.0,) * 10),
            "imbalance": Imbalance(gene="TFE3", five_prime_depth=None, three_prime_depth=None, ratio=None),
            "notices": [],
        }
    )


def indeterminate_report(sample_id: str = "prcc_tfe3") -> Report:
    """Return the report of a single-end sample with another fusion of the target's 3' gene."""
    base = confirmed_report(sample_id)
    other = make_fusion(
        PRCC,
        TFE3_EXON_5,
        split=7,
        spanning=0,
        fraction=None,
        confidence="medium",
        is_target=False,
        junction_sequence=PRCC_JUNCTION,
    )
    return base.model_copy(
        update={
            "verdict": make_verdict(
                "INDETERMINATE: another TFE3 fusion found, PRCC::TFE3",
                "The fusion ASPSCR1::TFE3 was not found, but another fusion of TFE3 was: PRCC::TFE3.",
                ("OTHER_FUSION", "PRCC::TFE3 is supported by 7 unique fragments"),
            ),
            "fusions": [other],
            "exclusion": base.exclusion.model_copy(
                update={"informative_fragments": {}, "detectable_fraction": None}
            ),
            "qc": base.qc.model_copy(
                update={"median_insert": None, "adapter_fraction": None, "overlap_fraction": None}
            ),
        }
    )


def judged(report: Report) -> Report:
    """Return a report of which reasons and exclusion follow from its evidence, as the pipeline writes them.

    Whatever reads a report from a file refuses others. The statement stays: it is the panel's, no evidence.
    """
    parameters = ClassifyParameters.model_validate(report.parameters["classify"])
    verdict, excluded = decided_again(report, parameters)
    result = report.verdict.result
    statement = in_one(result, verdict.evidence, verdict.limit)
    verdict = verdict.model_copy(update={"result": result, "statement": statement})
    return report.model_copy(update={"verdict": verdict, "exclusion": excluded})


def called(
    panel: Panel, five: tuple[str, int], three: tuple[str, int], *, split: int = 6, boundaries: int = 2
) -> CalledJunction:
    """Return a junction between an exon's end and another one's start."""
    five_tx, three_tx = panel.primary[five[0]], panel.primary[three[0]]
    return called_junction(
        (five[0], five_tx.to_genome(five_tx.exons[five[1] - 1].tx_end - 1)),
        (three[0], three_tx.to_genome(three_tx.exons[three[1] - 1].tx_start)),
        boundaries=boundaries,
        split_reads=split,
    )
