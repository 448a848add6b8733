"""The compiled loops that prove a match: the read's letters beside the panel's, around an equal seed.

A read and the panel are compared 64 bases at a time, which gives a bit for each mismatch; the score of an
ungapped match is then reckoned from mismatch to mismatch.
"""

import numpy as np

from aspsfusion.compiled import compiled
from aspsfusion.seed_vectors import breaks, mismatches, reversed_bits
from aspsfusion.vector_loads import LOAD_BYTES, load_64, lowest_bit

GIVE_UP = 9
"""A match is not followed further once it has fallen so far below its best score: three mismatches."""

UNKNOWN = 1000
"""A score above all that is asked for."""

PACKED_WORD = 8
WORD_BASES = 32
"""Bytes and bases of a word of packed bases."""

_ONE = np.uint64(1)
_LOW_BITS = np.uint64(0x5555555555555555)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@compiled
def _text_bases(packed_text, place):  # type: ignore[no-untyped-def]
    """Return 32 bases of the panel's text from a place, two bits each."""
    low = np.uint64(2 * (place & 3))
    first = load_64(packed_text, place >> 2) >> low
    # The last bases stand in the ninth byte; shifted in two steps, since 64 at once would be none.
    return first | (
        (np.uint64(packed_text[(place >> 2) + PACKED_WORD]) << (np.uint64(62) - low)) << np.uint64(2)
    )


@compiled
def _differences(one, other):  # type: ignore[no-untyped-def]
    """Mark the bases in which two words of 32 differ by the lower one of their two bits."""
    differ = one ^ other
    return (differ | (differ >> _ONE)) & _LOW_BITS


@compiled
def _bound(wrong, mismatch_penalty):  # type: ignore[no-untyped-def]
    """Return what the best score of a match over packed bases is not above.

    Followed are the first four mismatches, without a jump. A random match is given up by then.

    Args:
        wrong: mismatches, the first base in the lowest of two bits; what is not known is none.
        mismatch_penalty: what a mismatch costs, a match giving 1.

    Returns:
        The bound; UNKNOWN when the match goes on behind the fourth mismatch.
    """
    step = 1 + mismatch_penalty
    first = lowest_bit(wrong) >> 1
    wrong &= wrong - _ONE
    second = lowest_bit(wrong) >> 1
    wrong &= wrong - _ONE
    third = lowest_bit(wrong) >> 1
    wrong &= wrong - _ONE
    fourth = lowest_bit(wrong) >> 1
    best = max(max(first, second - step), max(third - 2 * step, fourth - 3 * step))
    return best if fourth - 3 - 4 * mismatch_penalty <= best - GIVE_UP else UNKNOWN


@compiled
def may_match(  # type: ignore[no-untyped-def]
    packed, position, packed_text, place, length, mismatch_penalty, least_score
):
    """Tell whether the match around a seed can reach the wanted score.

    What is no base, the ends of the read and the breaks of the text are taken for some base: what
    `matches_at` says yes to is never refused, and it has to be asked when the answer is yes. That holds for
    what is packed: for each base of the read in front of it, `least_score` has to be one lower.

    Args:
        packed: packed bases of reads with eight bytes in front and behind.
        position: byte at which the seed begins.
        packed_text: the panel's text (ScreenTable).
        place: first base of the seed in the panel's text.
        length: bases of a seed.
        mismatch_penalty: what a mismatch costs, a match giving 1.
        least_score: the wanted score.
    """
    behind = _differences(load_64(packed, position), _text_bases(packed_text, place)) >> np.uint64(2 * length)
    before = _differences(
        load_64(packed, position - PACKED_WORD), _text_bases(packed_text, place - WORD_BASES)
    )
    score = length + _bound(behind, mismatch_penalty)
    return score + _bound(reversed_bits(before) >> _ONE, mismatch_penalty) >= least_score


@compiled
def _walk(wrong, ended, score, best, mismatch_penalty):  # type: ignore[no-untyped-def]
    """Follow a match over 64 bases.

    Args:
        wrong: mismatches, the nearest base lowest.
        ended: where the match can not go on: the read or the panel's sequence ends.
        score: score so far.
        best: best score so far.
        mismatch_penalty: what a mismatch costs, a match giving 1.

    Returns:
        (score, best, ended): the same behind these bases, and whether the match is at its end.
    """
    end = lowest_bit(ended)
    wrong |= ended
    place = 0
    while True:
        mismatch = lowest_bit(wrong)
        score += mismatch - place
        best = max(best, score)
        if mismatch >= end:
            return score, best, mismatch < LOAD_BYTES
        score -= mismatch_penalty
        if score <= best - GIVE_UP:
            return score, best, True
        place = mismatch + 1
        wrong &= wrong - _ONE


@compiled
def _best_behind(buffer, begin, stop, text, place, mismatch_penalty):  # type: ignore[no-untyped-def]
    """Return the best score of a match that begins at a base and runs towards the read's end."""
    score = best = 0
    while begin < stop:
        ended = breaks(text, place)
        if stop - begin < LOAD_BYTES:
            ended |= _ALL << np.uint64(stop - begin)
        wrong = mismatches(buffer, begin, text, place)
        score, best, done = _walk(wrong, ended, score, best, mismatch_penalty)
        if done:
            break
        begin += LOAD_BYTES
        place += LOAD_BYTES
    return best


@compiled
def _best_before(buffer, start, end, text, place, mismatch_penalty):  # type: ignore[no-untyped-def]
    """Return the best score of a match that ends in front of a base and runs towards the read's start."""
    score = best = 0
    while start < end:
        back = min(end, LOAD_BYTES)  # nothing can be loaded from before the buffer
        lost = np.uint64(LOAD_BYTES - back)
        wrong = reversed_bits(mismatches(buffer, end - back, text, place - back)) >> lost
        ended = reversed_bits(breaks(text, place - back)) >> lost
        if end - start < LOAD_BYTES:
            ended |= _ALL << np.uint64(end - start)
        score, best, done = _walk(wrong, ended, score, best, mismatch_penalty)
        if done:
            break
        end -= LOAD_BYTES
        place -= LOAD_BYTES
    return best


@compiled
def matches_at(buffer, start, stop, probe, table, place):  # type: ignore[no-untyped-def]
    """Tell whether the ungapped match around a seed reaches the wanted score.

    Args:
        buffer: bytes with LOAD_BYTES readable ones behind the read (uint8).
        start: first base of the read.
        stop: end of the read, half-open.
        probe: first base of the seed in the read.
        table: the panel (ScreenTable).
        place: first base of the seed in the panel's text.
    """
    length, penalty = table.seed_length, table.mismatch_penalty
    # What was packed may have been no base; here the letters are compared.
    if mismatches(buffer, probe, table.text, place) & ((_ONE << np.uint64(length)) - _ONE):
        return False
    score = length + _best_behind(buffer, probe + length, stop, table.text, place + length, penalty)
    if score < table.least_score:
        score += _best_before(buffer, start, probe, table.text, place, penalty)
    return score >= table.least_score
