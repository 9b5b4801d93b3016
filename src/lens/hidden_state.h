/* hidden_state.h: what the parts of az_hidden_look share.
 *
 * The steps that are looked at are numbered 0, 1, ... A block of them is worked through by all
 * threads, a step each (hidden_frame.c, hidden_shares.c); what compares a step with the one before
 * comes after, in order, and what needs all steps at the end (hidden_track.c). */
#ifndef AZ_LENS_HIDDEN_STATE_H
#define AZ_LENS_HIDDEN_STATE_H

#include "azimuth/hidden.h"
#include "azimuth/pool.h"
#include "lab/hidden_sums.h"
#include "lens/pass.h"
#include "lens/rows.h"
#include "lens/token_sets.h"

/* What is read beside one another: of step t h[t], the gradient of t, and the matrix before and
 * after the step. */
enum az_hidden_feed_name {
    AZ_FEED_STATES,
    AZ_FEED_GRADIENT,
    AZ_FEED_AFTER,
    AZ_FEED_BEFORE, /* has no pass of its own where it is what came after the step before */
    AZ_FEEDS
};

struct az_hidden_feed {
    const struct az_recorded *tensor; /* NULL: not recorded */
    int64_t *list;                    /* [count + 1] frame of step n in n + 1; below 0: none */
    struct az_pass *pass;
    struct az_pass_block block;
};

/* Softmax over the vocabulary, for one thread. */
struct az_hidden_softmax {
    struct az_bf16 *rows;                /* [most of dead, live][dims] */
    struct az_bf16 *packed, *tile;       /* B of a product; [32][dims padded] */
    struct az_bf16 *narrow;              /* [most] */
    float *logits;                       /* [32][most] */
    float *maximum[2], *sum[2], *shares; /* [positions] of dead and live tokens; dead share */
};

struct az_hidden_scratch {
    double *chunks;                              /* [chunks][2][dims] */
    double *chunk, *centred, *values, *diagonal; /* [dims] */
    double *covariance;                          /* [dims][dims]; NULL: too large */
    struct az_hidden_softmax softmax;
};

struct az_hidden_look {
    struct az_hidden *hidden;
    struct az_recording *recording;
    struct az_hidden_feed feeds[AZ_FEEDS];
    const struct az_recorded *matrix;
    struct az_row_code rows;
    struct az_kernels kernels;
    struct az_pool *pool;
    bool rounded; /* logits are rounded to bf16, as a model does that computes in bf16 */
    int64_t *dead, *live, *gradient_dead; /* rows of the matrix; of its gradient */
    size_t dead_count, live_count, gradient_dead_count;
    size_t dims, positions, chunks;
    int threads;
    struct az_hidden_scratch *scratch; /* [threads] */

    int64_t number, steps; /* of the block: its first step, how many */
    double *push;          /* [steps of a block][dims] mean of p_dead h; NaN: not known */
    double *drift;         /* [steps of a block][dims] dc */
    /* from step to step */
    double *last_drift, *running; /* [dims] */
    double forgotten;             /* what the running mean lacks of all that was before */
};

/* Frame of step n of the block; NULL: not recorded. */
const void *az_hidden_frame(const struct az_hidden_look *look, enum az_hidden_feed_name feed,
                            int64_t n);

/* Step n of the block: every quantity that needs no other step, all its vectors. */
void az_hidden_look_at(struct az_hidden_look *look, int64_t n, int thread);
/* Then what compares it with the step before. Steps in order. */
void az_hidden_follow(struct az_hidden_look *look, int64_t n);
/* At the end: lags and tracks. scratch: [2][dims] */
void az_hidden_finish(struct az_hidden *hidden, double *scratch);

enum az_status az_hidden_softmax_create(struct az_hidden_softmax *softmax,
                                        const struct az_hidden_look *look, struct az_error *error);
void az_hidden_softmax_free(struct az_hidden_softmax *softmax);
/* softmax->shares[positions]: probability of all dead tokens together. */
void az_hidden_shares(const struct az_hidden_look *look, const struct az_bf16 *h,
                      const struct az_bf16 *matrix, struct az_hidden_softmax *softmax);

static inline double *az_hidden_row(const struct az_hidden *hidden, enum az_hidden_vector vector,
                                    int64_t step)
{
    return hidden->vectors[vector] + (size_t)step * (size_t)hidden->dims;
}

#endif
