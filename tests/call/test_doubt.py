"""Settled fragments with two edits are aligned after all if they fit a junction off known places better."""

import gzip
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aspsfusion.align import align
from aspsfusion.call import assign
from aspsfusion.call.assign import SupportFinder
from aspsfusion.call.call import Caller
from aspsfusion.call.doubt import SettledInDoubtError, require_no_doubt
from aspsfusion.config import CallParameters
from aspsfusion.evidence.settled import PanelText
from aspsfusion.evidence.twice import TwiceEdited
from aspsfusion.native.place import SETTLED
from aspsfusion.panel.panel import Junction, Panel, Transcript
from aspsfusion.pipeline import Watcher, call_candidates
from deep_reads import DeepSample, candidates

SIZE = 80


@pytest.fixture(scope="module")
def finder(demo_panel: Panel) -> SupportFinder:
    return SupportFinder(demo_panel, CallParameters())


@pytest.fixture(scope="module")
def text(demo_panel: Panel) -> PanelText:
    return PanelText(demo_panel)


def read_at(text: PanelText, contig: Transcript, start: int, edits: Sequence[tuple[int, str]]) -> TwiceEdited:
    """A settled read of a contig, from a position on, with edits."""
    rows = np.zeros(1, SETTLED)
    rows["own"][0, 0] = rows["shared"][0, 0] = text.table.starts[text.names.index(contig.key)] + start
    rows["size"][0, 0], rows["reads"] = SIZE, 1
    rows["edit"] = rows["second"] = -1
    for (at, base), names in zip(edits, (("edit", "base"), ("second", "second_base")), strict=False):
        rows[names[0]][0, 0], rows[names[1]][0, 0] = at, ord(base)
    return TwiceEdited(text, rows)


def in_doubt(finder: SupportFinder, junction: Junction, settled: TwiceEdited) -> bool:
    model = finder.model(junction)
    assert model is not None
    try:
        require_no_doubt([model], settled, finder.contigs)
    except SettledInDoubtError:
        return True
    return False


def off_borders(panel: Panel) -> tuple[Junction, str, str]:
    """A junction in the middle of exons, and the bases of the two transcripts up to and from there."""
    listed = next(iter(panel.catalogue))
    five, three = panel.primary[listed.five_gene], panel.primary[listed.three_gene]
    end, start = five.from_genome(listed.five_pos), three.from_genome(listed.three_pos)
    assert end is not None
    assert start is not None
    junction = replace(listed, five_pos=five.to_genome(end - 20), three_pos=three.to_genome(start + 20))
    return junction, five.sequence[: end - 19], three.sequence[start + 20 :]


def test_a_read_that_fits_a_junction_better_is_in_doubt(
    demo_panel: Panel, finder: SupportFinder, text: PanelText
) -> None:
    junction, upstream, downstream = off_borders(demo_panel)
    five = demo_panel.primary[junction.five_gene]
    # So many bases of the 3' gene that two of them differ from what the 5' gene goes on with.
    own = five.sequence[len(upstream) :]
    differ = [at for at in range(20) if own[at] != downstream[at]][:2]
    start = len(upstream) + differ[1] + 1 - SIZE
    edits = [(len(upstream) + at - start, downstream[at]) for at in differ]
    assert in_doubt(finder, junction, read_at(text, five, start, edits))
    elsewhere = [(20, "N"), (edits[1][0], "N")]
    assert not in_doubt(finder, junction, read_at(text, five, start, elsewhere))
    assert not in_doubt(finder, junction, read_at(text, five, start - 200, edits))


def test_reads_of_what_is_inserted_are_in_doubt(
    demo_panel: Panel, finder: SupportFinder, text: PanelText
) -> None:
    junction, _, _ = off_borders(demo_panel)
    other = next(
        t
        for t in demo_panel.primary.values()
        if t.gene not in (junction.five_gene, junction.three_gene) and len(t.sequence) > 200
    )
    edits = [(at, "A" if other.sequence[50 + at] != "A" else "C") for at in (30, 50)]
    inserted = list(other.sequence[40:140])
    for at, base in edits:
        inserted[10 + at] = base
    settled = read_at(text, other, 50, edits)
    assert in_doubt(finder, replace(junction, inserted="".join(inserted)), settled)
    assert not in_doubt(
        finder, replace(junction, inserted=other.sequence[40:140]), read_at(text, other, 50, [])
    )


def test_a_sample_in_doubt_is_done_again(
    demo_panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(align, "SMALL", 1)

    def doubtful(models: object, settled: TwiceEdited, contigs: object) -> None:
        if settled.longest:
            raise SettledInDoubtError

    monkeypatch.setattr(assign, "require_no_doubt", doubtful)
    few = {key: t.sequence for key, t in demo_panel.transcripts.items() if t.gene == "TFE3"}
    sample = DeepSample(error_rate=0.012, inserts=(100, 250), read_length=100, fragments=200)
    reads = tmp_path / "c.fastq.gz"
    reads.write_bytes(gzip.compress(candidates(sample, few, seed=3).encode(), 1))
    found = []
    for settled in (False, True):
        output = tmp_path / str(settled)
        output.mkdir()
        outputs = {name: output / name for name in ("align", "evidence")}
        stages: list[str] = []
        caller, watcher = Caller(demo_panel, CallParameters()), Watcher(stage=stages.append)
        calls, _, made = call_candidates(caller, reads, "x", outputs, settle=settled, watcher=watcher)
        found.append(calls)
    assert stages == ["align", "evidence", "call"] * 2
    assert made.settled.rows.size
    assert not (made.settled.rows["second"] >= 0).any()
    assert found[0] == found[1]
