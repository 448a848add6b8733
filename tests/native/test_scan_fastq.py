"""Records of the usual form are taken apart in one pass, and all others as the plain Python does it."""

import random
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion import native
from native_scan import scan

LENGTHS = [0, 1, 2, 62, 63, 64, 65, 127, 128, 129, 192, 1000]
"""Around the bytes of a load."""

USUAL = "\n", "\n", "\n", "\n"
FORMS = [
    USUAL,
    ("\r\n",) * 4,
    ("\r\n", "\n", "\n", "\n"),
    ("\n", "\r\n", "\n", "\n"),
    ("\n", "\n", "\n", "\r\n"),
]


def record(name: str, bases: str, qualities: str, *, again: str = "", ends: tuple[str, ...] = USUAL) -> bytes:
    lines = (f"@{name}", bases, f"+{again}", qualities)
    return "".join(line + end for line, end in zip(lines, ends, strict=True)).encode()


@st.composite
def records(draw: st.DrawFn) -> bytes:
    rng = random.Random(draw(st.integers(0, 2**32)))
    length = draw(st.sampled_from(LENGTHS) | st.integers(0, 140))
    letters = draw(st.sampled_from(["ACGT", "ACGT", "ACGTN", "acgtn.", "ACGTUNRYKMacgtujJ*-", "\r@+A"]))
    return record(
        "".join(rng.choices("aB:/12 ._\t", k=draw(st.integers(0, 130)))),
        "".join(rng.choices(letters, k=length)),
        "".join(rng.choices("@+#,:FIK~!\r" if draw(st.booleans()) else "#:F", k=length)),
        again=draw(st.sampled_from(["", "", "", "r 1 length=100", "x" * 63, "x" * 130])),
        ends=draw(st.sampled_from([USUAL, USUAL, USUAL, *FORMS])),
    )


@given(
    parts=st.lists(records(), max_size=8),
    repeated=st.integers(1, 3),
    group=st.sampled_from([1, 2]),
    data=st.data(),
)
def test_records_of_any_lengths_and_forms(
    parts: list[bytes], repeated: int, group: int, data: st.DataObject
) -> None:
    whole = b"".join(part for part in parts for _ in range(repeated))
    block = whole[: data.draw(st.integers(0, len(whole)))] if data.draw(st.booleans()) else whole
    cuts = data.draw(st.lists(st.integers(0, len(block)), max_size=4))
    expected = reference.scan_fastq(block)
    if expected.error:
        # What is wrong with a record is told once its mate is whole.
        group = 1
    else:
        whole_groups = (len(expected.starts) - 1) // group * group
        expected = reference.scan_fastq(block[: expected.starts[whole_groups]])
    found, hits, names, marks = scan(block, group, cuts)
    if expected.error:
        assert (found.error, found.starts) == (expected.error, expected.starts)
        return
    assert found == replace(expected, stems=[])
    for i, name in enumerate(names):
        assert [name == other for other in names] == [expected.stems[i] == stem for stem in expected.stems]
    assert (found, hits, names, marks) == scan(block, group)


@given(
    parts=st.lists(records(), min_size=1, max_size=6),
    changes=st.lists(
        st.tuples(
            st.sampled_from(["insert", "replace", "drop"]),
            st.floats(0, 1, exclude_max=True),
            st.sampled_from([b"\n", b"\n", b"\r", b"@", b"+", b"A", b"\n\n", b"\n+\n"]),
        ),
        min_size=1,
        max_size=3,
    ),
    data=st.data(),
)
def test_damaged_records(
    parts: list[bytes], changes: list[tuple[str, float, bytes]], data: st.DataObject
) -> None:
    block = b"".join(parts)
    for kind, share, text in changes:
        place = int(share * len(block))
        block = block[:place] + (b"" if kind == "drop" else text) + block[place + (kind != "insert") :]
    expected = reference.scan_fastq(block)
    for cuts in ([], data.draw(st.lists(st.integers(0, len(block)), max_size=3))):
        found, *_ = scan(block, cuts=cuts)
        assert (found.error, found.starts) == (expected.error, expected.starts)
        if not expected.error:
            assert found == replace(expected, stems=[])


@cache  # each variant of the loops is given the same
def records_at_each_offset(length: int) -> bytes:
    """Return records of about this length, whose line ends are at each offset of a load."""
    rng = random.Random(length)
    return b"".join(
        record("n" * name, "".join(rng.choices("ACGTN", k=size)), "".join(rng.choices("#:FI", k=size)))
        for name in range(1, 132)
        for size in (length, length, length + 1, length)
    )


@pytest.mark.parametrize("length", LENGTHS)
def test_line_ends_at_each_offset_of_a_load(length: int) -> None:
    block = records_at_each_offset(length)
    found, *_ = scan(block)
    assert found == replace(reference.scan_fastq(block), stems=[])
    # A quality too few, and one too many, behind records whose length makes one expect the right number.
    for change in (-1, 1):
        wrong = record("w", "A" * (length + 1), "I" * (length + 1 + change))
        found, *_ = scan(block + wrong + block)
        assert (found.error, len(found.starts)) == (native.SCAN_QUALITY_LENGTH, 4 * 131 + 1)


@pytest.mark.parametrize("place", [0, 1, 31, 62, 63, 64, 65, 98, 99])
@pytest.mark.parametrize("line", [1, 3])
def test_line_end_within_a_line(line: int, place: int) -> None:
    good = record("r", "A" * 100, "I" * 100)
    lines = good.split(b"\n")
    lines[line] = lines[line][:place] + b"\n" + lines[line][place + 1 :]
    wrong = b"\n".join(lines)
    assert len(wrong) == len(good)
    found, *_ = scan(3 * good + wrong + 3 * good)
    expected = native.SCAN_NO_PLUS if line == 1 else native.SCAN_QUALITY_LENGTH
    assert (found.error, len(found.starts)) == (expected, 4)
    assert reference.scan_fastq(3 * good + wrong + 3 * good).error == expected


@pytest.mark.parametrize("lengths", [(100, 100), (100, 250), (250, 100), (0, 1)])
def test_first_mate_whose_second_is_cut_off_is_not_counted(lengths: tuple[int, int]) -> None:
    pair = b"".join(record("r", "ACGTN" * (n // 5), "#IIII" * (n // 5)) for n in lengths)
    first = record("r", "GC" * 400, "II" * 400)
    second = record("r", "NN" * 300, "!I" * 300)
    block = 3 * pair + first + second
    whole = len(block) - len(second)
    for end in (whole, whole + 1, len(block) - 1):
        assert scan(block[:end], 2)[0] == replace(reference.scan_fastq(3 * pair), stems=[])
    assert scan(block, 2, [whole, whole + 1, len(block) - 1])[0] == replace(
        reference.scan_fastq(block), stems=[]
    )


@pytest.mark.parametrize("size", [*range(54, 70), *range(118, 134)])
def test_mates_number_around_the_end_of_a_load(size: int) -> None:
    stem = "".join(random.Random(size).choices("abc:", k=size))
    names = [f"{stem}/1", f"{stem}/2 x", stem, f"{stem}/3", f"{stem}x", stem[:-1], f"{stem}/1/1"]
    block = b"".join(record(name, "A", "I") for name in names)
    _, _, found, marks = scan(block)
    assert found[0] == found[1] == found[2]
    assert len(set(found)) == 5
    assert [mark & 3 for mark in marks] == [1, 2, 0, 0, 0, 0, 1]
