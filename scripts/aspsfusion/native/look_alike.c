/* One pass over a genome: at which places is it like one of the panel's windows, with few mismatches?
 *
 * A window has WINDOW bases. Of three blocks of it one is the same where no more than two bases differ, so the
 * windows are listed by their blocks: what has the same block is compared as a whole, with two bits for each base.
 */
#include "native.h"

enum {
    WINDOW = 28,                      /* bases of a window: 56 bits of a word */
    BLOCK = 9,                        /* bases of a block */
    BLOCKS = 3,                       /* one more than mismatches; the window's last base is in none */
    WORDS = 1 << 2 * BLOCK,           /* blocks that there can be */
    MISMATCHES = BLOCKS - 1
};

/* The number of a window's block among the BLOCKS * WORDS lists. */
static inline int64_t list_of(uint64_t window, int block) {
    return (int64_t)block * WORDS + (int64_t)(window >> 2 * (WINDOW - BLOCK * (block + 1)) & (WORDS - 1));
}

static inline int differing_bases(uint64_t one, uint64_t other) {
    uint64_t bits = one ^ other;
    return count_bits((bits | bits >> 1) & 0x5555555555555555u);
}

/* Finds where a stretch of a contig is like a window, with up to two mismatches.
 *
 * letters, size    the stretch; A, C, G, T and U in upper or lower case are bases
 * firsts, lists    BLOCKS * WORDS + 1 numbers: where in `codes` and `windows` the list of each block begins
 * codes, windows   windows by their blocks: bases (A 0, C 1, G 2, T 3, the first base highest) and number
 * entries          how many they are
 * counts, counters in and out, places of each window; those after the `most`-th one are counted and not given
 * found, room      out, pairs of a place's first letter and its window; `room` pairs, at least one a window
 * next             out, the letter from which to go on, `size` at the end: `found` may be full before
 *
 * Returns the pairs found; NATIVE_BAD_ARGUMENT.
 */
int64_t EXPORT(find_alike)(
    const uint8_t *letters, int64_t size, const int64_t *firsts, int64_t lists, const uint64_t *codes,
    const int64_t *windows, int64_t entries, int64_t *counts, int64_t counters, int64_t most, int64_t *found, int64_t room,
    int64_t *next
) {
    if (!letters || !firsts || !codes || !windows || !counts || !found || !next) return NATIVE_BAD_ARGUMENT;
    if (size < 0 || lists != (int64_t)BLOCKS * WORDS + 1 || entries < 0 || counters < 0 || room < counters) {
        return NATIVE_BAD_ARGUMENT;
    }
    uint64_t listed[BLOCKS * WORDS / 64] = {0}; /* which lists hold something: they stay in a core's cache */
    if (firsts[0] != 0 || firsts[lists - 1] != entries) return NATIVE_BAD_ARGUMENT;
    for (int64_t i = 0; i < lists - 1; ++i) {
        if (firsts[i] > firsts[i + 1]) return NATIVE_BAD_ARGUMENT;
        if (firsts[i] < firsts[i + 1]) listed[i >> 6] |= UINT64_C(1) << (i & 63);
    }
    for (int64_t i = 0; i < entries; ++i) {
        if (windows[i] < 0 || windows[i] >= counters) return NATIVE_BAD_ARGUMENT;
    }
    int64_t pairs = 0;
    uint64_t window = 0;
    int called = 0;
    for (int64_t at = 0; at < size; ++at) {
        unsigned code = kmer_code(letters[at]);
        if (code > 3) {
            called = 0;
            continue;
        }
        window = (window << 2 | code) & low_bits(2 * WINDOW);
        if (++called < WINDOW) continue;
        called = WINDOW;
        for (int block = 0; block < BLOCKS; ++block) {
            int64_t list = list_of(window, block);
            if (!(listed[list >> 6] >> (list & 63) & 1)) continue;
            for (int64_t i = firsts[list]; i < firsts[list + 1]; ++i) {
                if (differing_bases(window, codes[i]) > MISMATCHES) continue;
                bool before = false; /* by a block before this one */
                for (int other = 0; other < block; ++other) before |= list_of(codes[i], other) == list_of(window, other);
                if (before || counts[windows[i]]++ >= most) continue;
                found[2 * pairs] = at - WINDOW + 1;
                found[2 * pairs + 1] = windows[i];
                ++pairs;
            }
        }
        /* Each window is found once at a place, so that what is left is enough for the next one. */
        if (room - pairs < counters) {
            *next = at - WINDOW + 2;
            return pairs;
        }
    }
    *next = size;
    return pairs;
}
