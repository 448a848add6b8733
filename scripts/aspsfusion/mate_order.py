"""Notices mate files that were mixed up: one file in both places, or first and second mates exchanged.

Such a pair of files is in step and reads without an error, and what comes out of it is wrong.
"""

from itertools import islice
from pathlib import Path
from typing import BinaryIO

from aspsfusion.compressed import DAMAGED, open_inflated
from aspsfusion.errors import ReadsError

LOOKED_AT = 50
"""Pairs looked at: no library has this many pairs in a row whose mates are the same bases."""

_LINES_OF_A_RECORD = 4


def mate_number(header: bytes) -> int | None:
    """Return the mate number that a FASTQ header states, None when it states none.

    >>> mate_number(b"@A00:1:HX:1:1101:1:2 2:N:0:ACGT"), mate_number(b"@r1/1"), mate_number(b"@r1")
    (2, 1, None)
    """
    name, _, comment = header.strip().partition(b" ")
    for text, place in ((comment[:2], 0), (name[-2:], 1)):
        if text in (b"1:", b"2:", b"/1", b"/2"):
            return int(text[place : place + 1])
    return None


def require_mates(first: Path, second: Path) -> None:
    """Refuse a pair of files in which the second one does not hold the second mates.

    Damage is left to the screen, which names its place; pipes are not looked at, since they can be read once.

    Args:
        first: FASTQ of the first mates.
        second: FASTQ of the second mates.

    Raises:
        ReadsError: the two are one file or hold the same reads, or their names state other mate numbers.
    """
    if not (first.is_file() and second.is_file()):
        return
    if first.samefile(second):
        raise ReadsError(
            f"is the same file as {first}",
            path=second,
            remedy="give the file of the second mates, or the file alone for single reads",
        )
    mates = [_first_records(path) for path in (first, second)]
    for path, records, expected in zip((first, second), mates, (1, 2), strict=True):
        stated = {mate_number(header) for header, _ in records}
        if stated == {3 - expected}:
            raise ReadsError(
                f"holds mates {3 - expected} by the names of its reads, and was given as mates {expected}",
                path=path,
                where="record 1",
                remedy="give the file of the first mates first and that of the second mates second",
            )
    bases = [[sequence for _, sequence in records] for records in mates]
    if len(set(bases[0])) > 1 and bases[0] == bases[1]:
        raise ReadsError(
            f"holds the same reads as {first}", path=second, remedy="give the file of the second mates"
        )


def _first_records(path: Path) -> list[tuple[bytes, bytes]]:
    """Return header and bases of the first records, as far as they can be read."""
    try:
        with open_inflated(path) as stream:
            return _parse(stream)
    except DAMAGED:
        return []


def _parse(stream: BinaryIO) -> list[tuple[bytes, bytes]]:
    lines = list(islice(stream, LOOKED_AT * _LINES_OF_A_RECORD))
    return [(lines[i], lines[i + 1].strip()) for i in range(0, len(lines) - 1, _LINES_OF_A_RECORD)]
