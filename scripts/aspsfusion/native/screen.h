/* The panel as the screen looks reads up in it, and what fastq.c asks of screen.c. */

#ifndef ASPSFUSION_SCREEN_H
#define ASPSFUSION_SCREEN_H

#include "native.h"

/* What a panel directory stores; see PanelKmers. */
typedef struct {
    int64_t k;               /* length of the k-mers */
    int64_t genes;           /* number of genes */
    const uint64_t *kmers;   /* canonical k-mers, ascending, first base highest, by kmer_code */
    const uint16_t *kmer_genes;
    int64_t kmer_count;
    const uint8_t *text;     /* packed codes of the sequences, NO_BASE in front, between and after them */
    int64_t text_size;
    const int64_t *seed_positions; /* where in the text seeds begin, ascending */
    int64_t seed_count;
    int64_t seed_length;
} panel_kmers;

/* What reads are looked up in. Hash tables are open-addressed, have a power of two of slots, and are at most half
   full. Every seed of the panel stands there on both strands as the canonical one of the two. */
typedef struct {
    uint32_t *filter_words; /* see seed_filter */
    int64_t filter_size;
    uint64_t *seeds; /* seed + 1 in the upper 32 bits, its place in the text in the lower ones; 0: a free slot */
    int64_t seed_slots;
    uint64_t *keys; /* number of the gene from bit GENE_SHIFT on, the k-mer below; EMPTY: a free slot */
    int64_t key_slots;
    uint8_t *text; /* the panel's text, and after it the reverse complement of all of it; 64 times NO_BASE on
                      all sides: the base at a place has its complement at the last index less the place */
    int64_t text_size;
    int64_t genes, k, seed_length;
    int64_t least_score, mismatch_penalty; /* score from which a match counts; a match gives 1 */
} screen_table;

enum {
    GENE_SHIFT = 48,
    MIN_K = 5,
    MAX_K = 23, /* the longest odd k-mer that leaves room for the gene's number */
    MIN_SEED_LENGTH = 8,
    MAX_SEED_LENGTH = 16, /* what 32 bits of packed bases hold */
};

enum { BATCH_BYTES = 4096, BATCH_READS = 512, CANDIDATES = 256 };

/* A read, or one copy of it, in a batch. */
typedef struct {
    const uint8_t *begin, *end; /* the read's letters */
    const uint8_t *from;        /* the letter at which the packed bases begin */
    int32_t read;               /* its number */
    int32_t place;              /* of its first packed byte in the batch */
} packed_read;

/* A probe that the filter let through. */
typedef struct {
    const packed_read *owner;
    const uint8_t *letters; /* the seed's letters in the read */
    uint32_t seed;
    uint32_t canonical;
} candidate;

/* Reads that are looked up together. */
typedef struct {
    const screen_table *table;
    seed_filter filter;
    uint8_t *hits; /* of the reads by number */
    int used, count, candidate_count;
    packed_read reads[BATCH_READS];
    candidate candidates[CANDIDATES];
    /* With room for the seeds of the last read, and for what whole words and loads write and read after them. */
    uint8_t packed[BATCH_BYTES + 6 * LOAD_BYTES];
} read_batch;

/* Whether a table can be what build_screen_table made. */
bool INTERNAL(is_screen_table)(const screen_table *table);

/* Begins a batch; `hits` are of the reads by number. */
void INTERNAL(begin_batch)(read_batch *batch, const screen_table *table, uint8_t *hits);

/* Adds a read; hits[read] is set, in this call or a later one, when the read matches the panel. */
void INTERNAL(add_read)(read_batch *batch, const uint8_t *begin, const uint8_t *end, int32_t read);

/* Looks up what the batch holds. */
void INTERNAL(finish_batch)(read_batch *batch);

/* Adds the panel's k-mers that a read holds to the counts of their genes. */
void INTERNAL(count_kmers)(const screen_table *table, const uint8_t *begin, const uint8_t *end, int64_t *by_gene);

#define is_screen_table INTERNAL(is_screen_table)
#define begin_batch INTERNAL(begin_batch)
#define add_read INTERNAL(add_read)
#define finish_batch INTERNAL(finish_batch)
#define count_kmers INTERNAL(count_kmers)

#endif
