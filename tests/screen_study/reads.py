"""Makes reads across junctions, damages them and gives them insertions and deletions.

Reads are rows of a matrix of letters (uint8), all of one length.
"""

import numpy as np
import numpy.typing as npt

LETTERS = np.frombuffer(b"ACGT", np.uint8)

SUBSTITUTED, DEAMINATED = 0.01, 0.02
"""Shares of bases that are read wrongly, and of C (or of G) that are read as T (as A)."""

LEAST_ANCHOR = 10
"""Fewest bases on either side of a junction: what `call.min_anchor` asks of a read that crosses."""

SIDE = 200
"""Bases of either gene beside its junction; as much as a pair needs whose first mate crosses."""

INSERT = 200

Reads = npt.NDArray[np.uint8]


def damaged(reads: Reads, rng: np.random.Generator) -> Reads:
    """Return reads with substitutions and deamination, C to T in one half and G to A in the other."""
    reads = reads.copy()
    top = rng.random(len(reads))[:, None] < 0.5
    hit = rng.random(reads.shape) < DEAMINATED
    reads[hit & top & (reads == ord("C"))] = ord("T")
    reads[hit & ~top & (reads == ord("G"))] = ord("A")
    wrong = rng.random(reads.shape) < SUBSTITUTED
    codes = np.searchsorted(LETTERS, reads)
    reads[wrong] = LETTERS[(codes + rng.integers(1, 4, reads.shape)) % 4][wrong]
    return reads


def across(junctions: Reads, length: int, count: int, rng: np.random.Generator, after: int = 0) -> Reads:
    """Return reads across junctions chosen by chance, at least LEAST_ANCHOR bases on either side.

    Args:
        junctions: SIDE bases before each junction and SIDE after it.
        length: bases of a read, which crosses the junction.
        count: number of reads.
        rng: source of chance.
        after: further bases after each read.
    """
    chosen = rng.integers(0, len(junctions), count)
    starts = SIDE - rng.integers(LEAST_ANCHOR, length - LEAST_ANCHOR + 1, count)
    reads: Reads = junctions[chosen[:, None], starts[:, None] + np.arange(length + after)]
    return reads


def with_indel(reads: Reads, length: int, inserted: int, rng: np.random.Generator) -> Reads:
    """Return reads with one insertion or deletion at a random place within each.

    Args:
        reads: at least as many bases more than `length` as are deleted.
        length: bases of the reads to return.
        inserted: random bases put in; negative for bases taken out.
        rng: source of chance.
    """
    places = rng.integers(1, length - max(0, inserted), len(reads))[:, None]
    columns = np.arange(length)
    source = np.where(columns < places, columns, columns - inserted)
    result: Reads = np.take_along_axis(reads, np.maximum(source, 0), axis=1)
    new = (columns >= places) & (columns < places + inserted)
    result[new] = LETTERS[rng.integers(0, 4, int(new.sum()))]
    return result


def random_reads(count: int, length: int, rng: np.random.Generator) -> Reads:
    """Return reads of random bases."""
    return LETTERS[rng.integers(0, 4, (count, length))]
