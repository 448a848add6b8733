"""UMIs: where they are, what is none, and which of them are one molecule."""

import random
from pathlib import Path

import pytest

from aspsfusion.call.calls_file import CalledJunction
from aspsfusion.evidence.umis import are_umis, cluster_umis, umi_of_name
from stages import Pair, call_pairs, fusion_molecule


@pytest.mark.parametrize(
    ("name", "umi"),
    [
        ("A01:10:HXX:1:1101:1000:2000:ACGTACGT", "ACGTACGT"),
        ("A01:10:HXX:1:1101:1000:2000:ACGT+TTGN", "ACGT+TTGN"),
        ("A01:10:HXX:1:1101:1000:2000", ""),
        # Seven fields of an Illumina name that end in bases are no UMI.
        ("A01:10:HXX:1:1101:1000:ACGT", ""),
        ("SRR1.7_ACGTAC", "ACGTAC"),
        ("read_ACG", ""),
        ("read_GATTACA1", ""),
    ],
)
def test_umi_of_a_name(name: str, umi: str) -> None:
    assert umi_of_name(name) == umi


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"ACGT": 1, "TTGA": 1}, True),
        ({"ACGT": 4}, False),
        ({"ACGT": 9, "TTGA": 1}, False),
        ({"ACGT": 1, "TTGA": 1, "": 1}, False),
        ({"ACGT": 1, "TTGAA": 1}, True),
    ],
)
def test_what_counts_as_umis(values: dict[str, int], expected: bool) -> None:
    assert are_umis(values) is expected


def test_umis_within_one_mismatch_are_one_molecule() -> None:
    found = cluster_umis(["ACGTACGT"] * 3 + ["ACGTACGA", "TCGTACGA", "GGGGGGGG"])
    assert set(found.values()) == {"ACGTACGT", "GGGGGGGG"}


def called(panel: Path, directory: Path, names: list[str]) -> CalledJunction:
    """Return the junction called from copies of one fragment under these names, and three other fragments."""
    molecule, junction = fusion_molecule(panel, ("ASPSCR1", 7), ("TFE3", 6))
    pairs = [Pair(name, molecule[junction - 40 : junction + 160], 75) for name in names]
    rng = random.Random(5)
    pairs += [
        Pair(
            f"S:1:F:1:1:1:{i}:{''.join(rng.choices('ACGT', k=8))}",
            molecule[junction - 50 - i : junction + 160],
            75,
        )
        for i in range(1, 4)
    ]
    (found,) = call_pairs(panel, directory, pairs).junctions
    return found


def test_molecules_of_one_place_are_distinguished_by_umis(demo_panel_directory: Path, tmp_path: Path) -> None:
    umis = ["AAAACCCC", "AAAACCCG", "GGGGTTTT", "GGGGTTTT", "CCAATTGG"]
    names = [f"S:1:F:1:1:2:{i}:{umi}" for i, umi in enumerate(umis)]
    found = called(demo_panel_directory, tmp_path, names)
    assert (found.split_reads, found.split_with_duplicates) == (6, 8)


def test_without_umis_one_place_is_one_molecule(demo_panel_directory: Path, tmp_path: Path) -> None:
    # The same index sequence in nearly every name is no UMI.
    names = [f"S:1:F:1:1:2:{i}:AAAACCCC" for i in range(9)]
    found = called(demo_panel_directory, tmp_path, names)
    assert (found.split_reads, found.split_with_duplicates) == (4, 12)
