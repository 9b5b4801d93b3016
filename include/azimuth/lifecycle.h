/* lifecycle.h: when tokens cool down and freeze (docs/definitions.md, "Lifecycle"). */
#ifndef AZIMUTH_LIFECYCLE_H
#define AZIMUTH_LIFECYCLE_H

#include "azimuth/lens.h"

/* States of a token at a step, coldest first, and the condition that it holds at least: a hotter
 * one implies all colder ones. The phase of the same place in the table lasts until the last step
 * at which its state or a hotter one held. */
#define AZ_LIFE_TABLE(X)                                                                           \
    X(AZ_LIFE_STILL, "still", "fimbulwinter", "L1 = 0")                                            \
    X(AZ_LIFE_LATE, "late", "late", "L1 > 0")                                                      \
    X(AZ_LIFE_MIDLIFE, "midlife", "midlife", "Linf > 1")                                           \
    X(AZ_LIFE_EARLY, "early", "early", "L2 > sqrt(D)")                                             \
    X(AZ_LIFE_HYPERNOVA, "hypernova", "hypernova", "L2 > 1000")

enum az_life {
#define AZ_LIFE_ENUMERATOR(id, state, phase, condition) id,
    AZ_LIFE_TABLE(AZ_LIFE_ENUMERATOR)
#undef AZ_LIFE_ENUMERATOR
        AZ_LIVES
};
AZ_API const char *az_life_state_name(enum az_life life);
AZ_API const char *az_life_phase_name(enum az_life life);

/* One token. Steps are 0 where the thing never was. */
struct az_token_life {
    int64_t end_step[AZ_LIVES]; /* of the phase; end_step[AZ_LIFE_LATE] is last_motion_step;
                                   [AZ_LIFE_STILL] is not used */
    int64_t freeze_step;        /* last_motion_step + 1 */
    bool censored;
    int64_t first_still_step;
    int64_t moving_steps;   /* frames that show a motion */
    int64_t stumbles;       /* motions after at least one still step that followed a motion */
    int64_t reheats, cools; /* transitions to a hotter and to a colder state */
    int64_t still_runs,
        longest_still_steps; /* before the last motion: runs, frames of the longest */
    int64_t hops, l1_cells;  /* over all steps */
    double norm_start_w, norm_end_w;
};

#define AZ_LIFE_MOST_SPANS 400
#define AZ_LIFE_SHARES 4
AZ_API double az_life_share(int n); /* .5, .9, .99, 1 */

struct az_still_run {
    int64_t first_step, last_step;
    int64_t frames;
};

/* A set. Onsets are -1 where the share was never reached. */
struct az_set_life {
    int64_t first_onset_step[AZ_LIFE_SHARES]; /* first t with F(t) >= q */
    int64_t last_onset_step[AZ_LIFE_SHARES];  /* last t with F(t) < q, plus one */
    int64_t still_steps, runs;                /* frames in which nobody moved, and runs of them */
    struct az_still_run longest, second;      /* by frames, the earlier of equals; the last one
                                                 is among them when it is as long */
    int64_t fimbulwinter_step;                /* last motion of anyone, plus one */
    int64_t fimbulwinter_steps;               /* from then to the end */
    double fimbulwinter_ratio; /* its frames to those of the longest run before; inf: none */
    bool censored;
    int64_t frozen, censored_tokens, never_moved; /* tokens */
    int64_t freeze_quantiles[5]; /* 0, .25, .5, .75, 1 of the frozen tokens; -1: there are none */
    int64_t straggler_step;      /* q = .99 of the freeze steps of all its tokens */
};

struct az_lifecycle {
    struct az_token_life *tokens; /* [rows] */
    struct az_set_life sets[AZ_LENS_SETS];
    int64_t (*states[AZ_LENS_SETS])[AZ_LIVES]; /* [moves] tokens in each state */
    int64_t (*phases[AZ_LENS_SETS])[AZ_LIVES]; /* [moves] tokens in each phase */
    uint8_t *spans; /* [span_count][rows] hottest state in each of equal spans of the moves */
    int64_t span_count;
    int64_t *stragglers;     /* [straggler_count] rows, latest first */
    int64_t straggler_count; /* of the dead (of all where that is not known): freeze_step above
                                straggler_step, or censored */
};

/* What the hidden states do to the stragglers, at some steps over the run: where h was recorded, of
 * the rows as they were when that h met them. */
#define AZ_STRAGGLER_POINTS 9
#define AZ_STRAGGLER_MOST 64 /* the latest */
struct az_straggling {
    const int64_t *rows; /* [token_count] borrowed from the lifecycle */
    int64_t token_count, point_count;
    int64_t steps[AZ_STRAGGLER_POINTS];
    double *angle_h_degrees; /* [point_count][token_count] between the row and h_mean */
    double *p_mean; /* [point_count][token_count] mean probability over 512 positions of the step's
                       batch; NAN where not every row was recorded */
};
/* path: the recording that was looked at. Without h, or where h does not meet the matrix, there are
 * no points. Free in any case, before the lens. */
AZ_API enum az_status az_straggling_find(struct az_straggling *straggling, const char *path,
                                         const struct az_lens *lens, int threads,
                                         struct az_error *error);
AZ_API void az_straggling_free(struct az_straggling *straggling);

#endif
