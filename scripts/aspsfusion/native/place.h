/* Where reads of the wild type are on the panel, and what candidates.c asks of place.c. */

#ifndef ASPSFUSION_PLACE_H
#define ASPSFUSION_PLACE_H

#include "native.h"

enum {
    SEED = 16,            /* bases of a seed, all that 32 bits of packed bases hold */
    FEWEST_BASES = 3 * SEED, /* of a read that is placed: one of three disjoint seeds survives two edits */
    MOST_BASES = 1000,    /* of a read that is placed, merged ones included */
    MOST_PLACES = 64,     /* of a read; more are left to the aligner */
};

/* The panel's sequences in a row, and where the seeds of a read are in them. See build_place_table. */
typedef struct {
    const uint8_t *text; /* contigs in the order of preference, at least LOAD_BYTES zeros before, between and after them */
    int64_t text_size;
    const int32_t *contigs; /* number of the contig of each place, -1 between them */
    const int32_t *genes;   /* number of the gene of each contig, negative for decoys: no read is settled in them */
    int64_t contig_count;
    uint64_t *slots; /* seed in the upper 32 bits, 1 + its first place in the lower ones; 0: a free slot */
    int64_t slot_count;
    int32_t *next;    /* the next place of the seed at each place, -1 after the last one */
    int32_t *foreign; /* seeds before each place that another gene or the other strand holds too, or that are none */
    int32_t *repeated; /* seeds before each place that are on its contig more than once */
} place_table;

/* The places of a read, each on a contig of its own, all of one gene and with the same edit or none. */
typedef struct {
    int count;
    int32_t at[MOST_PLACES]; /* of the read's leftmost base in the text, ascending */
    int32_t gene;
    int16_t edit; /* index in the sense read of the base that differs, -1 for none */
    uint8_t base; /* the read's base there, in sense */
    bool reverse; /* whether the read is antisense */
} read_places;

bool INTERNAL(is_place_table)(const place_table *table);

/* Finds where a read is placed from end to end. Returns false where the aligner has to look: nowhere, with more edits
   than the limit (0 or 1), or where it might find anything else as good, see place.c; another gene has at least `margin`
   edits more. Of `sense` and `turned`, which hold the read and its reverse complement, LOAD_BYTES more must be
   readable. */
bool INTERNAL(place_read)(
    const place_table *table, const uint8_t *sense, const uint8_t *turned, int size, int limit, int margin,
    read_places *found
);

#define is_place_table INTERNAL(is_place_table)
#define place_read INTERNAL(place_read)

#endif
