#include <math.h>
#include <stdio.h>

#include "cli/divergence_report.h"
#include "cli/drawing.h"

#define BINS 50

static void quantile_panel(struct az_drawing *plot, const struct az_divergence *told,
                           enum az_lens_set set, const double *steps,
                           enum az_divergence_quantity quantity, bool logarithmic,
                           const char *title, const char *label)
{
    const struct az_divergence_step *of = told->steps[set];
    az_drawing_quantiles(plot, title, label, logarithmic, steps, of->quantiles[quantity],
                         sizeof *of, (size_t)told->subject.moves + 1);
}

/* Of dead and live tokens, else of the set alone: with what was apart at the start, and without
 * it where that is another line. */
static void sum_panel(struct az_drawing *plot, const struct az_divergence *told,
                      enum az_lens_set set, const double *steps)
{
    size_t count = (size_t)told->subject.moves + 1;
    bool split = told->steps[AZ_LENS_DEAD] && told->steps[AZ_LENS_LIVE];
    struct az_figure_panel *panel = az_drawing_panel(plot, "All tokens together (Frobenius norm)",
                                                     "steps", "step", "distance (w)");
    panel->x.logarithmic = true;
    for (enum az_lens_set of = 0; of < AZ_LENS_SETS; of++) {
        const struct az_divergence_step *at = told->steps[of];
        if (!at || (split ? of != AZ_LENS_DEAD && of != AZ_LENS_LIVE : of != set)) continue;
        int lines = at[0].distance_w > 0 ? 2 : 1;
        for (int evolution = 0; evolution < lines; evolution++) {
            char name[300];
            double *y = az_drawing_array(plot, count);
            for (size_t n = 0; y && n < count; n++)
                y[n] = evolution ? at[n].evolution_w : at[n].distance_w;
            snprintf(name, sizeof name, "%.40s, %s", az_divergence_set_title(told, of),
                     evolution ? "evolution part" : "distance");
            az_drawing_add(plot, name, AZ_MARK_LINES, steps, y, count);
        }
    }
}

static void cosine_panel(struct az_drawing *plot, const struct az_divergence *told,
                         enum az_lens_set set, const double *steps)
{
    size_t count = (size_t)told->subject.moves + 1;
    double *y = az_drawing_array(plot, count);
    bool any = false;
    for (size_t n = 0; y && n < count; n++) {
        y[n] = told->steps[set][n].step_cosine;
        any = any || isfinite(y[n]);
    }
    if (!any) return;
    struct az_figure_panel *panel = az_drawing_panel(plot, "How far they step the same way",
                                                     "steps", "step", "cosine of the steps");
    panel->x.logarithmic = true;
    panel->y.min = -1.05;
    panel->y.max = 1.05;
    az_drawing_add(plot, "all tokens of the set", AZ_MARK_LINES, steps, y, count);
    az_drawing_line(plot, 0, false, "");
}

/* Tokens by their distance at the last step. */
static void end_panel(struct az_drawing *plot, const struct az_divergence *told,
                      enum az_lens_set set)
{
    bool split = told->steps[AZ_LENS_DEAD] && told->steps[AZ_LENS_LIVE];
    double most = 0, *x = az_drawing_array(plot, BINS + 1);
    for (int64_t row = 0; row < told->subject.rows; row++)
        most = fmax(most, told->tokens[row].last[AZ_DIVERGENCE_DISTANCE]);
    if (most == 0) return;
    for (int bin = 0; x && bin <= BINS; bin++) x[bin] = bin * most / BINS; /* edges */
    struct az_figure_panel *panel =
        az_drawing_panel(plot, "Distance of each token at the last step", "tokens", "distance (w)",
                         "tokens per bin");
    panel->count = (size_t)told->subject.counts[split ? AZ_LENS_ALL : set];
    for (enum az_lens_set of = 0; of < AZ_LENS_SETS; of++) {
        if (split ? of != AZ_LENS_DEAD && of != AZ_LENS_LIVE : of != set) continue;
        double *y = az_drawing_array(plot, BINS + 1);
        for (int64_t row = 0; y && row < told->subject.rows; row++) {
            int bin = (int)(told->tokens[row].last[AZ_DIVERGENCE_DISTANCE] / most * BINS);
            if (told->subject.sets[row] >> of & 1) y[bin < BINS ? bin : BINS - 1]++;
        }
        if (y) y[BINS] = y[BINS - 1]; /* the last bin ends at its edge */
        az_drawing_add(plot, az_divergence_set_title(told, of), AZ_MARK_STEPS, x, y, BINS + 1);
    }
}

enum az_status az_divergence_draw(const struct az_divergence *told, enum az_lens_set set,
                                  const char *file, struct az_error *error)
{
    char title[128];
    snprintf(title, sizeof title, "%s of %.60s tokens in two runs", told->subject.matrix,
             az_divergence_set_title(told, set));
    struct az_drawing *plot = az_drawing_create(title, error);
    size_t count = (size_t)told->subject.moves + 1;
    if (!plot) return AZ_MEMORY;
    double *steps = az_drawing_array(plot, count);
    /* The axis is logarithmic: step 0 is left out. */
    for (size_t n = 0; steps && n < count; n++)
        steps[n] = told->subject.steps[n] ? (double)told->subject.steps[n] : (double)NAN;
    quantile_panel(plot, told, set, steps, AZ_DIVERGENCE_DISTANCE, false,
                   "Distance of a token in B from itself in A", "distance (w)");
    size_t before = plot->panel_count;
    quantile_panel(plot, told, set, steps, AZ_DIVERGENCE_L2, true, "The same on the lattice",
                   "L2 (cells)");
    if (plot->panel_count > before) {
        az_drawing_line(plot, sqrt((double)told->subject.dims), false, "sqrt(D)");
        az_drawing_line(plot, 1, false, "1");
    }
    sum_panel(plot, told, set, steps);
    quantile_panel(plot, told, set, steps, AZ_DIVERGENCE_ANGLE, false,
                   "Angle between the ways from the first frame", "degrees");
    cosine_panel(plot, told, set, steps);
    end_panel(plot, told, set);
    return az_drawing_draw(plot, file, "divergence", error);
}
