#include "cli/sky_maps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "base/unit.h"

#define DEGREES_TO_RADIANS (3.14159265358979323846 / 180)

/* ---- grids ---- */

void az_grid_add(struct az_grid *grid, double x, double y)
{
    if (grid->count == AZ_GRID_POINTS) return;
    grid->x[grid->count] = x;
    grid->y[grid->count++] = y;
    grid->curve = (struct az_chart_curve){.x = grid->x, .y = grid->y, .count = grid->count};
}

void az_grid_label(struct az_grid *grid, double x, double y, const char *format, double value)
{
    if (grid->text_count == AZ_GRID_TEXTS) return;
    char *words = grid->words[grid->text_count];
    snprintf(words, sizeof grid->words[0], "%.6g%s", value, format);
    grid->texts[grid->text_count++] = (struct az_chart_text){x, y, words};
}

double az_grid_step(double extent, int most)
{
    double power = pow(10, floor(log10(extent / most)));
    static const double steps[] = {1, 2, 5, 10};
    for (size_t n = 0; n < 4; n++)
        if (extent / (steps[n] * power) <= most) return steps[n] * power;
    return 10 * power;
}

void az_grid_polar(struct az_grid *grid, double radius, bool compass, bool labels)
{
    double step = az_grid_step(radius, 4);
    for (int n = 1; (n - 1) * step < radius * 0.9999; n++) {
        double r = fmin(radius, n * step);
        for (int a = 0; a <= 360; a += 4)
            az_grid_add(grid, r * sin(a * DEGREES_TO_RADIANS), r * cos(a * DEGREES_TO_RADIANS));
        az_grid_add(grid, NAN, NAN);
        if (labels && r == n * step)
            az_grid_label(grid, 0.02 * radius, n * step + 0.025 * radius, "", n * step);
    }
    for (int a = 0; a < 360; a += 30) {
        double x = sin(a * DEGREES_TO_RADIANS), y = cos(a * DEGREES_TO_RADIANS);
        az_grid_add(grid, 0, 0);
        az_grid_add(grid, radius * x, radius * y);
        az_grid_add(grid, NAN, NAN);
        if (labels && compass)
            az_grid_label(grid, 1.06 * radius * x, 1.06 * radius * y, "\302\260",
                          a > 180 ? a - 360 : a);
    }
}

void az_grid_mollweide(struct az_grid *grid)
{
    double x, y;
    for (int longitude = -180; longitude <= 180; longitude += 30) {
        for (int latitude = -90; latitude <= 90; latitude += 3) {
            az_mollweide(longitude, latitude, &x, &y);
            az_grid_add(grid, x, y);
        }
        az_grid_add(grid, NAN, NAN);
        az_mollweide(longitude, -4, &x, &y);
        if (longitude > -180 && longitude < 180) az_grid_label(grid, x, y, "\302\260", longitude);
    }
    for (int latitude = -60; latitude <= 60; latitude += 30) {
        for (int longitude = -180; longitude <= 180; longitude += 6) {
            az_mollweide(longitude, latitude, &x, &y);
            az_grid_add(grid, x, y);
        }
        az_grid_add(grid, NAN, NAN);
        az_mollweide(-180, latitude, &x, &y);
        az_grid_label(grid, x - 0.07, y, "\302\260", latitude);
    }
}

/* ---- what the maps share ---- */

struct map {
    const struct az_scene *scene;
    const struct az_map_options *options;
    struct az_chart chart;
    struct az_chart_panel panel;
    struct az_chart_density density;
    struct az_layers layers;
    struct az_grid grid;
    double *u, *v, *sizes, *cells; /* [rows] and the cells of a density */
    char title[512], path[AZ_SCENE_PATH_BYTES];
};

static enum az_status begin(struct map *map, const struct az_scene *scene,
                            const struct az_map_options *options, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = (size_t)scene->sky->rows;
    map->scene = scene;
    map->options = options;
    AZ_TRY(az_memory_allocate(&map->u, rows, sizeof(double), "a map", error));
    AZ_TRY(az_memory_allocate(&map->v, rows, sizeof(double), "a map", error));
    map->chart = (struct az_chart){.title = map->title,
                                   .width_inches = 16,
                                   .height_inches = 8.8,
                                   .dots_per_inch = scene->dots_per_inch,
                                   .colormap = scene->colormap,
                                   .panels = &map->panel,
                                   .panel_count = 1};
out:
    return status;
}

static void end(struct map *map)
{
    az_layers_free(&map->layers);
    az_memory_free(map->u);
    az_memory_free(map->v);
    az_memory_free(map->sizes);
    az_memory_free(map->cells);
}

static enum az_status draw(struct map *map, const char *what, const char *file,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    char rows[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)(map->scene->sky->rows - map->scene->sky->not_finite), rows);
    snprintf(map->title, sizeof map->title, "%s %s, n = %s tokens", what, map->scene->description,
             rows);
    AZ_TRY(az_scene_path(map->scene, file, map->path, error));
    AZ_TRY(az_chart_draw(&map->chart, map->path, error));
    printf("%s\n", map->path);
out:
    return status;
}

static enum az_status add_stars(struct map *map, const double *sizes, const double *level,
                                struct az_error *error)
{
    enum az_status status =
        az_layers_make(&map->layers, map->scene, map->u, map->v, sizes, level, NULL, error);
    /* What lies in one spot of a whole sky is one star: it must be seen. */
    for (size_t n = 1; n < map->layers.count; n++) map->layers.stars[n].size_points *= 2;
    map->panel.stars = map->layers.stars;
    map->panel.star_count = map->layers.count;
    az_scene_color(map->scene, &map->chart);
    return status;
}

static void add_grid(struct map *map)
{
    map->panel.curves = &map->grid.curve;
    map->panel.curve_count = map->grid.count > 0;
    map->panel.texts = map->grid.texts;
    map->panel.text_count = map->grid.text_count;
}

/* Levels from the cells: the greatest, and for a logarithmic scale a thousandth of it or what one
 * star makes. */
static void set_levels(struct map *map, const char *label, const char *colormap)
{
    double most = 0;
    size_t count = map->density.columns * map->density.rows;
    for (size_t i = 0; i < count; i++) most = fmax(most, map->cells[i]);
    map->chart.bar_label = label;
    map->chart.level_max = most;
    map->chart.level_logarithmic = !map->options->linear && most > 0;
    map->chart.level_min = map->chart.level_logarithmic ? fmin(fmax(most / 1e4, 0.1), most / 2) : 0;
    if (!map->chart.colormap) map->chart.colormap = colormap;
    map->density.cells = map->cells;
    map->panel.density = &map->density;
}

static enum az_status bin_sky(struct map *map, bool (*inverse)(double, double, double *, double *),
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t columns = (size_t)lround(360 / map->options->bin_degrees);
    size_t rows = (size_t)lround(180 / map->options->bin_degrees);
    const struct az_sky *sky = map->scene->sky;
    map->density = (struct az_chart_density){.columns = columns,
                                             .rows = rows,
                                             .u_min = -180,
                                             .u_max = 180,
                                             .v_min = -90,
                                             .v_max = 90,
                                             .inverse = inverse};
    AZ_TRY(az_memory_allocate(&map->cells, columns * rows, sizeof(double), "a map", error));
    az_sky_bin(sky->longitude, sky->latitude, (size_t)sky->rows, -180, 180, -90, 90, columns, rows,
               map->cells);
    AZ_TRY(az_sky_smooth(map->cells, columns, rows, map->options->smoothing, true, error));
    if (map->options->per_steradian) az_sky_per_steradian(map->cells, columns, rows);
    set_levels(map, map->options->per_steradian ? "tokens per steradian" : "tokens per cell",
               "hot");
out:
    return status;
}

static void ellipse_panel(struct map *map, bool bar)
{
    double width = bar || map->scene->level ? 14.4 : 15.4;
    map->panel.left = 0.5;
    map->panel.width = width;
    map->panel.height = width * 0.5;
    map->panel.bottom = (8.8 - 0.5 - width / 2) / 2;
    map->panel.x_min = -2.1;
    map->panel.x_max = 2.1;
    map->panel.y_min = -1.05;
    map->panel.y_max = 1.05;
    az_grid_mollweide(&map->grid);
    add_grid(map);
}

static void rectangle_panel(struct map *map, const char *y_label, bool bar)
{
    map->panel.left = 0.9;
    map->panel.bottom = 0.8;
    map->panel.width = bar || map->scene->level ? 13.8 : 14.7;
    map->panel.height = 7.2;
    map->panel.axes = true;
    map->panel.x_label = "longitude (degrees)";
    map->panel.y_label = y_label;
    map->panel.x_min = -180;
    map->panel.x_max = 180;
    map->panel.y_min = -90;
    map->panel.y_max = 90;
}

/* ---- the maps ---- */

static enum az_status draw_mollweide(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = map->scene->sky;
    for (int64_t i = 0; i < sky->rows; i++)
        az_mollweide(sky->longitude[i], sky->latitude[i], &map->u[i], &map->v[i]);
    ellipse_panel(map, false);
    AZ_TRY(add_stars(map, NULL, NULL, error));
    AZ_TRY(draw(map, "Sky (Mollweide)", "mollweide.png", error));
out:
    return status;
}

static enum az_status draw_density(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    ellipse_panel(map, true);
    AZ_TRY(bin_sky(map, az_mollweide_inverse, error));
    AZ_TRY(draw(map, "Density (Mollweide)", "density.png", error));
out:
    return status;
}

static double farthest(const struct map *map)
{
    double most = map->options->radius;
    for (int64_t i = 0; !(map->options->radius > 0) && i < map->scene->sky->rows; i++)
        most = fmax(most, map->scene->sky->r[i]);
    return most > 0 ? most : 1;
}

static void polar_panel(struct map *map, double radius)
{
    map->chart.width_inches = 12;
    map->chart.height_inches = 12;
    map->panel.left = 0.6;
    map->panel.bottom = 0.4;
    map->panel.width = map->panel.height = map->scene->level ? 10.2 : 10.8;
    map->panel.x_min = map->panel.y_min = -1.1 * radius;
    map->panel.x_max = map->panel.y_max = 1.1 * radius;
    az_grid_polar(&map->grid, radius, true, true);
    add_grid(map);
}

static enum az_status draw_equatorial(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = map->scene->sky;
    polar_panel(map, farthest(map));
    for (int64_t i = 0; i < sky->rows; i++) {
        map->u[i] = sky->r[i] * sin(sky->longitude[i] * DEGREES_TO_RADIANS);
        map->v[i] = sky->r[i] * cos(sky->longitude[i] * DEGREES_TO_RADIANS);
    }
    AZ_TRY(add_stars(map, NULL, NULL, error));
    AZ_TRY(draw(map, "Equatorial map", "equatorial.png", error));
out:
    return status;
}

static bool polar_inverse(double x, double y, double *longitude, double *r)
{
    *longitude = atan2(x, y) / DEGREES_TO_RADIANS;
    *r = hypot(x, y);
    return true;
}

static enum az_status draw_equatorial_density(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = map->scene->sky;
    double radius = farthest(map);
    polar_panel(map, radius);
    map->panel.width = map->panel.height = 10.2;
    map->density = (struct az_chart_density){.columns = 360,
                                             .rows = 100,
                                             .u_min = -180,
                                             .u_max = 180,
                                             .v_min = 0,
                                             .v_max = radius,
                                             .inverse = polar_inverse};
    AZ_TRY(az_memory_allocate(&map->cells, 36000, sizeof(double), "a map", error));
    az_sky_bin(sky->longitude, sky->r, (size_t)sky->rows, -180, 180, 0, radius, 360, 100,
               map->cells);
    AZ_TRY(az_sky_smooth(map->cells, 360, 100, map->options->smoothing, true, error));
    set_levels(map, "tokens per cell", "hot");
    AZ_TRY(draw(map, "Equatorial density", "equatorial_density.png", error));
out:
    return status;
}

static enum az_status draw_rectangular(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t bytes = (size_t)map->scene->sky->rows * sizeof(double);
    rectangle_panel(map, "latitude (degrees)", false);
    memcpy(map->u, map->scene->sky->longitude, bytes);
    memcpy(map->v, map->scene->sky->latitude, bytes);
    AZ_TRY(add_stars(map, NULL, NULL, error));
    AZ_TRY(draw(map, "Sky (rectangular)", "rectangular.png", error));
out:
    return status;
}

static enum az_status draw_rectangular_density(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    rectangle_panel(map, "latitude (degrees)", true);
    AZ_TRY(bin_sky(map, NULL, error));
    AZ_TRY(draw(map, "Density (rectangular)", "rectangular_density.png", error));
out:
    return status;
}

/* The curve of latitude against flattened latitude, as a graph of its own. */
static enum az_status draw_curve(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_figure_series series = {.name = "flattened",
                                      .mark = AZ_MARK_POINTS,
                                      .x = map->scene->sky->latitude,
                                      .y = map->v,
                                      .count = (size_t)map->scene->sky->rows};
    struct az_figure_panel panel = {.title = "Latitude by rank among the distinct latitudes",
                                    .point_unit = "tokens",
                                    .x = {.label = "latitude (degrees)"},
                                    .y = {.label = "flattened latitude (degrees)"},
                                    .series = &series,
                                    .series_count = 1};
    struct az_figure figure = {.panels = &panel, .panel_count = 1, .panel_height_inches = 4};
    AZ_TRY(az_scene_path(map->scene, "flattened_curve.png", map->path, error));
    AZ_TRY(az_figure_draw(&figure, map->path, error));
    printf("%s\n", map->path);
out:
    return status;
}

static enum az_status draw_flattened(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    rectangle_panel(map, "flattened latitude (degrees)", false);
    memcpy(map->u, map->scene->sky->longitude, (size_t)map->scene->sky->rows * sizeof(double));
    AZ_TRY(az_sky_flatten(map->scene->sky, map->v, error));
    AZ_TRY(add_stars(map, NULL, NULL, error));
    AZ_TRY(draw(map, "Sky, latitudes flattened", "flattened.png", error));
    AZ_TRY(draw_curve(map, error));
out:
    return status;
}

static enum az_status draw_perspective(struct map *map, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_sky *sky = map->scene->sky;
    double most = 0, epsilon = map->options->depth_epsilon;
    AZ_TRY(az_memory_allocate(&map->sizes, (size_t)sky->rows, sizeof(double), "a map", error));
    for (int64_t i = 0; i < sky->rows; i++) most = fmax(most, sky->r[i]);
    for (int64_t i = 0; i < sky->rows; i++) {
        double size = map->scene->star_points * (1 + epsilon) / (sky->r[i] / most + epsilon);
        az_mollweide(sky->longitude[i], sky->latitude[i], &map->u[i], &map->v[i]);
        map->sizes[i] = fmin(30, size);
    }
    ellipse_panel(map, false);
    AZ_TRY(add_stars(map, map->sizes, NULL, error));
    AZ_TRY(draw(map, "Perspective", "perspective.png", error));
out:
    return status;
}

#define MAP_NAME(name, meaning) #name,
const char *const az_map_names[] = {AZ_MAPS(MAP_NAME) NULL};

enum az_status az_map_find(const char *name, size_t *which, struct az_error *error)
{
    char list[512] = "all";
    size_t used = strlen(list);
    for (*which = 0; az_map_names[*which]; ++*which) {
        if (strcmp(name, az_map_names[*which]) == 0) return AZ_OK;
        used += (size_t)snprintf(list + used, sizeof list - used, ", %s", az_map_names[*which]);
    }
    return az_error_raise(error, AZ_USAGE, "there is no map \"%.60s\"; there are %s", name, list);
}

enum az_status az_map_draw(const struct az_scene *scene, const char *name,
                           const struct az_map_options *options, struct az_error *error)
{
#define MAP_FUNCTION(name, meaning) draw_##name,
    static enum az_status (*const functions[])(struct map *,
                                               struct az_error *) = {AZ_MAPS(MAP_FUNCTION)};
    enum az_status status = AZ_OK;
    struct map *map = NULL;
    size_t which;
    AZ_TRY(az_map_find(name, &which, error));
    AZ_TRY(az_memory_allocate(&map, 1, sizeof *map, "a map", error));
    AZ_TRY(begin(map, scene, options, error));
    AZ_TRY(functions[which](map, error));
out:
    if (map) end(map);
    az_memory_free(map);
    return status;
}
