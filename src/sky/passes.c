#include "sky/passes.h"

#include <string.h>

#include "base/memory.h"

struct flight {
    const struct az_pass *pass;
    int64_t first; /* part */
    double *sums;  /* [parts in flight][width] */
};

static void run_part(void *context, size_t chunk, int thread)
{
    struct flight *flight = context;
    const struct az_pass *pass = flight->pass;
    int64_t first = (flight->first + (int64_t)chunk) * pass->part_rows, left = pass->rows - first;
    double *sums = flight->sums + chunk * pass->width;
    memset(sums, 0, pass->width * sizeof *sums);
    pass->part(pass->context, first, left < pass->part_rows ? left : pass->part_rows, sums, thread);
}

enum az_status az_pass_run(const struct az_pass *pass, double *totals, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct flight flight = {.pass = pass};
    int64_t parts = (pass->rows + pass->part_rows - 1) / pass->part_rows;
    int64_t most = 4 * (int64_t)az_pool_threads(pool);
    size_t cells;
    AZ_TRY(az_size_multiply((size_t)most, pass->width, &cells, error));
    AZ_TRY(az_memory_allocate(&flight.sums, cells, sizeof *flight.sums, "sums", error));
    az_progress_begin(progress);
    for (; flight.first < parts; flight.first += most) {
        int64_t count = parts - flight.first < most ? parts - flight.first : most;
        double done = (double)(flight.first * pass->part_rows);
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "%s: stopped after %.0f of %.0f rows", pass->stage, done,
                     (double)pass->rows);
        az_progress_tell(progress, pass->stage, "row", done, (double)pass->rows, "");
        az_pool_run(pool, run_part, &flight, (size_t)count);
        for (size_t n = 0; n < (size_t)count; n++)
            for (size_t i = 0; i < pass->width; i++) totals[i] += flight.sums[n * pass->width + i];
    }
    az_progress_end(progress, pass->stage, "row", (double)pass->rows, (double)pass->rows, "");
out:
    az_memory_free(flight.sums);
    return status;
}

/* Even addresses of bf16 go straight through the kernel. */
static void read_row(const struct az_rows_view *view, int64_t row, float *values)
{
    const struct az_matrix *matrix = view->matrix;
    const char *at = (const char *)matrix->data + (size_t)row * matrix->row_bytes;
    if (matrix->dtype == AZ_DTYPE_BF16 && ((uintptr_t)at & 1) == 0)
        view->kernels->widen((size_t)matrix->dims, (const void *)at, values);
    else
        az_matrix_row_f32(matrix, row, values);
}

void az_rows_read(const struct az_rows_view *view, int64_t first, int64_t rows, float *values)
{
    size_t dims = (size_t)view->matrix->dims;
    for (int64_t row = 0; row < rows; row++, values += dims) {
        if (view->use && !view->use[first + row]) {
            memset(values, 0, dims * sizeof *values);
            continue;
        }
        read_row(view, first + row, values);
        if (view->minus_center) view->kernels->add(dims, view->minus_center, values);
        if (view->scale != 1) view->kernels->scale(dims, view->scale, values);
    }
}
