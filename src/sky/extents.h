/* extents.h: in which dimensions the vectors of a selection differ, and by how much. */
#ifndef AZ_SKY_EXTENTS_H
#define AZ_SKY_EXTENTS_H

#include "sky/crystal.h"

struct az_extents {
    int64_t dims, active;      /* active: dimensions in which the vectors are not all equal */
    int32_t *least, *greatest; /* [dims] orders */
    uint32_t *extent;          /* [dims] greatest - least, in steps */
    uint32_t *distinct;        /* [dims] different values */
    int32_t *exponent;         /* [dims] of the first vector */
    double log10_cells;        /* of the lattice points in the box: sum of log10(extent + 1) */
};

/* From the orders of a crystal; count: its first vectors only (the black holes). Free in any case.
 */
enum az_status az_extents_measure(struct az_extents *extents, const struct az_crystal *crystal,
                                  enum az_dtype dtype, int64_t count, struct az_error *error);
void az_extents_free(struct az_extents *extents);

#endif
