/* frame.h: the frame of a matrix: its mean, covariance, principal components, and how isotropic it
 * is.
 *
 * Rows that hold a NaN or an infinity are left out and counted. The covariance divides by the
 * number of rows used. Eigenvectors have length 1; their sign is fixed: the component of largest
 * magnitude (the first of equals) is positive.
 *
 * Promised: our own sums (mean, covariance, norms) are the same for every number of threads and
 * instruction set. Not promised: eigenvalues and eigenvectors come from LAPACK's dsyevd in
 * OpenBLAS, run on one thread; its last bits differ between processors and versions, and within a
 * set of nearly equal eigenvalues the vectors may be turned. Formulas: docs/definitions.md,
 * "Frame".
 */
#ifndef AZIMUTH_FRAME_H
#define AZIMUTH_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/hash.h"
#include "azimuth/matrix.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "azimuth/status.h"

struct az_frame_plan {
    int64_t leading;   /* components to find; 0: all, from the covariance itself */
    bool unique_rows;  /* of equal rows only the first counts */
    const char *cache; /* folder of the cache; NULL: the usual one (AZ_CACHE); "": none */
};

struct az_frame {
    int64_t rows, dims;
    int64_t used;                 /* rows that counted */
    int64_t not_finite, repeated; /* rows left out, by reason */
    int64_t count;                /* components found, in descending order of eigenvalue */
    bool whole;                   /* count == dims: the covariance was computed */
    bool cached;                  /* it came from the cache */
    struct az_hash matrix_hash;
    double *mean;      /* [dims] */
    double *deviation; /* [dims] of each dimension */
    double *values;    /* [count] eigenvalues, in squared weight units */
    float *vectors;    /* [count][dims] */
    double trace;      /* of the covariance: the sum of all eigenvalues */
    double residual;   /* largest |C v - lambda v| / lambda_1 of the components; NaN if whole */
    double norm_mean, norm_deviation, norm_least, norm_most; /* of the rows used */
};

/* Computes it, or takes it from the cache, where it lies under the hash of matrix and plan.
 * AZ_USAGE for fewer than one row left or a plan out of range; AZ_BUDGET for a covariance of more
 * than 20,000 dimensions (ask for leading components). Free with az_frame_free. */
AZ_API enum az_status az_frame_find(struct az_frame **frame, const struct az_matrix *matrix,
                                    const struct az_frame_plan *plan, struct az_pool *pool,
                                    struct az_progress *progress, struct az_error *error);
AZ_API void az_frame_free(struct az_frame *frame); /* NULL is allowed */

/* How evenly the rows fill the space. Spectral figures are NaN unless the frame is whole. */
#define AZ_FRAME_ROGUES 10
#define AZ_FRAME_DIRECTIONS 64
struct az_isotropy {
    double cosine_origin;  /* mean cosine of all pairs of rows, seen from the origin: exact */
    double cosine_centred; /* the same of rows less the mean */
    double participation;  /* (sum of lambda)^2 / sum of lambda^2 */
    double effective_rank; /* exp of the entropy of lambda / sum of lambda (Roy, Vetterli 2007) */
    /* min Z(c) / max Z(c), Z(c) = sum over rows of exp(c . w), c the leading 64 eigenvectors, both
     * signs (Arora et al. 2016; Mu, Viswanath 2018) */
    double partition;
    struct {
        int64_t dim;
        double share; /* of cosine_origin: (mean over rows of w_d / |w|)^2 / its sum over d */
        double mean, deviation;
    } rogues[AZ_FRAME_ROGUES]; /* dimensions in descending order of share */
    int64_t rogue_count;
};

AZ_API enum az_status az_frame_isotropy(const struct az_frame *frame,
                                        const struct az_matrix *matrix,
                                        struct az_isotropy *isotropy, struct az_pool *pool,
                                        struct az_progress *progress, struct az_error *error);

/* The causal metric <a, b> = a' (C + ridge 1)^-1 b of a whole frame, and cosines under it. The
 * null: the same pairs with the coordinates of one row shuffled. Whitening alone makes vectors
 * nearly orthogonal, so a cosine says nothing without it. */
struct az_causal {
    double ridge, condition; /* of C + ridge 1 */
    double eigen_least, eigen_most;
    int64_t pairs;
    double cosine_mean, cosine_deviation; /* of random pairs of centred rows */
    double null_mean, null_deviation;     /* of the shuffled pairs */
    double plain_mean, plain_deviation;   /* of the same pairs without the metric */
    double norm_mean, norm_deviation, norm_least, norm_most; /* causal norms of those rows */
};
/* pairs: how many, at most 2^20. AZ_USAGE unless the frame is whole; a ridge below 0, or 0 where an
 * eigenvalue is 0 to rounding. */
AZ_API enum az_status az_frame_causal(const struct az_frame *frame, const struct az_matrix *matrix,
                                      double ridge, int64_t pairs, uint64_t seed,
                                      struct az_causal *causal, struct az_pool *pool,
                                      struct az_error *error);

#endif
