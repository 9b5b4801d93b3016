/* azimuth hidden: FILE-states and FILE-angles. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/hidden_report.h"

struct drawing {
    struct az_drawing *drawing;
    const struct az_hidden *hidden;
    const double *steps;
    double first, last; /* of the axis */
    char titles[AZ_DRAWING_PANELS][128];
};

/* At two steps that follow one another, so that there is a line to draw; or at the only one. */
static bool is_known(const struct az_hidden *hidden, enum az_hidden_quantity quantity)
{
    for (int64_t n = 0; n < hidden->count; n++)
        if (isfinite(hidden->steps[n].of[quantity]) &&
            (hidden->count == 1 || (n > 0 && isfinite(hidden->steps[n - 1].of[quantity]))))
            return true;
    return false;
}

/* A quantity against the step, if it is known at any: as it is, or as an angle. */
static void add(struct drawing *to, enum az_hidden_quantity quantity, const char *name, bool angle)
{
    size_t count = (size_t)to->hidden->count;
    if (!is_known(to->hidden, quantity)) return;
    double *values = az_drawing_array(to->drawing, count);
    for (size_t n = 0; values && n < count; n++) {
        double value = to->hidden->steps[n].of[quantity];
        values[n] = angle ? az_hidden_degrees(value) : value;
    }
    az_drawing_add(to->drawing, name, AZ_MARK_LINES, to->steps, values, count);
}

static struct az_figure_panel *panel(struct drawing *to, const char *title, const char *y)
{
    struct az_figure_panel *of = az_drawing_panel(to->drawing, title, "steps", "step", y);
    of->x.min = to->first;
    of->x.max = to->last;
    return of;
}

static enum az_status begin(struct drawing *to, const struct az_hidden *hidden, const char *title,
                            struct az_error *error)
{
    size_t count = (size_t)hidden->count;
    *to = (struct drawing){.drawing = az_drawing_create(title, error), .hidden = hidden};
    if (!to->drawing) return AZ_MEMORY;
    double *steps = az_drawing_array(to->drawing, count);
    for (size_t n = 0; steps && n < count; n++) steps[n] = (double)hidden->steps[n].step;
    to->steps = steps;
    to->first = (double)hidden->steps[0].step - 1;
    to->last = (double)hidden->steps[count - 1].step;
    return AZ_OK;
}

/* Draws, unless nothing is left that was recorded. */
static enum az_status end(struct drawing *to, const char *file, const char *name,
                          struct az_error *error)
{
    if (to->drawing->panel_count) return az_drawing_draw(to->drawing, file, name, error);
    az_drawing_free(to->drawing);
    return AZ_OK;
}

/* Panels without a series are taken away: what was not recorded leaves none. One with a single
 * series has no legend: its title says what it is. */
static void drop_empty(struct drawing *to)
{
    struct az_drawing *drawing = to->drawing;
    struct az_figure_panel *of = &drawing->panels[drawing->panel_count - 1];
    if (of->series_count == 0) {
        drawing->panel_count--;
    } else if (of->series_count == 1 && strcmp(of->series[0].name, of->y.label) != 0) {
        char *title = to->titles[drawing->panel_count - 1];
        snprintf(title, sizeof to->titles[0], "%.70s: %.50s", of->title, of->series[0].name);
        of->title = title;
    }
}

/* ---- states ---- */

static void lag_panel(struct drawing *to, enum az_hidden_vector vector)
{
    static char titles[AZ_HIDDEN_VECTORS][64];
    snprintf(titles[vector], sizeof titles[vector], "Autocorrelation of %s, whole run",
             az_hidden_vector_name(vector));
    const struct az_hidden_lag *lags = to->hidden->lags[vector][AZ_LENS_WINDOWS];
    double *x = az_drawing_array(to->drawing, AZ_HIDDEN_LAGS);
    double *cosines = az_drawing_array(to->drawing, AZ_HIDDEN_LAGS);
    double *least = az_drawing_array(to->drawing, AZ_HIDDEN_LAGS);
    double *pearson = az_drawing_array(to->drawing, AZ_HIDDEN_LAGS);
    if (lags[0].pairs == 0) return;
    struct az_figure_panel *of =
        az_drawing_panel(to->drawing, titles[vector], "lags", "lag (frames)", "correlation");
    of->x.logarithmic = true;
    for (int n = 0; pearson && n < AZ_HIDDEN_LAGS; n++) {
        x[n] = (double)lags[n].lag_frames;
        cosines[n] = lags[n].mean_cosine;
        least[n] = lags[n].least_cosine;
        pearson[n] = lags[n].pearson;
    }
    az_drawing_add(to->drawing, "mean cosine", AZ_MARK_JOINED, x, cosines, AZ_HIDDEN_LAGS);
    az_drawing_add(to->drawing, "least cosine", AZ_MARK_JOINED, x, least, AZ_HIDDEN_LAGS);
    az_drawing_add(to->drawing, "Pearson", AZ_MARK_JOINED, x, pearson, AZ_HIDDEN_LAGS);
    az_drawing_line(to->drawing, 0, false, "0");
}

static enum az_status draw_states(const struct az_hidden *hidden, const char *file,
                                  struct az_error *error)
{
    struct drawing to;
    enum az_status status = begin(&to, hidden, "Final hidden states", error);
    if (status != AZ_OK) return status;
    panel(&to, "Lengths", "length of h");
    add(&to, AZ_HIDDEN_RMS, "root mean square of |h|", false);
    add(&to, AZ_HIDDEN_NORM, "|h_mean|", false);
    add(&to, AZ_HIDDEN_DEAD_NORM, "|h_dead|", false);
    drop_empty(&to);
    panel(&to, "How far the positions agree in direction", "resultant length")->y.min = 0;
    add(&to, AZ_HIDDEN_RESULTANT, "resultant length", false);
    drop_empty(&to);
    panel(&to, "Dimensions that h uses", "dimensions");
    add(&to, AZ_HIDDEN_RANK, "effective rank", false);
    add(&to, AZ_HIDDEN_PARTICIPATION, "participation", false);
    drop_empty(&to);
    lag_panel(&to, AZ_HIDDEN_H_MEAN);
    lag_panel(&to, AZ_HIDDEN_H_DEAD);
    return end(&to, file, "states", error);
}

/* ---- angles ---- */

static enum az_status draw_angles(const struct az_hidden *hidden, const char *file,
                                  struct az_error *error)
{
    struct drawing to;
    enum az_status status = begin(&to, hidden, "Directions of the hidden states", error);
    if (status != AZ_OK) return status;
    panel(&to, "Turn from one step to the next", "degrees")->y.logarithmic = true;
    add(&to, AZ_HIDDEN_AGAIN, "h_mean", true);
    add(&to, AZ_HIDDEN_DEAD_AGAIN, "h_dead", true);
    drop_empty(&to);
    panel(&to, "Against the motion of the dead tokens' centroid", "angle to -dc (degrees)");
    add(&to, AZ_HIDDEN_MEAN_DRIFT, "h_mean", true);
    add(&to, AZ_HIDDEN_DEAD_DRIFT, "h_dead", true);
    add(&to, AZ_HIDDEN_PUSH_DRIFT, "running mean of the push", true);
    if (is_known(hidden, AZ_HIDDEN_SPEED)) az_drawing_line(to.drawing, 90, false, "90 degrees");
    drop_empty(&to);
    panel(&to, "What moves: coordinates that carry dc", "dimensions");
    add(&to, AZ_HIDDEN_CARRIED, "dimensions", false);
    drop_empty(&to);
    panel(&to, "h_dead and h_mean", "angle (degrees)");
    add(&to, AZ_HIDDEN_DEAD_MEAN, "angle (degrees)", true);
    drop_empty(&to);
    panel(&to, "On the sky, from the origin", "angle (degrees)");
    add(&to, AZ_HIDDEN_MEAN_DEAD, "h_mean and the dead centroid", true);
    add(&to, AZ_HIDDEN_MEAN_LIVE, "h_mean and the live centroid", true);
    add(&to, AZ_HIDDEN_DEAD_LIVE, "dead and live centroid", true);
    drop_empty(&to);
    return end(&to, file, "angles", error);
}

enum az_status az_hidden_draw(const struct az_hidden_report *report, const char *file,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(draw_states(report->hidden, file, error));
    AZ_TRY(draw_angles(report->hidden, file, error));
    if (report->hidden->matrix[0] && report->hidden->rows == report->hidden->vocabulary)
        AZ_TRY(az_hidden_draw_track(report, file, error));
out:
    return status;
}
