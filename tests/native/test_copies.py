"""The compiled loop joins the copies that `evidence.copies` joins one by one."""

import pytest

from aspsfusion.evidence import copies
from aspsfusion.evidence.ends import EndFinder
from aspsfusion.evidence.joined import joined_molecules
from aspsfusion.evidence.molecules import MoleculeFinder, seen_fragment
from aspsfusion.evidence.settled import SettledFragments
from settled_rows import PANEL, TEXT, records_of, settled_rows, with_copies


@pytest.mark.parametrize("seed", range(3))
def test_molecules_and_their_copies_are_the_same(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "CROWD", 3)
    rows = with_copies(settled_rows(60, seed), seed)
    rows["quality"] = 30 * rows["size"].sum(axis=1)
    one_by_one, ends = MoleculeFinder(), EndFinder(PANEL)
    for row in rows:
        one_by_one.add(seen_fragment(int(row["number"]), "M", records_of(row), ends))
    numbers, found = joined_molecules(TEXT, rows, [], [], set(), misread_runs=False)
    expected = {number: molecule.copies for number, molecule in one_by_one.molecules().found.items()}
    assert dict(zip(numbers.tolist(), found.tolist(), strict=True)) == expected
    assert len(expected) < rows.size == sum(expected.values())


def test_what_is_out_of_range_is_refused() -> None:
    rows = settled_rows(3, seed=1)
    for name, value in (("own", -1), ("size", 1001), ("edit", 400)):
        wrong = rows.copy()
        wrong[name] = value
        with pytest.raises(ValueError, match="out of range"):
            joined_molecules(TEXT, wrong, [], [], set(), misread_runs=False)


def test_no_fragments_are_no_molecules() -> None:
    settled = SettledFragments(PANEL)
    numbers, found = joined_molecules(TEXT, settled.rows, [], [], set(), misread_runs=False)
    assert numbers.size == found.size == 0
