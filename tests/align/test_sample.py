"""Of the settled fragments those are kept that come first at each stretch of the panel."""

from collections import Counter

import pytest

from aspsfusion.align import sample
from aspsfusion.align.sample import STEP, Sample
from settled_rows import PANEL, TEXT, settled_rows


@pytest.mark.parametrize("targets", [("FIVE",), ("FIVE", "THREE"), ()])
def test_the_first_of_each_stretch_are_kept(
    targets: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sample, "OF_TARGETS", 4)
    monkeypatch.setattr(sample, "OF_OTHERS", 2)
    kept = Sample(PANEL)
    kept._targets = {gene: PANEL.unspliced[gene] for gene in targets}
    rows = settled_rows(300, seed=8)
    expected, seen = [], Counter[int]()
    for row in rows:
        place = int(row["shared"][0])
        first = place // STEP * STEP
        genes = {TEXT.genes[contig] for contig in TEXT.table.contigs[first : first + STEP] if contig >= 0}
        seen[first] += 1
        if seen[first] <= (4 if genes & set(targets) else 2):
            expected.append(int(row["number"]))
    found = [int(part["number"][index]) for part in (rows[:100], rows[100:]) for index in kept.choose(part)]
    assert found == expected
