"""Inserted bases in every view of a report: page, pile-up, drawing, explanation, VCF, table, contigs."""

import gzip
from pathlib import Path

import pysam
import pytest

from aspsfusion.call.tag import run_tag
from aspsfusion.report.explain import explain_supporting_read, explain_verdict
from aspsfusion.report.fusion_drawing import BROAD, draw_fusion
from aspsfusion.report.fusion_figure import lay_out
from aspsfusion.report.html import render_html
from aspsfusion.report.json_tsv import write_fusions_tsv
from aspsfusion.report.models import Report
from aspsfusion.report.pileup import build_pileup
from aspsfusion.report.vcf import write_vcf
from stages import Pair, fusion_molecule, report_pairs

INSERTED = "ACCATGTTAG"
NAME = "NM_024083.4:r.?_933::accauguuag::NM_006521.6:r.886_?"


@pytest.fixture(scope="module")
def sample(demo_panel_directory: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    """Six fragments of type 1 with ten bases inserted, and the directory of their files."""
    directory = tmp_path_factory.mktemp("inserted")
    plain, junction = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 6))
    molecule = plain[:junction] + INSERTED + plain[junction:]
    pairs = [
        Pair(f"r{n}", molecule[junction - 25 - 2 * n : junction + 160], 75, flipped=n % 2 == 1)
        for n in range(6)
    ]
    return report_pairs(demo_panel_directory, directory, pairs), directory


def test_the_reads_show_the_inserted_bases_between_two_bars(sample: tuple[Report, Path]) -> None:
    (fusion,) = sample[0].fusions
    pileup = build_pileup(fusion)
    assert pileup is not None
    assert f"|{INSERTED}|" in pileup.reference
    lines = ["".join(segment.text for segment in line.segments) for line in pileup.shown]
    assert len(lines) == 6
    assert all(f"|{INSERTED}|" in line for line in lines)
    assert not any(segment.mismatch for line in pileup.shown for segment in line.segments)
    assert f"|{INSERTED}|" in explain_supporting_read(fusion, fusion.reads[0])


def test_page_and_explanation_name_them(sample: tuple[Report, Path]) -> None:
    report, _ = sample
    page = render_html(report)
    assert NAME in page
    assert f"10 nt inserted ({INSERTED})" in page
    assert f"10 nt inserted ({INSERTED})" in explain_verdict(report)


def test_the_drawing_of_the_exons_is_that_of_the_known_junction(sample: tuple[Report, Path]) -> None:
    report, _ = sample
    drawing = lay_out(report.fusions[0], report.gene_models, {})
    assert drawing is not None
    fused = drawing.fusion
    assert [box.number for box in fused.boxes][6:8] == [7, 6]
    assert fused.inserted is not None
    assert fused.inserted[1] - fused.inserted[0] == len(INSERTED)
    assert draw_fusion(drawing, "f", BROAD).startswith("<svg")


def test_files_for_other_programs_hold_them(
    sample: tuple[Report, Path], demo_panel_directory: Path, tmp_path: Path
) -> None:
    report, directory = sample
    write_vcf(report, tmp_path / "s.vcf.gz")
    records = [
        line.split("\t")
        for line in gzip.decompress((tmp_path / "s.vcf.gz").read_bytes()).decode().splitlines()
        if not line.startswith("#")
    ]
    # ASPSCR1 is on the forward strand, TFE3 on the reverse one.
    assert any(INSERTED in record[4] for record in records)
    write_fusions_tsv(report, tmp_path / "s.tsv")
    header, row = (line.split("\t") for line in (tmp_path / "s.tsv").read_text().splitlines()[:2])
    assert dict(zip(header, row, strict=True))["inserted_sequence"] == INSERTED
    tagged, contigs = tmp_path / "tagged.bam", tmp_path / "junctions.fa"
    run_tag(demo_panel_directory, directory / "panel.bam", directory / "calls.json", tagged, contigs)
    with pysam.FastaFile(str(contigs)) as fasta:
        (junction,) = [name for name in fasta.references if name.startswith("JUNCTION|")]
        assert INSERTED in fasta.fetch(junction)
    with pysam.AlignmentFile(str(tagged)) as stream:
        placed = [
            r for r in stream.fetch(until_eof=True) if r.reference_name == junction and not r.is_secondary
        ]
    # All of each read, inserted bases among them, are those of the contig.
    assert {record.cigarstring for record in placed} == {"75M"}
