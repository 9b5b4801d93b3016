#include <math.h>
#include <string.h>

#include "lens/look.h"

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

static double value_of(uint32_t key, enum az_motion_quantity quantity)
{
    return az_look_key_is_float(quantity) ? (double)az_f32_from_bits(key) : (double)key;
}

/* lists: the keys above zero of each class, sorted. */
static void tell_quantiles(struct az_look *look, int64_t move, enum az_motion_quantity quantity,
                           uint32_t *const *lists, const size_t *lengths)
{
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        uint32_t *own[AZ_TOKEN_CLASSES];
        size_t own_lengths[AZ_TOKEN_CLASSES], above = 0;
        int count = 0;
        for (int k = 0; k < AZ_TOKEN_CLASSES; k++) {
            if (!(look->sets.members[set] >> k & 1)) continue;
            own[count] = lists[k];
            own_lengths[count++] = lengths[k];
            above += lengths[k];
        }
        size_t all = (size_t)look->sets.counts[set], zeros = all - above;
        double *quantiles =
            look->lens->motion->steps[set][look->block.number + move].quantiles[quantity];
        for (int q = 0; q < AZ_MOTION_QUANTILES; q++) {
            size_t rank = (size_t)ceil(shares[q] * (double)all);
            if (rank == 0) rank = 1;
            quantiles[q] =
                rank <= zeros
                    ? 0
                    : value_of(key_of_rank(own, own_lengths, count, rank - zeros), quantity);
        }
    }
}

static void sort_quantity(void *context, size_t number, int thread)
{
    struct az_look *look = context;
    int64_t rows = look->sets.rows, move = (int64_t)number / AZ_MOTION_QUANTITIES;
    enum az_motion_quantity quantity = number % AZ_MOTION_QUANTITIES;
    const uint32_t *keys = look->keys[quantity] + move * rows;
    uint32_t *first = look->sorting + (size_t)thread * 2 * (size_t)rows, *second = first + rows;
    uint32_t *lists[AZ_TOKEN_CLASSES];
    size_t lengths[AZ_TOKEN_CLASSES] = {0}, ends[AZ_TOKEN_CLASSES], end = 0;
    for (int k = 0; k < AZ_TOKEN_CLASSES; k++) {
        ends[k] = end;
        end += (size_t)look->sets.class_rows[k];
    }
    for (int64_t row = 0; row < rows; row++) {
        int k = look->sets.classes[row];
        first[ends[k] + lengths[k]] = keys[row];
        lengths[k] += keys[row] != 0;
    }
    for (int k = 0; k < AZ_TOKEN_CLASSES; k++)
        lists[k] = sort(first + ends[k], second + ends[k], lengths[k]);
    tell_quantiles(look, move, quantity, lists, lengths);
}

void az_look_quantiles(struct az_look *look)
{
    az_pool_run(look->pool, sort_quantity, look, (size_t)look->block.moves * AZ_MOTION_QUANTITIES);
}
