"""False signals: each is named by its own reason, and true fusions by none."""

import random
from pathlib import Path
from typing import Any

import pytest

from aspsfusion.call.calls_file import CalledJunction, CalledRead
from aspsfusion.call.filters import beside_stronger, rejections, repeated_share
from aspsfusion.config import CallParameters
from aspsfusion.panel.panel import Panel
from aspsfusion.report.models import Report
from report_factory import called
from stages import Pair, call_pairs, fusion_molecule, report_pairs

READ = 75


def crossing(molecule: str, junction: int, count: int) -> list[Pair]:
    """Return fragments whose first read crosses a junction with 30 nt or more on both sides."""
    return [Pair(f"x{i}", molecule[junction - 30 - i :][: 200 + i], READ) for i in range(count)]


def codes(report: Report) -> list[list[str]]:
    return [[reason.code for reason in candidate.reasons] for candidate in report.filtered]


def homologous(five: str, three: str, size: int) -> tuple[int, int]:
    """Return places in two transcripts after which they share exactly `size` bases, and before none."""
    for left in range(600, len(five) - 300):
        for right in range(1100, len(three) - 300):
            if (
                five[left : left + size] == three[right : right + size]
                and five[left - 1] != three[right - 1]
                and five[left + size] != three[right + size]
            ):
                return left, right
    raise AssertionError("the transcripts share no such piece")


@pytest.mark.parametrize(
    ("count", "size", "expected"),
    [(6, 6, [["TEMPLATE_SWITCHING"]]), (6, 2, []), (10, 6, [])],
)
def test_a_short_repeat_at_a_junction_inside_exons_is_template_switching(
    demo_panel_directory: Path,
    demo_panel: Panel,
    tmp_path: Path,
    count: int,
    size: int,
    expected: list[list[str]],
) -> None:
    five, three = demo_panel.primary["ASPSCR1"].sequence, demo_panel.primary["TFE3"].sequence
    left, right = homologous(five, three, size)
    pairs = crossing(five[:left] + three[right:], left, count)
    report = report_pairs(demo_panel_directory, tmp_path, pairs)
    assert codes(report) == expected
    if expected:
        assert f"share {size} nt" in report.filtered[0].reasons[0].text
        # What is filtered forbids an exclusion all the same.
        assert "UNPROVEN_EVIDENCE" in [reason.code for reason in report.verdict.reasons]
    else:
        assert [fusion.fragments for fusion in report.fusions] == [count]


def test_paralogs_are_named(demo_panel_directory: Path, tmp_path: Path) -> None:
    # This pair is not among those seen in normal tissue; the gene family tells it.
    molecule, position = fusion_molecule(demo_panel_directory, ("MITF", 4), ("TFE3", 5))
    report = report_pairs(demo_panel_directory, tmp_path, crossing(molecule, position, 6))
    assert report.fusions == []
    assert "PARALOGS" in codes(report)[0]
    assert "MiT family" in report.filtered[0].reasons[-1].text


def test_copies_of_one_molecule_are_named(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, ("ASPSCR1", 5), ("TFE3", 6))
    copies = [Pair(f"c{i}", molecule[position - 40 : position + 160], READ) for i in range(7)]
    (found,) = call_pairs(demo_panel_directory, tmp_path, copies).junctions
    assert found.rejections == ("TOO_FEW_FRAGMENTS", "ONE_MOLECULE")


def made(panel: Panel, **changes: object) -> CalledJunction:
    junction = called(panel, ("ASPSCR1", 5), ("TFE3", 6))
    return CalledJunction(**{**junction.__dict__, **changes})


def test_a_neighbour_on_the_same_strand_is_read_through(demo_panel: Panel) -> None:
    # Two genes of one strand, 24 million bases apart; as neighbours they would be a read-through.
    one, other = demo_panel.primary["RBM10"], demo_panel.primary["NONO"]
    assert (one.chrom, one.strand) == (other.chrom, other.strand) == ("chrX", "+")
    junction = made(demo_panel, five_gene="RBM10", three_gene="NONO")
    assert "READ_THROUGH" not in rejections(demo_panel, junction, CallParameters())
    shift = one.exons[-1].end + 5_000 - other.exons[0].start
    exons = tuple(
        type(e)(e.number, e.start + shift, e.end + shift, e.tx_start, e.tx_end) for e in other.exons
    )
    moved = type(other)(**{**other.__dict__, "exons": exons})
    panel = Panel(
        demo_panel.directory,
        demo_panel.spec,
        {**demo_panel.transcripts, moved.key: moved},
        demo_panel.unspliced,
        demo_panel.provenance,
    )
    assert "READ_THROUGH" in rejections(panel, junction, CallParameters())
    downstream = made(demo_panel, five_gene="NONO", three_gene="RBM10")
    assert "READ_THROUGH" not in rejections(panel, downstream, CallParameters())


def test_what_errors_put_beside_a_strong_junction_is_named(demo_panel: Panel) -> None:
    strong = made(demo_panel, split_reads=100)
    weak = made(demo_panel, split_reads=5, five_pos=strong.five_pos - 3, boundaries=1)
    assert beside_stronger(demo_panel, weak, [strong, weak])
    assert not beside_stronger(demo_panel, strong, [strong, weak])
    assert not beside_stronger(demo_panel, made(demo_panel, split_reads=6, boundaries=1), [strong])
    far = made(demo_panel, split_reads=5, five_pos=strong.five_pos - 5_000, boundaries=1)
    assert not beside_stronger(demo_panel, far, [strong])


def test_errors_make_no_second_junction(demo_panel_directory: Path, tmp_path: Path) -> None:
    molecule, position = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", 5))
    rng = random.Random(4)
    pairs = []
    for number in range(150):
        start = position - rng.randrange(20, 80)
        wrong = [
            base if rng.random() > 0.02 else rng.choice("ACGT") for base in molecule[start : start + 220]
        ]
        pairs.append(Pair(f"e{number}", "".join(wrong)[: 200 + number % 20], 100))
    calls = call_pairs(demo_panel_directory, tmp_path, pairs)
    (reported,) = (junction for junction in calls.junctions if not junction.rejections)
    assert reported.catalogue_id == "ASPSCR1-TFE3-e7-e5"


def test_simple_repeats_are_distinguished_from_the_repeat_at_the_breakpoint() -> None:
    end_of_exon_7 = "CAGGAGCAGGAGCAGGAGCGGGAGCGGGATCCCCAGCAGGAGCAGGAGCGGGAGCGG"
    assert repeated_share(end_of_exon_7) < 0.6
    assert repeated_share("AAAAAAAAATAAAAAAAA") > 0.8


def test_an_anchor_that_is_a_simple_repeat_is_named(demo_panel: Panel) -> None:
    read: dict[str, Any] = {
        "name": "r",
        "kind": "split",
        "copies": 1,
        "typable": True,
        "anchor_five_prime": 30,
        "anchor_three_prime": 20,
        "mismatches": 0,
        "sequence": "ACGTTGCAAGGCTTACGGATCCATGCATCC" + "A" * 20,
        "offset": -30,
    }
    repeat = CalledRead(**read)
    varied = CalledRead(**{**read, "sequence": read["sequence"][:30] + "CGTTAGGCATTCCGATAGCA"})
    only = made(demo_panel, reads=(repeat, repeat), split_reads=2)
    assert rejections(demo_panel, only, CallParameters()) == ("LOW_COMPLEXITY",)
    assert rejections(demo_panel, made(demo_panel, reads=(repeat, varied)), CallParameters()) == ()


@pytest.mark.parametrize("foreign", ["A" * 120, "TG" * 60])
def test_tails_and_repeats_are_no_break(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, foreign: str
) -> None:
    three = demo_panel.primary["TFE3"]
    border = three.exons[5].tx_end
    molecule = three.sequence[border - 150 : border] + foreign
    pairs = [Pair(f"t{i}", molecule[i : 175 + i], 170, single=True) for i in range(5)]
    report = report_pairs(demo_panel_directory, tmp_path, pairs)
    assert report.one_sided == []
    (place,) = report.filtered_one_sided
    assert [reason.code for reason in place.reasons] == ["LOW_COMPLEXITY"]
    assert (place.gene, place.exon, place.fragments) == ("TFE3", 6, 5)
