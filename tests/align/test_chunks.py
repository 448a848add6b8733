"""Candidates in chunks: none is lost, mates stay together, and a chunk holds as many fragments as it may."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aspsfusion.align import chunks
from aspsfusion.align.chunks import Chunk, read_chunks
from aspsfusion.align.foreign_starts import EXAMPLES, StartFinder, _Clips
from aspsfusion.align.structures import TEMPLATES_ALONE

MOST = 3


def record(header: str) -> str:
    """Return a record whose qualities look like the header of a second mate."""
    return f"@{header} x\nACGTACGT\n+\n@12/2 ab\n"


def text_of(paired: list[bool]) -> str:
    """Return the candidates of pairs and single reads."""
    return "".join(
        record(f"{number}/1") + record(f"{number}/2") if pair else record(str(number))
        for number, pair in enumerate(paired, start=1)
    )


@given(st.lists(st.booleans(), max_size=14), st.integers(20, 400))
def test_chunks_are_the_file_and_keep_mates_together(
    tmp_path_factory: pytest.TempPathFactory, paired: list[bool], at_once: int
) -> None:
    path = tmp_path_factory.mktemp("chunks") / "c.fastq"
    path.write_text(text_of(paired) or "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "FRAGMENTS", MOST)
        patch.setattr(chunks, "READ_BYTES", at_once)
        found = list(read_chunks(path, TEMPLATES_ALONE))
    assert b"".join(chunk.text for chunk in found) == path.read_bytes()
    if not paired:
        return
    before = 0
    for chunk in found:
        headers = chunk.text.decode().split("\n")[:-1:4]
        assert chunk.before == before
        assert "/2 " not in headers[0]
        assert "/1 " not in headers[-1]
        before += len(headers)
    if all(paired) or not any(paired):
        sizes = [chunk.text.count(b"/1 x" if paired[0] else b" x\n") for chunk in found]
        assert sizes[:-1] == [MOST] * (len(sizes) - 1)
        assert 0 < sizes[-1] <= MOST


def test_what_is_cut_off_is_in_the_last_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "FRAGMENTS", 1)
    path = tmp_path / "c.fastq"
    path.write_text(text_of([True, True]) + "@3/1 x\nACG")
    whole = text_of([True]).encode()
    second = text_of([True, True]).encode()[len(whole) :]
    assert list(read_chunks(path, TEMPLATES_ALONE)) == [
        Chunk(whole, 0),
        Chunk(second, 2),
        Chunk(b"@3/1 x\nACG", 4),
    ]


def test_starts_of_two_chunks_are_those_of_both() -> None:
    first, second = StartFinder(), StartFinder()
    for finder, count, begin in ((first, EXAMPLES - 1, "A"), (second, 5, "C")):
        finder.add_whole(10, 4)
        clips = finder._clips[1].setdefault(8, _Clips())
        clips.count, clips.starts = count, [begin * 8] * count
        clips.places.update({(0, False, 3): count})
    first.join(second)
    joined = first._clips[1][8]
    assert joined.count == EXAMPLES + 4
    assert joined.starts == ["A" * 8] * (EXAMPLES - 1) + ["C" * 8]
    assert joined.places == {(0, False, 3): EXAMPLES + 4}
    assert first._reads == {1: 20, 2: 8}
