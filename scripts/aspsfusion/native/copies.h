/* The fragments of a sample, and what copies.c, strays.c and alike.c ask of each other. */

#ifndef ASPSFUSION_COPIES_H
#define ASPSFUSION_COPIES_H

#include "lists.h"
#include "place.h"

enum {
    ENDS = 2,
    MOST_SLACK = 8,
    MOST_WORD = 10, /* bases of a word, and words of a read */
};

/* Thresholds of evidence/alike.py, evidence/copies.py and evidence/ends.py, which have their reasons. */
typedef struct {
    int64_t max_differences; /* bases in which two reads may differ: so many, */
    double difference_rate;  /* and of each base of the shorter one so many more */
    int64_t end_bases;       /* first and last bases of a read, */
    int64_t max_end_differences; /* in which it may differ by so many, */
    int64_t max_gapped_end;  /* by so many in its last ones where there are gaps */
    int64_t end_slack;       /* bases by which an end may be off */
    int64_t crowd;           /* molecules that one is compared with */
    int64_t many_copies;     /* copies for each one that went astray */
    int64_t word, words;     /* bases of a piece, and pieces of a read, by which strays are found */
    int64_t misread_runs;    /* whether the lengths of homopolymer runs are often misread */
} copy_rules;

/* Bases of a read from an end of its molecule on. */
typedef struct {
    const uint8_t *bases;
    int64_t size;
} read_bases;

/* The best alignment of a read's first bases that ends at the present base of the other one. */
typedef struct {
    int32_t cost;   /* edits */
    int32_t first;  /* edits among the read's first bases */
    int32_t before; /* edits before its last ones */
} gapped_cell;

static inline int64_t most_differences(const copy_rules *rules, int64_t size) {
    return (int64_t)((double)rules->max_differences + rules->difference_rate * (double)size);
}

/* Cells that comparing reads of so many bases takes. */
static inline int64_t cells_for(const copy_rules *rules, int64_t size) { return 2 * most_differences(rules, size) + 2; }

/* Counts the bases of a read in which another one differs from a base on, those beyond its end included. */
static inline int64_t differing(read_bases read, read_bases other, int64_t from) {
    int64_t shared = other.size - from < read.size ? other.size - from : read.size;
    if (shared < 0) shared = 0;
    int64_t count = read.size - shared;
    for (int64_t i = 0; i < shared; i++) count += read.bases[i] != other.bases[from + i];
    return count;
}

/* The fragments of a sample: settled ones, and after them others. */
typedef struct {
    int64_t settled, others;
    const settled_fragment *rows;
    const uint8_t *text; /* the panel's */
    int64_t text_size;
    const uint8_t *sources; /* for both ends of the settled ones: the read, and 2 more where it is turned */
    const uint8_t *bases;   /* of the others */
    int64_t bases_size;
    const int64_t *bounds; /* where in these both ends and the rest of each begin, and where the last one ends */
    const int64_t *places; /* of both ends of all; NONE for an end that is not there, the first always is */
    const int64_t *runs;   /* of the homopolymer runs there, NONE outside of any */
    const uint8_t *clear;  /* whether each end is clear, and for an end that is not there */
    const int32_t *umis;   /* what may be the UMI of each, as a number */
    const int32_t *order;  /* all, by their places, then by `umis`, then by their numbers */
    const int32_t *ranks;  /* of each; the lowest is the best */
} fragments;

typedef struct {
    int32_t best; /* its best fragment */
    int32_t count;
} molecule;

typedef struct {
    const fragments *all;
    const copy_rules *rules;
    gapped_cell *cells;
    int32_t *compared; /* room for one more than a crowd */
    bool mixed;        /* whether some molecules show one end and others both */
    uint8_t buffers[2][MOST_BASES];
} joining;

static inline int ends_of(const fragments *all, int64_t fragment) { return all->places[ENDS * fragment + 1] == NONE ? 1 : ENDS; }

static inline int64_t place_of(const fragments *all, int64_t fragment, int end) { return all->places[ENDS * fragment + end]; }

static inline int64_t run_of(const fragments *all, int64_t fragment, int end) { return all->runs[ENDS * fragment + end]; }

static inline bool is_clear(const fragments *all, int64_t fragment, int end) { return all->clear[ENDS * fragment + end]; }

static inline bool all_clear(const fragments *all, int64_t fragment) {
    return is_clear(all, fragment, 0) && is_clear(all, fragment, 1);
}

/* Whether two reads are the same up to errors, as far as the shorter one goes: evidence/alike.py, without slack.
   `cells` has room for reads of their size. */
bool INTERNAL(are_alike)(read_bases one, read_bases other, const copy_rules *rules, gapped_cell *cells);

/* Returns the bases from an end of a fragment on, or of what has no place (ENDS); `slot` is that of the buffer. */
read_bases INTERNAL(bases_of)(joining *work, int64_t fragment, int end, int slot);

/* Joins copies that errors made fit another place better. Writes the best fragment of each molecule and its copies;
   returns how many molecules there are, or NATIVE_NO_MEMORY. `astray` is room, `table` for lists. */
int64_t INTERNAL(join_strays)(
    joining *work, const molecule *kept, int64_t count, int32_t *astray, lists *table, int32_t *best, int32_t *copies
);

#define are_alike INTERNAL(are_alike)
#define bases_of INTERNAL(bases_of)
#define join_strays INTERNAL(join_strays)

#endif
