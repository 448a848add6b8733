"""Holds the alignment records of a sample as compressed text, in parts of whole fragments.

A part is what a process sends to another one, and takes a fraction of the memory of the records as objects.
What is written to a file for a viewer is this text but for names.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pysam

COMPRESSION = 1
"""The fastest level: a third of the time of the usual one."""


@dataclass(frozen=True)
class Records:
    """The records of a sample.

    Attributes:
        header: of a SAM file, as pysam has it.
        parts: records as `packed` gives them; those of a fragment follow each other in one part.
    """

    header: dict[str, Any]
    parts: list[bytes]

    def lines(self) -> Iterator[str]:
        """Yield each record as a line of a SAM file, without its end."""
        for part in self.parts:
            yield from unpacked(part)


def packed(records: Iterable[pysam.AlignedSegment]) -> bytes:
    """Return records as a part."""
    text = "".join(f"{record.to_string()}\n" for record in records)
    return zlib.compress(text.encode("utf-8"), COMPRESSION)


def unpacked(part: bytes) -> list[str]:
    """Return the lines of a part, without their ends."""
    return zlib.decompress(part).decode("utf-8").split("\n")[:-1]
