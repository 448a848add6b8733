"""Streams FASTQ files through the compiled scanner, block by block.

No Python object is made for a read: a block holds arrays of record offsets, hits and names, and only the
bytes of kept records are ever cut out.

A scanned block of FASTQ, and the memory that blocks share.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from aspsfusion.errors import ReadsError, reason_of
from aspsfusion.io.checksums import Content, require_stated, stated_checksum
from aspsfusion.io.compressed import DAMAGED, STANDARD_INPUT, InflatedFile, open_inflated
from aspsfusion.io.read_counts import require_stated_reads
from aspsfusion.native import (
    LINES,
    LOAD_BYTES,
    SCAN_NO_AT_SIGN,
    SCAN_NO_PLUS,
    SCAN_OK,
    SCAN_QUALITY_LENGTH,
    ScanRoom,
    ScreenTable,
    copied,
    fresh,
    scan_fastq,
)
from aspsfusion.screen.fasta_reads import FastaFile, is_fasta


class ScannedBlock(NamedTuple):
    """Whole records of one block.

    Attributes:
        data: the bytes (uint8).
        starts: offset of each record and after the last one (int64).
        hits: whether each read is from the panel (bool).
        names: hash of each read name, without the mate's number (uint64).
        marks: what name and comment tell of the mate (uint8), see `ScanRoom`.
    """

    data: memoryview
    starts: memoryview
    hits: memoryview
    names: memoryview
    marks: memoryview

    @property
    def size(self) -> int:
        """Number of records."""
        return len(self.hits)

    def record(self, index: int) -> bytes:
        """Return the bytes of a record."""
        return bytes(self.data[self.starts[index] : self.starts[index + 1]])

    def tail(self, first: int) -> "ScannedBlock":
        """Return the block without its first records."""
        return ScannedBlock(
            self.data, self.starts[first:], self.hits[first:], self.names[first:], self.marks[first:]
        )


class Buffers:
    """Memory for blocks, used again once it was given back.

    Fresh memory would be given by the system a page at a time. Memory that is never given back is lost to the
    next block and to nothing else. One thread may take while another one gives back.

    Args:
        spare: bytes that are taken more than asked for, so that memory serves slightly longer blocks as well.
    """

    def __init__(self, spare: int) -> None:
        self._spare = spare
        self._unused: deque[memoryview] = deque()

    def take(self, size: int) -> memoryview:
        """Return memory of at least so many bytes, all of them the caller's until he gives it back."""
        while self._unused:
            # The one that was used last is the likeliest to be in the core's cache still.
            found = self._unused.pop()
            if len(found) >= size:
                return found
            # Longer records need longer ones: the short ones are dropped.
        return fresh("B", size + self._spare)

    def give_back(self, memory: memoryview) -> None:
        """Let memory be used for another block."""
        self._unused.append(memory)


BLOCK_BYTES = 4 * 1024 * 1024
"""Inflated bytes per step and file: each step has its cost in Python and wakes a thread. The scan looks at
a few records of a block at a time, so that it need not fit a cache. See `docs/performance.md`."""

PIECE_BYTES = 1024 * 1024
"""Inflated bytes of a block that are scanned at a time: some of them are still in the core's second-level
cache then. Smaller pieces cost more in Python than they win."""

MAX_RECORD_BYTES = 64 * 1024 * 1024
"""A record that is still without an end after so many bytes is none: ten times the longest read on record."""

LOOK_FOR_DAMAGE = 64 * 1024 * 1024
"""Inflated bytes after a wrong record in which a checksum may tell that the compressed data are to blame."""

_PROBLEMS = {
    SCAN_NO_AT_SIGN: ("record does not begin with '@'", "give a FASTQ file, or copy it again if it is one"),
    SCAN_NO_PLUS: (
        "third line of the record does not begin with '+'",
        "give an unwrapped FASTQ file, or copy it again if it is one",
    ),
    SCAN_QUALITY_LENGTH: ("sequence and quality differ in length", "copy or convert the file again"),
}


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    """Turn what opening reads may raise into a ReadsError."""
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise ReadsError("is empty (0 bytes)", path=path, remedy="copy the file again")
        yield
    except OSError as error:
        raise ReadsError(
            f"cannot be read ({reason_of(error)})",
            path=path,
            remedy="give the path of a FASTQ file",
        ) from error


def open_reads(path: Path) -> BinaryIO:
    """Open reads for inflated bytes.

    Raises:
        ReadsError: there is no such file, or it is empty.
    """
    with _opening(path):
        return open_inflated(path)


class FastqScanner:
    """Reads one FASTQ file as scanned blocks.

    Args:
        path: the file, `-` for standard input.
        group: blocks hold a multiple of so many records, 2 for interleaved mates.
        tentative: the group is a guess: a file with a single record is read all the same.

    Attributes:
        label: what messages call the file.
        records: records handed out so far.
        compressed: bytes of the file read so far.
        size: bytes of the file, None for a pipe.
        content: size and checksum of the file, once it is read to its end.
        fasta: whether the file is FASTA and has no qualities.
    """

    def __init__(
        self, path: Path, table: ScreenTable, genes: int, group: int = 1, *, tentative: bool = False
    ) -> None:
        self.path = path
        self.label = "standard input" if path == STANDARD_INPUT else str(path)
        self.records = 0
        self.group = group
        self.tentative = tentative
        self.compressed = 0
        self.content: Content | None = None
        self._table = table
        with _opening(path):
            self._stated = None if path == STANDARD_INPUT else stated_checksum(path)
            self.fasta = is_fasta(path)
            kind = FastaFile if self.fasta else InflatedFile
            self._file = kind(path, md5=self._stated is not None and self._stated.is_md5)
        self.size = self._file.size
        self._buffers = Buffers(BLOCK_BYTES // 8)
        self._rest = b""
        self._ended = False
        self._open_end = False
        self._damage: Exception | None = None
        self._room = ScanRoom(2 * BLOCK_BYTES, genes)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def gene_hits(self) -> memoryview:
        """Panel k-mers seen, by gene number."""
        return self._room.genes

    @property
    def totals(self) -> memoryview:
        """Counters, see `ScanRoom`."""
        return self._room.totals

    @property
    def lengths(self) -> memoryview:
        """Number of reads by length in nt."""
        return self._room.lengths

    def next_block(self) -> ScannedBlock | None:
        """Return the next block that holds at least one record, None at the end of the file.

        Raises:
            ReadsError: the file is damaged, truncated or no FASTQ, with the record, or another one than a
                checksum file or a count beside it says.
        """
        while not self._ended:
            data, length = self._read_and_scan()
            if not self._room.records and self.tentative and self._at_end():
                # Two records were wanted to tell the layout, and there is only one.
                self.group = 1
                self._room.begin_block()
                self._scan(data, length)
            block = self._block(data)
            self._rest = bytes(data[block.starts[-1] : length])
            self.records += block.size
            if block.size:
                return block
            self.give_back(block)
            if self._damage is not None:
                raise self._damaged()
        if self._rest.strip():
            raise self._cut_off()
        if self.content is None:
            self.content = self._file.content()
            require_stated(self.path, self.content, self._stated)
            if self.path != STANDARD_INPUT:
                require_stated_reads(self.path, self.records)
        return None

    def give_back(self, block: ScannedBlock) -> None:
        """Let the memory of a block, which is not looked at again, be used for a later one."""
        self._buffers.give_back(block.data)

    def _at_end(self) -> bool:
        return self._ended

    def _read_and_scan(self) -> tuple[memoryview, int]:
        """Return a scanned buffer and how many of its bytes count; it begins with what the last one left."""
        carried = len(self._rest)
        if carried > MAX_RECORD_BYTES:
            raise ReadsError(
                f"record has no end within {MAX_RECORD_BYTES:,} bytes",
                path=self.label,
                where=f"record {self.records + 1}",
                remedy="give a FASTQ file",
            )
        # A record that is longer than a block doubles the block.
        limit = carried + max(BLOCK_BYTES, carried)
        if limit + 1 > self._room.size:
            self._room = ScanRoom(2 * limit, len(self.gene_hits), self._room)
        data = self._buffers.take(limit + 1 + LOAD_BYTES)
        data[:carried] = self._rest
        self._room.begin_block()
        length = carried
        while length < limit:
            inflated = self._inflate(data[length : min(length + PIECE_BYTES, limit)])
            if not inflated:
                break
            length += inflated
            self._scan(data, length)
        # The end of the file is told by a block without a fresh byte.
        self._ended = length == carried and self._damage is None
        if self._ended and length and data[length - 1] != ord("\n"):
            data[length] = ord("\n")
            length += 1
            self._open_end = True
        if length == carried or self._open_end:
            self._scan(data, length)
        self.compressed = self._file.position()
        return data, length

    def _inflate(self, free: memoryview) -> int:
        """Fill memory with the next bytes of the file; returns how many, 0 at its end or after damage."""
        if self._damage is not None:
            return 0
        try:
            return self._file.readinto(free)
        except DAMAGED as error:
            self._damage = error
            return self._file.before_damage(free)

    def _scan(self, data: memoryview, length: int) -> None:
        """Scan what has come to a block since the last call."""
        count, error = scan_fastq(data, length, self.group, self._table, self._room)
        if error == SCAN_OK:
            return
        # Damaged compressed data may inflate to anything.
        self._damage = self._damage or self._file.damage_within(LOOK_FOR_DAMAGE)
        if self._damage is not None:
            self.records += count
            raise self._damaged()
        # The last line's end was put there by `_read_and_scan`: the line may be cut off.
        rest = bytes(data[self._room.starts[count] : length])
        if error == SCAN_QUALITY_LENGTH and self._open_end and rest.count(b"\n") == LINES:
            self.records += count
            raise self._cut_off()
        problem, remedy = _PROBLEMS[error]
        raise ReadsError(problem, path=self.label, where=f"record {self.records + count + 1}", remedy=remedy)

    def _block(self, data: memoryview) -> ScannedBlock:
        room, count = self._room, self._room.records
        return ScannedBlock(
            data,
            copied(room.starts[: count + 1]),
            copied(room.hits[:count]),
            copied(room.names[:count]),
            copied(room.marks[:count]),
        )

    def _damaged(self) -> ReadsError:
        return ReadsError(
            f"compressed data are truncated or damaged ({self._damage})",
            path=self.label,
            where=f"after record {self.records}",
            remedy="copy the file again",
        )

    def _cut_off(self) -> ReadsError:
        if self.group == 2 and self._rest.count(b"\n") >= LINES:
            return ReadsError(
                "holds an odd number of records, so that the last one has no mate",
                path=self.label,
                where=f"record {self.records + 1}",
                remedy="give a complete interleaved file, or give mates as two files",
            )
        return ReadsError(
            "file ends inside the record",
            path=self.label,
            where=f"record {self.records + 1}",
            remedy="copy the file again, it is truncated",
        )
