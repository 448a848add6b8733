"""K-mers of sequences (align.c), and one pass over a genome (genome.c): arrays are NumPy's."""

import numpy as np
import numpy.typing as npt

from aspsfusion.native.library import LOOPS, require_ok


def canonical_kmers(sequence: bytes, k: int) -> npt.NDArray[np.uint64]:
    """Return the canonical k-mer that starts at each base, EMPTY where it holds a letter that is not a base.

    Args:
        sequence: letters; A, C, G, T and U in upper or lower case are bases.
        k: k-mer length, odd and below 32, so that no k-mer is its own reverse complement.

    Returns:
        Array of length max(0, len(sequence) - k + 1): two bits for each base, A 0, C 1, G 2, T 3, the first
        base highest.
    """
    kmers = np.empty(max(0, len(sequence) - k + 1), dtype=np.uint64)
    require_ok(LOOPS.canonical_kmers(sequence, len(sequence), k, kmers, kmers.size))
    return kmers


def enter_kmers(
    kmers: npt.NDArray[np.uint64], keys: npt.NDArray[np.uint64], slots: npt.NDArray[np.int64]
) -> None:
    """Fill a hash table with k-mers.

    Args:
        kmers: distinct canonical k-mers.
        keys: out, table of 2^n slots, at most half of which may become used; a free one is EMPTY.
        slots: out, the slot of each k-mer.
    """
    require_ok(LOOPS.enter_kmers(kmers, kmers.size, keys, keys.size, slots, slots.size))


def enter_seeds(kmers: npt.NDArray[np.uint64], k: int, filter_words: npt.NDArray[np.uint32]) -> None:
    """Fill a filter with the seeds that k-mers have on either strand.

    Args:
        kmers: canonical k-mers.
        k: their length, odd, from 5 to 27.
        filter_words: out, 2^m words.
    """
    require_ok(LOOPS.enter_seeds(kmers, kmers.size, k, filter_words, filter_words.size))


def count_places(
    letters: npt.NDArray[np.uint8],
    size: int,
    k: int,
    keys: npt.NDArray[np.uint64],
    filter_words: npt.NDArray[np.uint32],
    counts: npt.NDArray[np.int64],
) -> None:
    """Count on both strands at which places of a stretch of a contig k-mers occur.

    Args:
        letters: the stretch, with 2 * LOAD_BYTES more bytes after it.
        size: letters of it that count.
        k: k-mer length, odd, so that a place is never counted for both strands; from 5 to 27.
        keys: see `enter_kmers`.
        filter_words: see `enter_seeds`; of the same k-mers.
        counts: in and out, places of the k-mer in each slot of the table.
    """
    code = LOOPS.count_places(
        letters, size, letters.size, k, keys, keys.size, filter_words, filter_words.size, counts, counts.size
    )
    require_ok(code)


def count_called(letters: npt.NDArray[np.uint8], size: int) -> int:
    """Return how many letters are A, C, G, T or U, in upper or lower case.

    Args:
        letters: letters, with LOAD_BYTES more bytes after those that count.
        size: how many count.
    """
    return require_ok(LOOPS.count_called(letters, size, letters.size))


WINDOW, BLOCK, BLOCKS = 28, 9, 3
"""Bases of a window that `find_alike` compares, of a block by which it is listed, and number of these."""

MAX_MISMATCHES = BLOCKS - 1
"""Bases in which a place may differ from a window: of three blocks one is then the same."""

_WORDS = 1 << 2 * BLOCK


class Windows:
    """Windows of WINDOW bases, listed by their blocks.

    Args:
        codes: distinct windows, two bits for each base, A 0, C 1, G 2, T 3, the first base highest.

    Attributes:
        counts: places at which each window was found so far.
    """

    def __init__(self, codes: npt.NDArray[np.uint64]) -> None:
        shifts = [np.uint64(2 * (WINDOW - BLOCK * (block + 1))) for block in range(BLOCKS)]
        lists = np.concatenate(
            [
                block * _WORDS + (codes >> shift & np.uint64(_WORDS - 1)).astype(np.int64)
                for block, shift in enumerate(shifts)
            ]
        )
        order = np.argsort(lists, kind="stable")
        self._windows = (order % codes.size).astype(np.int64) if codes.size else order.astype(np.int64)
        self._codes = codes[self._windows]
        sizes = np.bincount(lists, minlength=BLOCKS * _WORDS)
        self._firsts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.counts = np.zeros(codes.size, dtype=np.int64)

    def find(
        self, letters: npt.NDArray[np.uint8], most: int
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Find where a stretch of a contig is like a window, with up to MAX_MISMATCHES.

        Args:
            letters: the stretch.
            most: places after which those of a window are only counted.

        Returns:
            First letter of each place, and the number of its window.
        """
        room = max(self.counts.size, _WORDS)
        found, next_letter = np.empty(2 * room, dtype=np.int64), np.zeros(1, dtype=np.int64)
        parts, start = [np.empty((0, 2), dtype=np.int64)], 0
        while start < letters.size:
            here = letters[start:]
            pairs = require_ok(
                LOOPS.find_alike(
                    here, here.size, self._firsts, self._firsts.size, self._codes, self._windows,
                    self._codes.size, self.counts, self.counts.size, most, found, room, next_letter,
                )
            )  # fmt: skip
            parts.append(found[: 2 * pairs].reshape(-1, 2) + np.array([start, 0]))
            start += int(next_letter[0])
        places = np.concatenate(parts)
        return places[:, 0], places[:, 1]
