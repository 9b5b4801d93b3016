/* bf16.h: bf16 values as points of a lattice.
 *
 * A bf16 is the upper half of an IEEE binary32: 1 sign bit, 8 exponent bits, 7 mantissa bits. It is
 * a struct so that integer arithmetic on it does not compile. Definitions: docs/numerics.md,
 * section 1. */
#ifndef AZIMUTH_BF16_H
#define AZIMUTH_BF16_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/status.h"

struct az_bf16 {
    uint16_t bits;
};

static inline float az_f32_from_bits(uint32_t bits)
{
    union {
        uint32_t bits;
        float value;
    } both = {.bits = bits};
    return both.value;
}

static inline uint32_t az_f32_bits(float value)
{
    union {
        float value;
        uint32_t bits;
    } both = {.value = value};
    return both.bits;
}

/* Exact. */
static inline float az_bf16_to_f32(struct az_bf16 x)
{
    return az_f32_from_bits((uint32_t)x.bits << 16);
}

/* To nearest, ties to even; NaN becomes the quiet NaN with the same sign and upper payload bits (or
 * 0x7fc0's quiet bit set where they would vanish), infinities and overflow become infinity. */
static inline struct az_bf16 az_bf16_from_f32(float value)
{
    uint32_t bits = az_f32_bits(value);
    if ((bits & 0x7fffffff) > 0x7f800000) return (struct az_bf16){(uint16_t)(bits >> 16 | 0x40)};
    return (struct az_bf16){(uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

/* Stochastic rounding: up in magnitude with probability equal to the fraction of the gap that value
 * lies above the lower neighbour. random: 16 uniform bits. NaN and infinity as above. */
static inline struct az_bf16 az_bf16_from_f32_stochastic(float value, uint32_t random)
{
    uint32_t bits = az_f32_bits(value);
    if ((bits & 0x7fffffff) >= 0x7f800000) return az_bf16_from_f32(value);
    return (struct az_bf16){(uint16_t)((bits + (random & 0xffff)) >> 16)};
}

/* Monotone integer: bits if the sign is clear, else -(bits & 0x7fff); +0 and -0 are both 0. */
static inline int32_t az_bf16_ord(struct az_bf16 x)
{
    int32_t magnitude = x.bits & 0x7fff;
    return x.bits & 0x8000 ? -magnitude : magnitude;
}

/* Lattice displacement from a to b in cells: the number of lattice points crossed, signed. */
static inline int32_t az_bf16_cells(struct az_bf16 a, struct az_bf16 b)
{
    return az_bf16_ord(b) - az_bf16_ord(a);
}

/* ulp(x) = 2^(max(E,1) - 134), E the biased exponent: the gap above |x|; below a power of two the
 * gap is half of it. Exact in double for every finite x. */
AZ_API double az_bf16_ulp(struct az_bf16 x);

/* Half the distance from a finite x to the next bf16, towards zero or away from it: a step beyond
 * it moves x under rounding to nearest. From a zero both ways are away. Exact in double. */
static inline double az_bf16_half_gap(struct az_bf16 x, int towards_zero)
{
    uint64_t exponent = (x.bits & 0x7f80) ? (uint64_t)(x.bits >> 7 & 0xff) : 1;
    int halved = towards_zero && (x.bits & 0x7f) == 0 && exponent > 1;
    union {
        uint64_t bits;
        double value;
    } both = {.bits = (exponent + 1023 - 135 - (uint64_t)halved) << 52};
    return both.value;
}

/* (value(b) - value(a)) / ulp(a): upstream's measure, kept for comparison. Not a cell count. */
AZ_API double az_bf16_ulp_start(struct az_bf16 a, struct az_bf16 b);

/* Displacement of one row of `dims` coordinates, definitions.md, "Motion". */
struct az_displacement {
    int64_t l1_cells;
    double l2_cells;
    int32_t linf_cells;
    int32_t hops; /* coordinates with cells != 0 */
    int32_t sign_flips_of_zero;
};

AZ_API struct az_displacement az_bf16_displacement(const struct az_bf16 *from,
                                                   const struct az_bf16 *to, size_t dims);

/* True when any bit changed, a sign flip of zero apart. */
AZ_API int az_bf16_row_moved(const struct az_bf16 *from, const struct az_bf16 *to, size_t dims);

#endif
