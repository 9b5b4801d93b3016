#include "cli/drawing.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

struct az_drawing *az_drawing_create(const char *title, struct az_error *error)
{
    struct az_drawing *plot;
    if (az_memory_allocate(&plot, 1, sizeof *plot, "a figure", error) != AZ_OK) return NULL;
    plot->figure.title = title;
    az_error_clear(&plot->error);
    return plot;
}

void az_drawing_free(struct az_drawing *plot)
{
    if (!plot) return;
    for (size_t n = 0; n < plot->array_count; n++) az_memory_free(plot->arrays[n]);
    az_memory_free(plot);
}

static void fail(struct az_drawing *plot, const char *what)
{
    if (plot->status == AZ_OK)
        plot->status = az_error_raise(&plot->error, AZ_USAGE, "a figure has too many %s", what);
}

struct az_figure_panel *az_drawing_panel(struct az_drawing *plot, const char *title,
                                         const char *unit, const char *x, const char *y)
{
    static struct az_figure_panel spare;
    if (plot->panel_count == AZ_DRAWING_PANELS) {
        fail(plot, "panels");
        return &spare;
    }
    struct az_figure_panel *panel = &plot->panels[plot->panel_count];
    *panel = (struct az_figure_panel){.title = title,
                                      .point_unit = unit,
                                      .x = {.label = x},
                                      .y = {.label = y},
                                      .series = plot->series[plot->panel_count],
                                      .lines = plot->lines[plot->panel_count]};
    plot->panel_count++;
    return panel;
}

double *az_drawing_array(struct az_drawing *plot, size_t count)
{
    if (plot->array_count == AZ_DRAWING_ARRAYS) fail(plot, "arrays");
    if (plot->status != AZ_OK) return NULL;
    plot->status = az_memory_allocate(&plot->arrays[plot->array_count], count, sizeof(double),
                                      "a figure", &plot->error);
    return plot->status == AZ_OK ? plot->arrays[plot->array_count++] : NULL;
}

struct az_figure_series *az_drawing_add(struct az_drawing *plot, const char *name,
                                        enum az_figure_mark mark, const double *x, const double *y,
                                        size_t count)
{
    static struct az_figure_series spare;
    struct az_figure_panel *panel = plot->panel_count ? &plot->panels[plot->panel_count - 1] : NULL;
    if (!panel || panel->series_count == AZ_DRAWING_SERIES || plot->name_count == AZ_DRAWING_ARRAYS)
        fail(plot, "series");
    if (!panel || plot->status != AZ_OK || !x || !y) return &spare;
    char *kept = plot->names[plot->name_count++];
    snprintf(kept, sizeof plot->names[0], "%s", name);
    struct az_figure_series *series = &plot->series[plot->panel_count - 1][panel->series_count++];
    *series = (struct az_figure_series){.name = kept, .mark = mark, .x = x, .y = y, .count = count};
    return series;
}

void az_drawing_quantiles(struct az_drawing *plot, const char *title, const char *label,
                          bool logarithmic, const double *steps, const double *first,
                          size_t stride_bytes, size_t count)
{
    static const int shown[] = {1, 3, 5, 7};
    static const char *const names[] = {"5 %", "median", "95 %", "most"};
    static const char *const colors[] = {"#9ecae1", "#4682b4", "#e08214", "#b2182b"};
    struct az_figure_panel *panel = az_drawing_panel(plot, title, "steps", "step", label);
    panel->x.logarithmic = true;
    panel->y.logarithmic = logarithmic;
    for (int k = 3; k >= 0; k--) {
        double *y = az_drawing_array(plot, count);
        bool any = false;
        for (size_t n = 0; y && n < count; n++) {
            memcpy(&y[n], (const char *)(first + shown[k]) + n * stride_bytes, sizeof y[n]);
            if (logarithmic && y[n] == 0) y[n] = (double)NAN;
            any = any || isfinite(y[n]);
        }
        if (any) az_drawing_add(plot, names[k], AZ_MARK_LINES, steps, y, count)->color = colors[k];
    }
    if (panel->series_count == 0) plot->panel_count--;
}

void az_drawing_line(struct az_drawing *plot, double at, bool upright, const char *label)
{
    struct az_figure_panel *panel = &plot->panels[plot->panel_count - 1];
    if (panel->line_count == 4)
        fail(plot, "lines");
    else
        plot->lines[plot->panel_count - 1][panel->line_count++] =
            (struct az_figure_line){at, label, upright};
}

enum az_status az_drawing_path(char path[AZ_DRAWING_PATH_BYTES], const char *file, const char *name,
                               struct az_error *error)
{
    const char *slash = strrchr(file, '/'), *dot = strrchr(file, '.');
    if (!dot || (slash && dot < slash) || dot == (slash ? slash + 1 : file))
        return az_error_raise(error, AZ_USAGE, "--figure %s: its name ends in .png, .svg or .pdf",
                              file);
    int length =
        snprintf(path, AZ_DRAWING_PATH_BYTES, "%.*s-%s%s", (int)(dot - file), file, name, dot);
    if (length < 0 || length >= AZ_DRAWING_PATH_BYTES)
        return az_error_raise(error, AZ_USAGE, "--figure: the name is too long");
    return AZ_OK;
}

enum az_status az_drawing_finish(struct az_drawing *plot, const char *path, struct az_error *error)
{
    if (!plot) return AZ_MEMORY;
    enum az_status status = plot->status;
    if (status != AZ_OK && error) *error = plot->error;
    plot->figure.panels = plot->panels;
    plot->figure.panel_count = plot->panel_count;
    if (status == AZ_OK) status = az_figure_draw(&plot->figure, path, error);
    az_drawing_free(plot);
    return status;
}

static bool can_be_drawn(const struct az_figure_panel *panel, const struct az_figure_series *series)
{
    for (size_t n = 0; n < series->count; n++)
        if (isfinite(series->x[n]) && isfinite(series->y[n]) &&
            (series->x[n] > 0 || !panel->x.logarithmic) &&
            (series->y[n] > 0 || !panel->y.logarithmic))
            return true;
    return false;
}

/* Panels of which nothing can be drawn are taken away: the thermal motion of a single token. */
static void drop_bare(struct az_drawing *plot)
{
    size_t kept = 0;
    for (size_t p = 0; p < plot->panel_count; p++) {
        bool any = false;
        for (size_t s = 0; s < plot->panels[p].series_count; s++)
            any = any || can_be_drawn(&plot->panels[p], &plot->panels[p].series[s]);
        if (any) plot->panels[kept++] = plot->panels[p]; /* its series and lines stay in place */
    }
    plot->panel_count = kept;
}

enum az_status az_drawing_draw(struct az_drawing *plot, const char *file, const char *name,
                               struct az_error *error)
{
    char path[AZ_DRAWING_PATH_BYTES];
    enum az_status status = az_drawing_path(path, file, name, error);
    if (status != AZ_OK) {
        az_drawing_free(plot);
        return status;
    }
    if (plot && plot->status == AZ_OK) drop_bare(plot);
    if (plot && plot->status == AZ_OK && plot->panel_count == 0) {
        az_drawing_free(plot);
        return AZ_OK;
    }
    status = az_drawing_finish(plot, path, error);
    if (status == AZ_OK) fprintf(stderr, "%s\n", path);
    return status;
}
