/* hidden.h: what the final hidden states do from step to step, and where they push the dead tokens
 * (docs/definitions.md, "Hidden states").
 *
 * The gradient of a dead row i is the mean over positions of p_i h, p_i its probability there: all
 * dead tokens are pushed against one weighted mean of the hidden states, h_dead. Memory does not
 * grow with the frames, but for some vectors of results for each. Results depend neither on the
 * number of threads nor on the instruction set. */
#ifndef AZIMUTH_HIDDEN_H
#define AZIMUTH_HIDDEN_H

#include "azimuth/lens.h"

/* What is told of each step: enumerator, name, meaning. NaN where it cannot be told. M is the
 * unembedding, c the centroid of its dead rows, dc its motion at the step; "before" is the frame
 * looked at before. */
#define AZ_HIDDEN_TABLE(X)                                                                         \
    X(AZ_HIDDEN_NORM, "h_mean_norm", "|h_mean|")                                                   \
    X(AZ_HIDDEN_RMS, "h_rms", "root of the mean of |h|^2")                                         \
    X(AZ_HIDDEN_VARIANCE, "h_variance", "mean of |h - h_mean|^2")                                  \
    X(AZ_HIDDEN_RESULTANT, "h_resultant_length", "|mean of h/|h||")                                \
    X(AZ_HIDDEN_RANK, "h_effective_rank", "of the covariance of h: exp of the entropy")            \
    X(AZ_HIDDEN_PARTICIPATION, "h_participation", "of the covariance: (sum l)^2 / sum l^2")        \
    X(AZ_HIDDEN_AGAIN, "h_autocorrelation", "cosine of h_mean and the one before")                 \
    X(AZ_HIDDEN_DEAD_SHARE, "dead_probability", "mean probability of all dead tokens together")    \
    X(AZ_HIDDEN_DEAD_NORM, "h_dead_norm", "|h_dead|")                                              \
    X(AZ_HIDDEN_DEAD_AGAIN, "h_dead_autocorrelation", "cosine of h_dead and the one before")       \
    X(AZ_HIDDEN_DEAD_MEAN, "cos_h_dead_h_mean", "cosine of h_dead and h_mean")                     \
    X(AZ_HIDDEN_SPEED, "dc_w", "|dc|")                                                             \
    X(AZ_HIDDEN_TURN, "dc_autocorrelation", "cosine of dc and the one before")                     \
    X(AZ_HIDDEN_CARRIED, "dc_participation", "coordinates that carry dc: (sum dc^2)^2 / sum dc^4") \
    X(AZ_HIDDEN_AGAINST, "dc_against_h_dead", "share of sum |dc| against the sign of h_dead")      \
    X(AZ_HIDDEN_MEAN_DRIFT, "cos_h_mean_minus_dc", "cosine of h_mean and -dc")                     \
    X(AZ_HIDDEN_DEAD_DRIFT, "cos_h_dead_minus_dc", "cosine of h_dead and -dc")                     \
    X(AZ_HIDDEN_PUSH_DRIFT, "cos_push_minus_dc", "cosine of the push's running mean and -dc")      \
    X(AZ_HIDDEN_MEAN_DEAD, "cos_h_mean_dead", "cosine of h_mean and c")                            \
    X(AZ_HIDDEN_MEAN_LIVE, "cos_h_mean_live", "cosine of h_mean and the live rows' centroid")      \
    X(AZ_HIDDEN_DEAD_LIVE, "cos_dead_live", "cosine of the two centroids")                         \
    X(AZ_HIDDEN_GRADIENT, "cos_h_dead_gradient", "cosine of h_dead and the dead gradients' sum")

enum az_hidden_quantity {
#define AZ_HIDDEN_ENUMERATOR(id, name, meaning) id,
    AZ_HIDDEN_TABLE(AZ_HIDDEN_ENUMERATOR)
#undef AZ_HIDDEN_ENUMERATOR
        AZ_HIDDEN_QUANTITIES
};
AZ_API const char *az_hidden_name(enum az_hidden_quantity quantity);
AZ_API const char *az_hidden_meaning(enum az_hidden_quantity quantity);

struct az_hidden_options {
    const char *matrix; /* that h meets; NULL: U where it is recorded, else W */
    const char *isa;    /* NULL: the best */
    int64_t every;      /* steps with h looked at: every so many; 0: 1. The last one always */
    int64_t first_step, last_step; /* as in az_lens_options */
    int threads;                   /* 0: all */
    bool need_tokens; /* AZ_MISSING where no tokens can be told that h_mean points at */
};

/* The vectors that are followed. */
#define AZ_HIDDEN_VECTOR_TABLE(X)                                                                  \
    X(AZ_HIDDEN_H_MEAN, "h_mean")                                                                  \
    X(AZ_HIDDEN_H_DEAD, "h_dead")                                                                  \
    X(AZ_HIDDEN_DEAD_CENTROID, "dead_centroid")                                                    \
    X(AZ_HIDDEN_LIVE_CENTROID, "live_centroid")

enum az_hidden_vector {
#define AZ_HIDDEN_ENUMERATOR(id, name) id,
    AZ_HIDDEN_VECTOR_TABLE(AZ_HIDDEN_ENUMERATOR)
#undef AZ_HIDDEN_ENUMERATOR
        AZ_HIDDEN_VECTORS
};
AZ_API const char *az_hidden_vector_name(enum az_hidden_vector vector);

struct az_hidden_step {
    int64_t step;
    double of[AZ_HIDDEN_QUANTITIES];
};

/* A token whose row h_mean points at, or away from; token -1: there is none. */
#define AZ_HIDDEN_TOKENS 8
struct az_hidden_token {
    int64_t token;
    double cosine; /* of its row before the step and h_mean */
};

/* Autocorrelation of a vector x in one window of steps at one lag in frames. */
struct az_hidden_lag {
    int64_t lag_frames;
    int64_t pairs;
    double mean_cosine, least_cosine; /* of x(t) and x(t+lag), t in the window */
    double pearson; /* sum over t of (x(t) - a).(x(t+lag) - b) over the root of the product of both
                       sums of squares; a, b the means of x(t) and of x(t+lag) */
};
#define AZ_HIDDEN_LAGS 10

/* The way of a vector's direction over the sphere. */
struct az_hidden_track {
    int64_t directions;                             /* frames in which it has one */
    double path_degrees, net_degrees, straightness; /* sum of turns; first to last; net / path */
    double spread_degrees, spread_most_degrees;     /* angle to the mean direction: mean, most */
};

struct az_hidden {
    char matrix[32];
    int64_t dims, rows, vocabulary, positions; /* positions: 0 where h is not recorded */
    int64_t dead, live;                        /* rows recorded; both 0: not known */
    bool means;                /* h_mean was recorded itself, h was not: nothing of its spread */
    bool probabilities;        /* h_dead comes from h and M, else its direction from grad_M */
    bool gradients;            /* grad_M is there at some step */
    int64_t longest_gap_steps; /* between steps looked at */
    double beta1;              /* of the push's running mean; NaN: not known */
    struct az_hidden_step *steps;
    int64_t count;
    double *vectors[AZ_HIDDEN_VECTORS]; /* [count][dims]; NaN where not known */
    struct az_hidden_token *towards,
        *away; /* [count][AZ_HIDDEN_TOKENS]; NULL without h(_mean), M */
    /* window AZ_LENS_WINDOWS is the whole run */
    struct az_hidden_lag lags[AZ_HIDDEN_VECTORS][AZ_LENS_WINDOWS + 1][AZ_HIDDEN_LAGS];
    struct az_hidden_track tracks[AZ_HIDDEN_VECTORS];
};

/* path: a recording or a run directory. AZ_MISSING: it has neither h, h_mean nor the gradients of
 * dead tokens, or not the matrix that was named; AZ_UNSUPPORTED: h or the matrix is not bf16,
 * h_mean neither that nor float32; AZ_FORMAT: h and the matrix have rows of different lengths;
 * AZ_USAGE: no step is left; AZ_INTERRUPTED. Free with az_hidden_free. */
AZ_API enum az_status az_hidden_look(struct az_hidden **hidden, const char *path,
                                     const struct az_hidden_options *options,
                                     struct az_progress *progress, struct az_error *error);
AZ_API void az_hidden_free(struct az_hidden *hidden); /* NULL is allowed */

#endif
