/* Reads on a contig, mates on each other, and the k-mers of a sequence.
 *
 * Positions are 0-based, intervals half-open. Each function checks what it is given and returns a number
 * below 0 (see native.h) instead of touching memory that is not its own.
 */
#include "native.h"

#include <stdlib.h>

/* Bases of overlap that outweigh a mismatch between mates. */
enum { MISMATCH_PENALTY = 10 };

/* Longest k-mer: two bits for each base leave the upper bits of a word free, so that no k-mer equals EMPTY. */
enum { MAX_KMER = 31 };

/* Longest sequence that is taken, so that sums of sizes do not overflow. */
static const int64_t MOST_BASES = INT64_C(1) << 40;

/* Longest sequence of align_across, whose cells have 32 bits. */
static const int64_t MOST_ALIGNED = INT64_C(1) << 30;

/* Bases compared before the count is looked at: compilers turn a loop of this length into vector instructions. */
enum { BASES_AT_ONCE = 16 };

/* Cells kept on the stack by align_across: a read of 511 nt. Longer reads get memory of their own. */
enum { CELLS_ON_STACK = 512 };

/* Counts the differences between two stretches of `size` bytes; stops soon after more than `limit`. */
static int64_t count_differences(const uint8_t *one, const uint8_t *other, int64_t size, int64_t limit) {
    int64_t count = 0;
    int64_t at = 0;
    for (; at + BASES_AT_ONCE <= size && count <= limit; at += BASES_AT_ONCE) {
        uint8_t differing = 0;
        for (int i = 0; i < BASES_AT_ONCE; ++i) differing = (uint8_t)(differing + (one[at + i] != other[at + i]));
        count += differing;
    }
    for (; at < size && count <= limit; ++at) count += one[at] != other[at];
    return count;
}

/* Counts mismatches of a read placed on a contig; bases beyond the contig's ends are mismatches.
 *
 * read, read_size      bases of the read
 * contig, contig_size  bases of the contig
 * offset               position of the read's first base on the contig; may be negative or beyond the end
 * limit                counting stops above this number, which is not negative
 *
 * Returns the number of mismatches, or limit + 1 when there are more; NATIVE_BAD_ARGUMENT for a negative size or limit.
 */
int64_t EXPORT(mismatches_at)(
    const uint8_t *read, int64_t read_size, const uint8_t *contig, int64_t contig_size, int64_t offset, int64_t limit
) {
    if (!read || !contig || read_size < 0 || read_size > MOST_BASES || contig_size < 0 || contig_size > MOST_BASES) {
        return NATIVE_BAD_ARGUMENT;
    }
    if (limit < 0 || limit == INT64_MAX) return NATIVE_BAD_ARGUMENT;
    if (offset < -read_size) offset = -read_size; /* beside the contig: how far away makes no difference */
    if (offset > contig_size) offset = contig_size;
    /* The read's bases [first, last) are on the contig. */
    int64_t first = offset < 0 ? -offset : 0;
    int64_t last = contig_size - offset < read_size ? contig_size - offset : read_size;
    if (last < first) last = first;
    int64_t count = read_size - (last - first);
    if (count <= limit) {
        count += count_differences(read + first, contig + (offset + first), last - first, limit - count);
    }
    return count <= limit ? count : limit + 1;
}

/* The best alignment of a read prefix that ends at the present contig position. */
typedef struct {
    int32_t cost;         /* edits */
    int32_t begin;        /* contig position of the first aligned base */
    int32_t before;       /* bases of the prefix before the junction */
    int32_t edits_before; /* edits among those */
} Cell;

/* The recurrence of align_across. `cells` holds read_size + 1 cells, one for each read prefix. */
static void fill_cells(
    const uint8_t *read, int32_t read_size, const uint8_t *contig, int32_t junction, int32_t first, int32_t last,
    Cell *cells, Cell *best
) {
    for (int32_t i = 0; i <= read_size; ++i) {
        /* A prefix in front of the window consists of inserted bases. */
        int32_t before = first <= junction ? i : 0;
        cells[i] = (Cell){i, first, before, before};
    }
    *best = cells[read_size];
    for (int32_t position = first; position < last; ++position) {
        uint8_t base = contig[position];
        int32_t in_front = position < junction;
        int32_t inserted_in_front = position + 1 <= junction;
        Cell diagonal = cells[0];
        cells[0] = (Cell){0, position + 1, 0, 0};
        Cell above = cells[0];
        for (int32_t i = 1; i <= read_size; ++i) {
            Cell left = cells[i];
            int32_t mismatch = read[i - 1] != base;
            Cell cell = {
                diagonal.cost + mismatch,
                diagonal.begin,
                diagonal.before + in_front,
                diagonal.edits_before + (in_front & mismatch),
            };
            /* Strictly fewer edits: of equal ways the diagonal one is kept, then the one that skips a contig base. */
            if (left.cost + 1 < cell.cost) {
                cell = (Cell){left.cost + 1, left.begin, left.before, left.edits_before + in_front};
            }
            if (above.cost + 1 < cell.cost) {
                cell = (Cell){
                    above.cost + 1,
                    above.begin,
                    above.before + inserted_in_front,
                    above.edits_before + inserted_in_front,
                };
            }
            diagonal = left;
            cells[i] = cell;
            above = cell;
        }
        if (cells[read_size].cost < best->cost) *best = cells[read_size];
    }
}

/* Aligns a whole read within a window of a contig with unit costs and says where the junction is in it.
 *
 * Semi-global edit distance (Sellers 1980): the read is aligned end to end, the contig's ends are free. Of
 * alignments with equally many edits the one is taken that ends first, and in it a match or mismatch before a
 * gap, and a skipped contig base before an inserted read base, so that the result is reproducible.
 *
 * read, read_size      bases of the read
 * contig, contig_size  bases of the contig
 * junction             contig position of the first base after the junction
 * first, last          window on the contig; what is outside of the contig is ignored
 * result               out, 4 numbers: edits; read bases before the junction (0 when the read begins after it,
 *                      its length when it ends before it); edits among those; contig position of the first
 *                      aligned base
 *
 * Returns NATIVE_OK; NATIVE_BAD_ARGUMENT for sizes beyond MOST_ALIGNED; NATIVE_NO_MEMORY.
 */
int64_t EXPORT(align_across)(
    const uint8_t *read, int64_t read_size, const uint8_t *contig, int64_t contig_size, int64_t junction,
    int64_t first, int64_t last, int64_t *result
) {
    if (!read || !contig || !result) return NATIVE_BAD_ARGUMENT;
    if (read_size < 0 || read_size > MOST_ALIGNED || contig_size < 0 || contig_size > MOST_ALIGNED) {
        return NATIVE_BAD_ARGUMENT;
    }
    if (first < 0) first = 0;
    if (first > contig_size) { /* no base of the contig is in the window: all bases of the read are inserted */
        int64_t before = first <= junction ? read_size : 0;
        result[0] = read_size, result[1] = before, result[2] = before, result[3] = first;
        return NATIVE_OK;
    }
    if (last > contig_size) last = contig_size;
    if (last < first) last = first;
    if (junction < -1) junction = -1; /* so that it fits 32 bits; its order with all positions is kept */
    if (junction > contig_size) junction = contig_size + 1;
    Cell on_stack[CELLS_ON_STACK];
    Cell *cells = on_stack;
    if (read_size >= CELLS_ON_STACK) {
        cells = malloc(((size_t)read_size + 1) * sizeof *cells);
        if (!cells) return NATIVE_NO_MEMORY;
    }
    Cell best;
    fill_cells(read, (int32_t)read_size, contig, (int32_t)junction, (int32_t)first, (int32_t)last, cells, &best);
    if (cells != on_stack) free(cells);
    result[0] = best.cost;
    result[1] = best.before;
    result[2] = best.edits_before;
    result[3] = best.begin;
    return NATIVE_OK;
}

/* Finds the insert length at which the mates of a pair read the same molecule from both ends.
 *
 * Among the possible lengths the one with the best score is taken, one for each base of the overlap less
 * MISMATCH_PENALTY for each mismatch: in a tandem repeat a false overlap can be as long as the true one. Of
 * equal scores the longest insert is taken: the adapters after a shorter insert would have contradicted it.
 *
 * first, first_size    bases of read 1 as sequenced
 * second, second_size  reverse complement of read 2
 * minimum              fewest overlapping bases that count, at least 1
 * max_mismatch_rate    largest share of mismatches among them, 0 to 1
 *
 * Returns the insert length in nt, 0 when the mates do not overlap; NATIVE_BAD_ARGUMENT.
 */
int64_t EXPORT(overlap_insert)(
    const uint8_t *first, int64_t first_size, const uint8_t *second, int64_t second_size, int64_t minimum,
    double max_mismatch_rate
) {
    if (!first || !second || first_size < 0 || first_size > MOST_BASES || second_size < 0 || second_size > MOST_BASES) {
        return NATIVE_BAD_ARGUMENT;
    }
    /* Written so that a rate that is not a number is refused, too. */
    if (minimum < 1 || minimum > MOST_BASES || !(max_mismatch_rate >= 0 && max_mismatch_rate <= 1)) return NATIVE_BAD_ARGUMENT;
    int64_t best = 0;
    int64_t best_score = 0;
    /* With an insert of length t, the reverse complement of read 2 ends at base t of the molecule. */
    for (int64_t insert = minimum; insert <= first_size + second_size - minimum; ++insert) {
        int64_t offset = insert - second_size;
        int64_t low = offset > 0 ? offset : 0;
        int64_t high = insert < first_size ? insert : first_size;
        int64_t overlap = high - low;
        if (overlap < minimum || (best && overlap < best_score)) continue;
        int64_t allowed = (int64_t)((double)overlap * max_mismatch_rate);
        int64_t wrong = count_differences(first + low, second + (low - offset), overlap, allowed);
        if (wrong > allowed) continue;
        int64_t score = overlap - MISMATCH_PENALTY * wrong;
        if (best == 0 || score >= best_score) {
            best = insert;
            best_score = score;
        }
    }
    return best;
}

/* Writes the canonical k-mer that starts at each base: the smaller of it and its reverse complement.
 *
 * letters, size   the sequence; A, C, G, T and U in upper or lower case are bases
 * k               length, odd, so that no k-mer is its own reverse complement, from 1 to MAX_KMER
 * kmers, room     out, size - k + 1 words: two bits for each base, A 0, C 1, G 2, T 3, the first base highest;
 *                 EMPTY where a letter is not a base
 *
 * Returns the number of k-mers; NATIVE_BAD_ARGUMENT.
 */
int64_t EXPORT(canonical_kmers)(const uint8_t *letters, int64_t size, int64_t k, uint64_t *kmers, int64_t room) {
    if (!letters || !kmers || size < 0 || size > MOST_BASES || k < 1 || k > MAX_KMER || k % 2 == 0) return NATIVE_BAD_ARGUMENT;
    int64_t count = size >= k ? size - k + 1 : 0;
    if (room < count) return NATIVE_BAD_ARGUMENT;
    rolling_kmer rolling = {0};
    for (int64_t i = 0; i < size; ++i) {
        uint64_t kmer = next_kmer(&rolling, letters[i], (int)k);
        if (i >= k - 1) kmers[i - k + 1] = kmer;
    }
    return count;
}
