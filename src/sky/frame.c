#include "azimuth/frame.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "sky/frame_parts.h"
#include "text/cache.h"

#define MOST_DIMS 20000
#define CACHE_KIND "frame"
#define CACHE_VERSION 1 /* of what is kept */

/* ---- memory and cache ---- */

static enum az_status create(struct az_frame **frame, int64_t rows, int64_t dims, int64_t count,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_frame *made = NULL;
    size_t cells;
    AZ_TRY(az_memory_allocate(&made, 1, sizeof *made, "a frame", error));
    made->rows = rows;
    made->dims = dims;
    made->count = count;
    made->whole = count == dims;
    AZ_TRY(az_size_multiply((size_t)count, (size_t)dims, &cells, error));
    AZ_TRY(az_memory_allocate(&made->mean, (size_t)dims, sizeof(double), "a frame", error));
    AZ_TRY(az_memory_allocate(&made->deviation, (size_t)dims, sizeof(double), "a frame", error));
    AZ_TRY(az_memory_allocate(&made->values, (size_t)count, sizeof(double), "a frame", error));
    AZ_TRY(az_memory_allocate(&made->vectors, cells, sizeof(float), "a frame", error));
out:
    if (status != AZ_OK) {
        az_frame_free(made);
        made = NULL;
    }
    *frame = made;
    return status;
}

void az_frame_free(struct az_frame *frame)
{
    if (!frame) return;
    az_memory_free(frame->mean);
    az_memory_free(frame->deviation);
    az_memory_free(frame->values);
    az_memory_free(frame->vectors);
    az_memory_free(frame);
}

/* The arrays of a frame, in the order in which they are kept. */
#define ARRAYS 4
static void list_arrays(const struct az_frame *frame, void *arrays[ARRAYS], size_t bytes[ARRAYS])
{
    size_t dims = (size_t)frame->dims, count = (size_t)frame->count;
    arrays[0] = frame->mean;
    arrays[1] = frame->deviation;
    arrays[2] = frame->values;
    arrays[3] = frame->vectors;
    bytes[0] = bytes[1] = dims * sizeof(double);
    bytes[2] = count * sizeof(double);
    bytes[3] = count * dims * sizeof(float);
}

static size_t kept_bytes(const struct az_frame *frame)
{
    void *arrays[ARRAYS];
    size_t bytes[ARRAYS], total = sizeof *frame;
    list_arrays(frame, arrays, bytes);
    for (size_t n = 0; n < ARRAYS; n++) total += bytes[n];
    return total;
}

static struct az_hash key_of(struct az_hash matrix, const struct az_frame_plan *plan)
{
    char text[256], hash[AZ_HASH_TEXT_BYTES];
    az_hash_text(matrix, hash);
    int length = snprintf(text, sizeof text, "frame %d %s %lld %d", CACHE_VERSION, hash,
                          (long long)plan->leading, plan->unique_rows);
    return az_hash_bytes(text, (size_t)length);
}

static void keep(const struct az_cache *cache, struct az_hash key, const struct az_frame *frame)
{
    void *arrays[ARRAYS];
    size_t bytes[ARRAYS], at = sizeof *frame;
    char *payload;
    struct az_frame plain = *frame;
    plain.mean = plain.deviation = plain.values = NULL;
    plain.vectors = NULL;
    if (az_memory_allocate(&payload, kept_bytes(frame), 1, "the cache", NULL) != AZ_OK) return;
    memcpy(payload, &plain, sizeof plain);
    list_arrays(frame, arrays, bytes);
    for (size_t n = 0; n < ARRAYS; at += bytes[n++]) memcpy(payload + at, arrays[n], bytes[n]);
    az_cache_write(cache, CACHE_KIND, key, payload, at);
    az_memory_free(payload);
}

/* NULL where it is not there or does not fit the matrix. */
static struct az_frame *find_kept(const struct az_cache *cache, struct az_hash key,
                                  const struct az_matrix *matrix, int64_t count)
{
    void *payload, *arrays[ARRAYS];
    size_t length, bytes[ARRAYS], at = sizeof(struct az_frame);
    struct az_frame *frame = NULL, stored;
    az_cache_read(cache, CACHE_KIND, key, &payload, &length);
    if (length < sizeof stored) goto out;
    memcpy(&stored, payload, sizeof stored);
    if (stored.rows != matrix->rows || stored.dims != matrix->dims || stored.count != count ||
        kept_bytes(&stored) != length ||
        create(&frame, stored.rows, stored.dims, stored.count, NULL) != AZ_OK)
        goto out;
    list_arrays(frame, arrays, bytes);
    for (size_t n = 0; n < ARRAYS; at += bytes[n++])
        memcpy(arrays[n], (char *)payload + at, bytes[n]);
    stored.mean = frame->mean;
    stored.deviation = frame->deviation;
    stored.values = frame->values;
    stored.vectors = frame->vectors;
    *frame = stored;
    frame->cached = true;
out:
    az_memory_free(payload);
    return frame;
}

/* ---- finding ---- */

static void take_norms(struct az_frame *frame, const struct az_survey *survey)
{
    double sum = 0, squares = 0;
    frame->norm_least = INFINITY;
    for (int64_t row = 0; row < frame->rows; row++) {
        if (!survey->use[row]) continue;
        double norm = survey->norms[row];
        sum += norm;
        frame->norm_least = fmin(frame->norm_least, norm);
        frame->norm_most = fmax(frame->norm_most, norm);
    }
    frame->norm_mean = sum / (double)survey->used;
    for (int64_t row = 0; row < frame->rows; row++) {
        double off = survey->use[row] ? survey->norms[row] - frame->norm_mean : 0;
        squares += off * off;
    }
    frame->norm_deviation = sqrt(squares / (double)survey->used);
    memcpy(frame->mean, survey->mean, (size_t)frame->dims * sizeof(double));
    memcpy(frame->deviation, survey->deviation, (size_t)frame->dims * sizeof(double));
    for (int64_t d = 0; d < frame->dims; d++)
        frame->trace += frame->deviation[d] * frame->deviation[d];
    frame->used = survey->used;
    frame->not_finite = survey->not_finite;
    frame->repeated = survey->repeated;
}

/* Length 1, the component of largest magnitude positive, as float32. */
static void take_vector(const double *vector, size_t dims, float *kept)
{
    size_t largest = 0;
    double squares = 0;
    for (size_t d = 0; d < dims; d++) {
        if (fabs(vector[d]) > fabs(vector[largest])) largest = d;
        squares += vector[d] * vector[d];
    }
    double factor = (vector[largest] < 0 ? -1 : 1) / (squares > 0 ? sqrt(squares) : 1);
    for (size_t d = 0; d < dims; d++) kept[d] = (float)(vector[d] * factor);
}

/* Eigenvalues come ascending, vectors one a row. */
static enum az_status find_all(struct az_frame *frame, const struct az_rows_view *view,
                               const struct az_kernels *kernels, struct az_pool *pool,
                               struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double *covariance = NULL, *values = NULL;
    size_t dims = (size_t)frame->dims, cells;
    if (dims > MOST_DIMS)
        AZ_RAISE(AZ_BUDGET,
                 "a covariance of %zu dimensions: the limit is %d; take the leading components",
                 dims, MOST_DIMS);
    AZ_TRY(az_size_multiply(dims, dims, &cells, error));
    AZ_TRY(az_memory_allocate(&covariance, cells, sizeof(double), "the covariance", error));
    AZ_TRY(az_memory_allocate(&values, dims, sizeof(double), "eigenvalues", error));
    AZ_TRY(az_covariance_find(view, frame->used, covariance, kernels, pool, progress, error));
    AZ_TRY(az_eigen_symmetric(dims, covariance, values, error));
    for (size_t k = 0; k < (size_t)frame->count; k++) {
        frame->values[k] = fmax(0, values[dims - 1 - k]);
        take_vector(covariance + (dims - 1 - k) * dims, dims, frame->vectors + k * dims);
    }
    frame->residual = NAN;
out:
    az_memory_free(covariance);
    az_memory_free(values);
    return status;
}

static enum az_status find_leading(struct az_frame *frame, const struct az_rows_view *view,
                                   const struct az_kernels *kernels, struct az_pool *pool,
                                   struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)frame->dims, count = (size_t)frame->count;
    double *vectors = NULL;
    AZ_TRY(az_memory_allocate(&vectors, count * dims, sizeof(double), "components", error));
    AZ_TRY(az_leading_find(view, frame->used, count, frame->values, vectors, &frame->residual,
                           kernels, pool, progress, error));
    for (size_t k = 0; k < count; k++)
        take_vector(vectors + k * dims, dims, frame->vectors + k * dims);
out:
    az_memory_free(vectors);
    return status;
}

static enum az_status find(struct az_frame *frame, const struct az_matrix *matrix,
                           const struct az_frame_plan *plan, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_survey survey = {0};
    struct az_kernels kernels;
    AZ_TRY(az_kernels_default(&kernels, NULL, error));
    AZ_TRY(az_survey_run(&survey, matrix, plan->unique_rows, &kernels, pool, progress, error));
    take_norms(frame, &survey);
    struct az_rows_view view = {matrix, &kernels, survey.minus_center, survey.scale, survey.use};
    double unscale = 1 / ((double)survey.scale * (double)survey.scale);
    /* A block needs room: of few dimensions, or of most of them, all are found. */
    bool all = frame->whole || frame->dims < 512 || frame->count * 8 > frame->dims;
    AZ_TRY((all ? find_all : find_leading)(frame, &view, &kernels, pool, progress, error));
    for (int64_t k = 0; k < frame->count; k++) frame->values[k] *= unscale;
out:
    az_survey_free(&survey);
    return status;
}

enum az_status az_frame_find(struct az_frame **frame, const struct az_matrix *matrix,
                             const struct az_frame_plan *plan, struct az_pool *pool,
                             struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_frame *made = NULL;
    struct az_cache cache = {.directory = ""};
    struct az_hash hash, key;
    *frame = NULL;
    if (plan->leading < 0) AZ_RAISE(AZ_USAGE, "%lld components", (long long)plan->leading);
    bool all = plan->leading == 0 || plan->leading > matrix->dims;
    int64_t count = all ? matrix->dims : plan->leading;
    if (!plan->cache || *plan->cache) AZ_TRY(az_cache_init(&cache, plan->cache, error));
    AZ_TRY(az_matrix_hash(matrix, pool, &hash, progress, error));
    key = key_of(hash, plan);
    made = find_kept(&cache, key, matrix, count);
    if (!made) {
        AZ_TRY(create(&made, matrix->rows, matrix->dims, count, error));
        made->matrix_hash = hash;
        AZ_TRY(find(made, matrix, plan, pool, progress, error));
        keep(&cache, key, made);
    }
    *frame = made;
    made = NULL;
out:
    az_frame_free(made);
    return status;
}
