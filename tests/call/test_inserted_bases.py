"""Junctions with bases inserted, or with a variant beside them, by reads of a simulator of its own."""

import math
from itertools import product
from pathlib import Path

import pytest

from carriers.junctions import LIBRARIES, simulated, target_of, with_inserted, with_variant

FRAGMENTS = 12
FEW = 4


@pytest.mark.parametrize(
    ("kind", "library", "inserted"),
    [
        (kind, library, inserted)
        for number, (kind, library, inserted) in enumerate(
            product(("type 1", "type 2"), LIBRARIES, (0, 1, 3, 8, 15, 20, 30))
        )
        # Every third of the 42 cells, so that each library and each number of bases is there.
        if number % 3 == 0
    ],
)
def test_a_junction_with_inserted_bases_is_confirmed_with_its_type(
    demo_panel_directory: Path, tmp_path: Path, kind: str, library: str, inserted: int
) -> None:
    joined, truth = with_inserted(demo_panel_directory, kind, inserted, seed=inserted + 11)
    report = simulated(demo_panel_directory, tmp_path, joined, LIBRARIES[library], FRAGMENTS, seed=5)
    assert report["verdict"]["call"] == "CONFIRMED"
    (fusion,) = report["fusions"]
    assert fusion["type"] == truth.type
    assert fusion["inserted_sequence"] == truth.inserted
    assert fusion["in_frame"] == truth.in_frame
    assert fusion["split_reads"] == FRAGMENTS
    assert ("inserted" in fusion["deviation"]) == bool(inserted)
    assert fusion["five_prime"]["exon"] == 7
    assert 0.0 < fusion["fraction_three_prime"] < 0.3


@pytest.mark.parametrize(
    ("kind", "library", "change", "at"),
    [
        ("type 1", "2x75", "snp", -1),
        ("type 2", "2x100", "snp", -4),
        ("type 1", "2x100", "snp", 0),
        ("type 2", "2x75", "del1", -1),
        ("type 1", "2x75", "del3", 0),
        ("type 2", "2x100", "del3", -7),
        ("type 1", "2x100", "ins1", -4),
        ("type 2", "2x75", "ins3", 3),
        ("type 1", "2x75", "snp", 3),
        ("type 2", "2x100", "del3", 1),
    ],
)
def test_a_variant_beside_a_junction_leaves_its_type(
    demo_panel_directory: Path, tmp_path: Path, kind: str, library: str, change: str, at: int
) -> None:
    joined, truth = with_variant(demo_panel_directory, kind, change, at, seed=3)
    report = simulated(demo_panel_directory, tmp_path, joined, LIBRARIES[library], FEW, seed=9)
    assert report["verdict"]["call"] == "CONFIRMED"
    fusion = target_of(report)
    assert fusion is not None
    assert (fusion["type"], fusion["split_reads"]) == (truth.type, FEW)
    assert fusion["in_frame"] == truth.in_frame
    assert fusion["deviation"]
    # Of some 80 fragments at the acceptor four are of the fusion.
    total = FEW + fusion["wild_type_three_prime"]
    assert fusion["fraction_three_prime"] == pytest.approx(FEW / total, abs=2 * math.sqrt(FEW) / total)
    assert total > 20


def test_two_fragments_are_not_excluded_and_say_what_is_inserted(
    demo_panel_directory: Path, tmp_path: Path
) -> None:
    joined, truth = with_inserted(demo_panel_directory, "type 1", 20, seed=8)
    report = simulated(demo_panel_directory, tmp_path, joined, LIBRARIES["2x100"], 2, seed=4)
    assert report["verdict"]["call"] == "INDETERMINATE"
    fusion = target_of(report)
    assert fusion is not None
    assert fusion["inserted_sequence"] == truth.inserted
    assert truth.inserted in report["verdict"]["statement"]


def test_one_fragment_forbids_an_exclusion(demo_panel_directory: Path, tmp_path: Path) -> None:
    joined, _ = with_inserted(demo_panel_directory, "type 2", 15, seed=2)
    report = simulated(demo_panel_directory, tmp_path, joined, LIBRARIES["2x100"], 1, seed=4)
    assert report["verdict"]["call"] == "INDETERMINATE"
    assert report["filtered"][0]["inserted_sequence"]
