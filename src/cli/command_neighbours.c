#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/figure.h"
#include "azimuth/neighbours.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "config/number.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define BINS 100
#define PROFILE 40 /* groups of equal size, by distance from the centre */
#define MOST_QUERIES 10000

struct findings {
    const struct az_matrix *matrix;
    const struct az_neighbours *neighbours;
    const struct az_neighbours_plan *plan;
    double *radius; /* [rows] distance from the mean of the rows, NaN where not finite */
};

/* "12,99,80091" */
static enum az_status parse_rows(const char *text, int64_t **rows, int64_t *count,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char number[32];
    AZ_TRY(az_memory_allocate(rows, MOST_QUERIES, sizeof **rows, "rows", error));
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, ",");
        bool fits = length < sizeof number && *count < MOST_QUERIES;
        snprintf(number, sizeof number, "%.*s", (int)length, at);
        if (!fits || !az_number_parse_integer(number, &(*rows)[*count]))
            AZ_RAISE(AZ_USAGE, "--rows %.60s: expected up to %d row numbers with commas between",
                     text, MOST_QUERIES);
        ++*count;
        at += length;
        if (*at) at++;
    }
    if (*count == 0) AZ_RAISE(AZ_USAGE, "--rows names no row");
out:
    return status;
}

/* ---- on the terminal ---- */

static void print_rows(const struct findings *found)
{
    const struct az_neighbours *all = found->neighbours;
    for (int64_t q = 0; q < all->queries; q++) {
        int64_t row = found->plan->queries[q];
        printf("row %lld, token %lld: %s\n", (long long)row,
               (long long)az_matrix_token(found->matrix, row), az_metric_name(found->plan->metric));
        for (int64_t n = 0; n < all->k; n++) {
            int64_t other = all->rows[q * all->k + n];
            if (other < 0) continue;
            printf("  %4lld  token %8lld  %.9g\n", (long long)n + 1,
                   (long long)az_matrix_token(found->matrix, other),
                   all->distances[q * all->k + n]);
        }
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The n-th neighbours' distances, sorted; returns how many there are. */
static size_t take_sorted(const struct az_neighbours *all, int64_t n, double *values)
{
    size_t count = 0;
    for (int64_t q = 0; q < all->queries; q++)
        if (!isnan(all->distances[q * all->k + n]))
            values[count++] = all->distances[q * all->k + n];
    qsort(values, count, sizeof *values, ascending);
    return count;
}

static enum az_status print_summary(const struct findings *found, struct az_error *error)
{
    const struct az_neighbours *all = found->neighbours;
    double *values;
    enum az_status status =
        az_memory_allocate(&values, (size_t)all->queries, sizeof *values, "distances", error);
    if (status != AZ_OK) return status;
    char rows[AZ_UNIT_TEXT_BYTES], distinct[AZ_UNIT_TEXT_BYTES], pairs[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)all->queries, rows);
    az_unit_count((uint64_t)all->distinct, distinct);
    az_unit_count((uint64_t)all->rechecked, pairs);
    printf("%s rows, %s distinct vectors, metric %s; %lld rows left out\n", rows, distinct,
           az_metric_name(found->plan->metric), (long long)all->left_out);
    printf("%s pairs compared in float64, %lld vectors with all others\n", pairs,
           (long long)all->exhaustive);
    for (int64_t n = 0; n < all->k; n++) {
        if (n > 0 && n + 1 < all->k) continue;
        size_t count = take_sorted(all, n, values), zeros = 0;
        double sum = 0;
        if (count == 0) continue;
        for (size_t i = 0; i < count; i++) {
            zeros += values[i] == 0;
            sum += values[i];
        }
        printf("neighbour %lld: mean %.6g, least %.6g, median %.6g, 99 %% %.6g, most %.6g; %zu at "
               "distance 0\n",
               (long long)n + 1, sum / (double)count, values[0], values[count / 2],
               values[(size_t)(0.99 * (double)(count - 1))], values[count - 1], zeros);
    }
    az_memory_free(values);
    return AZ_OK;
}

/* ---- files ---- */

static enum az_status save(const struct findings *found, const char *path, struct az_error *error)
{
    const struct az_neighbours *all = found->neighbours;
    char k[32];
    snprintf(k, sizeof k, "%lld", (long long)all->k);
    const char *metadata[] = {
        "format", "azimuth neighbours 1", "metric", az_metric_name(found->plan->metric), "k", k,
        "matrix", found->matrix->path,    NULL};
    struct az_tensor tensors[3];
    memset(tensors, 0, sizeof tensors);
    snprintf(tensors[0].name, sizeof tensors[0].name, "neighbours");
    snprintf(tensors[1].name, sizeof tensors[1].name, "distances");
    snprintf(tensors[2].name, sizeof tensors[2].name, "rows");
    tensors[0].dtype = AZ_DTYPE_I32;
    tensors[1].dtype = AZ_DTYPE_F64;
    tensors[2].dtype = AZ_DTYPE_I64;
    for (int n = 0; n < 3; n++) {
        tensors[n].rank = n < 2 ? 2 : 1;
        tensors[n].shape[0] = all->queries;
        tensors[n].shape[1] = all->k;
    }
    tensors[0].data = all->rows;
    tensors[1].data = all->distances;
    tensors[2].data = found->plan->queries;
    return az_safetensors_save(path, tensors, found->plan->queries ? 3 : 2, metadata, error);
}

/* Distance of every row from the mean, for the profile. */
static enum az_status find_radius(struct findings *found, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)found->matrix->rows, dims = (size_t)found->matrix->dims, used = 0;
    float *row = NULL;
    double *mean = NULL;
    AZ_TRY(az_memory_allocate(&found->radius, rows, sizeof(double), "radii", error));
    AZ_TRY(az_memory_allocate(&row, dims, sizeof *row, "a row", error));
    AZ_TRY(az_memory_allocate(&mean, dims, sizeof *mean, "a mean", error));
    for (size_t i = 0; i < rows; i++) {
        if (isnan(found->neighbours->distances[i * (size_t)found->neighbours->k])) continue;
        az_matrix_row_f32(found->matrix, (int64_t)i, row);
        for (size_t d = 0; d < dims; d++) mean[d] += (double)row[d];
        used++;
    }
    for (size_t d = 0; d < dims && used; d++) mean[d] /= (double)used;
    for (size_t i = 0; i < rows; i++) {
        double squares = 0;
        az_matrix_row_f32(found->matrix, (int64_t)i, row);
        for (size_t d = 0; d < dims; d++) {
            double off = (double)row[d] - mean[d];
            squares += off * off;
        }
        found->radius[i] = isfinite(squares) ? sqrt(squares) : NAN;
    }
out:
    az_memory_free(row);
    az_memory_free(mean);
    return status;
}

/* Counts of sorted distances from the least to `most` in BINS equal bins, as columns. */
struct histogram {
    double low[BINS], high[BINS], rows[BINS];
    size_t inside;
};

static void fill_histogram(struct histogram *histogram, const double *sorted, size_t count,
                           double most)
{
    double least = sorted[0];
    if (!(most > least)) most = least + (least > 0 ? least * 0.01 : 1);
    *histogram = (struct histogram){.inside = 0};
    for (size_t b = 0; b < BINS; b++) {
        histogram->low[b] = least + (most - least) * (double)b / BINS;
        histogram->high[b] = least + (most - least) * (double)(b + 1) / BINS;
    }
    for (; histogram->inside < count && sorted[histogram->inside] <= most; histogram->inside++) {
        size_t bin = (size_t)((sorted[histogram->inside] - least) / (most - least) * BINS);
        histogram->rows[bin < BINS ? bin : BINS - 1]++;
    }
}

/* All distances, on both scales, and the least twentieth of them. */
static enum az_status draw_histogram(const struct findings *found, const char *path,
                                     struct az_error *error)
{
    static const char *const titles[] = {"Distance to the nearest row", "The same, logarithmic",
                                         "The least 5 %"};
    enum az_status status = AZ_OK;
    struct histogram histograms[2];
    struct az_figure_series series[2];
    struct az_figure_panel panels[3];
    double *values = NULL;
    AZ_TRY(az_memory_allocate(&values, (size_t)found->neighbours->queries, sizeof *values,
                              "distances", error));
    size_t count = take_sorted(found->neighbours, 0, values);
    if (count == 0) AZ_RAISE(AZ_USAGE, "no row has a neighbour: nothing to draw");
    fill_histogram(&histograms[0], values, count, values[count - 1]);
    fill_histogram(&histograms[1], values, count, values[(count - 1) / 20]);
    for (int n = 0; n < 2; n++)
        series[n] = (struct az_figure_series){.name = "rows per bin",
                                              .mark = AZ_MARK_COLUMNS,
                                              .x = histograms[n].high,
                                              .y = histograms[n].rows,
                                              .low = histograms[n].low,
                                              .count = BINS};
    for (int p = 0; p < 3; p++)
        panels[p] = (struct az_figure_panel){.title = titles[p],
                                             .point_unit = "rows",
                                             .count = histograms[p == 2].inside,
                                             .x = {.label = "distance"},
                                             .y = {.label = "rows per bin", .logarithmic = p > 0},
                                             .series = &series[p == 2],
                                             .series_count = 1};
    struct az_figure figure = {.title = "Nearest neighbours", .panels = panels, .panel_count = 3};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(values);
    return status;
}

struct place {
    double radius, nearest, farthest;
};

static int by_radius(const void *a, const void *b)
{
    double x = ((const struct place *)a)->radius, y = ((const struct place *)b)->radius;
    return (x > y) - (x < y);
}

/* Mean distances of the first and the k-th neighbour in groups of equal size from the centre
 * outwards. */
static enum az_status draw_profile(const struct findings *found, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_neighbours *all = found->neighbours;
    struct place *places = NULL;
    size_t count = 0, k = (size_t)all->k;
    double r[PROFILE], first[PROFILE], last[PROFILE];
    AZ_TRY(az_memory_allocate(&places, (size_t)all->queries, sizeof *places, "a profile", error));
    for (size_t q = 0; q < (size_t)all->queries; q++)
        if (!isnan(all->distances[q * k + k - 1]))
            places[count++] = (struct place){found->radius[q], all->distances[q * k],
                                             all->distances[q * k + k - 1]};
    qsort(places, count, sizeof *places, by_radius);
    size_t groups = count < PROFILE ? count : PROFILE;
    if (groups == 0) goto out; /* fewer rows than neighbours asked for */
    for (size_t g = 0; g < groups; g++) {
        size_t begin = count * g / groups, end = count * (g + 1) / groups;
        r[g] = first[g] = last[g] = 0;
        for (size_t i = begin; i < end; i++) {
            r[g] += places[i].radius / (double)(end - begin);
            first[g] += places[i].nearest / (double)(end - begin);
            last[g] += places[i].farthest / (double)(end - begin);
        }
    }
    char name[64];
    snprintf(name, sizeof name, "neighbour %zu", k);
    /* Discs over the line: where all neighbours are as far, both are still seen. */
    struct az_figure_series series[] = {
        {.name = name, .x = r, .y = last, .count = groups},
        {.name = "neighbour 1", .mark = AZ_MARK_POINTS, .x = r, .y = first, .count = groups}};
    struct az_figure_panel panel = {.title =
                                        "Distance of neighbours against distance from the mean",
                                    .point_unit = "groups of rows",
                                    .x = {.label = "distance from the mean (weight units)"},
                                    .y = {.label = "mean distance"},
                                    .series = k > 1 ? series : series + 1,
                                    .series_count = k > 1 ? 2 : 1};
    struct az_figure figure = {.panels = &panel, .panel_count = 1, .panel_height_inches = 4};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(places);
    return status;
}

static enum az_status write_files(struct findings *found, const char *directory,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_directory_create(directory, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "neighbours.safetensors", error));
    AZ_TRY(save(found, path, error));
    if (found->plan->queries) goto out;
    AZ_TRY(find_radius(found, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "nearest.png", error));
    AZ_TRY(draw_histogram(found, path, error));
    AZ_TRY(az_path_join(path, sizeof path, directory, "profile.png", error));
    AZ_TRY(draw_profile(found, path, error));
out:
    return status;
}

static enum az_status parse_metric(const char *text, enum az_metric *metric, struct az_error *error)
{
    for (int m = 0; m < AZ_METRIC_COUNT; m++) {
        *metric = (enum az_metric)m;
        if (!text || strcmp(text, az_metric_name(*metric)) == 0) return AZ_OK;
    }
    return az_error_raise(error, AZ_USAGE, "--metric %.60s: there are l2, cosine, causal", text);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_matrix *matrix = NULL;
    struct az_frame *frame = NULL;
    struct az_neighbours *neighbours = NULL;
    struct az_pool *pool = NULL;
    struct az_kernels kernels;
    struct az_frame_plan whole = {.cache = az_arguments_value(arguments, "--cache")};
    struct az_neighbours_plan plan = {.k = 10, .ridge = 1e-6};
    struct findings found = {.plan = &plan};
    const char *rows = az_arguments_value(arguments, "--rows");
    const char *ridge = az_arguments_value(arguments, "--ridge");
    const char *directory = az_arguments_value(arguments, "--output");
    int64_t *queries = NULL;
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_arguments_integer(arguments, "--neighbours", 1, AZ_NEIGHBOURS_MOST, &plan.k, error));
    AZ_TRY(parse_metric(az_arguments_value(arguments, "--metric"), &plan.metric, error));
    if (ridge && !az_number_parse(ridge, &plan.ridge))
        AZ_RAISE(AZ_USAGE, "--ridge %.60s: expected a number such as 1e-6", ridge);
    if (rows) AZ_TRY(parse_rows(rows, &queries, &plan.query_count, error));
    plan.queries = queries;
    AZ_TRY(az_kernels_default(&kernels, az_arguments_value(arguments, "--isa"), error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_matrix_open(&matrix, arguments->operands[0], error));
    if (plan.metric == AZ_METRIC_CAUSAL)
        AZ_TRY(az_frame_find(&frame, matrix, &whole, pool, progress, error));
    plan.frame = frame;
    AZ_TRY(az_neighbours_find(&neighbours, matrix, &plan, &kernels, pool, progress, error));
    az_bar_end(&bar);
    found.matrix = matrix;
    found.neighbours = neighbours;
    if (rows)
        print_rows(&found);
    else
        AZ_TRY(print_summary(&found, error));
    if (directory) AZ_TRY(write_files(&found, directory, error));
out:
    az_bar_end(&bar);
    az_memory_free(found.radius);
    az_memory_free(queries);
    az_neighbours_free(neighbours);
    az_frame_free(frame);
    az_matrix_close(matrix);
    az_pool_free(pool);
    return status;
}

static const struct az_option options[] = {
    {"--neighbours", "-k", "K", "10", AZ_COMPLETE_NONE, false, false,
     "neighbours of each row, up to 1000"},
    {"--metric", NULL, "NAME", "l2", AZ_COMPLETE_NONE, false, false,
     "l2; cosine: 1 - cosine, seen from the origin; causal: l2 of whitened rows"},
    {"--ridge", NULL, "X", "1e-6", AZ_COMPLETE_NONE, false, false,
     "added to the eigenvalues for the causal metric"},
    {"--rows", NULL, "LIST", "all", AZ_COMPLETE_NONE, false, false,
     "only of these rows, with commas between: in one pass, for every 64 of them"},
    {"--output", "-o", "DIR", NULL, AZ_COMPLETE_DIRECTORY, false, false,
     "writes neighbours.safetensors there and, of all rows, nearest.png and profile.png"},
    {"--cache", NULL, "DIR", "AZ_CACHE or ~/.cache/azimuth", AZ_COMPLETE_DIRECTORY, false, false,
     "where found frames are kept; \"\" keeps none"},
    AZ_OPTION_ISA,
    AZ_OPTION_THREADS,
    AZ_OPTION_END,
};

const struct az_command az_command_neighbours = {
    .name = "neighbours",
    .summary = "the exact nearest rows of every row, or of some",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Distances are computed in float64 and ties go to the lower row; fast products in bf16 or "
        "float32 only rule out what cannot be among the nearest, by a bound on their error. The "
        "result is the same on every machine. MATRIX as for azimuth frame.",
    .options = options,
    .examples = "azimuth neighbours model.safetensors --rows 80091,124 -k 30\n"
                "azimuth neighbours model.safetensors -k 10 -o neighbours\n",
    .run = run,
};
