"""What the screen looks for: the panel's k-mers and seeds, and the table in which reads are looked up.

Two lengths have two jobs. The k-mers (KMER_LENGTH) say what belongs to the panel: sequence that occurs
nowhere else by chance, less the repeats. The seeds (SEED_LENGTH) are the shorter words at which a read is
compared with the panel's letters; each of them lies in a k-mer of the panel. A read is kept when an ungapped
match around a seed scores at least LEAST_SCORE. See `docs/screen.md` for how these were chosen.
"""

import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.kernels import BASE_CODES, EMPTY, canonical_kmers
from aspsfusion.match_kernels import match_reads, scratch_for
from aspsfusion.screen_table import PACKED_CODES, ScreenTable, both_strands, fill_kmers, fill_seeds, packed
from aspsfusion.vector_loads import LOAD_BYTES

KMER_LENGTH = 21
"""Odd, so that no k-mer is its own reverse complement. A panel of some 600,000 distinct 21-mers meets a
random read of 100 nt with a probability of 100 * 600000 / (4^21 / 2) = 3e-5."""

SEED_LENGTH = 13
"""Bases of a seed; at most 14, what 32 bits of packed bases hold at every second base. See `docs/screen.md`:
longer seeds lose more than one in a thousand single reads of 50 nt at junctions that are not listed, shorter
ones cost more comparisons."""

LEAST_SCORE = 20
MISMATCH_PENALTY = 3
"""A match gives 1 and a mismatch takes 3. By chance a read of 100 nt reaches 20 on 600,000 panel bases and
their other strand with a probability of 1e-4 (Karlin and Altschul 1990, with lambda 1.374 and K 0.711 for
these scores and equal base frequencies), and every intact k-mer reaches it."""

MIN_TABLE_BITS = 12
FILTER_WORDS_BITS = 18
"""log2 of the filter's 32-bit words: 1 MiB, which stays in a core's second-level cache beside the reads."""

SLOTS_PER_ENTRY = 2
MAX_CONTEXTS = 16
"""Places at which one seed is entered; a word that stands in more different surroundings is a repeat."""

CONTEXT = 10
"""Bases on both sides of a seed by which two places count as one: transcripts of a gene share their exons."""

REPEAT_PERIODS = (1, 2, 3)
"""A word that repeats itself with one of these periods is left out: poly-A tails and microsatellites would
let in a large part of any library."""

FORMAT_VERSION = 2
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
    """

    k: int
    kmers: npt.NDArray[np.uint64]
    genes: npt.NDArray[np.uint16]
    text: npt.NDArray[np.uint8]
    seed_length: int
    seed_positions: npt.NDArray[np.int64]

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
            )


def encode(sequence: str) -> npt.NDArray[np.uint8]:
    """Return the two-bit codes of a sequence, 4 for anything that is no base."""
    codes: npt.NDArray[np.uint8] = BASE_CODES[np.frombuffer(sequence.encode("ascii"), dtype=np.uint8)]
    return codes


def panel_kmers(
    pieces: Iterable[tuple[int, str]], k: int = KMER_LENGTH
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
    """Collect the distinct canonical k-mers of a panel.

    Args:
        pieces: gene number and sequence; a k-mer that several genes share counts for the first one.
        k: k-mer length.

    Returns:
        The k-mers, sorted, and the gene number of each; repetitive ones are left out.
    """
    all_kmers, all_genes = [np.empty(0, np.uint64)], [np.empty(0, np.uint16)]
    for gene, sequence in pieces:
        found = canonical_kmers(encode(sequence), k)
        found = found[found != EMPTY]
        all_kmers.append(found)
        all_genes.append(np.full(found.size, gene, np.uint16))
    kmers, first = np.unique(np.concatenate(all_kmers), return_index=True)
    genes = np.concatenate(all_genes)[first]
    keep = ~_repetitive(kmers, k)
    return kmers[keep], genes[keep]


def _repetitive(words: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.bool_]:
    """Tell which packed words repeat themselves with one of REPEAT_PERIODS."""
    found = np.zeros(words.size, dtype=bool)
    for period in REPEAT_PERIODS:
        mask = np.uint64((1 << (2 * (length - period))) - 1)
        found |= (words >> np.uint64(2 * period)) == (words & mask)
    return found


def index_panel(
    pieces: Sequence[tuple[int, str]],
    left_out: npt.NDArray[np.uint64] | None = None,
    k: int = KMER_LENGTH,
    seed_length: int = SEED_LENGTH,
) -> PanelKmers:
    """Make what the screen looks reads up in.

    Args:
        pieces: gene number and sequence, see `panel_kmers`.
        left_out: canonical k-mers that shall not count, for example because they are frequent elsewhere in
            the genome (uint64).
        k: k-mer length.
        seed_length: bases of a seed.

    Returns:
        The k-mers without those left out, and the seeds that lie within one of them.
    """
    kmers, genes = panel_kmers(pieces, k)
    if left_out is not None:
        wanted = ~np.isin(kmers, left_out)
        kmers, genes = kmers[wanted], genes[wanted]
    # One text, so that the k-mers of all pieces are found in one pass; no k-mer crosses the breaks.
    letters = f"-{'-'.join(sequence for _, sequence in pieces)}-"
    text = PACKED_CODES[np.frombuffer(letters.encode("ascii"), dtype=np.uint8)]
    starts = np.flatnonzero(np.isin(canonical_kmers(encode(letters), k), kmers))
    is_seed = np.zeros(text.size, dtype=bool)
    for offset in range(k - seed_length + 1):
        is_seed[starts + offset] = True
    positions = _distinct(text, np.flatnonzero(is_seed), seed_length)
    return PanelKmers(k, kmers, genes, text, seed_length, positions)


def _distinct(
    text: npt.NDArray[np.uint8], positions: npt.NDArray[np.int64], length: int
) -> npt.NDArray[np.int64]:
    """Return the positions without repetitive words and without places that look alike all around."""
    if not positions.size:
        return positions
    words: npt.NDArray[np.uint64] = np.zeros(positions.size, dtype=np.uint64)
    for i in range(length):
        words = (words << np.uint64(2)) | text[positions + i]
    plain = ~_repetitive(words, length)
    positions, words = positions[plain], words[plain]
    around = words.copy()
    for offset in (*range(-CONTEXT, 0), *range(length, length + CONTEXT)):
        # Five letters, the break included; what overflows is mixed in well enough to tell places apart.
        letter = text[np.clip(positions + offset, 0, text.size - 1)]
        around = around * np.uint64(0x9E3779B97F4A7C15) + letter + np.uint64(1)
    first = np.sort(np.unique(around, return_index=True)[1])
    positions, words = positions[first], words[first]
    order = np.argsort(words, kind="stable")
    _, begins = np.unique(words[order], return_index=True)
    rank = np.arange(order.size) - np.repeat(begins, np.diff([*begins, order.size]))
    return np.sort(positions[order[rank < MAX_CONTEXTS]])


def build_table(panel: PanelKmers) -> ScreenTable:
    """Make the table in which the screen looks reads up."""
    keys = np.full(_slots(panel.kmers.size), EMPTY, dtype=np.uint64)
    genes = np.zeros(keys.size, dtype=np.uint16)
    fill_kmers(panel.kmers, panel.genes, keys, genes)
    filter_words = np.zeros(1 << FILTER_WORDS_BITS, dtype=np.uint32)
    seeds = np.zeros(_slots(panel.seed_positions.size), dtype=np.uint64)
    text = both_strands(panel.text)
    fill_seeds(text, panel.seed_positions + LOAD_BYTES, panel.seed_length, filter_words, seeds)
    return ScreenTable(
        filter_words=filter_words,
        seeds=seeds,
        text=text,
        packed_text=packed(text),
        seed_length=panel.seed_length,
        least_score=LEAST_SCORE,
        mismatch_penalty=MISMATCH_PENALTY,
        filter_shift=_shift(filter_words.size, 32),
        seed_shift=_shift(seeds.size),
        key_shift=_shift(keys.size),
        keys=keys,
        genes=genes,
        k=panel.k,
    )


def _slots(entries: int) -> int:
    """Return the size of a hash table: a power of two, at most half full."""
    return 1 << max(MIN_TABLE_BITS, int(SLOTS_PER_ENTRY * max(1, entries) - 1).bit_length())


def _shift(size: int, bits: int = 64) -> int:
    return bits - int(math.log2(size))


def kept_reads(reads: Sequence[bytes], table: ScreenTable) -> npt.NDArray[np.bool_]:
    """Tell of each read whether the screen keeps it.

    For readers of other formats than FASTQ. The answer is that of `aspsfusion screen` for the same bases,
    whichever strand they are given on.

    Args:
        reads: bases, upper or lower case; a block of some thousand reads at a time is fast.
        table: see `build_table`.
    """
    starts = np.zeros(len(reads) + 1, dtype=np.int64)
    starts[1:] = np.cumsum([len(read) for read in reads])
    buffer = np.frombuffer(bytearray(b"".join([*reads, bytes(LOAD_BYTES)])), dtype=np.uint8)
    longest = max((len(read) for read in reads), default=0)
    kept = np.zeros(len(reads), dtype=bool)
    match_reads(buffer, starts[:-1], starts[1:], 0, len(reads), table, scratch_for(longest), kept)
    return kept
