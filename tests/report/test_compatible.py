"""Tables in the columns of Arriba and STAR-Fusion."""

import csv
import json
from pathlib import Path

import pytest

from aspsfusion.report.compatible import (
    ARRIBA_COLUMNS,
    STAR_FUSION_COLUMNS,
    arriba_row,
    star_fusion_row,
    write_arriba,
    write_star_fusion,
)
from report_factory import ASPSCR1, TFE3_EXON_5, TFE3_EXON_6, confirmed_report, excluded_report, make_fusion


def rows_of(path: Path) -> tuple[list[str], list[list[str]]]:
    with path.open(encoding="utf-8", newline="") as handle:
        header, *rows = csv.reader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
    return header, rows


def test_names_and_order_are_those_of_the_programs(tmp_path: Path) -> None:
    write_arriba(confirmed_report(), tmp_path / "a.tsv")
    write_star_fusion(confirmed_report(), tmp_path / "s.tsv")
    header, rows = rows_of(tmp_path / "a.tsv")
    assert (
        " ".join(header) == "#gene1 gene2 strand1(gene/fusion) strand2(gene/fusion) breakpoint1 breakpoint2 "
        "site1 site2 type split_reads1 split_reads2 discordant_mates coverage1 coverage2 confidence "
        "reading_frame tags retained_protein_domains closest_genomic_breakpoint1 closest_genomic_breakpoint2 "
        "gene_id1 gene_id2 transcript_id1 transcript_id2 direction1 direction2 filters fusion_transcript "
        "peptide_sequence read_identifiers"
    )
    assert [len(row) for row in rows] == [len(ARRIBA_COLUMNS)] == [30]
    header, rows = rows_of(tmp_path / "s.tsv")
    assert (
        " ".join(header) == "#FusionName JunctionReadCount SpanningFragCount est_J est_S SpliceType LeftGene "
        "LeftBreakpoint RightGene RightBreakpoint JunctionReads SpanningFrags LargeAnchorSupport FFPM "
        "LeftBreakDinuc LeftBreakEntropy RightBreakDinuc RightBreakEntropy annots"
    )
    assert [len(row) for row in rows] == [len(STAR_FUSION_COLUMNS)]


def test_a_fusion_in_the_words_of_arriba() -> None:
    fusion = make_fusion()
    row = arriba_row(confirmed_report(), fusion)
    assert all(row.values())
    expected = {
        "#gene1": "ASPSCR1",
        "strand1(gene/fusion)": "+/+",
        "strand2(gene/fusion)": "-/-",
        "breakpoint1": "chr17:81996846",
        "breakpoint2": "chrX:49034251",
        "site1": "CDS/splice-site",
        "type": "translocation",
        "discordant_mates": 9,
        "confidence": "high",
        "reading_frame": "in-frame",
        "direction1": "downstream",
        "direction2": "downstream",
        "filters": "duplicates(5)",
        "gene_id2": "ENSG00000068323.17",
        "transcript_id2": "NM_006521.6",
        "retained_protein_domains": "ubiquitin-like_domain(100%)|bHLH_domain(100%),leucine_zipper(100%)",
        "closest_genomic_breakpoint1": ".",
    }
    assert {name: row[name] for name in expected} == expected
    split = [read for read in fusion.reads if read.kind == "split"]
    longer_in_5 = sum(read.anchor_five_prime >= read.anchor_three_prime for read in split)
    assert (row["split_reads1"], row["split_reads2"]) == (longer_in_5, 26 - longer_in_5)
    assert str(row["read_identifiers"]).split(",") == [read.name for read in fusion.reads]


@pytest.mark.parametrize(
    ("five", "three", "event", "directions"),
    [
        (("chr1", 10, "+"), ("chr1", 90, "+"), "deletion", ("downstream", "upstream")),
        (("chr1", 90, "+"), ("chr1", 10, "+"), "duplication", ("downstream", "upstream")),
        (("chr1", 90, "-"), ("chr1", 10, "-"), "deletion", ("upstream", "downstream")),
        (("chr1", 10, "-"), ("chr1", 90, "-"), "duplication", ("upstream", "downstream")),
        (("chr1", 10, "+"), ("chr1", 90, "-"), "inversion", ("downstream", "downstream")),
        (("chr1", 10, "-"), ("chr2", 90, "+"), "translocation", ("upstream", "upstream")),
    ],
)
def test_events_and_directions(
    five: tuple[str, int, str], three: tuple[str, int, str], event: str, directions: tuple[str, str]
) -> None:
    names = ("chrom", "pos", "strand")
    fusion = make_fusion(
        ASPSCR1.model_copy(update=dict(zip(names, five, strict=True))),
        TFE3_EXON_6.model_copy(update=dict(zip(names, three, strict=True))),
    )
    row = arriba_row(confirmed_report(), fusion)
    assert (row["type"], (row["direction1"], row["direction2"])) == (event, directions)


def test_the_share_of_a_domain_that_is_cut() -> None:
    base = make_fusion(three_prime=TFE3_EXON_5)
    cut = make_fusion().retained_domains[1].model_copy(update={"status": "partly kept"})
    peptide = make_fusion().peptide
    assert peptide
    fusion = base.model_copy(
        update={
            "retained_domains": [cut],
            "peptide": peptide.model_copy(update={"first_residue_three_prime": 261}),
        }
    )
    # Residues 261 to 271 of 260 to 271.
    assert arriba_row(confirmed_report(), fusion)["retained_protein_domains"] == "|activation_domain(91%)"


def test_a_fusion_in_the_words_of_star_fusion() -> None:
    fusion = make_fusion()
    row = star_fusion_row(confirmed_report(), fusion)
    assert all(row.values())
    expected = {
        "#FusionName": "ASPSCR1--TFE3",
        "JunctionReadCount": 26,
        "SpanningFragCount": 9,
        "SpliceType": "ONLY_REF_SPLICE",
        "LeftGene": "ASPSCR1^ENSG00000169696.16",
        "LeftBreakpoint": "chr17:81996846:+",
        "RightBreakpoint": "chrX:49034251:-",
        "LargeAnchorSupport": "YES_LDAS",
        "FFPM": "175.0000",  # 35 fragments of 200,000 pairs
        "LeftBreakDinuc": ".",
    }
    assert {name: row[name] for name in expected} == expected
    assert json.loads(str(row["annots"])) == ["INTERCHROMOSOMAL[chr17--chrX]"]
    assert len(str(row["JunctionReads"]).split(",")) == 26
    inside = make_fusion(ASPSCR1.model_copy(update={"at_exon_boundary": False}))
    assert star_fusion_row(confirmed_report(), inside)["SpliceType"] == "INCL_NON_REF_SPLICE"


def test_without_fusions_the_tables_hold_their_header(tmp_path: Path) -> None:
    for write, columns in ((write_arriba, ARRIBA_COLUMNS), (write_star_fusion, STAR_FUSION_COLUMNS)):
        path = tmp_path / "t.tsv"
        write(excluded_report(), path)
        assert path.read_text() == "\t".join(columns) + "\n"
