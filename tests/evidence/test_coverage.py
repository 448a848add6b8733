"""Counting the wild type: each fragment once, whatever its reads cover."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.config import CallParameters
from aspsfusion.evidence.anchors import Anchors, InformativeBoundary
from aspsfusion.evidence.coverage import (
    Coverage,
    WildTypeRules,
    count_wild_type,
    proves_gene,
    wild_type_gene,
    wild_type_placements,
)
from aspsfusion.evidence.fragments import Fragment, Mate, Placement
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.panel.specificity import GeneKmers, Specificity, gene_kmers
from small_panel import random_bases

CONTIG = "G|T1"


def placement(contig: str, start: int, end: int, edits: int = 0, *, reverse: bool = False) -> Placement:
    return Placement(contig, reverse, start, end, 0, end - start, edits)


def fragment(*mates: list[Placement]) -> Fragment:
    return Fragment(
        1, "f", 1, tuple(Mate(i, "A" * 50, tuple(placements)) for i, placements in enumerate(mates, start=1))
    )


SPANS = st.lists(st.tuples(st.integers(0, 90), st.integers(1, 60)), min_size=1, max_size=2)


@given(st.lists(SPANS, max_size=8), st.integers(1, 12), st.integers(0, 150))
def test_crossing_and_depth_equal_counting_by_hand(
    fragments: list[list[tuple[int, int]]], anchor: int, boundary: int
) -> None:
    coverage = Coverage(anchor)
    for spans in fragments:
        coverage.add("G", [placement(CONTIG, start, start + length) for start, length in spans], {})
    crossing = sum(
        any(start + anchor <= boundary <= start + length - anchor for start, length in spans)
        for spans in fragments
    )
    covering = sum(any(start <= boundary < start + length for start, length in spans) for spans in fragments)
    assert coverage.crossing_at(CONTIG, boundary) == crossing
    assert coverage.mean_depth(CONTIG, boundary, boundary + 1) == covering
    assert Coverage.from_json(coverage.to_json()) == coverage


@given(st.lists(st.tuples(st.booleans(), SPANS), max_size=8))
def test_counts_of_two_parts_are_those_of_both(fragments: list[tuple[bool, list[tuple[int, int]]]]) -> None:
    whole, parts = Coverage(3), (Coverage(3), Coverage(3))
    boundary = InformativeBoundary("key", 20, Anchors(4, 4))
    for later, spans in fragments:
        placements = [placement(CONTIG, start, start + length) for start, length in spans]
        for coverage in (whole, parts[later]):
            coverage.add("G", placements, {CONTIG: [boundary]})
    parts[0].join(parts[1])
    assert parts[0] == whole


@pytest.mark.parametrize(
    ("first", "second", "counts"),
    [
        (placement(CONTIG, 0, 50), placement(CONTIG, 90, 140, reverse=True), (1, 0)),
        (placement(CONTIG, 90, 140, reverse=True), placement(CONTIG, 0, 50), (1, 0)),
        (placement(CONTIG, 0, 50), placement(CONTIG, 0, 50, reverse=True), (1, 0)),
        (placement(CONTIG, 4, 50), placement(CONTIG, 0, 46, reverse=True), (1, 0)),
        (placement(CONTIG, 0, 50, reverse=True), placement(CONTIG, 90, 140), (0, 1)),
        (placement(CONTIG, 0, 50, reverse=True), placement(CONTIG, 50, 100), (0, 1)),
        (placement(CONTIG, 0, 50), placement(CONTIG, 90, 140), (0, 1)),
        (placement(CONTIG, 0, 50, reverse=True), placement(CONTIG, 90, 140, reverse=True), (0, 1)),
        (placement(CONTIG, 0, 50), placement("G|T2", 90, 140), (0, 0)),
    ],
    ids=[
        "facing",
        "reversed",
        "one place",
        "ends beyond each other",
        "outward",
        "outward, touching",
        "both forward",
        "both reverse",
        "two transcripts",
    ],
)
def test_mates_that_face_each_other_are_counted(
    first: Placement, second: Placement, counts: tuple[int, int]
) -> None:
    coverage = Coverage(10)
    coverage.add("G", [first, second], {})
    coverage.add("G", [placement(CONTIG, 0, 140)], {}, both_ends=True)  # merged: one placement
    assert (coverage.direction.facing, coverage.direction.not_facing) == counts
    assert Coverage.from_json(coverage.to_json()) == coverage


def test_an_informative_boundary_needs_its_own_anchors() -> None:
    informative = {CONTIG: [InformativeBoundary("G exon 2", 100, Anchors(24, 12))]}
    coverage = Coverage(10)
    for start, end in ((76, 112), (77, 112), (76, 111), (0, 90)):
        coverage.add("G", [placement(CONTIG, start, end)], informative)
    coverage.add("G", [placement(CONTIG, 60, 120), placement(CONTIG, 70, 130)], informative)
    assert coverage.informative == {"G exon 2": 2}
    assert coverage.genes == {"G": 5}


def test_mates_on_two_transcripts_show_one_end_on_each() -> None:
    informative = {
        contig: [InformativeBoundary("G exon 2", 100, Anchors(10, 10))] for contig in (CONTIG, "G|T2")
    }
    sense, antisense = placement(CONTIG, 60, 120), placement("G|T2", 70, 130, reverse=True)
    coverage = Coverage(10)
    coverage.add("G", [sense, antisense], informative)
    coverage.add("G", [sense, placement("G|T2", 300, 360, reverse=True)], informative)
    assert coverage.ends == {"G exon 2": {(-40, None): 2, (None, 30): 1}}


def test_a_fragment_that_two_genes_explain_is_counted_for_none() -> None:
    both = [placement(CONTIG, 0, 50), placement("P|T9", 5, 55, edits=1)]
    assert wild_type_gene(fragment(both), margin=2, max_edit_rate=0.06) is None
    one = [placement(CONTIG, 0, 50), placement("P|T9", 5, 55, edits=2)]
    assert wild_type_gene(fragment(one), margin=2, max_edit_rate=0.06) == "G"
    # The second mate decides what the first leaves open.
    assert wild_type_gene(fragment(both, one), margin=2, max_edit_rate=0.06) == "G"
    assert wild_type_gene(fragment(one, [placement("P|T9", 0, 50)]), margin=2, max_edit_rate=0.06) is None


def test_a_fragment_with_too_many_edits_is_no_wild_type() -> None:
    coverage = Coverage(10)
    poor = fragment([placement(CONTIG, 0, 50, edits=4)])
    assert count_wild_type(coverage, poor, WildTypeRules(CallParameters(), {CONTIG: 0}, {})) == []
    assert coverage.genes == {}


def test_mates_are_counted_on_the_contig_that_explains_both() -> None:
    ranks = {"G|T1": 0, "G|T2": 1}
    first = [placement("G|T1", 0, 50), placement("G|T2", 7, 57)]
    second = [placement("G|T2", 90, 140), placement("G|T1", 100, 150, edits=3)]
    chosen = wild_type_placements(fragment(first, second), "G", ranks)
    assert [p.contig for p in chosen] == ["G|T2", "G|T2"]
    # Without a common contig each read is on its best one.
    chosen = wild_type_placements(fragment(first[:1], second[:1]), "G", ranks)
    assert [p.contig for p in chosen] == ["G|T1", "G|T2"]


def test_only_the_placed_bases_of_a_read_prove_its_gene() -> None:
    gene = random_bases(200, seed=77)
    kmers = gene_kmers([gene])
    specificity = Specificity({"GENE": GeneKmers(kmers, np.zeros(kmers.size, dtype=np.uint16))})
    read = random_bases(30, seed=5) + gene[120:150]
    placed = Placement("GENE|T", False, 120, 150, 30, 60, 30)
    turned = placed._replace(reverse=True)

    def proves(sequence: str, placement: Placement) -> bool:
        return proves_gene(specificity, "GENE", [(Mate(1, sequence, (placement,)), placement)])

    assert proves(read, placed)
    assert proves(reverse_complement(read), turned)
    assert not proves(read, placed._replace(query_start=45))
