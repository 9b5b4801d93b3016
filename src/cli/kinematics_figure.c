#include <math.h>
#include <stdio.h>

#include "cli/drawing.h"
#include "cli/kinematics_report.h"

#define ZOOM_STEPS 100

/* A number of each frame of a set; count frames from number `first` on. */
static double *series_of(struct az_drawing *drawing, const struct az_lens *lens,
                         enum az_lens_set set, size_t first, size_t count,
                         double (*number)(const struct az_kinematics_frame *frame))
{
    double *values = az_drawing_array(drawing, count);
    for (size_t n = 0; values && n < count; n++)
        values[n] = number(&lens->kinematics->frames[set][first + n]);
    return values;
}

static double *steps_of(struct az_drawing *drawing, const struct az_lens *lens, size_t first,
                        size_t count)
{
    double *steps = az_drawing_array(drawing, count);
    for (size_t n = 0; steps && n < count; n++) steps[n] = (double)lens->subject.steps[first + n];
    return steps;
}

static double centroid(const struct az_kinematics_frame *frame) { return frame->centroid_norm_w; }
static double cloud(const struct az_kinematics_frame *frame) { return frame->cloud_radius_w; }
static double origin(const struct az_kinematics_frame *frame) { return frame->origin_radius_w; }
static double speed(const struct az_kinematics_frame *frame) { return frame->centroid_speed_w; }
static double bulk(const struct az_kinematics_frame *frame)
{
    return frame->bulk_w2 > 0 ? frame->bulk_w2 : NAN;
}
static double thermal(const struct az_kinematics_frame *frame)
{
    return frame->thermal_w2 > 0 ? frame->thermal_w2 : NAN;
}
static double ratio(const struct az_kinematics_frame *frame)
{
    return frame->thermal_w2 > 0 && frame->bulk_w2 > 0 ? frame->bulk_w2 / frame->thermal_w2 : NAN;
}

/* ---- centroid, radius, speed ---- */

static void radius_panel(struct az_drawing *drawing, const struct az_lens *lens,
                         enum az_lens_set set, size_t count, const char *title)
{
    const double *steps = steps_of(drawing, lens, 0, count);
    az_drawing_panel(drawing, title, "frames", "step", "weight units");
    az_drawing_add(drawing, "centroid_norm", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 0, count, centroid), count);
    az_drawing_add(drawing, "cloud_radius", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 0, count, cloud), count);
    az_drawing_add(drawing, "origin_radius", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 0, count, origin), count);
}

static void speed_panel(struct az_drawing *drawing, const struct az_lens *lens,
                        enum az_lens_set set, size_t count, const char *title)
{
    az_drawing_panel(drawing, title, "steps", "step", "|dc| (w per frame)");
    az_drawing_add(drawing, "centroid speed", AZ_MARK_LINES, steps_of(drawing, lens, 1, count),
                   series_of(drawing, lens, set, 1, count, speed), count);
}

static enum az_status draw_radius(const struct az_lens *lens, enum az_lens_set set,
                                  const char *title, const char *file, struct az_error *error)
{
    struct az_drawing *drawing = az_drawing_create(title, error);
    size_t moves = (size_t)lens->subject.moves, zoom = 0;
    if (!drawing) return AZ_MEMORY;
    while (zoom < moves && lens->subject.steps[zoom + 1] - lens->subject.steps[0] <= ZOOM_STEPS)
        zoom++;
    radius_panel(drawing, lens, set, moves + 1, "Centroid and radii");
    speed_panel(drawing, lens, set, moves, "Speed of the centroid");
    if (zoom > 1 && zoom < moves) {
        radius_panel(drawing, lens, set, zoom + 1, "Centroid and radii, the first 100 steps");
        speed_panel(drawing, lens, set, zoom, "Speed of the centroid, the first 100 steps");
    }
    return az_drawing_draw(drawing, file, "radius", error);
}

/* ---- bulk and thermal ---- */

static enum az_status draw_bulk(const struct az_lens *lens, enum az_lens_set set, const char *title,
                                const char *file, struct az_error *error)
{
    struct az_drawing *drawing = az_drawing_create(title, error);
    size_t moves = (size_t)lens->subject.moves;
    if (!drawing) return AZ_MEMORY;
    const double *steps = steps_of(drawing, lens, 1, moves);
    struct az_figure_panel *panel = az_drawing_panel(drawing, "Bulk and thermal motion", "steps",
                                                     "step", "mean square (w^2 per token)");
    panel->x.logarithmic = panel->y.logarithmic = true;
    az_drawing_add(drawing, "T_bulk", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 1, moves, bulk), moves);
    az_drawing_add(drawing, "T_thermal", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 1, moves, thermal), moves);
    panel = az_drawing_panel(drawing, "Their ratio", "steps", "step", "T_bulk / T_thermal");
    panel->x.logarithmic = panel->y.logarithmic = true;
    az_drawing_add(drawing, "ratio", AZ_MARK_LINES, steps,
                   series_of(drawing, lens, set, 1, moves, ratio), moves);
    az_drawing_line(drawing, 1, false, "1");
    return az_drawing_draw(drawing, file, "bulk", error);
}

/* ---- velocity ---- */

static enum az_status draw_velocity(const struct az_lens *lens, enum az_lens_set set,
                                    const char *title, const char *file, struct az_error *error)
{
    struct az_drawing *drawing = az_drawing_create(title, error);
    if (!drawing) return AZ_MEMORY;
    double *lags = az_drawing_array(drawing, AZ_VELOCITY_LAGS);
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "Velocity autocorrelation", "lags", "lag (frames)",
                         "sum v(t).v(t+lag) / sum |v(t)|^2");
    panel->x.logarithmic = true;
    drawing->figure.panel_height_inches = 4.5;
    az_drawing_line(drawing, 0, false, "0");
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        char text[64], name[80];
        bool any = false;
        double *values = az_drawing_array(drawing, AZ_VELOCITY_LAGS);
        if (!az_lens_window_text(lens, window, text, sizeof text)) continue;
        for (int n = 0; lags && values && n < AZ_VELOCITY_LAGS; n++) {
            const struct az_velocity_lag *lag = &lens->kinematics->sets[set].velocity[window][n];
            lags[n] = (double)lag->lag_frames;
            values[n] = lag->products_ratio;
            any = any || isfinite(values[n]);
        }
        snprintf(name, sizeof name, "from steps %s", text);
        if (any) az_drawing_add(drawing, name, AZ_MARK_JOINED, lags, values, AZ_VELOCITY_LAGS);
    }
    if (panel->series_count == 0) {
        az_drawing_free(drawing);
        return AZ_OK;
    }
    return az_drawing_draw(drawing, file, "velocity", error);
}

enum az_status az_kinematics_draw(const struct az_lens *lens, const struct az_lens_request *request,
                                  const char *file, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char title[128];
    snprintf(title, sizeof title, "%s of %.60s tokens", lens->subject.matrix,
             az_lens_set_title(lens, request->set));
    AZ_TRY(draw_radius(lens, request->set, title, file, error));
    AZ_TRY(draw_bulk(lens, request->set, title, file, error));
    AZ_TRY(draw_velocity(lens, request->set, title, file, error));
out:
    return status;
}
