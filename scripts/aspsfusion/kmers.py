"""The panel's k-mers: which ones there are, and the table in which the screen looks them up."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aspsfusion.kernels import BASE_CODES, EMPTY, canonical_kmers, fill_table

KMER_LENGTH = 21
"""Odd, so that no k-mer is its own reverse complement. A panel of some 600,000 distinct 21-mers meets a
random read of 100 nt with a probability of 100 * 600000 / (4^21 / 2) = 3e-5, below the 1 in 10,000 that is
wanted, and a read that crosses a junction in its middle holds intact 21-mers of both genes from 42 nt on."""

MIN_TABLE_BITS = 12
FILTER_BITS = 23
"""log2 of the filter's size in bits: 1 MiB, which stays in a core's second-level cache."""

REPEAT_PERIODS = (1, 2, 3)
"""A k-mer that repeats itself with one of these periods is left out: poly-A tails and microsatellites would
let in a large part of any library."""


@dataclass(frozen=True)
class KmerTable:
    """Hash table of the panel's k-mers for the compiled screen.

    Attributes:
        k: k-mer length.
        keys: slots with canonical k-mers (uint64).
        genes: gene number of each slot (uint16).
        bits: filter in front of the table (uint64 words).
        shift: 64 minus the filter's number of bits as a power of two.
    """

    k: int
    keys: npt.NDArray[np.uint64]
    genes: npt.NDArray[np.uint16]
    bits: npt.NDArray[np.uint64]
    shift: int


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
    keep = np.ones(kmers.size, dtype=bool)
    for period in REPEAT_PERIODS:
        mask = np.uint64((1 << (2 * (k - period))) - 1)
        keep &= (kmers >> np.uint64(2 * period)) != (kmers & mask)
    return kmers[keep], genes[keep]


def build_table(k: int, kmers: npt.NDArray[np.uint64], genes: npt.NDArray[np.uint16]) -> KmerTable:
    """Put k-mers into a hash table that is at most half full."""
    size_bits = max(MIN_TABLE_BITS, int(2 * max(1, kmers.size) - 1).bit_length())
    keys = np.full(1 << size_bits, EMPTY, dtype=np.uint64)
    slots = np.zeros(1 << size_bits, dtype=np.uint16)
    bits = np.zeros((1 << FILTER_BITS) // 64, dtype=np.uint64)
    shift = 64 - FILTER_BITS
    fill_table(kmers, genes, keys, slots, bits, shift)
    return KmerTable(k, keys, slots, bits, shift)
