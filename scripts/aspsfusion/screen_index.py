"""What a panel directory holds for the screen: read without the rest of the panel, and made into a table.

The screen of a small sample is done in less time than reading the whole panel would take. A read is kept when
an ungapped match around a seed scores at least LEAST_SCORE; `docs/screen.md` has the study of the scores.
"""

import math
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.errors import PanelError
from aspsfusion.kernels import EMPTY
from aspsfusion.panel_layout import BUILD_AGAIN, KMER_TABLE, damage_named, require_files
from aspsfusion.screen_table import MAX_KMER_LENGTH, ScreenTable, both_strands, fill_kmers, fill_seeds, packed
from aspsfusion.vector_loads import LOAD_BYTES

LEAST_SCORE = 20
MISMATCH_PENALTY = 3
"""A match gives 1 and a mismatch takes 3. By chance a read of 100 nt reaches 20 on 600,000 panel bases and
their other strand with a probability of 1e-4 (Karlin and Altschul 1990, with lambda 1.374 and K 0.711 for
these scores and equal base frequencies), and every intact k-mer reaches it."""

MIN_TABLE_BITS = 12
"""log2 of the slots of the smallest hash table, 32 KiB: a smaller one would save nothing."""

FILTER_WORDS_BITS = 18
"""log2 of the filter's 32-bit words: 1 MiB, which stays in a core's second-level cache beside the reads."""

SLOTS_PER_ENTRY = 2
"""At most half of a hash table is used, so that a look-up seldom meets a slot that another entry took."""

FORMAT_VERSION = 3
"""Version of the stored table; a panel of another one has to be built again."""


@dataclass(frozen=True)
class PanelKmers:
    """The part of a panel that the screen needs, as it is stored.

    Attributes:
        k: length of the k-mers.
        kmers: sorted canonical k-mers (uint64).
        genes: gene number of each (uint16).
        text: the sequences that were looked through as PACKED_CODES, 4 in front, between and behind (uint8).
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
            if "format" not in data or int(data["format"]) != FORMAT_VERSION:
                return None
            return cls(
                int(data["k"]),
                data["kmers"],
                data["genes"],
                data["text"],
                int(data["seed_length"]),
                data["seed_positions"],
                tuple(data["symbols"].tolist()),
            )


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
    # The compiled loops count by gene number and do not look whether there is such a gene.
    if kmers.genes.size and int(kmers.genes.max()) >= len(kmers.symbols):
        raise PanelError("is damaged", path=directory / KMER_TABLE, remedy=BUILD_AGAIN)
    return ScreenIndex(kmers.symbols, build_table(kmers))


def build_table(panel: PanelKmers) -> ScreenTable:
    """Make the table in which the screen looks reads up.

    Raises:
        ValueError: the k-mers are longer than MAX_KMER_LENGTH.
    """
    if panel.k > MAX_KMER_LENGTH:
        raise ValueError(f"k-mers of {panel.k} nt are longer than {MAX_KMER_LENGTH} nt")
    keys = np.full(_slots(panel.kmers.size), EMPTY, dtype=np.uint64)
    fill_kmers(panel.kmers, panel.genes, keys)
    filter_words = np.zeros(1 << FILTER_WORDS_BITS, dtype=np.uint32)
    seeds = np.zeros(_slots(panel.seed_positions.size), dtype=np.uint64)
    text = both_strands(panel.text)
    packed_text = packed(text)
    places = panel.seed_positions + LOAD_BYTES
    fill_seeds(packed_text, text.size, places, panel.seed_length, filter_words, seeds)
    return ScreenTable(
        filter_words=filter_words,
        seeds=seeds,
        text=text,
        packed_text=packed_text,
        seed_length=panel.seed_length,
        least_score=LEAST_SCORE,
        mismatch_penalty=MISMATCH_PENALTY,
        filter_shift=_shift(filter_words.size, 32),
        seed_shift=_shift(seeds.size),
        key_shift=_shift(keys.size),
        keys=keys,
        k=panel.k,
    )


def _slots(entries: int) -> int:
    """Return the size of a hash table: a power of two, at most half full."""
    return 1 << max(MIN_TABLE_BITS, int(SLOTS_PER_ENTRY * max(1, entries) - 1).bit_length())


def _shift(size: int, bits: int = 64) -> int:
    return bits - int(math.log2(size))
