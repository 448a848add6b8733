/* Tells whether two reads are the same molecule's by their bases, errors and indels allowed.
 *
 * The same as evidence/alike.py, which aligns reads end to end by align_across. Here only the cells are filled that a
 * read with few enough edits can pass through. What precedes both reads, more marks than edits are allowed, holds
 * their beginnings together, so that a cell as many bases off the diagonal has as many edits at least. Cells with
 * fewer edits than the limit come from such cells alone, so that they are those of the whole table, and of ways with
 * equally many edits the same one is taken.
 */
#include "copies.h"

static const int32_t TOO_MANY = 1 << 20; /* edits of a cell that is not looked at */

static inline read_bases first_bases(read_bases read, int64_t size) {
    return (read_bases){read.bases, size < read.size ? size : read.size};
}

static inline bool same_bytes(const uint8_t *one, const uint8_t *other, int64_t size) {
    return size == 0 || memcmp(one, other, (size_t)size) == 0;
}

/* The letter at an index of a read with so many marks before it. */
static inline uint8_t marked_letter(read_bases read, int64_t marks, int64_t at) {
    return at < marks ? '#' : read.bases[at - marks];
}

/* Whether a read is the beginning of another one up to mismatches and indels. */
static bool fits(read_bases read, read_bases other, int64_t limit, const copy_rules *rules, gapped_cell *cells) {
    int64_t marks = limit + 1, size = marks + read.size, other_size = marks + other.size;
    /* Edits before these places of the other read are those of the first bases, and those before the last ones. */
    int64_t first_end = marks + rules->end_bases, last_begin = size - rules->end_bases;
    /* Cell i + limit - row is that of the read's first i letters and the other one's first `row` ones. */
    for (int64_t i = -limit; i <= limit + 1; i++) {
        int32_t cost = i < 0 || i > limit ? TOO_MANY : (int32_t)i;
        cells[i + limit] = (gapped_cell){cost, cost, last_begin >= 0 ? cost : 0};
    }
    gapped_cell best = {TOO_MANY, 0, 0};
    for (int64_t at = 0; at < other_size && at < size + limit; at++) {
        uint8_t letter = marked_letter(other, marks, at);
        int32_t in_first = at < first_end, in_before = at < last_begin;
        int32_t inserted_in_first = at + 1 <= first_end, inserted_in_before = at + 1 <= last_begin;
        int32_t fewest = TOO_MANY;
        for (int64_t k = 0; k <= 2 * limit; k++) {
            int64_t i = at + 1 + k - limit;
            if (i <= 0 || i > size) {
                cells[k] = (gapped_cell){i ? TOO_MANY : 0, 0, 0};
                if (!i) fewest = 0;
                continue;
            }
            int32_t mismatch = marked_letter(read, marks, i - 1) != letter;
            gapped_cell diagonal = cells[k], left = cells[k + 1];
            gapped_cell cell = {
                diagonal.cost + mismatch, diagonal.first + (in_first & mismatch), diagonal.before + (in_before & mismatch)
            };
            if (left.cost + 1 < cell.cost) {
                cell = (gapped_cell){left.cost + 1, left.first + in_first, left.before + in_before};
            }
            if (k && cells[k - 1].cost + 1 < cell.cost) {
                gapped_cell above = cells[k - 1];
                cell = (gapped_cell){above.cost + 1, above.first + inserted_in_first, above.before + inserted_in_before};
            }
            cells[k] = cell;
            if (cell.cost < fewest) fewest = cell.cost;
        }
        if (fewest > limit) break;
        int64_t whole = size + limit - at - 1;
        if (whole >= 0 && whole <= 2 * limit && cells[whole].cost < best.cost) best = cells[whole];
    }
    return best.cost <= limit && best.first <= rules->max_end_differences && best.cost - best.before <= rules->max_gapped_end;
}

bool are_alike(read_bases one, read_bases other, const copy_rules *rules, gapped_cell *cells) {
    int64_t size = one.size < other.size ? one.size : other.size;
    if (same_bytes(one.bases, other.bases, size)) return true;
    int64_t limit = most_differences(rules, size);
    read_bases brief = one.size == size ? one : other, whole = one.size == size ? other : one;
    int64_t last = size > rules->end_bases ? size - rules->end_bases : 0;
    read_bases end = {brief.bases + last, size - last};
    if (differing(brief, whole, 0) <= limit &&
        differing(first_bases(brief, rules->end_bases), whole, 0) <= rules->max_end_differences &&
        differing(end, whole, last) <= rules->max_end_differences) {
        return true;
    }
    /* The one with the more bases left out needs more of the other than that has, unless it is the longer one. */
    if (fits(brief, whole, limit, rules, cells)) return true;
    return whole.size <= size + limit && fits(first_bases(whole, size), brief, limit, rules, cells);
}
