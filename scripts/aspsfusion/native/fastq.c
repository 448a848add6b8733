/* Takes blocks of FASTQ apart: records, names, counts of letters, and which reads are from the panel.

   A record costs some hundred instructions. Nearly all records have one form: four lines without a carriage return at
   their end, and a quality for each base. Of these the ends of header and sequence are looked for, the latter in the
   loads in which bases are counted; where the other lines end is reckoned and checked. All else, whole or cut off,
   well formed or not, is left to take_unusual_record. */

#include "fastq.h"
#include "screen.h"

enum { SCAN_OK, SCAN_NO_AT_SIGN, SCAN_NO_PLUS, SCAN_QUALITY_LENGTH }; /* what is wrong with a record */

/* Numbers of the counters in `totals`. */
enum { BASES, LONGEST, GC, UNKNOWN, GOOD, QUALITY };

enum {
    MIN_RECORD_BYTES = 6, /* the shortest record: '@', '+' and four line ends */
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
