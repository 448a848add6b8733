/* Places reads of the wild type on the panel, from end to end and without gaps.

   A read is placed only where it is certain what the aligner, and all that looks at its alignments, would make of it:
   its fewest edits, and every contig on which it has so few. Let a seed be SEED bases in a row.

   No edit. Every contig that holds the read holds its first seed, so its places are among those of that seed. The
   aligner finds them all: they are one maximal exact match. Anything else has a lower score and more edits.

   One edit, always at the same base. None of the seeds over it is on the panel, so the stretches of the read before and
   after it are maximal exact matches, of all the places alike, and no other contig has fewer edits:
   - With its one edit elsewhere, it would have all seeds but those over that one; it is among the places of the seed
     that is looked up, and then the read is left to the aligner.
   - With one base inserted or left out, that would be where the edit is; it is among these places too, and looked for.
   No other alignment has as high a score. With n bases that of the read is n - 5 (n - 2 for an unknown base); a gap costs
   7, and another contig has a second mismatch, which it clips with bases of its own, or clips the edit with all that is
   in front of or after it. Only where those are fewer than 5 bases could that be as good; then the other contig must
   differ elsewhere, too. A mismatch does not make the aligner clip the end of a read: a bonus of 5 for the whole read outweighs its
   cost of 4. No seed is twice on one contig, where the aligner would join its places.

   In both cases the read has seeds that are in no other gene nor on the other strand, and do not overlap: one for each
   of its edits and of the margin, at least two. There, a read has an edit in each of these seeds, and no alignment that
   leaves out CLIPPED bases or fewer does without. */

#include "place.h"

enum { CLIPPED = 5 }; /* bases at an end that the aligner might clip with an edit, see above */

bool is_place_table(const place_table *table) {
    return table && table->text && table->contigs && table->genes && table->slots && table->next && table->foreign &&
        table->repeated && table->scattered && table->genome && table->borders && table->text_size >= 2 * LOAD_BYTES && table->text_size < INT32_MAX / 2 &&
        is_power_of_two(table->slot_count) && table->slot_count >= 2 && table->slot_count / 2 >= table->text_size &&
        table->contig_count >= 0;
}

/* Notes at all places of a seed whether it is in another gene or on the other strand, twice on a contig, and at two
   places of the genome. */
static void note_seed(place_table *table, int32_t first, uint32_t seed) {
    int32_t gene = table->genes[table->contigs[first]];
    bool foreign = first_place(table, reverse_complement(seed, 0)) >= 0, other_begins = false, other_ends = false;
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        int32_t next = table->next[at];
        foreign |= table->genes[table->contigs[at]] != gene;
        other_begins |= table->genome[at] != table->genome[first];
        other_ends |= table->genome[at + SEED - 1] != table->genome[first + SEED - 1];
        if (next >= 0 && table->contigs[next] == table->contigs[at]) table->repeated[at] = table->repeated[next] = 1;
    }
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        table->foreign[at] = foreign;
        table->scattered[at] = foreign || (other_begins && other_ends) || table->repeated[at];
    }
}

/* Turns notes of each place into their number before it. */
static void add_up(int32_t *notes, int64_t size) {
    int32_t sum = 0;
    for (int64_t at = 0; at <= size; at++) {
        int32_t own = notes[at];
        notes[at] = sum;
        sum += own;
    }
}

/* Makes the table of a panel's sequences.

   The caller gives `text`, `contigs`, `genes`, `genome` and `borders`, and the memory of the other arrays: `next` has
   text_size elements, `borders`, `foreign`, `repeated` and `scattered` one more. Returns NATIVE_BAD_PANEL where the numbers of contigs or genes cannot be right. */
int EXPORT(build_place_table)(place_table *table) {
    if (!is_place_table(table)) return NATIVE_BAD_ARGUMENT;
    int32_t last = (int32_t)table->text_size - LOAD_BYTES;
    memset(table->slots, 0, (size_t)table->slot_count * sizeof *table->slots);
    for (int32_t at = 0; at < table->text_size; at++) {
        int32_t contig = table->contigs[at];
        if (contig < -1 || contig >= table->contig_count || (contig < 0) != !table->text[at]) return NATIVE_BAD_PANEL;
        if ((at < LOAD_BYTES || at >= last) && table->text[at]) return NATIVE_BAD_PANEL;
    }
    size_t notes = ((size_t)table->text_size + 1) * sizeof *table->foreign;
    memset(table->foreign, 0, notes);
    memset(table->repeated, 0, notes);
    memset(table->scattered, 0, notes);
    int called = 0; /* bases in a row from the present place on */
    for (int32_t at = last - 1; at >= 0; at--) {
        called = is_base(table->text[at]) ? called + 1 : 0;
        table->next[at] = -1;
        table->foreign[at] = table->scattered[at] = called < SEED;
        if (called < SEED) continue;
        uint32_t seed = seed_of(table->text + at);
        uint64_t *slot = slot_for(table, seed);
        table->next[at] = (int32_t)(uint32_t)*slot - 1;
        *slot = (uint64_t)seed << 32 | (uint32_t)(at + 1);
    }
    for (int64_t slot = 0; slot < table->slot_count; slot++) {
        uint64_t entry = table->slots[slot];
        if (entry) note_seed(table, (int32_t)(uint32_t)entry - 1, (uint32_t)(entry >> 32));
    }
    add_up(table->foreign, table->text_size);
    add_up(table->repeated, table->text_size);
    add_up(table->scattered, table->text_size);
    return NATIVE_OK;
}

/* Whether a read at a place has so many disjoint seeds that are in no other gene: those over its edit are nowhere. */
static bool has_own_seeds(const place_table *table, int32_t own, int size, int edit, int wanted) {
    int32_t end = own + size - SEED + 1;
    if (none_noted(table->foreign, own, end)) return size / SEED >= wanted;
    int found = 0;
    for (int32_t at = own; at < end && found < wanted;) {
        bool over = edit >= 0 && at <= own + edit && own + edit < at + SEED;
        if (over || none_noted(table->foreign, at, at + 1)) {
            found++;
            at += SEED;
        } else {
            at++;
        }
    }
    return found >= wanted;
}

/* Places a read without edits by the places of its first seed. Sets *any where it has some. */
static bool place_exact(
    const place_table *table, const uint8_t *read, int size, int32_t first, int margin, read_places *found, bool *any
) {
    int looked_at = 0;
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        if (++looked_at > MOST_LOOKED_AT) return false;
        if (at + size > table->text_size || memcmp(table->text + at, read, (size_t)size)) continue;
        *any = true;
        if (!add_place(table, found, at)) return false;
    }
    return *any && has_own_seeds(table, found->at[0], size, -1, margin);
}

/* Whether a read differs from the text in bases near one of its ends alone. */
static bool differs_at_ends(const uint8_t *read, const uint8_t *text, int size) {
    return !memcmp(read + CLIPPED, text + CLIPPED, (size_t)(size - 2 * CLIPPED));
}

/* Returns the index of the only base at which a read differs from the text, -1 where there are none or more. */
static inline int only_difference(const uint8_t *read, const uint8_t *text, int size) {
    int at = 0;
    while (at < size && read[at] == text[at]) at++;
    return at < size && !memcmp(read + at + 1, text + at + 1, (size_t)(size - at - 1)) ? at : -1;
}

/* Whether a read would fit the text at a place with one base inserted or left out. */
static bool fits_with_gap(const uint8_t *read, const uint8_t *text, int size) {
    for (int shift = -1; shift <= 1; shift += 2) {
        int before = 0, after = 0; /* bases that match from the left end, and from the right one with the shift */
        while (before < size && read[before] == text[before]) before++;
        while (after < size && read[size - 1 - after] == text[size - 1 - after + shift]) after++;
        if (before + after >= size - 1) return true;
        before = after = 0;
        while (before < size && read[before] == text[before + shift]) before++;
        while (after < size && read[size - 1 - after] == text[size - 1 - after]) after++;
        if (before + after >= size - 1) return true;
    }
    return false;
}

/* Places a read with one edit by the places of a seed of it, which begins `from` bases after its first one. */
static bool place_with_edit(
    const place_table *table, const uint8_t *read, int size, int32_t first, int from, int margin, read_places *found
) {
    int edit = -1;
    bool may_be_clipped = false;
    int looked_at = 0;
    for (int32_t at = first; at >= 0; at = table->next[at]) {
        if (++looked_at > MOST_LOOKED_AT) return false;
        const uint8_t *there = table->text + at - from;
        if (at < from + 1 || at - from + size >= table->text_size) return false;
        int here = only_difference(read, there, size);
        if (here < 0) {
            may_be_clipped |= differs_at_ends(read, there, size);
            if (fits_with_gap(read, there, size)) return false;
            continue;
        }
        if ((edit >= 0 && here != edit) || !is_base(there[here]) || !add_place(table, found, at - from)) return false;
        edit = here;
    }
    if (edit < 0 || (!is_base(read[edit]) && read[edit] != 'N')) return false;
    if (may_be_clipped && (edit < CLIPPED || edit >= size - CLIPPED)) return false;
    int32_t own = found->at[0], end = own + size - SEED + 1, over = own + edit - SEED + 1, after = own + edit + 1;
    if (!has_own_seeds(table, own, size, edit, 1 + margin)) return false;
    if (!none_noted(table->repeated, own, over) || !none_noted(table->repeated, after, end)) return false;
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

/* Places a read on the sense strand. */
static bool place_sense(
    const place_table *table, const uint8_t *read, int size, int limit, int margin, read_places *found
) {
    *found = (read_places){.edit = -1, .second = -1};
    int32_t first = first_place(table, seed_of(read));
    bool exact = false;
    if (first >= 0) {
        bool placed = place_exact(table, read, size, first, margin, found, &exact);
        if (exact || !limit) return placed;
        if (place_with_edit(table, read, size, first, 0, margin, found)) return true;
        *found = (read_places){.edit = -1, .second = -1};
    }
    if (!limit) return false;
    int32_t last = first_place(table, seed_of(read + size - SEED));
    if (last >= 0 && place_with_edit(table, read, size, last, size - SEED, margin, found)) return true;
    *found = (read_places){.edit = -1, .second = -1};
    return limit > 1 && place_twice(table, read, size, margin, found);
}

bool place_read(
    const place_table *table, const uint8_t *sense, const uint8_t *turned, int size, int limit, int margin,
    read_places *found
) {
    if (size < FEWEST_BASES || size > MOST_BASES || margin < 1) return false;
    if (margin < 2) margin = 2; /* so that no other gene's alignment has as high a score */
    /* The aligner takes an unknown base for a mismatch, of an unknown base of the panel too. */
    int unknown = 0;
    for (int at = 0; at < size; at++) unknown += sense[at] == 'N';
    if (unknown > limit) return false;
    bool reverse = false;
    if (!place_sense(table, sense, size, limit, margin, found)) {
        if (!place_sense(table, turned, size, limit, margin, found)) return false;
        reverse = true;
    }
    int shown = (found->edit >= 0 && found->base == 'N') + (found->second >= 0 && found->second_base == 'N');
    if (shown != unknown) return false;
    found->reverse = reverse;
    found->gene = table->genes[table->contigs[found->at[0]]];
    return found->gene >= 0;
}
