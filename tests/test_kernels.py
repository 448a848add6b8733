"""The compiled kernels compute what the plain Python beside them computes."""

import random
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion import kernels
from aspsfusion.fastq import MIN_RECORD_BYTES
from aspsfusion.kmers import KmerTable, build_table, encode
from aspsfusion.sequences import reverse_complement

K = 5
BASES = "ACGT"

# The first call of a kernel may compile it.
COMPILING = settings(deadline=None)
THOROUGH = settings(deadline=None, max_examples=200)


def as_bases(sequence: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(sequence.encode(), dtype=np.uint8)


def random_sequence(length: int, seed: int) -> str:
    return "".join(random.Random(seed).choices(BASES, k=length))


def substituted(sequence: str, positions: Sequence[int]) -> str:
    bases = list(sequence)
    for position in positions:
        bases[position] = BASES[(BASES.index(bases[position]) + 1) % 4]
    return "".join(bases)


def table_of(gene_of: dict[int, int], k: int = K) -> KmerTable:
    kmers = sorted(gene_of)
    return build_table(k, np.array(kmers, np.uint64), np.array([gene_of[kmer] for kmer in kmers], np.uint16))


def scan(
    block: bytes,
    gene_of: dict[int, int],
    k: int = K,
    capacity: int | None = None,
    table: KmerTable | None = None,
) -> reference.Scan:
    """Run the compiled scanner and return what it gives in the form of the reference."""
    table = table or table_of(gene_of, k)
    capacity = len(block) + 1 if capacity is None else capacity
    starts, hits = np.empty(capacity + 1, np.int64), np.empty(capacity, np.uint16)
    names, genes, totals = np.empty(capacity, np.uint64), np.zeros(8, np.int64), np.zeros(2, np.int64)
    count, error = kernels.scan_fastq(
        np.frombuffer(block, np.uint8),
        len(block),
        table.k,
        table.keys,
        table.genes,
        table.bits,
        table.shift,
        kernels.BASE_CODES,
        starts,
        hits,
        names,
        genes,
        totals,
    )
    return reference.Scan(
        starts[: count + 1].tolist(),
        hits[:count].tolist(),
        names[:count].tolist(),
        {gene: n for gene, n in enumerate(genes.tolist()) if n},
        *totals.tolist(),
        error,
    )


# --- k-mers -----------------------------------------------------------------------------------------


@given(sequence=st.text("ACGTUacgtuNn-", max_size=80), k=st.sampled_from([1, 3, 5, 21, 31]))
@example(sequence="T" * 40, k=31)
@example(sequence="ACGT", k=5)
@COMPILING
def test_canonical_kmers(sequence: str, k: int) -> None:
    assert kernels.canonical_kmers(encode(sequence), k).tolist() == reference.canonical_kmers(sequence, k)


@given(
    kmers=st.sets(st.integers(0, 4**11 - 1), min_size=1, max_size=16),
    others=st.sets(st.integers(0, 4**11 - 1), max_size=50),
)
@COMPILING
def test_table_tells_members_from_others(kmers: set[int], others: set[int]) -> None:
    # As small as it may be, so that runs of used slots arise and go on from the last slot to the first.
    slots = 1 << (2 * len(kmers) - 1).bit_length()
    table = KmerTable(
        11,
        np.full(slots, kernels.EMPTY, np.uint64),
        np.zeros(slots, np.uint16),
        np.zeros(1, np.uint64),
        64 - 6,
    )
    members = {
        min(kmer, reference.number_of(reference.opposite(word(kmer, 11)))): n % 8
        for n, kmer in enumerate(sorted(kmers))
    }
    kernels.fill_table(
        np.array(list(members), np.uint64),
        np.array(list(members.values()), np.uint16),
        table.keys,
        table.genes,
        table.bits,
        table.shift,
    )
    reads = [word(kmer, 11) for kmer in sorted(kmers | others)]
    block = "".join(f"@\n{read}\n+\n{'I' * 11}\n" for read in reads).encode()
    assert scan(block, members, 11, table=table) == reference.scan_fastq(block, 11, members)


def word(kmer: int, k: int) -> str:
    return "".join(BASES[kmer >> 2 * i & 3] for i in reversed(range(k)))


# --- FASTQ ------------------------------------------------------------------------------------------

NAMES = st.text("aB:/12 .\t", max_size=8)


@st.composite
def fastq_records(draw: st.DrawFn) -> bytes:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    sequence = draw(st.text("ACGTNacgtn", max_size=40))
    quality = draw(st.text("@+I#", min_size=len(sequence), max_size=len(sequence)))
    name, second_name = draw(NAMES), draw(NAMES)
    return end.join([f"@{name}", sequence, f"+{second_name}", quality, ""]).encode()


PANEL_WORDS = {
    kmer: n % 5
    for n, kmer in enumerate(sorted({*reference.canonical_kmers(random_sequence(400, 1), K)}))
    if n % 3 == 0
}
PANEL_TABLE = table_of(PANEL_WORDS)


@given(
    records=st.lists(fastq_records(), max_size=6),
    end=st.sampled_from([b"", b"\n", b"\r\n\n"]),
    data=st.data(),
)
@THOROUGH
def test_scan_of_a_block_that_ends_anywhere(records: list[bytes], end: bytes, data: st.DataObject) -> None:
    whole = b"".join(records) + end
    block = whole[: data.draw(st.integers(0, len(whole)))]
    found = scan(block, PANEL_WORDS, table=PANEL_TABLE)
    assert found == reference.scan_fastq(block, K, PANEL_WORDS)
    assert found.error == kernels.SCAN_OK
    # Blank lines behind the last record belong to no record.
    whole_records = [r for i, r in enumerate(records) if len(b"".join(records[: i + 1])) <= len(block)]
    assert [block[a:b] for a, b in zip(found.starts, found.starts[1:], strict=False)] == whole_records


@given(block=st.lists(st.sampled_from([b"@", b"+", b"\n", b"\r\n", b"A", b"ACGTACG", b"I"]), max_size=20))
@THOROUGH
def test_scan_of_anything_gives_the_same_error_at_the_same_record(block: list[bytes]) -> None:
    text = b"".join(block)
    assert scan(text, PANEL_WORDS, table=PANEL_TABLE) == reference.scan_fastq(text, K, PANEL_WORDS)


GOOD = b"@r\nACGTA\n+\nIIIII\n"


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize(
    ("record", "error"),
    [
        (b"r\nACGTA\n+\nIIIII\n", kernels.SCAN_NO_AT_SIGN),
        (b"\n" + GOOD, kernels.SCAN_NO_AT_SIGN),
        (b">r\nACGTA\nACGTA\n>s\n", kernels.SCAN_NO_AT_SIGN),
        (b"@r\nACG\nTA\n+\nIII\nII\n", kernels.SCAN_NO_PLUS),
        (b"@r\nACGTA\n\n+\nIIIII\n", kernels.SCAN_NO_PLUS),
        (b"@r\nACGTA\n+\nIIII\n", kernels.SCAN_QUALITY_LENGTH),
        (b"@r\nACGTA\n+\nIIII\r\n", kernels.SCAN_QUALITY_LENGTH),
        (b"@r\nACGTA\n+\nIIIIII\n", kernels.SCAN_QUALITY_LENGTH),
        # The next record's header ends where the quality should, as if it were a part of it.
        (b"@r\n" + b"A" * 6 + b"\n+\nIII\n@s\nA\n+\nI\n", kernels.SCAN_QUALITY_LENGTH),
    ],
)
def test_wrong_record_is_told_with_its_place(record: bytes, error: int, before: int) -> None:
    found = scan(GOOD * before + record + GOOD, PANEL_WORDS)
    assert found.error == error
    assert len(found.hits) == before


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_record_that_the_block_cuts_off_is_left(cut: int) -> None:
    found = scan(GOOD * 2 + GOOD[:-cut], PANEL_WORDS)
    assert (found.error, found.starts) == (kernels.SCAN_OK, [0, len(GOOD), 2 * len(GOOD)])


def test_reading_stops_when_the_arrays_are_full() -> None:
    shortest = b"@\n\n+\n\n"
    assert len(shortest) < MIN_RECORD_BYTES  # an empty read; the arrays need not hold a block of these
    found = scan(shortest * 5, PANEL_WORDS, capacity=3)
    assert (found.error, found.starts[-1], len(found.hits)) == (kernels.SCAN_OK, 3 * len(shortest), 3)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("r/1", "r/2", True),
        ("r/1 comment", "r/2\tcomment", True),
        ("r/1\r", "r", True),
        ("M0:1:FC:1:1101:10:20 1:N:0:ACGT", "M0:1:FC:1:1101:10:20 2:N:0:ACGT", True),
        ("SRR1.7 7 length=75", "SRR1.7 7 length=60", True),
        ("r/1/1", "r/1/2", True),
        ("r/1/1", "r/2/2", False),
        ("r/3", "r", False),
        ("r1", "r2", False),
        ("r/12", "r/1", False),
        ("", "a", False),
    ],
)
def test_names_of_mates(one: str, other: str, same: bool) -> None:
    found = scan("".join(f"@{name}\nA\n+\nI\n" for name in (one, other)).encode(), PANEL_WORDS)
    assert (found.names[0] == found.names[1]) == same
    assert found.names == [reference.name_hash(name.encode()) for name in (one, other)]


def test_hits_of_a_very_long_read_stop_at_what_fits() -> None:
    sequence = random_sequence(70000, 3)
    everything = dict.fromkeys(range(4**K), 2)
    found = scan(f"@r\n{sequence}\n+\n{'I' * 70000}\n".encode(), everything)
    assert (found.hits, found.genes, found.longest) == ([65535], {2: 70000 - K + 1}, 70000)


# --- Reads on a contig ------------------------------------------------------------------------------


@given(
    read=st.text("ACN", max_size=12),
    contig=st.text("ACN", max_size=20),
    offset=st.integers(-15, 25),
    limit=st.integers(0, 12),
)
@COMPILING
def test_mismatches_at(read: str, contig: str, offset: int, limit: int) -> None:
    # What lies behind the contig in memory matches, and must not count.
    bases = as_bases(contig + "A" * 40 + "N" * 40)[: len(contig)]
    found = kernels.mismatches_at(as_bases(read), bases, offset, limit)
    assert found == reference.mismatches_at(read, contig, offset, limit)


@given(
    read=st.text("ACG", max_size=14),
    contig=st.text("ACG", max_size=24),
    junction=st.integers(0, 24),
    first=st.integers(-5, 24),
    length=st.integers(0, 30),
)
@THOROUGH
def test_edits_are_the_fewest_in_the_window(
    read: str, contig: str, junction: int, first: int, length: int
) -> None:
    first, last = min(first, len(contig)), min(first, len(contig)) + length
    edits, before, edits_before, start = kernels.align_across(
        as_bases(read), as_bases(contig), junction, first, last
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
@COMPILING
def test_gap_free_read_is_counted_by_hand(seed: int, start: int, length: int, marks: set[int]) -> None:
    contig = random_sequence(CONTIG_LENGTH, seed)
    wrong = [
        i
        for mark in sorted(marks)
        if CLEAR <= (i := mark * CLEAR) < length - CLEAR and abs(start + i - JUNCTION) >= CLEAR
    ]
    read = substituted(contig[start : start + length], wrong)
    found = kernels.align_across(as_bases(read), as_bases(contig), JUNCTION, start - 5, start + length + 5)
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
@COMPILING
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
    edits, before, edits_before, start = kernels.align_across(
        as_bases(read), as_bases(contig), JUNCTION, JUNCTION - front - 6, JUNCTION + back + 6
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
@THOROUGH
def test_overlap_insert(first: str, second: str, minimum: int, rate: float) -> None:
    found = kernels.overlap_insert(as_bases(first), as_bases(second), minimum, rate)
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
        mates = as_bases(substituted(first, wrong)), as_bases(second)
        assert kernels.overlap_insert(*mates, 16, 0.1) == insert


def test_one_mismatch_too_many_is_no_overlap() -> None:
    first, second = mates_of(60, 4)
    for wrong, insert in ((range(0, 60, 10), 60), (range(0, 60, 9), 0)):
        mates = as_bases(substituted(first, list(wrong))), as_bases(second)
        assert kernels.overlap_insert(*mates, 16, 0.1) == insert


def test_random_mates_do_not_overlap() -> None:
    for seed in range(1000):
        first, second = random_sequence(LENGTH, 2 * seed), random_sequence(LENGTH, 2 * seed + 1)
        assert kernels.overlap_insert(as_bases(first), as_bases(reverse_complement(second)), 16, 0.1) == 0
