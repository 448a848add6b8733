"""Opens files that may be compressed, and knows how a damaged one shows itself."""

import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from isal import igzip, igzip_lib
from isal.isal_zlib import IsalError

# The module that xopen itself uses.
if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError
else:
    from backports.zstd import ZstdError

from aspsfusion.errors import AspsfusionError, reason_of
from aspsfusion.io.checksums import Content, Digest

STANDARD_INPUT = Path("-")
"""The path that stands for standard input."""

GZIP_MAGIC = b"\x1f\x8b"

OTHER_MAGIC: dict[bytes, Literal["bz2", "xz", "zst"]] = {
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}
"""First bytes of the other formats, with the names that xopen has for them."""

DAMAGED: tuple[type[Exception], ...] = (
    EOFError,
    zlib.error,
    cast(type[Exception], IsalError),
    lzma.LZMAError,
    ZstdError,
    OSError,
    ValueError,
)
"""What reading a truncated or damaged compressed file raises."""

READ_BYTES = 128 * 1024
"""Compressed bytes that are read at a time: some members of a bgzip file, which are copied once more each."""

LOOK_BYTES = 512 * 1024
"""Inflated bytes that are looked at together for damage."""


def open_inflated(path: Path) -> BinaryIO:
    """Open a plain, gzip, bgzip, bzip2, xz or zstandard file for reading its inflated bytes.

    The compression is told from the content, not from the name.

    Raises:
        OSError: the file cannot be opened.
    """
    raw: Any = path.open("rb")
    name = _other_format(raw)
    if name and path.is_file():
        raw.close()  # xopen closes only what it opened itself
        return _opened(path, name)
    inflated = _inflated(raw)
    if isinstance(inflated, igzip.IGzipFile):
        inflated.myfileobj = raw  # what the class itself does with a file that it opens: both are closed
    return cast(BinaryIO, inflated)


@contextmanager
def named_damage(path: Path, error: type[AspsfusionError], kind: str) -> Iterator[BinaryIO]:
    """Open a file as `open_inflated` does, and turn what a missing or damaged one raises into a user's error.

    The remedy names the kind of file that is wanted.
    """
    try:
        stream = open_inflated(path)
    except OSError as problem:
        raise error(
            f"cannot be read ({reason_of(problem)})", path=path, remedy=f"give the path of {kind}"
        ) from problem
    with stream:
        try:
            yield stream
        except DAMAGED as problem:
            raise error(
                f"is a truncated or damaged {compression_name(path)} file ({problem})",
                path=path,
                remedy="copy or download it again",
            ) from problem


def _starts_with(raw: Any, magic: bytes) -> bool:
    # Looked at without being taken away, so that a pipe (`<(...)` in a shell) can be read as well.
    return bool(raw.peek(len(magic)).startswith(magic))


def _other_format(raw: Any) -> Literal["bz2", "xz", "zst"] | None:
    return next((name for magic, name in OTHER_MAGIC.items() if _starts_with(raw, magic)), None)


def _inflated(raw: Any) -> Any:
    if _starts_with(raw, GZIP_MAGIC):
        return igzip.IGzipFile(fileobj=raw, mode="rb")
    name = _other_format(raw)
    return _opened(raw, name) if name else raw


def _opened(source: Any, name: Literal["bz2", "xz", "zst"]) -> BinaryIO:
    """Open a file of another format than gzip."""
    from xopen import xopen  # here, because it takes longer to import than a small file to read

    # By itself it would trust the name before the content.
    return xopen(source, "rb", threads=0, format=name)


def compression_name(path: Path) -> str:
    """Return the name of a file's compression for messages, told from its first bytes.

    A pipe is not opened a second time: that could wait for a writer for ever.
    """
    magic = b""
    if path.is_file():
        with path.open("rb") as stream:
            magic = stream.read(max(map(len, OTHER_MAGIC)))
    names = {"bz2": "bzip2", "xz": "xz", "zst": "zstandard"}
    other = next((names[name] for first, name in OTHER_MAGIC.items() if magic.startswith(first)), None)
    return other or ("gzip" if magic.startswith(GZIP_MAGIC) else "compressed")


class _GzipMembers:
    """The members of a gzip file, one after the other.

    Unlike IGzipFile, it gives all that comes before the place where a file is cut off. The file stays open.
    """

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._rest = b""
        self._begin_member()

    def _begin_member(self) -> None:
        self._member = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    def _at_end(self) -> bool:
        """Tell whether no member follows; zeros between and after members are padding."""
        self._rest = self._member.unused_data.lstrip(b"\0")
        while not self._rest:
            fresh = self._raw.read(READ_BYTES)
            if not fresh:
                return True
            self._rest = fresh.lstrip(b"\0")
        return False

    def readinto(self, room: memoryview) -> int:
        """Fill some of the memory with the next inflated bytes; returns how many, 0 at the end.

        Raises:
            EOFError: the file is cut off.
            IsalError: the compressed data are damaged; what this call inflated is lost.
        """
        while True:
            if self._member.eof:
                if self._at_end():
                    return 0
                self._begin_member()
            fresh = b""
            if self._member.needs_input:
                fresh, self._rest = self._rest or self._raw.read(READ_BYTES), b""
                if not fresh:
                    raise EOFError("Compressed file ended before the end-of-stream marker was reached")
            inflated = self._member.decompress(fresh, len(room))
            if inflated:
                room[: len(inflated)] = inflated
                return len(inflated)

    def close(self) -> None:
        """Do nothing: the compressed file is its owner's."""


class _Digested(io.FileIO):
    """A file whose checksum is taken of the bytes that are read from it, from its beginning on."""

    def __init__(self, file: Path | int, digest: Digest, *, closefd: bool = True) -> None:
        super().__init__(file, "rb", closefd=closefd)
        self._digest = digest

    def readinto(self, room: Any) -> int | None:
        count = super().readinto(room)
        if count:
            self._digest.update(memoryview(room)[:count])
        return count


class InflatedFile:
    """A file read straight into the caller's memory, whatever its compression.

    Args:
        path: the file, or STANDARD_INPUT.
        md5: whether its MD5 is wanted besides the SHA-256.

    Attributes:
        size: bytes of the file as it lies on the disk; None for a pipe.
        damage: what is wrong with the compressed data after the bytes handed out, once it is known.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, *, md5: bool = False) -> None:
        self._path = path
        self._digest = Digest(md5=md5)
        pipe = path == STANDARD_INPUT
        self._raw: Any = io.BufferedReader(
            _Digested(0 if pipe else path, self._digest, closefd=not pipe), READ_BYTES
        )
        self.size = path.stat().st_size if path.is_file() else None
        self._taken = 0
        self.damage: Exception | None = None
        is_gzip = _starts_with(self._raw, GZIP_MAGIC)
        self._inflated: Any = _GzipMembers(self._raw) if is_gzip else _inflated(self._raw)

    def readinto(self, room: memoryview) -> int:
        """Fill memory with the next inflated bytes and return how many there were; 0 at the end.

        Raises:
            One of DAMAGED: the compressed data are damaged; nothing that stands in the memory counts.
        """
        if self.damage is not None:
            raise self.damage
        count = 0
        while count < len(room):
            try:
                fresh = int(self._inflated.readinto(room[count:]))
            except DAMAGED as error:
                self.damage = error
                if not count:
                    raise
                break  # the next call tells: what came before is good
            if not fresh:
                break
            count += fresh
            self._taken += fresh
        return count

    def damage_within(self, limit: int) -> Exception | None:
        """Read on, so many inflated bytes, and return what shows that the compressed data are damaged."""
        room = memoryview(bytearray(LOOK_BYTES))
        try:
            while self.damage is None and limit > 0 and (count := self.readinto(room)):
                limit -= count
        except DAMAGED:
            pass
        return self.damage

    def before_damage(self, room: memoryview) -> int:
        """Fill memory with what a `readinto` that raised could still inflate; return how many bytes.

        The file is read again from its beginning, in small pieces after the last good byte. A pipe cannot
        be read again and gives 0.
        """
        if self.size is None:
            return 0
        again = InflatedFile(self._path)
        count = 0
        try:
            while again._taken < self._taken:
                if not again.readinto(room[: self._taken - again._taken]):
                    return 0
            while count < len(room):
                # Byte by byte: a call that raises does not say how far it came.
                got = again.readinto(room[count : count + 1])
                if not got:
                    break
                count += got
        except DAMAGED:
            pass
        finally:
            again.close()
        return count

    def position(self) -> int:
        """Return how many compressed bytes have been read; 0 when the system cannot say."""
        try:
            return int(self._raw.tell())
        except (OSError, ValueError):
            return 0

    def content(self) -> Content:
        """Return size and checksum of the whole file, whose end has been reached.

        What comes after the compressed data is read for it.

        Raises:
            OSError: the file cannot be read.
        """
        while self._raw.read(READ_BYTES):
            pass
        return self._digest.content()

    def close(self) -> None:
        """Close the file."""
        self._inflated.close()
        self._raw.close()
