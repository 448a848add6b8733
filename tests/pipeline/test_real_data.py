"""Real reads and real reference: the cell line K562 and a panel that is given by gene names alone.

Truth: BCR exon 14 (ENST00000305877) joined to ABL1 exon 2 (ENST00000318560).
"""

import json
from pathlib import Path

import pysam
import pytest

from aspsfusion.cli import main
from aspsfusion.panel.build import build_panel
from aspsfusion.panel.panel import load_panel
from repository import BCR_ABL1_PANEL, ROOT

PACKAGE = ROOT / "scripts" / "aspsfusion"


@pytest.fixture(scope="module")
def loci(real_panel_directory: Path, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FASTA of the loci of the panel's genes."""
    path = tmp_path_factory.mktemp("real") / "loci.fa"
    with pysam.FastaFile(str(real_data / "genome.fa.gz")) as genome, path.open("w") as stream:
        for transcripts in load_panel(real_panel_directory).by_gene.values():
            chrom = transcripts[0].chrom
            name = chrom if chrom in genome.references else chrom.removeprefix("chr")
            start = min(exon.start for t in transcripts for exon in t.exons)
            end = max(exon.end for t in transcripts for exon in t.exons)
            stream.write(f">{chrom}:{start + 1}-{end}\n{genome.fetch(name, start, end)}\n")
    return path


def run_sample(panel: Path, directory: Path, reads: list[Path]) -> Path:
    """Run all stages by their commands; returns the report."""
    paths = {
        name: directory / name
        for name in ("reads.fastq.gz", "screen.json", "panel.bam", "align.json", "evidence.json.gz")
    }
    calls, report = directory / "calls.json", directory / "report.json"
    commands = [
        ["screen", *reads, "--output", paths["reads.fastq.gz"], "--metrics", paths["screen.json"]],
        [
            *("align", "--reads", paths["reads.fastq.gz"], "--sample", "K562"),
            *("--output", paths["panel.bam"], "--metrics", paths["align.json"]),
        ],
        ["evidence", "--bam", paths["panel.bam"], "--output", paths["evidence.json.gz"]],
        ["call", "--evidence", paths["evidence.json.gz"], "--output", calls],
        [
            *("report", "--sample", "K562", "--screen", paths["screen.json"]),
            *("--align", paths["align.json"], "--calls", calls, "--json", report),
        ],
    ]
    for command, *arguments in commands:
        assert main([str(command), "--panel", str(panel), *map(str, arguments)]) == 0
    return report


def test_finds_the_one_fusion_of_k562(real_panel_directory: Path, real_data: Path, tmp_path: Path) -> None:
    reads = [real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz"]
    report = json.loads(run_sample(real_panel_directory, tmp_path, reads).read_text())
    assert report["filtered"] == []
    assert report["one_sided"] == []
    assert "FOREIGN_STARTS" not in {flag["code"] for flag in report["qc"]["flags"]}
    (fusion,) = report["fusions"]
    five, three = fusion["five_prime"], fusion["three_prime"]
    assert (fusion["name"], five["exon"], three["exon"]) == ("BCR::ABL1", 14, 2)
    assert (five["chrom"], five["pos"], five["transcript"]) == ("chr22", 23290413, "ENST00000305877")
    assert (three["chrom"], three["pos"], three["transcript"]) == ("chr9", 130854064, "ENST00000318560")
    assert five["at_exon_boundary"]
    assert three["at_exon_boundary"]
    # Every one of the 47 fragments with panel sequence supports the fusion. Two pairs have the same ends,
    # read from the two strands: they are copies of one molecule.
    assert fusion["split_reads"] == 28
    assert fusion["spanning_pairs"] == 18
    assert fusion["fragments"] == 46
    assert fusion["fragments_with_duplicates"] == 47
    assert report["verdict"]["call"] == "CONFIRMED"
    silent = {row["gene"]: row["fragments"] for row in report["expression"]}
    assert silent["ETV1"] == silent["ACSL3"] == 0


def test_the_pass_over_the_genome_is_used_and_its_limits_are_said(
    real_panel_directory: Path, real_data: Path, tmp_path: Path
) -> None:
    provenance = json.loads((real_panel_directory / "panel.json").read_text())
    assert provenance["genome_pass"]["bases"] == 242193529 + 159345973 + 138394717 + 50818468
    # Real sequence at four genes, N elsewhere: nobody can say what else the genome holds.
    assert provenance["genome_pass"]["called_bases"] < 1_000_000
    assert provenance["whole_genome_specificity"] is False
    uniqueness = [check for check in provenance["checks"] if check["name"] == "genome_uniqueness"]
    assert [check["text"].split("|")[0] for check in uniqueness] == ["BCR", "ABL1"]
    assert all(check["passed"] for check in uniqueness)


def test_k562_is_found_alike_with_a_panel_built_from_loci(
    real_panel_directory: Path, loci: Path, real_data: Path, tmp_path: Path
) -> None:
    build_panel(BCR_ABL1_PANEL, loci, real_data / "genes.gtf", tmp_path / "panel")
    reads = [real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz"]
    reports = []
    for directory, built in (("genome", real_panel_directory), ("loci", tmp_path / "panel")):
        (tmp_path / directory).mkdir()
        reports.append(json.loads(run_sample(built, tmp_path / directory, reads).read_text()))
    assert reports[0]["fusions"] == reports[1]["fusions"]
    assert [report["verdict"]["call"] for report in reports] == ["CONFIRMED", "CONFIRMED"]
    assert [report["reference"]["kind"] for report in reports] == ["genome", "loci"]


@pytest.mark.parametrize("mate", [1, 2])
def test_single_reads_of_k562_give_the_same_junction(
    real_panel_directory: Path, real_data: Path, tmp_path: Path, mate: int
) -> None:
    report = json.loads(
        run_sample(real_panel_directory, tmp_path, [real_data / f"K562f_{mate}.fq.gz"]).read_text()
    )
    (fusion,) = report["fusions"]
    assert (fusion["five_prime"]["pos"], fusion["three_prime"]["pos"]) == (23290413, 130854064)
    assert fusion["spanning_pairs"] == 0


def test_reports_of_k562_are_identical_byte_for_byte(
    real_panel_directory: Path, real_data: Path, tmp_path: Path
) -> None:
    reads = [real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz"]
    reports = []
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        reports.append(run_sample(real_panel_directory, tmp_path / run, reads).read_bytes())
    assert reports[0] == reports[1]


def test_a_partner_off_the_panel_is_seen_as_a_one_sided_break(
    loci: Path, real_data: Path, tmp_path: Path
) -> None:
    text = BCR_ABL1_PANEL.read_text(encoding="utf-8")
    text = text.replace("five_prime: BCR", "five_prime: ACSL3").replace(
        "  - {symbol: BCR, roles: [target]}\n", ""
    )
    text = text.replace("symbol: ACSL3, roles: [partner]", "symbol: ACSL3, roles: [target]")
    (tmp_path / "panel.yaml").write_text(text, encoding="utf-8")
    panel = tmp_path / "panel"
    build_panel(tmp_path / "panel.yaml", loci, real_data / "genes.gtf", panel)
    reads = [real_data / "K562f_1.fq.gz", real_data / "K562f_2.fq.gz"]
    report = json.loads(run_sample(panel, tmp_path, reads).read_text())
    assert report["fusions"] == []
    (place,) = report["one_sided"]
    assert (place["gene"], place["exon"], place["pos"]) == ("ABL1", 2, 130854064)
    assert place["fragments"] >= 10
    # The foreign sequence is the end of BCR exon 14.
    assert place["clipped_consensus"].endswith("CCACTGGATTTAAGCAGAGTTCAA")
    assert report["verdict"]["call"] == "INDETERMINATE"


def test_no_line_of_code_or_template_knows_a_gene_of_either_fusion() -> None:
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".j2", ".css"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                for gene in ("ASPSCR1", "TFE3", "BCR", "ABL1"):
                    if gene in line:
                        # Paths of the shipped panel may stand in a command's example.
                        assert "resources/panels" in line, f"{path.name}:{number}: {line.strip()}"
