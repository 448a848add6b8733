"""Anchors that name one gene: computed from the panel, not assumed."""

from dataclasses import replace

import pytest

from aspsfusion.evidence.anchors import MAX_ANCHOR, AnchorFinder, boundaries
from aspsfusion.panel.panel import Junction, Panel


def type_1(panel: Panel) -> Junction:
    return next(j for j, spec in panel.catalogue.items() if spec.id == "ASPSCR1-TFE3-e7-e6")


def with_inserted(panel: Panel, gene: str, bases: str) -> Panel:
    """Return the panel with a stretch of bases written into a gene's primary transcript."""
    transcript = panel.primary[gene]
    changed = transcript.sequence[:100] + bases + transcript.sequence[100 + len(bases) :]
    transcripts = {**panel.transcripts, transcript.key: replace(transcript, sequence=changed)}
    return Panel(panel.directory, panel.spec, transcripts, panel.unspliced, panel.provenance)


def test_anchors_of_the_shipped_junction_are_the_shortest_allowed(demo_panel: Panel) -> None:
    anchors = AnchorFinder(demo_panel, 10).find(type_1(demo_panel))
    assert 10 <= anchors.five_prime <= 14
    assert 10 <= anchors.three_prime <= 14


@pytest.mark.parametrize("length", [12, 20, 33])
def test_an_anchor_that_another_gene_holds_is_made_longer(demo_panel: Panel, length: int) -> None:
    junction = type_1(demo_panel)
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    end = five.exons[6].tx_end
    start = three.exons[5].tx_start
    panel = with_inserted(demo_panel, "GPI", five.sequence[end - length : end])
    assert AnchorFinder(panel, 10).find(junction).five_prime > length
    panel = with_inserted(demo_panel, "GPI", three.sequence[start : start + length])
    assert AnchorFinder(panel, 10).find(junction).three_prime > length


def test_a_repeat_within_the_gene_itself_does_not_ask_for_more(demo_panel: Panel) -> None:
    # The last 23 nt of the exon occur twice in it; the gene is named all the same.
    junction = type_1(demo_panel)
    five = demo_panel.primary["ASPSCR1"]
    end = five.exons[6].tx_end
    assert five.sequence.count(five.sequence[end - 23 : end]) == 2
    assert AnchorFinder(demo_panel, 10).find(junction).five_prime < 23


def test_sequence_shared_without_end_asks_for_the_longest_anchor(demo_panel: Panel) -> None:
    three = demo_panel.primary["TFE3"]
    start = three.exons[5].tx_start
    panel = with_inserted(demo_panel, "GPI", three.sequence[start : start + 100])
    assert AnchorFinder(panel, 10).find(type_1(demo_panel)).three_prime == MAX_ANCHOR


def test_boundaries_lie_beside_the_joined_bases(demo_panel: Panel) -> None:
    junction = type_1(demo_panel)
    five = dict(boundaries(demo_panel, "ASPSCR1", junction.five_pos, after=True))
    three = dict(boundaries(demo_panel, "TFE3", junction.three_pos, after=False))
    assert five[demo_panel.primary["ASPSCR1"].key] == demo_panel.primary["ASPSCR1"].exons[6].tx_end
    assert three[demo_panel.primary["TFE3"].key] == demo_panel.primary["TFE3"].exons[5].tx_start
    # A base inside an intron has no transcript; the unspliced gene takes its place.
    inside = junction.five_pos + 500
    assert [name for name, _ in boundaries(demo_panel, "ASPSCR1", inside, after=True)] == [
        "ASPSCR1|unspliced"
    ]
