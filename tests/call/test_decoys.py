"""Genes that resemble a part of a target: their reads are theirs, and hide nothing of the target's."""

import random
from pathlib import Path

import pytest

from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.panel import Panel
from stages import Pair, call_pairs, fusion_molecule

FOREIGN = "".join(random.Random(9).choices("ACGT", k=300))
READ = 75


def over(molecule: str, start: int, end: int, read: int = READ) -> list[Pair]:
    """Pairs from both strands whose first reads show the bases [start, end) of a molecule, all or in part."""
    pairs = []
    for at in range(max(0, start - read + 20), min(end - 19, len(molecule) - read), 4):
        pairs.append(Pair(f"f{at}", molecule[at : at + 200], read))
        pairs.append(Pair(f"r{at}", molecule[max(0, at + read - 200) : at + read], read, flipped=True))
    return pairs


@pytest.fixture(scope="module")
def metrnl(demo_panel: Panel) -> str:
    """METRNL's bases around what resembles the repeat of exon 7 of ASPSCR1, in its direction."""
    (decoy,) = demo_panel.decoys.values()
    assert decoy.name == "METRNL_NM_001004431"
    return reverse_complement(decoy.sequence)


LIKE = "CCAGGAGCAGGAGCAGCAGCGGGAGCGG"
"""The bases of METRNL that resemble ASPSCR1; two of them differ."""


@pytest.mark.parametrize("read", [50, 75, 100])
def test_fragments_of_a_look_alike_show_no_break(
    demo_panel_directory: Path, metrnl: str, tmp_path: Path, read: int
) -> None:
    at = metrnl.index(LIKE)
    calls = call_pairs(demo_panel_directory, tmp_path, over(metrnl, at, at + len(LIKE), read))
    assert (calls.one_sided, calls.junctions, calls.bridges) == ((), (), ())
    assert set(calls.coverage.genes) <= {"ASPSCR1"}  # no fragment of a decoy counts


def test_what_goes_on_otherwise_than_a_decoy_is_no_break_either(
    demo_panel_directory: Path, metrnl: str, tmp_path: Path
) -> None:
    """Another transcript of the look-alike: what its reads show of the target is of the decoy too."""
    at = metrnl.index(LIKE)
    spliced = FOREIGN[:100] + metrnl[at : at + len(LIKE)] + FOREIGN[100:]
    calls = call_pairs(demo_panel_directory, tmp_path, over(spliced, 100, 100 + len(LIKE)))
    assert (calls.one_sided, calls.junctions) == ((), ())


def test_a_break_beside_the_repeat_is_seen(
    demo_panel_directory: Path, demo_panel: Panel, metrnl: str, tmp_path: Path
) -> None:
    """Exon 7 joined to unknown sequence, or to other bases of METRNL."""
    transcript = demo_panel.primary["ASPSCR1"]
    last = transcript.exons[6].tx_end
    after = metrnl.index(LIKE) + len(LIKE)
    for foreign in (FOREIGN, metrnl[after + 40 :] + FOREIGN):
        molecule = transcript.sequence[:last] + foreign
        pairs = [Pair(f"x{n}", molecule[last - n : last - n + 200], READ) for n in (24, 30, 40, 50, 55)]
        (place,) = call_pairs(demo_panel_directory, tmp_path, pairs).one_sided
        assert (place.gene, place.position) == ("ASPSCR1", transcript.to_genome(last - 1))


@pytest.mark.parametrize("exon", [5, 6])
def test_a_decoy_hides_no_read_of_the_fusion(
    demo_panel_directory: Path, metrnl: str, tmp_path: Path, exon: int
) -> None:
    """Of a carrier that expresses METRNL each read with 12 to 60 bases of ASPSCR1 counts."""
    molecule, cut = fusion_molecule(demo_panel_directory, ("ASPSCR1", 7), ("TFE3", exon))
    split = [Pair(f"s{n}", molecule[cut - n : cut - n + 200], READ) for n in range(12, 61, 3)]
    split += [
        Pair(f"t{n}", molecule[cut - n + READ - 200 : cut - n + READ], READ, flipped=True)
        for n in range(12, 61, 3)
    ]
    at = metrnl.index(LIKE)
    calls = call_pairs(demo_panel_directory, tmp_path, [*split, *over(metrnl, at, at + len(LIKE))])
    (called,) = calls.junctions
    assert (called.catalogue_id, called.rejections) == (f"ASPSCR1-TFE3-e7-e{exon}", ())
    assert called.split_reads == len(split)
    assert calls.one_sided == ()
