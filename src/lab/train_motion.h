/* train_motion.h: which dead tokens still move, step by step, while a model trains.
 *
 * A token moves at a step when any bit of its row changes, a sign flip of zero apart
 * (docs/definitions.md, "Motion"). In an untied model both its rows count, of W and of U. */
#ifndef AZ_LAB_TRAIN_MOTION_H
#define AZ_LAB_TRAIN_MOTION_H

#include "azimuth/bf16.h"
#include "azimuth/pool.h"
#include "azimuth/train.h"
#include "base/raise.h"

struct az_train_motion {
    size_t count, dims; /* dead tokens; coordinates of a row */
    const int64_t *tokens;
    const struct az_bf16 *matrix[2]; /* borrowed: W, and U or NULL */
    struct az_bf16 *previous[2];     /* [count][dims] */
    int64_t *last_motion_step;       /* [count], 0: never */
    size_t *moved_by_chunk;
    size_t moved; /* tokens that moved in the last step seen */
    int64_t step;
};

/* Bytes that az_train_motion_create allocates. */
enum az_status az_train_motion_memory(size_t count, size_t dims, bool tied, size_t *bytes,
                                      struct az_error *error);

/* Takes the rows `tokens` (borrowed) of the matrices as they are for the start. unembedding: NULL
 * when tied. */
enum az_status az_train_motion_create(struct az_train_motion **motion, size_t count, size_t dims,
                                      const int64_t *tokens, const struct az_bf16 *embedding,
                                      const struct az_bf16 *unembedding, struct az_error *error);
void az_train_motion_free(struct az_train_motion *motion);

/* The matrices as they are now are the state seen before: after they were filled from outside. */
void az_train_motion_begin(struct az_train_motion *motion);

/* Compares with the state seen before. Allocates nothing. */
void az_train_motion_step(struct az_train_motion *motion, int64_t step, struct az_pool *pool);

/* Steps since any dead token moved; 0 where there is none. */
int64_t az_train_motion_still_steps(const struct az_train_motion *motion, int64_t step);

/* Fills result->dead, frozen, guard_steps and the freeze steps after `steps` steps. */
enum az_status az_train_motion_freeze(const struct az_train_motion *motion, int64_t steps,
                                      struct az_train_result *result, struct az_error *error);

#endif
