"""What the screen looks for: which k-mers and seeds of a panel's sequences.

Two lengths have two jobs. The k-mers (KMER_LENGTH) say what belongs to the panel: sequence that occurs
nowhere else by chance, less the repeats. The seeds (SEED_LENGTH) are the shorter words at which a read is
compared with the panel's letters; each of them lies in a k-mer of the panel. See `docs/screen.md` for how
these were chosen.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.native import EMPTY, PanelKmers
from aspsfusion.native.genome import canonical_kmers
from aspsfusion.panel.screen_index import FORMAT_VERSION

PACKED_CODES = np.full(256, 4, dtype=np.uint8)
"""Two-bit codes of the panel's text, 4 for what is no base: A 0, C 1, T 2, G 3; complement: bit 1."""
for _letter in "ACGTUacgtu":
    PACKED_CODES[ord(_letter)] = (ord(_letter) >> 1) & 3

KMER_LENGTH = 21
"""Odd, so that no k-mer is its own reverse complement. A panel of some 600,000 distinct 21-mers meets a
random read of 100 nt with a probability of 100 * 600000 / (4^21 / 2) = 3e-5."""

SEED_LENGTH = 13
"""Bases of a seed; at most 14, what 32 bits of packed bases hold at every second base. See `docs/screen.md`:
longer seeds lose more than one in a thousand single reads of 50 nt at junctions that are not listed, shorter
ones cost more comparisons."""

MAX_CONTEXTS = 16
"""Places at which one seed is entered; a word that stands in more different surroundings is a repeat."""

CONTEXT = 10
"""Bases on both sides of a seed by which two places count as one: transcripts of a gene share their exons."""

REPEAT_PERIODS = (1, 2, 3)
"""A word that repeats itself with one of these periods is left out: poly-A tails and microsatellites would
let in a large part of any library."""


def panel_kmers(
    pieces: Iterable[tuple[int, str]], k: int = KMER_LENGTH
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint16]]:
    """Collect the distinct canonical k-mers of a panel, whose pieces are gene numbers and sequences.

    Returns:
        The k-mers without repetitive ones, sorted, and the gene number of each, that of the first of several.
    """
    all_kmers, all_genes = [np.empty(0, np.uint64)], [np.empty(0, np.uint16)]
    for gene, sequence in pieces:
        found = canonical_kmers(sequence.encode("ascii"), k)
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
    k: int = KMER_LENGTH,
    seed_length: int = SEED_LENGTH,
    *,
    symbols: Sequence[str] = (),
) -> PanelKmers:
    """Return the k-mers of `panel_kmers`, and the seeds that lie within one of them.

    The symbols are those of the genes by number.
    """
    kmers, genes = panel_kmers(pieces, k)
    # One text, so that the k-mers of all pieces are found in one pass; no k-mer crosses the breaks.
    letters = f"-{'-'.join(sequence for _, sequence in pieces)}-".encode("ascii")
    text = PACKED_CODES[np.frombuffer(letters, dtype=np.uint8)]
    starts = np.flatnonzero(np.isin(canonical_kmers(letters, k), kmers))
    is_seed = np.zeros(text.size, dtype=bool)
    for offset in range(k - seed_length + 1):
        is_seed[starts + offset] = True
    positions = _distinct(text, np.flatnonzero(is_seed), seed_length)
    return PanelKmers(k, kmers, genes, text, seed_length, positions, tuple(symbols))


def save_kmers(panel: PanelKmers, path: Path) -> None:
    """Write what `screen_index.load_kmers` reads."""
    np.savez(
        path,
        format=np.int64(FORMAT_VERSION),
        k=np.int64(panel.k),
        kmers=np.asarray(panel.kmers),
        genes=np.asarray(panel.genes),
        text=np.asarray(panel.text),
        seed_length=np.int64(panel.seed_length),
        seed_positions=np.asarray(panel.seed_positions),
        symbols=np.array(panel.symbols, dtype=np.str_),
    )


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
