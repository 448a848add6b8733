/* What candidates.c asks of trim.c. */

#ifndef ASPSFUSION_TRIM_H
#define ASPSFUSION_TRIM_H

#include "fastq.h"

enum { LEAST_ADAPTER = 10 }; /* bases of the shortest adapter that is looked for */

/* A piece of a read in the order of sequencing; or turned, its qualities still in that order. */
typedef struct {
    const uint8_t *bases, *quality;
    int64_t size;
} stretch;

static inline int64_t least(int64_t one, int64_t other) { return one < other ? one : other; }

/* Writes the reverse complement. */
static inline void turn(const uint8_t *bases, int64_t size, uint8_t *out) {
    static const uint8_t other[256] = {['A'] = 'T', ['C'] = 'G', ['G'] = 'C', ['T'] = 'A', ['N'] = 'N'};
    for (int64_t i = 0; i < size; i++) out[size - 1 - i] = other[bases[i]];
}

static inline int32_t sum_of_qualities(const stretch *read) {
    int32_t sum = 0;
    for (int64_t i = 0; i < read->size; i++) sum += read->quality[i] - PHRED_OFFSET;
    return sum;
}


/* Whether a read may end with an adapter, or hold it, for a search that allows no more than one edit. */
bool INTERNAL(may_hold)(const stretch *read, const uint8_t *adapter, int64_t adapter_size, int64_t least_bases);

/* Joins mates that overlap on an insert into one read; `second` is turned. Writes its bases and, unless NULL, its
   qualities, and returns the sum of these. */
int32_t INTERNAL(merge)(
    const stretch *first, const stretch *second, int64_t insert, uint8_t *out, uint8_t *qualities
);

#define may_hold INTERNAL(may_hold)
#define merge INTERNAL(merge)

#endif
