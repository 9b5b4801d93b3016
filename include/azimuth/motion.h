/* motion.h: displacements on the lattice, step by step (docs/definitions.md, "Motion"). */
#ifndef AZIMUTH_MOTION_H
#define AZIMUTH_MOTION_H

#include "azimuth/lens.h"

/* What is told of each token at each step: enumerator, name with unit. */
#define AZ_MOTION_TABLE(X)                                                                         \
    X(AZ_MOTION_L1, "l1_cells")                                                                    \
    X(AZ_MOTION_L2, "l2_cells")                                                                    \
    X(AZ_MOTION_LINF, "linf_cells")                                                                \
    X(AZ_MOTION_HOPS, "hops")                                                                      \
    X(AZ_MOTION_L1_ULP, "l1_ulp_start")                                                            \
    X(AZ_MOTION_L2_ULP, "l2_ulp_start")                                                            \
    X(AZ_MOTION_LINF_ULP, "linf_ulp_start")                                                        \
    X(AZ_MOTION_LENGTH, "displacement_w")

enum az_motion_quantity {
#define AZ_MOTION_ENUMERATOR(id, name) id,
    AZ_MOTION_TABLE(AZ_MOTION_ENUMERATOR)
#undef AZ_MOTION_ENUMERATOR
        AZ_MOTION_QUANTITIES
};
AZ_API const char *az_motion_name(enum az_motion_quantity quantity);

/* Quantile q of n tokens is the smallest value that at least q n of them do not exceed; q = 0 the
 * least value. */
#define AZ_MOTION_QUANTILES 8
AZ_API double az_motion_share(int quantile); /* 0, .05, .25, .5, .75, .95, .99, 1 */

/* One step of one set. Counts are of coordinates where nothing else is said. */
struct az_motion_step {
    int64_t movers; /* tokens */
    int64_t l1_cells, hops, down_hops, zero_flips, sign_crossings, binade_crossings;
    int64_t zeros; /* exact zeros after the step */
    double quantiles[AZ_MOTION_QUANTITIES][AZ_MOTION_QUANTILES];
};

/* Sizes of hops: 1 to 16 cells each for itself, then 17-32, 33-64, ... 32,769-65,534. */
#define AZ_MOTION_SIZES 28
AZ_API int64_t az_motion_size_from(int size); /* the smallest of a bin */
AZ_API int64_t az_motion_size_to(int size);   /* the largest */

/* Coordinates whose |w| before the step had a biased exponent, summed over the steps of a window.
 */
#define AZ_MOTION_EXPONENTS 256
struct az_motion_stratum {
    int64_t coordinates; /* coordinate-steps */
    int64_t hops, down_hops, cells;
};

struct az_motion {
    struct az_motion_step *steps[AZ_LENS_SETS]; /* [moves], NULL where the set is empty */
    /* [AZ_LENS_WINDOWS][...] */
    int64_t (*sizes[AZ_LENS_SETS])[AZ_MOTION_SIZES][2]; /* hops by size, upward and downward */
    struct az_motion_stratum (*strata[AZ_LENS_SETS])[AZ_MOTION_EXPONENTS];
};

#endif
