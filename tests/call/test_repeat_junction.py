"""The tandem repeat at the 5' side of the target's junction: which reads count, base by base.

The last bases of the 5' exon occur again 30 nt upstream, so aligners put short anchors into the wrong
place. Every read is slid over the junction one base at a time, on both strands.
"""

import json
from pathlib import Path

import pytest

from aspsfusion.panel.panel import Panel
from stages import Pair, call_pairs, fusion_molecule

FIVE = ("ASPSCR1", 7)
TYPES = {"type 1": ("TFE3", 6), "type 2": ("TFE3", 5)}
INSERT = 240
SUFFICIENT_FIVE_PRIME = 24
SUFFICIENT_THREE_PRIME = 12


def slid_pairs(molecule: str, junction: int, length: int) -> list[tuple[int, Pair]]:
    """Return pairs whose first read shows each number of 5' bases; the rest of it is 3' gene.

    For many 5' bases the first read begins upstream and the pair runs on into the 3' gene; for few it
    ends in the 5' gene from the other strand, so that both reads are tested as the crossing one.
    """
    pairs = []
    for before in range(1, length):
        start = junction - before
        forward = molecule[start : start + INSERT]
        pairs.append((before, Pair(f"f{before}", forward, length)))
        end = start + length
        backward = molecule[max(0, end - INSERT) : end]
        pairs.append((before, Pair(f"r{before}", backward, length, flipped=True)))
    return pairs


@pytest.mark.parametrize("length", [75, 100])
@pytest.mark.parametrize("kind", TYPES)
def test_every_read_with_sufficient_anchors_is_counted_for_its_own_type(
    demo_panel_directory: Path, tmp_path: Path, kind: str, length: int
) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, FIVE, TYPES[kind])
    slid = slid_pairs(molecule, junction, length)
    calls = call_pairs(demo_panel_directory, tmp_path, [pair for _, pair in slid])
    reported = [called for called in calls.junctions if not called.rejections]
    assert [called.catalogue_id for called in reported] == [f"ASPSCR1-TFE3-e7-e{TYPES[kind][1]}"]
    counted = {read.label: read for read in reported[0].reads if read.kind == "split"}
    lengths = sorted({before for before, pair in slid if pair.name in counted})
    missing = [
        (pair.name, before, length - before)
        for before, pair in slid
        if before >= SUFFICIENT_FIVE_PRIME
        and length - before >= SUFFICIENT_THREE_PRIME
        and pair.name not in counted
    ]
    assert not missing
    # Shown by `pytest -rP`: the anchors for which a read counts, the shorter ones bridge at best.
    print(f"{kind}, 2x{length}: counted with {lengths[0]} to {lengths[-1]} nt of the 5' gene")
    anchors = {name: (read.anchor_five_prime, read.anchor_three_prime) for name, read in counted.items()}
    expected = {pair.name: (before, length - before) for before, pair in slid if pair.name in counted}
    assert anchors == expected


@pytest.mark.parametrize("length", [75, 100])
def test_short_anchors_in_the_repeat_are_counted_at_the_true_place(
    demo_panel_directory: Path, tmp_path: Path, length: int
) -> None:
    molecule, junction = fusion_molecule(demo_panel_directory, FIVE, TYPES["type 1"])
    # 11 to 20 nt in the 5' gene: too short to be placed within the exon, long enough to name the gene.
    slid = [(before, pair) for before, pair in slid_pairs(molecule, junction, length) if 11 <= before <= 20]
    calls = call_pairs(demo_panel_directory, tmp_path, [pair for _, pair in slid])
    assert [called.catalogue_id for called in calls.junctions] == ["ASPSCR1-TFE3-e7-e6"]
    assert calls.junctions[0].split_reads == len(slid)


@pytest.mark.parametrize("length", [75, 100])
def test_the_reciprocal_is_counted_at_the_start_of_exon_8(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, length: int
) -> None:
    """The first 17 bases of exon 8 of ASPSCR1 occur in it twice, the first 18 once."""
    molecule, junction = fusion_molecule(demo_panel_directory, ("TFE3", 5), ("ASPSCR1", 8))
    aspscr1 = demo_panel.primary["ASPSCR1"].sequence
    start = demo_panel.primary["ASPSCR1"].exons[7].tx_start
    later = aspscr1[start + 1 :]
    assert [aspscr1[start : start + bases] in later for bases in (17, 18)] == [True, False]
    # 11 to 17 nt in exon 8.
    slid = [pair for before, pair in slid_pairs(molecule, junction, length) if 11 <= length - before <= 17]
    calls = call_pairs(demo_panel_directory, tmp_path, slid)
    assert [called.catalogue_id for called in calls.junctions] == ["TFE3-ASPSCR1-e5-e8"]
    assert calls.junctions[0].split_reads == len(slid)
    assert not calls.one_sided


@pytest.mark.parametrize("length", [36, 50, 75, 100])
def test_no_wild_type_read_is_ever_counted(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, length: int
) -> None:
    panel = demo_panel
    pairs: list[Pair] = []
    seen: set[str] = set()  # transcripts of a gene have most of their reads in common
    for gene, exon in (FIVE, TYPES["type 1"], TYPES["type 2"]):
        for transcript in panel.by_gene[gene]:
            borders = {e.tx_start for e in transcript.exons} | {e.tx_end for e in transcript.exons}
            near = transcript.exons[min(exon, len(transcript.exons)) - 1]
            places = {near.tx_start, near.tx_end} & borders if transcript.primary else borders
            for border in sorted(places):
                for start in range(max(0, border - length), border):
                    molecule = transcript.sequence[start : start + INSERT]
                    ends = {molecule[:length], molecule[-length:]}
                    if len(molecule) >= length and not ends <= seen:
                        pairs.append(Pair(f"{transcript.name}_{border}_{start}", molecule, length))
                        seen |= ends
    assert len(pairs) > 10 * length
    calls = call_pairs(demo_panel_directory, tmp_path, pairs)
    assert calls.junctions == ()
    assert json.loads((tmp_path / "calls.json").read_text())["junctions"] == []


@pytest.mark.parametrize("length", [75, 100])
def test_no_read_across_an_exon_and_its_intron_is_counted(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, length: int
) -> None:
    panel = demo_panel
    pairs = []
    for gene, exon_number in (FIVE, TYPES["type 1"], TYPES["type 2"]):
        unspliced = panel.unspliced[gene]
        exon = panel.primary[gene].exons[exon_number - 1]
        for base in (exon.start, exon.end - 1):
            border = unspliced.from_genome(base)
            for start in range(border - length, border):
                molecule = unspliced.sequence[start : start + INSERT]
                pairs.append(Pair(f"{gene}_{border}_{start}", molecule, length))
    calls = call_pairs(demo_panel_directory, tmp_path, pairs)
    assert calls.junctions == ()
