/* Joins copies that errors made fit another place better, such as the next unit of a repeat: copies._join_strays. */
#include "copies.h"

enum {
    LETTER_BITS = 5, /* tell the letters apart that a BAM file can hold */
    WORD_BITS = LETTER_BITS * MOST_WORD,
};

/* Writes a number for each of the first words of a fragment's reads and its index; returns how many. */
static int words_of(joining *work, int64_t fragment, int64_t *out) {
    const copy_rules *rules = work->rules;
    int count = 0;
    for (int end = 0; end < ends_of(work->all, fragment); end++) {
        read_bases read = bases_of(work, fragment, end, 0);
        for (int64_t index = 0; index < rules->words && (index + 1) * rules->word <= read.size; index++) {
            int64_t word = 0;
            for (int64_t i = 0; i < rules->word; i++) {
                word = word << LETTER_BITS | (read.bases[index * rules->word + i] & ((1 << LETTER_BITS) - 1));
            }
            out[count++] = index << WORD_BITS | word;
        }
    }
    return count;
}

static bool same_read(joining *work, int64_t one, int end, int64_t other, int other_end) {
    const copy_rules *rules = work->rules;
    int64_t apart = place_of(work->all, one, end) - place_of(work->all, other, other_end);
    /* It is where it belongs: another molecule that begins beside the first one. */
    if (apart && -rules->end_slack <= apart && apart <= rules->end_slack) return false;
    read_bases a = bases_of(work, one, end, 0), b = bases_of(work, other, other_end, 1);
    read_bases begin = {a.bases, a.size < rules->end_bases ? a.size : rules->end_bases};
    return differing(begin, b, 0) <= rules->max_end_differences && are_alike(a, b, rules, work->cells);
}

/* Whether two fragments have the same reads, wherever they are placed. */
static bool same_reads(joining *work, int64_t one, int64_t other) {
    int ends = ends_of(work->all, one);
    if (ends != ends_of(work->all, other)) return false;
    for (int turned = 0; turned < ends; turned++) {
        bool same = true;
        for (int end = 0; end < ends && same; end++) same = same_read(work, one, end, other, turned ? ends - 1 - end : end);
        if (same) return true;
    }
    return false;
}

int64_t join_strays(
    joining *work, const molecule *kept, int64_t count, int32_t *astray, lists *table, int32_t *best, int32_t *copies
) {
    const copy_rules *rules = work->rules;
    int64_t words[ENDS * MOST_WORD];
    for (int64_t i = 0; i < count; i++) {
        best[i] = kept[i].best;
        copies[i] = kept[i].count;
        if (kept[i].count < rules->many_copies) continue;
        for (int j = 0, all = words_of(work, kept[i].best, words); j < all; j++) {
            if (!open_list(table, words[j]) || !add_to_list(table, words[j], i, rules->crowd)) return NATIVE_NO_MEMORY;
        }
    }
    if (!table->used) return count;
    for (int64_t i = 0; i < count; i++) {
        int32_t main = NONE;
        for (int j = 0, all = words_of(work, kept[i].best, words); j < all && main == NONE; j++) {
            for (int32_t entry = first_listed(table, words[j]); entry >= 0; entry = table->entries[entry].next) {
                int32_t other = table->entries[entry].molecule;
                if (kept[other].count < rules->many_copies * kept[i].count) continue;
                if (!same_reads(work, kept[other].best, kept[i].best)) continue;
                main = other;
                break;
            }
        }
        astray[i] = main != NONE;
        if (main == NONE) continue;
        if (work->all->ranks[kept[i].best] < work->all->ranks[best[main]]) best[main] = kept[i].best;
        copies[main] += kept[i].count;
    }
    int64_t left = 0;
    for (int64_t i = 0; i < count; i++) {
        if (astray[i]) continue;
        best[left] = best[i];
        copies[left++] = copies[i];
    }
    return left;
}
