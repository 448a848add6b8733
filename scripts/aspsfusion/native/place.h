/* Where reads of the wild type are on the panel, and what candidates.c asks of place.c. */

#ifndef ASPSFUSION_PLACE_H
#define ASPSFUSION_PLACE_H

#include "native.h"

enum {
    SEED = 16,            /* bases of a seed, all that 32 bits of packed bases hold */
    FEWEST_BASES = 3 * SEED, /* of a read that is placed: one of three disjoint seeds survives two edits */
    MATES = 2,
    MOST_BASES = 1000,    /* of a read that is placed, merged ones included */
    MOST_PLACES = 64,     /* of a read; more are left to the aligner */
    MOST_LOOKED_AT = 256, /* places of a seed; more have those of low complexity alone */
};

/* The panel's sequences in a row, and where the seeds of a read are in them. See build_place_table. */
typedef struct {
    const uint8_t *text; /* contigs in the order of preference, at least LOAD_BYTES zeros before, between and after them */
    int64_t text_size;
    const int32_t *contigs; /* number of the contig of each place, -1 between them */
    const int32_t *genes;   /* number of the gene of each contig, negative for decoys: no read is settled in them */
    int64_t contig_count;
    const int64_t *genome;  /* genomic position of each place */
    const int32_t *borders; /* places before each one that are an exon's first or last base, or at a listed junction */
    uint64_t *slots; /* seed in the upper 32 bits, 1 + its first place in the lower ones; 0: a free slot */
    int64_t slot_count;
    int32_t *next;    /* the next place of the seed at each place, -1 after the last one */
    int32_t *foreign; /* seeds before each place that another gene or the other strand holds too, or that are none */
    int32_t *repeated; /* seeds before each place that are on its contig more than once */
    int32_t *scattered; /* seeds before each place that are foreign, or begin and end at several places of the genome */
} place_table;

/* The places of a read, each on a contig of its own, all of one gene and with the same edit or none. */
typedef struct {
    int count;
    int32_t at[MOST_PLACES]; /* of the read's leftmost base in the text, ascending */
    int32_t gene;
    int16_t edit, second; /* indices in the sense read of the bases that differ, ascending, -1 for none */
    uint8_t base, second_base; /* the read's bases there, in sense */
    bool reverse; /* whether the read is antisense */
} read_places;

/* A settled fragment. Places are of the leftmost base in the table's text. */
typedef struct {
    int64_t number;
    int32_t header;      /* where in the text of the candidates its header begins */
    int32_t quality;     /* sum of the base qualities */
    int32_t own[MATES];  /* place of each read on the contig of preference */
    int32_t shared[MATES]; /* the same on the contig of preference among those that hold all reads */
    int16_t size[MATES]; /* bases; 0 for a read that is not there */
    int16_t edit[MATES]; /* index of the base that differs in the sense read, -1 for none */
    int16_t second[MATES]; /* of another one after it */
    uint8_t base[MATES]; /* the read's base there, in sense */
    uint8_t second_base[MATES];
    uint8_t reverse[MATES];
    uint8_t reads; /* 1 or 2 */
    uint8_t flags;
    uint8_t unused[4];
} settled_fragment;

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

/* Whether no place in [first, last) is noted; none is where the interval is empty. */
static inline bool none_noted(const int32_t *notes, int32_t first, int32_t last) {
    return last <= first || notes[last] == notes[first];
}

/* Adds a place, which comes after all others; false when there is no room or its contig has one already. */
static inline bool add_place(const place_table *table, read_places *found, int32_t at) {
    if (found->count == MOST_PLACES) return false;
    if (found->count && table->contigs[found->at[found->count - 1]] == table->contigs[at]) return false;
    found->at[found->count++] = at;
    return true;
}

bool INTERNAL(is_place_table)(const place_table *table);

/* Finds where a read is placed from end to end. Returns false where the aligner has to look: nowhere, with more edits
   than the limit (0 to 2), or where it might find anything else as good, see place.c; another gene has at least `margin`
   edits more. Of `sense` and `turned`, which hold the read and its reverse complement, LOAD_BYTES more must be
   readable. */
bool INTERNAL(place_read)(
    const place_table *table, const uint8_t *sense, const uint8_t *turned, int size, int limit, int margin,
    read_places *found
);

/* The same for a read in sense that has two edits, see place_twice.c. */
bool INTERNAL(place_twice)(const place_table *table, const uint8_t *read, int size, int margin, read_places *found);

/* Whether a read of a fragment with two edits in a read can neither suggest a junction nor fit one better than the
   wild type, see place_twice.c; `turned` holds the reverse complement of the sense read. */
bool INTERNAL(stands_apart)(
    const place_table *table, const uint8_t *read, const uint8_t *turned, int size, const read_places *found
);

#define is_place_table INTERNAL(is_place_table)
#define place_twice INTERNAL(place_twice)
#define stands_apart INTERNAL(stands_apart)
#define place_read INTERNAL(place_read)

#endif
