#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "store/file.h"
#include "store/table.h"

#define PATH_BYTES 4096

static enum az_status draw(const struct az_table *metrics, const char *title, const char *path,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_figure_series series[2] = {
        {.name = "loss", .count = metrics->rows},
        {.name = "dead_moving_share", .mark = AZ_MARK_STEPS, .count = metrics->rows},
    };
    struct az_figure_panel panels[2] = {
        {.title = "Loss of each step's batch", .y = {.label = "loss (nats per token)"}},
        {.title = "Dead tokens that moved at the step", .y = {.label = "share of dead tokens"}},
    };
    for (int n = 0; n < 2; n++) {
        AZ_TRY(az_table_column(metrics, "step", &series[n].x, error));
        AZ_TRY(az_table_column(metrics, series[n].name, &series[n].y, error));
        panels[n].point_unit = "steps";
        panels[n].x.label = "step";
        panels[n].series = &series[n];
        panels[n].series_count = 1;
    }
    /* Without a dead token the share is empty everywhere. */
    bool dead = false;
    for (size_t r = 0; r < metrics->rows; r++) dead = dead || !isnan(series[1].y[r]);
    struct az_figure figure = {.title = title, .panels = panels, .panel_count = dead ? 2 : 1};
    status = az_figure_draw(&figure, path, error);
out:
    return status;
}

/* The last part of a path, without slashes at its end. */
static void name_of(char *name, size_t capacity_bytes, const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/') end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/') begin--;
    snprintf(name, capacity_bytes, "%.*s", (int)(end - begin), path + begin);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *directory = arguments->operands[0];
    const char *picture = az_arguments_value(arguments, "--output");
    char metrics_path[PATH_BYTES], folder[PATH_BYTES], path[PATH_BYTES], title[256];
    struct az_table metrics = {0};
    AZ_TRY(az_path_join(metrics_path, sizeof metrics_path, directory, "metrics.csv", error));
    AZ_TRY(az_table_read(&metrics, metrics_path, error));
    if (!picture) {
        AZ_TRY(az_path_join(folder, sizeof folder, directory, "figures", error));
        AZ_TRY(az_directory_create(folder, error));
        AZ_TRY(az_path_join(path, sizeof path, folder, "training.png", error));
        picture = path;
    }
    name_of(title, sizeof title, directory);
    AZ_TRY(draw(&metrics, title, picture, error));
    printf("%s\n", picture);
out:
    az_table_free(&metrics);
    return status;
}

static const struct az_option options[] = {
    {"--output", "-o", "FILE", "RUN/figures/training.png", AZ_COMPLETE_FILE, false, false,
     "the picture; its ending says the format: .png, .svg or .pdf"},
    AZ_OPTION_END,
};

const struct az_command az_command_plot = {
    .name = "plot",
    .summary = "draws the loss and the dead tokens' motion of a run",
    .operands = "RUN",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_DIRECTORY,
    .description =
        "Reads RUN/metrics.csv, of a run that has ended or of one that is still going on, and "
        "draws "
        "the loss and the share of dead tokens that moved against the step. Beside the picture "
        "stand its numbers (.csv) and the gnuplot script that drew it (.gp).",
    .options = options,
    .examples = "azimuth plot demo-run\n"
                "azimuth plot demo-run -o loss.svg\n",
    .run = run,
};
