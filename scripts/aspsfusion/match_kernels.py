"""The compiled loops that tell whether a read shares a stretch with the panel.

Of a read every fourth base is probed: the bases are packed two bits each, four to a byte, so that a probe
is a load at a byte of the packed read, and its hash is looked up in a filter that fits a core's cache. Only
where the filter says "perhaps" are the panel's letters compared with the read's, along the ungapped match
around the probe. Nothing is lost against looking at every base: a stretch of `seed_length` + 3 bases holds
a probe.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.compiled import compiled
from aspsfusion.kernels import BASE_CODES, EMPTY, HASH_MULTIPLIER
from aspsfusion.vector_loads import (
    FILTER_BIT_SHIFTS,
    FILTER_MULTIPLIERS,
    LOAD_BYTES,
    PROBES_AT_ONCE,
    load_64,
    lowest_bit,
    pack_bases,
    prefetch,
    probes_in_filter,
)

SHORT_READ = 64
"""Reads below this length in nt are probed at every second base instead of every fourth: they have few
probes, and every fourth base would lose more than one in a thousand reads of 50 nt (see `docs/screen.md`)."""

PACKED_CODES = np.full(256, 4, dtype=np.uint8)
"""Two-bit codes as `pack_bases` makes them, 4 for the rest: A 0, C 1, T 2, G 3; complement: bit 1."""
for _letter in "ACGTUacgtu":
    PACKED_CODES[ord(_letter)] = (ord(_letter) >> 1) & 3

GIVE_UP = 9
"""A match is not followed further once it has fallen so far below its best score: three mismatches."""

CANDIDATES = 128
"""Probes that the filter let through which are collected before the table is asked: what they need is fetched
into the cache meanwhile."""

_ONE = np.uint64(1)
_WORD_MULTIPLIER, _BIT_MULTIPLIER = (np.uint64(number) for number in FILTER_MULTIPLIERS)


class ScreenTable(NamedTuple):
    """What the screen looks reads up in.

    Attributes:
        filter_words: three bits of a word for each seed (uint32); the filter's size is a power of two.
        seeds: hash table of packed seeds of both strands: seed + 1 in the upper 32 bits, 2 * text position
            + strand in the lower ones, 0 for a free slot (uint64).
        text: the panel's sequences as PACKED_CODES, one behind the other, 4 between them (uint8).
        seed_length: bases of a seed, at most 16.
        least_score: score from which a match counts.
        mismatch_penalty: what a mismatch costs, a match giving 1.
        filter_shift: 32 less the binary logarithm of the filter's number of words.
        seed_shift: 64 less the binary logarithm of the number of slots in `seeds`.
        key_shift: 64 less the binary logarithm of the number of slots in `keys`.
        keys: hash table of the panel's k-mers, EMPTY for a free slot (uint64).
        genes: gene number of each slot of `keys` (uint16).
        k: length of the k-mers in `keys`.
    """

    filter_words: npt.NDArray[np.uint32]
    seeds: npt.NDArray[np.uint64]
    text: npt.NDArray[np.uint8]
    seed_length: int
    least_score: int
    mismatch_penalty: int
    filter_shift: int
    seed_shift: int
    key_shift: int
    keys: npt.NDArray[np.uint64]
    genes: npt.NDArray[np.uint16]
    k: int


@compiled
def fill_kmers(kmers, values, keys, slots):  # type: ignore[no-untyped-def]
    """Enter k-mers into an open-addressing hash table, in place.

    Args:
        kmers: distinct canonical k-mers (uint64).
        values: one small number for each (uint16).
        keys: table of 2^n slots filled with EMPTY; at most half of it may become used.
        slots: values of the slots, same size as keys.
    """
    slot_shift = np.uint64(64) - np.uint64(np.log2(keys.size))
    last = keys.size - 1
    for i in range(kmers.size):
        slot = np.int64((kmers[i] * HASH_MULTIPLIER) >> slot_shift)
        while keys[slot] != EMPTY:
            slot = (slot + 1) & last
        keys[slot] = kmers[i]
        slots[slot] = values[i]


@compiled
def _enter(seed, filter_words, word_shift):  # type: ignore[no-untyped-def]
    """Set a seed's bits in the filter, as `probes_in_filter` looks for them."""
    second = np.uint32(seed * _BIT_MULTIPLIER)
    bits = np.uint32(0)
    for by in FILTER_BIT_SHIFTS:
        bits |= np.uint32(1) << ((second >> np.uint32(by)) & np.uint32(31))
    filter_words[np.uint32(seed * _WORD_MULTIPLIER) >> word_shift] |= bits


@compiled
def fill_seeds(text, positions, length, filter_words, seeds):  # type: ignore[no-untyped-def]
    """Enter the seeds at the given positions of the panel's text, on both strands, in place.

    Args:
        text: see ScreenTable.
        positions: where seeds begin; their bases must all be bases (int64).
        length: bases of a seed, at most 16.
        filter_words: zeros, 2^m words.
        seeds: zeros, 2^n slots, at least twice the number of entries.
    """
    word_shift = np.uint32(32) - np.uint32(np.log2(filter_words.size))
    slot_shift = np.uint64(64) - np.uint64(np.log2(seeds.size))
    last = seeds.size - 1
    for position in positions:
        forward = np.uint64(0)
        backward = np.uint64(0)
        for i in range(length):
            code = np.uint64(text[position + i])
            forward |= code << np.uint64(2 * i)
            backward |= (code ^ np.uint64(2)) << np.uint64(2 * (length - 1 - i))
        for strand in range(2):
            seed = backward if strand else forward
            product = seed * HASH_MULTIPLIER
            _enter(seed, filter_words, word_shift)
            slot = np.int64(product >> slot_shift)
            while seeds[slot] != np.uint64(0):
                slot = (slot + 1) & last
            seeds[slot] = ((seed + _ONE) << np.uint64(32)) | np.uint64(2 * position + strand)


@compiled
def _same(buffer, probe, text, origin, step, flip, length):  # type: ignore[no-untyped-def]
    # What was packed may have been no base; here the letters are compared.
    for i in range(length):  # noqa: SIM110 (no generators in compiled code)
        if PACKED_CODES[buffer[probe + i]] != text[origin + step * i] ^ flip:
            return False
    return True


@compiled
def _score(buffer, start, stop, probe, place, text, length, least_score, mismatch_penalty):  # type: ignore[no-untyped-def]
    """Score the best ungapped match around a seed, 0 below the least score."""
    reverse = place & 1
    first = place >> 1
    step = -1 if reverse else 1
    flip = 2 if reverse else 0
    origin = first + length - 1 if reverse else first
    total = length
    for side in range(2):
        best = 0
        score = 0
        i = length if side == 0 else -1
        towards = 1 if side == 0 else -1
        while start <= probe + i < stop:
            letter = text[origin + step * i]
            if letter > 3:
                break
            if PACKED_CODES[buffer[probe + i]] == letter ^ flip:
                score += 1
                if score > best:
                    best = score
                    if total + best >= least_score:
                        return total + best if _same(buffer, probe, text, origin, step, flip, length) else 0
            else:
                score -= mismatch_penalty
                if score <= best - GIVE_UP:
                    break
            i += towards
        total += best
    if total < least_score or not _same(buffer, probe, text, origin, step, flip, length):
        return 0
    return total


@compiled
def _prove(  # type: ignore[no-untyped-def]
    buffer,
    begins,
    stops,
    behind,
    reads,
    probes,
    seeds_found,
    count,
    seeds,
    slot_shift,
    text,
    length,
    least_score,
    mismatch_penalty,
    hits,
):
    """Look up what the filter let through; sets the hits of the reads that match."""
    last = seeds.size - 1
    for i in range(count):
        read = reads[i]
        if hits[read]:
            continue
        wanted = np.uint64(seeds_found[i]) + _ONE
        slot = np.int64((np.uint64(seeds_found[i]) * HASH_MULTIPLIER) >> slot_shift)
        while seeds[slot] != np.uint64(0):
            entry = seeds[slot]
            if entry >> np.uint64(32) == wanted:
                place = np.int64(entry & np.uint64(0xFFFFFFFF))
                start, stop = np.int64(begins[read]) + behind, np.int64(stops[read])
                score = _score(
                    buffer, start, stop, probes[i], place, text, length, least_score, mismatch_penalty
                )
                if score >= least_score:
                    hits[read] = True
                    break
            slot = (slot + 1) & last


@compiled
def _match(  # type: ignore[no-untyped-def]
    buffer,
    begins,
    stops,
    behind,
    count,
    packed,
    filter_words,
    filter_shift,
    seeds,
    seed_shift,
    text,
    length,
    least_score,
    mismatch_penalty,
    hits,
):
    seed_mask = np.uint32((1 << (2 * length)) - 1)
    slot_shift = np.uint64(seed_shift)
    reads_found = np.empty(CANDIDATES, dtype=np.int64)
    probes_found = np.empty(CANDIDATES, dtype=np.int64)
    seeds_found = np.empty(CANDIDATES, dtype=np.uint32)
    found = 0
    for read in range(count):
        start, stop = np.int64(begins[read]) + behind, np.int64(stops[read])
        hits[read] = False
        for half in range(2 if stop - start < SHORT_READ else 1):
            begin = start + 2 * half
            probes = (stop - begin - length + 4) >> 2
            if probes > 0:
                for i in range(0, stop - begin, LOAD_BYTES):
                    pack_bases(buffer, begin + i, packed, i >> 2)
            for first in range(0, probes, PROBES_AT_ONCE):
                maybe = probes_in_filter(packed, first, probes - first, filter_words, filter_shift, seed_mask)
                while maybe:
                    probe = first + lowest_bit(maybe)
                    maybe &= maybe - _ONE
                    seed = np.uint32(load_64(packed, probe)) & seed_mask
                    prefetch(seeds, np.int64((np.uint64(seed) * HASH_MULTIPLIER) >> slot_shift))
                    reads_found[found] = read
                    probes_found[found] = begin + 4 * probe
                    seeds_found[found] = seed
                    found += 1
                if found > CANDIDATES - PROBES_AT_ONCE:
                    _prove(
                        buffer,
                        begins,
                        stops,
                        behind,
                        reads_found,
                        probes_found,
                        seeds_found,
                        found,
                        seeds,
                        slot_shift,
                        text,
                        length,
                        least_score,
                        mismatch_penalty,
                        hits,
                    )
                    found = 0
    _prove(
        buffer,
        begins,
        stops,
        behind,
        reads_found,
        probes_found,
        seeds_found,
        found,
        seeds,
        slot_shift,
        text,
        length,
        least_score,
        mismatch_penalty,
        hits,
    )


@compiled
def match_reads(buffer, begins, stops, behind, count, packed, table, hits):  # type: ignore[no-untyped-def]
    """Tell which reads share a match of the wanted score with the panel, on either strand.

    Args:
        buffer: bytes with LOAD_BYTES readable ones behind the last read (uint8).
        begins: a position at or before the first base of each read.
        stops: end of each read, half-open.
        behind: how far behind `begins` the first base is.
        count: number of reads.
        packed: scratch of at least a quarter of the longest read and 2 * LOAD_BYTES (uint8).
        table: what to look the reads up in (ScreenTable).
        hits: out, one truth value for each read (bool).
    """
    # Taken apart once for a block: a tuple handed on for each read costs more than most reads do.
    _match(
        buffer,
        begins,
        stops,
        behind,
        count,
        packed,
        table.filter_words,
        table.filter_shift,
        table.seeds,
        table.seed_shift,
        table.text,
        table.seed_length,
        table.least_score,
        table.mismatch_penalty,
        hits,
    )


@compiled
def count_kmers(buffer, start, stop, table, by_gene):  # type: ignore[no-untyped-def]
    """Add the panel's k-mers that a read holds to the count of their genes.

    Args:
        buffer: bytes (uint8).
        start: first base of the read.
        stop: end of the read, half-open.
        table: the panel's k-mers.
        by_gene: in and out, k-mers seen by gene number (int64).
    """
    k = table.k
    mask = (_ONE << np.uint64(2 * k)) - _ONE
    top = np.uint64(2 * (k - 1))
    last = table.keys.size - 1
    forward = np.uint64(0)
    backward = np.uint64(0)
    valid = 0
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
        slot = np.int64((kmer * HASH_MULTIPLIER) >> np.uint64(table.key_shift))
        while table.keys[slot] != EMPTY:
            if table.keys[slot] == kmer:
                by_gene[table.genes[slot]] += 1
                break
            slot = (slot + 1) & last
