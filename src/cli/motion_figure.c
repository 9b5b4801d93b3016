#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/motion_report.h"

static double *steps_of(struct az_drawing *plot, const struct az_lens *lens)
{
    size_t count = (size_t)lens->subject.moves;
    double *steps = az_drawing_array(plot, count);
    for (size_t n = 0; steps && n < count; n++) steps[n] = (double)lens->subject.steps[n + 1];
    return steps;
}

static void quantile_panel(struct az_drawing *plot, const struct az_lens *lens,
                           enum az_lens_set set, const double *steps,
                           enum az_motion_quantity quantity, const char *title, const char *label)
{
    const struct az_motion_step *of = lens->motion->steps[set];
    az_drawing_quantiles(plot, title, label, true, steps, of->quantiles[quantity], sizeof *of,
                         (size_t)lens->subject.moves);
}

static void share_panel(struct az_drawing *plot, const struct az_lens *lens, enum az_lens_set set,
                        const double *steps)
{
    size_t count = (size_t)lens->subject.moves;
    double *movers = az_drawing_array(plot, count), *hops = az_drawing_array(plot, count);
    double tokens = (double)lens->subject.counts[set], dims = (double)lens->subject.dims;
    for (size_t n = 0; movers && hops && n < count; n++) {
        movers[n] = (double)lens->motion->steps[set][n].movers / tokens;
        hops[n] = (double)lens->motion->steps[set][n].hops / (tokens * dims);
    }
    struct az_figure_panel *panel =
        az_drawing_panel(plot, "What moves at a step", "steps", "step", "share");
    panel->x.logarithmic = true;
    panel->y.min = -0.03;
    panel->y.max = 1.03;
    az_drawing_add(plot, "tokens that move", AZ_MARK_STEPS, steps, movers, count);
    az_drawing_add(plot, "coordinates that hop", AZ_MARK_STEPS, steps, hops, count);
}

static enum az_status draw_displacement(const struct az_lens *lens, enum az_lens_set set,
                                        const char *title, const char *file, struct az_error *error)
{
    struct az_drawing *plot = az_drawing_create(title, error);
    if (!plot) return AZ_MEMORY;
    const double *steps = steps_of(plot, lens);
    quantile_panel(plot, lens, set, steps, AZ_MOTION_L2, "L2 of a token's displacement",
                   "L2 (cells)");
    if (plot->panel_count) {
        az_drawing_line(plot, sqrt((double)lens->subject.dims), false, "sqrt(D)");
        az_drawing_line(plot, 1, false, "1");
    }
    quantile_panel(plot, lens, set, steps, AZ_MOTION_LINF, "Linf of a token's displacement",
                   "Linf (cells)");
    if (plot->panel_count) az_drawing_line(plot, 1, false, "1");
    share_panel(plot, lens, set, steps);
    return az_drawing_draw(plot, file, "displacement", error);
}

/* Bins wider than one cell stand at their middle, by hops per cell of width. */
static enum az_status draw_sizes(const struct az_lens *lens, enum az_lens_set set,
                                 const char *title, const char *file, struct az_error *error)
{
    struct az_drawing *plot = az_drawing_create(title, error);
    if (!plot) return AZ_MEMORY;
    double *x = az_drawing_array(plot, AZ_MOTION_SIZES);
    struct az_figure_panel *panel =
        az_drawing_panel(plot, "Sizes of hops", "sizes", "size (cells)", "share of hops per cell");
    panel->x.logarithmic = panel->y.logarithmic = true;
    for (int window = 0; window < AZ_LENS_WINDOWS; window++) {
        char text[64], name[80];
        double all = 0, *y = az_drawing_array(plot, AZ_MOTION_SIZES);
        if (!az_lens_window_text(lens, window, text, sizeof text)) continue;
        int64_t(*sizes)[2] = lens->motion->sizes[set][window];
        for (int k = 0; k < AZ_MOTION_SIZES; k++) all += (double)(sizes[k][0] + sizes[k][1]);
        for (int k = 0; x && y && k < AZ_MOTION_SIZES; k++) {
            double from = (double)az_motion_size_from(k), to = (double)az_motion_size_to(k);
            x[k] = sqrt(from * to);
            y[k] = (double)(sizes[k][0] + sizes[k][1]) / all / (to - from + 1);
            if (!(y[k] > 0)) y[k] = NAN;
        }
        snprintf(name, sizeof name, "steps %s", text);
        if (all > 0) az_drawing_add(plot, name, AZ_MARK_JOINED, x, y, AZ_MOTION_SIZES);
    }
    if (panel->series_count == 0) {
        az_drawing_free(plot);
        return AZ_OK;
    }
    return az_drawing_draw(plot, file, "hops", error);
}

enum az_status az_motion_draw(const struct az_lens *lens, const struct az_lens_request *request,
                              const char *file, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char title[128];
    snprintf(title, sizeof title, "%s of %.60s tokens", lens->subject.matrix,
             az_lens_set_title(lens, request->set));
    AZ_TRY(draw_displacement(lens, request->set, title, file, error));
    AZ_TRY(draw_sizes(lens, request->set, title, file, error));
out:
    return status;
}
