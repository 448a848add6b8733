"""Opens files that may be compressed, and knows how a damaged one shows itself."""

import zlib
from pathlib import Path
from typing import BinaryIO, cast

from isal import igzip
from isal.isal_zlib import IsalError
from xopen import xopen

GZIP_MAGIC = b"\x1f\x8b"

DAMAGED: tuple[type[Exception], ...] = (
    EOFError,
    zlib.error,
    cast(type[Exception], IsalError),
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
    with path.open("rb") as raw:
        magic = raw.read(len(GZIP_MAGIC))
    if magic == GZIP_MAGIC:
        return cast(BinaryIO, igzip.open(path, "rb"))
    return xopen(path, "rb", threads=0)
