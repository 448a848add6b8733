"""Streams FASTQ files through the compiled scanner, block by block.

No Python object is made for a read: a block yields arrays of record offsets, k-mer hits and name hashes,
and only the bytes of kept records are ever cut out.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from aspsfusion.compressed import DAMAGED, open_inflated
from aspsfusion.errors import ReadsError
from aspsfusion.kernels import (
    BASE_CODES,
    SCAN_NO_AT_SIGN,
    SCAN_NO_PLUS,
    SCAN_OK,
    SCAN_QUALITY_LENGTH,
    scan_fastq,
)
from aspsfusion.kmers import KmerTable

BLOCK_BYTES = 4 * 1024 * 1024
"""Inflated bytes per step and file: small enough for the caches, large enough to drown call overhead."""

MIN_RECORD_BYTES = 8
"""Shortest possible record, `@\\nA\\n+\\nI\\n`; bounds the number of records of a block."""

_PROBLEMS = {
    SCAN_NO_AT_SIGN: ("record does not begin with '@'", "give a FASTQ file, or copy it again if it is one"),
    SCAN_NO_PLUS: (
        "third line of the record does not begin with '+'",
        "give an unwrapped FASTQ file, or copy it again if it is one",
    ),
    SCAN_QUALITY_LENGTH: ("sequence and quality differ in length", "copy or convert the file again"),
}


@dataclass(frozen=True)
class ScannedBlock:
    """Whole records of one block.

    Attributes:
        data: the bytes.
        starts: offset of each record and behind the last one.
        hits: panel k-mers of each read.
        names: hash of each read name.
    """

    data: bytes
    starts: npt.NDArray[np.int64]
    hits: npt.NDArray[np.uint16]
    names: npt.NDArray[np.uint64]

    @property
    def count(self) -> int:
        """Number of records."""
        return int(self.hits.size)

    def record(self, index: int) -> bytes:
        """Return the bytes of a record."""
        return self.data[self.starts[index] : self.starts[index + 1]]

    def tail(self, first: int) -> "ScannedBlock":
        """Return the block without its first records."""
        return ScannedBlock(self.data, self.starts[first:], self.hits[first:], self.names[first:])


def open_reads(path: Path) -> BinaryIO:
    """Open reads for inflated bytes.

    Raises:
        ReadsError: there is no such file, or it is empty.
    """
    try:
        if path.is_file() and path.stat().st_size == 0:
            raise ReadsError("is empty (0 bytes)", path=path, remedy="copy the file again")
        return open_inflated(path)
    except OSError as error:
        raise ReadsError(
            f"can not be read ({(error.strerror or str(error)).lower()})",
            path=path,
            remedy="give the path of a FASTQ file",
        ) from error


class FastqScanner:
    """Reads one FASTQ file as scanned blocks.

    Args:
        path: the file.
        table: the panel's k-mers.
        genes: number of genes of the panel.

    Attributes:
        records: records handed out so far.
        bases: bases read so far.
        longest: longest read so far, in nt.
        gene_hits: panel k-mers seen, by gene number.
    """

    def __init__(self, path: Path, table: KmerTable, genes: int) -> None:
        self.path = path
        self.records = 0
        self.gene_hits = np.zeros(genes, dtype=np.int64)
        self._totals = np.zeros(2, dtype=np.int64)
        self._table = table
        self._stream = open_reads(path)
        self._rest = b""
        self._ended = False

    @property
    def bases(self) -> int:
        """Bases read so far."""
        return int(self._totals[0])

    @property
    def longest(self) -> int:
        """Longest read so far, in nt."""
        return int(self._totals[1])

    def close(self) -> None:
        """Close the file."""
        self._stream.close()

    def next_block(self) -> ScannedBlock | None:
        """Return the next block that holds at least one record, None at the end of the file.

        Raises:
            ReadsError: the file is damaged, truncated or no FASTQ; names the record.
        """
        while True:
            data = self._read()
            if data is None:
                return None
            block, used = self._scan(data)
            self._rest = data[used:]
            if block.count:
                self.records += block.count
                return block
            if self._ended and self._rest.strip():
                raise ReadsError(
                    "file ends inside the record",
                    path=self.path,
                    where=f"record {self.records + 1}",
                    remedy="copy the file again, it is truncated",
                )

    def _read(self) -> bytes | None:
        if self._ended:
            if not self._rest.strip():
                return None
            return self._rest
        try:
            fresh = self._stream.read(BLOCK_BYTES)
        except DAMAGED as error:
            raise ReadsError(
                f"compressed data are truncated or damaged ({error})",
                path=self.path,
                where=f"after record {self.records}",
                remedy="copy the file again",
            ) from error
        if not fresh:
            self._ended = True
            if not self._rest.strip():
                return None
            return self._rest if self._rest.endswith(b"\n") else self._rest + b"\n"
        return self._rest + fresh

    def _scan(self, data: bytes) -> tuple[ScannedBlock, int]:
        table = self._table
        capacity = len(data) // MIN_RECORD_BYTES + 1
        starts = np.empty(capacity + 1, dtype=np.int64)
        hits = np.empty(capacity, dtype=np.uint16)
        names = np.empty(capacity, dtype=np.uint64)
        count, error = scan_fastq(
            np.frombuffer(data, dtype=np.uint8),
            len(data),
            table.k,
            table.keys,
            table.genes,
            table.bits,
            table.shift,
            BASE_CODES,
            starts,
            hits,
            names,
            self.gene_hits,
            self._totals,
        )
        if error != SCAN_OK:
            problem, remedy = _PROBLEMS[error]
            raise ReadsError(
                problem, path=self.path, where=f"record {self.records + count + 1}", remedy=remedy
            )
        block = ScannedBlock(data, starts[: count + 1], hits[:count], names[:count])
        return block, int(starts[count])
