"""Variants beside a junction that its reads share."""

from dataclasses import replace

import pytest

from aspsfusion.call.calls_file import CalledJunction, CalledRead
from aspsfusion.interpret.protein import in_frame
from aspsfusion.interpret.variants import Change, change_name, shared_changes, with_indels
from aspsfusion.panel.panel import Panel
from report_factory import called

FLANK = 40


def junction_of(panel: Panel, *reads: str) -> CalledJunction:
    """Return type 1 with reads that begin 30 bases before the first base of the 3' gene."""
    plain = called(panel, ("ASPSCR1", 7), ("TFE3", 6))
    five, three = panel.primary["ASPSCR1"], panel.primary["TFE3"]
    end, start = five.exons[6].tx_end, three.exons[5].tx_start
    return replace(
        plain,
        flank_five_prime=five.sequence[end - FLANK : end],
        flank_three_prime=three.sequence[start : start + FLANK],
        reads=tuple(
            CalledRead(number, "r", "split", 1, True, 30, 20, 0, read, -30)
            for number, read in enumerate(reads)
        ),
    )


def read_with(panel: Panel, at: int, lost: int, bases: str) -> str:
    """Return a read across type 1 in which bases from a place on are replaced."""
    junction = junction_of(panel)
    own = junction.flank_five_prime[-30:] + junction.flank_three_prime[:30]
    return own[: 30 + at] + bases + own[30 + at + lost :]


@pytest.mark.parametrize(
    ("at", "lost", "bases", "name"),
    [
        # Exon 7 ends ..GGGAGCGG, exon 6 starts CTGCCTGT..
        (-4, 1, "A", "ASPSCR1 r.930g>a"),
        (4, 1, "A", "TFE3 r.890c>a"),
        (-5, 1, "", "ASPSCR1 r.929del"),
        (4, 2, "", "TFE3 r.890_891del"),
        (-5, 0, "TT", "ASPSCR1 r.928_929insuu"),
    ],
)
def test_what_most_reads_share_is_named(demo_panel: Panel, at: int, lost: int, bases: str, name: str) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    changed, plain = read_with(demo_panel, at, lost, bases), read_with(demo_panel, 0, 0, "")
    junction = junction_of(demo_panel, changed, changed, changed, plain, plain)
    assert [change_name(junction, each, five, three) for each in shared_changes(junction)] == [name]
    coded = with_indels(junction, shared_changes(junction), five, three)
    kept = (len(bases) - lost) % 3 == 0
    assert in_frame(five, coded.five_pos, three, coded.three_pos, coded.inserted) is kept


def test_errors_and_variants_far_away_are_not_named(demo_panel: Panel) -> None:
    changed, plain = read_with(demo_panel, -4, 1, "A"), read_with(demo_panel, 0, 0, "")
    assert shared_changes(junction_of(demo_panel, changed, plain)) == []
    assert shared_changes(junction_of(demo_panel, changed)) == []
    assert shared_changes(junction_of(demo_panel, changed, changed, plain, plain)) == []
    far = read_with(demo_panel, -12, 1, "T")
    assert shared_changes(junction_of(demo_panel, far, far, far)) == []


def test_an_indel_counts_as_inserted_bases(demo_panel: Panel) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    junction = junction_of(demo_panel)
    coded = with_indels(junction, [Change(-4, "", "A")], five, three)
    assert coded.inserted == "A" + junction.flank_five_prime[-4:]
    assert five.from_genome(coded.five_pos) == five.exons[6].tx_end - 5
    coded = with_indels(junction, [Change(3, "CC", "")], five, three)
    assert coded.inserted == junction.flank_three_prime[:3]
    assert three.from_genome(coded.three_pos) == three.exons[5].tx_start + 5
