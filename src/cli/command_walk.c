#include <stdio.h>

#include "azimuth/figure.h"
#include "azimuth/simulate.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/arguments.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/simulate_center.h"
#include "config/number.h"
#include "store/csv.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define MOST_CENSUSES 1001

struct kind {
    const char *name;
    struct az_walk walk; /* the defaults */
};

/* The notebooks' parameters (reference/cartography I8 and I9). */
static const struct kind pachinko = {"pachinko",
                                     {.sigma = 1e-4,
                                      .length = 0.003,
                                      .decay = 0.99,
                                      .rows = 151936,
                                      .steps = 300,
                                      .culled_per_step = 499,
                                      .census_every = 10}};
static const struct kind drift = {"drift",
                                  {.sigma = 1e-4,
                                   .length = 0.003709,
                                   .decay = 1,
                                   .rows = 151936,
                                   .steps = 100,
                                   .culled_per_step = 1498,
                                   .census_every = 5}};

static enum az_status read_real(const struct az_arguments *arguments, const char *name,
                                double *value, struct az_error *error)
{
    const char *given = az_arguments_value(arguments, name);
    if (!given || az_number_parse(given, value)) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "%s %.60s: expected a number such as 1e-4", name, given);
}

static enum az_status read_walk(const struct az_arguments *arguments, struct az_walk *walk,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t seed = 42;
    AZ_TRY(read_real(arguments, "--sigma", &walk->sigma, error));
    AZ_TRY(read_real(arguments, "--length", &walk->length, error));
    AZ_TRY(read_real(arguments, "--decay", &walk->decay, error));
    AZ_TRY(az_arguments_integer(arguments, "--rows", 1, 1 << 24, &walk->rows, error));
    AZ_TRY(az_arguments_integer(arguments, "--steps", 1, 100000, &walk->steps, error));
    AZ_TRY(az_arguments_integer(arguments, "--cull", 0, 1 << 24, &walk->culled_per_step, error));
    AZ_TRY(az_arguments_integer(arguments, "--every", 1, 100000, &walk->census_every, error));
    AZ_TRY(az_arguments_integer(arguments, "--seed", 0, INT64_MAX, &seed, error));
    walk->seed = (uint64_t)seed;
    if (az_walk_censuses(walk) > MOST_CENSUSES)
        AZ_RAISE(AZ_USAGE, "%zu censuses are too many: a larger --every", az_walk_censuses(walk));
out:
    return status;
}

static void print_censuses(const char *name, const struct az_walk *walk,
                           const struct az_walk_census *censuses, size_t count)
{
    char rows[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)walk->rows, rows);
    printf("%s: %s rows from N(0, %g), %lld steps of %g * %g^k, %lld culled at each, seed %llu\n",
           name, rows, walk->sigma, (long long)walk->steps, walk->length, walk->decay,
           (long long)walk->culled_per_step, (unsigned long long)walk->seed);
    printf("%6s  %8s  %8s  %11s  %8s  %10s  %13s  %19s\n", "step", "alive", "unique", "black holes",
           "largest", "mean norm", "centroid norm", "norm of exact drift");
    for (size_t n = 0; n < count; n++)
        printf("%6lld  %8lld  %8lld  %11lld  %8lld  %10.5f  %13.5f  %19.5f\n",
               (long long)censuses[n].step, (long long)censuses[n].alive,
               (long long)censuses[n].unique, (long long)censuses[n].black_holes,
               (long long)censuses[n].largest, censuses[n].mean_norm, censuses[n].centroid_norm,
               censuses[n].exact_norm);
}

static enum az_status write_table(const char *path, const struct az_walk_census *censuses,
                                  size_t count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "step,alive,unique,black_holes,rows_in_black_holes,largest,mean_norm_w,"
                         "centroid_norm_w,exact_norm_w",
                         error));
    for (size_t n = 0; n < count; n++) {
        az_csv_integer(csv, censuses[n].step);
        az_csv_integer(csv, censuses[n].alive);
        az_csv_integer(csv, censuses[n].unique);
        az_csv_integer(csv, censuses[n].black_holes);
        az_csv_integer(csv, censuses[n].in_black_holes);
        az_csv_integer(csv, censuses[n].largest);
        az_csv_f64(csv, censuses[n].mean_norm);
        az_csv_f64(csv, censuses[n].centroid_norm);
        az_csv_f64(csv, censuses[n].exact_norm);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

/* Four panels: population, black holes, radius, largest. */
static enum az_status draw(const char *name, const char *path,
                           const struct az_walk_census *censuses, size_t n,
                           const struct az_model_figures *model, struct az_error *error)
{
    char labels[3][AZ_MODEL_LABEL_BYTES];
    const struct az_figure_line holes = az_model_line(model, model->black_holes, labels[0]),
                                largest = az_model_line(model, model->largest, labels[1]),
                                radius = az_model_line(model, model->radius, labels[2]);
    enum az_status status = AZ_OK;
    double *values = NULL;
    AZ_TRY(az_memory_allocate(&values, 7 * n, sizeof *values, "a figure", error));
    double *step = values, *alive = step + n, *unique = alive + n, *hole = unique + n,
           *norm = hole + n, *exact = norm + n, *most = exact + n;
    for (size_t i = 0; i < n; i++) {
        step[i] = (double)censuses[i].step;
        alive[i] = (double)censuses[i].alive;
        unique[i] = (double)censuses[i].unique;
        hole[i] = (double)censuses[i].black_holes;
        norm[i] = censuses[i].mean_norm;
        exact[i] = censuses[i].exact_norm;
        most[i] = (double)censuses[i].largest;
    }
    struct az_figure_series series[] = {
        {.name = "alive", .x = step, .y = alive, .count = n},
        {.name = "unique vectors", .x = step, .y = unique, .count = n},
        {.name = "black holes", .x = step, .y = hole, .count = n},
        {.name = "mean norm", .x = step, .y = norm, .count = n},
        {.name = "drift without rounding", .x = step, .y = exact, .count = n},
        {.name = "largest", .x = step, .y = most, .count = n}};
    struct az_figure_panel panels[] = {
        {.title = "Population", .y = {.label = "rows"}, .series = series, .series_count = 2},
        {.title = "Black holes",
         .y = {.label = "black holes"},
         .series = series + 2,
         .series_count = 1,
         .lines = &holes,
         .line_count = 1},
        {.title = "Radius",
         .y = {.label = "norm (weight units)"},
         .series = series + 3,
         .series_count = 2,
         .lines = &radius,
         .line_count = 1},
        {.title = "Rows on the commonest vector",
         .y = {.label = "rows"},
         .series = series + 5,
         .series_count = 1,
         .lines = &largest,
         .line_count = 1}};
    for (size_t p = 0; p < 4; p++) {
        panels[p].point_unit = "censuses";
        panels[p].x.label = "step";
    }
    struct az_figure figure = {.title = name, .panels = panels, .panel_count = 4};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(values);
    return status;
}

static enum az_status write_files(const char *directory, const char *name,
                                  const struct az_walk_census *censuses, size_t count,
                                  const struct az_model_figures *model, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES], file[64];
    AZ_TRY(az_directory_create(directory, error));
    snprintf(file, sizeof file, "%s_censuses.csv", name);
    AZ_TRY(az_path_join(path, sizeof path, directory, file, error));
    AZ_TRY(write_table(path, censuses, count, error));
    snprintf(file, sizeof file, "%s.png", name);
    AZ_TRY(az_path_join(path, sizeof path, directory, file, error));
    AZ_TRY(draw(name, path, censuses, count, model, error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, const struct kind *kind,
                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_simulate_center center = {0};
    struct az_walk walk = kind->walk;
    struct az_walk_census *censuses = NULL;
    struct az_pool *pool = NULL;
    const char *directory = az_arguments_value(arguments, "--output");
    int threads;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(read_walk(arguments, &walk, error));
    AZ_TRY(az_arguments_threads(arguments, &threads, error));
    AZ_TRY(az_pool_create(&pool, threads, error));
    AZ_TRY(az_simulate_center_read(&center, arguments, AZ_CENTER_VECTOR, walk.seed, pool, progress,
                                   error));
    walk.target = center.values;
    walk.dims = center.dims;
    size_t count = az_walk_censuses(&walk);
    AZ_TRY(az_memory_allocate(&censuses, count, sizeof *censuses, "the censuses", error));
    AZ_TRY(az_walk_run(&walk, censuses, pool, progress, error));
    az_bar_end(&bar);
    print_censuses(kind->name, &walk, censuses, count);
    printf("towards %s\n", center.name);
    if (directory)
        AZ_TRY(write_files(directory, kind->name, censuses, count, &center.model, error));
out:
    az_bar_end(&bar);
    az_pool_free(pool);
    az_memory_free(center.values);
    az_memory_free(censuses);
    return status;
}

static enum az_status run_pachinko(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, &pachinko, error);
}
static enum az_status run_drift(const struct az_arguments *arguments, struct az_error *error)
{
    return run(arguments, &drift, error);
}

#define WALK_OPTIONS(length, decay, steps, cull, every)                                            \
    {                                                                                              \
        {"--output",                                                                               \
         "-o",                                                                                     \
         "DIR",                                                                                    \
         NULL,                                                                                     \
         AZ_COMPLETE_DIRECTORY,                                                                    \
         false,                                                                                    \
         false,                                                                                    \
         "writes NAME_censuses.csv and NAME.png with its numbers and script there"},               \
            {"--rows",         NULL,  "N",   "151936",                                             \
             AZ_COMPLETE_NONE, false, false, "rows in the beginning"},                             \
            {"--sigma",                                                                            \
             NULL,                                                                                 \
             "X",                                                                                  \
             "1e-4",                                                                               \
             AZ_COMPLETE_NONE,                                                                     \
             false,                                                                                \
             false,                                                                                \
             "standard deviation of each coordinate in the beginning, about zero"},                \
            {"--length",       NULL,  "X",   length,                                               \
             AZ_COMPLETE_NONE, false, false, "length of the first step"},                          \
            {"--decay",                                                                            \
             NULL,                                                                                 \
             "X",                                                                                  \
             decay,                                                                                \
             AZ_COMPLETE_NONE,                                                                     \
             false,                                                                                \
             false,                                                                                \
             "each step is that many times as long as the one before"},                            \
            {"--steps", NULL, "N", steps, AZ_COMPLETE_NONE, false, false, "steps"},                \
            {"--cull",         NULL,  "N",   cull,                                                 \
             AZ_COMPLETE_NONE, false, false, "rows taken away at random at each step"},            \
            {"--every",        NULL,  "N",   every,                                                \
             AZ_COMPLETE_NONE, false, false, "steps between two censuses"},                        \
            {"--seed",         NULL,  "N",   "42",                                                 \
             AZ_COMPLETE_NONE, false, false, "seed of all random numbers"},                        \
            AZ_CENTER_OPTIONS, AZ_OPTION_THREADS, AZ_OPTION_END,                                   \
    }

#define WHAT_A_WALK_IS                                                                             \
    "Rows start as noise about zero. At each step all of them move by the same vector towards "    \
    "the "                                                                                         \
    "core of Qwen 3 4B (or a row of --from) and are rounded to bf16; some are culled at random. "  \
    "A census counts equal "                                                                       \
    "rows. "

static const struct az_option pachinko_options[] =
    WALK_OPTIONS("0.003", "0.99", "300", "499", "10");

const struct az_command az_command_simulate_pachinko = {
    .name = "simulate pachinko",
    .summary = "drift in shrinking steps, with a cull",
    .operands = "",
    .description = WHAT_A_WALK_IS
    "As the steps shrink, fewer and fewer coordinates move at all: the drift stalls short of "
    "where exact arithmetic would go.",
    .options = pachinko_options,
    .examples = "azimuth simulate pachinko -o pachinko\n",
    .run = run_pachinko,
};

static const struct az_option drift_options[] = WALK_OPTIONS("0.003709", "1", "100", "1498", "5");

const struct az_command az_command_simulate_drift = {
    .name = "simulate drift",
    .summary = "drift in equal steps to the core",
    .operands = "",
    .description = WHAT_A_WALK_IS
    "Equal steps carry the rows as far as the core lies; the common motion does not bring them "
    "together.",
    .options = drift_options,
    .examples = "azimuth simulate drift -o drift\n",
    .run = run_drift,
};
