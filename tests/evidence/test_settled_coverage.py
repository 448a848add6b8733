"""Settled fragments are counted all at once as they would be one by one."""

import dataclasses

import numpy as np
import pytest

from aspsfusion.config import CallParameters
from aspsfusion.evidence import settled_coverage
from aspsfusion.evidence.anchors import Anchors, InformativeBoundary
from aspsfusion.evidence.coverage import Coverage, WildTypeRules, count_wild_type
from aspsfusion.evidence.fragments import Fragment, Mate
from aspsfusion.evidence.parts import insert_length
from aspsfusion.evidence.placements import ContigBases, as_sequenced, read_placements
from aspsfusion.evidence.settled_coverage import count_settled
from aspsfusion.evidence.strand import count_direction, exon_borders
from aspsfusion.panel.specificity import GeneKmers, Specificity, gene_kmers
from settled_rows import PANEL, TEXT, records_of, settled_rows

INFORMATIVE = {
    "FIVE|A": [InformativeBoundary("b", 150, Anchors(10, 20)), InformativeBoundary("a", 90, Anchors(10, 10))],
    "THREE|unspliced": [InformativeBoundary("c", 40, Anchors(12, 10))],
}
BORDERS = exon_borders(PANEL.transcripts.values())


def some_unique_kmers() -> Specificity:
    """Of the genes' k-mers only every seventh occurs nowhere else."""
    genes = {}
    for gene in ("FIVE", "THREE"):
        contigs = [name for name in TEXT.names if name.startswith(f"{gene}|")]
        kmers = gene_kmers([PANEL.sequence_of(name) for name in contigs])
        places = (kmers % 7 != 0).astype("uint16")
        genes[gene] = GeneKmers(kmers, places)
    return Specificity(genes)


@pytest.mark.parametrize("specificity", [None, some_unique_kmers()])
@pytest.mark.parametrize("min_anchor", [10, 26])
def test_all_at_once_is_one_by_one(
    specificity: Specificity | None, min_anchor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = settled_rows(400, seed=4)
    # The reads of a fragment are on one contig.
    same = TEXT.contigs_of(rows["own"][:, 0]) == TEXT.contigs_of(rows["own"][:, 1])
    rows = rows[same | (rows["reads"] == 1)]
    rules = WildTypeRules(CallParameters(), PANEL.contig_ranks, INFORMATIVE, specificity)
    expected, contigs, inserts = Coverage(min_anchor), ContigBases(PANEL), []
    for row in rows:
        mates = tuple(
            Mate(number, as_sequenced(records[0]), read_placements(records, contigs, PANEL.contig_ranks))
            for number, records in enumerate(records_of(row), start=1)
        )
        fragment = Fragment(int(row["number"]), "", 1, mates, merged=bool(row["flags"]))
        placements = count_wild_type(expected, fragment, rules)
        assert placements
        # As of all that the caller decides on, neither direction nor length of one with two edits counts.
        if max(row["second"]) < 0:
            count_direction(expected.direction, fragment, placements, BORDERS, PANEL.unspliced)
            inserts.append(insert_length(PANEL, fragment, placements))
    found = Coverage(min_anchor)
    monkeypatch.setattr(settled_coverage, "AT_ONCE", len(rows) // 3)
    every = np.repeat(rows, 2)
    kept = np.arange(every.size) % 2 == 0
    lengths = count_settled(found, TEXT, every, kept, rules, PANEL, BORDERS).tolist()
    assert dataclasses.asdict(found) == dataclasses.asdict(expected)
    assert lengths == [length for length in inserts if length is not None]
    assert all(expected.informative.values())
