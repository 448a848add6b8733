/* What all compiled loops share: loads of 64 bytes, packed bases, and the filter of seeds.

   Every loop file is compiled once for each kind of processor (see build.py), which gives its functions names of
   their own: EXPORT(scan_fastq) is scan_fastq_scalar, scan_fastq_x86_64 or scan_fastq_x86_64_v3. Nothing but the
   functions here knows which processor it is.

   "Packed" bases are two bits each, four to a byte, the first one lowest: A 0, C 1, T and U 2, G 3, which are bits
   1 and 2 of the letter. The complement of a code is the code with its upper bit changed. */

#ifndef ASPSFUSION_NATIVE_H
#define ASPSFUSION_NATIVE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "packed bases are read as little-endian words"
#endif

#ifndef VARIANT
#define VARIANT scalar
#endif
#define JOINED(name, variant) name##_##variant
#define WITH_VARIANT(name, variant) JOINED(name, variant)
#define INTERNAL(name) WITH_VARIANT(name, VARIANT)
#define EXPORT(name) __attribute__((visibility("default"))) INTERNAL(name)

#if defined(SCALAR_ONLY)
#define LOADS_SCALAR
#elif defined(__AVX2__)
#define LOADS_AVX2
#include <immintrin.h>
#elif defined(__SSE2__)
#define LOADS_SSE2
#include <emmintrin.h>
#else
#define LOADS_SCALAR
#endif

/* What functions return besides their results. The meaning of a positive one is the function's own. */
enum {
    NATIVE_OK = 0,
    NATIVE_BAD_ARGUMENT = -1, /* a size or range that the caller should never pass */
    NATIVE_BAD_PANEL = -2,    /* what a panel file holds cannot be right */
    NATIVE_NO_MEMORY = -3,
};

enum { LOAD_BYTES = 64 }; /* bytes of one load; callers keep as many readable after all that is looked at */
enum { WORD_BASES = 32 }; /* packed bases of a 64-bit word */

#define HASH_MULTIPLIER 0x9E3779B97F4A7C15u /* 2^64 divided by the golden ratio (Knuth 1973) */

/* --- Words and bits ------------------------------------------------------------------------------- */

static inline uint64_t load_word(const uint8_t *from) {
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

static inline uint32_t load_half_word(const uint8_t *from) {
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* The lowest bits, all of them for a count of 64 or more. */
static inline uint64_t low_bits(int64_t count) { return count >= 64 ? ~0ull : (1ull << count) - 1; }

/* The number of the lowest bit that is set; the mask must not be 0. */
static inline int lowest_bit(uint64_t mask) { return __builtin_ctzll(mask); }

static inline int count_bits(uint64_t mask) { return __builtin_popcountll(mask); }

static inline bool is_power_of_two(int64_t number) { return number > 0 && (number & (number - 1)) == 0; }

/* The binary logarithm of a power of two. */
static inline int log2_of(int64_t power) { return lowest_bit((uint64_t)power); }

/* --- Loads of 64 bytes ---------------------------------------------------------------------------- */

#if defined(LOADS_AVX2)
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
enum { PARTS = LOAD_BYTES / VECTOR_BYTES };

/* What a comparison of vectors gives has all bits of a byte set, or none. */
typedef uint8_t vector __attribute__((vector_size(VECTOR_BYTES)));

typedef struct {
    vector part[PARTS];
} bytes64;

/* The mask whose bit i tells of byte i of a comparison. */
static inline uint64_t vector_mask(vector compared) {
#if defined(LOADS_AVX2)
    return (uint32_t)_mm256_movemask_epi8((__m256i)compared);
#elif defined(LOADS_SSE2)
    return (uint32_t)_mm_movemask_epi8((__m128i)compared);
#else
    uint64_t mask = 0;
    for (int i = 0; i < VECTOR_BYTES; i++) mask |= (uint64_t)(compared[i] & 1) << i;
    return mask;
#endif
}

static inline bytes64 load64(const uint8_t *from) {
    bytes64 loaded;
    for (int i = 0; i < PARTS; i++) memcpy(loaded.part + i, from + i * VECTOR_BYTES, VECTOR_BYTES);
    return loaded;
}

static inline uint64_t equal_to(bytes64 bytes, uint8_t value) {
    uint64_t mask = 0;
    for (int i = 0; i < PARTS; i++) mask |= vector_mask((vector)(bytes.part[i] == value)) << i * VECTOR_BYTES;
    return mask;
}

static inline uint64_t at_most(bytes64 bytes, uint8_t limit) {
    uint64_t mask = 0;
    for (int i = 0; i < PARTS; i++) mask |= vector_mask((vector)(bytes.part[i] <= limit)) << i * VECTOR_BYTES;
    return mask;
}

static inline uint64_t at_least(bytes64 bytes, uint8_t limit) { return ~at_most(bytes, (uint8_t)(limit - 1)); }

static inline bytes64 with_bits(bytes64 bytes, uint8_t bits) {
    for (int i = 0; i < PARTS; i++) bytes.part[i] |= bits;
    return bytes;
}

static inline int64_t sum_of(bytes64 bytes) {
#if defined(LOADS_AVX2)
    __m256i sums = _mm256_setzero_si256();
    for (int i = 0; i < PARTS; i++) sums += _mm256_sad_epu8((__m256i)bytes.part[i], _mm256_setzero_si256());
    return sums[0] + sums[1] + sums[2] + sums[3];
#elif defined(LOADS_SSE2)
    __m128i sums = _mm_setzero_si128();
    for (int i = 0; i < PARTS; i++) sums += _mm_sad_epu8((__m128i)bytes.part[i], _mm_setzero_si128());
    return sums[0] + sums[1];
#else
    int64_t sum = 0;
    for (int i = 0; i < PARTS; i++) {
        for (int j = 0; j < VECTOR_BYTES; j++) sum += bytes.part[i][j];
    }
    return sum;
#endif
}

/* The first ones of 64 bytes, at most 64 of them, and zeros for the others. */
static inline bytes64 first_of(bytes64 bytes, int64_t count) {
#define ONES_8 255, 255, 255, 255, 255, 255, 255, 255
    static const uint8_t ones[2 * LOAD_BYTES] = {ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8, ONES_8};
#undef ONES_8
    bytes64 kept = load64(ones + LOAD_BYTES - count);
    for (int i = 0; i < PARTS; i++) bytes.part[i] &= kept.part[i];
    return bytes;
}

/* --- Bases ---------------------------------------------------------------------------------------- */

enum { NO_BASE = 4 }; /* code of what is no base in a panel's text */

/* The packed code of a letter, a number above 3 for what is no base. */
static inline unsigned packed_code(uint8_t letter) {
    static const uint8_t code_and_one[256] = {
        ['A'] = 1, ['C'] = 2, ['T'] = 3, ['U'] = 3, ['G'] = 4, ['a'] = 1, ['c'] = 2, ['t'] = 3, ['u'] = 3, ['g'] = 4,
    };
    return code_and_one[letter] - 1u;
}

/* The code of a letter in k-mers, in alphabetical order: A 0, C 1, G 2, T and U 3; above 3 for what is no base. */
static inline unsigned kmer_code(uint8_t letter) {
    static const uint8_t code_and_one[256] = {
        ['A'] = 1, ['C'] = 2, ['G'] = 3, ['T'] = 4, ['U'] = 4, ['a'] = 1, ['c'] = 2, ['g'] = 3, ['t'] = 4, ['u'] = 4,
    };
    return code_and_one[letter] - 1u;
}

/* Marks a free slot of a hash table, and where no k-mer is: k-mers of at most 31 bases never have all bits set. */
#define EMPTY UINT64_MAX

/* The k-mers of a sequence, letter by letter; begins as zeros. */
typedef struct {
    uint64_t forward, backward; /* the bases so far and their reverse complement, the first base highest */
    int called;                 /* bases in a row */
} rolling_kmer;

/* Takes a letter and returns the canonical k-mer that ends with it, EMPTY where one of its letters is no base. */
static inline uint64_t next_kmer(rolling_kmer *rolling, uint8_t letter, int k) {
    uint64_t code = kmer_code(letter);
    if (code > 3) {
        rolling->called = 0;
        return EMPTY;
    }
    rolling->forward = (rolling->forward << 2 | code) & low_bits(2 * k);
    rolling->backward = rolling->backward >> 2 | (3 - code) << 2 * (k - 1);
    if (rolling->called < k) rolling->called++;
    if (rolling->called < k) return EMPTY;
    return rolling->forward < rolling->backward ? rolling->forward : rolling->backward;
}

/* Where in a hash table of 64-bit words to begin to look for a key; `shift` is 64 less log2 of its slots. */
static inline int64_t slot_of(uint64_t key, int shift) { return (int64_t)(key * HASH_MULTIPLIER >> shift); }

/* Packs the 32 letters from a place. What is no base gets some code as well (N that of G): whatever is found with
   it has to be proved on the letters. */
static inline uint64_t pack_word(const uint8_t *letters) {
#if defined(LOADS_AVX2)
    __m256i loaded = _mm256_loadu_si256((const __m256i *)letters);
    __m256i codes = _mm256_and_si256(_mm256_srli_epi16(loaded, 1), _mm256_set1_epi8(3));
    __m256i pairs = _mm256_maddubs_epi16(codes, _mm256_set1_epi16(1 | 4 << 8));
    __m256i fours = _mm256_madd_epi16(pairs, _mm256_set1_epi32(1 | 16 << 16));
    const __m256i low_bytes = _mm256_setr_epi8(
        0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1,
        -1, -1, -1
    );
    __m256i narrow = _mm256_shuffle_epi8(fours, low_bytes);
    __m128i both = _mm_unpacklo_epi32(_mm256_castsi256_si128(narrow), _mm256_extracti128_si256(narrow, 1));
    return (uint64_t)_mm_cvtsi128_si64(both);
#else
    uint64_t packed = 0;
    for (int i = 0; i < 4; i++) {
        uint64_t codes = (load_word(letters + 8 * i) >> 1) & 0x0303030303030303u;
        codes = (codes | codes >> 6) & 0x000F000F000F000Fu;
        codes = (codes | codes >> 12) & 0x000000FF000000FFu;
        packed |= ((codes | codes >> 24) & 0xFFFF) << 16 * i;
    }
    return packed;
#endif
}

/* Turns each base of a packed 32-bit word into its complement. */
#define COMPLEMENT 0xAAAAAAAAu

/* The reverse complement of a packed seed; `unused_bits` of its 32 are above it. */
static inline uint32_t reverse_complement(uint32_t seed, int unused_bits) {
    seed = __builtin_bswap32(seed);
    seed = (seed >> 4 & 0x0F0F0F0Fu) | (seed & 0x0F0F0F0Fu) << 4;
    seed = (seed >> 2 & 0x33333333u) | (seed & 0x33333333u) << 2;
    return (seed ^ COMPLEMENT) >> unused_bits;
}

/* The smaller of a packed seed and its reverse complement. */
static inline uint32_t canonical_seed(uint32_t seed, int unused_bits) {
    uint32_t other = reverse_complement(seed, unused_bits);
    return seed < other ? seed : other;
}

/* --- The filter of seeds -------------------------------------------------------------------------- */

/* Each seed has three bits of one 32-bit word: a look-up touches one place of memory, and the filter fits a core's
   second-level cache. Its product with one odd number chooses the word, that with another the bits (the first two
   primes of xxHash, Collet 2012). */
#define FILTER_WORD_MULTIPLIER 0x9E3779B1u
#define FILTER_BIT_MULTIPLIER 0x85EBCA77u
enum { FILTER_BIT_SHIFT_1 = 27, FILTER_BIT_SHIFT_2 = 22, FILTER_BIT_SHIFT_3 = 17 };

typedef struct {
    const uint32_t *words; /* a power of two of them, at least 2 */
    int word_shift;        /* 32 less the binary logarithm of their number */
    int unused_bits;       /* 32 less two for each base of a seed, at most 30 */
} seed_filter;

static inline uint32_t filter_bits(uint32_t seed) {
    uint32_t product = seed * FILTER_BIT_MULTIPLIER;
    return 1u << (product >> FILTER_BIT_SHIFT_1) | 1u << (product >> FILTER_BIT_SHIFT_2 & 31) |
        1u << (product >> FILTER_BIT_SHIFT_3 & 31);
}

/* Enters a canonical seed. */
static inline void enter_in_filter(uint32_t seed, uint32_t *words, int word_shift) {
    words[seed * FILTER_WORD_MULTIPLIER >> word_shift] |= filter_bits(seed);
}

enum { PROBES_AT_ONCE = 8 };

/* Eight canonical seeds, one of which is looked up for each probe. */
#if defined(LOADS_AVX2)
typedef __m256i eight_seeds;
#else
typedef struct {
    uint32_t seed[PROBES_AT_ONCE];
} eight_seeds;
#endif

/* Reads eight canonical seeds: seed i is that of the packed bases from packed[stride * i] on. The stride is 1 or 2
   bytes; 18 bytes must be readable. */
static inline eight_seeds canonical_seeds(const uint8_t *packed, int stride, const seed_filter *filter) {
#if defined(LOADS_AVX2)
    __m256i seeds;
    if (stride == 1) {
        __m256i loaded = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)packed));
        const __m256i each_byte = _mm256_setr_epi8(
            0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10
        );
        seeds = _mm256_shuffle_epi8(loaded, each_byte);
    } else {
        __m256i loaded = _mm256_inserti128_si256(
            _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)packed)),
            _mm_loadu_si128((const __m128i *)(packed + 8)), 1
        );
        const __m256i each_second_byte = _mm256_setr_epi8(
            0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7, 8, 9
        );
        seeds = _mm256_shuffle_epi8(loaded, each_second_byte);
    }
    __m128i unused = _mm_cvtsi32_si128(filter->unused_bits);
    seeds = _mm256_srl_epi32(_mm256_sll_epi32(seeds, unused), unused);
    const __m256i turned_bytes = _mm256_setr_epi8(
        3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12
    );
    /* The four bases of a byte are turned by two look-ups, one for each half of it; what comes out is complemented. */
    const __m256i turned_low_half = _mm256_setr_epi8(
        (char)0xA0, (char)0xE0, 0x20, 0x60, (char)0xB0, (char)0xF0, 0x30, 0x70, (char)0x80, (char)0xC0, 0x00, 0x40,
        (char)0x90, (char)0xD0, 0x10, 0x50, (char)0xA0, (char)0xE0, 0x20, 0x60, (char)0xB0, (char)0xF0, 0x30, 0x70,
        (char)0x80, (char)0xC0, 0x00, 0x40, (char)0x90, (char)0xD0, 0x10, 0x50
    );
    const __m256i turned_high_half = _mm256_setr_epi8(
        0x0A, 0x0E, 0x02, 0x06, 0x0B, 0x0F, 0x03, 0x07, 0x08, 0x0C, 0x00, 0x04, 0x09, 0x0D, 0x01, 0x05, 0x0A, 0x0E,
        0x02, 0x06, 0x0B, 0x0F, 0x03, 0x07, 0x08, 0x0C, 0x00, 0x04, 0x09, 0x0D, 0x01, 0x05
    );
    __m256i half = _mm256_set1_epi8(15);
    __m256i turned = _mm256_shuffle_epi8(seeds, turned_bytes);
    __m256i others = _mm256_or_si256(
        _mm256_shuffle_epi8(turned_low_half, _mm256_and_si256(turned, half)),
        _mm256_shuffle_epi8(turned_high_half, _mm256_and_si256(_mm256_srli_epi16(turned, 4), half))
    );
    return _mm256_min_epu32(seeds, _mm256_srl_epi32(others, unused));
#else
    eight_seeds seeds;
    uint32_t own_bits = ~0u >> filter->unused_bits;
    for (int i = 0; i < PROBES_AT_ONCE; i++) {
        seeds.seed[i] = canonical_seed(load_half_word(packed + stride * i) & own_bits, filter->unused_bits);
    }
    return seeds;
#endif
}

/* Asks for the filter's words of eight seeds, which are looked up soon. */
static inline void prefetch_filter(eight_seeds seeds, const seed_filter *filter) {
    uint32_t chosen[PROBES_AT_ONCE];
#if defined(LOADS_AVX2)
    __m256i product = _mm256_mullo_epi32(seeds, _mm256_set1_epi32((int)FILTER_WORD_MULTIPLIER));
    product = _mm256_srl_epi32(product, _mm_cvtsi32_si128(filter->word_shift));
    _mm256_storeu_si256((__m256i *)chosen, product);
#else
    for (int i = 0; i < PROBES_AT_ONCE; i++) {
        chosen[i] = seeds.seed[i] * FILTER_WORD_MULTIPLIER >> filter->word_shift;
    }
#endif
    for (int i = 0; i < PROBES_AT_ONCE; i++) __builtin_prefetch(filter->words + chosen[i]);
}

/* Looks eight canonical seeds up; bit i of the result tells whether the filter may know seed i. */
static inline unsigned seeds_in_filter(eight_seeds seeds, const seed_filter *filter) {
#if defined(LOADS_AVX2)
    __m256i chosen = _mm256_mullo_epi32(seeds, _mm256_set1_epi32((int)FILTER_WORD_MULTIPLIER));
    chosen = _mm256_srl_epi32(chosen, _mm_cvtsi32_si128(filter->word_shift));
    __m256i found = _mm256_i32gather_epi32((const int *)filter->words, chosen, 4);
    __m256i product = _mm256_mullo_epi32(seeds, _mm256_set1_epi32((int)FILTER_BIT_MULTIPLIER));
    __m256i one = _mm256_set1_epi32(1), last = _mm256_set1_epi32(31);
    __m256i bits = _mm256_sllv_epi32(one, _mm256_srli_epi32(product, FILTER_BIT_SHIFT_1));
    bits = _mm256_or_si256(
        bits, _mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32(product, FILTER_BIT_SHIFT_2), last))
    );
    bits = _mm256_or_si256(
        bits, _mm256_sllv_epi32(one, _mm256_and_si256(_mm256_srli_epi32(product, FILTER_BIT_SHIFT_3), last))
    );
    __m256i passed = _mm256_cmpeq_epi32(_mm256_and_si256(found, bits), bits);
    return (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(passed));
#else
    unsigned passed = 0;
    for (int i = 0; i < PROBES_AT_ONCE; i++) {
        uint32_t bits = filter_bits(seeds.seed[i]);
        uint32_t word = filter->words[seeds.seed[i] * FILTER_WORD_MULTIPLIER >> filter->word_shift];
        passed |= (unsigned)((word & bits) == bits) << i;
    }
    return passed;
#endif
}

/* Looks up the seeds of eight probes, see canonical_seeds and seeds_in_filter. */
static inline unsigned probes_in_filter(const uint8_t *packed, int stride, const seed_filter *filter) {
    return seeds_in_filter(canonical_seeds(packed, stride, filter), filter);
}

#endif
