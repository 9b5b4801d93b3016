#include "lens/account_compare.h"

#include <string.h>

#include "base/memory.h"

static int64_t order_32(uint32_t bits)
{
    int64_t magnitude = bits & 0x7fffffff;
    return bits >> 31 ? -magnitude : magnitude;
}

static bool is_nan_32(uint32_t bits) { return (bits & 0x7fffffff) > 0x7f800000; }

/* Unequal bits: at most one lattice point apart? A NaN is far from everything. */
static void count_difference(uint32_t expected, uint32_t found, uint32_t spacing,
                             struct az_account_counts *counts)
{
    int64_t distance = order_32(expected) - order_32(found);
    bool on_lattice = found % spacing == 0 && !is_nan_32(expected) && !is_nan_32(found);
    if (on_lattice && distance <= spacing && -distance <= (int64_t)spacing)
        counts->off_by_one++;
    else
        counts->worse++;
}

size_t az_account_compare_16(const uint16_t *expected, const uint16_t *found, size_t count,
                             struct az_account_counts *counts)
{
    size_t first = count;
    int64_t differing = 0;
    if (memcmp(expected, found, count * sizeof *found) != 0) {
        for (size_t i = count; i-- > 0;) {
            if (expected[i] == found[i]) continue;
            count_difference((uint32_t)expected[i] << 16, (uint32_t)found[i] << 16, 0x10000,
                             counts);
            differing++;
            first = i;
        }
    }
    counts->equal += (int64_t)count - differing;
    return first;
}

size_t az_account_compare_32(const uint32_t *expected, const uint32_t *found, size_t count,
                             bool upcast, struct az_account_counts *counts)
{
    size_t first = count;
    int64_t differing = 0;
    if (memcmp(expected, found, count * sizeof *found) != 0) {
        for (size_t i = count; i-- > 0;) {
            if (expected[i] == found[i]) continue;
            count_difference(expected[i], found[i], upcast ? 0x10000 : 1, counts);
            differing++;
            first = i;
        }
    }
    counts->equal += (int64_t)count - differing;
    return first;
}

/* ---- norms ---- */

#define LANES 8

static double sum_lanes(const double lanes[LANES])
{
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) +
           ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

/* to[i] - from[i], exactly where the exponents are within 45 of each other. */
static void subtract(const struct az_bf16 *to, const struct az_bf16 *from, size_t count,
                     double difference[LANES])
{
    for (size_t i = 0; i < count; i++)
        difference[i] = (double)az_bf16_to_f32(to[i]) - (double)az_bf16_to_f32(from[i]);
    for (size_t i = count; i < LANES; i++) difference[i] = 0;
}

static double squares(const struct az_bf16 *to, const struct az_bf16 *from, size_t count)
{
    double lanes[LANES] = {0}, change[LANES];
    for (size_t at = 0; at < count; at += LANES) {
        subtract(to + at, from + at, count - at < LANES ? count - at : LANES, change);
        for (int n = 0; n < LANES; n++) lanes[n] += change[n] * change[n];
    }
    return sum_lanes(lanes);
}

static double products(const struct az_bf16 *before, const struct az_bf16 *expected,
                       const struct az_bf16 *found, size_t count)
{
    double lanes[LANES] = {0}, one[LANES], other[LANES];
    for (size_t at = 0; at < count; at += LANES) {
        size_t length = count - at < LANES ? count - at : LANES;
        subtract(expected + at, before + at, length, one);
        subtract(found + at, before + at, length, other);
        for (int n = 0; n < LANES; n++) lanes[n] += one[n] * other[n];
    }
    return sum_lanes(lanes);
}

void az_account_move(const struct az_bf16 *before, const struct az_bf16 *expected,
                     const struct az_bf16 *found, size_t count, struct az_account_motion *motion)
{
    bool still = memcmp(before, found, count * sizeof *found) == 0;
    if (memcmp(expected, found, count * sizeof *found) == 0) {
        double square = still ? 0 : squares(found, before, count);
        motion->predicted += square;
        motion->observed += square;
        motion->product += square;
        return;
    }
    motion->predicted += squares(expected, before, count);
    motion->observed += still ? 0 : squares(found, before, count);
    motion->residual += squares(expected, found, count);
    motion->product += products(before, expected, found, count);
}
