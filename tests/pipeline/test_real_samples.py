"""Seven real samples without the fusion, and real bases of the genes joined among the reads of one of them.

The counts of wild-type fragments were made by exact strings, apart from the program.
"""

import random
from pathlib import Path

import pytest

from carriers.genes import read_genes
from carriers.reads import Library, across, join, write
from carriers.sample import analysed

CHROMOSOME_X = {"ERR188383": (1, 4), "ERR188428": (3, 3), "ERR188454": (1, 0), "ERR204916": (0, 4)}
"""Lymphoblastoid lines, reads of chromosome X: wild-type fragments at the start of TFE3 exons 5 and 6."""

WHOLE = ("cgat50k", "kb_smartseq3", "mgi_rnaseq")


def lane(real_data: Path, sample: str) -> list[Path]:
    return [real_data / "real" / f"{sample}_{mate}.fq.gz" for mate in (1, 2)]


@pytest.mark.parametrize("sample", [*CHROMOSOME_X, *WHOLE])
def test_real_samples_show_no_fusion(
    real_data: Path, demo_panel_directory: Path, tmp_path: Path, sample: str
) -> None:
    report = analysed(demo_panel_directory, tmp_path, [lane(real_data, sample)])
    assert (report["fusions"], report["one_sided"], report["filtered"]) == ([], [], [])
    assert report["verdict"]["call"] == "INDETERMINATE"
    if sample in CHROMOSOME_X:
        assert report["verdict"]["reasons"][0]["code"] == "LOW_COVERAGE"
        seen = report["exclusion"]["informative_fragments"]
        assert (seen["TFE3 exon 5"], seen["TFE3 exon 6"]) == CHROMOSOME_X[sample]


@pytest.mark.parametrize(
    ("gene", "donor", "acceptor"),
    [("ASPSCR1", 7, 6), ("ASPSCR1", 7, 5), ("ASPSCR1", 7, 4), ("NONO", 9, 6), ("NONO", 11, 6)],
)
def test_joined_bases_among_real_reads(
    real_data: Path, demo_panel_directory: Path, tmp_path: Path, gene: str, donor: int, acceptor: int
) -> None:
    genes = read_genes(demo_panel_directory)
    joined = join(genes[gene], genes[gene].end_of(donor), genes["TFE3"], genes["TFE3"].start_of(acceptor))
    fragments = across(joined, 20, (15, 20), Library(75), random.Random(18), "joined")
    lanes = [lane(real_data, "ERR188383"), write(fragments, tmp_path / "joined")]
    report = analysed(demo_panel_directory, tmp_path, lanes)
    (fusion,) = report["fusions"]
    assert fusion["catalogue_id"] == f"{gene}-TFE3-e{donor}-e{acceptor}"
    assert fusion["split_reads"] == 20
    assert (report["verdict"]["call"] == "CONFIRMED") == (gene == "ASPSCR1")
