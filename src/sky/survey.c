#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/frame_parts.h"
#include "sky/groups.h"

#define PART_ROWS 256

struct pass {
    struct az_survey *survey;
    const struct az_matrix *matrix;
    struct az_rows_view view;
    float *row;     /* [threads][dims] */
    int32_t *most;  /* [rows] bits of the greatest magnitude */
    bool look, add; /* what a pass does with a row */
    struct az_hash *hashes;
    unsigned char *raw; /* [threads][row_bytes] */
};

#define INFINITE 0x7f800000

/* A row that counts is finite throughout. Equal bits are equal rows: -0 is not 0 here. */
static void look(struct pass *pass, int64_t row, const float *values, int thread)
{
    size_t dims = (size_t)pass->matrix->dims;
    int32_t most = 0;
    for (size_t d = 0; d < dims; d++) {
        int32_t magnitude = (int32_t)(az_f32_bits(values[d]) & 0x7fffffff);
        most = magnitude > most ? magnitude : most;
    }
    pass->survey->use[row] = most < INFINITE;
    pass->survey->norms[row] = sqrt(pass->view.kernels->sum_squares(dims, values));
    pass->most[row] = most < INFINITE ? most : 0;
    if (!pass->hashes) return;
    const void *bytes =
        az_matrix_row(pass->matrix, row, pass->raw + (size_t)thread * pass->matrix->row_bytes);
    pass->hashes[row] = az_hash_bytes(bytes, pass->matrix->row_bytes);
}

/* sums: of each dimension, then of its squares. */
static void run_part(void *context, int64_t first, int64_t rows, double *sums, int thread)
{
    struct pass *pass = context;
    size_t dims = (size_t)pass->matrix->dims;
    float *values = pass->row + (size_t)thread * dims;
    for (int64_t row = first; row < first + rows; row++) {
        if (!pass->look && !pass->survey->use[row]) continue;
        az_rows_read(&pass->view, row, 1, values);
        if (pass->look) look(pass, row, values, thread);
        if (!pass->add || !pass->survey->use[row]) continue;
        for (size_t d = 0; d < dims; d++) {
            double x = (double)values[d];
            sums[d] += x;
            sums[dims + d] += x * x;
        }
    }
}

static enum az_status leave_out_repeats(struct pass *pass, struct az_error *error)
{
    struct az_groups groups;
    struct az_survey *survey = pass->survey;
    size_t rows = (size_t)pass->matrix->rows;
    enum az_status status = az_groups_create(&groups, rows, error);
    if (status != AZ_OK) return status;
    az_groups_find(&groups, pass->hashes, rows, sizeof *pass->hashes);
    memset(pass->raw, 0, rows);
    for (size_t g = 0; g < groups.count; g++) pass->raw[groups.first[g]] = 1;
    for (size_t row = 0; row < rows; row++) {
        if (!survey->use[row] || pass->raw[row]) continue;
        survey->use[row] = 0;
        survey->repeated++;
    }
    az_groups_free(&groups);
    return AZ_OK;
}

/* The mean and, as differences of large numbers in double, the variances. */
static void find_mean(const struct az_survey *survey, size_t dims, const double *sums)
{
    double n = (double)survey->used;
    for (size_t d = 0; d < dims; d++) {
        double mean = sums[d] / n, variance = sums[dims + d] / n - mean * mean;
        survey->mean[d] = mean;
        survey->minus_center[d] = -(float)mean;
        survey->deviation[d] = variance > 0 ? sqrt(variance) : 0;
    }
}

static void find_scale(struct pass *pass)
{
    int32_t most = 0;
    int exponent;
    for (int64_t row = 0; row < pass->matrix->rows; row++)
        if (pass->survey->use[row] && pass->most[row] > most) most = pass->most[row];
    frexpf(az_f32_from_bits((uint32_t)most), &exponent);
    if (most > 0 && abs(exponent) > 32)
        pass->survey->scale = ldexpf(1, exponent < -120 ? 120 : -exponent);
}

static enum az_status allocate(struct pass *pass, bool unique_rows, size_t threads,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_survey *survey = pass->survey;
    size_t rows = (size_t)pass->matrix->rows, dims = (size_t)pass->matrix->dims, cells, bytes;
    AZ_TRY(az_size_multiply(threads, dims, &cells, error));
    AZ_TRY(az_size_multiply(threads, pass->matrix->row_bytes, &bytes, error));
    AZ_TRY(az_memory_allocate(&survey->use, rows, 1, "rows", error));
    AZ_TRY(az_memory_allocate(&survey->norms, rows, sizeof(double), "norms", error));
    AZ_TRY(az_memory_allocate(&survey->mean, dims, sizeof(double), "a mean", error));
    AZ_TRY(az_memory_allocate(&survey->deviation, dims, sizeof(double), "a mean", error));
    AZ_TRY(az_memory_allocate(&survey->minus_center, dims, sizeof(float), "a mean", error));
    AZ_TRY(az_memory_allocate(&pass->row, cells, sizeof(float), "rows", error));
    AZ_TRY(az_memory_allocate(&pass->most, rows, sizeof(int32_t), "rows", error));
    AZ_TRY(az_memory_allocate(&pass->raw, bytes > rows ? bytes : rows, 1, "rows", error));
    if (unique_rows)
        AZ_TRY(az_memory_allocate(&pass->hashes, rows, sizeof *pass->hashes, "hashes", error));
out:
    return status;
}

/* One pass looks and adds; where repeated rows do not count, a second one adds. */
static enum az_status run_passes(struct pass *pass, double *sums, struct az_pool *pool,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t width = 2 * (size_t)pass->matrix->dims;
    struct az_pass run = {run_part, pass, pass->matrix->rows, PART_ROWS, width, "reading rows"};
    pass->look = true;
    pass->add = !pass->hashes;
    AZ_TRY(az_pass_run(&run, sums, pool, progress, error));
    for (int64_t row = 0; row < pass->matrix->rows; row++)
        pass->survey->not_finite += !pass->survey->use[row];
    if (!pass->hashes) goto out;
    AZ_TRY(leave_out_repeats(pass, error));
    pass->look = false;
    pass->add = true;
    AZ_TRY(az_pass_run(&run, sums, pool, progress, error));
out:
    return status;
}

enum az_status az_survey_run(struct az_survey *survey, const struct az_matrix *matrix,
                             bool unique_rows, const struct az_kernels *kernels,
                             struct az_pool *pool, struct az_progress *progress,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)matrix->dims;
    double *sums = NULL;
    struct pass pass = {.survey = survey, .matrix = matrix};
    pass.view = (struct az_rows_view){matrix, kernels, NULL, 1, NULL};
    *survey = (struct az_survey){.scale = 1};
    AZ_TRY(allocate(&pass, unique_rows, (size_t)az_pool_threads(pool), error));
    AZ_TRY(az_memory_allocate(&sums, 2 * dims, sizeof *sums, "sums", error));
    AZ_TRY(run_passes(&pass, sums, pool, progress, error));
    survey->used = matrix->rows - survey->not_finite - survey->repeated;
    if (survey->used < 1)
        AZ_RAISE(AZ_USAGE, "%s: every one of its %lld rows holds a NaN or an infinity",
                 matrix->path, (long long)matrix->rows);
    find_scale(&pass);
    find_mean(survey, dims, sums);
out:
    az_memory_free(sums);
    az_memory_free(pass.row);
    az_memory_free(pass.most);
    az_memory_free(pass.raw);
    az_memory_free(pass.hashes);
    if (status != AZ_OK) az_survey_free(survey);
    return status;
}

void az_survey_free(struct az_survey *survey)
{
    az_memory_free(survey->use);
    az_memory_free(survey->norms);
    az_memory_free(survey->minus_center);
    az_memory_free(survey->mean);
    az_memory_free(survey->deviation);
    *survey = (struct az_survey){0};
}
