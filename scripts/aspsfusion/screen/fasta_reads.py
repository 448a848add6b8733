"""Reads FASTA as the FASTQ that the scanner takes: each base has the same quality, which says nothing."""

from pathlib import Path

from aspsfusion.errors import ReadsError
from aspsfusion.io.compressed import DAMAGED, STANDARD_INPUT, InflatedFile, open_inflated

QUALITY = b"?"
"""Phred+33 of 30 for every base: it is the same for all, so that it decides nothing."""

LETTERS = b"ACGTUNRYSWKMBDHVacgtunryswkmbdhv"
"""Bases and the codes of the IUPAC for unknown ones."""

PIECE_BYTES = 1024 * 1024
MOST_BYTES = 64 * 1024 * 1024
"""Bytes that are read at a time, and those of the longest record."""


def is_fasta(path: Path) -> bool:
    """Tell whether a file begins as FASTA does; standard input, of which nothing may be read, does not.

    Raises:
        OSError: the file cannot be read.
    """
    if path == STANDARD_INPUT or not path.is_file():
        return False
    try:
        with open_inflated(path) as stream:
            return stream.read(1) == b">"
    except DAMAGED:
        return False  # damaged, which reading it will tell with its place


class FastaFile(InflatedFile):
    """A FASTA file that is read as FASTQ; see `InflatedFile`."""

    def __init__(self, path: Path, *, md5: bool = False) -> None:
        super().__init__(path, md5=md5)
        self._name = path
        self._raw_bytes: list[bytes] = []
        self._text = memoryview(b"")
        self._ended = False
        self._count = 0

    def readinto(self, room: memoryview) -> int:
        """Fill memory with the next bytes of the FASTQ and return how many there were; 0 at the end.

        Raises:
            ReadsError: a record has no end, or holds something else than bases.
            One of DAMAGED: the compressed data are damaged; nothing that stands in the memory counts.
        """
        while not self._text and not self._ended:
            self._text = memoryview(self._next())
        count = min(len(room), len(self._text))
        room[:count] = self._text[:count]
        self._text = self._text[count:]
        return count

    def before_damage(self, room: memoryview) -> int:
        """Return 0: of damaged FASTA nothing after the last whole piece is read."""
        return 0

    def _next(self) -> bytes:
        """Return the FASTQ of the records that end in the next bytes of the file."""
        piece = bytearray(PIECE_BYTES)
        count = super().readinto(memoryview(piece))
        fresh = bytes(piece[:count])
        if not count:
            self._ended = True
            return self._as_fastq(b"".join(self._raw_bytes))
        # A record's mark may be the first byte of a piece, after the line's end of the one before.
        before = self._raw_bytes[-1][-1:] if self._raw_bytes else b""
        last = (before + fresh).rfind(b"\n>") + 1 - len(before)
        if last < 0 or (last == 0 and before != b"\n"):
            self._raw_bytes.append(fresh)
            if sum(map(len, self._raw_bytes)) > MOST_BYTES:
                raise ReadsError(
                    f"record has no end within {MOST_BYTES:,} bytes",
                    path=self._name,
                    remedy="give a FASTA file of reads",
                )
            return b""
        whole = b"".join([*self._raw_bytes, fresh[:last]])
        self._raw_bytes = [fresh[last:]]
        return self._as_fastq(whole)

    def _as_fastq(self, text: bytes) -> bytes:
        records = []
        for record in text.replace(b"\r", b"").removeprefix(b">").split(b"\n>") if text else ():
            self._count += 1
            header, _, lines = record.partition(b"\n")
            bases = lines.replace(b"\n", b"")
            if other := bases.translate(None, LETTERS):
                raise ReadsError(
                    f"holds {chr(other[0])!a}, which is not a base",
                    path=self._name,
                    where=f"record {self._count}",
                    remedy="give a FASTA file of reads, each record a line with '>' and its bases",
                )
            records.append(b"@%s\n%s\n+\n%s\n" % (header, bases, QUALITY * len(bases)))
        return b"".join(records)
