"""The compiled loops that tell whether a read shares a stretch with the panel.

Of a read every eighth base is probed: the bases are packed two bits each, four to a byte, so that a probe
is a load at every second byte of the packed read, and its hash is looked up in a filter that fits a core's
cache. Only where the filter says "perhaps" are the panel's letters compared with the read's, along the
ungapped match around the probe. A stretch of `seed_length` + 7 bases holds a probe. Shorter reads, which have
few, are packed again from another base on, so that they are probed at every fourth or second base.

The reads of a batch are packed first, one behind the other, and probed then, whoever a probe belongs to. What
the filter let through is looked up in the table, and what the table knows is compared, each in a loop of its
own, so that the memory that it needs is on its way before it is looked at. Few of their jumps depend on
the data: a wrongly foretold one throws away the look-ups that are under way.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from aspsfusion.array_access import put
from aspsfusion.compiled import compiled
from aspsfusion.count_kernels import KMERS_AT_ONCE
from aspsfusion.inlining import inlined
from aspsfusion.panel.screen_index import SEED_BITS, reverse_complement, slot_of
from aspsfusion.prove_kernels import matches_at, may_match
from aspsfusion.seed_vectors import PROBES_AT_ONCE, pack_bases, wide_probes_in_filter
from aspsfusion.vector_loads import LOAD_BYTES, count_bits, load_64, lowest_bit, prefetch

PROBE_STRIDE = 2
PROBE_BASES = 4 * PROBE_STRIDE
"""Bytes and bases from one probe to the next."""

LONG_READ = 100
SHORT_READ = 64
"""Reads of LONG_READ nt and more are probed at every eighth base, those below SHORT_READ at every second one,
and the others at every fourth: what the wider steps would lose of shorter reads is in `docs/screen.md`."""

LONG_COPIES, COPIES, SHORT_COPIES = 1, 2, 4
"""How often reads are packed; eight bases are shared out among the places at which the copies begin."""

BATCH_BYTES = 4096
"""Packed bases of a batch, four to a byte: they and what is noted of them stay in a core's first-level
cache."""

BATCH_READS = 512
"""Packed reads of a batch, each copy of a read for itself."""

CANDIDATES = 128
"""Probes that the filter let through for which the table is asked in one go, and places that the table gave
which are compared in one go: what they need is fetched into the cache meanwhile."""

POSITIONS_AT_ONCE = 2
"""Candidates that are noted of each 64 bytes without looking whether they are there; more are rare."""

FRONT = LOAD_BYTES
"""Bytes in front of the packed bases, so that one can look back from the first read."""

_ONE = np.uint64(1)
_PLACE = np.uint64((1 << SEED_BITS) - 1)
_ALL_SEED_BITS = np.uint32(0xFFFFFFFF)


class MatchScratch(NamedTuple):
    """Memory in which `match_reads` works.

    Attributes:
        packed: bases of the batch, from byte FRONT on (uint8).
        begins: for each packed read, its first base in the buffer (int64).
        reads: its number (int64).
        ends: where its bytes end in `packed` (int64).
        positions: for each candidate, the byte of `packed` at which its seed begins (int64).
        seeds: the smaller one of its seed and the reverse complement (uint32), for CANDIDATES of them.
        places: for each place to compare, that place in the panel's text (int64).
        place_positions: the byte of `packed` at which the seed begins (int64).
        kmers: see `count_kmers` (uint64).
    """

    packed: npt.NDArray[np.uint8]
    begins: npt.NDArray[np.int64]
    reads: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    seeds: npt.NDArray[np.uint32]
    places: npt.NDArray[np.int64]
    place_positions: npt.NDArray[np.int64]
    kmers: npt.NDArray[np.uint64]


def scratch_for(longest: int) -> MatchScratch:
    """Return room for `match_reads`.

    Args:
        longest: bases of the longest read in nt, or any larger number.
    """
    packed = np.zeros(
        FRONT + BATCH_BYTES + SHORT_COPIES * (longest // 4 + PROBE_STRIDE) + 4 * LOAD_BYTES, dtype=np.uint8
    )
    begins, reads, ends = (np.zeros(BATCH_READS, dtype=np.int64) for _ in range(3))
    positions = np.zeros(packed.size + LOAD_BYTES, dtype=np.int64)
    seeds = np.zeros(CANDIDATES, dtype=np.uint32)
    places, place_positions = (np.zeros(CANDIDATES, dtype=np.int64) for _ in range(2))
    kmers = np.zeros(KMERS_AT_ONCE, dtype=np.uint64)
    return MatchScratch(packed, begins, reads, ends, positions, seeds, places, place_positions, kmers)


@compiled
def _filter(table, scratch, used):  # type: ignore[no-untyped-def]
    """Find the bytes of the packed bases whose seed the filter lets through, and return how many."""
    packed, positions = scratch.packed, scratch.positions
    words, shift = table.filter_words, table.filter_shift
    unused_bits = SEED_BITS - 2 * table.seed_length
    found = 0
    for first in range(FRONT, used, PROBE_STRIDE * LOAD_BYTES):
        maybe = np.uint64(0)
        for i in range(0, LOAD_BYTES, PROBES_AT_ONCE):
            place = first + PROBE_STRIDE * i
            maybe |= wide_probes_in_filter(packed, place, words, shift, unused_bits) << np.uint64(i)
        probes = (used - first + PROBE_STRIDE - 1) // PROBE_STRIDE
        if probes < LOAD_BYTES:
            maybe &= (_ONE << np.uint64(probes)) - _ONE
        # Written whether or not they are there, see `note_line_ends`.
        end = found + count_bits(maybe)
        for _ in range(POSITIONS_AT_ONCE):
            positions[found] = first + PROBE_STRIDE * lowest_bit(maybe)
            maybe &= maybe - _ONE
            found += 1
        while found < end:
            positions[found] = first + PROBE_STRIDE * lowest_bit(maybe)
            maybe &= maybe - _ONE
            found += 1
        found = end
    return found


@compiled
def _confirm(  # type: ignore[no-untyped-def]
    buffer, begins, stops, behind, table, scratch, count, packed_reads, lost, hits
):
    """Compare the places that the table gave; sets the hits of the reads that match."""
    packed, text = scratch.packed, table.packed_text
    length, penalty = table.seed_length, table.mismatch_penalty
    # Each base in front of a copy may be one of the match: it is not among the packed ones.
    least_score = table.least_score - lost
    for i in range(count):
        position, place = scratch.place_positions[i], scratch.places[i]
        if not may_match(packed, position, text, place, length, penalty, least_score):
            continue
        current = np.searchsorted(scratch.ends[:packed_reads], position, side="right")
        read = scratch.reads[current]
        before = scratch.ends[current - 1] if current else FRONT
        probe = scratch.begins[current] + 4 * (position - before)
        start, stop = np.int64(begins[read]) + behind, np.int64(stops[read])
        # A seed that runs on into the next read is none.
        if not hits[read] and probe + length <= stop:
            hits[read] = matches_at(buffer, start, stop, probe, table, place)


@compiled
def _look_up(  # type: ignore[no-untyped-def]
    buffer, begins, stops, behind, table, scratch, used, packed_reads, lost, hits
):
    """Look the packed reads of a batch up; sets the hits of those that match.

    At most `lost` bases of a read stand in front of a copy of it.
    """
    seeds, shift, length = table.seeds, table.seed_shift, table.seed_length
    last = seeds.size - 1
    seed_mask = _ALL_SEED_BITS >> np.uint32(SEED_BITS - 2 * length)
    candidates = _filter(table, scratch, used)
    found = 0
    for first in range(0, candidates, CANDIDATES):
        count = min(CANDIDATES, candidates - first)
        for i in range(count):
            seed = np.uint32(load_64(scratch.packed, scratch.positions[first + i])) & seed_mask
            smaller = min(seed, reverse_complement(seed, length))
            prefetch(seeds, slot_of(smaller, shift))
            scratch.seeds[i] = smaller
        for i in range(count):
            position, smaller = scratch.positions[first + i], scratch.seeds[i]
            slot = slot_of(smaller, shift)
            while seeds[slot] != np.uint64(0):
                entry = seeds[slot]
                if entry >> np.uint64(SEED_BITS) == np.uint64(smaller) + _ONE:
                    place = np.int64(entry & _PLACE)
                    if np.uint32(load_64(scratch.packed, position)) & seed_mask != smaller:
                        place = table.text.size - length - place
                    prefetch(table.packed_text, place >> 2)
                    scratch.places[found] = place
                    scratch.place_positions[found] = position
                    found += 1
                    if found == CANDIDATES:
                        _confirm(
                            buffer, begins, stops, behind, table, scratch, found, packed_reads, lost, hits
                        )
                        found = 0
                slot = (slot + 1) & last
    _confirm(buffer, begins, stops, behind, table, scratch, found, packed_reads, lost, hits)


@compiled
def _pack(buffer, begin, stop, packed, used):  # type: ignore[no-untyped-def]
    """Pack the bases [begin, stop) behind the `used` bytes; returns how many are used then."""
    inlined()
    place = used
    for base in range(begin, stop, LOAD_BYTES):
        pack_bases(buffer, base, packed, place)
        place += LOAD_BYTES // 4
    used += (stop - begin + 3) >> 2
    # Where a read is probed must not depend on the reads before it.
    return used + (used - FRONT) % PROBE_STRIDE


@compiled
def match_reads(buffer, begins, stops, behind, count, table, scratch, hits):  # type: ignore[no-untyped-def]
    """Tell which reads share a match of the wanted score with the panel, on either strand.

    Args:
        buffer: bytes with LOAD_BYTES readable ones behind the last read (uint8).
        begins: a position at or before the first base of each read.
        stops: end of each read, half-open.
        behind: how far behind `begins` the first base is.
        count: number of reads.
        table: what to look the reads up in (ScreenTable).
        scratch: see `scratch_for`.
        hits: out, one truth value for each read (bool).
    """
    packed = scratch.packed
    used = FRONT
    packed_reads = lost = 0
    for read in range(count):
        begin, stop = np.int64(begins[read]) + behind, np.int64(stops[read])
        hits[read] = False
        # What is shorter than a seed finds none.
        length = stop - begin
        if length >= LONG_READ:
            used = _pack(buffer, begin, stop, packed, used)
            put(scratch.begins, packed_reads, begin)
            put(scratch.reads, packed_reads, read)
            put(scratch.ends, packed_reads, used)
            packed_reads += 1
        else:
            copies = COPIES if length >= SHORT_READ else SHORT_COPIES
            lost = max(lost, (copies - 1) * PROBE_BASES // copies)
            for _ in range(copies):
                used = _pack(buffer, begin, stop, packed, used)
                put(scratch.begins, packed_reads, begin)
                put(scratch.reads, packed_reads, read)
                put(scratch.ends, packed_reads, used)
                packed_reads += 1
                begin = min(begin + PROBE_BASES // copies, stop)
        if used >= FRONT + BATCH_BYTES or packed_reads > BATCH_READS - SHORT_COPIES:
            _look_up(buffer, begins, stops, behind, table, scratch, used, packed_reads, lost, hits)
            used = FRONT
            packed_reads = lost = 0
    if packed_reads:
        _look_up(buffer, begins, stops, behind, table, scratch, used, packed_reads, lost, hits)
