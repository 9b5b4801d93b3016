/* flood.h: flood fill on the lattice: from seeds through all vectors of the matrix that touch. */
#ifndef AZ_SKY_FLOOD_H
#define AZ_SKY_FLOOD_H

#include "sky/duplicates.h"

#define AZ_FLOOD_DRY UINT16_MAX /* of a vector that was not reached */

struct az_flood {
    int64_t unique;
    uint16_t *wave; /* [unique] 0 of a seed, n of a vector that came in the nth wave */
    int64_t vectors, tokens, black_holes, waves;
    int32_t *members;   /* [vectors] ascending */
    int32_t *component; /* [vectors] numbered by their first member */
    bool *touches;      /* [vectors] has a neighbour among the members */
    int64_t components;
};

/* seeds: vectors. reach: vectors touch when Linf <= reach. Free in any case. */
enum az_status az_flood_fill(struct az_flood *flood, const struct az_matrix *matrix,
                             const struct az_duplicates *found, const int32_t *seeds,
                             int64_t seed_count, uint32_t reach, struct az_pool *pool,
                             struct az_progress *progress, struct az_error *error);
void az_flood_free(struct az_flood *flood);

#endif
