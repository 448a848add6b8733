"""Settled fragments show the ends that their alignments would show."""

import numpy as np
import pytest

from aspsfusion.evidence import alone, copies
from aspsfusion.evidence.copies import CROWD
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.molecules import MoleculeFinder
from aspsfusion.evidence.settled import SettledFragments, shown_by
from settled_rows import PANEL, TEXT, records_of, settled_rows


def test_ends_are_those_of_the_alignments() -> None:
    rows = settled_rows(600, seed=1)
    finder = EndFinder(PANEL)
    expected = [finder.shown_by([(mate[0], mate) for mate in records_of(row)]) for row in rows]
    assert list(shown_by(TEXT, rows)) == expected
    ends = [end for shown in expected for end in shown.ends]
    assert {end.run is None for end in ends} == {end.clear for end in ends} == {True, False}


def test_an_end_at_a_primer_is_left_out() -> None:
    rows = settled_rows(40, seed=2)
    finder = EndFinder(PANEL)
    finder.primed |= {finder.shown_by([(records_of(rows[0])[0][0], records_of(rows[0])[0])]).ends[0].place}
    expected = [finder.shown_by([(mate[0], mate) for mate in records_of(row)]) for row in rows]
    assert list(shown_by(TEXT, rows, finder.primed)) == expected


def test_fragments_are_kept_in_parts() -> None:
    rows = settled_rows(5, seed=3)
    kept = SettledFragments(PANEL)
    for part in (rows[:2], rows[2:2], rows[2:]):
        kept.add(part)
    assert kept.rows["number"].tolist() == rows["number"].tolist()
    assert SettledFragments(PANEL).rows.size == 0


@pytest.mark.parametrize("kind", ["pairs", "single reads", "both", "UMIs", "many copies"])
@pytest.mark.parametrize("crowd", [CROWD, 2])
def test_molecules_are_those_of_the_alignments(
    crowd: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settled and aligned fragments together are the molecules of aligned ones alone."""
    monkeypatch.setattr(alone, "CROWD", crowd)
    monkeypatch.setattr(copies, "CROWD", crowd)
    rows = settled_rows(400, seed=6)
    rows["quality"] = 30 * rows["size"].sum(axis=1)
    single = (rows["reads"] == 1) & (rows["flags"] == 0)
    if kind != "both":
        rows = rows[single if kind == "single reads" else ~single]
    if kind == "many copies":
        rows = np.repeat(rows[:60], np.arange(60) % 7)
        rows["number"] = np.arange(rows.size)
    settled = SettledFragments(PANEL)
    labels = {
        number: f"M_{'ACGT' if number % 3 else 'CTGA'}{'AC' if number % 5 else 'GT'}" for number in range(400)
    }
    if kind == "UMIs":
        settled.labels = {number: (labels[number], "") for number in rows["number"].tolist() if number % 4}
    settled.add(rows[rows["number"] % 4 != 0])
    expected, found = MoleculeFinder(EndFinder(PANEL)), MoleculeFinder(EndFinder(PANEL))
    for row in rows:
        number = int(row["number"])
        label = labels[number] if kind == "UMIs" else "M"
        expected.add(number, label, records_of(row))
        if number % 4 == 0:
            found.add(number, label, records_of(row))
    found.add_settled(settled)
    one, other = expected.molecules(), found.molecules()
    assert sorted(one.numbers()) == sorted(other.numbers())
    assert {number: one.found[number] for number in other.found} == other.found
    assert one.total == other.total < rows.size
    assert bool(other.alone.size) == (kind not in ("both", "UMIs"))
    assert (found.total, found.umi_source, found.unused_umi) == (
        expected.total,
        expected.umi_source,
        expected.unused_umi,
    )
