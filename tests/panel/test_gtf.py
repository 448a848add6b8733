"""Exon structures from an annotation GTF: strands, frames, and the choice of the primary transcript."""

import bz2
import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.errors import PanelError
from aspsfusion.panel.gene_spec import GeneSpec, TranscriptSpec
from aspsfusion.panel.gtf import read_genes

EXONS = [(101, 160), (261, 320), (421, 500)]
Interval = tuple[int, int]


def line(
    feature: str,
    place: Interval,
    transcript: str = "T1.1",
    chrom: str = "chr17",
    strand: str = "+",
    **more: str,
) -> str:
    attributes = {"gene_id": "ENSG1.4", "transcript_id": transcript, "gene_name": "GENE", **more}
    text = " ".join(f'{key} "{value}";' for key, value in attributes.items())
    start, end = place
    return f"{chrom}\ttest\t{feature}\t{start}\t{end}\t.\t{strand}\t.\t{text}\n"


def lines(
    exons: Iterable[Interval] = EXONS,
    coding: Iterable[Interval] = (),
    stop: Interval | None = None,
    **more: str,
) -> str:
    """The lines of one transcript in the order that Ensembl and GENCODE give them."""
    exons = list(exons)
    whole = (min(start for start, _ in exons), max(end for _, end in exons))
    text = line("transcript", whole, **more) + "".join(line("exon", exon, **more) for exon in exons)
    text += "".join(line("CDS", place, **more) for place in coding)
    return text + (line("stop_codon", stop, **more) if stop else "")


@pytest.fixture
def gtf(tmp_path: Path) -> Path:
    return tmp_path / "genes.gtf"


def gene(**values: Any) -> GeneSpec:
    return GeneSpec.model_validate({"symbol": "GENE", "roles": ["target"], **values})


def read(path: Path, text: str, **values: Any) -> list[TranscriptSpec]:
    path.write_text(text, encoding="utf-8", newline="")
    return read_genes(path, [gene(**values)])["GENE"]


def refusal(path: Path, text: str | None, **values: Any) -> str:
    if text is not None:
        path.write_text(text, encoding="utf-8", newline="")
    with pytest.raises(PanelError) as caught:
        read_genes(path, [gene(**values)])
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    assert caught.value.remedy
    return message


@pytest.mark.parametrize(
    ("primary", "other"),
    [
        ("chr17", "chr17_KI270908v1_alt"),
        ("17", "KI270908.1"),
        ("17", "CHR_HSCHR17_1_CTG5"),
        ("NC_000017.11", "NW_003315952.3"),
    ],
)
def test_a_copy_on_another_contig_is_no_primary_transcript(gtf: Path, primary: str, other: str) -> None:
    """Whichever the file lists first, and whatever tags the copy has."""
    copy = lines([(11, 60), (161, 220), (321, 500)], chrom=other, tag="MANE_Select")
    for text in (copy + lines(chrom=primary), lines(chrom=primary) + copy):
        for values in ({}, {"primary_transcript": "T1"}):
            (found,) = read(gtf, text, **values)
            assert (found.chrom, found.exons) == ("chr17", EXONS)


def test_plus_strand(gtf: Path) -> None:
    (found,) = read(gtf, lines())
    assert found == TranscriptSpec(
        id="T1.1", primary=True, chrom="chr17", strand="+", exons=EXONS, source="genes.gtf"
    )


@pytest.mark.parametrize("order", [EXONS, EXONS[::-1], [EXONS[1], EXONS[0], EXONS[2]]])
def test_minus_strand_in_transcript_order_whatever_the_order_of_lines(
    gtf: Path, order: list[Interval]
) -> None:
    (found,) = read(gtf, lines(order, strand="-"))
    assert found.exons == EXONS[::-1]
    assert found.strand == "-"


def test_reading_frame_with_stop_codon_on_the_plus_strand(gtf: Path) -> None:
    # 60 + 60 + 80 nt; the frame runs from base 11 to base 130, its last codon is the stop codon's own line.
    coding = [(111, 160), (261, 320), (421, 427)]
    (found,) = read(gtf, lines(coding=coding, stop=(428, 430)))
    assert found.cds == (11, 130)


def test_reading_frame_with_stop_codon_on_the_minus_strand(gtf: Path) -> None:
    # 80 + 60 + 60 nt; from base 21 (position 480) to base 149 (position 152).
    coding = [(421, 480), (261, 320), (155, 160)]
    (found,) = read(gtf, lines(EXONS[::-1], coding, stop=(152, 154), strand="-"))
    assert found.cds == (21, 149)


def test_stop_codon_across_an_intron(gtf: Path) -> None:
    text = lines(coding=[(112, 160), (261, 319)]) + line("stop_codon", (320, 320))
    (found,) = read(gtf, text + line("stop_codon", (421, 422)))
    assert found.cds == (12, 122)


@pytest.mark.parametrize("strand", ["+", "-"])
def test_reading_frame_of_whole_exons(gtf: Path, strand: str) -> None:
    exons = [(101, 160), (261, 320)]
    (found,) = read(gtf, lines(exons, coding=exons, strand=strand))
    assert found.cds == (1, 120)


@pytest.mark.parametrize(
    ("coding", "cds"),
    [
        ([(111, 160), (261, 321)], None),  # ends in an intron
        ([(111, 160), (261, 319)], None),  # 109 nt
        ([(111, 159)], None),  # 49 nt
        ([(111, 158)], (11, 58)),
        ([], None),
    ],
)
def test_incomplete_frame_is_none(gtf: Path, coding: list[Interval], cds: Interval | None) -> None:
    (found,) = read(gtf, lines(coding=coding))
    assert found.cds == cds


SHORT = [(101, 160)]
LONG = [(101, 160), (261, 320), (421, 500), (601, 1000)]


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (
            lines(LONG, coding=[(101, 160), (261, 320)], transcript="A", tag="Ensembl_canonical"),
            lines(SHORT, transcript="B", tag="MANE_Select"),
            "MANE_Select stands above Ensembl_canonical",
        ),
        (
            lines(LONG, transcript="A", tag="Ensembl_canonical"),
            lines(SHORT, transcript="B", tag="MANE Select"),
            "as NCBI writes the tag",
        ),
        (
            lines(LONG, coding=[(101, 160), (261, 320)], transcript="A", tag="basic"),
            lines(SHORT, transcript="B", tag="Ensembl_canonical"),
            "a tag stands above the reading frame",
        ),
        (
            lines(LONG, coding=[(101, 130)], transcript="A"),
            lines(SHORT, coding=[(101, 160)], transcript="B"),
            "the reading frame stands above the number of exons",
        ),
        (
            lines([(101, 160), (421, 5000)], coding=SHORT, transcript="A"),
            lines([(101, 160), (201, 202), (203, 204)], coding=SHORT, transcript="B"),
            "the number of exons stands above the length",
        ),
        (
            lines([(101, 160), (421, 500)], transcript="A"),
            lines([(101, 160), (421, 501)], transcript="B"),
            "the length decides last",
        ),
        (
            lines([(101, 160), (421, 500)], transcript="A"),
            lines([(1, 100), (201, 300)], transcript="B"),
            "the length does not depend on the place",
        ),
        (
            lines(LONG, coding=[(601, 630), (641, 670)], transcript="A"),
            lines(LONG[:3], coding=[(101, 161)], transcript="B"),
            "the frame's bases count, not its pieces or their place",
        ),
        (
            lines(LONG, coding=[(601, 660)], transcript="A"),
            lines(LONG[:3], coding=[(101, 130), (261, 291)], transcript="B"),
            "more pieces do not shorten the frame",
        ),
    ],
)
def test_choice_of_the_primary_transcript(gtf: Path, first: str, second: str, why: str) -> None:
    for text in (first + second, second + first):
        found = read(gtf, text)
        assert [(t.id, t.primary) for t in found] == [("B", True), ("A", False)], why


def test_first_transcript_is_primary_when_nothing_tells_them_apart(gtf: Path) -> None:
    found = read(gtf, lines(transcript="A") + lines(transcript="B"))
    assert [t.id for t in found if t.primary] == ["A"]


@pytest.mark.parametrize("named", ["B", "B.2", "B.7"])
def test_primary_transcript_of_the_yaml_stands_above_all_with_any_version(gtf: Path, named: str) -> None:
    text = lines(LONG, transcript="A.1", tag="MANE_Select") + lines(SHORT, transcript="B.7")
    found = read(gtf, text, primary_transcript=named)
    assert [(t.id, t.primary) for t in found] == [("B.7", True), ("A.1", False)]


def test_primary_transcript_of_the_yaml_must_be_there(gtf: Path) -> None:
    message = refusal(gtf, lines(transcript="A.1"), primary_transcript="B.2")
    assert "has no transcript B.2 of GENE; correct primary_transcript in the panel YAML" in message
    assert "has no transcript B.2 of GENE" in refusal(gtf, "", primary_transcript="B.2")


def test_version_in_an_attribute_of_its_own(gtf: Path) -> None:
    found = read(gtf, lines(transcript="ENST1", transcript_version="4"))
    assert [t.id for t in found] == ["ENST1.4"]
    found = read(gtf, lines(transcript="ENST1.5", transcript_version="4"))
    assert [t.id for t in found] == ["ENST1.5"]


@pytest.mark.parametrize(
    "attributes",
    [
        {"gene_name": "GENE"},
        {"gene_id": "GENE", "gene_name": "other"},
        {"gene_id": "ENSG77.3", "gene_name": "OLDNAME"},
        {"gene_id": "ENSG77", "gene_name": "OLDNAME"},
    ],
)
@pytest.mark.parametrize("ensembl", ["ENSG77", "ENSG77.12"])
def test_gene_is_found_by_name_or_accession_of_any_version(
    gtf: Path, attributes: dict[str, Any], ensembl: str
) -> None:
    assert read(gtf, lines(**attributes), ensembl=ensembl)[0].exons == EXONS


def test_gene_symbol_with_a_dot_may_stand_in_gene_id(gtf: Path) -> None:
    gtf.write_text(lines(gene_id="AC004980.7", gene_name=""), encoding="utf-8")
    spec = GeneSpec(symbol="AC004980.7", roles=["partner"])
    assert read_genes(gtf, [spec])["AC004980.7"][0].exons == EXONS


def test_several_genes_and_those_not_asked_for(gtf: Path) -> None:
    text = lines(gene_name="OTHER", transcript="O") + lines()
    text += lines([(901, 950)], gene_name="SECOND", transcript="S", chrom="X", strand="-")
    gtf.write_text(text, encoding="utf-8")
    found = read_genes(gtf, [GeneSpec(symbol="SECOND", roles=["partner"]), gene()])
    assert {symbol: [t.id for t in spec] for symbol, spec in found.items()} == {
        "SECOND": ["S"],
        "GENE": ["T1.1"],
    }
    assert (found["SECOND"][0].chrom, found["SECOND"][0].strand) == ("chrX", "-")


@pytest.mark.parametrize("contig", ["17", "chr17", "NC_000017.11"])
def test_contig_names(gtf: Path, contig: str) -> None:
    assert read(gtf, lines(chrom=contig))[0].chrom == "chr17"


@pytest.mark.parametrize("same_name", [True, False])
@pytest.mark.parametrize("elsewhere", ["chrY", "KI270711.1", "chrHLA*A"])
def test_copy_of_the_gene_on_another_contig_is_left_out(gtf: Path, elsewhere: str, same_name: bool) -> None:
    name = "T1.1" if same_name else "T1.1_PAR_Y"
    text = lines(chrom="chrX", tag="MANE_Select") + lines(
        [(7, 9), (21, 30)], chrom=elsewhere, transcript=name
    )
    (found,) = read(gtf, text)
    assert (found.id, found.chrom, found.exons) == ("T1.1", "chrX", EXONS)


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress])
def test_compressed(gtf: Path, packed: Any) -> None:
    gtf.write_bytes(packed(lines().encode("utf-8")))
    assert read_genes(gtf, [gene()])["GENE"][0].exons == EXONS


def test_comments_blank_lines_and_windows_line_ends(gtf: Path) -> None:
    text = "#!genome-build GRCh38\n##gff-version 2\n\n" + lines()
    assert read(gtf, text.replace("\n", "\r\n"))[0].exons == EXONS


def test_attributes_without_quotes_or_with_signs_of_gff3_in_a_value(gtf: Path) -> None:
    text = lines(note="a=b; see ID=7").replace('gene_id "ENSG1.4"', "gene_id ENSG1.4")
    assert read(gtf, text)[0].exons == EXONS


def test_gff3_is_recognised_by_header_attributes_or_columns(gtf: Path) -> None:
    attributes = "ID=exon:T1:1;Parent=T1;gene=GENE;product=some protein"
    gff3 = f"17\ttest\texon\t101\t160\t.\t+\t.\t{attributes}\n"
    message = refusal(gtf, "##gff-version 3.1.26\n" + gff3)
    assert "line 1: is a GFF3 file; give a GTF (not GFF3) file" in message
    assert "line 2: has attributes of GFF3; give a GTF (not GFF3) file" in refusal(
        gtf, "# no header\n" + gff3
    )
    assert "line 1: has 1 columns, a GTF has 9; give a GTF" in refusal(gtf, ">chr17\nACGT\n")


def test_missing_gene(gtf: Path) -> None:
    message = refusal(gtf, lines(gene_name="OTHER"))
    assert (
        "has no exons of gene GENE; give a GTF that names the gene, or its exons in the panel YAML" in message
    )
    assert "has no exons of gene GENE" in refusal(gtf, "")
    assert "has no exons of gene GENE" in refusal(gtf, line("transcript", (101, 500)))


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (line("exon", (101, 160)).replace("\t.\t", "\t", 1), "line 2: has 8 columns, a GTF has 9"),
        (line("exon", (101, 160), strand="."), "line 2: has no transcript_id, no strand or no positions"),
        (line("exon", (101, 160), strand=""), "line 2: has no transcript_id, no strand"),
        (line("exon", (101, 160), transcript=""), "line 2: has no transcript_id"),
        (line("exon", (101, 160)).replace("101", "1e2"), "line 2: has no transcript_id, no strand or no pos"),
        (line("exon", (101, 160)).replace("101", ""), "line 2: has no transcript_id, no strand or no pos"),
        (line("exon", (101, 160)).replace("101", "²"), "line 2: has no transcript_id, no strand or no pos"),
    ],
)
def test_malformed_line_is_named_by_number(gtf: Path, broken: str, message: str) -> None:
    assert message in refusal(gtf, "# comment\n" + broken + lines())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (lines([(101, 160), (150, 320)]), "transcript T1.1 of GENE: exons of T1.1 overlap"),
        (lines([(160, 101)]), "transcript T1.1 of GENE: exon 160-101 of T1.1 does not run from a lower"),
        (lines([(0, 60)]), "transcript T1.1 of GENE: exon 0-60 of T1.1"),
        (lines(transcript="gene:T1"), "transcript gene:T1 of GENE: id: String should match pattern"),
        (lines(chrom="HLA*A"), "transcript T1.1 of GENE: chrom: String should match pattern"),
    ],
)
def test_transcript_that_cannot_be(gtf: Path, text: str, message: str) -> None:
    assert message in refusal(gtf, text)


def test_file_that_cannot_be_read(gtf: Path) -> None:
    assert "cannot be read (no such file or directory); give the path of an annotation" in refusal(gtf, None)
    assert "cannot be read (is a directory)" in refusal(gtf.parent, None)


def test_truncated_gzip(gtf: Path) -> None:
    whole = gzip.compress(lines().encode("utf-8"))
    gtf.write_bytes(whole[: len(whole) - 9])
    assert "is a truncated or damaged gzip file" in refusal(gtf, None)
