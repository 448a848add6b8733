"""Takes checksums of files, and compares them with what a checksum file beside one says.

A file whose records were cut off between two of them, or that was joined to itself, reads like a whole one.
Where a sequencing centre has sent its checksums along, they tell.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from aspsfusion.errors import ReadsError

READ_BYTES = 1 << 20

LARGEST_LIST = 1 << 20
"""Bytes of a checksum file that is read: some ten thousand lines."""

_OF_A_LIST = re.compile(r"md5|sha-?256|checksum", re.IGNORECASE)
"""In the names of checksum files: `R1.fastq.gz.md5`, `MD5.txt`, `md5sum.txt`, `SHA256SUMS`."""

_LINE = re.compile(r"(?P<sum>[0-9a-fA-F]{64}|[0-9a-fA-F]{32})(?:[ \t]+\*?(?P<name>.+))?")
"""A line as `md5sum` and `sha256sum` write it; a checksum alone where the list is of one file."""

_TAGGED = re.compile(r"(?:MD5|SHA2?-?256) ?\((?P<name>.+)\) ?= ?(?P<sum>[0-9a-fA-F]{64}|[0-9a-fA-F]{32})")
"""The same with `--tag`, as BSD has it."""

MD5_DIGITS = 32


class Content(NamedTuple):
    """What a file holds, whatever its name and times.

    Attributes:
        md5: MD5 in the same; empty where nobody asked.
    """

    bytes: int
    sha256: str
    md5: str = ""


class Stated(NamedTuple):
    """What a checksum file says of another file: MD5 or SHA-256 by its length."""

    checksum: str
    source: Path

    @property
    def is_md5(self) -> bool:
        """Whether it is an MD5."""
        return len(self.checksum) == MD5_DIGITS


class Digest:
    """Takes the checksums of bytes that come piece by piece; an MD5 where one is wanted."""

    def __init__(self, *, md5: bool = False) -> None:
        self._count = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False) if md5 else None

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        self._count += len(data)
        self._sha256.update(data)
        if self._md5:
            self._md5.update(data)

    def content(self) -> Content:
        """Return the checksums of what has come."""
        return Content(self._count, self._sha256.hexdigest(), self._md5.hexdigest() if self._md5 else "")


def content_of(path: Path, *, md5: bool = False) -> Content:
    """Read a file for its size and checksums.

    Raises:
        OSError: it cannot be read.
    """
    digest = Digest(md5=md5)
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(READ_BYTES):
            digest.update(piece)
    return digest.content()


def stated_checksum(path: Path) -> Stated | None:
    """Return what a checksum file in the same directory says of a file; None where there is none.

    The checksum file of the name itself, such as `R1.fastq.gz.md5`, comes first. In a list a file is found by
    its path, or by its name where only one line has it.
    """
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(entry.name for entry in entries if _OF_A_LIST.search(entry.name))
    except OSError:
        return None
    own = [name for name in names if name.startswith(f"{path.name}.")]
    for name in [*own, *(name for name in names if name not in own and name != path.name)]:
        source = path.parent / name
        lines = list(_lines(source))
        if name in own and len(lines) == 1:
            return Stated(lines[0][0], source)
        here = [checksum for checksum, file in lines if file and path.parent / file == path]
        alike = [checksum for checksum, file in lines if Path(file).name == path.name]
        found = here or (alike if len(alike) == 1 else [])
        if found:
            return Stated(found[0], source)
    return None


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Yield checksum and file of each line of a checksum file; nothing of a file that is none."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_LIST:
            return
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip()) or _TAGGED.fullmatch(line.strip())
        if found:
            yield found["sum"].lower(), (found["name"] or "").removeprefix("./")


def require_stated(path: Path, content: Content, stated: Stated | None) -> None:
    """Refuse a file that is another one than its checksum file says.

    Raises:
        ReadsError: the checksums differ.
    """
    if stated is None:
        return
    kind, found = ("MD5", content.md5) if stated.is_md5 else ("SHA-256", content.sha256)
    if found != stated.checksum:
        raise ReadsError(
            f"has the {kind} {found}, and {stated.source} says {stated.checksum}",
            path=path,
            remedy="copy the file again, or remove a checksum that is of another file",
        )
