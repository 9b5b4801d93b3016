/* neighbours.h: the k nearest rows of every row, exactly.
 *
 * Distances are those of float64: sums of squared differences of the rows' values in a fixed order.
 * Ties go to the lower row. Fast products only choose candidates: how wrong they can be is bounded
 * (src/sky/neighbours_tiles.c has the proof), and every row that could be among the k is compared
 * in float64. So the result does not depend on instruction set or number of threads. Rows with a
 * NaN or an infinity are nobody's neighbour and have none; under the cosine metric rows of zeros
 * likewise. */
#ifndef AZIMUTH_NEIGHBOURS_H
#define AZIMUTH_NEIGHBOURS_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/frame.h"
#include "azimuth/kernel.h"
#include "azimuth/matrix.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

#define AZ_METRIC_TABLE(X)                                                                         \
    X(AZ_METRIC_L2, "l2", "Euclidean distance in weight units")                                    \
    X(AZ_METRIC_COSINE, "cosine", "1 - cosine of the angle, seen from the origin")                 \
    X(AZ_METRIC_CAUSAL, "causal", "Euclidean distance of whitened rows: the causal metric")

enum az_metric {
#define AZ_METRIC_ENUMERATOR(id, name, meaning) id,
    AZ_METRIC_TABLE(AZ_METRIC_ENUMERATOR)
#undef AZ_METRIC_ENUMERATOR
        AZ_METRIC_COUNT
};

#define AZ_NEIGHBOURS_MOST 1000 /* k */

struct az_neighbours_plan {
    int64_t k;
    enum az_metric metric;
    const struct az_frame *frame; /* causal: a whole frame of the matrix; its ridge */
    double ridge;
    const int64_t *queries; /* [query_count] rows, or NULL: all rows */
    int64_t query_count;
};

struct az_neighbours {
    int64_t queries, k;
    int32_t *rows;      /* [queries][k] nearest first; -1 where there are no more */
    double *distances;  /* [queries][k]; NaN likewise */
    int64_t distinct;   /* vectors among the rows */
    int64_t left_out;   /* rows that have no neighbours: not finite, or without a direction */
    int64_t rechecked;  /* pairs compared in float64 */
    int64_t exhaustive; /* vectors compared with all others, for lack of a useful bound */
};

/* kernels: NULL: the best there are. AZ_USAGE for a k out of range, a query that is no row, a
 * frame that does not fit; AZ_MEMORY for more than 2^31 - 1 rows. Free with az_neighbours_free. */
AZ_API enum az_status az_neighbours_find(struct az_neighbours **neighbours,
                                         const struct az_matrix *matrix,
                                         const struct az_neighbours_plan *plan,
                                         const struct az_kernels *kernels, struct az_pool *pool,
                                         struct az_progress *progress, struct az_error *error);
AZ_API void az_neighbours_free(struct az_neighbours *neighbours); /* NULL is allowed */
AZ_API const char *az_metric_name(enum az_metric metric);

#endif
