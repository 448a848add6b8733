"""Deletions and duplications within a target gene, by reads of a simulator of its own."""

import random
from pathlib import Path
from typing import Any

import pytest

from carriers.genes import Gene, read_genes
from carriers.junctions import LIBRARIES
from carriers.reads import across, around, join, write
from carriers.sample import analysed

WILD_TYPE = 80


def report_of(panel: Path, directory: Path, gene: str, last: int, first: int, count: int) -> dict[str, Any]:
    """Sequence wild type, and fragments that leave a gene at an exon's end and go on at another's start."""
    rng = random.Random(last)
    genes, library = read_genes(panel), LIBRARIES["2x100"]
    five, three = genes["ASPSCR1"], genes["TFE3"]
    fragments = around(three, (three.start_of(5), three.start_of(6)), WILD_TYPE, library, rng, "w")
    fragments += around(five, (five.end_of(7),), WILD_TYPE // 2, library, rng, "w")
    own: Gene = genes[gene]
    joined = join(own, own.end_of(last), own, own.start_of(first))
    fragments += across(joined, count, (25, 40), library, rng, "i")
    return analysed(panel, directory, [write(fragments, directory / "reads")])


@pytest.mark.parametrize(
    ("gene", "last", "first", "kind"), [("ASPSCR1", 3, 9, "deletion"), ("TFE3", 6, 4, "duplication")]
)
def test_three_fragments_that_agree_are_reported_and_touch_no_verdict(
    demo_panel_directory: Path, tmp_path: Path, gene: str, last: int, first: int, kind: str
) -> None:
    report = report_of(demo_panel_directory, tmp_path, gene, last, first, 3)
    (event,) = report["internal_events"]
    assert (event["gene"], event["kind"], event["fragments"]) == (gene, kind, 3)
    assert (event["five_prime"]["exon"], event["three_prime"]["exon"]) == (last, first)
    assert event["five_prime"]["at_exon_boundary"]
    assert event["three_prime"]["at_exon_boundary"]
    genes = read_genes(demo_panel_directory)
    assert event["length"] == abs(genes[gene].start_of(first) - genes[gene].end_of(last))
    assert report["verdict"]["call"] == "EXCLUDED"
    assert f"end of exon {last}" in (tmp_path / "s.report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(("last", "first", "count"), [(3, 9, 2), (3, 5, 6)])
def test_few_fragments_and_a_skipped_exon_are_no_event(
    demo_panel_directory: Path, tmp_path: Path, last: int, first: int, count: int
) -> None:
    report = report_of(demo_panel_directory, tmp_path, "ASPSCR1", last, first, count)
    assert report["internal_events"] == []
    assert report["verdict"]["call"] == "EXCLUDED"
