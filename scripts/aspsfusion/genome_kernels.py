"""The compiled inner loop of the whole-genome pass, with its plain-Python reference in the tests.

Nearly no base of a genome belongs to a panel k-mer, and a k-mer need not be looked at from its first base. Of
the genome every STEP-th base is probed, sixteen at a time: the packed bases from there, a seed, are looked up
in a filter of all seeds that panel k-mers have at their first STEP offsets. A k-mer that begins at a base has
its seed at the first probe from there on, so each place belongs to one probe, none is lost, and none is
counted twice. What passes the filter is proved on the letters and looked up in the table.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.kernels import BASE_CODES, EMPTY, HASH_MULTIPLIER
from aspsfusion.seed_vectors import COMPLEMENT, FILTER_BIT_SHIFTS, FILTER_MULTIPLIERS, LOW_BITS, reversed_bits
from aspsfusion.seed_vectors import PROBES_AT_ONCE, pack_bases, probes_in_filter
from aspsfusion.vector_loads import LOAD_BYTES, called_bases, count_bits, load_64, lowest_bit, prefetch

STEP = 4
"""Bases from one probe to the next: those of a byte of packed bases."""

MAX_SEED = 16
"""Bases of the longest seed, which 32 bits hold."""

CHUNK = 4096
"""Bases that are packed at a time: their packed form stays in the first-level cache."""

PACKED_BYTES = (CHUNK + 3 * LOAD_BYTES) // STEP
"""Packed bases of a chunk, with a load in front of it and one behind: a probe looks at bases on either side."""

PENDING = 512
"""K-mers that wait for the table, so that slow memory accesses overlap."""

MAX_K = 27
"""Longest k-mer: a word holds 32 bases, of which STEP stand in front of the probe."""

_ONE, _TWO, _THREE = np.uint64(1), np.uint64(2), np.uint64(3)
_ALL, _LOW_BITS = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0x5555555555555555)
_TURNS = (
    (np.uint64(2), np.uint64(0x3333333333333333)),
    (np.uint64(4), np.uint64(0x0F0F0F0F0F0F0F0F)),
    (np.uint64(8), np.uint64(0x00FF00FF00FF00FF)),
    (np.uint64(16), np.uint64(0x0000FFFF0000FFFF)),
)
"""Steps that turn the order of two-bit codes around: neighbours, then ever larger groups."""


SEED_BITS = 32
_WORD_MULTIPLIER, _BIT_MULTIPLIER = (np.uint32(number) for number in FILTER_MULTIPLIERS)
_COMPLEMENT, _LOW_BITS_32 = np.uint32(COMPLEMENT), np.uint32(LOW_BITS)


@compiled
def reverse_complement(seed, length):  # type: ignore[no-untyped-def]
    """Return the reverse complement of a packed seed (uint32) of so many bases."""
    turned = np.uint32(reversed_bits(np.uint64(seed)) >> np.uint64(SEED_BITS))
    swapped = ((turned >> np.uint32(1)) & _LOW_BITS_32) | ((turned & _LOW_BITS_32) << np.uint32(1))
    return np.uint32(np.uint32(swapped ^ _COMPLEMENT) >> np.uint32(SEED_BITS - 2 * length))


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


def seed_length(k: int) -> int:
    """Return the bases of the seeds of k-mers: the most that every k-mer holds at each of its first offsets."""
    return min(MAX_SEED, k - STEP + 1)


@compiled
def enter_kmers(kmers, keys, slots):  # type: ignore[no-untyped-def]
    """Enter k-mers into an open-addressing hash table, in place.

    Args:
        kmers: distinct canonical k-mers (uint64).
        keys: table of 2^n slots filled with EMPTY, at most half of which may become used.
        slots: out, the slot of each k-mer (int64).
    """
    to_slot = np.uint64(64 - lowest_bit(np.uint64(keys.size)))
    last = keys.size - 1
    for i in range(kmers.size):
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> to_slot)
        while keys[slot] != EMPTY:
            slot = (slot + 1) & last
        keys[slot] = kmers[i]
        slots[i] = slot


@compiled
def enter_seeds(kmers, k, length, words):  # type: ignore[no-untyped-def]
    """Enter the seeds that k-mers have on either strand into the filter of `probes_in_filter`, in place.

    Args:
        kmers: canonical k-mers (uint64), A 0, C 1, G 2, T 3, the first base highest.
        k: their length.
        length: bases of a seed, see `seed_length`.
        words: filter of 2^m words (uint32), all zero.
    """
    word_shift = np.uint32(SEED_BITS - lowest_bit(np.uint64(words.size)))
    for i in range(kmers.size):
        for strand in range(2):
            for offset in range(STEP):
                seed = np.uint32(0)
                for place in range(length):
                    at = offset + place
                    number = k - 1 - at if strand == 0 else at  # base from the k-mer's end
                    code = (kmers[i] >> np.uint64(2 * number)) & _THREE
                    if strand == 1:
                        code = _THREE - code
                    # Packed bases are A 0, C 1, T 2, G 3, the first one lowest.
                    seed |= np.uint32((code ^ (code >> _ONE)) << np.uint64(2 * place))
                enter_in_filter(min(seed, reverse_complement(seed, length)), words, word_shift)


@compiled
def count_called(bases, start, stop):  # type: ignore[no-untyped-def]
    """Return how many of the bytes [start, stop) are A, C, G, T or U, in upper or lower case.

    Args:
        bases: bytes (uint8) with LOAD_BYTES readable ones behind `stop`.
        start: first byte.
        stop: end, half-open.
    """
    called = np.int64(0)
    for at in range(start, stop, LOAD_BYTES):
        found = called_bases(bases, at)
        if stop - at < LOAD_BYTES:
            found &= (_ONE << np.uint64(stop - at)) - _ONE
        called += count_bits(found)
    return called


@compiled
def _turned(packed):  # type: ignore[no-untyped-def]
    """Return 32 packed bases in the opposite order."""
    for step, kept in _TURNS:
        packed = ((packed >> step) & kept) | ((packed & kept) << step)
    return (packed >> np.uint64(32)) | (packed << np.uint64(32))


@compiled
def _kmers_of_word(word, k, kmers, found):  # type: ignore[no-untyped-def]
    """Write the canonical k-mers of a probe whose bases are all called; returns how many there are now.

    Args:
        word: 32 bases as `pack_bases` packs them, STEP of them in front of the probe.
        k: k-mer length, at most MAX_K.
        kmers: out.
        found: how many it holds already.
    """
    mask = (_ONE << np.uint64(2 * k)) - _ONE
    codes = word ^ ((word >> _ONE) & _LOW_BITS)  # from A 0, C 1, T 2, G 3 to A 0, C 1, G 2, T 3
    # With its first base lowest and each base replaced by its complement, a k-mer is the one of the other strand.
    complement = ~codes
    turned = _turned(codes)
    for offset in range(1, STEP + 1):
        forward = (turned >> np.uint64(64 - 2 * (offset + k))) & mask
        kmers[found] = min(forward, (complement >> np.uint64(2 * offset)) & mask)
        found += 1
    return found


@compiled
def _kmers_at(bases, size, k, probe, kmers, found):  # type: ignore[no-untyped-def]
    """Do the same letter by letter, at the ends of a stretch and beside what is no base."""
    mask = (_ONE << np.uint64(2 * k)) - _ONE
    top = np.uint64(2 * (k - 1))
    forward = backward = np.uint64(0)
    valid = 0
    for at in range(max(0, probe - STEP + 1), min(probe + k, size)):
        code = np.uint64(BASE_CODES[bases[at]])
        if code > _THREE:
            valid = 0
            continue
        forward = ((forward << _TWO) | code) & mask
        backward = (backward >> _TWO) | ((_THREE - code) << top)
        valid += 1
        if valid >= k:
            kmers[found] = min(forward, backward)
            found += 1
    return found


@compiled
def _look_up(kmers, count, keys, counts):  # type: ignore[no-untyped-def]
    """Count those of the first k-mers that the table holds."""
    to_slot = np.uint64(64 - lowest_bit(np.uint64(keys.size)))
    last = keys.size - 1
    for i in range(count):
        prefetch(keys, np.int64((kmers[i] * HASH_MULTIPLIER) >> to_slot))
    for i in range(count):
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> to_slot)
        while keys[slot] != EMPTY:
            if keys[slot] == kmers[i]:
                counts[slot] += 1
                break
            slot = (slot + 1) & last


@compiled
def count_places(bases, size, k, length, keys, words, packed, kmers, counts):  # type: ignore[no-untyped-def]
    """Count on both strands where the table's k-mers stand in a stretch of a contig.

    Args:
        bases: bases as bytes (uint8) with 2 * LOAD_BYTES readable ones behind them.
        size: number of bases.
        k: k-mer length, odd, so that a place is never counted for both strands; at most MAX_K.
        length: bases of a seed, see `seed_length`.
        keys: see `enter_kmers`.
        words: see `enter_seeds`.
        packed: scratch for PACKED_BYTES of packed bases (uint8).
        kmers: scratch for PENDING k-mers (uint64).
        counts: in and out, places of the k-mer in each slot of the table (int64).
    """
    filter_shift = SEED_BITS - lowest_bit(np.uint64(words.size))
    unused_bits = SEED_BITS - 2 * length
    waiting = 0
    end = size - k + STEP  # behind the last base that a probe of a k-mer can begin at
    before, here = np.uint64(0), called_bases(bases, 0)
    for chunk in range(0, end, CHUNK):
        stop = min(chunk + CHUNK, end)
        for at in range(max(0, chunk - LOAD_BYTES), stop + LOAD_BYTES, LOAD_BYTES):
            pack_bases(bases, at, packed, (at - chunk + LOAD_BYTES) >> 2)
        for at in range(chunk, stop, LOAD_BYTES):
            behind = called_bases(bases, at + LOAD_BYTES)
            if here:
                index = (at - chunk + LOAD_BYTES) >> 2
                maybe = probes_in_filter(packed, index, words, filter_shift, unused_bits)
                probes = (stop - at + STEP - 1) >> 2
                if probes < PROBES_AT_ONCE:
                    maybe &= (_ONE << np.uint64(probes)) - _ONE
                all_called = before & here & behind == _ALL and at + LOAD_BYTES + k <= size
                while maybe:
                    number = lowest_bit(maybe)
                    maybe &= maybe - _ONE
                    if all_called:
                        waiting = _kmers_of_word(load_64(packed, index + number - 1), k, kmers, waiting)
                    else:
                        waiting = _kmers_at(bases, size, k, at + STEP * number, kmers, waiting)
                if waiting > PENDING - STEP * PROBES_AT_ONCE:
                    _look_up(kmers, waiting, keys, counts)
                    waiting = 0
            before, here = here, behind
    _look_up(kmers, waiting, keys, counts)
