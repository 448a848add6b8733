/* Joins the fragments of a sample without UMIs that are copies of one molecule.
 *
 * The rules, and why they are so, are in evidence/copies.py; here the same is done for millions of fragments, in the
 * same order, since the order decides what is compared with what. Ends of fragments are places, numbers of strand and
 * position of which near ones are of one strand. The bases of settled fragments are made of the panel's text as they
 * are needed.
 */
#include "copies.h"

enum {
    PLACES = ENDS * (2 * MOST_SLACK + 2), /* at which one molecule's copies are looked for */
    RANK_BITS = 31,
    MOST_FRAGMENTS = 1 << 28, /* so that numbers of lists' entries fit 32 bits */
    MOST_CROWD = 1 << 20,
};

read_bases bases_of(joining *work, int64_t fragment, int end, int slot) {
    const fragments *all = work->all;
    if (fragment >= all->settled) {
        const int64_t *bounds = all->bounds + (ENDS + 1) * (fragment - all->settled) + end;
        return (read_bases){all->bases + bounds[0], bounds[1] - bounds[0]};
    }
    if (end == ENDS) return (read_bases){all->text, 0};
    const settled_fragment *row = all->rows + fragment;
    int source = all->sources[ENDS * fragment + end], read = source & 1, size = row->size[read];
    const uint8_t *own = all->text + row->own[read];
    if (source < 2 && row->edit[read] < 0) return (read_bases){own, size};
    uint8_t *out = work->buffers[slot];
    memcpy(out, own, (size_t)size);
    if (row->edit[read] >= 0) out[row->edit[read]] = row->base[read];
    if (row->second[read] >= 0) out[row->second[read]] = row->second_base[read];
    if (source >= 2) {
        static const uint8_t other[256] = {['A'] = 'T', ['C'] = 'G', ['G'] = 'C', ['T'] = 'A', ['N'] = 'N'};
        for (int i = 0, j = size - 1; i <= j; i++, j--) {
            uint8_t letter = other[out[i]];
            out[i] = other[out[j]];
            out[j] = letter;
        }
    }
    return (read_bases){out, size};
}

/* Whether bases from an end of one fragment and from an end of another one on are alike; ENDS is the rest. */
static bool ends_alike(joining *work, int64_t one, int end, int64_t other, int other_end) {
    return are_alike(bases_of(work, one, end, 0), bases_of(work, other, other_end, 1), work->rules, work->cells);
}

/* Whether fragments of one place show the same molecule. */
static bool same_bases(joining *work, int64_t one, int64_t other) {
    for (int end = 0; end < ends_of(work->all, one); end++) {
        if (!ends_alike(work, one, end, other, end)) return false;
    }
    return ends_alike(work, one, ENDS, other, ENDS);
}

static inline molecule joined(const fragments *all, molecule one, molecule other) {
    int32_t best = all->ranks[one.best] < all->ranks[other.best] ? one.best : other.best;
    return (molecule){best, one.count + other.count};
}

/* --- Copies at one place -------------------------------------------------------------------------- */

static int compare_keys(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* Adds copies to those of the same molecule among some, or after them; see copies.add_copies. */
static void add_copies(joining *work, molecule *kept, int64_t *count, molecule added) {
    for (int64_t i = 0; i < *count; i++) {
        if (i == work->rules->crowd || same_bases(work, kept[i].best, added.best)) {
            kept[i] = joined(work->all, kept[i], added);
            return;
        }
    }
    kept[(*count)++] = added;
}

static bool same_place(const fragments *all, int64_t one, int64_t other) {
    return place_of(all, one, 0) == place_of(all, other, 0) && place_of(all, one, 1) == place_of(all, other, 1);
}

/* Joins copies with exactly the same ends; returns how many molecules there are. `keys` and `spare` are room. */
static int64_t join_same(joining *work, molecule *found, uint64_t *keys, molecule *spare) {
    const fragments *all = work->all;
    int64_t total = all->settled + all->others, count = 0;
    for (int64_t begin = 0, end; begin < total; begin = end) {
        molecule *here = found + count;
        int64_t kept = 0;
        end = begin;
        while (end < total && same_place(all, all->order[begin], all->order[end])) {
            /* First the fragments of each UMI, in the order of their numbers. */
            int32_t umi = all->umis[all->order[end]];
            int64_t own = 0;
            molecule *of_umi = here + kept;
            do {
                add_copies(work, of_umi, &own, (molecule){all->order[end], 1});
                end++;
            } while (end < total && all->umis[all->order[end]] == umi && same_place(all, all->order[begin], all->order[end]));
            kept += own;
        }
        if (kept > 1) {
            /* Then these, the best first. */
            for (int64_t i = 0; i < kept; i++) keys[i] = (uint64_t)all->ranks[here[i].best] << RANK_BITS | (uint64_t)i;
            qsort(keys, (size_t)kept, sizeof *keys, compare_keys);
            for (int64_t i = 0; i < kept; i++) spare[i] = here[keys[i] & low_bits(RANK_BITS)];
            int64_t again = 0;
            for (int64_t i = 0; i < kept; i++) add_copies(work, here, &again, spare[i]);
            kept = again;
        }
        count += kept;
    }
    return count;
}

/* --- Copies at places near each other ------------------------------------------------------------- */

/* Writes the places at which the ends of a molecule's copies may be, the nearest first; returns how many. */
static int places_of(const joining *work, int64_t fragment, int64_t *out) {
    const fragments *all = work->all;
    int ends = ends_of(all, fragment), count = 0;
    bool in_run = run_of(all, fragment, 0) != NONE || (ends == ENDS && run_of(all, fragment, 1) != NONE);
    bool looks = (ends == 1 && work->mixed) || !all_clear(all, fragment) || in_run;
    for (int end = 0; end < (work->mixed ? ends : 1); end++) {
        int64_t place = place_of(all, fragment, end), run = run_of(all, fragment, end);
        if (!is_clear(all, fragment, end)) {
            out[count++] = place;
            for (int64_t shift = 1; shift <= work->rules->end_slack; shift++) {
                out[count++] = place - shift;
                out[count++] = place + shift;
            }
        } else if (looks) {
            out[count++] = place;
        }
        if (run != NONE) out[count++] = run;
    }
    return count;
}

static bool are_near(const joining *work, int64_t one, int end, int64_t other, int other_end, bool in_runs) {
    const fragments *all = work->all;
    if (in_runs && run_of(all, one, end) != NONE && run_of(all, one, end) == run_of(all, other, other_end)) return true;
    bool both_clear = is_clear(all, one, end) && is_clear(all, other, other_end);
    int64_t apart = place_of(all, one, end) - place_of(all, other, other_end);
    int64_t slack = both_clear ? 0 : work->rules->end_slack;
    return -slack <= apart && apart <= slack;
}

static bool are_copies(joining *work, molecule kept, molecule new) {
    const fragments *all = work->all;
    int64_t one = kept.best, other = new.best;
    bool in_runs = work->rules->misread_runs || kept.count >= work->rules->many_copies * new.count;
    int ends = ends_of(all, one);
    if (ends == ends_of(all, other)) {
        for (int end = 0; end < ends; end++) {
            if (!are_near(work, one, end, other, end, in_runs)) return false;
        }
        return same_bases(work, one, other);
    }
    int64_t fewer = ends == 1 ? one : other, more = ends == 1 ? other : one;
    int near = 0;
    while (near < ENDS && !are_near(work, fewer, 0, more, near, in_runs)) near++;
    if (near == ENDS) return false;
    return ends_alike(work, fewer, 0, more, near) && ends_alike(work, fewer, ENDS, more, 1 - near);
}

/* Returns the kept molecule that another one is a copy of, NONE where there is none. */
static int64_t find_kept(joining *work, const lists *table, const molecule *kept, molecule new) {
    int64_t places[PLACES], crowd = work->rules->crowd, compared = 0;
    int count = places_of(work, new.best, places);
    for (int i = 0; i < count; i++) {
        for (int32_t entry = first_listed(table, places[i]); entry >= 0; entry = table->entries[entry].next) {
            if (compared > crowd) return NONE;
            int32_t number = table->entries[entry].molecule;
            bool before = false;
            for (int64_t j = 0; j < compared; j++) before |= work->compared[j] == number;
            if (before) continue;
            work->compared[compared++] = number;
            if (are_copies(work, kept[number], new)) return number;
        }
    }
    return NONE;
}

/* Makes a kept molecule known at its places; false without memory. */
static bool note_kept(const joining *work, lists *table, molecule kept, int64_t number) {
    const fragments *all = work->all;
    bool may_be_misread = work->rules->misread_runs || kept.count >= work->rules->many_copies;
    int64_t noted[2 * ENDS];
    int count = 0;
    for (int end = 0; end < ends_of(all, kept.best); end++) {
        int64_t places[2] = {place_of(all, kept.best, end), may_be_misread ? run_of(all, kept.best, end) : NONE};
        for (int i = 0; i < 2; i++) {
            bool before = places[i] == NONE;
            for (int j = 0; j < count; j++) before |= noted[j] == places[i];
            if (before) continue;
            noted[count++] = places[i];
            if (!add_to_list(table, places[i], number, work->rules->crowd)) return false;
        }
    }
    return true;
}

/* Joins copies whose ends are not at exactly the same places; returns how many molecules are left in `kept`, or
   NATIVE_NO_MEMORY. `keys` and `by_rank` are room. */
static int64_t join_near(
    joining *work, const molecule *found, int64_t count, molecule *kept, uint64_t *keys, int32_t *by_rank, lists *table
) {
    const fragments *all = work->all;
    int one_ended = 0, two_ended = 0;
    for (int64_t i = 0; i < count; i++) {
        bool one = ends_of(all, found[i].best) == 1;
        one_ended |= one;
        two_ended |= !one;
        by_rank[all->ranks[found[i].best]] = (int32_t)i;
        uint64_t fewer = low_bits(RANK_BITS) - (uint64_t)found[i].count;
        keys[i] = (uint64_t)!all_clear(all, found[i].best) << 63 | (uint64_t)one << 62 | fewer << RANK_BITS |
            (uint64_t)all->ranks[found[i].best];
    }
    work->mixed = one_ended && two_ended;
    /* Only places that others look at: most ends of a deep sample are clear. */
    for (int64_t i = 0; i < count; i++) {
        int64_t places[PLACES];
        int looked_at = places_of(work, found[i].best, places);
        for (int j = 0; j < looked_at; j++) {
            if (!open_list(table, places[j])) return NATIVE_NO_MEMORY;
        }
    }
    qsort(keys, (size_t)count, sizeof *keys, compare_keys);
    int64_t left = 0;
    for (int64_t i = 0; i < count; i++) {
        molecule new = found[by_rank[keys[i] & low_bits(RANK_BITS)]];
        int64_t number = find_kept(work, table, kept, new);
        if (number != NONE) {
            kept[number] = joined(all, kept[number], new);
            continue;
        }
        if (!note_kept(work, table, new, left)) return NATIVE_NO_MEMORY;
        kept[left++] = new;
    }
    return left;
}

/* --- All of it ------------------------------------------------------------------------------------ */

static bool is_settled(const fragments *all, int64_t fragment) {
    const settled_fragment *row = all->rows + fragment;
    for (int end = 0; end < ends_of(all, fragment); end++) {
        int read = all->sources[ENDS * fragment + end] & 1;
        int size = row->size[read];
        if (size < 0 || size > MOST_BASES || row->edit[read] >= size || row->second[read] >= size) return false;
        if (row->own[read] < 0 || row->own[read] + (int64_t)size > all->text_size) return false;
    }
    return true;
}

static bool are_rules(const copy_rules *rules) {
    return rules->max_differences >= 0 && rules->max_differences < MOST_BASES && rules->difference_rate >= 0 &&
        rules->difference_rate <= 1 && rules->end_bases > 0 && rules->end_slack >= 0 && rules->end_slack <= MOST_SLACK &&
        rules->crowd > 0 && rules->crowd < MOST_CROWD && rules->many_copies > 0 && rules->many_copies < MOST_CROWD &&
        rules->word > 0 && rules->word <= MOST_WORD && rules->words >= 0 && rules->words <= MOST_WORD;
}

/* Whether all numbers are in range; writes the bases of the longest read. */
static bool are_fragments(const fragments *all, int64_t *longest) {
    int64_t total = all->settled + all->others;
    if (all->settled < 0 || all->others < 0 || total > MOST_FRAGMENTS || all->text_size < 0 || all->bases_size < 0) return false;
    if (!all->rows || !all->text || !all->sources || !all->bases || !all->bounds || !all->places || !all->runs) return false;
    if (!all->clear || !all->umis || !all->order || !all->ranks) return false;
    for (int64_t i = 0; i < total; i++) {
        if (all->order[i] < 0 || all->order[i] >= total || all->ranks[i] < 0 || all->ranks[i] >= total) return false;
        if (all->places[ENDS * i] == NONE) return false;
        if (i < all->settled && !is_settled(all, i)) return false;
    }
    *longest = MOST_BASES;
    for (int64_t i = 0; i < (ENDS + 1) * all->others; i++) {
        int64_t size = all->bounds[i + 1] - all->bounds[i];
        if (all->bounds[i] < 0 || size < 0 || all->bounds[i + 1] > all->bases_size) return false;
        if (size > *longest) *longest = size;
    }
    return true;
}

/* Joins the copies of each molecule of a sample.
 *
 * all           its fragments
 * rules         when two are copies
 * best, copies  out, for each molecule its best fragment and how many it has; room for all fragments
 *
 * Returns how many molecules there are; NATIVE_BAD_ARGUMENT; NATIVE_NO_MEMORY.
 */
int64_t EXPORT(join_copies)(const fragments *all, const copy_rules *rules, int32_t *best, int32_t *copies) {
    int64_t longest;
    if (!all || !rules || !best || !copies || !are_rules(rules) || !are_fragments(all, &longest)) return NATIVE_BAD_ARGUMENT;
    int64_t total = all->settled + all->others;
    if (total == 0) return 0;
    joining *work = malloc(sizeof *work);
    gapped_cell *cells = malloc((size_t)cells_for(rules, longest) * sizeof *cells);
    int32_t *compared = malloc((size_t)(rules->crowd + 1) * sizeof *compared);
    molecule *found = malloc((size_t)total * sizeof *found), *kept = malloc((size_t)total * sizeof *kept);
    uint64_t *keys = malloc((size_t)total * sizeof *keys);
    int32_t *numbers = malloc((size_t)total * sizeof *numbers);
    lists places = {0}, words = {0};
    int64_t count = NATIVE_NO_MEMORY;
    if (work && cells && compared && found && kept && keys && numbers) {
        *work = (joining){.all = all, .rules = rules, .cells = cells, .compared = compared};
        count = join_same(work, found, keys, kept);
        count = join_near(work, found, count, kept, keys, numbers, &places);
        if (count >= 0) count = join_strays(work, kept, count, numbers, &words, best, copies);
    }
    free(work), free(cells), free(compared), free(found), free(kept), free(keys), free(numbers);
    free_lists(&places);
    free_lists(&words);
    return count;
}
