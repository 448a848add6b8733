"""Settled fragments with two edits are aligned after all if they are near a junction off the known places."""

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aspsfusion.align import settle
from aspsfusion.call.assign import SupportFinder
from aspsfusion.call.call import Caller
from aspsfusion.call.doubt import SettledInDoubtError, require_no_doubt
from aspsfusion.config import CallParameters
from aspsfusion.evidence.settled import PanelText
from aspsfusion.evidence.twice import TwiceEdited
from aspsfusion.native.place import SETTLED
from aspsfusion.panel.panel import Junction, Panel
from aspsfusion.pipeline import Watcher, call_candidates
from deep_reads import DeepSample, candidates

SIZE = 80


@pytest.fixture(scope="module")
def finder(demo_panel: Panel) -> SupportFinder:
    return SupportFinder(demo_panel, CallParameters())


@pytest.fixture(scope="module")
def text(demo_panel: Panel) -> PanelText:
    return PanelText(demo_panel)


def listed(panel: Panel) -> Junction:
    return next(iter(panel.catalogue))


def read_at(text: PanelText, contig: str, start: int) -> TwiceEdited:
    """A settled read on a contig, from a position on."""
    rows = np.zeros(1, SETTLED)
    rows["own"][0, 0] = rows["shared"][0, 0] = text.table.starts[text.names.index(contig)] + start
    rows["size"][0, 0], rows["reads"] = SIZE, 1
    return TwiceEdited(text, rows)


def in_doubt(finder: SupportFinder, junction: Junction, settled: TwiceEdited) -> bool:
    model = finder.model(junction)
    assert model is not None
    try:
        require_no_doubt([model], settled, finder.contigs)
    except SettledInDoubtError:
        return True
    return False


def test_reads_near_either_side_of_a_junction_are_in_doubt(
    demo_panel: Panel, finder: SupportFinder, text: PanelText
) -> None:
    off_border = replace(listed(demo_panel), five_pos=listed(demo_panel).five_pos - 20)
    model = finder.model(off_border)
    assert model is not None
    for side in (model.five, model.three):
        boundary = side.boundaries[side.main_form]
        near = [
            in_doubt(finder, off_border, read_at(text, side.main_form, boundary + shift))
            for shift in (-2 * SIZE - 1, -2 * SIZE + 2, -SIZE // 2, SIZE - 1, SIZE + 1)
        ]
        # On other transcripts the same bases may be nearer.
        assert near[1:4] == [True] * 3
    other = next(
        t
        for t in demo_panel.transcripts.values()
        if t.gene not in (off_border.five_gene, off_border.three_gene)
    )
    assert not in_doubt(finder, off_border, read_at(text, other.key, 10))


def test_reads_of_what_is_inserted_are_in_doubt(
    demo_panel: Panel, finder: SupportFinder, text: PanelText
) -> None:
    junction = listed(demo_panel)
    other = next(
        t for t in demo_panel.transcripts.values() if t.gene not in (junction.five_gene, junction.three_gene)
    )
    settled = read_at(text, other.key, 10)
    for inserted, expected in ((other.sequence[40:70], True), ("ACGT" * 5, False)):
        assert in_doubt(finder, replace(junction, inserted=inserted), settled) is expected


def test_a_sample_in_doubt_is_done_again(
    demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several molecules go from the middle of an exon into another gene, beside many of the wild type."""
    monkeypatch.setattr(settle, "SMALL", 1)
    junction = listed(demo_panel)
    five, three = demo_panel.joined_sequences(junction)
    few = {"five": five[-400:] + three[:30], "three": five[-30:] + three[:400]}
    few |= {
        key: t.sequence
        for key, t in demo_panel.transcripts.items()
        if t.gene == junction.five_gene and t.primary
    }
    few |= {"off": five[-300:-25] + three[20:300]}
    sample = DeepSample(
        error_rate=0.012, indels=0.0, fused=0.0, inserts=(100, 250), read_length=100, fragments=300
    )
    reads = tmp_path / "c.fastq.gz"
    reads.write_bytes(gzip.compress(candidates(sample, few, seed=3).encode(), 1))
    found = []
    for settled in (False, True):
        output = tmp_path / str(settled)
        output.mkdir()
        outputs = {name: output / name for name in ("bam", "align", "evidence")}
        stages: list[str] = []
        caller = Caller(demo_panel, CallParameters())
        calls, made = call_candidates(
            caller, reads, "x", outputs, settle=settled, watcher=Watcher(stage=stages.append)
        )
        found.append(calls)
    assert stages == ["align", "evidence", "call"] * 2
    assert made.settled.rows.size
    assert not (made.settled.rows["second"] >= 0).any()
    assert found[0] == found[1]
