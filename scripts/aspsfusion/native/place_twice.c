/* Places reads of the wild type that have two edits, and tells which fragments with such a read are wild type for sure.

   Two edits are as many as the margin by which a junction must win. So a fragment with such a read is not explained at
   once, as one with fewer edits is: the caller looks at what its reads suggest, and tests it at junctions, all edits of
   which it would have to do without. Here it is found without the aligner and the caller that nothing comes of that.

   Placing. Let a seed be SEED bases in a row, P a place where the read has its two edits, n its bases.
   - No seed over an edit is on the panel. No other seed is in another gene, on the other strand, or twice on a contig;
     on all contigs it begins at one place of the genome, or ends at one (else it is "scattered"). The edits are not both
     within SEED bases of one end.
   - With two edits of any kind one of three disjoint seeds is left as it is, so that every place with so few is on a
     diagonal of one of them. All of these are looked at: each has the same two mismatches; or more, and more than two
     edits with gaps as well.
   - The aligner's score of the read is n - 10, more with unknown bases. One gap of up to GAP bases and no mismatch would have a score as high; it
     is looked for on all diagonals. A gap and a mismatch have n - 12 at most. To clip both edits with b bases costs b,
     more than the bonus of 5 for the whole read makes up for unless b is 5 or less; to clip one is never better.
   - The stretches between the edits are maximal exact matches, of all the places alike, and one of them is longer than a
     seed: the aligner finds all places. What it adds are parts of the read on other transcripts of the gene. Another
     gene shares no seed, so that in m bases it has m / SEED edits: more than the margin allows, and in n - 13 bases too
     low a score to be reported.

   An unknown base of the read is an edit like any other, at each place, junctions included, and in no seed.

   Nothing is suggested. Pieces of two genes suggest a junction, but no piece is in another gene; nor is the word of WORD
   bases at either end of the read, on either strand, which would do as well. A clipped end does, but none is clipped.

   No junction fits better. Say the read, as it is and without gaps (to allow for one it would need three edits), fits the
   joined sequence of a junction without inserted bases with fewer edits than P has, and so with one or none. Its piece in
   the gene of P is on one side, say the left one, and ends in front of base u; the other piece is in another gene, and has
   no exact seed. With a read of FEWEST_BASES or more, and no edit left, or one:
   (a) No edit: the other piece has fewer than SEED bases, and no edit of P is in the left one, which would have an exact
       seed over it. So all edits of P are in the last SEED - 1 bases.
   (b) One edit in the other piece, which has 2 * SEED - 1 bases at most: again no edit of P is in the left piece, and both
       are in as many last bases.
   (c) One edit x in the left piece; the other one has fewer than SEED bases. The stretch between x and u, if it is of
       SEED bases or more, has no edit of P. Then an edit of P is in the last SEED - 1 bases; or both are in front of x or
       at x, and x is one of the first SEED bases. If it is shorter, the stretch in front of x has such a seed: both edits
       of P are at x or after it, in the last 2 * SEED - 1 bases.
   In each case but the one ruled out above the left piece has an exact seed that ends in front of u or of x, and its
   first or its last base is where P has it in the genome. From there to u the way of P and that of the junction are the
   same, so that P has the junction's place; or they part, at the end of an exon. If the junction is between borders of
   exons or a listed one, a border is within 2 * SEED bases of the read's end in (a) and in the first case of (c), and
   within 3 * SEED bases of it in the others. Such fragments are left alone. For the right side read it backwards.
   Junctions elsewhere, and those with inserted bases, are looked at once they are known (call/doubt.py). */

#include "place.h"

enum {
    GAP = 4,    /* bases of the longest gap that costs no more than two mismatches */
    WORD = 14,  /* bases at an end of a read that show another gene, see call/proposals.py */
    MORE_LETTERS = 2 * (SEED - WORD), /* bits of a seed that a word leaves open */
    SEEDS = 3,
    MOST_DIAGONALS = 128,
    SIZE_OF_NOTHING = 16, /* so that no edits make something of it */
};

/* Notes where a read differs from the text, the first two places of it. Returns how many there are, 3 for more. */
static int differences(const uint8_t *read, const uint8_t *text, int size, int16_t *where) {
    int count = 0;
    for (int at = 0; at < size; at++) {
        if (read[at] == text[at]) continue;
        if (count == 2) return 3;
        where[count++] = (int16_t)at;
    }
    return count;
}

static int alike_from_left(const uint8_t *read, const uint8_t *text, int size) {
    int at = 0;
    while (at < size && read[at] == text[at]) at++;
    return at;
}

static int alike_from_right(const uint8_t *read, const uint8_t *text, int size) {
    int count = 0;
    while (count < size && read[size - 1 - count] == text[size - 1 - count]) count++;
    return count;
}

/* Whether a read would fit the text at a place with some bases inserted or left out, and no mismatch. */
static bool fits_with_gaps(const uint8_t *read, const uint8_t *text, int size) {
    int left = alike_from_left(read, text, size), right = alike_from_right(read, text, size);
    for (int shift = -GAP; shift <= GAP; shift++) {
        int wanted = size - (shift < 0 ? -shift : shift);
        if (shift && (left + alike_from_right(read, text + shift, size) >= wanted ||
                      alike_from_left(read, text + shift, size) + right >= wanted)) {
            return true;
        }
    }
    return false;
}

/* Lists the diagonals of three seeds of a read by their first place in the text, ascending. Returns their number, -1
   where there are too many, or one is too near the text's end. */
static int list_diagonals(const place_table *table, const uint8_t *read, int size, int32_t *starts) {
    int offsets[SEEDS] = {0, (size - SEED) / 2, size - SEED}, count = 0;
    for (int seed = 0; seed < SEEDS; seed++) {
        int looked_at = 0, from = offsets[seed];
        for (int32_t at = first_place(table, seed_of(read + from)); at >= 0; at = table->next[at]) {
            int32_t start = at - from;
            if (++looked_at > MOST_LOOKED_AT || start < GAP || start + size + GAP > table->text_size) return -1;
            int i = count;
            while (i && starts[i - 1] > start) i--;
            if (i && starts[i - 1] == start) continue;
            if (count == MOST_DIAGONALS) return -1;
            memmove(starts + i + 1, starts + i, (size_t)(count - i) * sizeof *starts);
            starts[i] = start;
            count++;
        }
    }
    return count;
}

/* Whether a read fits the text near a place with two edits of any kind at most (Landau and Vishkin 1989, J Algorithms):
   with each number of edits, how many of its bases can be placed up to each diagonal. */
static bool is_within_two_edits(const uint8_t *read, const uint8_t *text, int size) {
    enum { EDITS = 2, SIDE = 2 * EDITS, DIAGONALS = 2 * SIDE + 1 };
    int reached[DIAGONALS + 2]; /* one more on both sides, where nothing is reached */
    for (int i = 0; i < DIAGONALS + 2; i++) reached[i] = -SIZE_OF_NOTHING;
    for (int i = SIDE - EDITS; i <= SIDE + EDITS; i++) reached[i + 1] = 0; /* it may begin at any of these */
    for (int edits = 0; edits <= EDITS; edits++) {
        int before[DIAGONALS + 2];
        memcpy(before, reached, sizeof before);
        for (int i = 1; i <= DIAGONALS; i++) {
            int at = before[i] + (edits > 0);
            if (edits && before[i - 1] > at) at = before[i - 1];         /* a base of the text left out */
            if (edits && before[i + 1] + 1 > at) at = before[i + 1] + 1; /* a base of the read inserted */
            if (at < 0) continue;
            if (at < size) at += alike_from_left(read + at, text + at + i - 1 - SIDE, size - at);
            if (at >= size) return true;
            reached[i] = at;
        }
    }
    return false;
}

static bool is_seed_anywhere(const place_table *table, const uint8_t *letters) {
    uint32_t seed = seed_of(letters);
    return first_place(table, seed) >= 0 || first_place(table, reverse_complement(seed, 0)) >= 0;
}

/* Whether a letter of a read is a base, known or not. */
static inline bool is_called(uint8_t letter) { return is_base(letter) || letter == 'N'; }

bool place_twice(const place_table *table, const uint8_t *read, int size, int margin, read_places *found) {
    int32_t starts[MOST_DIAGONALS];
    if (size / SEED < 2 + margin) return false;
    int count = list_diagonals(table, read, size, starts);
    int16_t edits[2] = {-1, -1};
    for (int i = 0; i < count; i++) {
        int16_t here[2];
        const uint8_t *there = table->text + starts[i];
        int different = differences(read, there, size, here);
        if (different < 2 || fits_with_gaps(read, there, size)) return false;
        if (different > 2) {
            if (is_within_two_edits(read, there, size)) return false;
            continue;
        }
        if (found->count && (here[0] != edits[0] || here[1] != edits[1])) return false;
        if (!is_base(there[here[0]]) || !is_base(there[here[1]]) || !add_place(table, found, starts[i])) return false;
        memcpy(edits, here, sizeof edits);
    }
    int first = edits[0], second = edits[1];
    if (count < 1 || !found->count || !is_called(read[first]) || !is_called(read[second])) return false;
    if (second < SEED || first >= size - SEED) return false;
    int32_t own = found->at[0];
    if (!none_noted(table->scattered, own, own + first - SEED + 1) ||
        !none_noted(table->scattered, own + first + 1, own + second - SEED + 1) ||
        !none_noted(table->scattered, own + second + 1, own + size - SEED + 1)) {
        return false;
    }
    for (int at = first < SEED ? 0 : first - SEED + 1; at <= second && at <= size - SEED; at++) {
        bool over = at <= first || at + SEED > second;
        if (over && !memchr(read + at, 'N', SEED) && is_seed_anywhere(table, read + at)) return false;
    }
    found->edit = (int16_t)first;
    found->second = (int16_t)second;
    found->base = read[first];
    found->second_base = read[second];
    return true;
}

/* Whether no junction can do without an edit of a read. */
static bool is_unknown(const read_places *found) {
    return found->base == 'N' && (found->second < 0 || found->second_base == 'N');
}

/* Whether a seed is in another gene than the given one, of which there is none with number -1. */
static bool is_elsewhere(const place_table *table, uint32_t seed, int32_t gene) {
    for (int32_t at = first_place(table, seed); at >= 0; at = table->next[at]) {
        if (table->genes[table->contigs[at]] != gene || gene < 0) return true;
    }
    return false;
}

/* Whether the first or the last word of a read is in another gene than the given one. */
static bool ends_elsewhere(const place_table *table, const uint8_t *read, int size, int32_t gene) {
    uint32_t words[2] = {seed_of(read), seed_of(read + size - SEED) >> MORE_LETTERS};
    for (int i = 0; i < 2; i++) {
        uint32_t word = words[i] & (UINT32_MAX >> MORE_LETTERS);
        for (uint32_t more = 0; more < 1u << MORE_LETTERS; more++) {
            if (is_elsewhere(table, word | more << (2 * WORD), gene)) return true;
            if (is_elsewhere(table, word << MORE_LETTERS | more, gene)) return true;
        }
    }
    return false;
}

bool stands_apart(
    const place_table *table, const uint8_t *read, const uint8_t *turned, int size, const read_places *found
) {
    int32_t own = found->at[0], end = own + size;
    int first = found->edit, last = found->second < 0 ? first : found->second;
    if (first < 0) {
        if (!none_noted(table->scattered, own, end - SEED + 1)) return false;
    } else {
        if (found->second < 0 && (!none_noted(table->scattered, own, own + first - SEED + 1) ||
                                  !none_noted(table->scattered, own + first + 1, end - SEED + 1))) {
            return false;
        }
        bool near_left = !none_noted(table->borders, own, own + 2 * SEED);
        bool near_right = !none_noted(table->borders, end - 2 * SEED, end);
        bool may_lose = !is_unknown(found);
        if (may_lose && ((first < SEED && near_left) || (last >= size - SEED && near_right))) return false;
        near_left = !none_noted(table->borders, own, own + 3 * SEED);
        near_right = !none_noted(table->borders, end - 3 * SEED, end);
        if (may_lose && ((last < 2 * SEED && near_left) || (first >= size - 2 * SEED && near_right))) return false;
    }
    return !ends_elsewhere(table, read, size, found->gene) && !ends_elsewhere(table, turned, size, -1);
}
