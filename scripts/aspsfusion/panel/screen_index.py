"""What a panel directory holds for the screen: read without the rest of the panel, and made into a table.

The screen of a small sample is done in less time than reading the whole panel would take. A read is kept when
an ungapped match around a seed scores at least LEAST_SCORE; `docs/screen.md` has the study of the scores.
"""

import re
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from aspsfusion.errors import PanelError
from aspsfusion.native import DamagedPanelError, PanelKmers, ScreenTable
from aspsfusion.panel.layout import (
    BUILD_AGAIN,
    KMER_TABLE,
    PROVENANCE,
    damage_named,
    file_states,
    require_files,
)
from aspsfusion.panel.seal import read_provenance, require_intact

LEAST_SCORE = 20
MISMATCH_PENALTY = 3
"""A match gives 1 and a mismatch takes 3. By chance a read of 100 nt reaches 20 on 600,000 panel bases and
their other strand with a probability of 1e-4 (Karlin and Altschul 1990, with lambda 1.374 and K 0.711 for
these scores and equal base frequencies), and every intact k-mer reaches it."""

FORMAT_VERSION = 3
"""Version of the stored table; a panel of another one has to be built again."""


def load_kmers(path: Path) -> PanelKmers | None:
    """Read a table that `kmers.save_kmers` wrote; None when it is one of another format.

    Raises:
        ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error: it is damaged.
    """
    with zipfile.ZipFile(path) as archive:
        if "format.npy" not in archive.namelist() or _number(archive, "format") != FORMAT_VERSION:
            return None
        return PanelKmers(
            _number(archive, "k"),
            _row(archive, "kmers", "<u8").cast("Q"),
            _row(archive, "genes", "<u2").cast("H"),
            _row(archive, "text", "|u1"),
            _number(archive, "seed_length"),
            _row(archive, "seed_positions", "<i8").cast("q"),
            _words(archive, "symbols"),
        )


# NumPy's own reader would do, but importing it takes longer than screening a small sample.

_ARRAY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '(\S+)', 'fortran_order': False, 'shape': \((\d+,)?\), \} *\n", re.DOTALL
)
"""Head of an array of one dimension, or of a number, in format 1.0 of numpy.lib.format."""


def _stored(archive: zipfile.ZipFile, name: str) -> tuple[str, bool, memoryview]:
    """Return what NumPy calls an array's type, whether it is an array and no number, and its bytes."""
    stored = bytearray(archive.read(f"{name}.npy"))
    head = _ARRAY.match(stored)
    if head is None:
        raise ValueError(f"{name} is no array of one dimension")
    return head[1].decode("ascii"), head[2] is not None, memoryview(stored)[head.end() :]


def _row(archive: zipfile.ZipFile, name: str, kind: str) -> memoryview:
    found, is_row, data = _stored(archive, name)
    if not is_row or found != kind:
        raise ValueError(f"{name} is no array of {kind}")
    return data


def _number(archive: zipfile.ZipFile, name: str) -> int:
    kind, is_row, data = _stored(archive, name)
    if is_row or kind != "<i8":
        raise ValueError(f"{name} is no whole number")
    return int.from_bytes(data, "little", signed=True)


def _words(archive: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    kind, is_row, data = _stored(archive, name)
    if not is_row or not kind.startswith("<U"):
        raise ValueError(f"{name} is no list of words")
    width = 4 * int(kind.removeprefix("<U"))
    words = (bytes(data[at : at + width]).decode("utf-32-le") for at in range(0, len(data), width))
    return tuple(word.rstrip("\0") for word in words)


class ScreenIndex(NamedTuple):
    """What the screen needs of a panel.

    Attributes:
        symbols: of the panel's genes by number.
    """

    symbols: tuple[str, ...]
    table: ScreenTable


def read_kmers(directory: Path) -> PanelKmers:
    """Return what the screen looks for from a panel directory.

    Raises:
        PanelError: the table is missing, changed or damaged, or another version of the program wrote it.
    """
    require_files(directory, [KMER_TABLE])
    require_intact(directory, read_provenance(directory), [KMER_TABLE])
    path = directory / KMER_TABLE
    with damage_named(path):
        found = load_kmers(path)
    if found is None:
        raise PanelError("was written by another version of aspsfusion", path=path, remedy=BUILD_AGAIN)
    return found


def load_screen_index(directory: Path) -> ScreenIndex:
    """Return what the screen needs from a panel directory.

    A process that screens many samples makes it once, as long as its files do not change.

    Raises:
        PanelError: see `read_kmers`.
    """
    return _screen_index(directory, file_states([directory / KMER_TABLE, directory / PROVENANCE]))


@lru_cache(maxsize=1)
def _screen_index(directory: Path, files: tuple[tuple[int, ...], ...]) -> ScreenIndex:
    kmers = read_kmers(directory)
    try:
        table = ScreenTable(kmers, len(kmers.symbols), LEAST_SCORE, MISMATCH_PENALTY)
    except DamagedPanelError as error:
        raise PanelError(f"is damaged: {error}", path=directory / KMER_TABLE, remedy=BUILD_AGAIN) from error
    return ScreenIndex(kmers.symbols, table)
