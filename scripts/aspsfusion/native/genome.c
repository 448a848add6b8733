/* One pass over a genome: at how many places does each k-mer of the panel occur, on both strands?
 *
 * Nearly no base of a genome belongs to a k-mer of the panel, and a k-mer need not be looked at from its first
 * base. Every STEP-th base of the genome is probed: the packed bases from there, a seed, are looked up in a
 * filter of all seeds that the panel's k-mers have at their first STEP offsets. A k-mer that begins at some base
 * has its seed at the first probe from there on, so each place belongs to one probe, none is lost, and none is
 * counted twice. What passes the filter is proved on the letters and looked up in the table.
 *
 * k-mers hold two bits for each base, A 0, C 1, G 2, T 3, the first base highest. Packed bases hold bits 1 and 2
 * of the letters, A 0, C 1, T 2, G 3, the first base lowest.
 */
#include "native.h"

enum {
    STEP = 4,                              /* bases from one probe to the next: those of a byte of packed bases */
    LONGEST_SEED = 16,                     /* bases that 32 bits hold */
    SHORTEST_K = 5,                        /* its seeds have two bases */
    LONGEST_K = 27,                        /* a word holds 32 bases, STEP of which are before the probe */
    BLOCK = 64,                            /* bases that are handled together */
    PROBES = BLOCK / STEP,                 /* probes of a block */
    CHUNK = 4096,                          /* bases packed at a time: they stay in the first-level cache */
    PACKED = (CHUNK + 3 * BLOCK) / STEP,   /* bytes of them, with a block before and room for a load after */
    PENDING = 512                          /* k-mers that wait for the table, so that slow loads overlap */
};

/* Readable bytes that count_places asks for after the bases. */
enum { ROOM_AFTER = 2 * BLOCK };

static inline int64_t seed_length(int64_t k) {
    /* The most that every k-mer holds at each of its first offsets. */
    return k - STEP + 1 < LONGEST_SEED ? k - STEP + 1 : LONGEST_SEED;
}

/* Returns whether a hash table may have so many slots. */
static inline bool is_table_size(int64_t slots) { return is_power_of_two(slots) && slots >= 2 && slots <= INT64_C(1) << 40; }

/* Returns whether a filter may have so many words. */
static inline bool is_filter_size(int64_t words) { return is_power_of_two(words) && words >= 2 && words <= INT64_C(1) << 31; }

/* Returns whether k-mers may have this length. */
static inline bool is_kmer_length(int64_t k) { return k % 2 == 1 && k >= SHORTEST_K && k <= LONGEST_K; }

static inline int key_shift(int64_t slots) { return 64 - log2_of(slots); }

static inline seed_filter filter_of(const uint32_t *words, int64_t size, int64_t k) {
    return (seed_filter){words, 32 - log2_of(size), (int)(32 - 2 * seed_length(k))};
}

/* Enters k-mers into an open-addressing hash table.
 *
 * kmers, size       distinct canonical k-mers
 * keys, slots       the table; it is filled with EMPTY first. 2^n slots, n from 1 to 40, at most half of them used
 * found_at, room    out, the slot of each k-mer (`room` numbers, at least `size`)
 *
 * Returns NATIVE_OK; NATIVE_BAD_ARGUMENT also for a k-mer that is EMPTY.
 */
int64_t EXPORT(enter_kmers)(
    const uint64_t *kmers, int64_t size, uint64_t *keys, int64_t slots, int64_t *found_at, int64_t room
) {
    if (!kmers || !keys || !found_at || !is_table_size(slots)) return NATIVE_BAD_ARGUMENT;
    if (size < 0 || size > slots / 2 || room < size) return NATIVE_BAD_ARGUMENT;
    memset(keys, 0xFF, (size_t)slots * sizeof *keys);
    const int shift = key_shift(slots);
    for (int64_t i = 0; i < size; ++i) {
        if (kmers[i] == EMPTY) return NATIVE_BAD_ARGUMENT;
        int64_t slot = slot_of(kmers[i], shift);
        while (keys[slot] != EMPTY) slot = (slot + 1) & (slots - 1); /* half of the table stays free: this ends */
        keys[slot] = kmers[i];
        found_at[i] = slot;
    }
    return NATIVE_OK;
}

/* Enters the seeds that k-mers have on either strand into a filter.
 *
 * kmers, size      canonical k-mers
 * k                their length, odd, SHORTEST_K to LONGEST_K
 * filter, words    the filter, set to 0 first; 2^m words, m from 1 to 31
 *
 * Returns NATIVE_OK; NATIVE_BAD_ARGUMENT also for a k-mer of more than k bases.
 */
int64_t EXPORT(enter_seeds)(const uint64_t *kmers, int64_t size, int64_t k, uint32_t *filter, int64_t words) {
    if (!kmers || size < 0 || !is_kmer_length(k)) return NATIVE_BAD_ARGUMENT;
    if (!filter || !is_filter_size(words)) return NATIVE_BAD_ARGUMENT;
    memset(filter, 0, (size_t)words * sizeof *filter);
    const int64_t length = seed_length(k);
    const seed_filter shape = filter_of(filter, words, k);
    for (int64_t i = 0; i < size; ++i) {
        if (kmers[i] >> (2 * k)) return NATIVE_BAD_ARGUMENT;
        for (int strand = 0; strand < 2; ++strand) {
            for (int64_t offset = 0; offset < STEP; ++offset) {
                uint32_t seed = 0;
                for (int64_t place = 0; place < length; ++place) {
                    int64_t at = offset + place;
                    uint64_t code = kmers[i] >> 2 * (strand ? at : k - 1 - at) & 3;
                    if (strand) code = 3 - code;
                    seed |= (uint32_t)(code ^ code >> 1) << 2 * place; /* from k-mers' codes to packed ones */
                }
                enter_in_filter(canonical_seed(seed, shape.unused_bits), filter, shape.word_shift);
            }
        }
    }
    return NATIVE_OK;
}

/* Marks the letters among the 64 of a block that are A, C, G, T or U, in upper or lower case. */
static inline uint64_t bases_of_block(const uint8_t *letters) {
    bytes64 lower = with_bits(load64(letters), 0x20);
    return equal_to(lower, 'a') | equal_to(lower, 'c') | equal_to(lower, 'g') | equal_to(lower, 't') | equal_to(lower, 'u');
}

static inline void pack_block(const uint8_t *letters, uint8_t *packed) {
    for (int i = 0; i < BLOCK / WORD_BASES; ++i) {
        uint64_t word = pack_word(letters + WORD_BASES * i);
        memcpy(packed + i * (WORD_BASES / STEP), &word, sizeof word);
    }
}

/* Looks the seeds of a block's probes up in the filter: bit i of the result tells of probe i. */
static inline uint32_t probes_of_block(const uint8_t *packed, const seed_filter *filter) {
    uint32_t found = 0;
    for (int i = 0; i < PROBES; i += PROBES_AT_ONCE) found |= (uint32_t)probes_in_filter(packed + i, 1, filter) << i;
    return found;
}

/* Returns 32 two-bit codes in the opposite order. */
static inline uint64_t turned(uint64_t codes) {
    codes = (codes >> 2 & 0x3333333333333333u) | (codes & 0x3333333333333333u) << 2;
    codes = (codes >> 4 & 0x0F0F0F0F0F0F0F0Fu) | (codes & 0x0F0F0F0F0F0F0F0Fu) << 4;
    return __builtin_bswap64(codes);
}

/* K-mers that wait for the table. */
typedef struct {
    uint64_t kmers[PENDING];
    int size;
} Waiting;

/* Adds the canonical k-mers of a probe; `word` are 32 packed bases, all called, STEP of them before the probe. */
static void kmers_of_word(uint64_t word, int k, Waiting *waiting) {
    const uint64_t mask = (UINT64_C(1) << 2 * k) - 1;
    uint64_t codes = word ^ (word >> 1 & 0x5555555555555555u); /* from A 0, C 1, T 2, G 3 to A 0, C 1, G 2, T 3 */
    /* First base lowest and each base complemented: that is how the k-mer of the other strand looks. */
    uint64_t complement = ~codes;
    uint64_t first_highest = turned(codes);
    for (int offset = 1; offset <= STEP; ++offset) {
        uint64_t forward = first_highest >> (64 - 2 * (offset + k)) & mask;
        uint64_t backward = complement >> 2 * offset & mask;
        waiting->kmers[waiting->size++] = forward < backward ? forward : backward;
    }
}

/* Does the same letter by letter, at the ends of a stretch and beside what is not a base. */
static void kmers_at(const uint8_t *letters, int64_t size, int k, int64_t probe, Waiting *waiting) {
    const int64_t stop = probe + k < size ? probe + k : size;
    rolling_kmer rolling = {0};
    for (int64_t at = probe - STEP + 1 > 0 ? probe - STEP + 1 : 0; at < stop; ++at) {
        uint64_t kmer = next_kmer(&rolling, letters[at], k);
        if (kmer != EMPTY) waiting->kmers[waiting->size++] = kmer;
    }
}

/* Counts those of the waiting k-mers that the table holds. */
static void look_up(Waiting *waiting, const uint64_t *keys, int64_t slots, int64_t *counts) {
    const int shift = key_shift(slots);
    for (int i = 0; i < waiting->size; ++i) __builtin_prefetch(keys + slot_of(waiting->kmers[i], shift));
    for (int i = 0; i < waiting->size; ++i) {
        int64_t slot = slot_of(waiting->kmers[i], shift);
        /* A table without a free slot is looked through once and not for ever. */
        for (int64_t tried = 0; tried < slots && keys[slot] != EMPTY; ++tried) {
            if (keys[slot] == waiting->kmers[i]) {
                ++counts[slot];
                break;
            }
            slot = (slot + 1) & (slots - 1);
        }
    }
    waiting->size = 0;
}

/* Counts on both strands at which places of a stretch of a contig the table's k-mers occur.
 *
 * letters, size   the stretch
 * room            readable bytes from `letters` on, at least size + ROOM_AFTER
 * k               k-mer length, odd, so that a place is never counted for both strands, SHORTEST_K to LONGEST_K
 * keys, slots     see enter_kmers
 * filter, words   see enter_seeds; of the same k-mers and the same k
 * counts          in and out, places of the k-mer in each slot of the table
 * counters        how many numbers these are, at least `slots`
 *
 * Returns NATIVE_OK; NATIVE_BAD_ARGUMENT.
 */
int64_t EXPORT(count_places)(
    const uint8_t *letters, int64_t size, int64_t room, int64_t k, const uint64_t *keys, int64_t slots,
    const uint32_t *filter, int64_t words, int64_t *counts, int64_t counters
) {
    if (!letters || size < 0 || size > INT64_MAX - ROOM_AFTER || room < size + ROOM_AFTER) return NATIVE_BAD_ARGUMENT;
    if (!is_kmer_length(k)) return NATIVE_BAD_ARGUMENT;
    if (!keys || !counts || !is_table_size(slots) || counters < slots) return NATIVE_BAD_ARGUMENT;
    if (!filter || !is_filter_size(words)) return NATIVE_BAD_ARGUMENT;
    const seed_filter seeds = filter_of(filter, words, k);
    const int64_t end = size - k + STEP; /* after the last base at which a probe of a k-mer can begin */
    Waiting waiting;
    waiting.size = 0;
    /* Of the chunk, with a block before it: the k-mers of a probe begin up to STEP - 1 bases before it. */
    uint8_t packed[PACKED] = {0};
    uint64_t before = 0;
    uint64_t here = end > 0 ? bases_of_block(letters) : 0;
    for (int64_t chunk = 0; chunk < end; chunk += CHUNK) {
        int64_t stop = chunk + CHUNK < end ? chunk + CHUNK : end;
        /* The block after the chunk, too: seeds and k-mers run into it. */
        for (int64_t at = chunk ? chunk - BLOCK : 0; at < stop + BLOCK; at += BLOCK) {
            pack_block(letters + at, packed + (at - chunk + BLOCK) / STEP);
        }
        for (int64_t at = chunk; at < stop; at += BLOCK) {
            uint64_t after = bases_of_block(letters + at + BLOCK);
            if (here) {
                const uint8_t *probed = packed + (at - chunk + BLOCK) / STEP;
                uint32_t maybe = probes_of_block(probed, &seeds);
                int64_t probes = (stop - at + STEP - 1) / STEP;
                if (probes < PROBES) maybe &= (UINT32_C(1) << probes) - 1;
                bool all_called = (before & here & after) == UINT64_MAX && at + BLOCK + k <= size;
                for (; maybe; maybe &= maybe - 1) {
                    int probe = lowest_bit(maybe);
                    if (all_called) {
                        kmers_of_word(load_word(probed + probe - 1), (int)k, &waiting);
                    } else {
                        kmers_at(letters, size, (int)k, at + STEP * probe, &waiting);
                    }
                }
                if (waiting.size > PENDING - STEP * PROBES) look_up(&waiting, keys, slots, counts);
            }
            before = here;
            here = after;
        }
    }
    look_up(&waiting, keys, slots, counts);
    return NATIVE_OK;
}

/* Returns how many of `size` letters are A, C, G, T or U, in upper or lower case.
 *
 * letters, size   the letters
 * room            readable bytes from `letters` on, at least size + BLOCK
 *
 * Returns NATIVE_BAD_ARGUMENT for a size or room that cannot be.
 */
int64_t EXPORT(count_called)(const uint8_t *letters, int64_t size, int64_t room) {
    if (!letters || size < 0 || size > INT64_MAX - BLOCK || room < size + BLOCK) return NATIVE_BAD_ARGUMENT;
    int64_t called = 0;
    for (int64_t at = 0; at < size; at += BLOCK) called += count_bits(bases_of_block(letters + at) & low_bits(size - at));
    return called;
}
