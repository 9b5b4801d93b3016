/* train_live.h: measures of a run that are cheap enough to be taken while it trains, of dead tokens
 * and of the hidden states (docs/definitions.md, "Motion", "Forces", "Hidden states"). */
#ifndef AZ_LAB_TRAIN_LIVE_H
#define AZ_LAB_TRAIN_LIVE_H

#include "lab/optimizer.h"
#include "lab/train_motion.h"

/* Motion and force are measured at steps 1 to 10 and at every tenth step after; of the hidden
 * states, what needs only them at every step. */
bool az_train_live_is_due(int64_t step);

struct az_train_live {
    const struct az_train_motion *motion; /* borrowed, as the optimizer is */
    const struct az_optimizer *optimizer;
    int which;     /* matrix of the motion: W, or U where it is not tied */
    size_t offset; /* of that matrix in the flat vector */
    size_t width;
    float *drives;     /* [count][dims] */
    int64_t *l1_cells; /* [count] */
    int64_t *linf_cells;
    uint32_t *tally;         /* of the drives */
    double *h_sums;          /* [h_chunks][2][width] */
    double *pushes, *drifts; /* [row_chunks][width] sums of dead gradients, of dead motions */
    double *push, *drift;    /* [width] of all of them */
    double *h_now;           /* [width] */
    size_t positions, h_chunks, row_chunks;
    const struct az_bf16 *hidden;

    /* State: the mean hidden state of the last step, zeros before the first. */
    double *h_mean;

    /* Of the last step; NaN where it was not measured, or cannot be. */
    double l1_median_cells, l1_q99_cells, linf_median_cells, linf_q99_cells;
    double drive_median, drive_q99;
    double h_autocorrelation; /* cosine of the mean hidden states of this step and the last */
    double h_mean_norm, h_resultant_length;
    double cos_h_dead_h_mean, cos_h_mean_minus_dc, cos_h_dead_minus_dc;
};

/* Bytes that az_train_live_create allocates. */
enum az_status az_train_live_memory(size_t dead, size_t dims, size_t positions, size_t *bytes,
                                    struct az_error *error);
enum az_status az_train_live_create(struct az_train_live **live,
                                    const struct az_train_motion *motion,
                                    const struct az_optimizer *optimizer, size_t positions,
                                    struct az_error *error);
void az_train_live_free(struct az_train_live *live); /* NULL is allowed */

/* After the optimizer's step and before az_train_motion_step, which forgets the rows before it.
 * hidden: [positions][dims]. Allocates nothing; results do not depend on the pool. */
void az_train_live_step(struct az_train_live *live, int64_t step, const struct az_bf16 *hidden,
                        struct az_pool *pool);

#endif
