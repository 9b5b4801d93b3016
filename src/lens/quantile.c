#include "lens/quantile.h"

#include <math.h>
#include <string.h>

#define DIGIT_BITS 11
#define DIGITS 3
#define BUCKETS (1 << DIGIT_BITS)

static const double shares[AZ_MOTION_QUANTILES] = {0, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1};

double az_motion_share(int quantile) { return shares[quantile]; }

/* Ascending, least significant digit first; digits that are all alike are skipped. Returns where
 * the sorted keys are: keys or other. */
static uint32_t *sort(uint32_t *keys, uint32_t *other, size_t count)
{
    uint32_t counts[DIGITS][BUCKETS];
    memset(counts, 0, sizeof counts);
    for (size_t n = 0; n < count; n++)
        for (int digit = 0; digit < DIGITS; digit++)
            counts[digit][keys[n] >> digit * DIGIT_BITS & (BUCKETS - 1)]++;
    for (int digit = 0; digit < DIGITS && count; digit++) {
        int shift = digit * DIGIT_BITS;
        if (counts[digit][keys[0] >> shift & (BUCKETS - 1)] == count) continue;
        uint32_t sum = 0;
        for (int bucket = 0; bucket < BUCKETS; bucket++) {
            uint32_t here = counts[digit][bucket];
            counts[digit][bucket] = sum;
            sum += here;
        }
        for (size_t n = 0; n < count; n++)
            other[counts[digit][keys[n] >> shift & (BUCKETS - 1)]++] = keys[n];
        uint32_t *swap = keys;
        keys = other;
        other = swap;
    }
    return keys;
}

/* The smallest number that at least `rank` of the sorted lists' keys do not exceed. */
static uint32_t key_of_rank(uint32_t *const *lists, const size_t *lengths, int count, size_t rank)
{
    uint32_t low = 0, high = UINT32_MAX;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        size_t below = 0;
        for (int k = 0; k < count; k++) {
            size_t from = 0, to = lengths[k];
            while (from < to) {
                size_t half = from + (to - from) / 2;
                if (lists[k][half] <= middle)
                    from = half + 1;
                else
                    to = half;
            }
            below += from;
        }
        if (below >= rank)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

/* The keys of one class that are above zero, sorted, and how many there are in all. */
struct list {
    uint32_t *keys;
    size_t length, all;
};

static void set_quantiles(const struct list *lists, uint8_t members,
                          uint32_t quantiles[AZ_MOTION_QUANTILES])
{
    uint32_t *keys[AZ_TOKEN_CLASSES];
    size_t lengths[AZ_TOKEN_CLASSES], above = 0, all = 0;
    int count = 0;
    for (int k = 0; k < AZ_TOKEN_CLASSES; k++) {
        if (!(members >> k & 1)) continue;
        keys[count] = lists[k].keys;
        lengths[count++] = lists[k].length;
        above += lists[k].length;
        all += lists[k].all;
    }
    for (int q = 0; q < AZ_MOTION_QUANTILES; q++) {
        size_t zeros = all - above, rank = (size_t)ceil(shares[q] * (double)all);
        if (rank == 0) rank = 1;
        quantiles[q] = all == 0        ? AZ_QUANTILE_NONE
                       : rank <= zeros ? 0
                                       : key_of_rank(keys, lengths, count, rank - zeros);
    }
}

void az_quantiles(const struct az_token_sets *sets, const uint32_t *keys, uint32_t *scratch,
                  uint32_t quantiles[AZ_LENS_SETS][AZ_MOTION_QUANTILES])
{
    uint32_t *second = scratch + sets->rows;
    struct list lists[AZ_TOKEN_CLASSES] = {{0}};
    size_t begin = 0, begins[AZ_TOKEN_CLASSES];
    for (int k = 0; k < AZ_TOKEN_CLASSES; k++) {
        begins[k] = begin;
        lists[k].keys = scratch + begin;
        begin += (size_t)sets->class_rows[k];
    }
    for (int64_t row = 0; row < sets->rows; row++) {
        struct list *list = &lists[sets->classes[row]];
        list->keys[list->length] = keys[row];
        list->length += keys[row] != 0 && keys[row] != AZ_QUANTILE_NONE;
        list->all += keys[row] != AZ_QUANTILE_NONE;
    }
    for (int k = 0; k < AZ_TOKEN_CLASSES; k++)
        lists[k].keys = sort(lists[k].keys, second + begins[k], lists[k].length);
    for (int set = 0; set < AZ_LENS_SETS; set++)
        if (sets->present[set]) set_quantiles(lists, sets->members[set], quantiles[set]);
}
