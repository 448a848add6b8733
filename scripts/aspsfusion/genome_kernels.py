"""The compiled inner loop of the whole-genome pass, with its plain-Python reference in the tests.

Nearly no base of a genome belongs to a panel k-mer, so the loop asks a small filter first. Its hash is that of
the sum of both strands' k-mers, which is the same on either strand and spares the comparison of the two.
What passes is looked up later, many at a time, so that slow memory accesses overlap.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.kernels import EMPTY, HASH_MULTIPLIER

PENDING = 256
"""K-mers that have passed the filter and wait for the table."""

FIRST_BIT = np.uint64(26)
SECOND_BIT = np.uint64(20)
"""Shifts of the hash for the two bits of the filter; the lowest bits of a product are the least mixed ones."""


@compiled
def _reverse_complement(kmer, k):  # type: ignore[no-untyped-def]
    three, two = np.uint64(3), np.uint64(2)
    turned = np.uint64(0)
    for _ in range(k):
        turned = (turned << two) | (three - (kmer & three))
        kmer >>= two
    return turned


@compiled
def enter_kmers(kmers, k, keys, ranks, words, word_shift):  # type: ignore[no-untyped-def]
    """Enter k-mers into an open-addressing hash table and the filter in front of it, in place.

    The filter is a Bloom filter with both bits of a k-mer in one word (Putze 2009, blocked Bloom filters).

    Args:
        kmers: distinct canonical k-mers (uint64).
        k: their length.
        keys: table of 2^n slots filled with EMPTY, at most half of which may become used.
        ranks: for each used slot the position of its k-mer in `kmers` (int64), same size as keys.
        words: filter of 2^m words (uint64), all zero.
        word_shift: 64 - m.
    """
    to_slot = np.uint64(64) - np.uint64(np.log2(keys.size))
    one, low_six = np.uint64(1), np.uint64(63)
    last = keys.size - 1
    for i in range(kmers.size):
        product = (kmers[i] + _reverse_complement(kmers[i], k)) * HASH_MULTIPLIER
        words[product >> np.uint64(word_shift)] |= (one << ((product >> FIRST_BIT) & low_six)) | (
            one << ((product >> SECOND_BIT) & low_six)
        )
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> to_slot)
        while keys[slot] != EMPTY:
            slot = (slot + 1) & last
        keys[slot] = kmers[i]
        ranks[slot] = i


@compiled
def _look_up(pending, count, keys, ranks, counts):  # type: ignore[no-untyped-def]
    """Count the first k-mers of `pending` that the table holds."""
    to_slot = np.uint64(64) - np.uint64(np.log2(keys.size))
    last = keys.size - 1
    for i in range(count):
        kmer = pending[i]
        slot = np.int64((kmer * HASH_MULTIPLIER) >> to_slot)
        while keys[slot] != EMPTY:
            if keys[slot] == kmer:
                counts[ranks[slot]] += 1
                break
            slot = (slot + 1) & last


@compiled
def count_places(block, codes, k, keys, ranks, words, word_shift, state, counts):  # type: ignore[no-untyped-def]
    """Count on both strands where the table's k-mers stand in a block of a contig.

    A k-mer that the end of the block cuts is completed by the next block through `state`.

    Args:
        block: bases as bytes (uint8).
        codes: BASE_CODES.
        k: k-mer length, odd, so that a place is never counted for both strands.
        keys: see `enter_kmers`.
        ranks: see `enter_kmers`.
        words: see `enter_kmers`.
        word_shift: see `enter_kmers`.
        state: in and out (uint64), k-mer so far on the forward and on the backward strand, number of its
            bases; all zero at the start of a contig.
        counts: in and out, places of each k-mer (int64).

    Returns:
        The number of called bases (A, C, G or T) in the block.
    """
    mask = (np.uint64(1) << np.uint64(2 * k)) - np.uint64(1)
    top = np.uint64(2 * (k - 1))
    one, two, three, low_six = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(63)
    to_word = np.uint64(word_shift)
    forward, backward = state[0], state[1]
    valid = int(state[2])
    not_called = 0
    pending = np.empty(PENDING, dtype=np.uint64)
    waiting = 0
    for i in range(block.size):
        code = np.uint64(codes[block[i]])
        if code > three:
            valid = 0
            not_called += 1
            continue
        forward = ((forward << two) | code) & mask
        backward = (backward >> two) | ((three - code) << top)
        valid += 1
        if valid < k:
            continue
        product = (forward + backward) * HASH_MULTIPLIER
        word = words[product >> to_word]
        if (word >> ((product >> FIRST_BIT) & low_six)) & (word >> ((product >> SECOND_BIT) & low_six)) & one:
            pending[waiting] = min(forward, backward)
            waiting += 1
            if waiting == PENDING:
                _look_up(pending, waiting, keys, ranks, counts)
                waiting = 0
    _look_up(pending, waiting, keys, ranks, counts)
    state[0], state[1], state[2] = forward, backward, np.uint64(min(valid, k))
    return block.size - not_called
