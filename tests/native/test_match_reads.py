"""The screen's compiled loops find what the plain Python beside them finds."""

import random
from dataclasses import replace
from functools import cache, lru_cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion import native
from aspsfusion.panel.kmers import SEED_LENGTH
from aspsfusion.panel.screen_index import LEAST_SCORE
from native_scan import GENE, OTHER, PANEL, TABLE, TEXT, kept_reads, scan

CHUNK_BYTES = 32 * 1024
"""Records of some such chunks fill several batches of packed reads."""

CANDIDATES = 256
"""Probes that are collected before the table is asked for them, see `screen.h`."""

NAMES = st.text("aB:/12 ._\t", max_size=8) | st.text("aB:/12 ", min_size=60, max_size=140)


@st.composite
def fastq_records(draw: st.DrawFn) -> bytes:
    end = draw(st.sampled_from(["\n", "\r\n"]))
    sequence = draw(st.text("ACGTNacgtn.", max_size=150))
    quality = draw(st.text("@+I#?", min_size=len(sequence), max_size=len(sequence)))
    name, second_name = draw(NAMES), draw(NAMES)
    return end.join([f"@{name}", sequence, f"+{second_name}", quality, ""]).encode()


@given(
    records=st.lists(fastq_records(), max_size=6),
    end=st.sampled_from([b"", b"\n", b"\r\n\n"]),
    data=st.data(),
)
def test_scan_of_a_block_that_ends_anywhere(records: list[bytes], end: bytes, data: st.DataObject) -> None:
    whole = b"".join(records) + end
    block = whole[: data.draw(st.integers(0, len(whole)))]
    cuts = data.draw(st.lists(st.integers(0, len(block)), max_size=3))
    found, _, names, _ = scan(block, cuts=cuts)
    expected = reference.scan_fastq(block)
    assert found == replace(expected, stems=[])
    assert found.error == native.SCAN_OK
    # Names are one when their stems are.
    for i, name in enumerate(names):
        assert [name == other for other in names] == [expected.stems[i] == stem for stem in expected.stems]
    whole_records = [r for i, r in enumerate(records) if len(b"".join(records[: i + 1])) <= len(block)]
    assert [block[a:b] for a, b in zip(found.starts, found.starts[1:], strict=False)] == whole_records


GOOD = b"@r\nACGTA\n+\nIIIII\n"


@pytest.mark.parametrize("before", [0, 1, 3])
@pytest.mark.parametrize(
    ("record", "error"),
    [
        (b"r\nACGTA\n+\nIIIII\n", native.SCAN_NO_AT_SIGN),
        (b"\n" + GOOD, native.SCAN_NO_AT_SIGN),
        (b">r\nACGTA\nACGTA\n>s\n", native.SCAN_NO_AT_SIGN),
        (b"@r\nACG\nTA\n+\nIII\nII\n", native.SCAN_NO_PLUS),
        (b"@r\nACGTA\n\n+\nIIIII\n", native.SCAN_NO_PLUS),
        (b"@r\nACGTA\n+\nIIII\n", native.SCAN_QUALITY_LENGTH),
        (b"@r\nACGTA\n+\nIIII\r\n", native.SCAN_QUALITY_LENGTH),
        (b"@r\nACGTA\n+\nIIIIII\n", native.SCAN_QUALITY_LENGTH),
    ],
)
def test_wrong_record_is_told_with_its_place(record: bytes, error: int, before: int) -> None:
    found, *_ = scan(GOOD * before + record + GOOD)
    assert found.error == error
    assert len(found.starts) == before + 1


def test_file_without_lines_is_told_at_once() -> None:
    assert scan(b"x" * 1000)[0].error == native.SCAN_NO_AT_SIGN
    assert scan(GOOD + b"x" * 1000)[0].error == native.SCAN_NO_AT_SIGN


@pytest.mark.parametrize("cut", range(1, len(GOOD)))
def test_record_that_the_block_cuts_off_is_left(cut: int) -> None:
    found, *_ = scan(GOOD * 2 + GOOD[:-cut])
    assert (found.error, found.starts) == (native.SCAN_OK, [0, len(GOOD), 2 * len(GOOD)])
    assert scan(GOOD * 2 + GOOD[:-cut], group=2)[0].starts == found.starts
    assert scan(GOOD + GOOD[:-cut], group=2)[0].starts == [0]


@cache  # each variant of the loops, and each group of records, is given the same
def records_of_some_chunks(seed: int) -> list[bytes]:
    """Return records of many lengths that fill more than three chunks; one is longer than a chunk."""
    rng = random.Random(seed)
    lengths = [rng.choice((0, 36, 101, 151, 1000)) for _ in range(600)] + [CHUNK_BYTES + 1000]
    rng.shuffle(lengths)
    end = rng.choice((b"\n", b"\r\n"))
    return [
        end.join(
            [b"@r%d" % i, bytes(rng.choices(b"ACGTN", k=size)), b"+", bytes(rng.choices(b"#5I", k=size)), b""]
        )
        for i, size in enumerate(lengths)
    ]


@pytest.mark.parametrize("group", [1, 2])
@pytest.mark.parametrize("seed", range(6))
def test_records_across_the_ends_of_chunks(seed: int, group: int) -> None:
    records = records_of_some_chunks(seed)
    assert sum(map(len, records)) > 3 * CHUNK_BYTES
    block = b"".join(records)[: -random.Random(seed).randrange(1, 3000)]
    expected = reference.scan_fastq(block)
    expected = reference.scan_fastq(block[: expected.starts[(len(expected.starts) - 1) // group * group]])
    found, hits, names, marks = scan(block, group)
    assert found == replace(expected, stems=[])
    pieces = random.Random(seed).sample(range(len(block)), 5)
    assert scan(block, group, pieces) == (found, hits, names, marks)
    assert len(set(names)) == len(names) == len(hits) == len(expected.stems)


@pytest.mark.parametrize("share", [0.1, 0.4, 0.7, 0.99])
def test_a_wrong_record_behind_the_first_chunk_is_told_with_its_place(share: float) -> None:
    records = records_of_some_chunks(9)
    place = int(share * len(records))
    for wrong, error in (
        (b">r\nACGT\n+\nIIII\n", native.SCAN_NO_AT_SIGN),
        (b"@r\nACGT\n+\nIII\n", native.SCAN_QUALITY_LENGTH),
    ):
        block = b"".join([*records[:place], wrong, *records[place:]])
        for cuts in ([], random.Random(place).sample(range(len(block)), 5)):
            found, *_ = scan(block, cuts=cuts)
            assert (found.error, len(found.starts)) == (error, place + 1)


def test_blank_lines_behind_the_last_record_are_left_across_chunks() -> None:
    records = records_of_some_chunks(3)
    block = b"".join(records)
    blank = 2 * CHUNK_BYTES
    for cuts in ([], [len(block) + 10, len(block) + blank // 2]):
        found, *_ = scan(block + b"\n" * blank, cuts=cuts)
        assert found == replace(reference.scan_fastq(block), stems=[])
        found, *_ = scan(block + b"\n" * blank + GOOD, cuts=cuts)
        assert (found.error, len(found.starts)) == (native.SCAN_NO_AT_SIGN, len(records) + 1)


# --- What is kept -----------------------------------------------------------------------------------

SEEDS = tuple(PANEL.seed_positions.tolist())


def matches(read: str) -> bool:
    """Tell whether a read is one to keep, as the plain Python has it."""
    return reference.matches(read, TEXT, SEEDS, SEED_LENGTH, LEAST_SCORE)


@given(
    start=st.integers(0, 280),
    length=st.integers(0, 130),
    changes=st.lists(st.tuples(st.integers(0, 129), st.sampled_from("ACGTNacgt")), max_size=9),
    turned=st.booleans(),
    front=st.text("ACGT", max_size=30),
)
def test_reads_that_match(
    start: int, length: int, changes: list[tuple[int, str]], turned: bool, front: str
) -> None:
    bases = list(TEXT.replace("-", "")[start : start + length])
    for place, base in changes:
        if place < len(bases):
            bases[place] = base
    read = front + "".join(bases)
    if turned:
        read = reference.opposite(read.upper())
    assert kept_reads([read.encode()], TABLE).tolist() == [matches(read)]


def test_where_a_read_lies_in_a_block_does_not_matter() -> None:
    reads = [GENE[i : i + 30 + i].encode() for i in range(0, 60, 7)] + [
        b"",
        b"A",
        OTHER[:25].encode(),
        b"N" * 80,
    ]
    rng = random.Random(6)
    for _ in range(300):
        # Some 20 bases of the panel somewhere in a read of any length: found or not by where they stand.
        size, start = rng.randrange(18, 26), rng.randrange(200)
        before, behind = (rng.choices("ACGT", k=rng.randrange(100)) for _ in range(2))
        reads.append("".join([*before, GENE[start : start + size], *behind]).encode())
    alone = [bool(kept_reads([read], TABLE)[0]) for read in reads]
    assert kept_reads(reads, TABLE).tolist() == alone
    assert {True, False} == set(alone)
    assert alone == [matches(read.decode()) for read in reads]
    assert kept_reads([], TABLE).tolist() == []


@lru_cache
def reads_with_a_short_match(length: int) -> tuple[list[str], list[bool]]:
    """Return reads that share some 20 bases with the panel at either end, and whether each matches."""
    rng = random.Random(length)
    reads = []
    for start in range(200):
        for place in (*range(4), length - 23, length - 20):
            # Nineteen to 22 bases, of which any may be read wrongly.
            bases = list(GENE[start : start + rng.randrange(19, 23)])
            if rng.random() < 0.3:
                bases[rng.randrange(len(bases))] = rng.choice("ACGT")
            around = rng.choices("ACGT", k=length)
            around[place : place + len(bases)] = bases
            reads.append("".join(around[:length]))
    return reads, [matches(read) for read in reads]


@pytest.mark.parametrize("length", [36, 50, 63, 64, 75, 99, 100, 150])
def test_a_match_that_needs_the_first_or_the_last_bases_of_a_read(length: int) -> None:
    reads, expected = reads_with_a_short_match(length)
    assert kept_reads([read.encode() for read in reads], TABLE).tolist() == expected
    assert [bool(kept_reads([read.encode()], TABLE)[0]) for read in reads[:100]] == expected[:100]


def test_more_probes_pass_the_filter_than_are_collected_at_once() -> None:
    rng = random.Random(5)
    known = [GENE[i : i + 100] for i in range(0, 200, 2)]
    # A seed of the panel with other bases around it passes the filter, and does not match.
    vain = ["".join(rng.choices("ACGT", k=40)) + GENE[i : i + SEED_LENGTH] + "A" * 40 for i in range(200)]
    reads = [read.encode() for pair in zip(vain, known + known, strict=True) for read in pair]
    assert len(vain) // 4 + len(known) * 2 * 20 > 10 * CANDIDATES
    expected = [matches(read.decode()) for read in reads]
    assert expected[1::2] == [True] * 200
    assert not all(expected[::2])
    assert kept_reads(reads, TABLE).tolist() == expected


def test_long_read_is_looked_at_to_its_end() -> None:
    noise = "".join(random.Random(3).choices("ACGT", k=70_000))
    assert not kept_reads([noise.encode()], TABLE)[0]
    assert kept_reads([(noise + GENE[:30]).encode()], TABLE)[0]


# --- Mates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("r/1", "r/2", native.STEP_OK),
        ("r/1 comment", "r/2\tcomment", native.STEP_OK),
        ("r/1\r", "r", native.STEP_OK),
        ("r.1", "r.2", native.STEP_OK),
        ("r_1", "r_2 x", native.STEP_OK),
        ("M0:1:FC:1:1101:10:20 1:N:0:ACGT", "M0:1:FC:1:1101:10:20 2:N:0:ACGT", native.STEP_OK),
        ("SRR1.7 7 length=75", "SRR1.7 7 length=60", native.STEP_OK),
        ("SRR1.1 1 length=75", "SRR1.1 1 length=60", native.STEP_OK),
        ("SRR1.1 1/1", "SRR1.1 1/2", native.STEP_OK),
        ("SRR1.12.1 12 length=75", "SRR1.12.2 12 length=60", native.STEP_OK),
        ("r/1/1", "r/1/2", native.STEP_OK),
        ("x" * 200 + "/1", "x" * 200 + "/2", native.STEP_OK),
        ("r/1/1", "r/2/2", native.STEP_OTHER_NAME),
        ("r/3", "r", native.STEP_OTHER_NAME),
        ("r1", "r2", native.STEP_OTHER_NAME),
        ("r/12", "r/1", native.STEP_OTHER_NAME),
        ("r.1", "r_2", native.STEP_OTHER_NAME),
        ("r.1", "r", native.STEP_OTHER_NAME),
        ("SRR1.2", "SRR1.3", native.STEP_OTHER_NAME),
        ("", "a", native.STEP_OTHER_NAME),
        ("x" * 200 + "a", "x" * 200 + "b", native.STEP_OTHER_NAME),
        ("r/1", "r/1", native.STEP_WRONG_MATE),
        ("r/2", "r/2", native.STEP_WRONG_MATE),
        ("r/2", "r/1", native.STEP_WRONG_MATE),
        ("r.2", "r.1", native.STEP_WRONG_MATE),
        ("r 1:N:0:A", "r 1:N:0:A", native.STEP_WRONG_MATE),
        ("r 2:N:0:A", "r 1:N:0:A", native.STEP_WRONG_MATE),
        ("SRR1.1 1/1", "SRR1.1 1/1", native.STEP_WRONG_MATE),
    ],
)
def test_names_of_mates(one: str, other: str, expected: int) -> None:
    block = "".join(f"@{name}\nA\n+\nI\n" for name in ("same", one, "same", other)).encode()
    _, _, names, marks = scan(block)
    columns = [
        (np.array(names[first : first + 2], np.uint64), np.array(marks[first : first + 2], np.uint8))
        for first in (0, 2)
    ]
    found = native.first_out_of_step(*columns[0], *columns[1])
    assert found == ((2, expected) if expected == native.STEP_OK else (1, expected))
