/* census_files.h: a census as files: JSON, CSV tables, masks under the names people know, and the
 * catalog. */
#ifndef AZ_SKY_CENSUS_FILES_H
#define AZ_SKY_CENSUS_FILES_H

#include <stdio.h>

#include "sky/census_state.h"

/* Suspects that files list: the first 1/50 of the rows, the literature's 2 %. */
#define AZ_CENSUS_SUSPECT_SHARE 50

/* The lowest token of a unique vector. */
static inline int64_t az_census_first_token(const struct az_census *census, int64_t vector)
{
    return az_matrix_token(census->matrix, census->found.first[vector]);
}

/* Everything into a directory, which is made. */
enum az_status az_census_write(const struct az_census *census, const char *directory,
                               struct az_progress *progress, struct az_error *error);
/* The JSON of census.json. */
enum az_status az_census_print_json(const struct az_census *census, FILE *file,
                                    struct az_error *error);

/* Parts of az_census_write. */
enum az_status az_census_json(const struct az_census *census, char **text, size_t *length_bytes,
                              struct az_error *error);
enum az_status az_census_tables(const struct az_census *census, const char *directory,
                                struct az_error *error);
enum az_status az_census_masks(const struct az_census *census, const char *path,
                               struct az_error *error);
enum az_status az_census_catalog(const struct az_census *census, const char *path,
                                 struct az_error *error);

#endif
