/* passes.h: passes over the rows of a matrix, in parts of fixed size, with sums that do not depend
 * on threads. */
#ifndef AZ_SKY_PASSES_H
#define AZ_SKY_PASSES_H

#include "azimuth/kernel.h"
#include "azimuth/matrix.h"
#include "azimuth/pool.h"
#include "azimuth/progress.h"
#include "base/raise.h"

/* Does rows first .. first + rows - 1 and adds to sums[width], which are 0 before. */
typedef void az_pass_part(void *context, int64_t first, int64_t rows, double *sums, int thread);

struct az_pass {
    az_pass_part *part;
    void *context;
    int64_t rows, part_rows;
    size_t width;      /* 0: nothing is summed */
    const char *stage; /* for the progress */
};

/* Runs the parts on all threads; totals[width] += the parts' sums, in their order. */
enum az_status az_pass_run(const struct az_pass *pass, double *totals, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error);

/* Rows as float32, plus minus_center (NULL: nothing), times scale (a power of two); rows whose
 * use[row] is 0 (use NULL: all count) become zeros. values[rows][dims]. */
struct az_rows_view {
    const struct az_matrix *matrix;
    const struct az_kernels *kernels;
    const float *minus_center;
    float scale;
    const unsigned char *use;
};
void az_rows_read(const struct az_rows_view *view, int64_t first, int64_t rows, float *values);

#endif
