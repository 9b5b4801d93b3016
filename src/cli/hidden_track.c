/* azimuth hidden: FILE-track, the ways of h_mean and of the centroids over the sky. The axes are
 * those of azimuth sky: principal components of the recording's last matrix, from the origin. The
 * legend says what share of a vector's length lies along them, on the mean over the steps. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/chart.h"
#include "azimuth/sky.h"
#include "base/memory.h"
#include "base/unit.h"
#include "cli/drawing.h"
#include "cli/hidden_report.h"
#include "cli/lens_common.h"
#include "cli/sky_maps.h"
#include "store/csv.h"

#define WIDTH_INCHES 16.0
#define HEIGHT_INCHES 8.8
#define PANEL_INCHES 14.2 /* of the ellipse; the colour bar stands beside it */
#define AXES 3

static const int axes[AXES] = {2, 1, 3}; /* components north, meridian, equinox, as azimuth sky */

struct layer {
    enum az_hidden_vector vector;
    const char *name, *color; /* NULL: coloured by the step */
    double size_points;
};
static const struct layer layers[] = {
    {AZ_HIDDEN_H_DEAD, "h_dead", "#ff69b4", 1.6},
    {AZ_HIDDEN_H_MEAN, "h_mean, by step", NULL, 3},
    {AZ_HIDDEN_DEAD_CENTROID, "dead centroid", "#ff4500", 2.6},
    {AZ_HIDDEN_LIVE_CENTROID, "live centroid", "#4fb3ff", 2.6},
};
#define LAYERS (sizeof layers / sizeof *layers)

struct track {
    const struct az_hidden_report *report;
    struct az_matrix *matrix;
    struct az_frame *frame;
    struct az_sky *sky;
    struct az_pool *pool;
    double *values; /* of all stars */
    size_t used;
    struct az_chart_stars stars[LAYERS + 1];
    size_t star_count;
    struct az_grid grid;
    char names[LAYERS][96];
};

static enum az_status find_frame(struct track *track, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char name[AZ_DRAWING_PATH_BYTES];
    const struct az_hidden *hidden = track->report->hidden;
    int length = snprintf(name, sizeof name, "%s@%s", track->report->path, hidden->matrix);
    if (length < 0 || (size_t)length >= sizeof name)
        AZ_RAISE(AZ_USAGE, "the recording's name is too long");
    AZ_TRY(az_pool_create(&track->pool, track->report->threads, error));
    AZ_TRY(az_matrix_open(&track->matrix, name, error));
    AZ_TRY(az_frame_find(&track->frame, track->matrix,
                         &(struct az_frame_plan){.leading = 10, .cache = ""}, track->pool, NULL,
                         error));
    AZ_TRY(az_sky_project(&track->sky, track->matrix, track->frame, &(struct az_sky_plan){0},
                          track->pool, NULL, error));
out:
    return status;
}

/* Where a vector is seen from the origin, in degrees; false where it has no direction there.
 * share: of its length that lies along the three axes. */
static bool project(const struct track *track, const double *vector, double *longitude,
                    double *latitude, double *share)
{
    double at[AXES] = {0}, squares = 0;
    size_t dims = (size_t)track->frame->dims;
    for (size_t d = 0; d < dims; d++) {
        squares += vector[d] * vector[d];
        for (int a = 0; a < AXES; a++)
            at[a] += vector[d] * (double)track->frame->vectors[(size_t)(axes[a] - 1) * dims + d];
    }
    double r = sqrt(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]);
    if (!(r > 0)) return false;
    *longitude = atan2(at[2], at[1]) * (180 / 3.14159265358979323846);
    *latitude = asin(at[0] / r) * (180 / 3.14159265358979323846);
    *share = r / sqrt(squares);
    return true;
}

static void add_tokens(struct track *track)
{
    const struct az_sky *sky = track->sky;
    double *x = track->values, *y = x + sky->rows;
    track->used = 2 * (size_t)sky->rows;
    for (int64_t i = 0; i < sky->rows; i++)
        az_mollweide(sky->longitude[i], sky->latitude[i], &x[i], &y[i]);
    track->stars[track->star_count++] = (struct az_chart_stars){.name = "tokens at the end",
                                                                .x = x,
                                                                .y = y,
                                                                .count = (size_t)sky->rows,
                                                                .size_points = 1.1,
                                                                .color = "#8c8c8c",
                                                                .alpha = 0.5};
}

static void add_layer(struct track *track, const struct layer *layer)
{
    const struct az_hidden *hidden = track->report->hidden;
    size_t count = 0, most = (size_t)hidden->count;
    double *x = track->values + track->used, *y = x + most, *level = y + most, sum = 0;
    track->used += 3 * most;
    for (size_t n = 0; n < most; n++) {
        double longitude, latitude, share;
        const double *vector = hidden->vectors[layer->vector] + n * (size_t)hidden->dims;
        if (!project(track, vector, &longitude, &latitude, &share)) continue;
        az_mollweide(longitude, latitude, &x[count], &y[count]);
        level[count++] = (double)hidden->steps[n].step;
        sum += share;
    }
    if (count == 0) return;
    char *name = track->names[layer - layers];
    snprintf(name, sizeof track->names[0], "%s (%.0f %%)", layer->name, 100 * sum / (double)count);
    track->stars[track->star_count++] =
        (struct az_chart_stars){.name = name,
                                .x = x,
                                .y = y,
                                .count = count,
                                .size_points = layer->size_points,
                                .level = layer->color ? NULL : level,
                                .color = layer->color,
                                .alpha = 0.9};
}

/* FILE-track.csv: the numbers beside the picture. */
static enum az_status write_numbers(const struct track *track, const char *picture,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    char path[AZ_DRAWING_PATH_BYTES + 8];
    const struct az_hidden *hidden = track->report->hidden;
    const char *dot = strrchr(picture, '.');
    snprintf(path, sizeof path, "%.*s.csv", (int)(dot - picture), picture);
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "vector,step,longitude_degrees,latitude_degrees,share_along_axes", error));
    for (int v = 0; v < AZ_HIDDEN_VECTORS; v++) {
        for (int64_t n = 0; n < hidden->count; n++) {
            double longitude, latitude, share;
            const double *vector = hidden->vectors[v] + (size_t)n * (size_t)hidden->dims;
            if (!project(track, vector, &longitude, &latitude, &share)) continue;
            az_csv_text(csv, az_hidden_vector_name((enum az_hidden_vector)v));
            az_csv_integer(csv, hidden->steps[n].step);
            az_csv_f64(csv, longitude);
            az_csv_f64(csv, latitude);
            az_csv_f64(csv, share);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

static enum az_status draw(struct track *track, const char *path, struct az_error *error)
{
    const struct az_hidden *hidden = track->report->hidden;
    struct az_chart_panel panel = {.left = 0.4,
                                   .width = PANEL_INCHES,
                                   .height = PANEL_INCHES / 2,
                                   .bottom = (HEIGHT_INCHES - 0.5 - PANEL_INCHES / 2) / 2,
                                   .x_min = -2.1,
                                   .x_max = 2.1,
                                   .y_min = -1.05,
                                   .y_max = 1.05,
                                   .stars = track->stars,
                                   .star_count = track->star_count};
    struct az_chart chart = {.width_inches = WIDTH_INCHES,
                             .height_inches = HEIGHT_INCHES,
                             .colormap = "viridis",
                             .bar_label = "step",
                             .level_logarithmic = true,
                             .level_min = (double)hidden->steps[0].step,
                             .level_max = (double)hidden->steps[hidden->count - 1].step,
                             .panels = &panel,
                             .panel_count = 1};
    char title[160], steps[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)hidden->count, steps);
    snprintf(title, sizeof title,
             "Tracks over the sky from the origin, north PC%d, meridian PC%d, equinox PC%d, "
             "n = %s steps",
             axes[0], axes[1], axes[2], steps);
    chart.title = title;
    az_grid_mollweide(&track->grid);
    panel.curves = &track->grid.curve;
    panel.curve_count = 1;
    panel.texts = track->grid.texts;
    panel.text_count = track->grid.text_count;
    return az_chart_draw(&chart, path, error);
}

enum az_status az_hidden_draw_track(const struct az_hidden_report *report, const char *file,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct track *track = NULL;
    char path[AZ_DRAWING_PATH_BYTES];
    const struct az_hidden *hidden = report->hidden;
    AZ_TRY(az_drawing_path(path, file, "track", error));
    AZ_TRY(az_memory_allocate(&track, 1, sizeof *track, "a map", error));
    track->report = report;
    if (hidden->dims < AXES || hidden->rows <= AXES) goto out;
    AZ_TRY(find_frame(track, error));
    AZ_TRY(az_memory_allocate(&track->values,
                              2 * (size_t)hidden->rows + 3 * LAYERS * (size_t)hidden->count,
                              sizeof(double), "a map", error));
    add_tokens(track);
    for (size_t n = 0; n < LAYERS; n++) add_layer(track, &layers[n]);
    AZ_TRY(write_numbers(track, path, error));
    AZ_TRY(draw(track, path, error));
    fprintf(stderr, "%s\n", path);
out:
    if (track) {
        az_memory_free(track->values);
        az_sky_free(track->sky);
        az_frame_free(track->frame);
        az_matrix_close(track->matrix);
        az_pool_free(track->pool);
    }
    az_memory_free(track);
    return status;
}
