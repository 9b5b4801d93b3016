/* ledger.h: the forces on each coordinate, and which of them let go when a token froze
 * (docs/definitions.md, "Forces").
 *
 * Of a coordinate at step t, from the frames of t (m, v) and t-1 (W):
 *   step a = lr * mhat / (sqrt(vhat) + eps), mhat = m / (1 - beta1^t), vhat = v / (1 - beta2^t);
 *   half gap = half the distance from W[t-1] to the next bf16 in the direction of -a;
 *   drive ratio = |a| / half gap: rounding to nearest moves W when it is above 1.
 * In float64 from the recorded m and v; weight decay is not part of a. bf16-fused steps by m and v
 * before they are rounded, so there a is off by their rounding. */
#ifndef AZIMUTH_LEDGER_H
#define AZIMUTH_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/progress.h"
#include "azimuth/status.h"

enum az_ledger_set { AZ_LEDGER_DEAD, AZ_LEDGER_LIVE, AZ_LEDGER_SETS };

/* Quantiles over the coordinates of a set, from values rounded to bf16 (within 0.4 %). */
#define AZ_LEDGER_QUANTILES 7
AZ_API double az_ledger_quantile(int n); /* 0, .01, .25, .5, .75, .99, 1 */

/* A set at a step. Shares are of its coordinates. */
struct az_ledger_set_step {
    double drive[AZ_LEDGER_QUANTILES];
    double m_abs[AZ_LEDGER_QUANTILES], v_root[AZ_LEDGER_QUANTILES]; /* |m|, sqrt(v), weight units */
    double drive_share;                                             /* with a drive ratio above 1 */
    double moved_share;                                             /* that moved */
    double m_zero_share;                                            /* with m = 0 */
    double v_power_share;      /* with v a power of two, of those with v > 0 */
    double v_unchanged_share;  /* whose v has the bits of the frame before */
    double v_age_median_steps; /* since v last changed; 0: it changed now */
};

struct az_ledger_step {
    int64_t step;
    double lr;
    struct az_ledger_set_step sets[AZ_LEDGER_SETS];
};

/* What took the drive ratio below 1 for good. The coordinate is, of those that hopped at the
 * token's last motion, the one with the greatest drive ratio. Its drive ratio there is compared
 * with the geometric mean over the guard's steps that follow; the logarithm of the quotient is the
 * sum of four parts, and the cause is the most negative one. */
#define AZ_CAUSE_TABLE(X)                                                                          \
    X(AZ_CAUSE_M, "m decayed", "|mhat| fell, or became 0")                                         \
    X(AZ_CAUSE_V, "v grown", "sqrt(vhat) + eps rose")                                              \
    X(AZ_CAUSE_GAP, "spacing grown", "|w| went up a binade: the gap doubled")                      \
    X(AZ_CAUSE_LR, "lr decayed", "the schedule")

enum az_cause {
#define AZ_CAUSE_ENUMERATOR(id, name, meaning) id,
    AZ_CAUSE_TABLE(AZ_CAUSE_ENUMERATOR)
#undef AZ_CAUSE_ENUMERATOR
        AZ_CAUSES
};
AZ_API const char *az_cause_name(enum az_cause cause);
AZ_API const char *az_cause_meaning(enum az_cause cause);

struct az_ledger_token {
    int64_t token;
    bool dead, frozen;        /* frozen: not censored by the guard; what follows is then filled */
    int64_t last_motion_step; /* 0: never moved */
    int64_t dim;              /* the coordinate */
    double drive_at_last_hop; /* drive ratio there */
    double parts[AZ_CAUSES];  /* natural logarithms; -inf where m became 0 */
    enum az_cause cause;
    bool v_locked; /* v of the coordinate had the same bits throughout the guard's steps */
    /* At the last step, of the coordinate with the greatest drive ratio: |mhat|, and the |mhat|
     * that would move it, half gap * (sqrt(vhat) + eps) / lr. The quotient is the drive ratio. */
    double m_end, m_needed_end;
    double v_root_end, half_gap_end_w; /* sqrt(vhat) + eps, and the half gap, in that */
};

/* One coordinate of the token that is followed, at one step. */
struct az_ledger_entry {
    int64_t step, dim;
    double g, m, v, w_before, w_after, step_w, half_gap_w, drive;
    int32_t cells_predicted; /* of w_before * (1 - lr * wd) - a, rounded to nearest once */
    int32_t cells_seen;
};

struct az_ledger_options {
    const char *matrix;             /* NULL: "W" */
    const char *const *assignments; /* as in account.h; may be NULL */
    int threads;                    /* 0: all */
    int64_t guard_steps;            /* 0: max(100, T/10) */
    int64_t token;                  /* to be followed, or -1 */
    /* Called for every step in order, and for every coordinate of the token; may be NULL. */
    void (*step)(void *context, const struct az_ledger_step *step);
    void (*entry)(void *context, const struct az_ledger_entry *entry);
    void *context;
};

struct az_ledger {
    int64_t steps, rows, dims, guard_steps;
    int64_t rows_of[AZ_LEDGER_SETS]; /* dead is 0 where the recording does not say who is dead */
    struct az_ledger_token *tokens;  /* [rows] */
    /* Dead tokens: frozen, by cause, and with v locked; never moved; censored. */
    int64_t frozen, causes[AZ_CAUSES], locked, never_moved, censored;
};

/* Reads the recording once; memory does not grow with its length. Needs what accounting needs, with
 * a frame of each tensor at every step. Results do not depend on threads. Free with az_ledger_free
 * in any case. AZ_MISSING: tensors, hyperparameters or frames that are not there; AZ_USAGE: the
 * token was not recorded; AZ_INTERRUPTED. */
AZ_API enum az_status az_ledger_make(struct az_ledger *ledger, const char *path,
                                     const struct az_ledger_options *options,
                                     struct az_progress *progress, struct az_error *error);
AZ_API void az_ledger_free(struct az_ledger *ledger);

#endif
