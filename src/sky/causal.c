#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "sky/frame_parts.h"

#define BATCH 64 /* pairs at a time */
#define MOST_PAIRS ((int64_t)1 << 20)
#define PAIR_STREAM (AZ_STREAM_SIMULATION | (uint32_t)0xfb << 24)
#define SHUFFLE_STREAM (AZ_STREAM_SIMULATION | (uint32_t)0xfa << 24)

struct causal {
    const struct az_frame *frame;
    const struct az_matrix *matrix;
    struct az_kernels kernels;
    size_t dims;
    uint64_t seed;
    int64_t pairs;
    float *packed; /* eigenvectors over the roots of their eigenvalues, packed */
    float *x, *z;  /* [threads][3 BATCH][dims]: a, b, b shuffled; as they are and whitened */
    double
        *result; /* [pairs][4]: causal, null, plain cosine, causal norm of a; NaN: no direction */
};

static double dot(size_t n, const float *a, const float *b)
{
    double sum[4] = {0};
    for (size_t i = 0; i < n; i++) sum[i & 3] += (double)a[i] * (double)b[i];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

static double cosine(size_t n, const float *a, const float *b)
{
    double product = sqrt(dot(n, a, a)) * sqrt(dot(n, b, b));
    return product > 0 ? dot(n, a, b) / product : NAN;
}

static void read_row(const struct causal *work, uint64_t row, float *x)
{
    az_matrix_row_f32(work->matrix, (int64_t)row, x);
    for (size_t d = 0; d < work->dims; d++) x[d] -= (float)work->frame->mean[d];
}

static void shuffle(const struct causal *work, uint64_t pair, const float *from, float *to)
{
    memcpy(to, from, work->dims * sizeof *to);
    for (size_t i = work->dims - 1; i > 0; i--) {
        size_t j = az_random_below(work->seed, SHUFFLE_STREAM, pair * work->dims + i, i + 1);
        float kept = to[i];
        to[i] = to[j];
        to[j] = kept;
    }
}

static void compare(void *context, size_t chunk, int thread)
{
    struct causal *work = context;
    size_t dims = work->dims, count = (size_t)work->pairs - chunk * BATCH;
    if (count > BATCH) count = BATCH;
    float *x = work->x + (size_t)thread * 3 * BATCH * dims,
          *z = work->z + (size_t)thread * 3 * BATCH * dims;
    for (size_t n = 0; n < count; n++) {
        uint64_t pair = chunk * BATCH + n, rows = (uint64_t)work->matrix->rows;
        uint64_t a = az_random_below(work->seed, PAIR_STREAM, 2 * pair, rows);
        uint64_t b = az_random_below(work->seed, PAIR_STREAM, 2 * pair + 1, rows - 1);
        read_row(work, a, x + 3 * n * dims);
        read_row(work, b + (b >= a), x + (3 * n + 1) * dims);
        shuffle(work, pair, x + (3 * n + 1) * dims, x + (3 * n + 2) * dims);
    }
    struct az_product_f32 product = {.m = 3 * count,
                                     .n = dims,
                                     .k = dims,
                                     .a = x,
                                     .a_stride = dims,
                                     .b = work->packed,
                                     .c = z,
                                     .c_stride = dims};
    work->kernels.product_f32(&product);
    for (size_t n = 0; n < count; n++) {
        double *result = work->result + 4 * (chunk * BATCH + n);
        const float *zn = z + 3 * n * dims, *xn = x + 3 * n * dims;
        result[0] = cosine(dims, zn, zn + dims);
        result[1] = cosine(dims, zn, zn + 2 * dims);
        result[2] = cosine(dims, xn, xn + dims);
        result[3] = sqrt(dot(dims, zn, zn));
    }
}

static void moments(const struct causal *work, size_t which, double *mean, double *deviation)
{
    double sum = 0, squares = 0, n = 0;
    for (int64_t p = 0; p < work->pairs; p++) {
        double value = work->result[4 * p + (int64_t)which];
        if (!isfinite(value)) continue;
        n++;
        sum += value;
    }
    *mean = sum / n;
    for (int64_t p = 0; p < work->pairs; p++) {
        double value = work->result[4 * p + (int64_t)which] - *mean;
        if (isfinite(value)) squares += value * value;
    }
    *deviation = n > 1 ? sqrt(squares / (n - 1)) : NAN;
}

static enum az_status prepare(struct causal *work, double ridge, struct az_pool *pool,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t threads = (size_t)az_pool_threads(pool), dims = work->dims, cells, square;
    float *scaled = NULL;
    AZ_TRY(az_kernels_default(&work->kernels, NULL, error));
    AZ_TRY(az_size_multiply(threads * 3 * BATCH, dims, &cells, error));
    AZ_TRY(az_size_multiply(dims, dims, &square, error));
    AZ_TRY(az_memory_allocate(&work->packed, az_packed_f32(dims, dims), 4, "a metric", error));
    AZ_TRY(az_memory_allocate(&scaled, square, sizeof(float), "a metric", error));
    AZ_TRY(az_memory_allocate(&work->x, cells, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&work->z, cells, sizeof(float), "rows", error));
    AZ_TRY(
        az_memory_allocate(&work->result, (size_t)work->pairs * 4, sizeof(double), "pairs", error));
    for (size_t k = 0; k < dims; k++) {
        double factor = 1 / sqrt(work->frame->values[k] + ridge);
        for (size_t d = 0; d < dims; d++)
            scaled[k * dims + d] = (float)((double)work->frame->vectors[k * dims + d] * factor);
    }
    work->kernels.pack_b_f32_transposed(dims, dims, scaled, dims, work->packed);
out:
    az_memory_free(scaled);
    return status;
}

static enum az_status check(const struct az_frame *frame, const struct az_matrix *matrix,
                            double ridge, int64_t pairs, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (!frame->whole || frame->dims != matrix->dims || matrix->rows < 2)
        AZ_RAISE(AZ_USAGE, "the causal metric needs all components and at least two rows");
    if (pairs < 1 || pairs > MOST_PAIRS)
        AZ_RAISE(AZ_USAGE, "%lld pairs: expected 1 to %lld", (long long)pairs,
                 (long long)MOST_PAIRS);
    double least = frame->values[frame->count - 1], most = frame->values[0];
    if (!(ridge >= 0) || isinf(ridge))
        AZ_RAISE(AZ_USAGE, "a ridge of %g: expected 0 or more", ridge);
    if (!(least + ridge > 1e-12 * most))
        AZ_RAISE(AZ_USAGE,
                 "the covariance has no inverse: its eigenvalues go from %g to %g; give a ridge "
                 "such as %.1g",
                 least, most, most > 0 ? most * 1e-6 : 1e-6);
out:
    return status;
}

enum az_status az_frame_causal(const struct az_frame *frame, const struct az_matrix *matrix,
                               double ridge, int64_t pairs, uint64_t seed, struct az_causal *causal,
                               struct az_pool *pool, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct causal work = {.frame = frame,
                          .matrix = matrix,
                          .dims = (size_t)matrix->dims,
                          .seed = seed,
                          .pairs = pairs};
    *causal = (struct az_causal){.ridge = ridge, .pairs = pairs, .norm_least = INFINITY};
    AZ_TRY(check(frame, matrix, ridge, pairs, error));
    causal->eigen_most = frame->values[0];
    causal->eigen_least = frame->values[frame->count - 1];
    causal->condition = (causal->eigen_most + ridge) / (causal->eigen_least + ridge);
    AZ_TRY(prepare(&work, ridge, pool, error));
    az_pool_run(pool, compare, &work, ((size_t)pairs + BATCH - 1) / BATCH);
    moments(&work, 0, &causal->cosine_mean, &causal->cosine_deviation);
    moments(&work, 1, &causal->null_mean, &causal->null_deviation);
    moments(&work, 2, &causal->plain_mean, &causal->plain_deviation);
    moments(&work, 3, &causal->norm_mean, &causal->norm_deviation);
    for (int64_t p = 0; p < pairs; p++) {
        double norm = work.result[4 * p + 3];
        if (!isfinite(norm)) continue;
        causal->norm_least = fmin(causal->norm_least, norm);
        causal->norm_most = fmax(causal->norm_most, norm);
    }
out:
    az_memory_free(work.packed);
    az_memory_free(work.x);
    az_memory_free(work.z);
    az_memory_free(work.result);
    return status;
}
