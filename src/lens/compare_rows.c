#include "lens/compare_rows.h"

#include <string.h>

#include "azimuth/bf16.h"

static uint16_t load_16(const unsigned char *row, size_t number)
{
    uint16_t bits;
    memcpy(&bits, row + 2 * number, sizeof bits);
    return bits;
}

static uint32_t load_32(const unsigned char *row, size_t number, bool wide)
{
    uint32_t bits;
    if (!wide) return (uint32_t)load_16(row, number) << 16;
    memcpy(&bits, row + 4 * number, sizeof bits);
    return bits;
}

uint64_t az_compare_element(const struct az_compare_pair *pair, bool wide, const unsigned char *row,
                            size_t number)
{
    uint64_t bits = 0;
    if (pair->kind == AZ_COMPARE_BF16) return load_16(row, number);
    if (pair->kind == AZ_COMPARE_F32) return load_32(row, number, wide);
    memcpy(&bits, row + pair->bytes * number, pair->bytes < 8 ? pair->bytes : 8);
    return bits;
}

int az_compare_bits(const struct az_compare_pair *pair)
{
    if (pair->kind == AZ_COMPARE_BF16) return 16;
    return pair->kind == AZ_COMPARE_F32 ? 32 : (int)pair->bytes * 8;
}

static int64_t order_32(uint32_t bits)
{
    int64_t magnitude = bits & 0x7fffffff;
    return bits >> 31 ? -magnitude : magnitude;
}

static void add_cells(struct az_compare_counts *sums, int64_t cells, double distance)
{
    int64_t size = cells < 0 ? -cells : cells;
    sums->l1_cells += size;
    if (size > sums->linf_cells) sums->linf_cells = size;
    sums->l2_cells += (double)cells * (double)cells;
    sums->distance_w += distance * distance;
}

static void add_bits(struct az_compare_counts *sums, uint64_t difference)
{
    sums->differing++;
    sums->bits += __builtin_popcountll(difference);
}

static size_t compare_bf16(const unsigned char *a, const unsigned char *b, size_t count,
                           struct az_compare_counts *sums)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        struct az_bf16 x = {load_16(a, i)}, y = {load_16(b, i)};
        if (x.bits == y.bits) continue;
        if (first == count) first = i;
        add_bits(sums, (uint64_t)(x.bits ^ y.bits));
        add_cells(sums, az_bf16_cells(x, y), (double)az_bf16_to_f32(y) - (double)az_bf16_to_f32(x));
    }
    return first;
}

static size_t compare_f32(const struct az_compare_pair *pair, const unsigned char *a,
                          const unsigned char *b, size_t count, struct az_compare_counts *sums)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        uint32_t x = load_32(a, i, pair->a_wide), y = load_32(b, i, pair->b_wide);
        if (x == y) continue;
        if (first == count) first = i;
        add_bits(sums, x ^ y);
        add_cells(sums, order_32(y) - order_32(x),
                  (double)az_f32_from_bits(y) - (double)az_f32_from_bits(x));
    }
    return first;
}

static size_t compare_bytes(size_t bytes, const unsigned char *a, const unsigned char *b,
                            size_t count, struct az_compare_counts *sums)
{
    size_t first = count;
    for (size_t i = 0; i < count; i++) {
        if (memcmp(a + i * bytes, b + i * bytes, bytes) == 0) continue;
        if (first == count) first = i;
        sums->differing++;
        for (size_t n = 0; n < bytes; n++)
            sums->bits += __builtin_popcount((unsigned)(a[i * bytes + n] ^ b[i * bytes + n]));
    }
    return first;
}

size_t az_compare_row(const struct az_compare_pair *pair, const unsigned char *a,
                      const unsigned char *b, size_t count, struct az_compare_counts *sums)
{
    size_t first = count;
    bool same_type = pair->a_wide == pair->b_wide;
    size_t bytes = pair->kind == AZ_COMPARE_BYTES ? pair->bytes : pair->a_wide ? 4 : 2;
    sums->components += (int64_t)count;
    sums->rows++;
    if (same_type && memcmp(a, b, count * bytes) == 0) return count;
    switch (pair->kind) {
    case AZ_COMPARE_BF16: first = compare_bf16(a, b, count, sums); break;
    case AZ_COMPARE_F32: first = compare_f32(pair, a, b, count, sums); break;
    default: first = compare_bytes(pair->bytes, a, b, count, sums); break;
    }
    sums->moved += first < count;
    return first;
}
