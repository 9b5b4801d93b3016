#include "cli/snow_report.h"

#include <math.h>
#include <stdio.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "base/unit.h"
#include "store/csv.h"
#include "store/file.h"

#define PATH_BYTES 4096

static const char *const names[AZ_SNOW_COUNTS] = {
    [AZ_SNOW_UNIQUE] = "unique",
    [AZ_SNOW_BLACK_HOLES] = "black_holes",
    [AZ_SNOW_SINGLETONS] = "singletons",
    [AZ_SNOW_IN_BLACK_HOLES] = "rows_in_black_holes",
    [AZ_SNOW_LARGEST] = "largest",
    [AZ_SNOW_SECOND] = "second",
    [AZ_SNOW_MEAN_POPULATION] = "mean_population",
    [AZ_SNOW_MEDIAN_POPULATION] = "median_population",
    [AZ_SNOW_GINI] = "gini",
    [AZ_SNOW_EDGES] = "adjacent_pairs",
    [AZ_SNOW_COMPONENTS] = "components",
    [AZ_SNOW_LINF_CELLS] = "linf_cells",
    [AZ_SNOW_LINF_W] = "linf_w",
};

static double count_or_nan(int64_t count) { return count < 0 ? NAN : (double)count; }

static double value_of(const struct az_snow_trial *trial, enum az_snow_count count)
{
    switch (count) {
    case AZ_SNOW_UNIQUE: return (double)trial->unique;
    case AZ_SNOW_BLACK_HOLES: return (double)trial->black_holes;
    case AZ_SNOW_SINGLETONS: return (double)trial->singletons;
    case AZ_SNOW_IN_BLACK_HOLES: return (double)trial->in_black_holes;
    case AZ_SNOW_LARGEST: return (double)trial->largest;
    case AZ_SNOW_SECOND: return (double)trial->second;
    case AZ_SNOW_MEAN_POPULATION: return trial->mean_population;
    case AZ_SNOW_MEDIAN_POPULATION: return trial->median_population;
    case AZ_SNOW_GINI: return trial->gini;
    case AZ_SNOW_EDGES: return count_or_nan(trial->edges);
    case AZ_SNOW_COMPONENTS: return count_or_nan(trial->components);
    case AZ_SNOW_LINF_CELLS: return count_or_nan(trial->linf_cells);
    case AZ_SNOW_LINF_W: return trial->linf_w;
    case AZ_SNOW_COUNTS: break;
    }
    return NAN;
}

struct az_snow_mean az_snow_mean(const struct az_snow_report *report, size_t plan,
                                 enum az_snow_count count)
{
    const struct az_snow_trial *trials = report->results + plan * report->trials;
    double n = 0, sum = 0, squares = 0;
    for (size_t t = 0; t < report->trials; t++) {
        double value = value_of(&trials[t], count);
        if (isnan(value)) continue;
        n++;
        sum += value;
    }
    for (size_t t = 0; t < report->trials; t++) {
        double value = value_of(&trials[t], count) - sum / n;
        if (!isnan(value)) squares += value * value;
    }
    return (struct az_snow_mean){n > 0 ? sum / n : NAN, n > 1 ? sqrt(squares / (n - 1)) : NAN};
}

static void print_mean(const struct az_snow_report *report, size_t plan, enum az_snow_count count)
{
    struct az_snow_mean found = az_snow_mean(report, plan, count);
    char text[64];
    if (isnan(found.mean))
        snprintf(text, sizeof text, "-");
    else if (isnan(found.deviation))
        snprintf(text, sizeof text, "%.6g", found.mean);
    else
        snprintf(text, sizeof text, "%.*f +- %.*f", fabs(found.mean) < 100 ? 2 : 1, found.mean,
                 found.deviation < 10 ? 2 : 1, found.deviation);
    printf("  %-17s", text);
}

void az_snow_report_print(const struct az_snow_report *report)
{
    const struct az_snow *plan = report->plans;
    char rows[AZ_UNIT_TEXT_BYTES], all[AZ_UNIT_TEXT_BYTES], trials[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)plan->survivors, rows);
    az_unit_count((uint64_t)plan->population, all);
    az_unit_count(report->trials, trials);
    printf("%s about %s, %zu dimensions: %s of %s rows, %s noise, %s trials, seed %llu\n",
           report->name, report->reference, plan->dims, rows, all, az_noise_name(plan->noise),
           trials, (unsigned long long)plan->seed);
    printf("%-10s  %-17s  %-17s  %-17s  %-17s  %-17s%s\n", "scale (w)", "unique vectors",
           "black holes", "singletons", "largest", "components",
           report->laws ? "  law: unique, black holes, likeliest" : "");
    for (size_t p = 0; p < report->plan_count; p++) {
        printf("%-10.4g", report->plans[p].scale);
        print_mean(report, p, AZ_SNOW_UNIQUE);
        print_mean(report, p, AZ_SNOW_BLACK_HOLES);
        print_mean(report, p, AZ_SNOW_SINGLETONS);
        print_mean(report, p, AZ_SNOW_LARGEST);
        print_mean(report, p, AZ_SNOW_COMPONENTS);
        if (report->laws) {
            const struct az_snow_law *law = &report->laws[p];
            if (isnan(law->unique))
                printf("  too many to sum, likeliest %.3g", law->modal);
            else
                printf("  %.6g, %.6g, %.5g", law->unique, law->black_holes, law->modal);
        }
        printf("\n");
    }
    const struct az_model_figures *model = report->model;
    printf("%s: ", model->name);
    if (isfinite(model->unique)) printf(" %g unique vectors near the core,", model->unique);
    printf(" %g black holes with %g rows, largest %g\n", model->black_holes, model->tokens,
           model->largest);
}

/* ---- files ---- */

static enum az_status write_trials(const struct az_snow_report *report, const char *path,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    az_csv_text(csv, "scale_w");
    az_csv_text(csv, "trial");
    for (size_t c = 0; c < AZ_SNOW_COUNTS; c++) az_csv_text(csv, names[c]);
    AZ_TRY(az_csv_end(csv, error));
    for (size_t n = 0; n < report->plan_count * report->trials; n++) {
        az_csv_f64(csv, report->plans[n / report->trials].scale);
        az_csv_integer(csv, (int64_t)(n % report->trials));
        for (size_t c = 0; c < AZ_SNOW_COUNTS; c++)
            az_csv_f64(csv, value_of(&report->results[n], (enum az_snow_count)c));
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

static void write_law(struct az_csv *csv, const struct az_snow_law *law)
{
    az_csv_integer(csv, law->active_dims);
    az_csv_f64(csv, law->identical_pairs);
    az_csv_f64(csv, law->modal);
    az_csv_f64(csv, law->unique);
    az_csv_f64(csv, law->black_holes);
    az_csv_f64(csv, law->singletons);
    az_csv_f64(csv, law->lost);
}

static enum az_status write_summary(const struct az_snow_report *report, const char *path,
                                    struct az_error *error)
{
    static const char *const law_names[] = {
        "law_active_dims", "law_identical_pairs", "law_modal", "law_unique",
        "law_black_holes", "law_singletons",      "law_lost"};
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char name[64];
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    az_csv_text(csv, "scale_w");
    for (size_t c = 0; c < AZ_SNOW_COUNTS; c++) {
        az_csv_text(csv, names[c]);
        snprintf(name, sizeof name, "%s_deviation", names[c]);
        az_csv_text(csv, name);
    }
    for (size_t n = 0; report->laws && n < sizeof law_names / sizeof *law_names; n++)
        az_csv_text(csv, law_names[n]);
    AZ_TRY(az_csv_end(csv, error));
    for (size_t p = 0; p < report->plan_count; p++) {
        az_csv_f64(csv, report->plans[p].scale);
        for (size_t c = 0; c < AZ_SNOW_COUNTS; c++) {
            struct az_snow_mean mean = az_snow_mean(report, p, (enum az_snow_count)c);
            az_csv_f64(csv, mean.mean);
            az_csv_f64(csv, mean.deviation);
        }
        if (report->laws) write_law(csv, &report->laws[p]);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

/* ---- figure ---- */

#define PANELS 3
static const struct {
    enum az_snow_count count;
    const char *title, *label;
} plots[PANELS] = {{AZ_SNOW_UNIQUE, "Unique vectors", "unique vectors"},
                   {AZ_SNOW_BLACK_HOLES, "Black holes", "black holes"},
                   {AZ_SNOW_LARGEST, "Largest black hole", "rows"}};

/* What a law expects: the likeliest vector's rows stand for the largest. */
static double law_value(const struct az_snow_law *law, enum az_snow_count count)
{
    if (count == AZ_SNOW_UNIQUE) return law->unique;
    return count == AZ_SNOW_BLACK_HOLES ? law->black_holes : fmax(1, law->modal);
}

static enum az_status draw(const struct az_snow_report *report, const char *path,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = report->plan_count;
    double *values = NULL;
    struct az_figure_series series[PANELS][2];
    struct az_figure_panel panels[PANELS];
    char title[256], labels[PANELS][AZ_MODEL_LABEL_BYTES];
    const double model[PANELS] = {report->model->unique, report->model->black_holes,
                                  report->model->largest};
    struct az_figure_line lines[PANELS];
    AZ_TRY(az_memory_allocate(&values, n * (1 + 2 * PANELS), sizeof *values, "a figure", error));
    for (size_t p = 0; p < n; p++) values[p] = report->plans[p].scale;
    for (size_t k = 0; k < PANELS; k++) {
        double *drawn = values + n * (1 + 2 * k), *law = drawn + n;
        for (size_t p = 0; p < n; p++) {
            drawn[p] = az_snow_mean(report, p, plots[k].count).mean;
            law[p] = report->laws ? law_value(&report->laws[p], plots[k].count) : NAN;
        }
        series[k][0] = (struct az_figure_series){.name = "drawn, mean of trials",
                                                 .mark = AZ_MARK_POINTS,
                                                 .x = values,
                                                 .y = drawn,
                                                 .count = n};
        series[k][1] = (struct az_figure_series){
            .name = "law", .mark = AZ_MARK_LINES, .x = values, .y = law, .count = n};
        panels[k] = (struct az_figure_panel){
            .title = plots[k].title,
            .point_unit = "scales",
            .x = {.label = "scale of the noise (weight units)", .logarithmic = true},
            .y = {.label = plots[k].label},
            .series = series[k],
            .series_count = report->laws ? 2 : 1,
            .lines = &lines[k],
            .line_count = isfinite(model[k]) ? 1 : 0};
        lines[k] = az_model_line(report->model, model[k], labels[k]);
    }
    snprintf(title, sizeof title, "%s about %s: %lld rows, %s noise, %zu trials each", report->name,
             report->reference, (long long)report->plans->survivors,
             az_noise_name(report->plans->noise), report->trials);
    struct az_figure figure = {.title = title, .panels = panels, .panel_count = PANELS};
    AZ_TRY(az_figure_draw(&figure, path, error));
out:
    az_memory_free(values);
    return status;
}

static enum az_status name_file(char path[PATH_BYTES], const char *directory, const char *stem,
                                const char *ending, struct az_error *error)
{
    char name[256];
    snprintf(name, sizeof name, "%s%s", stem, ending);
    return az_path_join(path, PATH_BYTES, directory, name, error);
}

enum az_status az_snow_report_write(const struct az_snow_report *report, const char *directory,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_directory_create(directory, error));
    AZ_TRY(name_file(path, directory, report->name, "_trials.csv", error));
    AZ_TRY(write_trials(report, path, error));
    AZ_TRY(name_file(path, directory, report->name, "_summary.csv", error));
    AZ_TRY(write_summary(report, path, error));
    AZ_TRY(name_file(path, directory, report->name, ".png", error));
    if (report->plan_count > 1) AZ_TRY(draw(report, path, error));
out:
    return status;
}
