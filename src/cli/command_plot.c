#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "store/file.h"
#include "store/table.h"

#define PATH_BYTES 4096
#define MOST_RUNS 6 /* colours of the palette */
#define PANELS 2

static const struct {
    const char *column, *title, *label;
    enum az_figure_mark mark;
} plots[PANELS] = {
    {"loss", "Loss of each step's batch", "loss (nats per token)", AZ_MARK_LINES},
    {"dead_moving_share", "Dead tokens that moved at the step", "share of dead tokens",
     AZ_MARK_STEPS},
};

struct run {
    struct az_table metrics;
    char name[256];
};

/* The last part of a path, without slashes at its end. */
static void name_of(char *name, size_t capacity_bytes, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    snprintf(name, capacity_bytes, "%.*s", (int)(end - begin), path + begin);
}

static enum az_status read_run(struct run *run, const char *directory, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_path_join(path, sizeof path, directory, "metrics.csv", error));
    AZ_TRY(az_table_read(&run->metrics, path, error));
    name_of(run->name, sizeof run->name, directory);
out:
    return status;
}

/* True when the series has a value at all: the share has none in a run without dead tokens. */
static bool has_values(const struct az_figure_series *series)
{
    for (size_t r = 0; r < series->count; r++)
        if (!isnan(series->y[r])) return true;
    return false;
}

/* One panel: a series for each run that has values. */
static enum az_status fill_panel(struct az_figure_panel *panel, struct az_figure_series *series,
                                 size_t plot, const struct run *runs, size_t run_count,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    *panel = (struct az_figure_panel){.title = plots[plot].title,
                                      .point_unit = "steps",
                                      .x = {.label = "step"},
                                      .y = {.label = plots[plot].label},
                                      .series = series};
    for (size_t r = 0; r < run_count; r++) {
        const struct az_table *metrics = &runs[r].metrics;
        struct az_figure_series *drawn = &series[panel->series_count];
        *drawn = (struct az_figure_series){.mark = plots[plot].mark, .count = metrics->rows};
        drawn->name = run_count > 1 ? runs[r].name : plots[plot].column;
        AZ_TRY(az_table_column(metrics, "step", &drawn->x, error));
        AZ_TRY(az_table_column(metrics, plots[plot].column, &drawn->y, error));
        panel->series_count += has_values(drawn);
    }
out:
    return status;
}

static enum az_status draw(const struct run *runs, size_t run_count, const char *path,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_figure_series series[PANELS][MOST_RUNS];
    struct az_figure_panel panels[PANELS];
    size_t panel_count = 0;
    for (size_t n = 0; n < PANELS; n++) {
        struct az_figure_panel *panel = &panels[panel_count];
        AZ_TRY(fill_panel(panel, series[n], n, runs, run_count, error));
        panel_count += panel->series_count > 0;
    }
    if (panel_count == 0) AZ_RAISE(AZ_USAGE, "metrics.csv has no step yet: nothing to draw");
    struct az_figure figure = {
        .title = run_count > 1 ? NULL : runs->name, .panels = panels, .panel_count = panel_count};
    status = az_figure_draw(&figure, path, error);
out:
    return status;
}

/* RUN/figures/training.png; the folder is made. */
static enum az_status usual_path(char path[PATH_BYTES], const char *directory,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char folder[PATH_BYTES];
    AZ_TRY(az_path_join(folder, sizeof folder, directory, "figures", error));
    AZ_TRY(az_directory_create(folder, error));
    AZ_TRY(az_path_join(path, PATH_BYTES, folder, "training.png", error));
out:
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *picture = az_arguments_value(arguments, "--output");
    size_t run_count = arguments->operand_count;
    struct run runs[MOST_RUNS] = {0};
    char path[PATH_BYTES];
    if (run_count > 1 && !picture)
        AZ_RAISE(AZ_USAGE, "several runs in one figure: name the picture with --output");
    for (size_t r = 0; r < run_count; r++)
        AZ_TRY(read_run(&runs[r], arguments->operands[r], error));
    if (!picture) {
        AZ_TRY(usual_path(path, arguments->operands[0], error));
        picture = path;
    }
    AZ_TRY(draw(runs, run_count, picture, error));
    printf("%s\n", picture);
out:
    for (size_t r = 0; r < MOST_RUNS; r++) az_table_free(&runs[r].metrics);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", "RUN/figures/training.png", AZ_COMPLETE_FILE, false, false,
     "the picture; its ending says the format: .png, .svg or .pdf"},
    AZ_OPTION_END,
};

const struct az_command az_command_plot = {
    .name = "plot",
    .summary = "draws the loss and the dead tokens' motion of runs",
    .operands = "RUN...",
    .operands_least = 1,
    .operands_most = MOST_RUNS,
    .complete = AZ_COMPLETE_DIRECTORY,
    .description =
        "Reads RUN/metrics.csv, of a run that has ended or of one that is still going on, and "
        "draws "
        "the loss and the share of dead tokens that moved against the step, several runs over one "
        "another. Beside the picture stand its numbers (.csv) and the gnuplot script that drew it "
        "(.gp).",
    .options = options,
    .examples = "azimuth plot demo-run\n"
                "azimuth plot bf16-run f32-run -o both.svg\n",
    .run = run,
};
