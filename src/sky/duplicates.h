/* duplicates.h: which rows are equal to the bit: unique vectors, black holes, singletons.
 *
 * docs/definitions.md, "The static matrix". Vectors are ordered by population, descending, then by
 * their lowest row, so that black holes come first. */
#ifndef AZ_SKY_DUPLICATES_H
#define AZ_SKY_DUPLICATES_H

#include <stdbool.h>

#include "azimuth/matrix.h"
#include "sky/scan.h"

#define AZ_NO_VECTOR (-1) /* of a row with NaN, which is equal to nothing */

struct az_duplicates {
    int64_t rows;
    int64_t unique;            /* vectors, NaN rows not counted */
    int64_t black_holes;       /* vectors of population 2 and more */
    int64_t black_hole_tokens; /* rows in them */
    int64_t excess;            /* rows - NaN rows - unique */
    int64_t zero_pairs;        /* pairs of equal rows */
    int64_t nan_rows;
    int64_t other_unique; /* unique, had -0 been treated the other way */
    int32_t *vector_of;   /* [rows] */
    int64_t *population;  /* [unique] */
    int32_t *first;       /* [unique] lowest row */
    int64_t *begin;       /* [unique + 1] of its members */
    int32_t *members;     /* [rows - NaN rows] rows, ascending within a vector */
};

/* distinct_zero: -0 and +0 differ; else they are equal. Hashes are believed only where they differ:
 * equal ones are compared byte by byte. At most 2^31 - 1 rows. Free in any case. */
enum az_status az_duplicates_find(struct az_duplicates *found, const struct az_matrix *matrix,
                                  const struct az_scan *scan, bool distinct_zero,
                                  struct az_error *error);
void az_duplicates_free(struct az_duplicates *found);

#endif
