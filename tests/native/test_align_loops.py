"""Reads on a contig, mates on each other, k-mers: the compiled loops do what plain Python does."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion import native
from aspsfusion.io.fasta import reverse_complement
from aspsfusion.native import genome

BASES = "ACGT"


def random_sequence(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(BASES, k=length))


def substituted(sequence: str, positions: Sequence[int]) -> str:
    bases = list(sequence)
    for position in positions:
        bases[position] = BASES[(BASES.index(bases[position]) + 1) % 4]
    return "".join(bases)


# --- k-mers -----------------------------------------------------------------------------------------


@given(sequence=st.text("ACGTUacgtuNn-", max_size=80), k=st.sampled_from([1, 3, 5, 21, 31]))
@example(sequence="T" * 40, k=31)
@example(sequence="ACGT", k=5)
def test_canonical_kmers(sequence: str, k: int) -> None:
    assert genome.canonical_kmers(sequence.encode(), k).tolist() == reference.canonical_kmers(sequence, k)


# --- Reads on a contig ------------------------------------------------------------------------------


@given(
    read=st.text("ACN", max_size=12),
    contig=st.text("ACN", max_size=20),
    offset=st.integers(-15, 25),
    limit=st.integers(0, 12),
)
def test_mismatches_at(read: str, contig: str, offset: int, limit: int) -> None:
    found = native.mismatches_at(read.encode(), contig.encode(), offset, limit)
    assert found == reference.mismatches_at(read, contig, offset, limit)


@given(
    read=st.text("ACG", max_size=14),
    contig=st.text("ACG", max_size=24),
    junction=st.integers(0, 24),
    first=st.integers(-5, 24),
    length=st.integers(0, 30),
)
def test_edits_are_the_fewest_in_the_window(
    read: str, contig: str, junction: int, first: int, length: int
) -> None:
    first, last = min(first, len(contig)), min(first, len(contig)) + length
    edits, before, edits_before, start = native.align_across(
        read.encode(), contig.encode(), junction, first, last
    )
    window = contig[max(first, 0) : max(last, 0)]
    assert edits == reference.edits_within(read, window)
    # The two sides are an alignment of their own: each needs the edits that are stated for it, or fewer.
    assert 0 <= before <= len(read)
    split = min(max(junction - max(first, 0), 0), len(window))
    assert reference.edits_within(read[:before], window[:split]) <= edits_before
    assert reference.edits_within(read[before:], window[split:]) <= edits - edits_before
    assert max(first, 0) <= start <= max(first, 0) + len(window)


CONTIG_LENGTH, JUNCTION = 240, 120
CLEAR = 10
CLEAR_GAP = 20
"""Mismatches and gaps this far from the junction, the read's ends and each other leave no doubt of their
place: no other alignment is as good."""


@given(
    seed=st.integers(0, 2**32),
    start=st.integers(0, 180),
    length=st.integers(30, 60),
    marks=st.sets(st.integers(1, 5), max_size=3),
)
def test_gap_free_read_is_counted_by_hand(seed: int, start: int, length: int, marks: set[int]) -> None:
    contig = random_sequence(CONTIG_LENGTH, seed)
    wrong = [
        i
        for mark in sorted(marks)
        if CLEAR <= (i := mark * CLEAR) < length - CLEAR and abs(start + i - JUNCTION) >= CLEAR
    ]
    read = substituted(contig[start : start + length], wrong)
    found = native.align_across(read.encode(), contig.encode(), JUNCTION, start - 5, start + length + 5)
    before = min(max(JUNCTION - start, 0), length)
    assert found == (len(wrong), before, sum(i < before for i in wrong), start)


@given(
    seed=st.integers(0, 2**32),
    front=st.integers(2 * CLEAR_GAP, 80),
    back=st.integers(2 * CLEAR_GAP, 80),
    size=st.integers(1, 3),
    in_front=st.booleans(),
    inserted=st.booleans(),
    data=st.data(),
)
def test_gap_on_one_side_leaves_the_anchors_right(
    seed: int, front: int, back: int, size: int, in_front: bool, inserted: bool, data: st.DataObject
) -> None:
    contig = random_sequence(CONTIG_LENGTH, seed)
    sides = [contig[JUNCTION - front : JUNCTION], contig[JUNCTION : JUNCTION + back]]
    changed = 0 if in_front else 1
    side = sides[changed]
    place = data.draw(st.integers(CLEAR_GAP, len(side) - CLEAR_GAP))
    if inserted:
        sides[changed] = side[:place] + random_sequence(size, seed + 1) + side[place:]
    else:
        sides[changed] = side[:place] + side[place + size :]
    read = "".join(sides)
    edits, before, edits_before, start = native.align_across(
        read.encode(), contig.encode(), JUNCTION, JUNCTION - front - 6, JUNCTION + back + 6
    )
    assert edits == size
    assert (before, len(read) - before) == (len(sides[0]), len(sides[1]))
    assert edits_before == (size if in_front else 0)
    assert start == JUNCTION - front


# --- Mates of a pair --------------------------------------------------------------------------------


@given(
    first=st.text("AC", max_size=24),
    second=st.text("AC", max_size=24),
    minimum=st.integers(1, 10),
    rate=st.sampled_from([0.0, 0.1, 0.25]),
)
def test_overlap_insert(first: str, second: str, minimum: int, rate: float) -> None:
    found = native.overlap_insert(first.encode(), second.encode(), minimum, rate)
    assert found == reference.overlap_insert(first, second, minimum, rate)


LENGTH = 100


def mates_of(insert: int, seed: int) -> tuple[str, str]:
    """Return read 1 and the reverse complement of read 2 of a molecule between random adapters."""
    molecule = random_sequence(insert, seed)
    behind, before = random_sequence(LENGTH, seed + 1), random_sequence(LENGTH, seed + 2)
    return (molecule + behind)[:LENGTH], (before + molecule)[-LENGTH:]


@pytest.mark.parametrize("wrong_share", [0.0, 0.1])
def test_every_insert_with_an_overlap_is_found(wrong_share: float) -> None:
    for insert in range(20, 2 * LENGTH - 19):
        first, second = mates_of(insert, 1000 * insert)
        overlap = insert if insert <= LENGTH else 2 * LENGTH - insert
        shared = range(max(0, insert - LENGTH), min(LENGTH, insert))
        wrong = random.Random(insert).sample(shared, int(overlap * wrong_share))
        mates = substituted(first, wrong).encode(), second.encode()
        assert native.overlap_insert(*mates, 16, 0.1) == insert


def test_one_mismatch_too_many_is_no_overlap() -> None:
    first, second = mates_of(60, 4)
    for wrong, insert in ((range(0, 60, 10), 60), (range(0, 60, 9), 0)):
        mates = substituted(first, list(wrong)).encode(), second.encode()
        assert native.overlap_insert(*mates, 16, 0.1) == insert


def test_random_mates_do_not_overlap() -> None:
    for seed in range(1000):
        first, second = random_sequence(LENGTH, 2 * seed), random_sequence(LENGTH, 2 * seed + 1)
        assert native.overlap_insert(first.encode(), reverse_complement(second).encode(), 16, 0.1) == 0
