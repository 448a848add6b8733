"""Read structures: what is kept of a read, what is the UMI, and one sentence for each mistake."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pysam
import pytest

from aspsfusion.align.candidates import CandidateMetrics, read_candidates
from aspsfusion.align.structures import StructureError, read_structures
from aspsfusion.cli import main
from aspsfusion.evidence.umis import cluster_umis
from carriers.genes import read_genes
from stages import write_candidate_reads

LINKER = "ACCGTTAGCCATA"
READ = 100


def bases(length: int, rng: random.Random) -> str:
    return "".join(rng.choices("ACGT", k=length))


@pytest.mark.parametrize(
    ("texts", "reads", "templates", "umi"),
    [
        (["8M13S+T", "+T"], ["AAAACCCC" + LINKER + "GGTT", "ACG"], ["GGTT", "ACG"], "AAAACCCC"),
        (["4M+T", "3M2S+T"], ["AAAAGG", "CCCTTAC"], ["GG", "AC"], "AAAA+CCC"),
        (["4M2S4M+T"], ["AAAATTCCCCGT"], ["GT"], "AAAA+CCCC"),
        (["2B+T", "+T"], ["AAGT", "CC"], ["GT", "CC"], ""),
        (["3T2M", "+T"], ["ACGTT", "CC"], ["ACG", "CC"], "TT"),
        (["+t"], ["ACG"], ["ACG"], ""),
        # Too short for its segments: no template, and no UMI where it holds a part of that.
        (["8M13S+T", "+T"], ["AAAACCCC", "ACG"], ["", "ACG"], ""),
        (["8M+T", "5S+T"], ["AAAACCCCG", "ACG"], ["G", ""], "AAAACCCC"),
        # The mate is missing: the read may be either of the two.
        (["8M+T", "+T"], ["AAAACCCCG"], [""], ""),
    ],
)
def test_parts_of_reads(texts: list[str], reads: list[str], templates: list[str], umi: str) -> None:
    parts = read_structures(texts).apart([(read, read.lower()) for read in reads])
    assert [template for template, _ in parts.templates] == templates
    assert all(quality == template.lower() for template, quality in parts.templates)
    assert parts.umi == umi
    assert parts.too_short == templates.count("")


@pytest.mark.parametrize(
    ("texts", "taken", "reads", "templates", "umi"),
    [
        ([], [3], ["ACGTT"], ["TT"], ""),
        ([], [0, 2], ["ACG", "CCT"], ["ACG", "T"], ""),
        (["2M+T", "+T"], [3, 0], ["AACCCGT", "ACG"], ["GT", "ACG"], "AA"),
        # Too short for what is taken off.
        (["2M+T", "+T"], [3, 0], ["AACC", "ACG"], ["", "ACG"], ""),
        (["4T2M", "+T"], [3, 0], ["ACGTTT", "ACG"], ["T", "ACG"], "TT"),
    ],
)
def test_more_first_bases_of_templates_can_be_skipped(
    texts: list[str], taken: list[int], reads: list[str], templates: list[str], umi: str
) -> None:
    parts = read_structures(texts).shortened(taken).apart([(read, read.lower()) for read in reads])
    assert [template for template, _ in parts.templates] == templates
    assert parts.umi == umi


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["8X+T"], "'8X\\+T' is no read structure"),
        (["T"], "'T' is no read structure"),
        (["8"], "'8' is no read structure"),
        (["0M+T"], "'0M\\+T' is no read structure"),
        (["8M+T5S"], "'8M\\+T5S' is no read structure"),
        (["8M+S"], "'8M\\+S' has no templates"),
        (["8M5T3S+T"], "'8M5T3S\\+T' has 2 templates"),
        (["5T+M"], "UMI of the read structure '5T\\+M' has no length"),
        (["+T", "+T", "+T"], "3 read structures are given"),
    ],
)
def test_structures_that_cannot_be_used(texts: list[str], problem: str) -> None:
    with pytest.raises(StructureError, match=problem):
        read_structures(texts)


def test_short_reads_are_counted_and_their_mates_kept(tmp_path: Path) -> None:
    path = tmp_path / "c.fastq.gz"
    rng = random.Random(1)
    mates = [bases(60, rng), bases(60, rng)]
    write_candidate_reads(path, [("a", mates), ("b", ["ACGT", mates[1]])])
    metrics = CandidateMetrics()
    whole, short = read_candidates(path, metrics, read_structures(["8M13S+T", "+T"]))
    assert (whole.umi, whole.reads[0].sequence) == (mates[0][:8], mates[0][21:])
    assert (short.umi, [read.sequence for read in short.reads]) == ("", ["", mates[1]])
    assert metrics.too_short_reads == 1


def test_short_reads_are_said(demo_panel_directory: Path, tmp_path: Path) -> None:
    reads = candidates(tmp_path / "c.gz", demo_panel_directory, paired=False)
    short = gzip.compress(b"@91 short\nACGTACGTAC\n+\nIIIIIIIIII\n")
    reads.write_bytes(reads.read_bytes() + short)
    found = analyse(demo_panel_directory, tmp_path, reads, "8M13S+T")
    assert found["align"]["too_short_reads"] == 1
    (text,) = [f["text"] for f in found["report"]["qc"]["flags"] if f["code"] == "READS_TOO_SHORT"]
    assert "1 read of the candidates is shorter than the declared structure 8M13S+T" in text
    assert found["report"]["qc"]["umi"]


def test_a_umi_that_is_not_known_adds_no_molecule() -> None:
    found = cluster_umis(["ACGTACGT", "ACGTACGT", "GGGGTTTT", "", ""])
    assert set(found.values()) == {"ACGTACGT", "GGGGTTTT"}


def candidates(path: Path, panel: Path, *, paired: bool, name: str = "r{i}") -> Path:
    """Write thirty molecules with the same ends and three copies of each, a UMI and a linker in front."""
    rng = random.Random(5)
    template = read_genes(panel)["TFE3"].bases[700:900]
    mate = template[::-1].translate(str.maketrans("ACGT", "TGCA"))
    umis = [bases(8, rng) for _ in range(30)] * 3
    reads = [[(umi + LINKER + template)[:READ], mate[:READ]] for umi in umis]
    named = [name.format(i=i) for i in range(len(reads))]
    write_candidate_reads(path, [(n, r if paired else r[:1]) for n, r in zip(named, reads, strict=True)])
    return path


def analyse(panel: Path, directory: Path, reads: Path, *umi: str, origin: str = "FASTQ") -> dict[str, Any]:
    """Analyse candidates by the command line; returns `report.json` and `align.json`."""
    screen = directory / "s.json"
    metrics: dict[str, Any] = {
        "total_reads": 180,
        "read_length": READ,
        "mean_read_length": READ,
        "gc_fraction": 0.5,
    }
    metrics |= {"n_fraction": 0.0}
    if origin != "FASTQ":
        counts = ("unmapped_reads", "not_primary_records", "repeated_records")
        metrics |= {"input": origin, "input_build": None, "reads_at_target_loci": {}, "incomplete": []}
        metrics |= dict.fromkeys(counts, 0)
    screen.write_text(json.dumps(metrics))
    given = ["--panel", panel, "--reads", reads, "--screen", screen, "--sample", "s", "--output", directory]
    status = main(["analyse", *map(str, given), *(["--umi", *umi] if umi else [])])
    if status:
        return {}
    names = ("report", "align")
    return {name: json.loads((directory / f"s.{name}.json").read_text()) for name in names}


@pytest.mark.parametrize("paired", [True, False], ids=["pairs", "single"])
def test_umis_at_the_beginning_of_reads_distinguish_molecules(
    demo_panel_directory: Path, tmp_path: Path, paired: bool
) -> None:
    umi = ["8M13S+T", "+T"][: 1 + paired]
    reads = candidates(tmp_path / "c.gz", demo_panel_directory, paired=paired)
    found = analyse(demo_panel_directory, tmp_path, reads, *umi)
    quality = found["report"]["qc"]
    assert quality["umi"]
    assert quality["candidate_fragments"] - quality["duplicates"] == 30
    assert found["align"]["umi_structures"] == umi
    assert next(e for e in found["report"]["expression"] if e["gene"] == "TFE3")["fragments"] == 30


def test_declared_umis_win_over_those_in_names_and_comments(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    rng = random.Random(7)
    reads = candidates(tmp_path / "c.gz", demo_panel_directory, paired=False, name="r{i} RX:Z:UMI")
    text = gzip.decompress(reads.read_bytes()).decode()
    while "UMI" in text:
        text = text.replace("UMI", bases(8, rng), 1)
    reads.write_bytes(gzip.compress(text.encode()))
    # Quoted as one argument, as a user of the shell may do.
    quality = analyse(demo_panel_directory, tmp_path, reads, "8M13S+T")["report"]["qc"]
    assert quality["candidate_fragments"] - quality["duplicates"] == 30


def test_a_structure_without_umi_leaves_those_of_the_names(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    rng = random.Random(7)
    reads = candidates(tmp_path / "c.gz", demo_panel_directory, paired=True)
    text = gzip.decompress(reads.read_bytes()).decode()
    for number in range(90):
        text = text.replace(f" r{number}\n", f" r{number}_{bases(8, rng)}\n")
    reads.write_bytes(gzip.compress(text.encode()))
    quality = analyse(demo_panel_directory, tmp_path, reads, "21S+T +T")["report"]["qc"]
    assert quality["umi"]
    assert quality["candidate_fragments"] - quality["duplicates"] > 80


@pytest.mark.parametrize(
    ("paired", "umi", "origin", "problem"),
    [
        (True, ["8M13S+T"], "FASTQ", "--umi 8M13S+T: the reads are pairs"),
        (False, ["8M13S+T", "+T"], "FASTQ", "--umi 8M13S+T +T: the reads are single reads"),
        (False, ["8M13S"], "FASTQ", "--umi: the read structure '8M13S' has no templates (T)"),
        (False, ["8M13S+T"], "BAM aligned to GRCh38 by STAR", "a read structure needs unaligned reads"),
        (False, ["8M13S+T"], "BAM aligned to sequences of no known genome build", "needs unaligned reads"),
    ],
)
def test_a_mistake_is_one_sentence(
    demo_panel_directory: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    paired: bool,
    umi: list[str],
    origin: str,
    problem: str,
) -> None:
    reads = candidates(tmp_path / "c.gz", demo_panel_directory, paired=paired)
    assert not analyse(demo_panel_directory, tmp_path, reads, *umi, origin=origin)
    said = capsys.readouterr().err
    assert problem in said
    assert said.count("\n") == 1


def test_an_unaligned_bam_has_its_reads_taken_apart(demo_panel_directory: Path, tmp_path: Path) -> None:
    panel, rng = demo_panel_directory, random.Random(5)
    template = read_genes(panel)["TFE3"].bases[700:900]
    path, reads, screen = tmp_path / "u.bam", tmp_path / "c.gz", tmp_path / "screen.json"
    with pysam.AlignmentFile(str(path), "wb", header={"HD": {"VN": "1.6", "SO": "unsorted"}}) as out:
        for number in range(30):
            record = pysam.AlignedSegment(out.header)
            record.query_name, record.flag = f"r{number}", 4
            record.query_sequence = (bases(8, rng) + LINKER + template)[:READ]
            record.query_qualities_str = "I" * READ
            out.write(record)
    files = ["--output", reads, "--metrics", screen]
    assert main(["extract", "--panel", str(panel), str(path), *map(str, files)]) == 0
    given = ["--panel", panel, "--reads", reads, "--screen", screen, "--sample", "s", "--output", tmp_path]
    assert main(["analyse", *map(str, given), "--umi", "8M13S+T"]) == 0
    quality = json.loads((tmp_path / "s.report.json").read_text())["qc"]
    assert (quality["umi"], quality["candidate_fragments"], quality["duplicates"]) == (True, 30, 0)
