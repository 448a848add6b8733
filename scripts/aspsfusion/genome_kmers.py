"""Counts in one pass over a genome at how many places each k-mer of the panel stands, on both strands."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.genome_kernels import (
    PACKED_BYTES,
    PENDING,
    count_called,
    count_places,
    enter_kmers,
    enter_seeds,
    seed_length,
)
from aspsfusion.io.fasta import fasta_pieces
from aspsfusion.kernels import EMPTY
from aspsfusion.vector_loads import LOAD_BYTES

MIN_TABLE_BITS = 12
FILTER_WORD_BITS = 19
"""log2 of the filter's words of 32 bits: 2 MiB, most of which stays in a core's second-level cache."""

ALTERNATE = re.compile(
    r"^\S*_(alt|fix|hap\d+)\b|^CHR_H|^HLA\b|\balternate\b|ALT_REF_LOCI|\bpatch\b|\bHAP\b|PATCH_(FIX|NOVEL)",
    re.IGNORECASE,
)
"""Headers of alternate loci and patches: they show places of the primary assembly a second time."""

Kmers = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class GenomeCount:
    """What the pass over a genome found.

    Attributes:
        places: number of places of each k-mer.
        bases: bases that were read.
        called: bases of those that are A, C, G or T.
        contigs: names of the contigs that were counted in.
        passed_over: number of alternate loci and patches that were not.
    """

    places: npt.NDArray[np.int64]
    bases: int
    called: int
    contigs: frozenset[str]
    passed_over: int


class PlaceCounter:
    """Counts the places of a set of k-mers in the blocks of one contig after the other.

    Args:
        kmers: distinct canonical k-mers.
        k: their length, odd, from 5 to MAX_K of `genome_kernels`.
    """

    def __init__(self, kmers: Kmers, k: int) -> None:
        size_bits = max(MIN_TABLE_BITS, int(2 * max(1, kmers.size) - 1).bit_length())
        self._k = k
        self._seed_length = seed_length(k)
        self._keys = np.full(1 << size_bits, EMPTY, dtype=np.uint64)
        self._slots = np.zeros(kmers.size, dtype=np.int64)
        self._counts = np.zeros(1 << size_bits, dtype=np.int64)
        self._words = np.zeros(1 << FILTER_WORD_BITS, dtype=np.uint32)
        self._packed = np.zeros(PACKED_BYTES, dtype=np.uint8)
        self._kmers = np.empty(PENDING, dtype=np.uint64)
        enter_kmers(kmers, self._keys, self._slots)
        enter_seeds(kmers, k, self._seed_length, self._words)
        self._bases = np.empty(0, dtype=np.uint8)
        self._held = 0
        self.called = 0

    @property
    def places(self) -> npt.NDArray[np.int64]:
        """Number of places of each k-mer so far."""
        return self._counts[self._slots]

    def start_contig(self) -> None:
        """Forget the bases before: no k-mer runs from one contig into another."""
        self._held = 0

    def add(self, bases: bytes) -> None:
        """Count the next bases of the contig."""
        block = np.frombuffer(bases, dtype=np.uint8)
        # The last bases of the block before stand in front, for the k-mers that its end cut.
        size = self._held + block.size
        if self._bases.size < size + 2 * LOAD_BYTES:
            larger = np.zeros(size + 2 * LOAD_BYTES, dtype=np.uint8)
            larger[: self._held] = self._bases[: self._held]
            self._bases = larger
        self._bases[self._held : size] = block
        self.called += count_called(self._bases, self._held, size)
        count_places(
            self._bases,
            size,
            self._k,
            self._seed_length,
            self._keys,
            self._words,
            self._packed,
            self._kmers,
            self._counts,
        )
        self._held = min(size, self._k - 1)
        self._bases[: self._held] = self._bases[size - self._held : size].copy()


def count_in_genome(
    path: Path, kmers: Kmers, k: int, progress: Callable[[int, str], None] = lambda count, note: None
) -> GenomeCount:
    """Count the places of k-mers in a genome.

    Args:
        path: genome FASTA, plain or compressed.
        kmers: distinct canonical k-mers.
        k: their length, odd, from 5 to MAX_K of `genome_kernels`.
        progress: called now and then with the bases read so far and a note.

    Raises:
        ReferenceProofError: the file is damaged or no FASTA.
    """
    counter = PlaceCounter(kmers, k)
    contigs: set[str] = set()
    bases = passed_over = 0
    counted, name = False, ""
    for header, block in fasta_pieces(path):
        if header is not None:
            counted = ALTERNATE.search(header) is None
            name = header.split()[0] if header else ""
            if counted:
                contigs.add(name)
                counter.start_contig()
            else:
                passed_over += 1
        elif counted:
            counter.add(block)
            bases += len(block)
            progress(bases, f", {name}")
    return GenomeCount(counter.places, bases, counter.called, frozenset(contigs), passed_over)
