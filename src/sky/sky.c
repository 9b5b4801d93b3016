#include "azimuth/sky.h"

#include <math.h>

#include "base/memory.h"
#include "sky/passes.h"

#define PART_ROWS 128
#define COLUMNS AZ_PACK_COLUMNS
#define DEGREE (180 / 3.14159265358979323846)

struct projection {
    struct az_sky *sky;
    struct az_rows_view view;
    size_t dims;
    float *packed, *x, *along; /* [threads][PART_ROWS][dims or COLUMNS] */
};

static void project_part(void *context, int64_t first, int64_t rows, double *sums, int thread)
{
    struct projection *work = context;
    float *x = work->x + (size_t)thread * PART_ROWS * work->dims;
    float *along = work->along + (size_t)thread * PART_ROWS * COLUMNS;
    (void)sums;
    az_rows_read(&work->view, first, rows, x);
    struct az_product_f32 product = {.m = (size_t)rows,
                                     .n = COLUMNS,
                                     .k = work->dims,
                                     .a = x,
                                     .a_stride = work->dims,
                                     .b = work->packed,
                                     .c = along,
                                     .c_stride = COLUMNS};
    work->view.kernels->product_f32(&product);
    for (int64_t n = 0; n < rows; n++) {
        const float *at = along + n * COLUMNS;
        bool finite = isfinite(at[0]) && isfinite(at[1]) && isfinite(at[2]);
        work->sky->z[first + n] = finite ? (double)at[0] : NAN;
        work->sky->x[first + n] = finite ? (double)at[1] : NAN;
        work->sky->y[first + n] = finite ? (double)at[2] : NAN;
    }
}

void az_sky_free(struct az_sky *sky)
{
    if (!sky) return;
    az_memory_free(sky->x);
    az_memory_free(sky->y);
    az_memory_free(sky->z);
    az_memory_free(sky->r);
    az_memory_free(sky->latitude);
    az_memory_free(sky->longitude);
    az_memory_free(sky);
}

static enum az_status create(struct az_sky **sky, int64_t rows, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_sky *made = NULL;
    AZ_TRY(az_memory_allocate(&made, 1, sizeof *made, "a sky", error));
    made->rows = rows;
    double **arrays[] = {&made->x, &made->y, &made->z, &made->r, &made->latitude, &made->longitude};
    for (size_t n = 0; n < sizeof arrays / sizeof *arrays; n++)
        AZ_TRY(az_memory_allocate(arrays[n], (size_t)rows, sizeof(double), "a sky", error));
out:
    if (status != AZ_OK) {
        az_sky_free(made);
        made = NULL;
    }
    *sky = made;
    return status;
}

void az_sky_angles(struct az_sky *sky)
{
    sky->not_finite = 0;
    for (int64_t i = 0; i < sky->rows; i++) {
        double x = sky->x[i], y = sky->y[i], z = sky->z[i], r = sqrt(x * x + y * y + z * z);
        double sine = r > 0 ? z / r : 0;
        sky->r[i] = r;
        sky->not_finite += isnan(r);
        sky->latitude[i] = isnan(r) ? NAN : asin(sine > 1 ? 1 : sine < -1 ? -1 : sine) * DEGREE;
        sky->longitude[i] = isnan(r) ? NAN : r > 0 ? atan2(y, x) * DEGREE : 0;
    }
}

/* A matrix of one or two dimensions is flat along the components that it lacks. */
static enum az_status check_axes(const struct az_frame *frame, const int axes[3],
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t last = frame->dims < 3 ? 3 : frame->count;
    for (int n = 0; n < 3; n++) {
        int axis = axes[n] < 0 ? -axes[n] : axes[n];
        if (axis < 1 || axis > last)
            AZ_RAISE(AZ_USAGE, "axis %d: the frame has components 1 to %lld", axes[n],
                     (long long)last);
        for (int m = 0; m < n; m++)
            if (axis == (axes[m] < 0 ? -axes[m] : axes[m]))
                AZ_RAISE(AZ_USAGE, "component %d is taken for two axes", axis);
    }
out:
    return status;
}

/* The three axes as packed columns: north, meridian, equinox. */
static enum az_status pack_axes(struct projection *work, const struct az_frame *frame,
                                const struct az_sky_plan *plan, const int axes[3],
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    float *columns = NULL;
    AZ_TRY(az_memory_allocate(&columns, COLUMNS * work->dims, sizeof *columns, "axes", error));
    for (size_t i = 0; plan->basis && i < 3 * work->dims; i++) columns[i] = (float)plan->basis[i];
    for (int n = 0; n < 3 && !plan->basis; n++) {
        int64_t component = (axes[n] < 0 ? -axes[n] : axes[n]) - 1;
        double factor = axes[n] < 0 ? -1 : 1;
        if (component >= frame->dims) continue; /* all rows lie at 0 */
        if (plan->causal) {
            double value = frame->values[component] + plan->ridge;
            if (!(value > 0))
                AZ_RAISE(AZ_USAGE,
                         "component %lld has no variance: the causal metric needs a ridge",
                         (long long)component + 1);
            factor /= sqrt(value);
        }
        for (size_t d = 0; d < work->dims; d++)
            columns[(size_t)n * work->dims + d] =
                (float)(factor * (double)frame->vectors[(size_t)component * work->dims + d]);
    }
    work->view.kernels->pack_b_f32_transposed(work->dims, COLUMNS, columns, work->dims,
                                              work->packed);
out:
    az_memory_free(columns);
    return status;
}

enum az_status az_sky_project(struct az_sky **sky, const struct az_matrix *matrix,
                              const struct az_frame *frame, const struct az_sky_plan *plan,
                              struct az_pool *pool, struct az_progress *progress,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kernels kernels;
    struct projection work = {.dims = (size_t)matrix->dims,
                              .view = {matrix, &kernels, NULL, 1, NULL}};
    float *minus = NULL;
    size_t threads = (size_t)az_pool_threads(pool), cells;
    int axes[3] = {2, 1, 3};
    bool given = plan->axes[0] || plan->axes[1] || plan->axes[2];
    *sky = NULL;
    for (int n = 0; given && n < 3; n++) axes[n] = plan->axes[n];
    if (frame->dims != matrix->dims) AZ_RAISE(AZ_USAGE, "the frame is that of another matrix");
    AZ_TRY(check_axes(frame, axes, error));
    if (plan->basis && plan->causal)
        AZ_RAISE(AZ_USAGE, "the causal metric is that of the components: it takes no other axes");
    AZ_TRY(az_kernels_default(&kernels, NULL, error));
    AZ_TRY(az_size_multiply(threads * PART_ROWS, work.dims, &cells, error));
    AZ_TRY(az_memory_allocate(&work.packed, az_packed_f32(work.dims, COLUMNS), 4, "axes", error));
    AZ_TRY(az_memory_allocate(&work.x, cells, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&work.along, threads * PART_ROWS * COLUMNS, 4, "rows", error));
    AZ_TRY(az_memory_allocate(&minus, work.dims, sizeof(float), "a viewpoint", error));
    for (size_t d = 0; plan->viewpoint && d < work.dims; d++) minus[d] = -(float)plan->viewpoint[d];
    if (plan->viewpoint) work.view.minus_center = minus;
    AZ_TRY(pack_axes(&work, frame, plan, axes, error));
    AZ_TRY(create(&work.sky, matrix->rows, error));
    struct az_pass pass = {project_part, &work, matrix->rows, PART_ROWS, 0, "looking"};
    AZ_TRY(az_pass_run(&pass, NULL, pool, progress, error));
    az_sky_angles(work.sky);
    *sky = work.sky;
    work.sky = NULL;
out:
    az_sky_free(work.sky);
    az_memory_free(work.packed);
    az_memory_free(work.x);
    az_memory_free(work.along);
    az_memory_free(minus);
    return status;
}
