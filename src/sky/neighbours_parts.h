/* neighbours_parts.h: the steps of finding neighbours. */
#ifndef AZ_SKY_NEIGHBOURS_PARTS_H
#define AZ_SKY_NEIGHBOURS_PARTS_H

#include <stdbool.h>

#include "azimuth/neighbours.h"
#include "base/raise.h"
#include "sky/near_code.h"

/* The rows as points, and their classes: rows of equal values (+0 and -0 are equal). */
struct az_points {
    const struct az_matrix *matrix;
    const struct az_kernels *kernels;
    struct az_near_code code;
    enum az_metric metric;
    size_t rows, dims;
    const struct az_bf16 *narrow; /* [rows][narrow_stride], or NULL: wide holds the points */
    size_t narrow_stride;
    const float *wide;  /* [rows][dims], or NULL */
    void *owned;        /* what narrow or wide points to, where it is not the map */
    double *inverse;    /* [rows] cosine: 1 / norm */
    double *squares;    /* [rows] |row|^2 */
    unsigned char *use; /* [rows] */
    float most;         /* greatest magnitude of a coordinate */
    size_t class_count;
    uint32_t *first;        /* [classes] the lowest row of each, ascending */
    uint32_t *class_of;     /* [rows] UINT32_MAX for a row that is left out */
    uint32_t *member_start; /* [classes + 1] into members */
    uint32_t *members;      /* rows, ascending within a class */
};

enum az_status az_points_create(struct az_points *points, const struct az_matrix *matrix,
                                const struct az_neighbours_plan *plan,
                                const struct az_kernels *kernels, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error);
void az_points_free(struct az_points *points);

#define AZ_NEAR_PANEL 256 /* dimensions multiplied before the next look at what is near */

/* Row as float32 into values[dims] (scratch), or where it lies. */
const float *az_points_row(const struct az_points *points, size_t row, float *scratch);

/* The distance by which neighbours are ranked, in float64, always in this order of operations: the
 * squared Euclidean one; cosine: half the squared one between unit vectors, which is 1 - cosine. */
double az_points_distance(const struct az_points *points, size_t row_a, const float *a,
                          size_t row_b, const float *b);

/* A class near another one. Ranked by distance, then by class (which is by lowest row). */
struct az_near {
    double distance;
    uint32_t class_number;
};
/* Inserts into the k nearest so far, sorted; returns the new count. */
size_t az_near_insert(struct az_near *list, size_t count, size_t k, struct az_near found);

/* nearest[wanted][k], counts[wanted]: the k nearest other classes of the wanted classes, each
 * compared with all. */
enum az_status az_exhaustive_find(const struct az_points *points, const uint32_t *wanted,
                                  size_t wanted_count, size_t k, struct az_near *nearest,
                                  size_t *counts, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error);

/* Candidates of every class: classes that hold the k nearest ones for certain. Both are told by
 * their place in an order of classes. */
#define AZ_CANDIDATES_TOO_MANY SIZE_MAX /* a count */
struct az_candidates {
    size_t classes, k, capacity;
    uint32_t *order; /* [classes] the class at each place */
    uint32_t **list; /* [classes][counts] places; into slab, or blocks of their own */
    uint32_t *slab;
    size_t *counts, *capacities;
    float **low; /* how near each can be at least */
    float *low_slab;
    float *threshold; /* [classes] what is not nearer than this is no candidate */
    float *wide_by;   /* [classes] low + wide_by of the candidate: at most, but for twice own */
    float *own;       /* [classes] the part of the error that is the row's whose list it is */
    float *upper;     /* scratch */
};
enum az_status az_candidates_find(struct az_candidates *found, const struct az_points *points,
                                  size_t k, struct az_pool *pool, struct az_progress *progress,
                                  struct az_error *error);
void az_candidates_free(struct az_candidates *found);

/* What az_candidates_find is made of: nothing is known, a place is offered to another, what cannot
 * be among the k nearest is dropped. */
struct az_near_hit {
    uint32_t of, other;
    float low;
};
enum az_status az_candidates_create(struct az_candidates *found, size_t classes, size_t k,
                                    struct az_error *error);
void az_candidates_take(struct az_candidates *found, const struct az_near_hit *hit);
void az_candidates_compact(struct az_candidates *found, uint32_t place);

/* False where squares of the values could leave the range of float32: then nothing is fast. */
bool az_points_bounded(const struct az_points *points);

#endif
