"""Which junctions a fragment is tested at, and the forms of a breakpoint inside an intron."""

import random
from itertools import product
from pathlib import Path

import pytest

from aspsfusion.call.junction import JunctionModel, ModelIndex
from aspsfusion.call.realign import INDEL_WINDOW, Realigner
from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import AnchorFinder
from aspsfusion.evidence.evidence_file import read_evidence
from aspsfusion.evidence.placements import ContigBases
from aspsfusion.panel.panel import Panel
from stages import Pair, call_pairs, fusion_molecule


def test_no_junction_that_a_fragment_fits_is_passed_over(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(2)
    pairs = []
    for number, (five, three) in enumerate(
        [(("ASPSCR1", 7), ("TFE3", 6)), (("TFE3", 5), ("ASPSCR1", 8)), (("PRCC", 1), ("TFE3", 4))] * 40
    ):
        molecule, position = fusion_molecule(demo_panel_directory, five, three)
        start = max(0, position - rng.randrange(1, 200))
        bases = [b if rng.random() > 0.03 else rng.choice("ACGT") for b in molecule[start : start + 200]]
        if number % 5 == 0:
            del bases[rng.randrange(60)]
        pairs.append(Pair(f"f{number}", "".join(bases), 75, flipped=bool(number % 2)))
    call_pairs(demo_panel_directory, tmp_path, pairs)
    fragments = read_evidence(tmp_path / "evidence.json.gz").fragments
    parameters = CallParameters()
    contigs, finder = ContigBases(demo_panel), AnchorFinder(demo_panel, parameters.min_anchor)
    models = [JunctionModel(demo_panel, contigs, j, finder.find(j)) for j in demo_panel.catalogue]
    index, realigner, thorough = (
        ModelIndex(models, INDEL_WINDOW),
        Realigner(parameters),
        Realigner(parameters),
    )
    monkeypatch.setattr(thorough, "_may_lead", lambda mate, model: True)
    fitting = 0
    for fragment, gapped in product(fragments, (False, True)):
        near = index.near(fragment, parameters.margin, gapped=gapped)
        for model in models:
            support = thorough.support(fragment, model, gapped=gapped)
            assert realigner.support(fragment, model, gapped=gapped) == support
            if support:
                fitting += 1
                assert model in near
    assert fitting > 160


@pytest.mark.parametrize("single", [False, True])
def test_a_breakpoint_inside_introns_is_joined_to_the_spliced_exons_around_it(
    demo_panel_directory: Path, demo_panel: Panel, tmp_path: Path, single: bool
) -> None:
    five, three = demo_panel.primary["ASPSCR1"], demo_panel.primary["TFE3"]
    introns = demo_panel.unspliced["ASPSCR1"], demo_panel.unspliced["TFE3"]
    exon, acceptor = five.exons[5], three.exons[5]
    end = introns[0].from_genome(five.to_genome(exon.tx_end - 1)) + 1
    start = introns[1].from_genome(three.to_genome(acceptor.tx_start))
    # 40 nt of intron 6 and 30 nt of intron 5 stay in the RNA; all other introns are spliced out.
    left = five.sequence[: exon.tx_end] + introns[0].sequence[end : end + 40]
    right = introns[1].sequence[start - 30 : start] + three.sequence[acceptor.tx_start :]
    pairs = [
        Pair(f"i{i}", (left + right)[len(left) - 70 + 4 * i :][: 260 + i], 100, single=single)
        for i in range(8)
    ]
    (found,) = call_pairs(demo_panel_directory, tmp_path, pairs).junctions
    assert found.five_pos in range(introns[0].to_genome(end + 36), introns[0].to_genome(end + 44))
    assert (found.split_reads, found.rejections) == (8, ())
