/* look.h: what the parts of az_lens_look share.
 *
 * A block of moves is worked through in stages, each over all threads: displacements of every row
 * (look_move.c), sums over rows (look_sum.c), quantiles (look_quantile.c), then what needs the
 * centroids (look_cloud.c, look_velocity.c). Rows go in chunks of fixed size and sums of chunks are
 * added in order, so that the threads do not show. */
#ifndef AZ_LENS_LOOK_H
#define AZ_LENS_LOOK_H

#include "azimuth/kinematics.h"
#include "azimuth/lifecycle.h"
#include "azimuth/motion.h"
#include "azimuth/pool.h"
#include "lens/pass.h"
#include "lens/rows.h"
#include "lens/token_sets.h"

#define AZ_LOOK_CHUNK_ROWS 128

/* Sums over the rows of one class in one chunk at one frame. */
struct az_look_sums {
    struct az_motion_step motion; /* its quantiles are not used */
    int64_t states[AZ_LIVES];
    double norms;                /* |x| */
    double squares, fourths;     /* |dx|^2, |dx|^4 */
    double radial, radial_sizes; /* of movers */
    double radial_squares;       /* (dx . x / |x|)^2 of movers */
    int64_t outward, inward;
};

/* Sums over the rows of one set in one chunk at one frame, about the set's centroid. */
struct az_look_cloud {
    double radii, squared_radii, most, thermal;
};

/* What one thread counts, window by window, class by class. */
struct az_look_counts {
    /* Four tables in turns: hops of one kind follow one another, and would wait for each other. */
    int64_t hops[AZ_LENS_WINDOWS][AZ_TOKEN_CLASSES][4][AZ_HOP_KINDS + 1];
    /* coordinate-steps; and cells of the hops whose bin holds several sizes */
    int64_t coordinates[AZ_LENS_WINDOWS][AZ_TOKEN_CLASSES][AZ_MOTION_EXPONENTS];
    int64_t large_cells[AZ_LENS_WINDOWS][AZ_TOKEN_CLASSES][AZ_MOTION_EXPONENTS];
};

struct az_look_velocity; /* look_velocity.c */
struct az_token_arrays;  /* token_arrays.h */

struct az_look {
    struct az_lens *lens;
    struct az_lens_subject *subject; /* = &lens->subject */
    const struct az_recorded *tensor;
    struct az_recording *recording;
    struct az_token_sets sets;
    struct az_row_code rows;
    struct az_pool *pool;
    bool kinematics;
    size_t dims;
    int64_t chunks, most_moves;
    int64_t window_moves[AZ_LENS_WINDOWS];

    struct az_pass_block block;
    int64_t from; /* first frame of the block to be looked at: 0 in the first block, else 1 */

    /* of the block; [most_moves][rows] each, number 0 is the first move */
    uint32_t *keys[AZ_MOTION_QUANTITIES]; /* a non-negative integer, or the bits of a float >= 0 */
    double *squares;                      /* |dx|^2 */
    struct az_look_sums *sums;            /* [most_moves + 1][chunks][AZ_TOKEN_CLASSES] */
    double *positions, *drifts;           /* the same, [dims] each: sums of x and of dx */
    struct az_look_cloud *clouds;         /* [most_moves + 1][chunks][AZ_LENS_SETS] */
    double *set_drifts;                   /* [most_moves + 1][AZ_LENS_SETS][dims] mean dx */

    /* of each row, through the whole pass */
    double *norms; /* |x| of the last frame seen */
    int32_t *zeros;
    uint8_t *states;
    int64_t *still_run;            /* frames since the last motion */
    struct az_bf16 *start;         /* [rows][dims] the first frame */
    double *last_drift;            /* [AZ_LENS_SETS][dims] */
    double *chunk_positions;       /* [chunks][AZ_TOKEN_CLASSES][dims] of the last frame */
    struct az_look_counts *counts; /* [threads] */
    uint16_t *kinds;               /* [threads][padded dims] */
    uint32_t *sorting;             /* [threads][2][rows] */

    struct az_look_velocity *velocity;
    struct az_token_arrays *arrays;
};

static inline size_t az_look_slot(const struct az_look *look, int64_t frame, int64_t chunk,
                                  int part, int parts)
{
    return (size_t)((frame * look->chunks + chunk) * parts + part);
}

static inline const struct az_bf16 *az_look_row(const struct az_look *look, int64_t frame,
                                                int64_t row)
{
    return az_pass_rows(&look->block, look->tensor, frame) + (size_t)row * look->dims;
}

static inline int64_t az_look_end_row(const struct az_look *look, int64_t chunk)
{
    int64_t end = (chunk + 1) * AZ_LOOK_CHUNK_ROWS;
    return end < look->sets.rows ? end : look->sets.rows;
}

static inline int64_t az_look_step(const struct az_look *look, int64_t frame)
{
    return look->subject->steps[look->block.number + frame];
}

static inline size_t az_look_padded(size_t dims)
{
    return (dims + AZ_HOP_BLOCK - 1) / AZ_HOP_BLOCK * AZ_HOP_BLOCK;
}

/* The stages, in their order. Frames of the block from look->from on. */
void az_look_move(struct az_look *look); /* keys, sums, lives of tokens */
void az_look_sum(struct az_look *look);  /* steps of motion and lifecycle, centroids */
void az_look_quantiles(struct az_look *look);
void az_look_cloud(struct az_look *look);
enum az_status az_look_velocity_create(struct az_look *look, struct az_error *error);
void az_look_velocity(struct az_look *look);
void az_look_velocity_free(struct az_look_velocity *velocity);
enum az_status az_look_arrays_create(struct az_look *look, const char *path,
                                     struct az_error *error);
enum az_status az_look_arrays_write(struct az_look *look, struct az_error *error);
enum az_status az_look_arrays_commit(struct az_look *look, struct az_error *error);
enum az_status az_look_shapes_create(struct az_look *look, struct az_error *error);
enum az_status az_look_shapes(struct az_look *look, struct az_error *error);

/* After the last block. */
void az_look_finish_motion(struct az_look *look);
enum az_status az_look_finish_lives(struct az_look *look, struct az_error *error);
enum az_status az_look_finish_paths(struct az_look *look, struct az_error *error);

/* A float >= 0 as a key, and back. */
static inline uint32_t az_look_key(double value) { return az_f32_bits((float)value); }
static inline bool az_look_key_is_float(enum az_motion_quantity quantity)
{
    return quantity != AZ_MOTION_L1 && quantity != AZ_MOTION_LINF && quantity != AZ_MOTION_HOPS;
}

#endif
