/* snow.h: what one trial of snow needs. */
#ifndef AZ_SKY_SNOW_H
#define AZ_SKY_SNOW_H

#include <stdbool.h>

#include "azimuth/simulate.h"
#include "sky/groups.h"

/* Greatest |noise| that a draw can give, in units of the scale: Box-Muller from 32 bits gives at
 * most sqrt(64 ln 2) = 6.6604, a Laplace draw at most 32 ln 2 = 22.181. */
#define AZ_SNOW_GAUSSIAN_MOST 6.661
#define AZ_SNOW_LAPLACE_MOST 22.182

/* Vectors beyond which pairs are not compared. */
#define AZ_SNOW_PAIRED 1000

/* Dimensions in which a row can leave the center's lattice point: all others are exactly it. */
struct az_snow_active {
    size_t count;
    uint32_t *dims; /* [count], ascending */
};

double az_snow_most(const struct az_snow *plan);
/* dims: room for plan->dims. */
void az_snow_find_active(const struct az_snow *plan, struct az_snow_active *active);

/* Fills trial from orders[rows][active], the lattice points of the survivors. */
struct az_snow_scratch {
    int32_t *orders;
    struct az_groups groups;
    int64_t *sorted;  /* [survivors] */
    uint32_t *parent; /* [AZ_SNOW_PAIRED] */
};
void az_snow_census(const struct az_snow *plan, const struct az_snow_active *active,
                    struct az_snow_scratch *scratch, struct az_snow_trial *trial);

enum az_status az_snow_check(const struct az_snow *plan, struct az_error *error);

#endif
