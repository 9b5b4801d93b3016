#include "cli/simulate_center.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/census.h"
#include "base/memory.h"

/* Qwen3-4B-Instruct-2507 as published; the norm is that of its core. */
static const struct az_model_figures published = {"Qwen 3 4B", 125, 13, 814, 2100, 0.3709};

struct source {
    struct az_matrix *matrix;
    struct az_census *census;
    struct az_census_counts counts;
    float *row; /* [dims] */
};

static double norm_of(const double *values, size_t dims)
{
    double squares = 0;
    for (size_t d = 0; d < dims; d++) squares += values[d] * values[d];
    return sqrt(squares);
}

static int64_t find_token(const struct az_matrix *matrix, int64_t token)
{
    for (int64_t row = 0; row < matrix->rows; row++)
        if (az_matrix_token(matrix, row) == token) return row;
    return -1;
}

/* Adds the mean of the rows with vector <= last (all rows: INT32_MAX), times factor. */
static void add_mean(const struct source *source, int64_t last, double factor, double *values)
{
    const int32_t *vectors = az_census_vectors(source->census);
    int64_t rows = source->matrix->rows, dims = source->matrix->dims, used = 0;
    for (int64_t row = 0; row < rows; row++) used += vectors[row] >= 0 && vectors[row] <= last;
    for (int64_t row = 0; row < rows; row++) {
        if (vectors[row] < 0 || vectors[row] > last) continue;
        az_matrix_row_f32(source->matrix, row, source->row);
        for (int64_t d = 0; d < dims; d++)
            values[d] += (double)source->row[d] * factor / (double)used;
    }
}

static enum az_status take_point(const struct source *source, struct az_simulate_center *center,
                                 enum az_center reference, int64_t token, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_matrix *matrix = source->matrix;
    int64_t holes = source->counts.black_holes, row = 0;
    if (token >= 0 && reference == AZ_CENTER_CENTROID)
        AZ_RAISE(AZ_USAGE, "--token names a row; the centroid is that of all black holes: take "
                           "--reference vector");
    if (token < 0 && holes == 0)
        AZ_RAISE(AZ_USAGE, "%s has no black hole to start from: name a row with --token",
                 matrix->path);
    if (token >= 0) {
        row = find_token(matrix, token);
        if (row < 0)
            AZ_RAISE(AZ_USAGE, "--token %" PRId64 ": %s has no such token; it has %" PRId64 " rows",
                     token, matrix->path, matrix->rows);
    } else {
        while (az_census_vectors(source->census)[row] != 0) row++;
    }
    if (token >= 0 || reference == AZ_CENTER_VECTOR) {
        az_matrix_row_f32(matrix, row, source->row);
        for (int64_t d = 0; d < matrix->dims; d++) center->values[d] = (double)source->row[d];
        snprintf(center->name, sizeof center->name, "token %" PRId64 " of %.80s",
                 az_matrix_token(matrix, row), matrix->path);
    } else {
        add_mean(source, holes - 1, 1, center->values);
        snprintf(center->name, sizeof center->name, "the mean of %.80s's black holes",
                 matrix->path);
    }
    if (reference == AZ_CENTER_CENTRED) {
        size_t length = strlen(center->name);
        add_mean(source, INT32_MAX, -1, center->values);
        snprintf(center->name + length, sizeof center->name - length, ", less the mean of all");
    }
    if (!isfinite(norm_of(center->values, center->dims)))
        AZ_RAISE(AZ_USAGE, "%s: the rows to start from hold a NaN or an infinity", matrix->path);
out:
    return status;
}

static enum az_status take_from(struct az_simulate_center *center, const char *path,
                                enum az_center reference, int64_t token, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct source source = {0};
    struct az_census_options options = AZ_CENSUS_DEFAULTS;
    options.duplicates_only = true;
    AZ_TRY(az_matrix_open(&source.matrix, path, error));
    AZ_TRY(az_census_take(&source.census, source.matrix, &options, pool, progress, error));
    az_census_count(source.census, &source.counts);
    center->dims = (size_t)source.matrix->dims;
    AZ_TRY(az_memory_allocate(&center->values, center->dims, sizeof(double), "a point", error));
    AZ_TRY(az_memory_allocate(&source.row, center->dims, sizeof(float), "a row", error));
    AZ_TRY(take_point(&source, center, reference, token, error));
    center->model = (struct az_model_figures){.unique = NAN,
                                              .black_holes = (double)source.counts.black_holes,
                                              .largest = (double)source.counts.largest,
                                              .tokens = (double)source.counts.black_hole_tokens,
                                              .radius = norm_of(center->values, center->dims)};
    const char *slash = strrchr(path, '/');
    snprintf(center->model.name, sizeof center->model.name, "%.90s", slash ? slash + 1 : path);
out:
    az_memory_free(source.row);
    az_census_free(source.census);
    az_matrix_close(source.matrix);
    return status;
}

enum az_status az_simulate_center_read(struct az_simulate_center *center,
                                       const struct az_arguments *arguments,
                                       enum az_center reference, uint64_t seed,
                                       struct az_pool *pool, struct az_progress *progress,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *from = az_arguments_value(arguments, "--from");
    int64_t token = -1;
    *center = (struct az_simulate_center){.dims = AZ_CENTER_DIMS, .model = published};
    AZ_TRY(az_arguments_integer(arguments, "--token", 0, INT64_MAX, &token, error));
    if (!from && token >= 0) AZ_RAISE(AZ_USAGE, "--token needs --from MATRIX");
    if (token >= 0 && !az_arguments_value(arguments, "--reference")) reference = AZ_CENTER_VECTOR;
    if (from) {
        AZ_TRY(take_from(center, from, reference, token, pool, progress, error));
        goto out;
    }
    AZ_TRY(az_memory_allocate(&center->values, center->dims, sizeof(double), "a point", error));
    az_center_fill(reference, seed, center->values);
    snprintf(center->name, sizeof center->name, "%s", az_center_name(reference));
out:
    return status;
}

struct az_figure_line az_model_line(const struct az_model_figures *model, double at,
                                    char label[AZ_MODEL_LABEL_BYTES])
{
    snprintf(label, AZ_MODEL_LABEL_BYTES, "%s: %.4g", model->name, at);
    return (struct az_figure_line){.at = at, .label = label};
}
