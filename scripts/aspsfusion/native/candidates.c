/* Takes candidate fragments from their FASTQ text to their places as wild type: parses, cuts, trims, merges and places.

   What is not of the usual form, or may need an adapter cut off, is left alone: its text goes the slow way, through the
   Python of align/ and the aligner, which alone says what is wrong with a record. What is settled here is what that way
   would find; the rules are those of align/candidates.py, align/structures.py and align/trim.py. */

#include "place.h"
#include "trim.h"

enum { MOST_DIGITS = 18 }; /* of a fragment's number */

/* What a settled fragment is, in `flags`. */
enum { IS_MERGED = 1, HAS_ADAPTER = 2, OVERLAPS = 4, MAY_HAVE_UMI = 8, HAS_COMMENT = 16 };

/* How reads are taken apart, trimmed and judged. */
typedef struct {
    int64_t limit;    /* most edits of a read, 0 to 2 */
    int64_t margin;   /* edits that another gene needs more */
    int64_t shortest; /* fewest bases of a read that is settled */
    int64_t structures; /* number of read structures, 0 where reads are templates */
    int64_t template_start[MATES];
    int64_t template_stop[MATES]; /* -1 for the end of the read */
    int64_t least_bases[MATES];   /* of a read that has all of its segments */
    int64_t overlap;              /* fewest bases in which mates overlap */
    double mismatch_rate;         /* most of them that differ */
    int64_t merge_overlap;        /* fewest bases by which mates overlap that are merged */
    const char *adapters[MATES];  /* of which reads are searched for each */
    int64_t adapter_sizes[MATES];
    int64_t single_least, pair_least; /* fewest bases of an adapter that count, in single reads and in pairs */
    int64_t shared_least; /* fewest edits of a fragment that may be foreign, where a read has two; */
    double shared_rate;   /* and the least share of its bases, see evidence/diverged.py */
} settle_rules;

/* Where the text of a fragment that is not settled is, and how many records precede it. */
typedef struct {
    int64_t begin, end, records;
} open_fragment;

typedef struct {
    int64_t settled, open;
    int64_t used;    /* bytes of whole fragments of the usual form */
    int64_t records; /* in these */
    int64_t odd;     /* whether what follows them is not of that form, or is cut off */
} settle_counts;

typedef struct {
    const uint8_t *header, *header_end, *bases, *quality, *end;
    const uint8_t *label, *label_end; /* the label ends with the header or in front of the comment */
    int64_t size, number;
    int mate; /* 0 for a single read */
    bool usual; /* whether bases and qualities are what they should be */
} candidate_record;

int64_t EXPORT(overlap_insert)(
    const uint8_t *first, int64_t first_size, const uint8_t *second, int64_t second_size, int64_t minimum,
    double max_mismatch_rate
);

/* --- Records -------------------------------------------------------------------------------------- */

static inline bool in_range(uint8_t byte, uint8_t low, uint8_t high) { return byte >= low && byte <= high; }

static bool all_printable(const uint8_t *from, const uint8_t *end, uint8_t low) {
    bool all = true;
    for (; from < end; from++) all &= in_range(*from, low, '~');
    return all;
}

static bool all_bases(const uint8_t *from, const uint8_t *end) {
    static const uint8_t bases[256] = {['A'] = 1, ['C'] = 1, ['G'] = 1, ['T'] = 1, ['N'] = 1};
    bool all = true;
    for (; from < end; from++) all &= bases[*from] != 0;
    return all;
}

/* Reads a header: the fragment's number, the mate after '/', the label after a blank, a comment after another one. */
static bool read_header(candidate_record *record) {
    const uint8_t *at = record->header, *end = record->header_end;
    if (at == end || *at++ != '@') return false;
    const uint8_t *digits = at;
    for (record->number = 0; at < end && in_range(*at, '0', '9'); at++) {
        if (at - digits == MOST_DIGITS) return false;
        record->number = record->number * 10 + (*at - '0');
    }
    if (at == digits) return false;
    record->mate = 0;
    if (end - at >= 2 && *at == '/' && in_range(at[1], '1', '2')) {
        record->mate = at[1] - '0';
        at += 2;
    }
    if (at < end && *at != ' ') return false;
    record->label = at < end ? at + 1 : end;
    record->label_end = memchr(record->label, ' ', (size_t)(end - record->label));
    if (!record->label_end) record->label_end = end;
    return all_printable(record->label, end, ' ');
}

/* Finds the lines of a record; false where they are not those that the screen writes, or cut off. */
static bool read_record(const uint8_t *from, const uint8_t *stop, candidate_record *record) {
    const uint8_t *ends[LINES], *line = from;
    for (int i = 0; i < LINES; i++) {
        ends[i] = line < stop ? memchr(line, '\n', (size_t)(stop - line)) : NULL;
        if (!ends[i]) return false;
        line = ends[i] + 1;
    }
    record->header = from;
    record->header_end = ends[0];
    record->bases = ends[0] + 1;
    record->size = ends[1] - record->bases;
    record->quality = ends[2] + 1;
    record->end = line;
    if (ends[2] - ends[1] != 2 || ends[1][1] != '+' || ends[3] - record->quality != record->size) return false;
    if (!read_header(record)) return false;
    record->usual = all_printable(record->quality, ends[3], '!') && all_bases(record->bases, ends[1]);
    return true;
}

/* Whether a label may hold a UMI, or what looks like one, see evidence/umis.py: a word of bases, or one that ends with
   them after the letters "umi". */
static bool may_have_umi(const uint8_t *label, const uint8_t *end) {
    static const uint8_t bases[256] = {
        ['A'] = 1, ['C'] = 1, ['G'] = 1, ['T'] = 1, ['N'] = 1, ['a'] = 1, ['c'] = 1, ['g'] = 1, ['t'] = 1, ['n'] = 1,
    };
    bool of_bases = false, after_u = false;
    int64_t length = 0; /* of the present word */
    for (const uint8_t *at = label; at < end; at++) {
        uint8_t low = *at | 0x20;
        if (!in_range(*at, '0', '9') && !in_range(low, 'a', 'z')) {
            if (length && of_bases) return true;
            length = 0;
            after_u = false;
            continue;
        }
        if (!length) {
            of_bases = bases[*at] || low == 'r';
        } else {
            of_bases &= bases[*at] != 0;
        }
        after_u |= low == 'u';
        length++;
    }
    return length && (of_bases || (after_u && bases[end[-1]]));
}

static bool may_hold_any(const stretch *read, const settle_rules *rules, int64_t least_bases) {
    for (int i = 0; i < MATES; i++) {
        if (may_hold(read, (const uint8_t *)rules->adapters[i], rules->adapter_sizes[i], least_bases)) return true;
    }
    return false;
}

/* --- Fragments ------------------------------------------------------------------------------------ */

/* Reads in both directions, with what may be read after them. */
typedef struct {
    uint8_t sense[MATES][MOST_BASES + LOAD_BYTES], turned[MATES][MOST_BASES + LOAD_BYTES];
} read_room;

/* Takes the template of a read out of it, without the unknown bases that end it; false where it has none. */
static bool take_template(const candidate_record *record, int read, const settle_rules *rules, stretch *out) {
    int64_t start = 0, stop = record->size;
    if (rules->structures) {
        if (record->size < rules->least_bases[read]) return false;
        start = rules->template_start[read];
        if (rules->template_stop[read] >= 0) stop = least(stop, rules->template_stop[read]);
    }
    while (stop > start && record->bases[stop - 1] == 'N') stop--;
    if (stop - start < rules->shortest || stop - start > MOST_BASES) return false;
    *out = (stretch){record->bases + start, record->quality + start, stop - start};
    return true;
}

/* Finds the contigs that hold both mates, and the first of them; false where there are none. */
static bool find_shared(const place_table *table, const read_places *found, int reads, int32_t *shared) {
    shared[0] = found[0].at[0];
    shared[1] = 0;
    if (reads == 1) return true;
    if (found[0].gene != found[1].gene) return false;
    for (int i = 0, j = 0; i < found[0].count && j < found[1].count;) {
        int32_t one = table->contigs[found[0].at[i]], other = table->contigs[found[1].at[j]];
        if (one == other) {
            shared[0] = found[0].at[i];
            shared[1] = found[1].at[j];
            return true;
        }
        if (one < other) i++;
        else j++;
    }
    return false;
}

/* Whether a fragment with two edits in a read is wild type for sure, see place_twice.c. */
static bool is_apart(
    const place_table *table, const read_room *room, const int64_t *sizes, int reads, const settle_rules *rules,
    const read_places *found
) {
    int64_t edits = 0, bases = 0;
    for (int i = 0; i < reads; i++) {
        const uint8_t *sense = found[i].reverse ? room->turned[i] : room->sense[i];
        const uint8_t *turned = found[i].reverse ? room->sense[i] : room->turned[i];
        if (!stands_apart(table, sense, turned, (int)sizes[i], found + i)) return false;
        edits += (found[i].edit >= 0) + (found[i].second >= 0);
        bases += sizes[i];
    }
    return edits < rules->shared_least || (double)edits < rules->shared_rate * (double)bases;
}

/* Places the reads of a fragment, which are in the room; false where one of them cannot be placed. */
static bool place_fragment(
    const place_table *table, read_room *room, const int64_t *sizes, int reads, const settle_rules *rules,
    settled_fragment *out
) {
    int limit = (int)rules->limit, margin = (int)rules->margin;
    read_places found[MATES];
    bool twice = false;
    for (int i = 0; i < reads; i++) {
        if (!place_read(table, room->sense[i], room->turned[i], (int)sizes[i], limit, margin, found + i)) return false;
        twice |= found[i].second >= 0;
    }
    if (!find_shared(table, found, reads, out->shared)) return false;
    if (twice && !is_apart(table, room, sizes, reads, rules, found)) return false;
    out->reads = (uint8_t)reads;
    for (int i = 0; i < reads; i++) {
        out->own[i] = found[i].at[0];
        out->size[i] = (int16_t)sizes[i];
        out->edit[i] = found[i].edit;
        out->second[i] = found[i].second;
        out->base[i] = found[i].base;
        out->second_base[i] = found[i].second_base;
        out->reverse[i] = found[i].reverse;
    }
    return true;
}

/* Trims and places a fragment; false where it has to go the slow way. */
static bool settle(
    const candidate_record *records, int reads, const place_table *table, const settle_rules *rules, read_room *room,
    settled_fragment *out
) {
    stretch read[MATES];
    int64_t sizes[MATES] = {0};
    if (rules->structures && rules->structures != reads) return false;
    for (int i = 0; i < reads; i++) {
        if (!records[i].usual || !take_template(records + i, i, rules, read + i)) return false;
        sizes[i] = read[i].size;
    }
    if (reads == 1) {
        if (may_hold_any(read, rules, rules->single_least)) return false;
        out->quality = sum_of_qualities(read);
        memcpy(room->sense[0], read[0].bases, (size_t)sizes[0]);
        turn(read[0].bases, sizes[0], room->turned[0]);
        return place_fragment(table, room, sizes, 1, rules, out);
    }
    turn(read[1].bases, sizes[1], room->turned[1]);
    int64_t insert = INTERNAL(overlap_insert)(
        read[0].bases, sizes[0], room->turned[1], sizes[1], rules->overlap, rules->mismatch_rate
    );
    if (insert < 0) return false;
    if (insert) {
        out->flags |= OVERLAPS;
        for (int i = 0; i < MATES; i++) {
            if (sizes[i] > insert) out->flags |= HAS_ADAPTER;
            read[i].size = least(sizes[i], insert);
        }
        /* The turned mate without what was cut off its end, which is its beginning. */
        stretch second = {room->turned[1] + (sizes[1] - read[1].size), read[1].quality, read[1].size};
        int64_t from = insert - second.size > 0 ? insert - second.size : 0;
        int64_t overlap = read[0].size - from;
        if (overlap >= least(rules->merge_overlap, insert)) {
            if (insert < rules->shortest || insert > MOST_BASES) return false;
            out->flags |= IS_MERGED;
            out->quality = merge(read, &second, insert, room->sense[0], NULL);
            turn(room->sense[0], insert, room->turned[0]);
            return place_fragment(table, room, &insert, 1, rules, out);
        }
    } else if (may_hold_any(read, rules, rules->pair_least) || may_hold_any(read + 1, rules, rules->pair_least)) {
        return false;
    }
    out->quality = 0;
    for (int i = 0; i < MATES; i++) {
        sizes[i] = read[i].size;
        if (sizes[i] < rules->shortest) return false;
        out->quality += sum_of_qualities(read + i);
        memcpy(room->sense[i], read[i].bases, (size_t)sizes[i]);
        turn(read[i].bases, sizes[i], room->turned[i]);
    }
    return place_fragment(table, room, sizes, MATES, rules, out);
}

static bool are_rules(const settle_rules *rules) {
    if (!rules || rules->limit < 0 || rules->limit > 2 || rules->shortest < FEWEST_BASES) return false;
    if (rules->margin < 1 || rules->margin > MOST_BASES) return false;
    if (rules->structures < 0 || rules->structures > MATES || rules->merge_overlap < 1) return false;
    for (int i = 0; i < MATES; i++) {
        if (!rules->adapters[i] || rules->adapter_sizes[i] < LEAST_ADAPTER || rules->adapter_sizes[i] > MOST_BASES) return false;
        if (rules->template_start[i] < 0 || rules->template_start[i] > rules->least_bases[i]) return false;
        if (rules->template_stop[i] < -1 || rules->template_stop[i] > INT32_MAX) return false;
    }
    /* Written so that a rate that is not a number is refused, too. */
    if (rules->shared_least < 0 || !(rules->shared_rate >= 0)) return false;
    return rules->single_least >= LEAST_ADAPTER / 2 && rules->pair_least >= LEAST_ADAPTER / 2;
}

/* Settles the fragments in a piece of text.

   text, size         records as write_fragments writes them; a fragment that is cut off is left
   table              see build_place_table
   rules              see settle_rules
   settled, open      out, with room for so many fragments each; it stops where there is no more
   counts             out

   Returns NATIVE_OK or NATIVE_BAD_ARGUMENT. */
int EXPORT(settle_fragments)(
    const uint8_t *text, int64_t size, const place_table *table, const settle_rules *rules, settled_fragment *settled,
    open_fragment *open, int64_t room, settle_counts *counts
) {
    if (!text || size < 0 || size > INT32_MAX || !is_place_table(table) || !are_rules(rules) || !settled || !open ||
        room < 1 || !counts) {
        return NATIVE_BAD_ARGUMENT;
    }
    *counts = (settle_counts){0};
    read_room reads_room = {0};
    const uint8_t *at = text, *stop = text + size;
    while (at < stop && counts->settled < room && counts->open < room) {
        candidate_record records[MATES];
        int reads = 1;
        counts->odd = !read_record(at, stop, records);
        if (!counts->odd && records[0].mate) {
            reads = MATES;
            counts->odd = records[0].mate != 1 || !read_record(records[0].end, stop, records + 1) ||
                records[1].mate != MATES || records[1].number != records[0].number;
        }
        if (counts->odd) break;
        const candidate_record *first = records;
        settled_fragment *out = settled + counts->settled;
        *out = (settled_fragment){.number = first->number, .header = (int32_t)(at - text), .edit = {-1, -1},
            .second = {-1, -1}};
        if (may_have_umi(first->label, first->label_end)) out->flags |= MAY_HAVE_UMI;
        if (first->label_end < first->header_end) out->flags |= HAS_COMMENT;
        const uint8_t *end = records[reads - 1].end;
        if (settle(records, reads, table, rules, &reads_room, out)) {
            counts->settled++;
        } else {
            open[counts->open++] = (open_fragment){at - text, end - text, counts->records};
        }
        counts->records += reads;
        at = end;
        counts->used = at - text;
    }
    return NATIVE_OK;
}
