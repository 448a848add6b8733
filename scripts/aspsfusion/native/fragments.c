/* Writes the fragments that the screen keeps, numbered, in the form that later stages read. */

#include "fastq.h"

/* Finds the fragments of which either mate is from the panel; for single reads both columns are the same.

   Fragment i is record `stride` * i of each column. Returns how many there are; `places` has room for all. */
int64_t EXPORT(kept_fragments)(
    const uint8_t *first_hits, const uint8_t *second_hits, int64_t stride, int64_t count, int64_t *places,
    int64_t places_size
) {
    if (!first_hits || !second_hits || !places || stride < 1 || count > places_size) return NATIVE_BAD_ARGUMENT;
    int64_t kept = 0;
    for (int64_t i = 0; i < count; i++) {
        if (first_hits[i * stride] | second_hits[i * stride]) places[kept++] = i;
    }
    return kept;
}

enum {
    SUFFIX_BYTES = 2, /* the mate's number at the end of a name with the sign before it: /1, .1 or _1 */
    MAX_DIGITS = 19, /* of a fragment's number */
    HEADER_BYTES = MAX_DIGITS + SUFFIX_BYTES + 1, /* by which a written record may be longer than the one read */
};

/* Memory that is filled; once something did not fit, nothing more is written. */
typedef struct {
    uint8_t *next, *end;
    bool is_full;
} writer;

static void put_bytes(writer *out, const uint8_t *bytes, int64_t count) {
    if (out->end - out->next < count) out->is_full = true;
    if (out->is_full) return;
    memcpy(out->next, bytes, (size_t)count);
    out->next += count;
}

static void put_byte(writer *out, uint8_t byte) { put_bytes(out, &byte, 1); }

/* Writes a line without carriage returns, and its end; of bases in upper case, and U of RNA as T. */
static void put_line(writer *out, const uint8_t *line, const uint8_t *line_end, bool are_bases) {
    uint8_t *begin = out->next;
    while (line < line_end) {
        const uint8_t *carriage_return = memchr(line, '\r', (size_t)(line_end - line));
        const uint8_t *stop = carriage_return ? carriage_return : line_end;
        put_bytes(out, line, stop - line);
        line = carriage_return ? stop + 1 : stop;
    }
    if (are_bases) {
        for (uint8_t *letter = begin; letter < out->next; letter++) {
            uint8_t upper = (uint8_t)(*letter - (*letter >= 'a' && *letter <= 'z' ? 'a' - 'A' : 0));
            *letter = upper == 'U' ? 'T' : upper;
        }
    }
    put_byte(out, '\n');
}

/* Tags that may hold a molecule's identifier (UMI), the preferred ones first; the first one is written. */
static const uint8_t UMI_TAGS[][2] = {{'R', 'X'}, {'O', 'X'}, {'M', 'I'}, {'U', 'B'}, {'U', 'R'}};

enum { UMI_TAG_COUNT = sizeof UMI_TAGS / sizeof *UMI_TAGS, TAG_BYTES = 5 };

/* Returns the rank of the UMI tag that a comment's field begins with, UMI_TAG_COUNT when there is none. */
static int umi_rank(const uint8_t *field, int64_t size) {
    if (size <= TAG_BYTES || memcmp(field + 2, ":Z:", 3)) return UMI_TAG_COUNT;
    for (int rank = 0; rank < UMI_TAG_COUNT; rank++) {
        if (!memcmp(field, UMI_TAGS[rank], 2)) return rank;
    }
    return UMI_TAG_COUNT;
}

/* Writes a space and the field of a header's comment that holds the molecule's identifier (UMI), if there is one, as
   RX:Z:; `samtools fastq -T RX` and other programs write it. */
static void put_umi(writer *out, const uint8_t *header, const uint8_t *header_end) {
    const uint8_t *best = NULL, *best_end = NULL;
    int best_rank = UMI_TAG_COUNT;
    while (header < header_end) {
        const uint8_t *begin = header;
        while (header < header_end && *header > ' ') header++;
        int rank = umi_rank(begin, header - begin);
        if (rank < best_rank) {
            best_rank = rank, best = begin, best_end = header;
        }
        if (header == begin) header++;
    }
    if (!best) return;
    put_byte(out, ' ');
    put_bytes(out, UMI_TAGS[0], 2);
    put_bytes(out, best + 2, best_end - best - 2);
}

/* Where a record's name ends, without /1 or /2. */
static const uint8_t *stem_end(const uint8_t *start, const uint8_t *stop) {
    const uint8_t *end = start;
    while (end < stop && *end != ' ' && !(*end >= '\t' && *end <= '\r')) end++;
    if (end - start >= SUFFIX_BYTES && end[-2] == '/' && mate_number(end[-1])) end -= SUFFIX_BYTES;
    return end;
}

static void put_number(writer *out, int64_t number) {
    uint8_t digits[MAX_DIGITS], *first = digits + MAX_DIGITS;
    do {
        *--first = (uint8_t)('0' + number % 10);
        number /= 10;
    } while (number);
    put_bytes(out, first, digits + MAX_DIGITS - first);
}

typedef struct {
    const uint8_t *start, *stop, *stem_end; /* the first byte is the '@' */
} kept_record;

/* Writes one record of a numbered fragment; `mate` is 0 for a single read. Returns whether it had four lines. */
static bool put_record(writer *out, const kept_record *record, int64_t number, int mate) {
    const uint8_t *ends[LINES], *line = record->start;
    for (int i = 0; i < LINES; i++) {
        ends[i] = line < record->stop ? memchr(line, '\n', (size_t)(record->stop - line)) : NULL;
        if (!ends[i]) return false;
        line = ends[i] + 1;
    }
    put_byte(out, '@');
    put_number(out, number);
    if (mate) {
        put_byte(out, '/');
        put_byte(out, (uint8_t)('0' + mate));
    }
    put_byte(out, ' ');
    if (record->stem_end > record->start) put_bytes(out, record->start + 1, record->stem_end - record->start - 1);
    put_umi(out, record->start, ends[0]);
    put_byte(out, '\n');
    put_line(out, ends[0] + 1, ends[1], true);
    put_byte(out, '+');
    put_byte(out, '\n');
    put_line(out, ends[2] + 1, ends[3], false);
    return true;
}

/* Bytes of scanned records. */
typedef struct {
    const uint8_t *data;
    int64_t size;
    const int64_t *starts; /* of each record, and after the last one */
    int64_t starts_size;
} record_column;

static bool find_record(const record_column *column, int64_t place, int64_t stride, kept_record *record) {
    if (place < 0 || place > INT64_MAX / 2 || place * stride >= column->starts_size - 1) return false;
    int64_t number = place * stride;
    int64_t start = column->starts[number], stop = column->starts[number + 1];
    if (start < 0 || start > stop || stop > column->size) return false;
    record->start = column->data + start;
    record->stop = column->data + stop;
    record->stem_end = stem_end(record->start, record->stop);
    return true;
}

/* Of names like r.1 and r.2 the mate's number is still part. */
static void drop_other_suffix(kept_record *record) {
    int64_t length = record->stem_end - record->start;
    record->stem_end -= length < SUFFIX_BYTES ? length : SUFFIX_BYTES;
}

static bool are_columns(const record_column *columns, int64_t mates, int64_t stride) {
    if (!columns || (mates != 1 && mates != 2) || (stride != 1 && stride != 2)) return false;
    for (int64_t mate = 0; mate < mates; mate++) {
        if (!columns[mate].data || !columns[mate].starts) return false;
    }
    return true;
}

/* Returns how many bytes write_fragments needs at most for the chosen fragments. */
int64_t EXPORT(fragment_bytes)(
    const record_column *columns, int64_t mates, int64_t stride, const int64_t *chosen, int64_t chosen_count
) {
    if (!are_columns(columns, mates, stride) || !chosen) return NATIVE_BAD_ARGUMENT;
    int64_t bytes = 0;
    for (int64_t i = 0; i < chosen_count; i++) {
        for (int64_t mate = 0; mate < mates; mate++) {
            kept_record record;
            if (!find_record(columns + mate, chosen[i], stride, &record)) return NATIVE_BAD_ARGUMENT;
            bytes += record.stop - record.start + HEADER_BYTES;
        }
    }
    return bytes;
}

/* Writes fragments in the form that later stages read, the mates of a pair one after the other.

   The first word is the fragment's number, with /1 or /2 for a pair; the second one is the read's own name without the
   mate's number, a label. Carriage returns, the second name and the comment are dropped, but for the comment's UMI,
   and bases are upper case, U as T. Of the names of a pair, an ending .1 or .2 (_1 or _2) stays where both mates have the same,
   and goes where they differ.

   Args:
       columns: of the first mates and of the second ones, or of single reads alone.
       mates: number of columns, 1 or 2.
       stride: number of records between one fragment and the next.
       chosen: places of the fragments in the columns.
       chosen_count: how many.
       first_number: number of the fragment at place 0.
       out: what fragment_bytes says.
       out_size: bytes of it.

   Returns how many bytes were written, or NATIVE_BAD_ARGUMENT. */
int64_t EXPORT(write_fragments)(
    const record_column *columns, int64_t mates, int64_t stride, const int64_t *chosen, int64_t chosen_count,
    int64_t first_number, uint8_t *out, int64_t out_size
) {
    if (!are_columns(columns, mates, stride) || !chosen || first_number < 0 || first_number > INT64_MAX / 2 || !out ||
        out_size < 0) {
        return NATIVE_BAD_ARGUMENT;
    }
    writer used = {out, out + out_size, false};
    for (int64_t i = 0; i < chosen_count; i++) {
        kept_record records[2];
        for (int64_t mate = 0; mate < mates; mate++) {
            if (!find_record(columns + mate, chosen[i], stride, records + mate)) return NATIVE_BAD_ARGUMENT;
        }
        if (mates == 2) {
            int64_t length = records[0].stem_end - records[0].start;
            if (length != records[1].stem_end - records[1].start ||
                memcmp(records[0].start, records[1].start, (size_t)length)) {
                drop_other_suffix(records);
                drop_other_suffix(records + 1);
            }
        }
        for (int mate = 0; mate < mates; mate++) {
            if (!put_record(&used, records + mate, first_number + chosen[i], mates == 2 ? mate + 1 : 0)) {
                return NATIVE_BAD_ARGUMENT;
            }
        }
    }
    return used.is_full ? NATIVE_BAD_ARGUMENT : used.next - out;
}
