#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/frame_parts.h"

#define PART_ROWS 256

struct isotropy {
    const struct az_frame *frame;
    struct az_rows_view view;
    struct az_kernels kernels;
    size_t dims, directions;
    float *mean, *packed; /* [dims]; the directions, packed */
    float *x, *along;     /* [threads][PART_ROWS][dims or directions] */
};

/* Sums of one part: unit rows seen from the origin, from the mean, Z(+c), Z(-c), and how many rows
 * had a direction from either. */
static size_t width_of(const struct isotropy *work)
{
    return 2 * work->dims + 2 * work->directions + 2;
}

static double norm_of(const float *x, size_t dims)
{
    double sum[4] = {0};
    for (size_t d = 0; d < dims; d++) sum[d & 3] += (double)x[d] * (double)x[d];
    return sqrt((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

static bool is_finite(const float *x, size_t dims)
{
    bool finite = true;
    for (size_t d = 0; d < dims; d++) finite = finite && fabsf(x[d]) <= 3.402823466e38f;
    return finite;
}

static double add_unit(const float *x, size_t dims, double *sums)
{
    double norm = norm_of(x, dims);
    if (!(norm > 0)) return 0;
    double inverse = 1 / norm;
    for (size_t d = 0; d < dims; d++) sums[d] += (double)x[d] * inverse;
    return 1;
}

static void measure(void *context, int64_t first, int64_t rows, double *sums, int thread)
{
    struct isotropy *work = context;
    size_t dims = work->dims, n = work->directions;
    float *x = work->x + (size_t)thread * PART_ROWS * dims;
    float *along = work->along + (size_t)thread * PART_ROWS * n;
    double *partition = sums + 2 * dims, *counts = partition + 2 * n;
    size_t used = 0;
    for (int64_t row = first; row < first + rows; row++) {
        az_rows_read(&work->view, row, 1, x + used * dims);
        used += is_finite(x + used * dims, dims);
    }
    struct az_product_f32 product = {.m = used,
                                     .n = n,
                                     .k = dims,
                                     .a = x,
                                     .a_stride = dims,
                                     .b = work->packed,
                                     .c = along,
                                     .c_stride = n};
    work->kernels.product_f32(&product);
    for (size_t r = 0; r < used; r++) {
        float *row = x + r * dims;
        counts[0] += add_unit(row, dims, sums);
        for (size_t d = 0; d < dims; d++) row[d] -= work->mean[d];
        counts[1] += add_unit(row, dims, sums + dims);
        for (size_t k = 0; k < n; k++) {
            partition[k] += exp((double)along[r * n + k]);
            partition[n + k] += exp(-(double)along[r * n + k]);
        }
    }
}

/* Mean cosine of all pairs from the sum of n unit vectors: (|sum|^2 - n) / (n (n - 1)). */
static double mean_cosine(const double *sum, size_t dims, double n)
{
    double squares = 0;
    for (size_t d = 0; d < dims; d++) squares += sum[d] * sum[d];
    return n > 1 ? (squares - n) / (n * (n - 1)) : NAN;
}

struct share {
    int64_t dim;
    double share;
};

static int by_share(const void *a, const void *b)
{
    const struct share *x = a, *y = b;
    if (x->share != y->share) return x->share > y->share ? -1 : 1;
    return (x->dim > y->dim) - (x->dim < y->dim);
}

static enum az_status find_rogues(const struct isotropy *work, const double *sum,
                                  struct az_isotropy *isotropy, struct az_error *error)
{
    struct share *shares;
    double total = 0;
    enum az_status status = az_memory_allocate(&shares, work->dims, sizeof *shares, "dims", error);
    if (status != AZ_OK) return status;
    for (size_t d = 0; d < work->dims; d++) {
        shares[d] = (struct share){(int64_t)d, sum[d] * sum[d]};
        total += shares[d].share;
    }
    qsort(shares, work->dims, sizeof *shares, by_share);
    isotropy->rogue_count = work->dims < AZ_FRAME_ROGUES ? (int64_t)work->dims : AZ_FRAME_ROGUES;
    for (int64_t n = 0; n < isotropy->rogue_count; n++) {
        int64_t dim = shares[n].dim;
        isotropy->rogues[n].dim = dim;
        isotropy->rogues[n].share = total > 0 ? shares[n].share / total : 0;
        isotropy->rogues[n].mean = work->frame->mean[dim];
        isotropy->rogues[n].deviation = work->frame->deviation[dim];
    }
    az_memory_free(shares);
    return AZ_OK;
}

static void find_spectral(const struct az_frame *frame, struct az_isotropy *isotropy)
{
    double sum = 0, squares = 0, entropy = 0;
    isotropy->participation = isotropy->effective_rank = NAN;
    if (!frame->whole) return;
    for (int64_t k = 0; k < frame->count; k++) {
        sum += frame->values[k];
        squares += frame->values[k] * frame->values[k];
    }
    if (!(sum > 0)) return;
    for (int64_t k = 0; k < frame->count; k++) {
        double p = frame->values[k] / sum;
        if (p > 0) entropy -= p * log(p);
    }
    isotropy->participation = sum * sum / squares;
    isotropy->effective_rank = exp(entropy);
}

static enum az_status prepare(struct isotropy *work, struct az_pool *pool, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t threads = (size_t)az_pool_threads(pool), dims = work->dims, cells;
    AZ_TRY(az_kernels_default(&work->kernels, NULL, error));
    work->view.kernels = &work->kernels;
    AZ_TRY(az_size_multiply(threads * PART_ROWS, dims, &cells, error));
    AZ_TRY(az_memory_allocate(&work->mean, dims, sizeof(float), "a mean", error));
    AZ_TRY(az_memory_allocate(&work->packed, az_packed_f32(dims, work->directions), sizeof(float),
                              "directions", error));
    AZ_TRY(az_memory_allocate(&work->x, cells, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&work->along, threads * PART_ROWS * work->directions, sizeof(float),
                              "rows", error));
    for (size_t d = 0; d < dims; d++) work->mean[d] = (float)work->frame->mean[d];
    work->kernels.pack_b_f32_transposed(dims, work->directions, work->frame->vectors, dims,
                                        work->packed);
out:
    return status;
}

enum az_status az_frame_isotropy(const struct az_frame *frame, const struct az_matrix *matrix,
                                 struct az_isotropy *isotropy, struct az_pool *pool,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct isotropy work = {
        .frame = frame, .view = {matrix, NULL, NULL, 1, NULL}, .dims = (size_t)matrix->dims};
    double *sums = NULL;
    work.directions =
        (size_t)(frame->count < AZ_FRAME_DIRECTIONS ? frame->count : AZ_FRAME_DIRECTIONS);
    *isotropy = (struct az_isotropy){0};
    if (frame->dims != matrix->dims)
        AZ_RAISE(AZ_USAGE, "a frame of %lld dimensions for a matrix of %lld",
                 (long long)frame->dims, (long long)matrix->dims);
    AZ_TRY(prepare(&work, pool, error));
    AZ_TRY(az_memory_allocate(&sums, width_of(&work), sizeof *sums, "sums", error));
    struct az_pass pass = {measure, &work, matrix->rows, PART_ROWS, width_of(&work), "isotropy"};
    AZ_TRY(az_pass_run(&pass, sums, pool, progress, error));
    const double *partition = sums + 2 * work.dims, *counts = partition + 2 * work.directions;
    double least = INFINITY, most = 0;
    for (size_t k = 0; k < 2 * work.directions; k++) {
        least = fmin(least, partition[k]);
        most = fmax(most, partition[k]);
    }
    isotropy->cosine_origin = mean_cosine(sums, work.dims, counts[0]);
    isotropy->cosine_centred = mean_cosine(sums + work.dims, work.dims, counts[1]);
    isotropy->partition = isfinite(most) ? least / most : NAN;
    find_spectral(frame, isotropy);
    AZ_TRY(find_rogues(&work, sums, isotropy, error));
out:
    az_memory_free(work.mean);
    az_memory_free(work.packed);
    az_memory_free(work.x);
    az_memory_free(work.along);
    az_memory_free(sums);
    return status;
}
