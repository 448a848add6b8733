/* What the loops that read and write FASTQ share. */

#ifndef ASPSFUSION_FASTQ_H
#define ASPSFUSION_FASTQ_H

#include "native.h"

enum {
    LINES = 4, /* of a record */
    PHRED_OFFSET = 33, /* quality 0 as a character (Cock 2010, Nucleic Acids Res) */
};

/* The mate that a digit at the end of a name names, 0 for none. */
static inline uint8_t mate_number(uint8_t byte) { return byte == '1' ? 1 : byte == '2' ? 2 : 0; }

#endif
