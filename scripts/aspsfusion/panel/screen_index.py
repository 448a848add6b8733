"""The tables in which the screen looks reads up, and the compiled loops that fill them.

What a panel directory holds for the screen: read without the rest of the panel, and made into a table.

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

from aspsfusion.compiled import compiled
from aspsfusion.errors import PanelError
from aspsfusion.kernels import EMPTY, HASH_MULTIPLIER
from aspsfusion.panel.layout import BUILD_AGAIN, KMER_TABLE, damage_named, require_files
from aspsfusion.seed_vectors import COMPLEMENT, FILTER_BIT_SHIFTS, FILTER_MULTIPLIERS, LOW_BITS, reversed_bits
from aspsfusion.vector_loads import LOAD_BYTES, load_64, lowest_bit, prefetch

PACKED_CODES = np.full(256, 4, dtype=np.uint8)
"""Two-bit codes as `pack_bases` makes them, 4 for the rest: A 0, C 1, T 2, G 3; complement: bit 1."""
for _letter in "ACGTUacgtu":
    PACKED_CODES[ord(_letter)] = (ord(_letter) >> 1) & 3

NO_BASE = 4
"""Code of what is no base, and of the breaks between the panel's sequences."""

SEED_BITS = 32
"""Bits of a packed seed in the code below; its own are the lowest, two for each base."""

_ONE = np.uint64(1)
_WORD_MULTIPLIER, _BIT_MULTIPLIER = (np.uint32(number) for number in FILTER_MULTIPLIERS)
_COMPLEMENT, _LOW_BITS = np.uint32(COMPLEMENT), np.uint32(LOW_BITS)


class ScreenTable(NamedTuple):
    """What the screen looks reads up in.

    Attributes:
        filter_words: three bits of a word for each seed (uint32); the filter's size is a power of two.
        seeds: hash table of packed seeds, of a seed and its reverse complement the smaller one: seed + 1 in
            the upper 32 bits, place of the seed in `text` in the lower ones, 0 for a free slot (uint64).
        text: the panel's sequences as PACKED_CODES, NO_BASE between them, and behind these the reverse
            complement of all of it, so that a match on either strand runs forwards (uint8).
        packed_text: the same, four bases to a byte, what is no base as some base (uint8).
        seed_length: bases of a seed, at most 16.
        least_score: score from which a match counts.
        mismatch_penalty: what a mismatch costs, a match giving 1.
        filter_shift: 32 less the binary logarithm of the filter's number of words.
        seed_shift: 64 less the binary logarithm of the number of slots in `seeds`.
        key_shift: 64 less the binary logarithm of the number of slots in `keys`.
        keys: hash table of the panel's k-mers: the number of the gene from bit GENE_SHIFT on, and the k-mer
            below; EMPTY for a free slot (uint64).
        k: length of the k-mers in `keys`, at most MAX_KMER_LENGTH.
    """

    filter_words: npt.NDArray[np.uint32]
    seeds: npt.NDArray[np.uint64]
    text: npt.NDArray[np.uint8]
    packed_text: npt.NDArray[np.uint8]
    seed_length: int
    least_score: int
    mismatch_penalty: int
    filter_shift: int
    seed_shift: int
    key_shift: int
    keys: npt.NDArray[np.uint64]
    k: int


def both_strands(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return codes followed by their reverse complement, with room for a load of 64 on all sides.

    The base at a place has its complement at the last index less the place.

    Args:
        codes: PACKED_CODES of the panel's sequences.
    """
    room = np.full(LOAD_BYTES, NO_BASE, dtype=np.uint8)
    half = np.concatenate([room, codes, room])
    other = np.where(half < NO_BASE, half ^ 2, half)[::-1]
    return np.concatenate([half, other]).astype(np.uint8)


def packed(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return codes four to a byte, the first one in the lowest bits, with room for a load behind them."""
    rows = np.append(codes & 3, np.zeros(-codes.size % 4, dtype=np.uint8)).reshape(-1, 4)
    bytes_ = rows[:, 0] | rows[:, 1] << 2 | rows[:, 2] << 4 | rows[:, 3] << 6
    return np.append(bytes_, np.zeros(LOAD_BYTES, dtype=np.uint8)).astype(np.uint8)


@compiled
def reverse_complement(seed, length):  # type: ignore[no-untyped-def]
    """Return the reverse complement of a packed seed (uint32) of so many bases."""
    turned = np.uint32(reversed_bits(np.uint64(seed)) >> np.uint64(SEED_BITS))
    swapped = ((turned >> np.uint32(1)) & _LOW_BITS) | ((turned & _LOW_BITS) << np.uint32(1))
    return np.uint32(np.uint32(swapped ^ _COMPLEMENT) >> np.uint32(SEED_BITS - 2 * length))


@compiled
def slot_of(seed, shift):  # type: ignore[no-untyped-def]
    """Return where in the hash table to begin to look for a seed (uint32)."""
    return np.int64((np.uint64(seed) * HASH_MULTIPLIER) >> np.uint64(shift))


GENE_SHIFT = np.uint64(48)
"""A gene's number stands above the k-mer in one word, so that both come with one load from far memory."""

MAX_KMER_LENGTH = 23
"""Longest odd one of which two bits for each base lie below the gene's number."""

ENTRIES_AHEAD = 16
"""How many entries before its own a slot of a table is asked for: the tables do not fit a core's cache."""


@compiled
def fill_kmers(kmers, genes, keys):  # type: ignore[no-untyped-def]
    """Enter k-mers into an open-addressing hash table, in place.

    Args:
        kmers: distinct canonical k-mers (uint64).
        genes: gene number of each (uint16).
        keys: table of 2^n slots filled with EMPTY; at most half of it may become used.
    """
    slot_shift = np.uint64(64 - lowest_bit(np.uint64(keys.size)))
    last = keys.size - 1
    for i in range(kmers.size):
        ahead = min(i + ENTRIES_AHEAD, kmers.size - 1)
        prefetch(keys, np.int64((kmers[ahead] * HASH_MULTIPLIER) >> slot_shift))
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> slot_shift)
        while keys[slot] != EMPTY:
            slot = (slot + 1) & last
        keys[slot] = kmers[i] | (np.uint64(genes[i]) << GENE_SHIFT)


@compiled
def enter_in_filter(seed, filter_words, word_shift):  # type: ignore[no-untyped-def]
    """Set the bits of a seed in the filter, as `probes_in_filter` looks for them.

    Args:
        seed: of a packed seed and its reverse complement the smaller one (uint32).
        filter_words: 2^m words (uint32).
        word_shift: SEED_BITS less m (uint32).
    """
    second = np.uint32(seed * _BIT_MULTIPLIER)
    bits = np.uint32(0)
    for by in FILTER_BIT_SHIFTS:
        bits |= np.uint32(1) << ((second >> np.uint32(by)) & np.uint32(31))
    filter_words[np.uint32(seed * _WORD_MULTIPLIER) >> word_shift] |= bits


@compiled
def _packed_seed(packed_text, place, length):  # type: ignore[no-untyped-def]
    """Return the seed (uint32) of so many bases, at most 16, at a place of the packed text."""
    word = load_64(packed_text, place >> 2) >> np.uint64(2 * (place & 3))
    return np.uint32(word & ((_ONE << np.uint64(2 * length)) - _ONE))


@compiled
def fill_seeds(packed_text, size, places, length, filter_words, seeds):  # type: ignore[no-untyped-def]
    """Enter the seeds at the given places of the panel's text, in place.

    Args:
        packed_text: see ScreenTable.
        size: bases of the text.
        places: where in its first half seeds begin; their bases must all be bases (int64).
        length: bases of a seed, at most 16.
        filter_words: zeros, 2^m words.
        seeds: zeros, 2^n slots, at least twice the number of entries.
    """
    word_shift = np.uint32(SEED_BITS - lowest_bit(np.uint64(filter_words.size)))
    slot_shift = np.uint64(64 - lowest_bit(np.uint64(seeds.size)))
    last = seeds.size - 1
    for i in range(places.size):
        later = _packed_seed(packed_text, places[min(i + ENTRIES_AHEAD, places.size - 1)], length)
        prefetch(seeds, slot_of(min(later, reverse_complement(later, length)), slot_shift))
        place = places[i]
        seed = _packed_seed(packed_text, place, length)
        other = reverse_complement(seed, length)
        smaller = min(seed, other)
        enter_in_filter(smaller, filter_words, word_shift)
        # A seed that is its own reverse complement stands at both places.
        for turned in range(2):
            if (other < seed) if turned == 0 else (seed < other):
                continue
            where = size - length - place if turned else place
            slot = slot_of(smaller, slot_shift)
            while seeds[slot] != np.uint64(0):
                slot = (slot + 1) & last
            seeds[slot] = ((np.uint64(smaller) + _ONE) << np.uint64(SEED_BITS)) | np.uint64(where)


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
