"""A mate that says nothing silences neither the evidence of the other one nor its wild type."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from aspsfusion.panel.panel import load_panel
from small_panel import random_bases
from stages import Pair, fusion_molecule, report_reads

READ = 100

SILENT: dict[str, Callable[[int], str]] = {
    "empty": lambda n: "",
    "N": lambda n: "N" * READ,
    "G": lambda n: "G" * READ,
    "G with errors": lambda n: "".join(random.Random(n).choices("GT", [19, 1], k=READ)),
    "too short": lambda n: "ACGTTGCATG",
    "nowhere": lambda n: random_bases(READ, seed=500 + n),
}


def crossing(panel: Path) -> list[str]:
    molecule, junction = fusion_molecule(panel, ("ASPSCR1", 7), ("TFE3", 6))
    starts = [junction - 40 - 3 * n for n in range(6)] + [junction - READ + 8]
    return [molecule[start : start + READ] for start in starts]


def wild_type(panel: Path) -> list[str]:
    three = load_panel(panel).primary["TFE3"]
    border = three.exons[5].tx_start
    return [three.sequence[border - 50 - n : border + 50 - n] for n in range(20)]


@pytest.mark.parametrize("silent", SILENT)
@pytest.mark.parametrize("second", [True, False])
def test_the_other_mate_counts_as_a_single_read_does(
    demo_panel_directory: Path, tmp_path: Path, silent: str, second: bool
) -> None:
    reads = crossing(demo_panel_directory) + wild_type(demo_panel_directory)
    single = report_reads(
        demo_panel_directory, tmp_path / "single", [(f"r{n}", [bases]) for n, bases in enumerate(reads)]
    )
    pairs = []
    for n, bases in enumerate(reads):
        mates = [bases, SILENT[silent](n)]
        pairs.append((f"r{n}", mates if second else mates[::-1]))
    report = report_reads(demo_panel_directory, tmp_path / "pairs", pairs)
    assert report.verdict.call == single.verdict.call == "CONFIRMED"
    (fusion,), (expected,) = report.fusions, single.fusions
    assert (fusion.fragments, fusion.split_reads) == (expected.fragments, expected.split_reads) == (7, 6)
    assert fusion.wild_type_three_prime == expected.wild_type_three_prime == 20
    assert report.exclusion.informative_fragments == single.exclusion.informative_fragments


@pytest.mark.parametrize("silent", ["N", "G with errors"])
def test_copies_with_silent_mates_are_copies(demo_panel_directory: Path, tmp_path: Path, silent: str) -> None:
    bases = crossing(demo_panel_directory)[0]
    pairs = [(f"r{n}", [bases, SILENT[silent](n)]) for n in range(8)]
    report = report_reads(demo_panel_directory, tmp_path, pairs)
    assert report.qc.duplicates == 7
    assert report.verdict.call != "CONFIRMED"


def test_a_mate_in_a_third_gene_still_speaks(demo_panel_directory: Path, tmp_path: Path) -> None:
    panel = load_panel(demo_panel_directory)
    other = next(t for key, t in panel.primary.items() if key not in ("ASPSCR1", "TFE3"))
    mate = Pair("", other.sequence[100:400], READ).reads()[1]
    pairs = [(f"r{n}", [bases, mate]) for n, bases in enumerate(wild_type(demo_panel_directory))]
    report = report_reads(demo_panel_directory, tmp_path, pairs)
    assert set(report.exclusion.informative_fragments.values()) == {0}
