/* Places reads of the wild type on the panel, from end to end and without gaps.

   A read is placed only where it is certain what the aligner, and all that looks at its alignments, would make of it:
   its fewest edits, and every contig on which it has so few. Let a seed be SEED bases in a row.

   No edit. Every contig that holds the read holds its first seed, so its places are among those of that seed. The
   aligner finds them all: they are one maximal exact match. Anything else has a lower score and more edits.

   One edit. The read's seeds are those of a place, but for those over the edit. Each of them occurs in as many places
   as the read has, and all of these have the edit at the same base, so none is anywhere else; and none of the seeds
   over the edit is on the panel. So no other place has fewer than two edits or holds a longer match, and the aligner's
   maximal exact matches, on both sides of the edit, lead to all places alike. A mismatch does not make it clip the
   read's end: a bonus of 5 for the whole read outweighs its cost of 4.

   In both cases no seed of the read is in another gene or on the other strand. With n bases a read has n / SEED
   disjoint seeds, so that in another gene it has at least as many edits. */

#include "place.h"

enum { LONGEST_LIST = 4096 /* places of a seed that are looked through when its neighbours are counted */ };

bool is_place_table(const place_table *table) {
    return table && table->text && table->contigs && table->genes && table->slots && table->next && table->foreign &&
        table->places && table->text_size >= 2 * LOAD_BYTES && table->text_size < INT32_MAX / 2 &&
        is_power_of_two(table->slot_count) && table->slot_count >= 2 && table->slot_count / 2 >= table->text_size &&
        table->contig_count >= 0;
}

static inline bool is_base(uint8_t letter) { return letter == 'A' || letter == 'C' || letter == 'G' || letter == 'T'; }

static inline uint32_t seed_of(const uint8_t *letters) { return (uint32_t)pack_word(letters); }

/* Returns the slot of a seed, or the free one at which it goes in. */
static inline uint64_t *slot_for(const place_table *table, uint32_t seed) {
    int64_t slot = slot_of((uint64_t)seed + 1, 64 - log2_of(table->slot_count));
    while (table->slots[slot] && table->slots[slot] >> 32 != seed) slot = (slot + 1) & (table->slot_count - 1);
    return table->slots + slot;
}

/* Returns the first place of a seed, -1 where it is nowhere. */
static inline int32_t first_place(const place_table *table, uint32_t seed) {
    return (int32_t)(uint32_t)*slot_for(table, seed) - 1;
}

/* Whether a seed is in another gene than that of its first place, or on the other strand of any. */
static bool is_foreign(const place_table *table, int32_t first, uint32_t seed, int64_t *count) {
    int32_t gene = table->genes[table->contigs[first]];
    bool foreign = first_place(table, reverse_complement(seed, 0)) >= 0;
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        ++*count;
        foreign |= table->genes[table->contigs[at]] != gene || *count > LONGEST_LIST;
    }
    return foreign;
}

/* Makes the table of a panel's sequences.

   The caller gives `text`, `contigs` and `genes`, and the memory of the other arrays: `next` has text_size elements,
   `foreign` and `places` one more. Returns NATIVE_BAD_PANEL where the numbers of contigs or genes cannot be right. */
int EXPORT(build_place_table)(place_table *table) {
    if (!is_place_table(table)) return NATIVE_BAD_ARGUMENT;
    int32_t last = (int32_t)table->text_size - LOAD_BYTES;
    memset(table->slots, 0, (size_t)table->slot_count * sizeof *table->slots);
    for (int32_t at = 0; at < table->text_size; at++) {
        int32_t contig = table->contigs[at];
        if (contig < -1 || contig >= table->contig_count || (contig < 0) != !table->text[at]) return NATIVE_BAD_PANEL;
        if ((at < LOAD_BYTES || at >= last) && table->text[at]) return NATIVE_BAD_PANEL;
    }
    int called = 0; /* bases in a row from the present place on */
    for (int32_t at = last - 1; at >= 0; at--) {
        called = is_base(table->text[at]) ? called + 1 : 0;
        table->next[at] = -1;
        table->foreign[at] = called < SEED; /* for now: of this place alone */
        if (called < SEED) continue;
        uint32_t seed = seed_of(table->text + at);
        uint64_t *slot = slot_for(table, seed);
        table->next[at] = (int32_t)(uint32_t)*slot - 1;
        *slot = (uint64_t)seed << 32 | (uint32_t)(at + 1);
    }
    memset(table->places, 0, ((size_t)table->text_size + 1) * sizeof *table->places);
    for (int64_t slot = 0; slot < table->slot_count; slot++) {
        if (!table->slots[slot]) continue;
        int32_t first = (int32_t)(uint32_t)table->slots[slot] - 1;
        int64_t count = 0;
        bool foreign = is_foreign(table, first, (uint32_t)(table->slots[slot] >> 32), &count);
        for (int32_t at = first; at >= 0; at = table->next[at]) {
            table->places[at] = (int32_t)(count > LONGEST_LIST ? LONGEST_LIST : count);
            table->foreign[at] = foreign;
        }
    }
    int32_t foreign = 0, places = 0;
    for (int32_t at = 0; at <= table->text_size; at++) {
        int32_t own_foreign = at < last ? table->foreign[at] : 0, own_places = table->places[at];
        table->foreign[at] = foreign;
        table->places[at] = places;
        foreign += own_foreign;
        if (places > INT32_MAX - LONGEST_LIST) return NATIVE_BAD_PANEL;
        places += own_places;
    }
    return NATIVE_OK;
}

/* Adds a place, which comes after all others; false when there is no room or its contig has one already. */
static bool add_place(const place_table *table, read_places *found, int32_t at) {
    if (found->count == MOST_PLACES) return false;
    if (found->count && table->contigs[found->at[found->count - 1]] == table->contigs[at]) return false;
    found->at[found->count++] = at;
    return true;
}

/* Whether no seed that begins at places [first, last) is foreign; none does where the interval is empty. */
static inline bool is_own(const place_table *table, int32_t first, int32_t last) {
    return last <= first || table->foreign[last] == table->foreign[first];
}

/* Whether each seed that begins there is at `count` places. */
static inline bool all_at(const place_table *table, int32_t first, int32_t last, int count) {
    return last <= first || table->places[last] - table->places[first] == (last - first) * count;
}

/* Places a read without edits by the places of its first seed. Sets *any where it has some. */
static bool place_exact(
    const place_table *table, const uint8_t *read, int size, int32_t first, read_places *found, bool *any
) {
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        if (at + size > table->text_size || memcmp(table->text + at, read, (size_t)size)) continue;
        *any = true;
        if (!add_place(table, found, at)) return false;
    }
    return *any && is_own(table, found->at[0], found->at[0] + size - SEED + 1);
}

/* Returns the index of the only base at which a read differs from the text, -1 where there are none or more. */
static inline int only_difference(const uint8_t *read, const uint8_t *text, int size) {
    int at = 0;
    while (at < size && read[at] == text[at]) at++;
    return at < size && !memcmp(read + at + 1, text + at + 1, (size_t)(size - at - 1)) ? at : -1;
}

/* Places a read with one edit by the places of a seed of it, which begins `from` bases after its first one. */
static bool place_with_edit(
    const place_table *table, const uint8_t *read, int size, int32_t first, int from, read_places *found
) {
    int edit = -1;
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        if (at < from || at - from + size > table->text_size) return false;
        int here = only_difference(read, table->text + at - from, size);
        if (here < 0 || (edit >= 0 && here != edit) || !is_base(table->text[at - from + here])) return false;
        edit = here;
        if (!add_place(table, found, at - from)) return false;
    }
    if (edit < 0 || (!is_base(read[edit]) && read[edit] != 'N')) return false;
    int32_t own = found->at[0], end = own + size - SEED + 1, over = own + edit - SEED + 1, after = own + edit + 1;
    if (!is_own(table, own, over) || !is_own(table, after, end)) return false;
    if (!all_at(table, own, over, found->count) || !all_at(table, after, end, found->count)) return false;
    found->edit = (int16_t)edit;
    found->base = read[edit];
    if (read[edit] == 'N') return true;
    int last = edit < size - SEED ? edit : size - SEED;
    for (int at = edit < SEED ? 0 : edit - SEED + 1; at <= last; at++) {
        uint32_t seed = seed_of(read + at);
        if (first_place(table, seed) >= 0 || first_place(table, reverse_complement(seed, 0)) >= 0) return false;
    }
    return true;
}

/* Places a read on the sense strand. Sets *any where one of its outer seeds is there. */
static bool place_sense(
    const place_table *table, const uint8_t *read, int size, int limit, read_places *found, bool *any
) {
    *found = (read_places){.edit = -1};
    int32_t first = first_place(table, seed_of(read));
    bool exact = false;
    if (first >= 0) {
        *any = true;
        bool placed = place_exact(table, read, size, first, found, &exact);
        if (exact || !limit) return placed;
        if (place_with_edit(table, read, size, first, 0, found)) return true;
        *found = (read_places){.edit = -1};
    }
    int32_t last = first_place(table, seed_of(read + size - SEED));
    if (last < 0) return false;
    *any = true;
    return limit && place_with_edit(table, read, size, last, size - SEED, found);
}

bool place_read(
    const place_table *table, const uint8_t *sense, const uint8_t *turned, int size, int limit, read_places *found
) {
    if (size < FEWEST_BASES || size > MOST_BASES) return false;
    bool any = false, placed = place_sense(table, sense, size, limit, found, &any), reverse = false;
    if (!any) {
        placed = place_sense(table, turned, size, limit, found, &any);
        reverse = true;
    }
    if (!placed) return false;
    found->reverse = reverse;
    found->gene = table->genes[table->contigs[found->at[0]]];
    return true;
}
