#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/sky_maps.h"

#define CELLS 160 /* of the density, across the view */

/* Where the telescope points, and what it sees: rows by their distance from the centre. */
struct seen {
    int64_t row;
    double angle;
};
struct telescope {
    struct az_scene *scene;
    double latitude, longitude, diameter;
    bool box;
    double *east, *north; /* [rows] degrees from the centre */
    unsigned char *keep;  /* [rows] */
    struct seen *seen;
    size_t count;
};

static int nearer(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->angle != y->angle) return x->angle < y->angle ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

static enum az_status find_center(struct telescope *telescope, const struct az_arguments *arguments,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_scene *scene = telescope->scene;
    const char *at = az_arguments_value(arguments, "--at");
    char end;
    if (at && sscanf(at, "%lf,%lf%c", &telescope->latitude, &telescope->longitude, &end) != 2)
        AZ_RAISE(AZ_USAGE, "--at %.60s: expected LATITUDE,LONGITUDE such as -7.29,6.94", at);
    if (at && !(fabs(telescope->latitude) <= 90 && fabs(telescope->longitude) <= 360))
        AZ_RAISE(AZ_USAGE, "--at %.60s: a latitude is -90 to 90, a longitude -180 to 180", at);
    if (!at && (!scene->overlay_count ||
                !az_sky_mean_direction(scene->sky, scene->overlays[0].use, &telescope->latitude,
                                       &telescope->longitude)))
        AZ_RAISE(AZ_USAGE, "where to look: --at LATITUDE,LONGITUDE, or an --overlay to centre on");
    if (!(telescope->diameter > 0 && telescope->diameter <= 360))
        AZ_RAISE(AZ_USAGE, "--diameter is above 0 and at most 360 degrees");
out:
    return status;
}

/* The true angle; or a square of plain latitude and longitude, as the notebooks had it. */
static bool in_view(const struct telescope *telescope, int64_t row, double angle)
{
    double half = telescope->diameter / 2;
    if (!telescope->box) return angle <= half;
    const struct az_sky *sky = telescope->scene->sky;
    return fabs(sky->latitude[row] - telescope->latitude) <= half &&
           fabs(sky->longitude[row] - telescope->longitude) <= half;
}

static enum az_status look(struct telescope *telescope, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = telescope->scene->sky;
    size_t rows = (size_t)sky->rows;
    AZ_TRY(az_memory_allocate(&telescope->east, rows, sizeof(double), "a view", error));
    AZ_TRY(az_memory_allocate(&telescope->north, rows, sizeof(double), "a view", error));
    AZ_TRY(az_memory_allocate(&telescope->keep, rows, 1, "a view", error));
    AZ_TRY(az_memory_allocate(&telescope->seen, rows, sizeof *telescope->seen, "a view", error));
    for (int64_t row = 0; row < sky->rows; row++) {
        double angle = az_sky_separation(sky->latitude[row], sky->longitude[row],
                                         telescope->latitude, telescope->longitude);
        if (telescope->box) {
            telescope->east[row] = sky->longitude[row];
            telescope->north[row] = sky->latitude[row];
        } else
            az_sky_offset(sky->latitude[row], sky->longitude[row], telescope->latitude,
                          telescope->longitude, &telescope->east[row], &telescope->north[row]);
        if (!in_view(telescope, row, angle)) continue;
        telescope->keep[row] = 1;
        telescope->seen[telescope->count++] = (struct seen){row, angle};
    }
    qsort(telescope->seen, telescope->count, sizeof *telescope->seen, nearer);
out:
    return status;
}

static void print_seen(const struct telescope *telescope, int64_t most)
{
    const struct az_scene *scene = telescope->scene;
    char count[AZ_UNIT_TEXT_BYTES];
    az_unit_count(telescope->count, count);
    printf("%s rows within %s%g degrees of latitude %.6f, longitude %.6f\n", count,
           telescope->box ? "a box of +-" : "", telescope->diameter / 2, telescope->latitude,
           telescope->longitude);
    for (size_t n = 0; n < scene->overlay_count; n++) {
        int64_t inside = 0;
        for (size_t k = 0; k < telescope->count; k++)
            inside += scene->overlays[n].use[telescope->seen[k].row];
        printf("  of %s: %lld of %lld\n", scene->overlays[n].name, (long long)inside,
               (long long)scene->overlays[n].count);
    }
    if (most > 0)
        printf("%10s  %12s  %12s  %12s  %12s\n", "token", "degrees", "latitude", "longitude", "r");
    for (size_t k = 0; k < telescope->count && (int64_t)k < most; k++) {
        int64_t row = telescope->seen[k].row;
        printf("%10lld  %12.8f  %12.7f  %12.7f  %12.8f\n",
               (long long)az_matrix_token(scene->matrix, row), telescope->seen[k].angle,
               scene->sky->latitude[row], scene->sky->longitude[row], scene->sky->r[row]);
    }
}

/* ---- pictures ---- */

static void place_panel(const struct telescope *telescope, struct az_chart_panel *panel)
{
    double half = telescope->diameter / 2 * (telescope->box ? 1 : 1.04);
    double x = telescope->box ? telescope->longitude : 0;
    double y = telescope->box ? telescope->latitude : 0;
    *panel = (struct az_chart_panel){.left = 1.1,
                                     .bottom = 0.8,
                                     .width = 8.4,
                                     .height = 8.4,
                                     .axes = true,
                                     .x_min = x - half,
                                     .x_max = x + half,
                                     .y_min = y - half,
                                     .y_max = y + half};
    panel->x_label = telescope->box ? "longitude (degrees)" : "degrees to the east";
    panel->y_label = telescope->box ? "latitude (degrees)" : "degrees to the north";
}

static void add_rim(const struct telescope *telescope, struct az_grid *grid,
                    struct az_chart_panel *panel)
{
    double half = telescope->diameter / 2;
    for (int a = 0; a <= 360 && !telescope->box; a += 2)
        az_grid_add(grid, half * cos(a * 0.017453292519943295),
                    half * sin(a * 0.017453292519943295));
    panel->curves = &grid->curve;
    panel->curve_count = grid->count > 0;
}

static enum az_status draw(const struct telescope *telescope, bool density, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_scene *scene = telescope->scene;
    struct az_layers layers = {0};
    struct az_grid *grid = NULL;
    struct az_chart_panel panel;
    struct az_chart_density cells = {.columns = CELLS, .rows = CELLS};
    double *counts = NULL;
    char title[512], count[AZ_UNIT_TEXT_BYTES], path[AZ_SCENE_PATH_BYTES];
    az_unit_count(telescope->count, count);
    snprintf(title, sizeof title,
             "Telescope at %.4f\302\260, %.4f\302\260, %g\302\260 wide, n = %s tokens",
             telescope->latitude, telescope->longitude, telescope->diameter, count);
    struct az_chart chart = {.title = title,
                             .width_inches = density || scene->level ? 11 : 10,
                             .height_inches = 10,
                             .dots_per_inch = scene->dots_per_inch,
                             .colormap = scene->colormap,
                             .panels = &panel,
                             .panel_count = 1};
    place_panel(telescope, &panel);
    AZ_TRY(az_memory_allocate(&grid, 1, sizeof *grid, "a view", error));
    AZ_TRY(az_memory_allocate(&counts, (size_t)CELLS * CELLS, sizeof *counts, "a view", error));
    add_rim(telescope, grid, &panel);
    if (density) {
        cells.cells = counts;
        cells.u_min = panel.x_min, cells.u_max = panel.x_max;
        cells.v_min = panel.y_min, cells.v_max = panel.y_max;
        az_sky_bin(telescope->east, telescope->north, (size_t)scene->sky->rows, cells.u_min,
                   cells.u_max, cells.v_min, cells.v_max, CELLS, CELLS, counts);
        AZ_TRY(az_sky_smooth(counts, CELLS, CELLS, 0.5, false, error));
        for (size_t i = 0; i < (size_t)CELLS * CELLS; i++)
            chart.level_max = fmax(chart.level_max, counts[i]);
        chart.level_logarithmic = chart.level_max > 0;
        chart.level_min = chart.level_logarithmic ? fmin(0.1, chart.level_max / 2) : 0;
        chart.bar_label = "tokens per cell";
        if (!chart.colormap) chart.colormap = "hot";
        panel.density = &cells;
    } else {
        AZ_TRY(az_layers_make(&layers, scene, telescope->east, telescope->north, NULL, NULL,
                              telescope->keep, error));
        for (size_t n = 0; n < layers.count; n++) layers.stars[n].size_points *= 2;
        az_scene_color(scene, &chart);
        panel.stars = layers.stars;
        panel.star_count = layers.count;
    }
    AZ_TRY(az_scene_path(scene, density ? "telescope_density.png" : "telescope.png", path, error));
    AZ_TRY(az_chart_draw(&chart, path, error));
    printf("%s\n", path);
out:
    az_layers_free(&layers);
    az_memory_free(grid);
    az_memory_free(counts);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_scene scene = {0};
    struct telescope telescope = {
        .scene = &scene, .diameter = 1, .box = az_arguments_has(arguments, "--box")};
    int64_t most = 20;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_arguments_integer(arguments, "--list", 0, INT64_MAX, &most, error));
    AZ_TRY(az_scene_real(arguments, "--diameter", &telescope.diameter, error));
    AZ_TRY(az_scene_open(&scene, arguments, progress, error));
    AZ_TRY(find_center(&telescope, arguments, error));
    AZ_TRY(look(&telescope, error));
    az_bar_end(&bar);
    print_seen(&telescope, most);
    AZ_TRY(az_scene_save(&scene, error));
    AZ_TRY(draw(&telescope, false, error));
    AZ_TRY(draw(&telescope, true, error));
out:
    az_bar_end(&bar);
    az_memory_free(telescope.east);
    az_memory_free(telescope.north);
    az_memory_free(telescope.keep);
    az_memory_free(telescope.seen);
    az_scene_close(&scene);
    return status;
}

static const struct az_option options[] = {
    {"--at", NULL, "LAT,LON", "the first overlay's direction", AZ_COMPLETE_NONE, false, false,
     "where to look, in degrees; --at=-7.29,6.94 for one that begins with a minus"},
    {"--diameter", NULL, "DEGREES", "1", AZ_COMPLETE_NONE, false, false, "width of the view"},
    {"--box", NULL, NULL, NULL, AZ_COMPLETE_NONE, false, false,
     "a square of plain latitude and longitude, as the notebooks had it, in place of the true "
     "angle"},
    {"--list", NULL, "N", "20", AZ_COMPLETE_NONE, false, false,
     "rows to list, the nearest to the centre first"},
    AZ_SCENE_OPTIONS,
    AZ_OPTION_END,
};

const struct az_command az_command_telescope = {
    .name = "telescope",
    .summary = "a close look at one direction of the sky",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description =
        "Draws what lies within a true angle of a direction, and lists it. Angles are those of "
        "azimuth sky with the same axes and viewpoint.",
    .options = options,
    .examples = "azimuth telescope model.safetensors --at=-7.29,6.94 --diameter 0.2\n"
                "azimuth telescope m.safetensors --overlay masks.safetensors:core\n",
    .run = run,
};
