/* lattice_row.h: rows as points of the lattice of their type: order and exponent of a component.
 *
 * The three types are sign, exponent, mantissa; ord(b) = b without sign bit, negative if the sign
 * is set, whatever their widths (docs/definitions.md, "The lattice"). */
#ifndef AZ_SKY_LATTICE_ROW_H
#define AZ_SKY_LATTICE_ROW_H

#include <math.h>
#include <stdint.h>

#include "azimuth/matrix.h"

/* Widths of a type: BF16 8 and 7, F16 5 and 10, F32 8 and 23. */
struct az_lattice {
    int exponent_bits, mantissa_bits;
    int bias; /* value of an exponent field E >= 1 is 2^(E - bias) */
};

static inline struct az_lattice az_lattice_of(enum az_dtype dtype)
{
    if (dtype == AZ_DTYPE_F16) return (struct az_lattice){5, 10, 15};
    return (struct az_lattice){8, dtype == AZ_DTYPE_F32 ? 23 : 7, 127};
}

/* The raw bits of component d of an aligned row. */
static inline uint32_t az_row_bits(enum az_dtype dtype, const void *row, int64_t d)
{
    return dtype == AZ_DTYPE_F32 ? ((const uint32_t *)row)[d] : ((const uint16_t *)row)[d];
}

static inline int32_t az_bits_ord(enum az_dtype dtype, uint32_t bits)
{
    uint32_t sign = dtype == AZ_DTYPE_F32 ? 0x80000000u : 0x8000u;
    return bits & sign ? -(int32_t)(bits ^ sign) : (int32_t)bits;
}

static inline int az_bits_exponent(enum az_dtype dtype, uint32_t bits)
{
    if (dtype == AZ_DTYPE_F32) return (int)(bits >> 23 & 255);
    return dtype == AZ_DTYPE_F16 ? (int)(bits >> 10 & 31) : (int)(bits >> 7 & 255);
}

/* ulp of the exponent field E: 2^(max(E,1) - bias - mantissa bits). */
static inline double az_exponent_ulp(enum az_dtype dtype, int exponent)
{
    struct az_lattice lattice = az_lattice_of(dtype);
    return ldexp(1.0, (exponent ? exponent : 1) - lattice.bias - lattice.mantissa_bits);
}

/* Orders of a whole row [dims]. */
void az_row_orders(const struct az_matrix *matrix, int64_t row, void *scratch, int32_t *orders);

/* Distances in steps between two rows of orders. Linf as unsigned: F32 has 2^32 points. */
struct az_steps {
    uint32_t linf;
    uint64_t l1;
    uint32_t l0;
};
struct az_steps az_orders_distance(const int32_t *a, const int32_t *b, int64_t dims);

#endif
