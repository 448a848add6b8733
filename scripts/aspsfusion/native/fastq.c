/* Takes blocks of FASTQ apart: records, names, counts of letters, and which reads are from the panel.

   A record costs some hundred instructions. Nearly all records have one form: four lines without a carriage return at
   their end, and a quality for each base. Of these the ends of header and sequence are looked for, the latter in the
   loads in which bases are counted; where the other lines end is reckoned and checked. All else, whole or cut off,
   well formed or not, is left to take_unusual_record. */

#include "screen.h"

enum { SCAN_OK, SCAN_NO_AT_SIGN, SCAN_NO_PLUS, SCAN_QUALITY_LENGTH }; /* what is wrong with a record */

/* Numbers of the counters in `totals`. */
enum { BASES, LONGEST, GC, UNKNOWN, GOOD, QUALITY };

enum {
    LINES = 4, /* of a record */
    MIN_RECORD_BYTES = 6, /* the shortest record: '@', '+' and four line ends */
    PHRED_OFFSET = 33, /* quality 0 as a character (Cock 2010, Nucleic Acids Res) */
    GOOD_QUALITY = 30, /* counts for the Q30 fraction: one error in a thousand */
    AHEAD_BYTES = 2048, /* how far ahead records are asked for, to be in the nearest cache in time, */
    USUAL_BYTES = 5 * LOAD_BYTES, /* and how much of them with each record: as much as one of 100 nt has */
};

/* Results of a scan; counts are summed over blocks. */
typedef struct {
    int64_t capacity; /* records that the arrays hold; `starts` holds one more */
    int64_t *starts;  /* offset of each record, and after the last one */
    uint8_t *hits;    /* whether each read is from the panel */
    uint64_t *names;  /* hash of each read's name without the mate's number */
    uint8_t *marks;   /* what name and comment tell of the mate, see MARK_ */
    int64_t *lengths; /* number of reads by length in nt */
    int64_t lengths_size;
    int64_t *genes; /* panel k-mers seen by gene number */
    int64_t genes_size;
    int64_t *totals; /* see BASES */
    int64_t records; /* whole records of the present block so far */
} scan_room;

/* --- Names ---------------------------------------------------------------------------------------- */

/* Parts of a read's mark: the mate's number at the end of the name, the sign before it, and the mate's number in the
   comment. */
enum {
    MARK_MATE = 3,
    MARK_SIGN = 12,
    MARK_SLASH = 4,
    MARK_DOT = 8,
    MARK_UNDERSCORE = 12,
    MARK_COMMENT_SHIFT = 4,
};

static inline uint8_t mate_number(uint8_t byte) { return byte == '1' ? 1 : byte == '2' ? 2 : 0; }

static inline uint8_t sign_mark(uint8_t byte) {
    return byte == '/' ? MARK_SLASH : byte == '.' ? MARK_DOT : byte == '_' ? MARK_UNDERSCORE : 0;
}

/* The part of the mark that tells what a comment says of the mate. */
static inline uint8_t comment_mark(const uint8_t *comment, const uint8_t *header_end) {
    if (comment + 1 >= header_end) return 0;
    if (comment[1] == ':') return (uint8_t)(mate_number(comment[0]) << MARK_COMMENT_SHIFT); /* Illumina: 1:N:0:ACGT */
    if (header_end[-2] == '/') return (uint8_t)(mate_number(header_end[-1]) << MARK_COMMENT_SHIFT); /* SRR1.1 1/1 */
    return 0;
}

/* Hashes the first ones of 64 bytes, at most 64 of them. Each word of eight bytes is multiplied by an odd number of its
   own, and the products are added: bytes that differ within one word never collide, others by a chance of about 2^-64.
   The numbers are without a pattern (the first values of SplitMix64, Steele 2014, lowest bit set): multiples of one
   number would let a digit that rises in one word make up for one that falls in another. */
static inline uint64_t hash_of_first(const uint8_t *bytes, int64_t count) {
    static const uint64_t multipliers[LOAD_BYTES / 8] = {
        0xE220A8397B1DCDAF, 0x6E789E6AA1B965F5, 0x06C45D188009454F, 0xF88BB8A8724C81ED,
        0x1B39896A51A8749B, 0x53CB9F0C747EA2EB, 0x2C829ABE1F4532E1, 0xC584133AC916AB3D,
    };
    uint64_t words[LOAD_BYTES / 8], sum = 0;
    bytes64 kept = first_of(load64(bytes), count);
    memcpy(words, &kept, sizeof words);
    for (int i = 0; i < LOAD_BYTES / 8; i++) sum += words[i] * multipliers[i];
    return sum;
}

/* Odd, so that names that differ in one stretch of 64 bytes never share what is carried on from it. */
#define NAME_MULTIPLIER 0xD6E8FEB86659FD93u

/* Hashes a read's name without the mate's number, and reads what is told of the mate. The name begins after the '@'
   and ends with the first blank or control character, the header's line end at the latest. */
static inline uint64_t read_name(const uint8_t *name, const uint8_t *header_end, uint8_t *mark) {
    const uint8_t *stop = name;
    uint64_t blanks = at_most(load64(stop), ' ');
    while (!blanks) {
        stop += LOAD_BYTES;
        blanks = at_most(load64(stop), ' ');
    }
    stop += lowest_bit(blanks);
    if (header_end > name && header_end[-1] == '\r') header_end--;
    *mark = comment_mark(stop + 1, header_end);
    if (stop - name >= 2) {
        /* The sign is looked for first: in each file it stands in all names or in none, while of the names without a
           mate's number one in five ends with such a digit. */
        uint8_t sign = sign_mark(stop[-2]), number = sign ? mate_number(stop[-1]) : 0;
        if (number) {
            *mark |= number | sign;
            stop -= 2;
        }
    }
    uint64_t hash = 0;
    for (; stop - name > LOAD_BYTES; name += LOAD_BYTES) hash = hash * NAME_MULTIPLIER + hash_of_first(name, LOAD_BYTES);
    return hash * NAME_MULTIPLIER + hash_of_first(name, stop - name);
}

enum { STEP_OK, STEP_OTHER_NAME, STEP_WRONG_MATE }; /* why two records are not mates */

/* Finds the first pair of records whose names are not those of two mates.

   Mates have one name, or names that differ in the mate's number at the end: /1 and /2, .1 and .2, _1 and _2. A
   comment that names the mate (1:N:0, or SRA's 1/1) must not contradict the file's place. Each column has `size`
   records, of which every `stride`-th counts. With `slash_only`, .1 and _1 are not taken for numbers of mates. Sets
   *index to the pair's, the number of pairs if there is none; returns a STEP code. */
int EXPORT(first_out_of_step)(
    const uint64_t *first_names, const uint8_t *first_marks, const uint64_t *second_names,
    const uint8_t *second_marks, int64_t size, int64_t stride, int slash_only, int64_t *index
) {
    if (!first_names || !first_marks || !second_names || !second_marks || !index || stride < 1) {
        return NATIVE_BAD_ARGUMENT;
    }
    *index = 0;
    for (int64_t i = 0; i < size; i += stride, ++*index) {
        uint8_t first = first_marks[i], second = second_marks[i];
        bool slash = ((first | second) & MARK_SIGN) == MARK_SLASH;
        if (first_names[i] != second_names[i]) return STEP_OTHER_NAME;
        if ((first & 15) != (second & 15) && !slash) {
            /* .1 and .2, _1 and _2: the sign must be one and the same. */
            if ((first & MARK_SIGN) != (second & MARK_SIGN) || slash_only) return STEP_OTHER_NAME;
            if ((first & MARK_MATE) == 2) return STEP_WRONG_MATE;
        }
        if (slash && ((first & MARK_MATE) == 2 || (second & MARK_MATE) == 1)) return STEP_WRONG_MATE;
        if (first >> MARK_COMMENT_SHIFT == 2 || second >> MARK_COMMENT_SHIFT == 1) return STEP_WRONG_MATE;
    }
    return STEP_OK;
}

/* --- One record ----------------------------------------------------------------------------------- */

typedef struct {
    const uint8_t *header_end; /* the header's line end */
    const uint8_t *sequence;
    const uint8_t *next; /* after the record */
    int64_t bases, gc, unknown, good, qualities; /* counts of letters; the sum of the quality characters */
} record_parts;

/* What became of the record at a place, beside the SCAN codes of one that is wrong. */
enum { RECORD_TAKEN = SCAN_OK, RECORD_CUT_OFF = 100, RECORD_BLANK };

/* The next line end from a place on, or a place at or after `end`. */
static inline const uint8_t *line_end(const uint8_t *from, const uint8_t *end) {
    for (; from < end; from += LOAD_BYTES) {
        uint64_t newlines = equal_to(load64(from), '\n');
        if (newlines) return from + lowest_bit(newlines);
    }
    return end;
}

static inline uint64_t gc_mask(bytes64 letters) {
    return equal_to(with_bits(letters, 0x24), 'g'); /* C, G, c and g differ in the bits 0x24 alone */
}

/* N, and the dot that old instruments wrote for it. */
static inline uint64_t unknown_mask(bytes64 letters) {
    return equal_to(with_bits(letters, 0x20), 'n') | equal_to(letters, '.');
}

/* Counts qualities; returns whether there is a line end among them. */
static inline bool count_qualities(const uint8_t *quality, int64_t count, record_parts *parts) {
    uint64_t newlines = 0;
    int64_t sum = 0, good = 0;
    for (int64_t i = 0; i < count; i += LOAD_BYTES) {
        int64_t size = count - i < LOAD_BYTES ? count - i : LOAD_BYTES;
        bytes64 loaded = first_of(load64(quality + i), size);
        newlines |= equal_to(loaded, '\n');
        good += count_bits(at_least(loaded, PHRED_OFFSET + GOOD_QUALITY));
        sum += sum_of(loaded);
    }
    parts->good = good;
    parts->qualities = sum;
    return newlines != 0;
}

static bool is_blank(const uint8_t *from, const uint8_t *end) {
    while (from < end && (*from == '\n' || *from == '\r')) from++;
    return from == end;
}

/* Takes a record of any form apart line by line. */
static __attribute__((noinline)) int take_unusual_record(const uint8_t *start, const uint8_t *end, record_parts *parts) {
    const uint8_t *ends[LINES], *line = start;
    for (int i = 0; i < LINES; i++) {
        ends[i] = line_end(line, end);
        if (ends[i] >= end) return *start == '@' || is_blank(start, end) ? RECORD_CUT_OFF : SCAN_NO_AT_SIGN;
        line = ends[i] + 1;
    }
    if (*start != '@') return is_blank(start, end) ? RECORD_BLANK : SCAN_NO_AT_SIGN;
    const uint8_t *sequence_end = ends[1], *quality = ends[2] + 1, *quality_end = ends[3];
    if (sequence_end[1] != '+') return SCAN_NO_PLUS;
    parts->header_end = ends[0];
    parts->sequence = ends[0] + 1;
    parts->next = line;
    if (sequence_end > parts->sequence && sequence_end[-1] == '\r') sequence_end--;
    if (quality_end > quality && quality_end[-1] == '\r') quality_end--;
    parts->bases = sequence_end - parts->sequence;
    if (quality_end - quality != parts->bases) return SCAN_QUALITY_LENGTH;
    parts->gc = parts->unknown = 0;
    for (const uint8_t *at = parts->sequence; at < sequence_end; at += LOAD_BYTES) {
        bytes64 letters = load64(at);
        parts->gc += count_bits(gc_mask(letters) & low_bits(sequence_end - at));
        parts->unknown += count_bits(unknown_mask(letters) & low_bits(sequence_end - at));
    }
    count_qualities(quality, parts->bases, parts);
    return RECORD_TAKEN;
}

/* Takes the record at a place in front of `end` apart. `parts` holds the record before, or zeros. */
static inline int take_record(const uint8_t *start, const uint8_t *end, record_parts *parts) {
    if (*start != '@') return take_unusual_record(start, end, parts);
    for (int ahead = AHEAD_BYTES; ahead < AHEAD_BYTES + USUAL_BYTES; ahead += LOAD_BYTES) {
        __builtin_prefetch(start + ahead);
    }
    const uint8_t *header_end = line_end(start + 1, end);
    if (header_end >= end) return take_unusual_record(start, end, parts);
    const uint8_t *sequence = header_end + 1, *at = sequence;
    int64_t gc = 0, unknown = 0;
    uint64_t newlines = 0;
    for (; at < end; at += LOAD_BYTES) {
        bytes64 letters = load64(at);
        newlines = equal_to(letters, '\n');
        uint64_t of_line = (newlines - 1) & ~newlines;
        gc += count_bits(gc_mask(letters) & of_line);
        unknown += count_bits(unknown_mask(letters) & of_line);
        if (newlines) break;
    }
    if (!newlines) return take_unusual_record(start, end, parts);
    /* The sequence is as long as the one before it, mostly. Said so, the processor goes on with the next record before
       it knows the mask. */
    int64_t bases = parts->bases;
    uint64_t guessed = 1ull << (bases & (LOAD_BYTES - 1));
    if ((newlines & -newlines) != guessed || at - sequence != (bases & -LOAD_BYTES)) {
        bases = at + lowest_bit(newlines) - sequence;
    }
    const uint8_t *sequence_end = sequence + bases, *plus_end = sequence_end + 2;
    if (plus_end >= end || sequence_end[1] != '+') return take_unusual_record(start, end, parts);
    if (*plus_end != '\n') plus_end = line_end(plus_end, end); /* the name again */
    const uint8_t *quality_end = plus_end + 1 + bases;
    if (quality_end >= end || *quality_end != '\n' || sequence_end[-1] == '\r' || quality_end[-1] == '\r' ||
        count_qualities(plus_end + 1, bases, parts)) {
        return take_unusual_record(start, end, parts);
    }
    parts->header_end = header_end;
    parts->sequence = sequence;
    parts->next = quality_end + 1;
    parts->bases = bases;
    parts->gc = gc;
    parts->unknown = unknown;
    return RECORD_TAKEN;
}

/* --- A block -------------------------------------------------------------------------------------- */

/* Adds a record's letters to the counts, or takes them back (times -1). */
static inline void count_record(scan_room *room, const record_parts *parts, int64_t times) {
    room->lengths[parts->bases] += times;
    room->totals[BASES] += times * parts->bases;
    room->totals[GC] += times * parts->gc;
    room->totals[UNKNOWN] += times * parts->unknown;
    room->totals[GOOD] += times * parts->good;
    room->totals[QUALITY] += times * (parts->qualities - PHRED_OFFSET * parts->bases);
    if (parts->bases > room->totals[LONGEST]) room->totals[LONGEST] = parts->bases;
}

/* Whether so many lines end in front of `end`. */
static bool has_lines(const uint8_t *from, const uint8_t *end, int64_t lines) {
    for (; lines > 0 && from < end; lines--) {
        from = line_end(from, end);
        if (from >= end) return false;
        from++;
    }
    return lines <= 0;
}

/* Takes back the last record, whose mate is cut off: both are the next block's. */
static void take_back_last(scan_room *room, const uint8_t *data, const uint8_t *end) {
    record_parts parts = {0};
    take_record(data + room->starts[--room->records], end, &parts);
    count_record(room, &parts, -1);
    int64_t longest = room->totals[LONGEST];
    while (longest > 0 && !room->lengths[longest]) longest--;
    room->totals[LONGEST] = longest;
}

/* Tells what the record at which the scan stopped means for the block. */
static int problem_of(int outcome, const uint8_t *start, const uint8_t *end, int64_t records, int64_t group) {
    int64_t before = records % group;
    if (outcome == RECORD_CUT_OFF || outcome == RECORD_BLANK) return SCAN_OK;
    /* What is wrong with a record is told once its mate is whole. What begins wrongly and has no line end is told at
       once: a file that is no FASTQ may never have another one. */
    if (has_lines(start, end, LINES * (group - before))) return outcome;
    return !before && outcome == SCAN_NO_AT_SIGN && !has_lines(start, end, LINES) ? outcome : SCAN_OK;
}

static bool is_scan_room(const scan_room *room, int64_t filled, int64_t genes) {
    return room && room->starts && room->hits && room->names && room->marks && room->lengths && room->totals &&
        (room->genes || !genes) && room->genes_size >= genes && room->lengths_size > filled &&
        room->capacity > filled / MIN_RECORD_BYTES && room->capacity <= INT32_MAX && room->records >= 0 &&
        room->records <= filled / MIN_RECORD_BYTES && room->starts[room->records] >= 0 &&
        room->starts[room->records] <= filled;
}

/* Takes the whole records of a block of FASTQ apart and looks each read up in the panel.

   A block may be scanned while it is still being filled: each call goes on where the one before it ended. A record that
   the block cuts off is left for the next one. So are blank lines, which are no record: the next block tells whether
   the file ends there. The file's last block must end with a line end.

   Args:
       data: the block.
       size: bytes of its memory, LOAD_BYTES more than are filled.
       filled: bytes that count.
       group: only a multiple of so many records is taken: 2 for interleaved mates, else 1.
       table: what reads are looked up in.
       room: results; its `records` and `starts` tell how far the block is scanned.

   Returns a SCAN code; on an error the record after the last counted one is wrong. */
int EXPORT(scan_fastq)(
    const uint8_t *data, int64_t size, int64_t filled, int64_t group, const screen_table *table, scan_room *room
) {
    if (!data || filled < 0 || size - LOAD_BYTES < filled || (group != 1 && group != 2) || !is_screen_table(table) ||
        !is_scan_room(room, filled, table->genes)) {
        return NATIVE_BAD_ARGUMENT;
    }
    const uint8_t *end = data + filled, *start = data + room->starts[room->records];
    int64_t before = room->records;
    read_batch batch;
    begin_batch(&batch, table, room->hits);
    record_parts parts = {0};
    int outcome = RECORD_CUT_OFF;
    while (start < end && (outcome = take_record(start, end, &parts)) == RECORD_TAKEN) {
        int64_t record = room->records++;
        room->hits[record] = false;
        room->names[record] = read_name(start + 1, parts.header_end, room->marks + record);
        count_record(room, &parts, 1);
        add_read(&batch, parts.sequence, parts.sequence + parts.bases, (int32_t)record);
        start = parts.next;
        room->starts[record + 1] = start - data;
    }
    finish_batch(&batch);
    int problem = start < end ? problem_of(outcome, start, end, room->records, group) : SCAN_OK;
    if (problem) return problem;
    if (room->records % group) take_back_last(room, data, end);
    for (int64_t record = before; record < room->records; record++) {
        if (!room->hits[record]) continue;
        const uint8_t *sequence = line_end(data + room->starts[record], end) + 1;
        count_kmers(table, sequence, line_end(sequence, end), room->genes);
    }
    return SCAN_OK;
}

/* --- Writing kept records ------------------------------------------------------------------------- */

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

/* Writes a line without carriage returns, and its end. */
static void put_line(writer *out, const uint8_t *line, const uint8_t *line_end, bool upper_case) {
    uint8_t *begin = out->next;
    while (line < line_end) {
        const uint8_t *carriage_return = memchr(line, '\r', (size_t)(line_end - line));
        const uint8_t *stop = carriage_return ? carriage_return : line_end;
        put_bytes(out, line, stop - line);
        line = carriage_return ? stop + 1 : stop;
    }
    if (upper_case) {
        for (uint8_t *letter = begin; letter < out->next; letter++) {
            *letter = (uint8_t)(*letter - (*letter >= 'a' && *letter <= 'z' ? 'a' - 'A' : 0));
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
   and bases are upper case. Of the names of a pair, an ending .1 or .2 (_1 or _2) stays where both mates have the same,
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
