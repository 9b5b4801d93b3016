/* lattice_point.h: bf16 values from doubles and from their order. */
#ifndef AZ_SKY_LATTICE_POINT_H
#define AZ_SKY_LATTICE_POINT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "azimuth/bf16.h"

/* The bf16 nearest to x, ties to even, in one rounding: float32 is rounded to odd first, which
 * keeps which side of a bf16 midpoint x lies on (Boldo and Melquiond 2008; 24 bits are more than 8
 * and two). x is finite. */
static inline struct az_bf16 az_lattice_nearest(double x)
{
    float narrow = (float)x;
    if ((double)narrow != x && !isinf(narrow)) {
        uint32_t bits = az_f32_bits(narrow);
        bool away = fabs((double)narrow) > fabs(x);
        if (away) bits--; /* now truncated towards zero */
        narrow = az_f32_from_bits(bits | 1);
    }
    return az_bf16_from_f32(narrow);
}

/* The value of the lattice point of that order. */
static inline double az_lattice_value(int32_t order)
{
    uint16_t magnitude = (uint16_t)(order < 0 ? -order : order);
    double value = (double)az_bf16_to_f32((struct az_bf16){magnitude});
    return order < 0 ? -value : value;
}

#endif
