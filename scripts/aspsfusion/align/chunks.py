"""Reads the candidates of a sample in chunks: so many fragments that follow each other.

Chunks depend on the file alone. What is done with a chunk may depend on all of it and on no other.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from aspsfusion.align.candidates import CandidateMetrics, read_candidates, read_header
from aspsfusion.align.structures import ReadStructures
from aspsfusion.evidence.fragments import BOTH_ENDS
from aspsfusion.io.compressed import DAMAGED
from aspsfusion.screen.fastq import open_reads

FRAGMENTS = 5000
"""Fragments of a chunk: enough to outweigh what a chunk costs, few enough to hold several in memory."""

READ_BYTES = 1024 * 1024
"""Bytes of text that are read at a time."""

RECORD_LINES = 4


class Chunk(NamedTuple):
    """Some candidates.

    Attributes:
        text: their records as the screen wrote them; only of a damaged file is the last one not whole.
        before: records in the file before these.
    """

    text: bytes
    before: int


def read_chunks(path: Path, structures: ReadStructures) -> Iterator[Chunk]:
    """Read the candidates that `aspsfusion screen` or `extract` wrote.

    Raises:
        ReadsError: see `read_candidates`.
        ParameterError: the same.
    """
    with open_reads(path) as stream:
        text, before = b"", 0
        while more := _read(stream, path, structures):
            text += more
            while end := _end_of_chunk(text):
                yield Chunk(text[:end], before)
                before += text.count(b"\n", 0, end) // RECORD_LINES
                text = text[end:]
        if text:
            yield Chunk(text, before)


def _end_of_chunk(text: bytes) -> int:
    """Return where the first chunk of a text ends; 0 where more of the text is needed to tell."""
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n"))
    if not ends.size:
        return 0
    first = read_header(text[: ends[0]])
    lines = FRAGMENTS * RECORD_LINES * (BOTH_ENDS if first and first.mate else 1)
    if ends.size <= lines:
        return 0
    following = read_header(text[ends[lines - 1] + 1 : ends[lines]])
    if following and following.mate == BOTH_ENDS:  # there are single reads among the pairs
        lines += RECORD_LINES
    return int(ends[lines - 1]) + 1 if ends.size >= lines else 0


def _read(stream: BinaryIO, path: Path, structures: ReadStructures) -> bytes:
    """Return the next bytes of a file, none at its end.

    Raises:
        ReadsError: the file is damaged; the error is that of reading it line by line.
    """
    try:
        return stream.read(READ_BYTES)
    except DAMAGED:
        for _ in read_candidates(path, CandidateMetrics(), structures):
            pass
        raise
