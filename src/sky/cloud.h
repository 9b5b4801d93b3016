/* cloud.h: the vectors of a crystal along their own two leading principal components.
 *
 * From the distances between them (classical scaling), each vector counted once; nothing is read
 * from the matrix again. docs/census.md, "Figures". */
#ifndef AZ_SKY_CLOUD_H
#define AZ_SKY_CLOUD_H

#include "sky/crystal.h"

struct az_cloud {
    double *x, *y; /* [count of the crystal] in weight units about the mean; NaN: left out */
    double share_x, share_y; /* of the variance; NaN where all vectors are one */
};

/* use: [count] which vectors are looked at, NULL for all. Free in any case. */
enum az_status az_cloud_find(struct az_cloud *cloud, const struct az_crystal *crystal,
                             const unsigned char *use, struct az_error *error);
void az_cloud_free(struct az_cloud *cloud);

#endif
