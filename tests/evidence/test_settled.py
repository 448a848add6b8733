"""Settled fragments show the ends that their alignments would show."""

from collections.abc import Callable

import pytest

from aspsfusion.evidence import copies
from aspsfusion.evidence.copies import CROWD
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.molecules import MoleculeFinder, seen_fragment
from aspsfusion.evidence.settled import SettledFragments, shown_by
from settled_rows import PANEL, TEXT, records_of, settled_rows, with_copies


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


UMI_LABELS: dict[str, Callable[[int], str]] = {
    "unused UMIs": lambda number: f"M_{'ACGT' if number % 3 else 'CTGA'}{'AC' if number % 5 else 'GT'}",
    "UMIs": lambda number: f"M_{'ACGT'[number % 4]}{'ACGT'[number // 4 % 4]}CC",
}


@pytest.mark.parametrize(
    "kind", ["pairs", "single reads", "both", "unused UMIs", "UMIs", "copies", "misread runs", "primers"]
)
@pytest.mark.parametrize("crowd", [CROWD, 2])
def test_molecules_are_those_of_the_alignments(
    crowd: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settled and aligned fragments together are the molecules of aligned ones alone."""
    monkeypatch.setattr(copies, "CROWD", crowd)
    rows = settled_rows(400, seed=6)
    rows["quality"] = 30 * rows["size"].sum(axis=1)
    single = (rows["reads"] == 1) & (rows["flags"] == 0)
    if kind not in ("both", "misread runs"):
        rows = rows[single if kind == "single reads" else ~single]
    if kind in ("copies", "misread runs", "primers"):
        rows = with_copies(rows[:120], seed=crowd)
    label: Callable[[int], str] = UMI_LABELS.get(kind, "M".format)
    ends = EndFinder(PANEL)
    if kind == "primers":
        ends.primed = {shown.ends[0].place for shown in shown_by(TEXT, rows[:40])}
    expected, found = MoleculeFinder(ends.primed), MoleculeFinder(ends.primed)
    settled = SettledFragments(PANEL)
    chosen = rows["number"] % 4 != 0
    if kind in UMI_LABELS:
        settled.labels = {number: (label(number), "") for number in rows["number"][chosen].tolist()}
    settled.add(rows[chosen])
    for finder in (expected, found):
        if kind == "misread runs":
            monkeypatch.setattr(type(finder), "misread_runs", True)
        for row in rows if finder is expected else rows[~chosen]:
            number = int(row["number"])
            finder.add(seen_fragment(number, label(number), records_of(row), ends))
    found.add_settled(settled)
    one, other = expected.molecules(), found.molecules()
    assert sorted(one.numbers()) == sorted(other.numbers())
    assert {number: one.found[number] for number in other.found} == other.found
    assert one.total == other.total < rows.size
    assert bool(other.settled.size) == (kind != "UMIs")
    assert (found.total, found.umi_source, found.unused_umi) == (
        expected.total,
        expected.umi_source,
        expected.unused_umi,
    )
