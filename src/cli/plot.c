#include "cli/plot.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "store/file.h"

#define PATH_BYTES 4096
#define PANELS 2

static const struct plot {
    const char *column, *title, *label;
    enum az_figure_mark mark;
} plots[PANELS] = {
    {"loss", "Loss of each step's batch", "loss (nats per token)", AZ_MARK_LINES},
    {"dead_moving_share", "Dead tokens that moved at the step", "share of dead tokens",
     AZ_MARK_STEPS},
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

enum az_status az_plot_read(struct az_plot_run *run, const char *directory, const char *name,
                            struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[PATH_BYTES];
    AZ_TRY(az_path_join(path, sizeof path, directory, "metrics.csv", error));
    AZ_TRY(az_table_read(&run->metrics, path, error));
    if (name)
        snprintf(run->name, sizeof run->name, "%s", name);
    else
        name_of(run->name, sizeof run->name, directory);
out:
    return status;
}

void az_plot_free(struct az_plot_run *run) { az_table_free(&run->metrics); }

/* True when the series has a value at all: the share has none in a run without dead tokens. */
static bool has_values(const struct az_figure_series *series)
{
    for (size_t r = 0; r < series->count; r++)
        if (!isnan(series->y[r])) return true;
    return false;
}

/* One panel: a series for each run that has values. */
static enum az_status fill_panel(struct az_figure_panel *panel, struct az_figure_series *series,
                                 const struct plot *plot, const struct az_plot_run *runs,
                                 size_t run_count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *panel = (struct az_figure_panel){.title = plot->title,
                                      .point_unit = "steps",
                                      .x = {.label = "step"},
                                      .y = {.label = plot->label},
                                      .series = series};
    for (size_t r = 0; r < run_count; r++) {
        const struct az_table *metrics = &runs[r].metrics;
        struct az_figure_series *drawn = &series[panel->series_count];
        *drawn = (struct az_figure_series){.mark = plot->mark, .count = metrics->rows};
        drawn->name = run_count > 1 ? runs[r].name : plot->column;
        AZ_TRY(az_table_column(metrics, "step", &drawn->x, error));
        AZ_TRY(az_table_column(metrics, plot->column, &drawn->y, error));
        panel->series_count += has_values(drawn);
    }
out:
    return status;
}

enum az_status az_plot_training(const struct az_plot_run *runs, size_t count, const char *path,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_figure_series series[PANELS][AZ_PLOT_RUNS];
    struct az_figure_panel panels[PANELS];
    size_t panel_count = 0;
    for (size_t n = 0; n < PANELS; n++) {
        struct az_figure_panel *panel = &panels[panel_count];
        AZ_TRY(fill_panel(panel, series[n], &plots[n], runs, count, error));
        panel_count += panel->series_count > 0;
    }
    if (panel_count == 0) AZ_RAISE(AZ_USAGE, "metrics.csv has no step yet: nothing to draw");
    struct az_figure figure = {
        .title = count > 1 ? NULL : runs->name, .panels = panels, .panel_count = panel_count};
    status = az_figure_draw(&figure, path, error);
out:
    return status;
}

enum az_status az_plot_groups(const struct az_plot_run *runs, size_t count, const size_t *group,
                              const char *const *titles, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_figure_panel *panels = NULL;
    struct az_figure_series *series = NULL;
    size_t panel_count = 0;
    AZ_TRY(az_memory_allocate(&panels, count, sizeof *panels, "panels", error));
    AZ_TRY(az_memory_allocate(&series, count, sizeof *series, "series", error));
    for (size_t first = 0, n; first < count; first += n) {
        for (n = 1; first + n < count && n < AZ_PLOT_RUNS; n++)
            if (group[first + n] != group[first]) break;
        struct az_figure_panel *panel = &panels[panel_count];
        AZ_TRY(fill_panel(panel, &series[first], &plots[1], runs + first, n, error));
        panel->title = titles[group[first]];
        panel_count += panel->series_count > 0;
    }
    if (panel_count == 0) AZ_RAISE(AZ_USAGE, "none of the runs has dead tokens: nothing to draw");
    struct az_figure figure = {
        .title = plots[1].title, .panels = panels, .panel_count = panel_count};
    status = az_figure_draw(&figure, path, error);
out:
    az_memory_free(panels);
    az_memory_free(series);
    return status;
}
