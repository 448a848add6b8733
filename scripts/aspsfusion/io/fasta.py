"""Reads FASTA in large blocks, whichever way the file is compressed and its contigs are named.

Contigs may be whole chromosomes (`chrX`, `X`, `NC_000023.11`) or loci named as `samtools faidx` names them
(`chrX:49028726-49043486`, 1-based inclusive). Also holds what every stage needs of single sequences.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from aspsfusion.errors import ReferenceProofError
from aspsfusion.io.compressed import named_damage

BLOCK_BYTES = 8 * 1024 * 1024
"""Bytes read at a time; large enough that Python's share of the work is negligible."""

LINE_END = ord("\n")

REFSEQ_CHROMOSOME = re.compile(r"^NC_0000(\d\d)\.\d+$")
_REFSEQ_SEX = {"23": "X", "24": "Y"}
_CONTIG = re.compile(r"^(?P<name>[^:\s]+?)(?::(?P<start>\d[\d,]*)-(?P<end>\d[\d,]*))?$")

_COMPLEMENT = str.maketrans("ACGTNacgtn", "TGCANtgcan")


def reverse_complement(sequence: str) -> str:
    """Return the reverse complement; case is kept, N stays N.

    >>> reverse_complement("AACGTN")
    'NACGTT'
    """
    return sequence.translate(_COMPLEMENT)[::-1]


def chromosome_name(contig: str) -> str:
    """Return the `chr` style name of a contig name.

    >>> [chromosome_name(name) for name in ("chrX", "X", "NC_000023.11", "17", "MT", "GL000194.1")]
    ['chrX', 'chrX', 'chrX', 'chr17', 'chrM', 'chrGL000194.1']
    """
    refseq = REFSEQ_CHROMOSOME.match(contig)
    if refseq:
        return f"chr{_REFSEQ_SEX.get(refseq[1], str(int(refseq[1])))}"
    name = contig.removeprefix("chr")
    return "chrM" if name in ("M", "MT") else f"chr{name}"


def parse_contig(name: str) -> tuple[str, int, int | None]:
    """Return chromosome, 0-based start and end (None for a whole contig) of a FASTA record's name.

    >>> parse_contig("X:101-200")
    ('chrX', 100, 200)
    >>> parse_contig("NC_000017.11")
    ('chr17', 0, None)
    """
    match = _CONTIG.match(name)
    if match is None or match["start"] is None:
        return chromosome_name(name), 0, None
    start, end = (int(match[part].replace(",", "")) for part in ("start", "end"))
    return chromosome_name(match["name"]), start - 1, end


def fasta_record(name: str, bases: str, width: int) -> str:
    r"""Return a record as text, its bases in lines of a width.

    >>> fasta_record("x", "ACGTA", 4)
    '>x\nACGT\nA\n'
    """
    lines = (bases[i : i + width] for i in range(0, len(bases), width))
    return "\n".join([f">{name}", *lines, ""])


def fasta_pieces(path: Path) -> Iterator[tuple[str | None, bytes]]:
    """Yield `(header, b"")` at each record and `(None, bases)` for its blocks of bases without line ends.

    Raises:
        ReferenceProofError: the file cannot be read, is damaged or no FASTA.
    """
    buffer = b""
    seen_header = False
    for block in _blocks(path):
        buffer += block
        while buffer:
            if buffer.startswith(b">"):
                line_end = buffer.find(b"\n")
                if line_end < 0:
                    break
                yield buffer[1:line_end].decode("ascii", "replace").strip(), b""
                seen_header = True
                buffer = buffer[line_end + 1 :]
                continue
            if not seen_header:
                raise ReferenceProofError(
                    "is not a FASTA file: it does not begin with '>'", path=path, remedy="give a genome FASTA"
                )
            next_header = _next_header(buffer)
            if next_header >= 0:
                yield None, _without_blanks(buffer[: next_header - 1])
                buffer = buffer[next_header:]
                continue
            # A line end at the very end of the block may belong to a header in the next one.
            cut = len(buffer) - 1 if buffer.endswith(b"\n") else len(buffer)
            yield None, _without_blanks(buffer[:cut])
            buffer = buffer[cut:]
            break
    if not seen_header:
        raise ReferenceProofError(
            "is empty or not a FASTA file: no record begins with '>'", path=path, remedy="give a genome FASTA"
        )


def _blocks(path: Path) -> Iterator[bytes]:
    with named_damage(path, ReferenceProofError, "a genome FASTA") as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def _next_header(buffer: bytes) -> int:
    """Return the position of the next '>' at the beginning of a line but the first, -1 without one."""
    found = buffer.find(b">", 1)  # a single letter is found many times faster than "\n>"
    while found > 0 and buffer[found - 1] != LINE_END:
        found = buffer.find(b">", found + 1)
    return found


def _without_blanks(lines: bytes) -> bytes:
    """Return the bases of lines, which hardly ever hold other white space than their ends."""
    bases = lines.replace(b"\n", b"")
    return bases.translate(None, b"\r \t") if any(blank in bases for blank in (b"\r", b" ", b"\t")) else bases
