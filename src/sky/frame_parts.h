/* frame_parts.h: the steps of finding a frame. */
#ifndef AZ_SKY_FRAME_PARTS_H
#define AZ_SKY_FRAME_PARTS_H

#include "azimuth/frame.h"
#include "azimuth/kernel.h"
#include "sky/passes.h"

/* What a first pass finds: which rows count, their mean, and the power of two that brings the
 * greatest coordinate near 1, where it is so far from it that squares could overflow. */
struct az_survey {
    unsigned char *use;       /* [rows] */
    double *norms;            /* [rows] of the rows that count */
    float *minus_center;      /* [dims] the mean as float32, negated */
    double *mean, *deviation; /* [dims] */
    float scale;
    int64_t used, not_finite, repeated;
};
enum az_status az_survey_run(struct az_survey *survey, const struct az_matrix *matrix,
                             bool unique_rows, const struct az_kernels *kernels,
                             struct az_pool *pool, struct az_progress *progress,
                             struct az_error *error);
void az_survey_free(struct az_survey *survey);

/* covariance[dims][dims], both triangles, of rows less center times scale. */
enum az_status az_covariance_find(const struct az_rows_view *view, int64_t used, double *covariance,
                                  const struct az_kernels *kernels, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error);

/* All eigenvalues (ascending) of the symmetric matrix; it becomes the eigenvectors, one a row. */
enum az_status az_eigen_symmetric(size_t n, double *matrix, double *values, struct az_error *error);

/* The leading components of the covariance, without computing it: values[count] (descending),
 * vectors[count][dims]. *residual: largest |C v - lambda v| / lambda_1. */
enum az_status az_leading_find(const struct az_rows_view *view, int64_t used, size_t count,
                               double *values, double *vectors, double *residual,
                               const struct az_kernels *kernels, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error);

#endif
