/* census.h: the census of a matrix: which rows are equal to the bit, which touch on the lattice,
 * how far from a centre everything lies. Definitions: docs/definitions.md, "The static matrix".
 *
 * One call does all: rows (norms, mean, components), exact duplicates, the curve of exponent
 * distances with its plateau, selections, pairs in steps, components, flood fill, geography,
 * extents, and, with a tokenizer, suspects. The matrix is read three times and never copied.
 * Results depend neither on threads nor on the instruction set. */
#ifndef AZIMUTH_CENSUS_H
#define AZIMUTH_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/matrix.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"
#include "azimuth/tokenizer.h"

struct az_census;

/* Zeroed is the default, but for reach and threshold: use AZ_CENSUS_DEFAULTS. */
struct az_census_options {
    int64_t center;     /* token whose row is the centre; -1: the largest black hole, or where there
                           is none the row nearest to the mean */
    int64_t threshold;  /* of the neighbourhood, in exponents; -1: the plateau's */
    int64_t reach;      /* steps: vectors touch when Linf <= reach */
    double core_radius; /* of the core in weight units; 0: the greatest log gap */
    bool distinct_zero; /* -0 and +0 differ */
    bool duplicates_only;
    bool suspects;                        /* rank under-trained tokens */
    const struct az_tokenizer *tokenizer; /* NULL: ids only */
    const char *const *selections;        /* "NAME=EXPRESSION", docs/census.md */
    int64_t selection_count;
};
#define AZ_CENSUS_DEFAULTS                                                                         \
    {                                                                                              \
        .center = -1, .threshold = -1, .reach = 1                                                  \
    }

/* matrix and options' strings are borrowed until free. *census is NULL on failure. */
AZ_API enum az_status az_census_take(struct az_census **census, const struct az_matrix *matrix,
                                     const struct az_census_options *options, struct az_pool *pool,
                                     struct az_progress *progress, struct az_error *error);
AZ_API void az_census_free(struct az_census *census); /* NULL is allowed */

/* What a line of a table of models holds. Radii and norms in weight units. */
struct az_census_counts {
    int64_t rows, dims;
    int64_t unique, excess, black_holes, black_hole_tokens, largest, nan_rows;
    double norm_mean, norm_deviation, norm_least, norm_greatest, mean_norm;
    int64_t center_token;
    int64_t threshold; /* -1: there is no plateau */
    int64_t neighborhood_tokens, neighborhood_vectors;
    int64_t flood_tokens, flood_vectors;
    int64_t edges, components; /* of the vectors compared */
    int64_t compared;          /* vectors compared; 0 where there were none, or too many */
};
AZ_API void az_census_count(const struct az_census *census, struct az_census_counts *counts);

/* The unique vector of each row, by population and then lowest row, so that 0..black_holes-1 are
 * the black holes; -1 for a row with NaN. Borrowed [rows]. */
AZ_API const int32_t *az_census_vectors(const struct az_census *census);
/* Rows of a selection by name ("black_holes", "neighborhood", "spongecrystal", ...): 1 for each row
 * that is in it; borrowed [rows]. NULL when there is none of that name. */
AZ_API const uint8_t *az_census_mask(const struct az_census *census, const char *name);

#endif
