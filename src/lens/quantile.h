/* quantile.h: quantiles of one number for each row, over every set of tokens. */
#ifndef AZ_LENS_QUANTILE_H
#define AZ_LENS_QUANTILE_H

#include "azimuth/motion.h"
#include "lens/token_sets.h"

/* The key of a row that has no number, and the quantile where no row of a set has one. As the bits
 * of a float it is NaN. */
#define AZ_QUANTILE_NONE UINT32_MAX

/* keys[rows]: integers, or bits of floats >= 0, whose order is that of integers. The quantiles are
 * those of az_motion_share, definition in motion.h. scratch: [2][rows]. */
void az_quantiles(const struct az_token_sets *sets, const uint32_t *keys, uint32_t *scratch,
                  uint32_t quantiles[AZ_LENS_SETS][AZ_MOTION_QUANTILES]);

#endif
