#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/sky_maps.h"

#define BOTTOM 1.1 /* inches for the numbers and the name of an axis, below the lower views */

static double extent_of(const double *values, int64_t count)
{
    double most = 0;
    for (int64_t i = 0; i < count; i++)
        if (fabs(values[i]) > most) most = fabs(values[i]);
    return most > 0 ? most : 1;
}

struct views {
    const struct az_scene *scene;
    struct az_layers layers[3];
    struct az_chart_panel panels[4];
    struct az_grid *grid;
    struct az_chart_text texts[16];
    char words[16][96];
    char title[512], path[AZ_SCENE_PATH_BYTES];
};

/* A panel of text: what the three views show. */
static void add_numbers(struct views *views)
{
    const struct az_sky *sky = views->scene->sky;
    const double *values[] = {sky->x, sky->y, sky->z, sky->r};
    static const char *const names[] = {"x (meridian)", "y (equinox)", "z (north)", "r"};
    size_t count = 0;
    for (size_t n = 0; n < 4; n++) {
        double least = INFINITY, most = -INFINITY, sum = 0, squares = 0, used = 0;
        for (int64_t i = 0; i < sky->rows; i++) {
            if (isnan(values[n][i])) continue;
            least = fmin(least, values[n][i]);
            most = fmax(most, values[n][i]);
            sum += values[n][i];
            squares += values[n][i] * values[n][i];
            used++;
        }
        double mean = sum / used;
        snprintf(views->words[count], sizeof views->words[0], "%s: %.4g to %.4g", names[n], least,
                 most);
        views->texts[count] =
            (struct az_chart_text){0.5, 0.86 - 0.09 * (double)count, views->words[count]};
        count++;
        snprintf(views->words[count], sizeof views->words[0], "mean %.4g, deviation %.4g", mean,
                 sqrt(fmax(0, squares / used - mean * mean)));
        views->texts[count] =
            (struct az_chart_text){0.5, 0.86 - 0.09 * (double)count, views->words[count]};
        count++;
    }
    views->panels[3] = (struct az_chart_panel){.left = 8.6,
                                               .bottom = BOTTOM,
                                               .width = 6.4,
                                               .height = 6.4,
                                               .x_max = 1,
                                               .y_max = 1,
                                               .texts = views->texts,
                                               .text_count = count};
}

static void put_title(struct views *views, const char *what, int64_t count)
{
    char tokens[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)count, tokens);
    snprintf(views->title, sizeof views->title, "%s, %s, n = %s tokens", what,
             views->scene->description, tokens);
}

/* XY, XZ and YZ, coloured by the axis that is missing, on one scale. */
static enum az_status draw_triple(struct views *views, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_scene *scene = views->scene;
    const double *axes[] = {scene->sky->x, scene->sky->y, scene->sky->z};
    static const char *const names[] = {"x, meridian", "y, equinox", "z, north"};
    static const int planes[3][3] = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}};
    double extents[3], depth = 0;
    for (int n = 0; n < 3; n++) {
        extents[n] = extent_of(axes[n], scene->sky->rows);
        depth = fmax(depth, extents[n]);
    }
    for (int n = 0; n < 3; n++) {
        const int *plane = planes[n];
        struct az_chart_panel *panel = &views->panels[n];
        AZ_TRY(az_layers_make(&views->layers[n], scene, axes[plane[0]], axes[plane[1]], NULL,
                              axes[plane[2]], NULL, error));
        *panel = (struct az_chart_panel){.left = n % 2 ? 8.6 : 1.1,
                                         .bottom = n < 2 ? BOTTOM + 7.6 : BOTTOM,
                                         .width = 6.4,
                                         .height = 6.4,
                                         .axes = true,
                                         .x_label = names[plane[0]],
                                         .y_label = names[plane[1]],
                                         .x_min = -1.03 * extents[plane[0]],
                                         .x_max = 1.03 * extents[plane[0]],
                                         .y_min = -1.03 * extents[plane[1]],
                                         .y_max = 1.03 * extents[plane[1]],
                                         .stars = views->layers[n].stars,
                                         .star_count = views->layers[n].count};
    }
    add_numbers(views);
    put_title(views, "Orthographic views", scene->sky->rows - scene->sky->not_finite);
    struct az_chart chart = {.title = views->title,
                             .width_inches = 16.4,
                             .height_inches = BOTTOM + 14.8,
                             .dots_per_inch = scene->dots_per_inch,
                             .colormap = scene->colormap ? scene->colormap : "bwr",
                             .bar_label = "depth along the missing axis (weight units)",
                             .level_min = -depth,
                             .level_max = depth,
                             .panels = views->panels,
                             .panel_count = 4};
    AZ_TRY(az_scene_path(scene, "views.png", views->path, error));
    AZ_TRY(az_chart_draw(&chart, views->path, error));
    printf("%s\n", views->path);
out:
    return status;
}

/* A polar sector: what lies within `width` degrees of the equator, coloured by z. */
static enum az_status draw_wedge(struct views *views, double width, const double longitudes[2],
                                 double radius, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_scene *scene = views->scene;
    const struct az_sky *sky = scene->sky;
    unsigned char *keep = NULL;
    double depth = 0, most = 0;
    int64_t count = 0;
    char what[64];
    AZ_TRY(az_memory_allocate(&keep, (size_t)sky->rows, 1, "a wedge", error));
    for (int64_t i = 0; i < sky->rows; i++) {
        double turn = fmod(sky->longitude[i] - longitudes[0] + 720, 360);
        keep[i] = fabs(sky->latitude[i]) <= width && turn <= longitudes[1] - longitudes[0] &&
                  (!(radius > 0) || sky->r[i] <= radius);
        if (!keep[i]) continue;
        count++;
        depth = fmax(depth, fabs(sky->z[i]));
        most = fmax(most, sky->r[i]);
    }
    if (!count) AZ_RAISE(AZ_USAGE, "no row lies within %g degrees of the equator there", width);
    double *u, *v;
    AZ_TRY(az_memory_allocate(&views->grid, 1, sizeof *views->grid, "a wedge", error));
    u = sky->y;
    v = sky->x; /* zero up, clockwise, as the equatorial map */
    AZ_TRY(az_layers_make(&views->layers[0], scene, u, v, NULL, sky->z, keep, error));
    double r = radius > 0 ? radius : most;
    az_grid_polar(views->grid, r, true, true);
    views->panels[0] = (struct az_chart_panel){.left = 0.6,
                                               .bottom = 0.4,
                                               .width = 10.2,
                                               .height = 10.2,
                                               .x_min = -1.1 * r,
                                               .x_max = 1.1 * r,
                                               .y_min = -1.1 * r,
                                               .y_max = 1.1 * r,
                                               .curves = &views->grid->curve,
                                               .curve_count = 1,
                                               .texts = views->grid->texts,
                                               .text_count = views->grid->text_count,
                                               .stars = views->layers[0].stars,
                                               .star_count = views->layers[0].count};
    snprintf(what, sizeof what, "Wedge within %g\302\260 of the equator", width);
    put_title(views, what, count);
    struct az_chart chart = {.title = views->title,
                             .width_inches = 12.2,
                             .height_inches = 11.4,
                             .dots_per_inch = scene->dots_per_inch,
                             .colormap = scene->colormap ? scene->colormap : "bwr",
                             .bar_label = "z (weight units)",
                             .level_min = -depth,
                             .level_max = depth > 0 ? depth : 1,
                             .panels = views->panels,
                             .panel_count = 1};
    AZ_TRY(az_scene_path(scene, "wedge.png", views->path, error));
    AZ_TRY(az_chart_draw(&chart, views->path, error));
    printf("%s\n", views->path);
out:
    az_memory_free(keep);
    return status;
}

static enum az_status run(const struct az_arguments *arguments, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_scene scene = {0};
    struct views *views = NULL;
    double width = 0, radius = 0, longitudes[2] = {-180, 180};
    const char *window = az_arguments_value(arguments, "--longitudes");
    char end;
    struct az_bar bar;
    struct az_progress *progress = az_bar_start(&bar);
    AZ_TRY(az_scene_real(arguments, "--wedge", &width, error));
    AZ_TRY(az_scene_real(arguments, "--radius", &radius, error));
    if (window && (sscanf(window, "%lf,%lf%c", &longitudes[0], &longitudes[1], &end) != 2 ||
                   !(longitudes[1] > longitudes[0]) || fabs(longitudes[0]) > 360))
        AZ_RAISE(AZ_USAGE, "--longitudes %.60s: expected FROM,TO such as -30,60", window);
    bool wedge = az_arguments_has(arguments, "--wedge");
    if (wedge && (!(width > 0 && width <= 90) || radius < 0))
        AZ_RAISE(AZ_USAGE, "--wedge is above 0 and at most 90 degrees, --radius at least 0");
    if (!wedge && (window || az_arguments_has(arguments, "--radius")))
        AZ_RAISE(AZ_USAGE, "--longitudes and --radius are of a wedge: add --wedge DEGREES");
    AZ_TRY(az_memory_allocate(&views, 1, sizeof *views, "views", error));
    AZ_TRY(az_scene_open(&scene, arguments, progress, error));
    az_bar_end(&bar);
    views->scene = &scene;
    az_scene_print(&scene);
    AZ_TRY(az_scene_save(&scene, error));
    if (wedge)
        AZ_TRY(draw_wedge(views, width, longitudes, radius, error));
    else
        AZ_TRY(draw_triple(views, error));
out:
    az_bar_end(&bar);
    for (size_t n = 0; views && n < 3; n++) az_layers_free(&views->layers[n]);
    if (views) az_memory_free(views->grid);
    az_memory_free(views);
    az_scene_close(&scene);
    return status;
}

static const struct az_option options[] = {
    {"--wedge", NULL, "DEGREES", NULL, AZ_COMPLETE_NONE, false, false,
     "draws instead a polar sector of the rows within that latitude, coloured by z"},
    {"--longitudes", NULL, "FROM,TO", "-180,180", AZ_COMPLETE_NONE, false, false,
     "of the wedge; --longitudes=-30,60"},
    {"--radius", NULL, "X", "the farthest row", AZ_COMPLETE_NONE, false, false,
     "where the wedge ends"},
    AZ_SCENE_OPTIONS,
    AZ_OPTION_END,
};

const struct az_command az_command_views = {
    .name = "views",
    .summary = "three orthographic views, or a wedge",
    .operands = "MATRIX",
    .operands_least = 1,
    .operands_most = 1,
    .complete = AZ_COMPLETE_FILE,
    .description = "The cloud seen along each of the three axes, coloured by the depth that is "
                   "lost, with the numbers of each coordinate.",
    .options = options,
    .examples = "azimuth views model.safetensors\n"
                "azimuth views model.safetensors --wedge 5 --longitudes=-30,60\n",
    .run = run,
};
