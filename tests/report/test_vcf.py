"""fusions.vcf.gz: breakends by strand, and what other programs read from the file."""

import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pysam
import pytest

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.report.findings import Contamination
from aspsfusion.report.models import Contig
from aspsfusion.report.vcf import Breakend, breakends, vcf_text, write_vcf
from report_factory import ASPSCR1, TFE3_EXON_5, TFE3_EXON_6, confirmed_report, excluded_report, make_fusion

FLANK = 12


def genes_sequence(genome: str, position: int, strand: str, *, five_prime: bool) -> str:
    """Return the bases of a gene next to a junction, in the direction of transcription.

    Args:
        genome: plus strand.
        position: the joined base, 1-based.
        strand: the gene's strand.
        five_prime: whether the gene ends at the base (5' gene) or begins with it.
    """
    if strand == "+":
        start = position - FLANK if five_prime else position - 1
        return genome[start : start + FLANK]
    start = position - 1 if five_prime else position - FLANK
    return reverse_complement(genome[start : start + FLANK])


def adjacency(record: Breakend, genomes: dict[str, str]) -> str:
    """Return the sequence that a breakend describes, as VCF 4.3 section 5.4 defines the four forms of ALT.

    t[p[  the piece to the right of p is joined behind t
    t]p]  the reverse complement of the piece to the left of p is joined behind t
    ]p]t  the piece to the left of p is joined before t
    [p[t  the reverse complement of the piece to the right of p is joined before t
    """
    own, at = genomes[record.chrom], record.position
    found = re.fullmatch(r"([ACGT]*)([\[\]])(.+):(\d+)([\[\]])([ACGT]*)", record.alternative)
    assert found
    before, bracket, chrom, position, closing, behind = found.groups()
    assert bracket == closing
    assert (before[:1] or behind[-1:]) == record.reference == own[at - 1]
    mate, place = genomes[chrom], int(position)
    right_of_mate = mate[place - 1 : place - 1 + FLANK]
    left_of_mate = mate[place - FLANK : place]
    if before:
        piece = right_of_mate if bracket == "[" else reverse_complement(left_of_mate)
        return own[at - FLANK : at] + before[1:] + piece
    piece = left_of_mate if bracket == "]" else reverse_complement(right_of_mate)
    return piece + behind[:-1] + own[at - 1 : at - 1 + FLANK]


@pytest.mark.parametrize("inserted", ["", "AACGT"])
@pytest.mark.parametrize("five_strand", ["+", "-"])
@pytest.mark.parametrize("three_strand", ["+", "-"])
def test_both_breakends_describe_the_fusion_transcript(
    five_strand: str, three_strand: str, inserted: str
) -> None:
    generator = random.Random(7)
    genomes = {name: "".join(generator.choices("ACGT", k=200)) for name in ("chr17", "chrX")}
    five = genes_sequence(genomes["chr17"], 90, five_strand, five_prime=True)
    three = genes_sequence(genomes["chrX"], 130, three_strand, five_prime=False)
    fusion = make_fusion(
        ASPSCR1.model_copy(update={"pos": 90, "strand": five_strand}),
        TFE3_EXON_6.model_copy(update={"pos": 130, "strand": three_strand}),
    ).model_copy(
        update={
            "inserted_sequence": inserted,
            "junction_sequence": f"{five}|{inserted.lower()}|{three}" if inserted else f"{five}|{three}",
        }
    )
    for record in breakends(fusion):
        described = adjacency(record, genomes)
        assert five + inserted + three in (described, reverse_complement(described))


@pytest.mark.parametrize(
    ("five_strand", "three_strand", "five_alt", "three_alt"),
    [
        ("+", "+", "G[chrX:9[", "]chr17:5]C"),
        ("+", "-", "G]chrX:9]", "G]chr17:5]"),
        ("-", "+", "[chrX:9[C", "[chr17:5[C"),
        ("-", "-", "]chrX:9]C", "G[chr17:5["),
    ],
)
def test_brackets_by_strand(five_strand: str, three_strand: str, five_alt: str, three_alt: str) -> None:
    fusion = make_fusion(
        ASPSCR1.model_copy(update={"pos": 5, "strand": five_strand}),
        TFE3_EXON_6.model_copy(update={"pos": 9, "strand": three_strand}),
    ).model_copy(update={"junction_sequence": "AAG|CTT"})
    five, three = breakends(fusion)
    assert (five.alternative, three.alternative) == (five_alt, three_alt)


def read(path: Path) -> list[Any]:
    with pysam.VariantFile(str(path)) as file:
        return list(file)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.fusions.vcf.gz"


@pytest.fixture
def written(path: Path) -> Path:
    """The file of a sample with a fusion."""
    write_vcf(confirmed_report(), path)
    return path


def test_a_fusion_is_read_back_as_two_mates(written: Path) -> None:
    five, three = read(written)
    assert (five.chrom, five.pos, five.ref, five.alts) == ("chr17", 81996846, "G", ("G]chrX:49034251]",))
    assert (three.chrom, three.pos, three.ref, three.alts) == ("chrX", 49034251, "G", ("G]chr17:81996846]",))
    assert five.info["MATEID"] == (three.id,)
    assert three.info["MATEID"] == (five.id,)
    assert five.info["EVENT"] == three.info["EVENT"]
    for record, gene, exon, wild_type in ((five, "ASPSCR1", 7, 18), (three, "TFE3", 6, 42)):
        assert list(record.filter) == ["PASS"]
        assert record.info["SVTYPE"] == "BND"
        assert record.info["GENE"] == gene
        assert record.info["EXON"] == exon
        assert record.info["WILD_TYPE"] == wild_type
        assert (record.info["SPLIT_READS"], record.info["SPANNING_PAIRS"]) == (26, 9)
        assert record.info["FRAGMENTS"] == 35
        assert record.info["HGVS"] == "NM_024083.4:r.?_933::NM_006521.6:r.886_?"
        assert record.info["CATALOGUE_ID"] == "asps-type1"
        assert record.info["FUSION_TYPE"] == "type 1"
        assert record.info["IN_FRAME"] == "yes"
        assert record.info["TARGET"] is True
        assert "RECIPROCAL" not in record.info


def test_contigs_are_declared_with_known_lengths(path: Path) -> None:
    report = confirmed_report()
    contigs = [Contig(name="chr9"), *(contig for contig in report.panel.contigs if contig.name == "chrX")]
    report = report.model_copy(update={"panel": report.panel.model_copy(update={"contigs": contigs})})
    write_vcf(report, path)
    with pysam.VariantFile(str(path)) as file:
        assert list(file.header.contigs) == ["chr9", "chr17", "chrX"]
        assert file.header.contigs["chrX"].length == 156040895
        assert "##fileformat=VCFv4.3" in str(file.header)
        assert "DEMONSTRATION REFERENCE" in str(file.header)


def test_records_are_found_through_the_index(written: Path) -> None:
    with pysam.VariantFile(str(written)) as file:
        assert [record.chrom for record in file.fetch("chrX", 49034250, 49034251)] == ["chrX"]
        assert not list(file.fetch("chrX", 0, 49034250))


def test_records_are_sorted_by_contig_and_position() -> None:
    near = make_fusion(ASPSCR1.model_copy(update={"pos": 81990000}), TFE3_EXON_6)
    report = confirmed_report().model_copy(update={"fusions": [make_fusion(), near]})
    lines = [line.split("\t") for line in vcf_text(report).splitlines() if line[0] != "#"]
    assert [(line[0], int(line[1])) for line in lines] == [
        ("chr17", 81990000),
        ("chr17", 81996846),
        ("chrX", 49034251),
        ("chrX", 49034251),
    ]
    assert len({line[2] for line in lines}) == 4


def test_without_fusions_the_file_is_empty_and_indexed(path: Path) -> None:
    write_vcf(excluded_report(), path)
    assert read(path) == []
    with pysam.VariantFile(str(path)) as file:
        assert file.index is not None
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, f"{path.name}.tbi"]


def test_a_junction_that_may_be_contamination_does_not_pass(path: Path) -> None:
    source = Contamination(fragments_with_duplicates=4000, share=0.01)
    fusion = make_fusion().model_copy(update={"contamination": source})
    write_vcf(confirmed_report().model_copy(update={"fusions": [fusion]}), path)
    for record in read(path):
        assert list(record.filter) == ["POSSIBLE_CONTAMINATION"]


def test_the_checksum_is_of_the_genome_that_was_used() -> None:
    report = confirmed_report()
    assert "md5=" not in vcf_text(report), "a demonstration reference is no chromosome"
    whole = report.reference.model_copy(update={"checksums": {"chrX": "0f", "transcripts.fa": "1f"}})
    text = vcf_text(report.model_copy(update={"reference": whole}))
    assert "##contig=<ID=chrX,length=156040895,md5=0f,assembly=GRCh38>" in text
    assert text.count("md5=") == 1


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is not installed")
def test_bcftools_merges_a_batch_into_a_cohort(tmp_path: Path) -> None:
    """Two samples of type 1, of which one has type 2 as well, and one without."""
    second = make_fusion(ASPSCR1, TFE3_EXON_5).model_copy(update={"split_reads": 4})
    few = make_fusion().model_copy(update={"split_reads": 3, "fraction_three_prime": None})
    reports = [
        confirmed_report("P1"),
        confirmed_report("P2").model_copy(update={"fusions": [second, few]}),
        excluded_report(),
    ]
    paths = [tmp_path / f"{report.sample_id}.vcf.gz" for report in reports]
    for report, path in zip(reports, paths, strict=True):
        write_vcf(report, path)
    merged = tmp_path / "cohort.vcf.gz"
    command = ["bcftools", "merge", "--merge", "none", "--output", str(merged), "-Oz", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    records = {record.id: record for record in read(merged)}
    assert len(records) == 4
    for record in records.values():
        assert list(record.samples) == ["P1", "P2", excluded_report().sample_id]
        mate = records[record.info["MATEID"][0]]
        assert mate.info["MATEID"] == (record.id,)
        assert f"{record.chrom}:{record.pos}" in mate.alts[0]
        assert record.samples[2]["GT"] == (None, None)
    shared = records["ASPSCR1_81996846_TFE3_49034251_five_prime"]
    assert [shared.samples[n]["SPLIT_READS"] for n in range(2)] == [26, 3]
    assert shared.samples["P2"]["FRACTION"] is None
    own = records["ASPSCR1_81996846_TFE3_49038114_three_prime"]
    assert [own.samples[n]["GT"] for n in range(2)] == [(None, None), (None, 1)]


@pytest.mark.skipif(shutil.which("bcftools") is None, reason="bcftools is not installed")
def test_bcftools_reads_the_file_without_a_warning(written: Path) -> None:
    for arguments in (["view"], ["view", "--regions", "chrX"], ["index", "--stats"]):
        command = ["bcftools", *arguments, str(written)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        assert "chrX" in done.stdout


def test_an_unknown_joined_base_is_n_and_an_intron_has_no_exon() -> None:
    intronic = ASPSCR1.model_copy(update={"exon": None, "site": "inside intron 7; near; 1,2=3%"})
    fusion = make_fusion(intronic).model_copy(update={"junction_sequence": "|"})
    five, _ = breakends(fusion)
    assert five.reference == "N"
    assert "EXON=" not in five.info
    assert "SITE=inside intron 7%3B near%3B 1%2C2%3D3%25;" in five.info
