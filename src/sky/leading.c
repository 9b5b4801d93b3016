#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "sky/frame_parts.h"

/* Leading components by block subspace iteration that keeps its history (block Krylov: Musco and
 * Musco 2015): a basis grows by the operator's image of its newest block, the operator projected on
 * the basis gives the Ritz values, and the true residuals say when to stop. */
#define PART_ROWS 256
#define MOST_BLOCKS 20  /* of a basis; then it starts anew from its best vectors */
#define MOST_PASSES 120 /* over the rows */
#define TOLERANCE 5e-6  /* of |C v - lambda v| / lambda_1; float32 products end near 1e-7 */
#define SPARE 6         /* vectors of a block beyond those asked for */

struct operator
{
    const struct az_rows_view *view;
    const struct az_kernels *kernels;
    size_t dims, block;
    float *packed;                                 /* the block, packed */
    float *x, *image, *turned, *rows_packed, *sum; /* of each thread */
};

struct basis {
    size_t dims, block, count, capacity; /* vectors */
    double *vectors, *images;            /* [capacity][dims] */
    double *small, *ritz;                /* [capacity][capacity], [capacity] */
    double *turned;                      /* [2 block][dims] for a new start, twice */
};

static void apply_part(void *context, int64_t first, int64_t rows, double *sums, int thread)
{
    struct operator* work = context;
    size_t dims = work->dims, block = work->block, n = (size_t)rows, t = (size_t)thread;
    float *x = work->x + t * PART_ROWS * dims, *image = work->image + t * PART_ROWS * block;
    float *turned = work->turned + t * PART_ROWS * block, *sum = work->sum + t * block * dims;
    float *packed = work->rows_packed + t * az_packed_f32(PART_ROWS, dims);
    az_rows_read(work->view, first, rows, x);
    struct az_product_f32 right = {.m = n,
                                   .n = block,
                                   .k = dims,
                                   .a = x,
                                   .a_stride = dims,
                                   .b = work->packed,
                                   .c = image,
                                   .c_stride = block};
    work->kernels->product_f32(&right);
    work->kernels->transpose_f32(n, block, image, block, turned, PART_ROWS);
    work->kernels->pack_b_f32(n, dims, x, dims, packed, 0);
    struct az_product_f32 left = {.m = block,
                                  .n = dims,
                                  .k = n,
                                  .a = turned,
                                  .a_stride = PART_ROWS,
                                  .b = packed,
                                  .c = sum,
                                  .c_stride = dims};
    work->kernels->product_f32(&left);
    for (size_t i = 0; i < block * dims; i++) sums[i] += (double)sum[i];
}

/* images[block][dims] = C vectors. */
static enum az_status apply(struct operator* work, int64_t used, const double *vectors,
                            double *images, struct az_pool *pool, struct az_progress *progress,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cells = work->block * work->dims;
    float *narrow = NULL;
    struct az_pass pass = {apply_part, work,  work->view->matrix->rows,
                           PART_ROWS,  cells, "components"};
    AZ_TRY(az_memory_allocate(&narrow, cells, sizeof *narrow, "components", error));
    for (size_t i = 0; i < cells; i++) narrow[i] = (float)vectors[i];
    work->kernels->pack_b_f32_transposed(work->dims, work->block, narrow, work->dims, work->packed);
    memset(images, 0, cells * sizeof *images);
    AZ_TRY(az_pass_run(&pass, images, pool, progress, error));
    for (size_t i = 0; i < cells; i++) images[i] /= (double)used;
out:
    az_memory_free(narrow);
    return status;
}

static double dot(size_t n, const double *a, const double *b)
{
    double sum[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (size_t k = 0; k < 4; k++) sum[k] += a[i + k] * b[i + k];
    for (; i < n; i++) sum[0] += a[i] * b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Makes vector number `at` orthogonal to those before it, and of length 1. One that vanishes is
 * replaced by a random one. */
static void orthogonalise(struct basis *basis, size_t at)
{
    double *v = basis->vectors + at * basis->dims;
    for (uint64_t attempt = 0;; attempt++) {
        double before = sqrt(dot(basis->dims, v, v));
        for (int twice = 0; twice < 2; twice++)
            for (size_t n = 0; n < at; n++) {
                const double *w = basis->vectors + n * basis->dims;
                double along = dot(basis->dims, v, w);
                for (size_t d = 0; d < basis->dims; d++) v[d] -= along * w[d];
            }
        double length = sqrt(dot(basis->dims, v, v));
        if (length > 1e-9 * before && length > 0) {
            for (size_t d = 0; d < basis->dims; d++) v[d] /= length;
            return;
        }
        for (size_t d = 0; d < basis->dims; d++)
            v[d] = az_random_normal(at + 1000 * attempt,
                                    AZ_STREAM_SIMULATION | (uint32_t)0xfc << 24, d);
    }
}

/* The projected operator, its eigenvalues and vectors (ascending, one a row). */
static enum az_status project(struct basis *basis, struct az_error *error)
{
    size_t m = basis->count;
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) {
            const double *vi = basis->vectors + i * basis->dims,
                         *vj = basis->vectors + j * basis->dims;
            const double *ai = basis->images + i * basis->dims,
                         *aj = basis->images + j * basis->dims;
            double value = (dot(basis->dims, vi, aj) + dot(basis->dims, vj, ai)) / 2;
            basis->small[i * m + j] = basis->small[j * m + i] = value;
        }
    return az_eigen_symmetric(m, basis->small, basis->ritz, error);
}

/* Ritz vector number k from the top, of the vectors or of their images. */
static void combine(const struct basis *basis, size_t k, const double *of, double *result)
{
    const double *weights = basis->small + (basis->count - 1 - k) * basis->count;
    memset(result, 0, basis->dims * sizeof *result);
    for (size_t n = 0; n < basis->count; n++)
        for (size_t d = 0; d < basis->dims; d++) result[d] += weights[n] * of[n * basis->dims + d];
}

static double worst_residual(struct basis *basis, size_t count)
{
    double worst = 0, first = basis->ritz[basis->count - 1];
    double *v = basis->turned, *image = v + basis->dims;
    for (size_t k = 0; k < count; k++) {
        double squares = 0, value = basis->ritz[basis->count - 1 - k];
        combine(basis, k, basis->vectors, v);
        combine(basis, k, basis->images, image);
        for (size_t d = 0; d < basis->dims; d++) {
            double difference = image[d] - value * v[d];
            squares += difference * difference;
        }
        worst = fmax(worst, sqrt(squares));
    }
    return first > 0 ? worst / first : 0;
}

/* Keeps the best two blocks of Ritz vectors. */
static void start_anew(struct basis *basis)
{
    size_t kept = 2 * basis->block, bytes = kept * basis->dims * sizeof(double);
    double *vectors = basis->turned, *images = vectors + kept * basis->dims;
    for (size_t k = 0; k < kept; k++) {
        combine(basis, k, basis->vectors, vectors + k * basis->dims);
        combine(basis, k, basis->images, images + k * basis->dims);
    }
    memcpy(basis->vectors, vectors, bytes);
    memcpy(basis->images, images, bytes);
    basis->count = kept;
}

/* The next block: the images of the newest one, made orthogonal to all before. */
static void grow(struct basis *basis)
{
    size_t newest = basis->count - basis->block;
    if (basis->count + basis->block > basis->capacity) {
        double *spare = basis->turned + 4 * basis->block * basis->dims;
        size_t bytes = basis->block * basis->dims * sizeof(double);
        memcpy(spare, basis->images + newest * basis->dims, bytes);
        start_anew(basis);
        memcpy(basis->vectors + basis->count * basis->dims, spare, bytes);
    } else
        memcpy(basis->vectors + basis->count * basis->dims, basis->images + newest * basis->dims,
               basis->block * basis->dims * sizeof(double));
    for (size_t n = 0; n < basis->block; n++) orthogonalise(basis, basis->count + n);
}

static enum az_status iterate(struct basis *basis, struct operator* work, int64_t used,
                              size_t count, double *residual, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < basis->block; n++) {
        memset(basis->vectors + n * basis->dims, 0, basis->dims * sizeof(double));
        orthogonalise(basis, n);
    }
    for (int pass = 0; pass < MOST_PASSES; pass++) {
        size_t at = basis->count * basis->dims;
        AZ_TRY(apply(work, used, basis->vectors + at, basis->images + at, pool, progress, error));
        basis->count += basis->block;
        AZ_TRY(project(basis, error));
        *residual = worst_residual(basis, count);
        if (*residual <= TOLERANCE) goto out;
        grow(basis);
    }
    AZ_RAISE(AZ_UNSUPPORTED,
             "%d passes did not separate the leading %zu components (residual %.1e): take all, or "
             "another number of them",
             MOST_PASSES, count, *residual);
out:
    return status;
}

static enum az_status allocate(struct operator* work, struct basis *basis, size_t threads,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = work->dims, block = work->block, cells, all;
    AZ_TRY(az_size_multiply(PART_ROWS * threads, dims, &cells, error));
    AZ_TRY(az_size_multiply(basis->capacity, dims, &all, error));
    AZ_TRY(az_memory_allocate(&work->packed, az_packed_f32(dims, block), 4, "components", error));
    AZ_TRY(az_memory_allocate(&work->x, cells, 4, "rows", error));
    AZ_TRY(az_memory_allocate(&work->image, threads * PART_ROWS * block, 4, "rows", error));
    AZ_TRY(az_memory_allocate(&work->turned, threads * PART_ROWS * block, 4, "rows", error));
    AZ_TRY(az_memory_allocate(&work->rows_packed, threads * az_packed_f32(PART_ROWS, dims), 4,
                              "rows", error));
    AZ_TRY(az_memory_allocate(&work->sum, threads * block * dims, 4, "rows", error));
    AZ_TRY(az_memory_allocate(&basis->vectors, all, sizeof(double), "a basis", error));
    AZ_TRY(az_memory_allocate(&basis->images, all, sizeof(double), "a basis", error));
    AZ_TRY(az_memory_allocate(&basis->small, basis->capacity * basis->capacity, sizeof(double),
                              "a basis", error));
    AZ_TRY(az_memory_allocate(&basis->ritz, basis->capacity, sizeof(double), "a basis", error));
    AZ_TRY(az_memory_allocate(&basis->turned, 5 * block * dims, sizeof(double), "a basis", error));
out:
    return status;
}

static void release(struct operator* work, struct basis *basis)
{
    az_memory_free(work->packed);
    az_memory_free(work->x);
    az_memory_free(work->image);
    az_memory_free(work->turned);
    az_memory_free(work->rows_packed);
    az_memory_free(work->sum);
    az_memory_free(basis->vectors);
    az_memory_free(basis->images);
    az_memory_free(basis->small);
    az_memory_free(basis->ritz);
    az_memory_free(basis->turned);
}

enum az_status az_leading_find(const struct az_rows_view *view, int64_t used, size_t count,
                               double *values, double *vectors, double *residual,
                               const struct az_kernels *kernels, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)view->matrix->dims, block = (count + SPARE + 15) / 16 * 16;
    struct operator work = {.view = view, .kernels = kernels, .dims = dims, .block = block};
    struct basis basis = {.dims = dims, .block = block};
    basis.capacity = MOST_BLOCKS * block;
    if (basis.capacity > dims / block * block) basis.capacity = dims / block * block;
    if (basis.capacity < 4 * block)
        AZ_RAISE(AZ_USAGE, "%zu leading components of %zu dimensions: take all", count, dims);
    AZ_TRY(allocate(&work, &basis, (size_t)az_pool_threads(pool), error));
    AZ_TRY(iterate(&basis, &work, used, count, residual, pool, progress, error));
    for (size_t k = 0; k < count; k++) {
        values[k] = basis.ritz[basis.count - 1 - k];
        combine(&basis, k, basis.vectors, vectors + k * dims);
    }
out:
    release(&work, &basis);
    return status;
}
