"""Exons, reading frame and domains of called junctions, against the published values."""

import pytest

from aspsfusion.annotate import confidence, domain_status, fusion_side, in_frame
from aspsfusion.calls_file import CalledJunction
from aspsfusion.panel import Panel


def called(
    panel: Panel, five: tuple[str, int], three: tuple[str, int], *, split: int = 6, boundaries: int = 2
) -> CalledJunction:
    """Return a junction between an exon's end and another one's start."""
    five_tx, three_tx = panel.primary[five[0]], panel.primary[three[0]]
    return CalledJunction(
        five_gene=five[0],
        five_pos=five_tx.to_genome(five_tx.exons[five[1] - 1].tx_end - 1),
        three_gene=three[0],
        three_pos=three_tx.to_genome(three_tx.exons[three[1] - 1].tx_start),
        catalogue_id=None,
        boundaries=boundaries,
        split_reads=split,
        spanning_pairs=0,
        short_overhangs=0,
        split_with_duplicates=split,
        spanning_with_duplicates=0,
        short_with_duplicates=0,
        homology=0,
        max_anchor_five_prime=40,
        max_anchor_three_prime=30,
        wild_type_five_prime=0,
        wild_type_three_prime=0,
        flank_five_prime="A",
        flank_three_prime="C",
        reads=(),
        rejections=(),
    )


# ASPSCR1 exon 7 ends with a whole codon: in frame with TFE3 exons 4, 5, 6 and 10, with no other.
@pytest.mark.parametrize(("exon", "expected"), [(n, n in (4, 5, 6, 10)) for n in range(2, 11)])
def test_reading_frame_of_every_join_to_exon_7(demo_panel: Panel, exon: int, expected: bool) -> None:
    assert in_frame(demo_panel, called(demo_panel, ("ASPSCR1", 7), ("TFE3", exon))) is expected


def test_published_out_of_frame_reciprocal_is_out_of_frame(demo_panel: Panel) -> None:
    assert in_frame(demo_panel, called(demo_panel, ("TFE3", 2), ("PRCC", 4))) is False


@pytest.mark.parametrize(
    ("exon", "activation"),
    [(6, "lost"), (5, "partly kept"), (4, "kept")],
)
def test_domains_kept_by_the_types(demo_panel: Panel, exon: int, activation: str) -> None:
    status = {
        domain.name.split()[0]: domain.status
        for domain in domain_status(demo_panel, called(demo_panel, ("ASPSCR1", 7), ("TFE3", exon)))
    }
    assert status == {"UBL1": "kept", "activation": activation, "bHLH": "kept", "leucine": "kept"}


def test_domains_of_the_reciprocal(demo_panel: Panel) -> None:
    status = {
        (domain.gene, domain.name.split()[0]): domain.status
        for domain in domain_status(demo_panel, called(demo_panel, ("TFE3", 5), ("ASPSCR1", 8)))
    }
    assert status[("ASPSCR1", "UBL1")] == "lost"
    assert status[("TFE3", "activation")] == "kept"
    assert status[("TFE3", "bHLH")] == "lost"


def test_sides_name_exons_of_the_primary_transcript(demo_panel: Panel) -> None:
    five = fusion_side(demo_panel, "ASPSCR1", 81996846 - 1, last=True)
    assert (five.transcript, five.exon, five.at_exon_boundary) == ("NM_024083.4", 7, True)
    assert (five.chrom, five.pos, five.strand, five.site) == ("chr17", 81996846, "+", "end of exon 7")
    inside = fusion_side(demo_panel, "ASPSCR1", 81996840 - 1, last=True)
    assert (inside.exon, inside.at_exon_boundary, inside.site) == (7, False, "inside exon 7")
    three = fusion_side(demo_panel, "TFE3", 49034251 - 1, last=False)
    assert (three.exon, three.strand, three.site) == (6, "-", "start of exon 6")
    # TFE3 intron 5 lies between exon 5 (upstream, higher positions) and exon 6.
    intron = fusion_side(demo_panel, "TFE3", 49036000 - 1, last=False)
    assert (intron.exon, intron.site) == (None, "inside intron 5")


@pytest.mark.parametrize(
    ("split", "boundaries", "expected"),
    [(5, 2, "high"), (4, 2, "medium"), (2, 2, "medium"), (1, 2, "low"), (5, 1, "medium"), (4, 0, "low")],
)
def test_confidence_grades(demo_panel: Panel, split: int, boundaries: int, expected: str) -> None:
    junction = called(demo_panel, ("ASPSCR1", 5), ("TFE3", 6), split=split, boundaries=boundaries)
    assert confidence(junction)[0] == expected
