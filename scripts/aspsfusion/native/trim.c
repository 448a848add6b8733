/* Finds adapters in reads, and merges mates that overlap; the rules are those of align/trim.py. */

#include "trim.h"

enum {
    MERGED_QUALITY = 'I', /* highest quality of a merged base */
    MISREAD = 1, /* edits that an adapter may have here; more than the rate of errors allows where it is short */
    HALF = LEAST_ADAPTER / 2, /* first and next bases of an adapter, one half of which is right in spite of one edit */
    ANY_BASE = 'N',
};

/* Whether an adapter goes on in a read with an edit at most, as far as both go. */
static bool goes_on(const uint8_t *read, int64_t size, const uint8_t *adapter, int64_t adapter_size) {
    int64_t both = least(size, adapter_size), at = 0;
    while (at < both && read[at] == adapter[at]) at++;
    if (at == both) return true;
    const uint8_t *r = read + at, *a = adapter + at;
    int64_t r_left = size - at, a_left = adapter_size - at;
    return !memcmp(r + 1, a + 1, (size_t)least(r_left - 1, a_left - 1)) ||
        !memcmp(r + 1, a, (size_t)least(r_left - 1, a_left)) || !memcmp(r, a + 1, (size_t)least(r_left, a_left - 1));
}

bool may_hold(const stretch *read, const uint8_t *adapter, int64_t adapter_size, int64_t least_bases) {
    for (int64_t at = 0; at + HALF <= read->size; at++) {
        const uint8_t *here = read->bases + at;
        int64_t left = read->size - at - HALF;
        if (!memcmp(here, adapter, HALF)) {
            if (HALF + left + MISREAD >= least_bases && goes_on(here + HALF, left, adapter + HALF, adapter_size - HALF)) {
                return true;
            }
        }
        /* The edit is in the first half: all that follows the second one is right. */
        if (at >= HALF - MISREAD && !memcmp(here, adapter + HALF, HALF)) {
            int64_t after = least(left, adapter_size - 2 * HALF);
            if (2 * HALF + after + MISREAD >= least_bases && !memcmp(here + HALF, adapter + 2 * HALF, (size_t)after)) {
                return true;
            }
        }
    }
    return false;
}

int32_t merge(const stretch *first, const stretch *second, int64_t insert, uint8_t *out, uint8_t *qualities) {
    int64_t start = insert - second->size; /* of the second mate on the molecule */
    int32_t sum = 0;
    for (int64_t i = 0; i < insert; i++) {
        int64_t j = i - start, back = second->size - 1 - j; /* qualities are in the order of sequencing */
        uint8_t base, quality;
        if (i >= first->size) {
            base = second->bases[j];
            quality = second->quality[back];
        } else if (j < 0) {
            base = first->bases[i];
            quality = first->quality[i];
        } else {
            uint8_t mine = first->quality[i], other = second->quality[back];
            bool agree = first->bases[i] == second->bases[j];
            uint8_t higher = mine > other ? mine : other, lower = mine > other ? other : mine;
            base = other > mine ? second->bases[j] : first->bases[i];
            if (!agree && mine == other) base = ANY_BASE;
            quality = agree ? higher : (uint8_t)(PHRED_OFFSET + higher - lower);
        }
        out[i] = base;
        if (quality > MERGED_QUALITY) quality = MERGED_QUALITY;
        if (qualities) qualities[i] = quality;
        sum += quality - PHRED_OFFSET;
    }
    return sum;
}

/* Joins mates that overlap on an insert into one read.

   first, first_quality      of the first mate, its adapter removed
   second, second_quality    of the other one, its bases turned, its qualities in the order of sequencing
   bases, qualities          out, `insert` bytes each

   Returns NATIVE_OK, or NATIVE_BAD_ARGUMENT where the mates do not cover the insert. */
int EXPORT(merge_mates)(
    const uint8_t *first, const uint8_t *first_quality, int64_t first_size, const uint8_t *second,
    const uint8_t *second_quality, int64_t second_size, int64_t insert, uint8_t *bases, uint8_t *qualities
) {
    if (!first || !first_quality || !second || !second_quality || !bases || !qualities || first_size < 0 ||
        second_size < 0 || first_size > insert || second_size > insert || insert - first_size > second_size) {
        return NATIVE_BAD_ARGUMENT;
    }
    stretch one = {first, first_quality, first_size}, other = {second, second_quality, second_size};
    merge(&one, &other, insert, bases, qualities);
    return NATIVE_OK;
}
