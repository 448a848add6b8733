"""Reads of another species or of a diverged copy inform nothing; poor reads and differences of people do."""

import random
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.evidence.diverged import differences_of
from aspsfusion.evidence.fragments import Placement
from carriers.genes import Gene, read_genes
from carriers.junctions import LIBRARIES
from carriers.misreading import mutated
from carriers.reads import Fragment, Library, around, write
from carriers.sample import analysed

FRAGMENTS = 120
DIVERGENCE = 0.09
TARGETS = ("ASPSCR1", "TFE3")
Genes = dict[str, Gene]


def altered(genes: Genes, rate: float, rng: random.Random) -> Genes:
    """Return genes with substitutions that all their reads have in common."""
    return {name: replace(genes[name], bases=mutated(genes[name].bases, rate, rng)) for name in TARGETS}


def wild_type(genes: Genes, library: Library, rng: random.Random, prefix: str) -> list[Fragment]:
    five, three = genes["ASPSCR1"], genes["TFE3"]
    acceptors = (three.start_of(5), three.start_of(6))
    found = around(three, acceptors, FRAGMENTS, library, rng, prefix)
    return found + around(five, (five.end_of(7),), FRAGMENTS // 4, library, rng, prefix)


def report_of(panel: Path, directory: Path, fragments: Iterable[Fragment]) -> dict[str, Any]:
    directory.mkdir()
    return analysed(panel, directory, [write(fragments, directory / "reads")])


def informative(report: dict[str, Any]) -> list[int]:
    return list(report["exclusion"]["informative_fragments"].values())


@pytest.mark.parametrize("library", ["2x75", "2x100"])
def test_another_species_excludes_nothing_and_is_said(
    demo_panel_directory: Path, tmp_path: Path, library: str
) -> None:
    rng = random.Random(1)
    genes = altered(read_genes(demo_panel_directory), DIVERGENCE, rng)
    fragments = wild_type(genes, LIBRARIES[library], rng, "m")
    report = report_of(demo_panel_directory, tmp_path / "s", fragments)
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert "DIVERGED_READS" in [reason["code"] for reason in report["verdict"]["reasons"]]
    assert max(informative(report)) <= 1
    assert report["qc"]["diverged_fragments"]["TFE3"] >= 0.9 * FRAGMENTS
    (flag,) = [flag for flag in report["qc"]["flags"] if flag["code"] == "DIVERGED_READS"]
    assert f"{report['qc']['diverged_fragments']['TFE3']} of " in flag["text"]


def test_of_a_mixture_the_human_reads_are_counted(demo_panel_directory: Path, tmp_path: Path) -> None:
    rng = random.Random(2)
    genes = read_genes(demo_panel_directory)
    human = wild_type(genes, LIBRARIES["2x100"], rng, "h")
    foreign = wild_type(altered(genes, DIVERGENCE, rng), LIBRARIES["2x100"], rng, "m")
    alone = report_of(demo_panel_directory, tmp_path / "alone", human)
    mixed = report_of(demo_panel_directory, tmp_path / "mixed", human + foreign)
    assert informative(mixed) == informative(alone)
    assert min(informative(alone)) > 32
    assert alone["qc"]["diverged_fragments"] == {}
    assert mixed["verdict"]["call"] == "EXCLUDED"
    assert mixed["qc"]["diverged_fragments"]["TFE3"] >= 0.9 * FRAGMENTS


@pytest.mark.parametrize("errors", [0.03, 0.05])
def test_errors_of_sequencing_are_no_divergence(
    demo_panel_directory: Path, tmp_path: Path, errors: float
) -> None:
    library = replace(LIBRARIES["2x100"], errors=errors)
    fragments = wild_type(read_genes(demo_panel_directory), library, random.Random(3), "w")
    report = report_of(demo_panel_directory, tmp_path / "s", fragments)
    assert report["qc"]["diverged_fragments"] == {}
    assert report["verdict"]["call"] == "EXCLUDED"


def test_differences_of_people_are_no_divergence(demo_panel_directory: Path, tmp_path: Path) -> None:
    rng = random.Random(4)
    genes = read_genes(demo_panel_directory)
    library = replace(LIBRARIES["2x100"], errors=0.01)
    # Each allele has a difference of its own in every 300 nt.
    fragments = [
        fragment
        for allele in "ab"
        for fragment in wild_type(altered(genes, 1 / 300, rng), library, rng, allele)
    ]
    report = report_of(demo_panel_directory, tmp_path / "s", fragments)
    assert report["qc"]["diverged_fragments"] == {}
    assert report["verdict"]["call"] == "EXCLUDED"
    counted = {row["gene"]: row["fragments"] for row in report["expression"]}
    assert counted["TFE3"] >= 0.97 * 2 * FRAGMENTS


@pytest.mark.parametrize(
    ("read", "end", "places"),
    [
        (b"ACGTACGTTGCA", 22, []),
        (b"ACCTACGTTGCA", 22, [(12, "C")]),
        (b"ACNTACGTTGCA", 22, []),
        # Two bases of the contig lost after ACGT, then one substituted.
        (b"ACGTGTTGCATT", 24, [(22, "T")]),
        # CC inserted in its place.
        (b"ACGTCCACGTTG", 20, []),
    ],
)
def test_differences_are_found_around_a_gap(read: bytes, end: int, places: list[tuple[int, str]]) -> None:
    contig = b"G" * 10 + b"ACGTACGTTGCA" + b"CT" + b"G" * 10
    placement = Placement("G|T", False, 10, end, 0, len(read), 0)
    assert differences_of(read, contig, placement) == [("G|T", at, ord(base)) for at, base in places]
