/* rows_lanes.h: the functions of rows.h in vectors of 64 bytes, which the compiler cuts to what the
 * instruction set has. Included by one source file for each set, which defines AZ_ROWS_FILL. */
#include <math.h>
#include <string.h>

#include "lens/rows.h"

typedef uint16_t u16x16 __attribute__((vector_size(32)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));
typedef int32_t i32x16 __attribute__((vector_size(64)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef float f32x16 __attribute__((vector_size(64)));
typedef int64_t i64x8 __attribute__((vector_size(64)));
typedef double f64x8 __attribute__((vector_size(64)));

#define BLOCK 16

/* Numbers n..n+7 as doubles; bf16 to double is exact. */
static inline f64x8 wide(const struct az_bf16 *row)
{
    u16x8 narrow;
    memcpy(&narrow, row, sizeof narrow);
    i32x8 bits = __builtin_convertvector(narrow, i32x8) << 16;
    f32x8 values;
    memcpy(&values, &bits, sizeof values);
    return __builtin_convertvector(values, f64x8);
}

static inline i32x16 bits_of(const struct az_bf16 *row)
{
    u16x16 narrow;
    memcpy(&narrow, row, sizeof narrow);
    return __builtin_convertvector(narrow, i32x16);
}

static inline f64x8 load_f64(const double *values)
{
    f64x8 lanes;
    memcpy(&lanes, values, sizeof lanes);
    return lanes;
}

static inline double sum_f64(const f64x8 *lanes)
{
    const f64x8 v = *lanes;
    return ((v[0] + v[4]) + (v[2] + v[6])) + ((v[1] + v[5]) + (v[3] + v[7]));
}

static inline double most_f64(const f64x8 *lanes)
{
    double most = 0;
    for (int k = 0; k < 8; k++)
        if ((*lanes)[k] > most) most = (*lanes)[k];
    return most;
}

static inline int64_t sum_i32(const i32x16 *lanes)
{
    int64_t sum = 0;
    for (int k = 0; k < BLOCK; k++) sum += (*lanes)[k];
    return sum;
}

static inline int32_t most_i32(const i32x16 *lanes)
{
    int32_t most = 0;
    for (int k = 0; k < BLOCK; k++)
        if ((*lanes)[k] > most) most = (*lanes)[k];
    return most;
}

/* The last, incomplete block of a row, filled up with zeros, which add nothing. */
struct tail {
    struct az_bf16 values[BLOCK];
};

static inline struct tail tail_of(const struct az_bf16 *row, size_t count)
{
    struct tail tail;
    memset(&tail, 0, sizeof tail);
    memcpy(tail.values, row, count * sizeof *row);
    return tail;
}

/* ---- motion ---- */

struct motion_lanes {
    i32x16 l1, linf, hops, down, flips, signs, binades;
    f64x8 squares, displacement, along, ulp_l1, ulp_squares, ulp_most;
};

/* 0 where x is 0, else -1; for 0 <= x < 2^31. */
#define NONZERO(x) (-(x) >> 31)

static inline void add_cells(struct motion_lanes *lanes, i32x16 a, i32x16 b)
{
    i32x16 sign_a = (a << 16) >> 31, sign_b = (b << 16) >> 31;
    i32x16 size_a = a & 0x7fff, size_b = b & 0x7fff;
    i32x16 ord_a = (size_a ^ sign_a) - sign_a, ord_b = (size_b ^ sign_b) - sign_b;
    i32x16 cells = ord_b - ord_a, falling = cells >> 31;
    i32x16 size = (cells ^ falling) - falling;
    i32x16 hop = NONZERO(size), less = lanes->linf - size;
    lanes->l1 += size;
    lanes->linf -= less & (less >> 31);
    lanes->hops -= hop;
    lanes->down -= falling;
    lanes->flips -= NONZERO(a ^ b) & ~hop;
    lanes->signs -= ((ord_a ^ ord_b) >> 31) & NONZERO(size_a) & NONZERO(size_b);
    lanes->binades -= NONZERO((size_a ^ size_b) >> 7);
    i32x8 half[2];
    memcpy(half, &size, sizeof size);
    for (int k = 0; k < 2; k++) {
        f64x8 exact = __builtin_convertvector(half[k], f64x8);
        lanes->squares += exact * exact;
    }
}

/* 1 / ulp(a) = 2^(134 - max(E, 1)). */
static inline f64x8 inverse_ulp(const struct az_bf16 *row)
{
    u16x8 narrow;
    memcpy(&narrow, row, sizeof narrow);
    i64x8 exponent = (__builtin_convertvector(narrow, i64x8) >> 7) & 0xff;
    exponent += 1 + (-exponent >> 63); /* 0 becomes 1 */
    i64x8 bits = (1023 + 134 - exponent) << 52;
    f64x8 scale;
    memcpy(&scale, &bits, sizeof scale);
    return scale;
}

static inline void add_distances(struct motion_lanes *lanes, const struct az_bf16 *from,
                                 const struct az_bf16 *to)
{
    f64x8 a = wide(from), moved = wide(to) - a;
    lanes->displacement += moved * moved;
    lanes->along += a * moved;
    f64x8 ulps = moved * inverse_ulp(from);
    i64x8 bits;
    memcpy(&bits, &ulps, sizeof bits);
    bits &= INT64_MAX;
    memcpy(&ulps, &bits, sizeof bits);
    lanes->ulp_l1 += ulps;
    lanes->ulp_squares += ulps * ulps;
    i64x8 larger = ulps > lanes->ulp_most, most;
    memcpy(&most, &lanes->ulp_most, sizeof most);
    most = (bits & larger) | (most & ~larger);
    memcpy(&lanes->ulp_most, &most, sizeof most);
}

static inline void add_block(struct motion_lanes *lanes, const struct az_bf16 *from,
                             const struct az_bf16 *to)
{
    add_cells(lanes, bits_of(from), bits_of(to));
    add_distances(lanes, from, to);
    add_distances(lanes, from + 8, to + 8);
}

static void row_motion(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                       struct az_row_motion *motion)
{
    struct motion_lanes lanes;
    memset(&lanes, 0, sizeof lanes);
    size_t d = 0;
    for (; d + BLOCK <= dims; d += BLOCK) add_block(&lanes, from + d, to + d);
    if (d < dims) {
        struct tail a = tail_of(from + d, dims - d), b = tail_of(to + d, dims - d);
        add_block(&lanes, a.values, b.values);
    }
    motion->l1_cells = sum_i32(&lanes.l1);
    motion->l2_squared_cells = sum_f64(&lanes.squares);
    motion->linf_cells = most_i32(&lanes.linf);
    motion->hops = (int32_t)sum_i32(&lanes.hops);
    motion->down_hops = (int32_t)sum_i32(&lanes.down);
    motion->zero_flips = (int32_t)sum_i32(&lanes.flips);
    motion->sign_crossings = (int32_t)sum_i32(&lanes.signs);
    motion->binade_crossings = (int32_t)sum_i32(&lanes.binades);
    motion->l1_ulp = sum_f64(&lanes.ulp_l1);
    motion->l2_squared_ulp = sum_f64(&lanes.ulp_squares);
    motion->linf_ulp = most_f64(&lanes.ulp_most);
    motion->displacement_squared = sum_f64(&lanes.displacement);
    motion->along = sum_f64(&lanes.along);
}

/* ---- hops ---- */

/* Bins of sizes: s - 1 up to 16, then 12 + floor(log2(s - 1)), read off a float's exponent. */
static inline void hop_block(const struct az_bf16 *from, const struct az_bf16 *to, uint16_t *kinds)
{
    i32x16 a = bits_of(from), b = bits_of(to);
    i32x16 sign_a = (a << 16) >> 31, sign_b = (b << 16) >> 31;
    i32x16 size_a = a & 0x7fff, size_b = b & 0x7fff;
    i32x16 cells = ((size_b ^ sign_b) - sign_b) - ((size_a ^ sign_a) - sign_a);
    i32x16 falling = cells >> 31, less = ((cells ^ falling) - falling) - 1;
    i32x16 hop = NONZERO(less + 1), large = (15 - less) >> 31, exponent;
    f32x16 floats = __builtin_convertvector(less, f32x16);
    memcpy(&exponent, &floats, sizeof exponent);
    i32x16 bin = (less & ~large) | (((exponent >> 23) - 127 + 12) & large);
    i32x16 kind = (size_a >> 7) << 6 | bin << 1 | (falling & 1);
    kind = (kind & hop) | ((int32_t)AZ_HOP_NONE & ~hop);
    u16x16 narrow = __builtin_convertvector(kind, u16x16);
    memcpy(kinds, &narrow, sizeof narrow);
}

static void row_hops(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                     uint16_t *kinds)
{
    size_t d = 0;
    for (; d + BLOCK <= dims; d += BLOCK) hop_block(from + d, to + d, kinds + d);
    if (d < dims) {
        struct tail a = tail_of(from + d, dims - d), b = tail_of(to + d, dims - d);
        hop_block(a.values, b.values, kinds + d);
    }
}

/* ---- place ---- */

static void row_place(const struct az_bf16 *row, size_t dims, struct az_row_place *place)
{
    f64x8 squares = {0};
    i32x16 filled = {0};
    size_t d = 0;
    for (; d < dims; d += BLOCK) {
        struct tail tail;
        const struct az_bf16 *values = row + d;
        if (dims - d < BLOCK) {
            tail = tail_of(values, dims - d);
            values = tail.values;
        }
        f64x8 low = wide(values), high = wide(values + 8);
        squares += low * low;
        squares += high * high;
        filled -= NONZERO(bits_of(values) & 0x7fff);
    }
    place->norm_squared = sum_f64(&squares);
    place->zeros = (int32_t)((int64_t)dims - sum_i32(&filled));
}

static void row_add(const struct az_bf16 *row, size_t dims, double *sums)
{
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 sum = load_f64(sums + d) + wide(row + d);
        memcpy(sums + d, &sum, sizeof sum);
    }
    for (; d < dims; d++) sums[d] += (double)az_bf16_to_f32(row[d]);
}

static void row_add_difference(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims,
                               double *sums)
{
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 sum = load_f64(sums + d) + (wide(to + d) - wide(from + d));
        memcpy(sums + d, &sum, sizeof sum);
    }
    for (; d < dims; d++)
        sums[d] += (double)az_bf16_to_f32(to[d]) - (double)az_bf16_to_f32(from[d]);
}

/* ---- products ---- */

static double row_distance_squared(const struct az_bf16 *row, const double *centre, size_t dims)
{
    f64x8 squares = {0};
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 apart = wide(row + d) - load_f64(centre + d);
        squares += apart * apart;
    }
    for (int k = 0; d < dims; d++, k++) {
        double apart = (double)az_bf16_to_f32(row[d]) - centre[d];
        squares[k] += apart * apart;
    }
    return sum_f64(&squares);
}

static double row_peculiar_squared(const struct az_bf16 *from, const struct az_bf16 *to,
                                   const double *drift, size_t dims)
{
    f64x8 squares = {0};
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 apart = (wide(to + d) - wide(from + d)) - load_f64(drift + d);
        squares += apart * apart;
    }
    for (int k = 0; d < dims; d++, k++) {
        double apart = ((double)az_bf16_to_f32(to[d]) - (double)az_bf16_to_f32(from[d])) - drift[d];
        squares[k] += apart * apart;
    }
    return sum_f64(&squares);
}

static double row_product(const struct az_bf16 *a0, const struct az_bf16 *a1,
                          const struct az_bf16 *b0, const struct az_bf16 *b1, size_t dims)
{
    f64x8 sum = {0};
    size_t d = 0;
    for (; d + 8 <= dims; d += 8)
        sum += (wide(a1 + d) - wide(a0 + d)) * (wide(b1 + d) - wide(b0 + d));
    for (int k = 0; d < dims; d++, k++)
        sum[k] += ((double)az_bf16_to_f32(a1[d]) - (double)az_bf16_to_f32(a0[d])) *
                  ((double)az_bf16_to_f32(b1[d]) - (double)az_bf16_to_f32(b0[d]));
    return sum_f64(&sum);
}

static double row_evolution_squared(const struct az_bf16 *a0, const struct az_bf16 *a1,
                                    const struct az_bf16 *b0, const struct az_bf16 *b1, size_t dims)
{
    f64x8 squares = {0};
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 apart = (wide(b1 + d) - wide(b0 + d)) - (wide(a1 + d) - wide(a0 + d));
        squares += apart * apart;
    }
    for (int k = 0; d < dims; d++, k++) {
        double apart = ((double)az_bf16_to_f32(b1[d]) - (double)az_bf16_to_f32(b0[d])) -
                       ((double)az_bf16_to_f32(a1[d]) - (double)az_bf16_to_f32(a0[d]));
        squares[k] += apart * apart;
    }
    return sum_f64(&squares);
}

static void row_add_scaled(double scale, const double *values, size_t dims, double *sums)
{
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) {
        f64x8 sum = load_f64(sums + d) + scale * load_f64(values + d);
        memcpy(sums + d, &sum, sizeof sum);
    }
    for (; d < dims; d++) sums[d] += scale * values[d];
}

void AZ_ROWS_FILL(struct az_row_code *rows)
{
    rows->motion = row_motion;
    rows->hops = row_hops;
    rows->place = row_place;
    rows->add = row_add;
    rows->add_difference = row_add_difference;
    rows->distance_squared = row_distance_squared;
    rows->peculiar_squared = row_peculiar_squared;
    rows->product = row_product;
    rows->evolution_squared = row_evolution_squared;
    rows->add_scaled = row_add_scaled;
}
