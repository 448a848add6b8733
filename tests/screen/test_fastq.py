"""FASTQ files in every form that sequencing brings, and what is said of those that are none."""

import bz2
import gzip
import lzma
import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pysam import BGZFile
from xopen import xopen

from aspsfusion.errors import ReadsError
from aspsfusion.native import BASES, LONGEST, ScreenTable
from aspsfusion.panel.kmers import KMER_LENGTH, index_panel
from aspsfusion.screen import fastq
from aspsfusion.screen.fastq import BLOCK_BYTES, Buffers, FastqScanner
from native_scan import build_table

GENE = "".join(random.Random(4).choices("ACGT", k=1200))


@pytest.fixture(scope="module")
def table() -> ScreenTable:
    """The k-mers and seeds of GENE, which is gene 1 of two."""
    return build_table(index_panel([(1, GENE)]))


def fastq_text(reads: list[str], end: str = "\n") -> bytes:
    """Return records with the names r0, r1 and so on."""
    return "".join(
        end.join([f"@r{i} comment", read, "+", "I" * len(read), ""]) for i, read in enumerate(reads)
    ).encode()


def read_all(path: Path, table: ScreenTable) -> tuple[list[bytes], list[int], FastqScanner]:
    """Return the bytes and the hits of all records, and the scanner with its counts."""
    scanner = FastqScanner(path, table, 2)
    records, hits = [], []
    try:
        while block := scanner.next_block():
            assert block.size > 0
            records += [block.record(i) for i in range(block.size)]
            hits += block.hits.tolist()
    finally:
        scanner.close()
    assert scanner.records == len(records)
    return records, hits, scanner


READS = [GENE[i : i + 40 + i] for i in range(0, 90, 7)] + ["N" * 30, "A", GENE[:1000]]
TEXT = fastq_text(READS)
RECORDS = [b"@" + record for record in TEXT.split(b"@")[1:]]


def write_bgzip(path: Path, text: bytes) -> None:
    with BGZFile(str(path), "wb", None) as out:
        out.write(text)


def write_zstandard(path: Path, text: bytes) -> None:
    with xopen(path, "wb", threads=0, format="zst") as out:
        out.write(text)


FORMATS: dict[str, Callable[[Path, bytes], object]] = {
    "plain": Path.write_bytes,
    "gzip": lambda path, text: path.write_bytes(gzip.compress(text)),
    "members": lambda path, text: path.write_bytes(
        b"".join(gzip.compress(text[i : i + 100]) for i in range(0, len(text), 100))
    ),
    "bgzip": write_bgzip,
    "bzip2": lambda path, text: path.write_bytes(bz2.compress(text)),
    "xz": lambda path, text: path.write_bytes(lzma.compress(text)),
    "zstandard": write_zstandard,
}


# --- What is read -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["reads.fastq", "reads.fq.gz", "reads.bz2", "reads.zst", "reads"])
@pytest.mark.parametrize("form", FORMATS)
def test_compression_is_told_from_the_content(
    form: str, name: str, table: ScreenTable, tmp_path: Path
) -> None:
    path = tmp_path / name
    FORMATS[form](path, TEXT)
    records, hits, scanner = read_all(path, table)
    assert records == RECORDS
    assert hits == [*[True] * (len(READS) - 3), False, False, True]
    assert (scanner.totals[BASES], scanner.totals[LONGEST]) == (sum(map(len, READS)), 1000)
    kmers = sum(max(0, len(read) - KMER_LENGTH + 1) for read in READS if "N" not in read)
    assert scanner.gene_hits.tolist() == [0, kmers]


def test_empty_members_are_passed_over(table: ScreenTable, tmp_path: Path) -> None:
    # As bgzip ends its files, and as `cat` of two bgzip files leaves it in the middle.
    nothing = gzip.compress(b"")
    path = tmp_path / "reads.gz"
    path.write_bytes(nothing + gzip.compress(TEXT[:300]) + nothing * 2 + gzip.compress(TEXT[300:]) + nothing)
    assert read_all(path, table)[0] == RECORDS


@pytest.mark.parametrize(
    "text",
    [
        TEXT[:-1],
        TEXT + b"\n",
        TEXT + b"\r\n\n\r\n",
        fastq_text(READS, "\r\n"),
        fastq_text(READS, "\r\n")[:-2],
        fastq_text(READS, "\r\n")[:-1],
        fastq_text([read.lower() for read in READS]),
        fastq_text([read.replace("T", "U") for read in READS]),
        TEXT.replace(b"\n+\n", b"\n+repeated name\n"),
        # '@' and '+' are qualities like any other, also at the beginning of the line.
        TEXT.replace(b"\nII", b"\n@+").replace(b"\nI\n", b"\n@\n"),
    ],
    ids=[
        "no final line end",
        "blank line at the end",
        "blank lines at the end",
        "CRLF",
        "CRLF, none at the end",
        "CRLF, half of it at the end",
        "lower case",
        "RNA",
        "second name",
        "quality begins with @",
    ],
)
@pytest.mark.parametrize("block_bytes", [1, 7, 64, BLOCK_BYTES])
def test_forms_of_fastq(
    text: bytes, block_bytes: int, table: ScreenTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastq, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "reads.fastq"
    path.write_bytes(text)
    records, hits, scanner = read_all(path, table)
    assert hits == [len(read) >= KMER_LENGTH and "N" not in read for read in READS]
    assert b"".join(records).rstrip(b"\r\n") == text.rstrip(b"\r\n")
    assert (scanner.totals[BASES], scanner.totals[LONGEST]) == (sum(map(len, READS)), 1000)


@pytest.mark.parametrize("form", FORMATS)
def test_pipe_is_read_like_a_file(form: str, table: ScreenTable, tmp_path: Path) -> None:
    # As `aspsfusion screen <(zcat ...)` gives it: it can be opened and read only once.
    FORMATS[form](tmp_path / "file", TEXT)
    os.mkfifo(tmp_path / "pipe")
    content = (tmp_path / "file").read_bytes()
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit((tmp_path / "pipe").write_bytes, content)
        assert read_all(tmp_path / "pipe", table)[0] == RECORDS
        assert writing.result() == len(content)


def test_non_base_breaks_only_the_kmers_that_hold_it(table: ScreenTable, tmp_path: Path) -> None:
    read = GENE[:50] + "N" + GENE[51:100] + "." + GENE[101:120]
    (tmp_path / "reads.fastq").write_bytes(fastq_text([read]))
    _, hits, scanner = read_all(tmp_path / "reads.fastq", table)
    kmers = [50 - KMER_LENGTH + 1, 49 - KMER_LENGTH + 1]  # the last 19 bases are too short for one
    assert (hits, scanner.gene_hits.tolist()) == ([True], [0, sum(kmers)])


def test_empty_reads_are_reads(table: ScreenTable, tmp_path: Path) -> None:
    # Trimming programs leave them, so that the mates stay in step.
    reads = ["", GENE[:21], *[""] * 50, "A"]
    (tmp_path / "reads.fastq").write_bytes(fastq_text(reads))
    records, hits, _ = read_all(tmp_path / "reads.fastq", table)
    assert len(records) == len(reads)
    assert hits == [False, True, *[False] * 51]
    (tmp_path / "short.fastq").write_bytes(b"@\n\n+\n\n" * 100)
    assert len(read_all(tmp_path / "short.fastq", table)[0]) == 100


@given(
    lengths=st.lists(st.integers(1, 40) | st.just(1000), min_size=1, max_size=8),
    block_bytes=st.integers(1, 300),
    piece_bytes=st.integers(1, 300),
    end=st.sampled_from(["\n", "\r\n"]),
    final=st.booleans(),
    data=st.data(),
)
@settings(max_examples=50)
def test_records_do_not_depend_on_the_size_of_blocks_and_pieces(
    lengths: list[int],
    block_bytes: int,
    piece_bytes: int,
    end: str,
    final: bool,
    data: st.DataObject,
    table: ScreenTable,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    starts = [data.draw(st.integers(0, len(GENE) - length)) for length in lengths]
    reads = [GENE[a : a + length] for a, length in zip(starts, lengths, strict=True)]
    text = fastq_text(reads, end)
    path = tmp_path_factory.mktemp("blocks") / "reads.gz"
    path.write_bytes(gzip.compress(text if final else text.removesuffix(end.encode())))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fastq, "BLOCK_BYTES", block_bytes)
        patch.setattr(fastq, "PIECE_BYTES", piece_bytes)
        records, hits, scanner = read_all(path, table)
    assert b"".join(records).replace(b"\r", b"").removesuffix(b"\n") == text.replace(b"\r", b"").removesuffix(
        b"\n"
    )
    assert len(records) == len(reads)
    # Twenty bases in a row are enough, and a read may begin at a place that no probe meets with fewer.
    assert all(
        hit == (length >= KMER_LENGTH) for hit, length in zip(hits, lengths, strict=True) if length != 20
    )
    assert (scanner.totals[BASES], scanner.totals[LONGEST]) == (sum(lengths), max(lengths))


def test_memory_that_was_given_back_is_used_again() -> None:
    buffers = Buffers(10)
    first, second = buffers.take(100), buffers.take(100)
    assert not np.shares_memory(first, second)
    buffers.give_back(second)
    assert buffers.take(100) is second
    assert not np.shares_memory(buffers.take(100), first)
    buffers.give_back(first)
    assert len(buffers.take(10 * len(first))) >= 10 * len(first)


def test_tail_of_a_block(table: ScreenTable, tmp_path: Path) -> None:
    (tmp_path / "reads.fastq").write_bytes(TEXT)
    scanner = FastqScanner(tmp_path / "reads.fastq", table, 2)
    block = scanner.next_block()
    scanner.close()
    assert block is not None
    tail = block.tail(3)
    assert tail.size == len(READS) - 3
    assert tail.record(0) == RECORDS[3]
    assert tail.names[0] == block.names[3]
    assert tail.hits[0] == block.hits[3]


@pytest.mark.parametrize("text", [b"", b"\n", b"\r\n\n"])
def test_file_without_records_gives_none(text: bytes, table: ScreenTable, tmp_path: Path) -> None:
    (tmp_path / "reads.gz").write_bytes(gzip.compress(text))
    assert read_all(tmp_path / "reads.gz", table)[0] == []


# --- What is refused --------------------------------------------------------------------------------

GOOD = fastq_text([GENE[i : i + 50] for i in range(3)])

NO_AT_SIGN = "record does not begin with '@'; give a FASTQ file, or copy it again if it is one"
NO_PLUS = (
    r"third line of the record does not begin with '\+'; "
    "give an unwrapped FASTQ file, or copy it again if it is one"
)
WRONG_RECORDS = {
    "no @": (
        b"r3\nACGT\n+\nIIII\n",
        NO_AT_SIGN,
    ),
    "blank line": (
        b"\n@r3\nACGT\n+\nIIII\n",
        NO_AT_SIGN,
    ),
    "no +": (
        b"@r3\nACGT\nIIII\n",
        NO_PLUS,
    ),
    "wrapped": (
        b"@r3\nACGT\nACGT\n+\nIIII\nIIII\n",
        NO_PLUS,
    ),
    "quality too short": (
        b"@r3\nACGTAC\n+\nIIII\n",
        "sequence and quality differ in length; copy or convert the file again",
    ),
    "quality too long": (
        b"@r3\nACGT\n+\nIIIII\n",
        "sequence and quality differ in length; copy or convert the file again",
    ),
}


@pytest.mark.parametrize("block_bytes", [1, 50, BLOCK_BYTES])
@pytest.mark.parametrize("before", [0, 3])
@pytest.mark.parametrize("kind", WRONG_RECORDS)
def test_wrong_record(
    kind: str,
    before: int,
    block_bytes: int,
    table: ScreenTable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fastq, "BLOCK_BYTES", block_bytes)
    record, problem = WRONG_RECORDS[kind]
    path = tmp_path / "reads.fastq"
    path.write_bytes((GOOD if before else b"") + record + GOOD)
    with pytest.raises(ReadsError, match=rf"^{path}, record {before + 1}: {problem}$"):
        read_all(path, table)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD + b">r3\nACGTACGT\n", f"record 4: {NO_AT_SIGN}"),
        (b">r3\nACGT\nACGT\n" + GOOD, "record 1: holds '@', which is not a base; give a FASTA file of reads"),
        (
            b">r3\nACGTu\nnRY\n>p\nMKLV\n",
            "record 2: holds 'L', which is not a base; give a FASTA file of reads",
        ),
    ],
)
def test_fasta_beside_something_else(text: bytes, problem: str, table: ScreenTable, tmp_path: Path) -> None:
    path = tmp_path / "reads"
    path.write_bytes(text)
    with pytest.raises(ReadsError, match=problem):
        read_all(path, table)


@pytest.mark.parametrize("cut", [*range(2, 26), 60, 100])
@pytest.mark.parametrize("block_bytes", [1, 50, BLOCK_BYTES])
def test_file_that_ends_inside_a_record(
    cut: int, block_bytes: int, table: ScreenTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fastq, "BLOCK_BYTES", block_bytes)
    path = tmp_path / "reads.fastq"
    path.write_bytes(GOOD[:-cut])
    with pytest.raises(
        ReadsError, match=rf"^{path}, record 3: file ends inside the record; copy the file again, it is trunc"
    ):
        read_all(path, table)


LARGE = fastq_text([GENE[i : i + 100] for i in random.Random(1).choices(range(1100), k=300)])


@pytest.mark.parametrize("form", ["gzip", "bgzip", "bzip2", "xz", "zstandard"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.98])
def test_truncated_compressed_file(form: str, share: float, table: ScreenTable, tmp_path: Path) -> None:
    path = tmp_path / "reads.fq"
    FORMATS[form](path, LARGE)
    packed = path.read_bytes()
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(
        ReadsError,
        match=rf"^{path}, after record \d+: compressed data are truncated or damaged \(.+\); copy the",
    ):
        read_all(path, table)


@pytest.mark.parametrize("form", ["gzip", "bgzip", "bzip2", "xz"])
@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_flipped_byte(form: str, share: float, table: ScreenTable, tmp_path: Path) -> None:
    path = tmp_path / "reads.fq"
    FORMATS[form](path, LARGE)
    packed = bytearray(path.read_bytes())
    packed[int(len(packed) * share)] ^= 0x55
    path.write_bytes(packed)
    with pytest.raises(ReadsError, match=rf"^{path}, after record \d+: compressed data are truncated or dam"):
        read_all(path, table)


def test_damaged_zstandard_file(table: ScreenTable, tmp_path: Path) -> None:
    # Its checksum is optional; what the format itself forbids is told.
    path = tmp_path / "reads.fq.zst"
    write_zstandard(path, LARGE)
    packed = bytearray(path.read_bytes())
    packed[4] ^= 0x55
    path.write_bytes(packed)
    with pytest.raises(ReadsError, match=rf"^{path}, after record 0: compressed data are truncated or damag"):
        read_all(path, table)


def test_flipped_base_is_found_by_the_checksum_at_the_end(
    table: ScreenTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Stored, not deflated, so that the damaged record itself is a good one, long before the end.
    monkeypatch.setattr(fastq, "BLOCK_BYTES", 1000)
    path = tmp_path / "reads.gz"
    packed = bytearray(gzip.compress(LARGE, compresslevel=0))
    packed[packed.index(GENE[:1].encode() * 2)] ^= ord("A") ^ ord("C")
    path.write_bytes(packed)
    with pytest.raises(ReadsError, match=r", after record 2\d\d: compressed data .*checksum"):
        read_all(path, table)


def test_more_data_behind_a_gzip_file(table: ScreenTable, tmp_path: Path) -> None:
    path = tmp_path / "reads.gz"
    path.write_bytes(gzip.compress(GOOD) + b"\0" * 512)  # padding of tapes is allowed by RFC 1952's readers
    assert len(read_all(path, table)[0]) == 3
    path.write_bytes(gzip.compress(GOOD) + b"garbage")
    with pytest.raises(ReadsError, match="truncated or damaged"):
        read_all(path, table)


def test_empty_file(table: ScreenTable, tmp_path: Path) -> None:
    path = tmp_path / "reads.fastq.gz"
    path.touch()
    with pytest.raises(ReadsError, match=rf"^{path}: is empty \(0 bytes\); copy the file again$"):
        read_all(path, table)


def test_file_that_can_not_be_opened(table: ScreenTable, tmp_path: Path) -> None:
    remedy = "give the path of a FASTQ file"
    path = tmp_path / "none.fastq.gz"
    with pytest.raises(
        ReadsError, match=rf"^{path}: cannot be read \(no such file or directory\); {remedy}$"
    ):
        read_all(path, table)
    with pytest.raises(ReadsError, match=rf"^{tmp_path}: cannot be read \(is a directory\); {remedy}$"):
        read_all(tmp_path, table)
