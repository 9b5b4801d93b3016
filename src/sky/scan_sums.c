#include <math.h>

#include "azimuth/bf16.h"
#include "sky/lattice_row.h"
#include "sky/scan.h"

static float value_of(enum az_dtype dtype, uint32_t word)
{
    if (dtype == AZ_DTYPE_F16) return az_f16_to_f32((uint16_t)word);
    return az_f32_from_bits(word << 16);
}

double az_scan_quantile(const struct az_scan *scan, enum az_dtype dtype, double share)
{
    uint64_t total = 0, below = 0;
    uint32_t magnitude, last = 0;
    for (magnitude = 0; magnitude < 0x8000; magnitude++)
        if (isfinite(value_of(dtype, magnitude)))
            total += scan->words[magnitude] + scan->words[magnitude | 0x8000];
    for (magnitude = 0; magnitude < 0x8000; magnitude++) {
        uint64_t here = scan->words[magnitude] + scan->words[magnitude | 0x8000];
        if (!here || !isfinite(value_of(dtype, magnitude))) continue;
        last = magnitude;
        below += here;
        if ((double)below >= share * (double)total) break;
    }
    return (double)value_of(dtype, last);
}

void az_scan_exponents(const struct az_scan *scan, enum az_dtype dtype, uint64_t counts[256])
{
    for (int exponent = 0; exponent < 256; exponent++) counts[exponent] = 0;
    for (uint32_t word = 0; word < AZ_SCAN_WORDS; word++) {
        int exponent =
            dtype == AZ_DTYPE_F32 ? (int)(word >> 7 & 255) : az_bits_exponent(dtype, word);
        counts[exponent] += scan->words[word];
    }
}

struct az_summary az_scan_norms(const struct az_scan *scan)
{
    struct az_summary summary = {0, 0, INFINITY, -INFINITY, 0};
    double squares = 0;
    for (int64_t row = 0; row < scan->rows; row++) {
        double norm = scan->norms[row];
        if (!isfinite(norm)) continue;
        summary.count++;
        summary.mean += norm;
        if (norm < summary.least) summary.least = norm;
        if (norm > summary.greatest) summary.greatest = norm;
    }
    if (!summary.count) return (struct az_summary){NAN, NAN, NAN, NAN, 0};
    summary.mean /= (double)summary.count;
    for (int64_t row = 0; row < scan->rows; row++)
        if (isfinite(scan->norms[row]))
            squares += (scan->norms[row] - summary.mean) * (scan->norms[row] - summary.mean);
    summary.deviation = sqrt(squares / (double)summary.count);
    return summary;
}

struct az_summary az_scan_components(const struct az_scan *scan, enum az_dtype dtype)
{
    struct az_summary summary = {0, 0, INFINITY, -INFINITY, 0};
    double squares = 0;
    for (uint32_t word = 0; word < AZ_SCAN_WORDS; word++) {
        double value = (double)value_of(dtype, word), count = (double)scan->words[word];
        if (!scan->words[word] || !isfinite(value)) continue;
        summary.count += (int64_t)scan->words[word];
        summary.mean += count * value;
        squares += count * value * value;
        if (value < summary.least) summary.least = value;
        if (value > summary.greatest) summary.greatest = value;
    }
    if (!summary.count) return (struct az_summary){NAN, NAN, NAN, NAN, 0};
    summary.mean /= (double)summary.count;
    squares = squares / (double)summary.count - summary.mean * summary.mean;
    summary.deviation = sqrt(squares > 0 ? squares : 0);
    return summary;
}
