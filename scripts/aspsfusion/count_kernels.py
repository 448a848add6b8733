"""The compiled loop that counts the panel's k-mers in the reads that are kept."""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.kernels import BASE_CODES, EMPTY, HASH_MULTIPLIER
from aspsfusion.panel.screen_index import GENE_SHIFT
from aspsfusion.vector_loads import prefetch

KMERS_AT_ONCE = 128
"""K-mers that are collected before the table is asked: what they need is fetched into the cache meanwhile."""

_KMER_BITS = (np.uint64(1) << GENE_SHIFT) - np.uint64(1)


@compiled
def _count(kmers, count, table, by_gene):  # type: ignore[no-untyped-def]
    """Look the first ones of some k-mers up."""
    keys, shift = table.keys, np.uint64(table.key_shift)
    last = keys.size - 1
    for i in range(count):
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> shift)
        while keys[slot] != EMPTY:
            if keys[slot] & _KMER_BITS == kmers[i]:
                by_gene[np.int64(keys[slot] >> GENE_SHIFT)] += 1
                break
            slot = (slot + 1) & last


@compiled
def count_kmers(buffer, start, stop, table, kmers, by_gene):  # type: ignore[no-untyped-def]
    """Add the panel's k-mers that a read holds to the count of their genes.

    Args:
        buffer: bytes (uint8).
        start: first base of the read.
        stop: end of the read, half-open.
        table: the panel's k-mers (ScreenTable).
        kmers: scratch for KMERS_AT_ONCE k-mers (uint64).
        by_gene: in and out, k-mers seen by gene number (int64).
    """
    k = table.k
    mask = (np.uint64(1) << np.uint64(2 * k)) - np.uint64(1)
    top = np.uint64(2 * (k - 1))
    shift = np.uint64(table.key_shift)
    forward = np.uint64(0)
    backward = np.uint64(0)
    valid = 0
    found = 0
    for i in range(start, stop):
        code = np.uint64(BASE_CODES[buffer[i]])
        if code > np.uint64(3):
            valid = 0
            continue
        forward = ((forward << np.uint64(2)) | code) & mask
        backward = (backward >> np.uint64(2)) | ((np.uint64(3) - code) << top)
        valid += 1
        if valid < k:
            continue
        kmer = min(forward, backward)
        slot = np.int64((kmer * HASH_MULTIPLIER) >> shift)
        prefetch(table.keys, slot)
        kmers[found] = kmer
        found += 1
        if found == KMERS_AT_ONCE:
            _count(kmers, found, table, by_gene)
            found = 0
    _count(kmers, found, table, by_gene)
