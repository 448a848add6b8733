"""Counts in one pass over a genome at how many places each k-mer of the panel stands, on both strands."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aspsfusion.fasta import fasta_pieces
from aspsfusion.genome_kernels import count_places, enter_kmers
from aspsfusion.kernels import BASE_CODES, EMPTY

MIN_TABLE_BITS = 12
FILTER_WORD_BITS = 17
"""log2 of the filter's words of 64 bits: 1 MiB, which stays in a core's second-level cache; with 700,000
k-mers about 1 base in 40 passes it by chance."""

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
        k: their length, odd and below 32.
    """

    def __init__(self, kmers: Kmers, k: int) -> None:
        size_bits = max(MIN_TABLE_BITS, int(2 * max(1, kmers.size) - 1).bit_length())
        self._k = k
        self._keys = np.full(1 << size_bits, EMPTY, dtype=np.uint64)
        self._ranks = np.zeros(1 << size_bits, dtype=np.int64)
        self._words = np.zeros(1 << FILTER_WORD_BITS, dtype=np.uint64)
        self._word_shift = 64 - FILTER_WORD_BITS
        self._state = np.zeros(3, dtype=np.uint64)
        enter_kmers(kmers, k, self._keys, self._ranks, self._words, self._word_shift)
        self.places = np.zeros(kmers.size, dtype=np.int64)
        self.called = 0

    def start_contig(self) -> None:
        """Forget the bases before: no k-mer runs from one contig into another."""
        self._state[:] = 0

    def add(self, bases: bytes) -> None:
        """Count the next bases of the contig."""
        block = np.frombuffer(bases, dtype=np.uint8)
        self.called += count_places(
            block,
            BASE_CODES,
            self._k,
            self._keys,
            self._ranks,
            self._words,
            self._word_shift,
            self._state,
            self.places,
        )


def count_in_genome(
    path: Path, kmers: Kmers, k: int, progress: Callable[[int, str], None] = lambda count, note: None
) -> GenomeCount:
    """Count the places of k-mers in a genome.

    Args:
        path: genome FASTA, plain or compressed.
        kmers: distinct canonical k-mers.
        k: their length, odd and below 32.
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
