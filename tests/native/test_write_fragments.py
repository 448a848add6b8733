"""Kept records are written in one form, whatever the form they came in."""

from array import array
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference_kernels as reference
from aspsfusion import native
from aspsfusion.screen.fastq import ScannedBlock
from aspsfusion.screen.pairs import Fragments


def block_of(records: list[bytes]) -> ScannedBlock:
    count = len(records)
    starts = array("q", accumulate(map(len, records), initial=0))
    data = memoryview(bytearray(b"".join(records)))
    return ScannedBlock(
        data, memoryview(starts), native.fresh("?", count), native.fresh("Q", count), native.fresh("B", count)
    )


def written(
    fragments: list[list[bytes]], chosen: list[int], first: int = 7, *, interleaved: bool = False
) -> bytes:
    if interleaved:
        blocks = [block_of([record for records in fragments for record in records])]
    else:
        blocks = [block_of(list(column)) for column in zip(*fragments, strict=True)]
    whole = Fragments(tuple(blocks), 2 if interleaved else 1, len(fragments))
    return bytes(whole.written(memoryview(array("q", chosen)), first))


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (
            [b"@r/1 comment\nACGTN\n+\nIIIII\n", b"@r/2\nA\n+r/2\nI\n"],
            b"@7/1 r\nACGTN\n+\nIIIII\n@7/2 r\nA\n+\nI\n",
        ),
        (
            [b"@r 1:N:0:ACGT\nacgtn\n+r\n@III+\n", b"@r\tx\r\nAC\r\n+\r\nII\r\n"],
            b"@7/1 r\nACGTN\n+\n@III+\n@7/2 r\nAC\n+\nII\n",
        ),
        (
            [b"@SRR1.7 7 length=4\nACGT\n+SRR1.7 7 length=4\nIIII\n", b"@SRR1.7 7\n\n+\n\n"],
            b"@7/1 SRR1.7\nACGT\n+\nIIII\n@7/2 SRR1.7\n\n+\n\n",
        ),
        ([b"@r.1\nA\n+\nI\n", b"@r.2\nC\n+\nI\n"], b"@7/1 r\nA\n+\nI\n@7/2 r\nC\n+\nI\n"),
        ([b"@r.1\nA\n+\nI\n", b"@r.1\nC\n+\nI\n"], b"@7/1 r.1\nA\n+\nI\n@7/2 r.1\nC\n+\nI\n"),
        (
            [b"@r/1\tRX:Z:ACGT-TT\tQX:Z:IIII II\nA\n+\nI\n", b"@r/2 2:N:0 RX:Z:ACGT-TT\r\nC\r\n+\r\nI\r\n"],
            b"@7/1 r RX:Z:ACGT-TT\nA\n+\nI\n@7/2 r RX:Z:ACGT-TT\nC\n+\nI\n",
        ),
        ([b"@r RX:Z: aRX:Z:AC RX:Z\nA\n+RX:Z:AC\nI\n"], b"@7 r\nA\n+\nI\n"),
        ([b"@r/2\nACGT\n+\nIIII\n"], b"@7 r\nACGT\n+\nIIII\n"),
        ([b"@rUu\nACGUuacgtN\n+\nIUuIIIIIII\n"], b"@7 rUu\nACGTTACGTN\n+\nIUuIIIIIII\n"),
        ([b"@r\r\n\r\n+\r\n\r\n"], b"@7 r\n\n+\n\n"),
        ([b"@\nA\n+\nI\n"], b"@7 \nA\n+\nI\n"),
        (
            [b"@\xff\x01\xc3\xa4/1\nA\n+\nI\n", b"@\xff\x01\xc3\xa4/2\nA\n+\nI\n"],
            b"@7/1 \xff\x01\xc3\xa4\nA\n+\nI\n@7/2 \xff\x01\xc3\xa4\nA\n+\nI\n",
        ),
        ([b"@r UR:Z:AA MI:Z:7/A UB:Z:CC CB:Z:GG BC:Z:TT\nA\n+\nI\n"], b"@7 r RX:Z:7/A\nA\n+\nI\n"),
        ([b"@r BC:Z:ACGT CB:Z:ACGT OX:Z:GG RX:Z:TT\nA\n+\nI\n"], b"@7 r RX:Z:TT\nA\n+\nI\n"),
    ],
)
def test_kept_record_is_written_in_one_form(records: list[bytes], expected: bytes) -> None:
    assert written([records], [0]) == expected
    assert reference.written(records, 7) == expected
    if len(records) == 2:
        assert written([records], [0], interleaved=True) == expected


@st.composite
def fragments(draw: st.DrawFn) -> list[bytes]:
    name = draw(st.text("aB:.12", max_size=6))
    forms = [(name, name), (f"{name}/1", f"{name}/2"), (f"{name}.1", f"{name}.2"), (f"{name}_1", f"{name}_2")]
    records = []
    for each in draw(st.sampled_from(forms)):
        end = draw(st.sampled_from(["\n", "\r\n"]))
        bases = draw(st.text("ACGTUNacgtun.", max_size=30))
        quality = draw(st.text("@+I#?Aaz", min_size=len(bases), max_size=len(bases)))
        comment = draw(
            st.sampled_from(
                [
                    " UB:Z:AC OX:Z:GT",
                    " CB:Z:A\tMI:Z:3/B",
                    "",
                    " 1:N:0:A",
                    "\tx",
                    "  ",
                    " RX:Z:",
                    "\tRX:Z:AC-GT\tBC:Z:A",
                    " x RX:Z:N",
                ]
            )
        )
        records.append(end.join([f"@{each}{comment}", bases, f"+{comment}", quality, ""]).encode())
    return records


@given(whole=st.lists(fragments(), min_size=1, max_size=5), data=st.data(), interleaved=st.booleans())
def test_chosen_fragments_are_written(
    whole: list[list[bytes]], data: st.DataObject, interleaved: bool
) -> None:
    chosen = sorted(data.draw(st.sets(st.integers(0, len(whole) - 1))))
    first = data.draw(st.sampled_from([1, 9, 10, 99_999, 2**40]))
    expected = b"".join(reference.written(whole[i], first + i) for i in chosen)
    assert written(whole, chosen, first, interleaved=interleaved) == expected


@given(whole=st.lists(fragments(), min_size=1, max_size=5))
def test_single_reads_are_written(whole: list[list[bytes]]) -> None:
    single = [records[:1] for records in whole]
    chosen = list(range(len(single)))
    assert written(single, chosen) == b"".join(
        reference.written(records, 7 + place) for place, records in enumerate(single)
    )
