#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/sky_maps.h"

#define MOST_SLICES 64
#define CELLS 120 /* of a density, across a slice */

struct tomography {
    const struct az_scene *scene;
    int64_t slices;
    double radius, low, high; /* of the slices' planes; of the depth */
    bool density;
    unsigned char *keep; /* [slices][rows] */
    struct az_layers *layers;
    struct az_chart_density *cells;
    double *counts; /* [slices][CELLS][CELLS] */
    struct az_chart_panel *panels;
    char (*titles)[96];
    struct az_grid *grid;
};

static void find_range(struct tomography *work)
{
    const struct az_sky *sky = work->scene->sky;
    double low = INFINITY, high = -INFINITY, radius = 0;
    for (int64_t i = 0; i < sky->rows; i++) {
        if (isnan(sky->z[i])) continue;
        low = fmin(low, sky->z[i]);
        high = fmax(high, sky->z[i]);
        radius = fmax(radius, hypot(sky->x[i], sky->y[i]));
    }
    if (!(work->high > work->low)) {
        work->low = low;
        work->high = high > low ? high : low + 1e-9;
    }
    if (!(work->radius > 0)) work->radius = radius > 0 ? radius : 1;
}

/* Slice of a row, or -1 outside of the depth. */
static int64_t slice_of(const struct tomography *work, double z)
{
    double part = (z - work->low) / (work->high - work->low) * (double)work->slices;
    if (!(part >= 0 && part <= (double)work->slices)) return -1;
    return part < (double)work->slices ? (int64_t)part : work->slices - 1;
}

static enum az_status fill_slice(struct tomography *work, int64_t slice, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = work->scene->sky;
    size_t rows = (size_t)sky->rows, count = 0;
    unsigned char *keep = work->keep + (size_t)slice * rows;
    double thickness = (work->high - work->low) / (double)work->slices;
    struct az_chart_panel *panel = &work->panels[slice];
    for (size_t i = 0; i < rows; i++) {
        keep[i] = slice_of(work, sky->z[i]) == slice && hypot(sky->x[i], sky->y[i]) <= work->radius;
        count += keep[i];
    }
    snprintf(work->titles[slice], sizeof work->titles[slice], "z %.4g to %.4g, n = %zu",
             work->low + (double)slice * thickness, work->low + (double)(slice + 1) * thickness,
             count);
    panel->title = work->titles[slice];
    if (!work->density) {
        AZ_TRY(az_layers_make(&work->layers[slice], work->scene, sky->x, sky->y, NULL, NULL, keep,
                              error));
        panel->stars = work->layers[slice].stars;
        panel->star_count = work->layers[slice].count;
        goto out;
    }
    struct az_chart_density *cells = &work->cells[slice];
    double *counts = work->counts + (size_t)slice * CELLS * CELLS, r = work->radius;
    *cells = (struct az_chart_density){counts, CELLS, CELLS, -r, r, -r, r, NULL};
    for (size_t i = 0; i < rows; i++) {
        if (!keep[i]) continue;
        size_t c = (size_t)fmin(CELLS - 1, (sky->x[i] + r) / (2 * r) * CELLS);
        size_t v = (size_t)fmin(CELLS - 1, (sky->y[i] + r) / (2 * r) * CELLS);
        counts[v * CELLS + c]++;
    }
    panel->density = cells;
out:
    return status;
}

static void place(struct tomography *work, double side)
{
    int64_t columns = (int64_t)ceil(sqrt((double)work->slices));
    int64_t lines = (work->slices + columns - 1) / columns;
    for (int64_t n = 0; n < work->slices; n++) {
        struct az_chart_panel *panel = &work->panels[n];
        int64_t line = n / columns;
        panel->left = 0.2 + (double)(n % columns) * side;
        panel->bottom = 0.1 + (double)(lines - 1 - line) * side;
        panel->width = panel->height = side - 0.4;
        panel->x_min = panel->y_min = -1.04 * work->radius;
        panel->x_max = panel->y_max = 1.04 * work->radius;
        panel->curves = &work->grid->curve;
        panel->curve_count = 1;
        panel->texts = work->grid->texts;
        panel->text_count = n == 0 ? work->grid->text_count : 0;
    }
}

static enum az_status draw(struct tomography *work, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t columns = (int64_t)ceil(sqrt((double)work->slices));
    int64_t lines = (work->slices + columns - 1) / columns;
    double side = columns <= 4 ? 4.2 : 16.8 / (double)columns;
    bool bar = work->density || work->scene->level;
    char title[512], path[AZ_SCENE_PATH_BYTES];
    snprintf(title, sizeof title, "Slices along the north axis, %s, radius %.4g",
             work->scene->description, work->radius);
    struct az_chart chart = {.title = title,
                             .width_inches = (double)columns * side + (bar ? 1.2 : 0.2),
                             .height_inches = (double)lines * side + 0.9,
                             .dots_per_inch = work->scene->dots_per_inch,
                             .colormap = work->scene->colormap,
                             .panels = work->panels,
                             .panel_count = (size_t)work->slices};
    az_grid_polar(work->grid, work->radius, false, true);
    place(work, side);
    for (int64_t n = 0; n < work->slices; n++) AZ_TRY(fill_slice(work, n, error));
    for (size_t i = 0; work->density && i < (size_t)work->slices * CELLS * CELLS; i++)
        chart.level_max = fmax(chart.level_max, work->counts[i]);
    if (work->density) {
        chart.bar_label = "tokens per cell";
        chart.level_logarithmic = chart.level_max > 0;
        chart.level_min = chart.level_logarithmic ? 0.5 : 0;
    } else {
        az_scene_color(work->scene, &chart);
    }
    AZ_TRY(az_scene_path(work->scene, work->density ? "tomography_density.png" : "tomography.png",
                         path, error));
    AZ_TRY(az_chart_draw(&chart, path, error));
    printf("%s\n", path);
out:
    return status;
}

static enum az_status allocate(struct tomography *work, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = (size_t)work->slices, all;
    AZ_TRY(az_size_multiply(n, (size_t)work->scene->sky->rows, &all, error));
    AZ_TRY(az_memory_allocate(&work->keep, all, 1, "slices", error));
    AZ_TRY(az_memory_allocate(&work->layers, n, sizeof *work->layers, "slices", error));
    AZ_TRY(az_memory_allocate(&work->cells, n, sizeof *work->cells, "slices", error));
    AZ_TRY(az_memory_allocate(&work->counts, n * CELLS * CELLS, sizeof(double), "slices", error));
    AZ_TRY(az_memory_allocate(&work->panels, n, sizeof *work->panels, "slices", error));
    AZ_TRY(az_memory_allocate(&work->titles, n, sizeof *work->titles, "slices", error));
    AZ_TRY(az_memory_allocate(&work->grid, 1, sizeof *work->grid, "slices", error));
out:
    return status;
}

static void release(struct tomography *work)
{
    for (int64_t n = 0; work->layers && n < work->slices; n++) az_layers_free(&work->layers[n]);
    az_memory_free(work->keep);
    az_memory_free(work->layers);
    az_memory_free(work->cells);
    az_memory_free(work->counts);
    az_memory_free(work->panels);
    az_memory_free(work->titles);
    az_memory_free(work->grid);
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_scene scene = {0};
    struct tomography work = {
        .scene = &scene, .slices = 16, .density = az_arguments_has(arguments, "--density")};
    const char *depth = az_arguments_value(arguments, "--depth");
    char end;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_integer(arguments, "--slices", 1, MOST_SLICES, &work.slices, error));
    AZ_TRY(az_scene_real(arguments, "--radius", &work.radius, error));
    if (depth &&
        (sscanf(depth, "%lf,%lf%c", &work.low, &work.high, &end) != 2 || !(work.high > work.low)))
        AZ_RAISE(AZ_USAGE, "--depth %.60s: expected LOW,HIGH such as -0.02,0.04", depth);
    AZ_TRY(az_scene_open(&scene, arguments, progress, error));
    az_bar_end(&bar);
    az_scene_print(&scene);
    AZ_TRY(az_scene_save(&scene, error));
    AZ_TRY(allocate(&work, error));
    find_range(&work);
    AZ_TRY(draw(&work, error));
out:
    az_bar_end(&bar);
    release(&work);
    az_scene_close(&scene);
    return status;
}

static const struct az_option options[] = {
    {"--slices", NULL, "N", "16", AZ_COMPLETE_NONE, false, false,
     "slices of equal thickness, up to 64"},
    {"--depth", NULL, "LOW,HIGH", "all rows", AZ_COMPLETE_NONE, false, false,
     "range of the north axis that is sliced; --depth=-0.02,0.04"},
    {"--radius", NULL, "X", "the farthest row", AZ_COMPLETE_NONE, false, false,
     "where a slice ends, seen from the axis"},
    {"--density", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "draws stars per cell in place of stars"},
    AZ_SCENE_OPTIONS,
    AZ_OPTION_END,
};

const struct az_command az_command_tomography = {
    .name = "tomography",
    .summary = "slices through the cloud along one axis",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description = "Cuts the north axis in slices of equal thickness and draws each, seen along "
                   "that axis: the meridian axis to the right, the equinox axis up.",
    .options = options,
    .examples = "azimuth tomography model.safetensors --from mean\n"
                "azimuth tomography m.safetensors --from 80091 --radius 0.1 --density\n",
    .run = run,
};
