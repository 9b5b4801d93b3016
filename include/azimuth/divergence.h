/* divergence.h: how the same tokens of two runs part: the rows of one matrix in two recordings,
 * step by step (docs/definitions.md, "Two runs").
 *
 * Compared are the steps and the tokens that both recordings have; x is a row of A, y the same
 * token's row of B. Memory does not grow with the frames, but for some hundred bytes of results per
 * frame and set; results depend neither on the number of threads nor on the instruction set. */
#ifndef AZIMUTH_DIVERGENCE_H
#define AZIMUTH_DIVERGENCE_H

#include "azimuth/lens.h"
#include "azimuth/motion.h"
#include "azimuth/recording.h"

/* What is told of each token at each step: enumerator, name with unit. */
#define AZ_DIVERGENCE_TABLE(X)                                                                     \
    X(AZ_DIVERGENCE_L1, "l1_cells")                                                                \
    X(AZ_DIVERGENCE_L2, "l2_cells")                                                                \
    X(AZ_DIVERGENCE_LINF, "linf_cells")                                                            \
    X(AZ_DIVERGENCE_COORDINATES, "coordinates")                                                    \
    X(AZ_DIVERGENCE_DISTANCE, "distance_w")                                                        \
    X(AZ_DIVERGENCE_ANGLE, "angle_degrees")

enum az_divergence_quantity {
#define AZ_DIVERGENCE_ENUMERATOR(id, name) id,
    AZ_DIVERGENCE_TABLE(AZ_DIVERGENCE_ENUMERATOR)
#undef AZ_DIVERGENCE_ENUMERATOR
        AZ_DIVERGENCE_QUANTITIES
};
AZ_API const char *az_divergence_name(enum az_divergence_quantity quantity);

/* One step of one set. */
struct az_divergence_step {
    int64_t parted; /* tokens with a coordinate that differs */
    int64_t l1_cells;
    double distance_w;  /* sqrt of the sum of |y - x|^2 over the tokens */
    double evolution_w; /* the same of (y - y_0) - (x - x_0), 0 being the first common frame */
    double step_cosine; /* sum dx.dy / sqrt(sum |dx|^2 sum |dy|^2); NaN where a run stands still */
    /* Of az_motion_share; the angle is over the tokens that have left their first place in both
     * runs, NaN where there is none. */
    double quantiles[AZ_DIVERGENCE_QUANTITIES][AZ_MOTION_QUANTILES];
};

struct az_divergence_token {
    int64_t first_step;   /* at which it differs; -1: never */
    int64_t equal_frames; /* in which it does not */
    double most_w;        /* greatest distance, and its first step */
    int64_t most_step;
    double last[AZ_DIVERGENCE_QUANTITIES]; /* at the last step */
};

struct az_divergence {
    struct az_lens_subject subject; /* of A; steps: [moves + 1] that both have; no guard */
    int64_t only_a, only_b;         /* frames that one has */
    struct az_divergence_step *steps[AZ_LENS_SETS]; /* [moves + 1]; NULL where the set is empty */
    struct az_divergence_token *tokens;             /* [rows] */
};

struct az_divergence_options {
    const char *matrix; /* NULL: "W" */
    const char *named;  /* as in lens.h */
    const char *arrays; /* a safetensors file for [steps][rows] arrays; NULL: none */
    const char *isa;    /* NULL: the best */
    int threads;        /* 0: all */
    int64_t first_step; /* steps below are left out */
    int64_t last_step;  /* 0: to the end */
};

/* Errors as az_lens_look; AZ_USAGE where rows are of other lengths, or no step or token is common.
 * Which tokens are dead A says, else B. Free with az_divergence_free. */
AZ_API enum az_status az_divergence_look(struct az_divergence **divergence,
                                         const struct az_recording *a, const struct az_recording *b,
                                         const struct az_divergence_options *options,
                                         struct az_progress *progress, struct az_error *error);
AZ_API void az_divergence_free(struct az_divergence *divergence); /* NULL is allowed */

#endif
