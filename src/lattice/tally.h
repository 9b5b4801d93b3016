/* tally.h: counts of values at the lattice points from 0 to infinity, for quantiles of many numbers
 * in little memory: each is rounded to bf16, so a quantile is within 0.4 %. Tallies may be added.
 */
#ifndef AZ_LATTICE_TALLY_H
#define AZ_LATTICE_TALLY_H

#include "azimuth/bf16.h"

#define AZ_TALLY_POINTS 0x7f81 /* bf16 from 0 to infinity */

/* What is below 0 or NaN is not counted. */
static inline void az_tally_add(uint32_t tally[AZ_TALLY_POINTS], double value)
{
    if (value >= 0) tally[az_bf16_from_f32((float)value).bits]++;
}

/* The quantile q of n sorted values is the one with number floor(q * (n - 1)). shares: ascending;
 * values are NaN where nothing was counted. */
void az_tally_quantiles(const uint32_t tally[AZ_TALLY_POINTS], const double *shares, int count,
                        double *values);

#endif
