/* row_pass.h: a pass over the rows of a matrix: chunks of a fixed size on all threads, with
 * progress.
 */
#ifndef AZ_SKY_ROW_PASS_H
#define AZ_SKY_ROW_PASS_H

#include "azimuth/matrix.h"
#include "base/raise.h"

#define AZ_ROW_PASS_ROWS 256

struct az_row_pass;

/* What a thread may use: its number, room for a row as it is and for one as floats. */
struct az_row_pass_thread {
    int number;
    void *row;     /* [row_bytes] */
    float *values; /* [dims] */
};

/* Rows first..end-1 of the matrix, at most AZ_ROW_PASS_ROWS. */
typedef void az_row_pass_task(struct az_row_pass *pass, int64_t first, int64_t end,
                              const struct az_row_pass_thread *thread);

struct az_row_pass {
    const struct az_matrix *matrix;
    az_row_pass_task *task;
    void *context;
    const char *stage; /* "reading" */

    /* private */
    int64_t begin;
    char *scratch;
    size_t scratch_bytes;
};

/* AZ_INTERRUPTED when it was asked to stop. */
enum az_status az_row_pass_run(struct az_row_pass *pass, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error);

#endif
