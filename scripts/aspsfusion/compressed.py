"""Opens files that may be compressed, and knows how a damaged one shows itself."""

import lzma
import sys
import zlib
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from isal import igzip
from isal.isal_zlib import IsalError
from xopen import xopen

# The module that xopen itself uses.
if sys.version_info >= (3, 14):
    from compression.zstd import ZstdError
else:
    from backports.zstd import ZstdError

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


def open_inflated(path: Path) -> BinaryIO:
    """Open a plain, gzip, bgzip, bzip2, xz or zstandard file for reading its inflated bytes.

    The compression is told from the content, not from the name.

    Raises:
        OSError: the file can not be opened.
    """
    # Looked at without being taken away, so that a pipe (`<(...)` in a shell) can be read as well.
    raw = path.open("rb")
    magic = raw.peek(max(map(len, OTHER_MAGIC)))
    if magic.startswith(GZIP_MAGIC):
        inflated: Any = igzip.IGzipFile(fileobj=raw, mode="rb")
        inflated.myfileobj = raw  # what the class itself does with a file that it opens: both are closed
        return cast(BinaryIO, inflated)
    # xopen by itself would trust the name before the content.
    for first_bytes, name in OTHER_MAGIC.items():
        if magic.startswith(first_bytes):
            raw.close()
            return xopen(path, "rb", threads=0, format=name)
    return raw


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
