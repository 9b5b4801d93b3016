/* hidden_sums.h: sums over hidden states and over rows of a matrix, in chunks of fixed size that
 * are added in order: the same bits whether a run sums them while it trains, on any number of
 * threads, or `azimuth hidden` afterwards from the recording. docs/definitions.md, "Hidden states".
 */
#ifndef AZ_LAB_HIDDEN_SUMS_H
#define AZ_LAB_HIDDEN_SUMS_H

#include <stdbool.h>

#include "azimuth/bf16.h"

#define AZ_HIDDEN_POSITIONS 512 /* of a chunk of hidden states */
#define AZ_HIDDEN_ROWS 128      /* of a chunk of rows */

/* count <= AZ_HIDDEN_POSITIONS hidden states: sums[0..dims-1] of h, sums[dims..2 dims-1] of h/|h|,
 * to which one of length 0 adds nothing. Written, not added to. */
void az_hidden_sum_states(const struct az_bf16 *h, size_t count, size_t dims, double *sums);

/* From the sums of all chunks [chunks][2 dims]: mean[dims] of h. Returns the length of the mean of
 * h/|h|: 1 where all have one direction, 0 where they cancel. */
double az_hidden_mean(const double *sums, size_t chunks, size_t positions, size_t dims,
                      double *mean);

/* Rows of a matrix: row n is number rows[n] of values; NULL: n itself. */
struct az_hidden_rows {
    const void *values; /* struct az_bf16, or float */
    bool wide;          /* float */
    const int64_t *rows;
};

/* sums[dims] of rows first..first+count-1, at most AZ_HIDDEN_ROWS. Written, not added to. */
void az_hidden_sum_rows(const struct az_hidden_rows *of, size_t first, size_t count, size_t dims,
                        double *sums);
/* Of after - before, both bf16, which are the same rows. */
void az_hidden_sum_motions(const struct az_hidden_rows *before, const struct az_hidden_rows *after,
                           size_t first, size_t count, size_t dims, double *sums);

/* total[dims] = the sums of chunks [chunks][dims], in order. */
void az_hidden_add_chunks(const double *sums, size_t chunks, size_t dims, double *total);

/* NaN where one of them has length 0. */
double az_hidden_cosine(const double *a, const double *b, size_t dims);

#endif
