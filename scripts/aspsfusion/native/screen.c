/* Tells which reads share a stretch with the panel, and counts the panel's k-mers in those that do.

   Of a read every eighth base is probed: packed bases stand four to a byte, so a probe is a load at every second byte.
   Its seed is looked up in a filter that fits a core's cache. Only where the filter says "perhaps" is the table of seeds
   asked, and only what it knows is compared letter by letter, along the ungapped match around the probe. A stretch of
   seed_length + 7 bases holds a probe. Shorter reads, which have few, are packed again from another base on, so that
   they are probed at every fourth or second base; what wider steps would lose is in docs/screen.md.

   The reads of a batch are packed first, one after the other, and probed then, whoever a probe belongs to. What the
   filter let through is collected, so that the memory that it needs is on its way before it is looked at. */

#include "screen.h"

enum {
    LONG_READ = 100, /* reads of so many nt and more are probed at every eighth base, */
    SHORT_READ = 64, /* shorter ones at every fourth, and those below this at every second one */
    PROBE_STRIDE = 2,
    PROBE_BASES = 4 * PROBE_STRIDE, /* bytes and bases from one probe to the next */
    GIVE_UP = 9,       /* a match is left once it has fallen so far below its best score: three mismatches */
    ENTRIES_AHEAD = 16, /* so many entries before its own a slot is asked for: tables do not fit a core's cache */
    LONGEST_CHAIN = 1024, /* more slots than any entry of a good panel is away from where it belongs */
    KMERS_AT_ONCE = 128, /* k-mers that are collected before the table is asked */
    MAX_TEXT = 1 << 30, /* places in both strands of it fit 32 bits */
    MAX_GENES = 1 << 16,
    MAX_SCORE = 1 << 20,
};

/* --- The table ------------------------------------------------------------------------------------ */

static bool are_lengths(int64_t k, int64_t seed_length) {
    return k >= MIN_K && k <= MAX_K && seed_length >= MIN_SEED_LENGTH && seed_length <= MAX_SEED_LENGTH &&
        seed_length <= k;
}

/* Cheap, for each call: the contents were made by build_screen_table, the numbers come through the caller's hands. */
bool is_screen_table(const screen_table *table) {
    return table && table->filter_words && table->seeds && table->keys && table->text &&
        is_power_of_two(table->filter_size) && table->filter_size >= 2 && table->filter_size <= 1ll << 31 &&
        is_power_of_two(table->seed_slots) && table->seed_slots >= 2 && is_power_of_two(table->key_slots) &&
        table->key_slots >= 2 && table->text_size >= 4 * LOAD_BYTES && table->genes >= 0 && table->genes <= MAX_GENES &&
        are_lengths(table->k, table->seed_length) && table->least_score >= 0 && table->least_score <= MAX_SCORE &&
        table->mismatch_penalty >= 1 && table->mismatch_penalty <= MAX_SCORE;
}

static bool is_good_panel(const panel_kmers *panel) {
    uint64_t kmer_bits = low_bits(2 * panel->k);
    for (int64_t i = 0; i < panel->kmer_count; i++) {
        if (panel->kmers[i] > kmer_bits || panel->kmer_genes[i] >= panel->genes) return false;
        if (i && panel->kmers[i] <= panel->kmers[i - 1]) return false;
    }
    for (int64_t i = 0; i < panel->text_size; i++) {
        if (panel->text[i] > NO_BASE) return false;
    }
    int64_t checked = 0; /* bases in front of here were seen to be bases, as far as they belong to seeds */
    for (int64_t i = 0; i < panel->seed_count; i++) {
        int64_t begin = panel->seed_positions[i];
        if (begin < 0 || begin > panel->text_size - panel->seed_length) return false;
        if (i && begin <= panel->seed_positions[i - 1]) return false;
        if (checked < begin) checked = begin;
        for (; checked < begin + panel->seed_length; checked++) {
            if (panel->text[checked] == NO_BASE) return false;
        }
    }
    return true;
}

static void write_both_strands(const panel_kmers *panel, screen_table *table) {
    memset(table->text, NO_BASE, (size_t)table->text_size);
    uint8_t *forward = table->text + LOAD_BYTES, *last = table->text + table->text_size - 1 - LOAD_BYTES;
    for (int64_t i = 0; i < panel->text_size; i++) {
        uint8_t code = panel->text[i];
        forward[i] = code;
        last[-i] = code == NO_BASE ? code : code ^ 2;
    }
}

/* Returns the slot at which an entry goes in, -1 when too many slots before it are taken: a look-up would be slow. */
static int64_t free_slot(const uint64_t *table, int64_t slots, int64_t slot, uint64_t free) {
    for (int length = 0; length < LONGEST_CHAIN; length++) {
        if (table[slot] == free) return slot;
        slot = (slot + 1) & (slots - 1);
    }
    return -1;
}

static int enter_kmers(const panel_kmers *panel, screen_table *table) {
    int shift = 64 - log2_of(table->key_slots);
    memset(table->keys, 0xFF, (size_t)table->key_slots * sizeof *table->keys);
    for (int64_t i = 0; i < panel->kmer_count; i++) {
        int64_t ahead = i + ENTRIES_AHEAD < panel->kmer_count ? i + ENTRIES_AHEAD : i;
        __builtin_prefetch(table->keys + slot_of(panel->kmers[ahead], shift));
        int64_t slot = free_slot(table->keys, table->key_slots, slot_of(panel->kmers[i], shift), EMPTY);
        if (slot < 0) return NATIVE_BAD_PANEL;
        table->keys[slot] = panel->kmers[i] | (uint64_t)panel->kmer_genes[i] << GENE_SHIFT;
    }
    return NATIVE_OK;
}

static uint32_t seed_at(const uint8_t *codes, int64_t length) {
    uint32_t seed = 0;
    for (int64_t i = 0; i < length; i++) seed |= (uint32_t)codes[i] << 2 * i;
    return seed;
}

static int enter_seeds(const panel_kmers *panel, screen_table *table) {
    int shift = 64 - log2_of(table->seed_slots), word_shift = 32 - log2_of(table->filter_size);
    int unused_bits = 32 - 2 * (int)panel->seed_length;
    memset(table->seeds, 0, (size_t)table->seed_slots * sizeof *table->seeds);
    memset(table->filter_words, 0, (size_t)table->filter_size * sizeof *table->filter_words);
    for (int64_t i = 0; i < panel->seed_count; i++) {
        int64_t ahead = i + ENTRIES_AHEAD < panel->seed_count ? i + ENTRIES_AHEAD : i;
        uint32_t later =
            canonical_seed(seed_at(panel->text + panel->seed_positions[ahead], panel->seed_length), unused_bits);
        __builtin_prefetch(table->seeds + slot_of(later, shift), 1);
        __builtin_prefetch(table->filter_words + (later * FILTER_WORD_MULTIPLIER >> word_shift), 1);
        uint32_t seed = seed_at(panel->text + panel->seed_positions[i], panel->seed_length);
        uint32_t other = reverse_complement(seed, unused_bits);
        uint32_t canonical = seed < other ? seed : other;
        enter_in_filter(canonical, table->filter_words, word_shift);
        int64_t place = panel->seed_positions[i] + LOAD_BYTES;
        int64_t places[2] = {place, table->text_size - panel->seed_length - place};
        /* A seed that is its own reverse complement is entered at both places. */
        for (int turned = seed > other; turned <= (other <= seed); turned++) {
            int64_t slot = free_slot(table->seeds, table->seed_slots, slot_of(canonical, shift), 0);
            if (slot < 0) return NATIVE_BAD_PANEL;
            table->seeds[slot] = ((uint64_t)canonical + 1) << 32 | (uint64_t)places[turned];
        }
    }
    return NATIVE_OK;
}

/* Makes the table from what a panel directory stores, whatever stands there.

   The caller gives the sizes and the memory of the table's arrays, its scores, and all of the panel; what the panel
   holds is looked through once, here. Returns NATIVE_BAD_PANEL when it cannot be right. */
int EXPORT(build_screen_table)(const panel_kmers *panel, screen_table *table) {
    if (!panel || !table || !panel->kmers || !panel->kmer_genes || !panel->text || !panel->seed_positions ||
        panel->kmer_count < 0 || panel->seed_count < 0 || panel->text_size < 0) {
        return NATIVE_BAD_ARGUMENT;
    }
    if (!are_lengths(panel->k, panel->seed_length) || panel->text_size > MAX_TEXT) return NATIVE_BAD_PANEL;
    table->k = panel->k;
    table->seed_length = panel->seed_length;
    table->genes = panel->genes;
    if (!is_screen_table(table) || table->text_size != 2 * (panel->text_size + 2 * LOAD_BYTES) ||
        table->key_slots / 2 < panel->kmer_count || table->seed_slots / 2 < panel->seed_count) {
        return NATIVE_BAD_ARGUMENT;
    }
    if (!is_good_panel(panel)) return NATIVE_BAD_PANEL;
    write_both_strands(panel, table);
    int problem = enter_kmers(panel, table);
    return problem ? problem : enter_seeds(panel, table);
}

/* --- Comparing a read with the panel -------------------------------------------------------------- */

/* Follows a match in one direction (step 1 or -1) over at most `count` letters, and returns the best score on the way;
   it stops early once that is `wanted`. */
static inline int64_t best_score(
    const uint8_t *letter, const uint8_t *code, int64_t count, int step, int64_t wanted, int64_t penalty
) {
    int64_t score = 0, best = 0;
    for (; count > 0 && *code != NO_BASE && best < wanted; count--, letter += step, code += step) {
        if (packed_code(*letter) == *code) {
            if (++score > best) best = score;
        } else {
            score -= penalty;
            if (score <= best - GIVE_UP) break;
        }
    }
    return best;
}

/* Whether the ungapped match around a seed reaches the wanted score; `place` is the seed's in the panel's text. */
static bool matches_at(const screen_table *table, const candidate *probe, int64_t place) {
    const packed_read *read = probe->owner;
    const uint8_t *letters = probe->letters, *codes = table->text + place;
    int64_t length = table->seed_length, penalty = table->mismatch_penalty;
    /* What was packed may have been no base; here the letters are compared. */
    for (int64_t i = 0; i < length; i++) {
        if (packed_code(letters[i]) != codes[i]) return false;
    }
    int64_t wanted = table->least_score - length;
    wanted -= best_score(letters + length, codes + length, read->end - letters - length, 1, wanted, penalty);
    if (wanted <= 0) return true;
    return best_score(letters - 1, codes - 1, letters - read->begin, -1, wanted, penalty) >= wanted;
}

/* --- Batches -------------------------------------------------------------------------------------- */

void begin_batch(read_batch *batch, const screen_table *table, uint8_t *hits) {
    batch->table = table;
    batch->filter = (seed_filter){
        table->filter_words, 32 - log2_of(table->filter_size), 32 - 2 * (int)table->seed_length,
    };
    batch->hits = hits;
    batch->used = batch->count = batch->candidate_count = 0;
}

/* Compares the candidates with the places that the table has for their seeds. Where the panel's text is not in a
   core's cache, waiting for it takes longer than all else: the first place of each is asked for before. */
static void confirm_candidates(read_batch *batch) {
    const screen_table *table = batch->table;
    int shift = 64 - log2_of(table->seed_slots);
    for (int i = 0; i < batch->candidate_count; i++) {
        uint64_t entry = table->seeds[slot_of(batch->candidates[i].canonical, shift)];
        if (entry) __builtin_prefetch(table->text + (uint32_t)entry);
    }
    for (int i = 0; i < batch->candidate_count; i++) {
        const candidate *probe = batch->candidates + i;
        uint8_t *hit = batch->hits + probe->owner->read;
        uint64_t entry;
        for (int64_t slot = slot_of(probe->canonical, shift); !*hit && (entry = table->seeds[slot]) != 0;
             slot = (slot + 1) & (table->seed_slots - 1)) {
            if (entry >> 32 != (uint64_t)probe->canonical + 1) continue;
            int64_t place = (uint32_t)entry;
            if (probe->seed != probe->canonical) place = table->text_size - table->seed_length - place;
            *hit = matches_at(table, probe, place);
        }
    }
    batch->candidate_count = 0;
}

static inline void add_candidate(read_batch *batch, const packed_read *owner, const uint8_t *letters, uint32_t seed) {
    const screen_table *table = batch->table;
    uint32_t canonical = canonical_seed(seed, batch->filter.unused_bits);
    __builtin_prefetch(table->seeds + slot_of(canonical, 64 - log2_of(table->seed_slots)));
    batch->candidates[batch->candidate_count++] = (candidate){owner, letters, seed, canonical};
    if (batch->candidate_count == CANDIDATES) confirm_candidates(batch);
}

enum { GROUPS = LOAD_BYTES / PROBES_AT_ONCE, GROUP_BYTES = PROBE_STRIDE * PROBES_AT_ONCE };

/* Reads the seeds of 64 probes, and asks for the filter's words of them. */
static inline void read_seeds(const uint8_t *packed, const seed_filter *filter, eight_seeds *seeds) {
    for (int i = 0; i < GROUPS; i++) {
        seeds[i] = canonical_seeds(packed + GROUP_BYTES * i, PROBE_STRIDE, filter);
        prefetch_filter(seeds[i], filter);
    }
}

void finish_batch(read_batch *batch) {
    const packed_read *owner = batch->reads, *last = batch->reads + batch->count - 1;
    uint32_t seed_bits = ~0u >> batch->filter.unused_bits;
    eight_seeds seeds[2][GROUPS];
    int now = 0;
    read_seeds(batch->packed, &batch->filter, seeds[now]);
    for (int first = 0; first < batch->used; first += PROBE_STRIDE * LOAD_BYTES) {
        read_seeds(batch->packed + first + PROBE_STRIDE * LOAD_BYTES, &batch->filter, seeds[!now]);
        uint64_t passed = 0;
        for (int i = 0; i < GROUPS; i++) {
            passed |= (uint64_t)seeds_in_filter(seeds[now][i], &batch->filter) << i * PROBES_AT_ONCE;
        }
        now = !now;
        passed &= low_bits((batch->used - first) / PROBE_STRIDE);
        for (; passed; passed &= passed - 1) {
            int place = first + PROBE_STRIDE * lowest_bit(passed);
            while (owner < last && owner[1].place <= place) owner++;
            const uint8_t *letters = owner->from + 4 * (place - owner->place);
            /* A seed that runs on into the next read is none. */
            if (letters + batch->table->seed_length <= owner->end) {
                add_candidate(batch, owner, letters, load_half_word(batch->packed + place) & seed_bits);
            }
        }
    }
    confirm_candidates(batch);
    batch->used = batch->count = 0;
}

/* Packs the letters [from, end) after the used bytes, and probes for them up to `stop`. */
static void pack_read(
    read_batch *batch, const uint8_t *begin, const uint8_t *end, const uint8_t *from, const uint8_t *stop, int32_t read
) {
    batch->reads[batch->count++] = (packed_read){begin, end, from, read, batch->used};
    uint8_t *packed = batch->packed + batch->used;
    int64_t count = (end - from < stop - from + MAX_SEED_LENGTH ? end - from : stop - from + MAX_SEED_LENGTH);
    for (int64_t i = 0; i < count; i += WORD_BASES) {
        uint64_t word = pack_word(from + i);
        memcpy(packed + i / 4, &word, sizeof word);
    }
    batch->used += (int)((stop - from + PROBE_BASES - 1) / PROBE_BASES * PROBE_STRIDE);
}

void add_read(read_batch *batch, const uint8_t *begin, const uint8_t *end, int32_t read) {
    int64_t length = end - begin;
    int copies = length >= LONG_READ ? 1 : length >= SHORT_READ ? 2 : 4;
    for (int copy = 0; copy < copies; copy++) {
        const uint8_t *from = begin + copy * (PROBE_BASES / copies);
        while (from < end) {
            /* A read that does not fit is probed in pieces. */
            int64_t room = 4 * (int64_t)(BATCH_BYTES - batch->used);
            const uint8_t *stop = end - from > room ? from + room : end;
            pack_read(batch, begin, end, from, stop, read);
            if (batch->used >= BATCH_BYTES || batch->count == BATCH_READS) finish_batch(batch);
            from = stop;
        }
    }
}

/* Tells of reads in memory which match the panel.

   Read i is data[starts[i], starts[i + 1]); `size` is that of the memory, with LOAD_BYTES after the last read. */
int EXPORT(match_reads)(
    const uint8_t *data, int64_t size, const int64_t *starts, int64_t count, const screen_table *table, uint8_t *hits
) {
    if (!data || !starts || !hits || count < 0 || count > INT32_MAX || !is_screen_table(table)) {
        return NATIVE_BAD_ARGUMENT;
    }
    for (int64_t i = 0; i <= count; i++) {
        if (starts[i] < (i ? starts[i - 1] : 0) || starts[i] > size - LOAD_BYTES) return NATIVE_BAD_ARGUMENT;
    }
    read_batch batch;
    begin_batch(&batch, table, hits);
    for (int64_t i = 0; i < count; i++) {
        hits[i] = false;
        add_read(&batch, data + starts[i], data + starts[i + 1], (int32_t)i);
    }
    finish_batch(&batch);
    return NATIVE_OK;
}

/* --- K-mers --------------------------------------------------------------------------------------- */

static void look_kmers_up(const screen_table *table, const uint64_t *kmers, int count, int64_t *by_gene) {
    int shift = 64 - log2_of(table->key_slots);
    for (int i = 0; i < count; i++) {
        uint64_t entry;
        for (int64_t slot = slot_of(kmers[i], shift); (entry = table->keys[slot]) != EMPTY;
             slot = (slot + 1) & (table->key_slots - 1)) {
            if ((entry & low_bits(GENE_SHIFT)) == kmers[i]) {
                by_gene[entry >> GENE_SHIFT]++;
                break;
            }
        }
    }
}

void count_kmers(const screen_table *table, const uint8_t *begin, const uint8_t *end, int64_t *by_gene) {
    int shift = 64 - log2_of(table->key_slots), found = 0;
    uint64_t kmers[KMERS_AT_ONCE];
    rolling_kmer rolling = {0};
    for (const uint8_t *letter = begin; letter < end; letter++) {
        kmers[found] = next_kmer(&rolling, *letter, (int)table->k);
        if (kmers[found] == EMPTY) continue;
        __builtin_prefetch(table->keys + slot_of(kmers[found], shift));
        if (++found == KMERS_AT_ONCE) {
            look_kmers_up(table, kmers, found, by_gene);
            found = 0;
        }
    }
    look_kmers_up(table, kmers, found, by_gene);
}
