"""What a panel directory holds for the screen: read without the rest of the panel, and made into a table.

The screen of a small sample is done in less time than reading the whole panel would take. A read is kept when
an ungapped match around a seed scores at least LEAST_SCORE; `docs/screen.md` has the study of the scores.
"""

import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.native import DamagedPanelError, ScreenTable
from aspsfusion.panel.layout import BUILD_AGAIN, KMER_TABLE, damage_named, require_files

PACKED_CODES = np.full(256, 4, dtype=np.uint8)
"""Two-bit codes of the panel's text, 4 for what is no base: A 0, C 1, T 2, G 3; complement: bit 1."""
for _letter in "ACGTUacgtu":
    PACKED_CODES[ord(_letter)] = (ord(_letter) >> 1) & 3

LEAST_SCORE = 20
MISMATCH_PENALTY = 3
"""A match gives 1 and a mismatch takes 3. By chance a read of 100 nt reaches 20 on 600,000 panel bases and
their other strand with a probability of 1e-4 (Karlin and Altschul 1990, with lambda 1.374 and K 0.711 for
these scores and equal base frequencies), and every intact k-mer reaches it."""

FORMAT_VERSION = 3
"""Version of the stored table; a panel of another one has to be built again."""


@dataclass(frozen=True)
class PanelKmers:
    """The part of a panel that the screen needs, as it is stored.

    Attributes:
        k: length of the k-mers.
        kmers: sorted canonical k-mers (uint64).
        genes: gene number of each (uint16).
        text: the sequences that were looked through as PACKED_CODES, 4 in front, between and after (uint8).
        seed_length: bases of a seed.
        seed_positions: where in the text a seed begins, ascending (int64).
        symbols: of the genes by number.
    """

    k: int
    kmers: npt.NDArray[np.uint64]
    genes: npt.NDArray[np.uint16]
    text: npt.NDArray[np.uint8]
    seed_length: int
    seed_positions: npt.NDArray[np.int64]
    symbols: tuple[str, ...] = ()

    def save(self, path: Path) -> None:
        """Write the table."""
        np.savez(
            path,
            format=np.int64(FORMAT_VERSION),
            k=np.int64(self.k),
            kmers=self.kmers,
            genes=self.genes,
            text=self.text,
            seed_length=np.int64(self.seed_length),
            seed_positions=self.seed_positions,
            symbols=np.array(self.symbols, dtype=np.str_),
        )

    @classmethod
    def load(cls, path: Path) -> "PanelKmers | None":
        """Read a table; None when it is one of another format.

        Raises:
            ValueError, LookupError, EOFError, zipfile.BadZipFile, zlib.error: it is damaged.
        """
        with path.open("rb") as stream, np.load(stream) as data:
            if isinstance(data, np.ndarray):
                raise zipfile.BadZipFile("not an archive of arrays")
            if "format" not in data or _number(data["format"]) != FORMAT_VERSION:
                return None
            symbols = data["symbols"]
            if symbols.dtype.kind != "U" or symbols.ndim != 1:
                raise ValueError("names of genes that are no list of words")
            return cls(
                _number(data["k"]),
                data["kmers"],
                data["genes"],
                data["text"],
                _number(data["seed_length"]),
                data["seed_positions"],
                tuple(symbols.tolist()),
            )


def _number(stored: npt.NDArray[Any]) -> int:
    if stored.dtype.kind not in "iu" or stored.ndim:
        raise ValueError("a length that is no whole number")
    return int(stored)


class ScreenIndex(NamedTuple):
    """What the screen needs of a panel.

    Attributes:
        symbols: of the panel's genes by number.
        table: in which reads are looked up.
    """

    symbols: tuple[str, ...]
    table: ScreenTable


def read_kmers(directory: Path) -> PanelKmers:
    """Return what the screen looks for from a panel directory.

    Raises:
        PanelError: the table is missing or damaged, or another version of the program wrote it.
    """
    require_files(directory, [KMER_TABLE])
    path = directory / KMER_TABLE
    with damage_named(path):
        found = PanelKmers.load(path)
    if found is None:
        raise PanelError("was written by another version of aspsfusion", path=path, remedy=BUILD_AGAIN)
    return found


def load_screen_index(directory: Path) -> ScreenIndex:
    """Return what the screen needs from a panel directory.

    A process that screens many samples makes it once, as long as the file does not change.

    Raises:
        PanelError: see `read_kmers`.
    """
    require_files(directory, [KMER_TABLE])
    stat = (directory / KMER_TABLE).stat()
    return _screen_index(directory, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=1)
def _screen_index(directory: Path, changed: int, size: int) -> ScreenIndex:
    kmers = read_kmers(directory)
    try:
        return ScreenIndex(kmers.symbols, build_table(kmers, len(kmers.symbols)))
    except DamagedPanelError as error:
        raise PanelError(f"is damaged: {error}", path=directory / KMER_TABLE, remedy=BUILD_AGAIN) from error


def build_table(panel: PanelKmers, genes: int | None = None) -> ScreenTable:
    """Make the table in which the screen looks reads up.

    Args:
        panel: what a panel directory stores; all of it is checked, since a damaged file may hold anything.
        genes: number of genes; None for as many as the k-mers name.

    Raises:
        DamagedPanelError: k-mers, genes, text or seeds cannot be right.
    """
    return ScreenTable(
        k=panel.k,
        kmers=panel.kmers,
        kmer_genes=panel.genes,
        genes=int(panel.genes.max(initial=0)) + 1 if genes is None else genes,
        text=panel.text,
        seed_length=panel.seed_length,
        seed_positions=panel.seed_positions,
        least_score=LEAST_SCORE,
        mismatch_penalty=MISMATCH_PENALTY,
    )
