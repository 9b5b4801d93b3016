#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/account_report.h"
#include "cli/drawing.h"

static const char *const set_names[AZ_ACCOUNT_SETS] = {"all", "dead", "live"};

/* Dead and live rows apart where that is known, else all. */
static bool is_drawn(const struct az_account_report *report, enum az_account_set set)
{
    return (set == AZ_ACCOUNT_ALL) == (report->result.dead < 0);
}

/* A line of one number of each step, where it has one: above 0, on a logarithmic axis. */
static void add_line(struct az_drawing *plot, const struct az_account_report *report,
                     const double *steps, const char *name, const double *first, bool logarithmic)
{
    double *y = az_drawing_array(plot, report->step_count);
    bool any = false;
    for (size_t n = 0; y && n < report->step_count; n++) {
        const char *at = (const char *)first + n * sizeof *report->steps;
        y[n] = report->steps[n].complete ? *(const double *)at : (double)NAN;
        if (logarithmic && y[n] <= 0) y[n] = NAN;
        any = any || isfinite(y[n]);
    }
    if (any) az_drawing_add(plot, name, AZ_MARK_LINES, steps, y, report->step_count);
}

/* A panel of rows that never moved has no line. */
static bool keep_panel(struct az_drawing *plot)
{
    if (plot->panel_count == 0 || plot->panels[plot->panel_count - 1].series_count) return true;
    plot->panel_count--;
    return false;
}

static void norm_panel(struct az_drawing *plot, const struct az_account_report *report,
                       const double *steps)
{
    const struct az_account_step *first = report->steps;
    char name[64];
    az_drawing_panel(plot, "Change of a step, and what of it is not predicted", "steps", "step",
                     "norm (weight units)")
        ->y.logarithmic = true;
    for (enum az_account_set set = 0; set < AZ_ACCOUNT_SETS; set++) {
        if (!is_drawn(report, set)) continue;
        snprintf(name, sizeof name, "%s, observed", set_names[set]);
        add_line(plot, report, steps, name, &first->observed_norm_w[set], true);
        snprintf(name, sizeof name, "%s, predicted minus observed", set_names[set]);
        add_line(plot, report, steps, name, &first->residual_norm_w[set], true);
    }
    keep_panel(plot);
}

static void ratio_panel(struct az_drawing *plot, const struct az_account_report *report,
                        const double *steps)
{
    az_drawing_panel(plot, "Norm of the predicted change by that of the observed", "steps", "step",
                     "ratio");
    for (enum az_account_set set = 0; set < AZ_ACCOUNT_SETS; set++)
        if (is_drawn(report, set))
            add_line(plot, report, steps, set_names[set], &report->steps->ratio[set], false);
    if (keep_panel(plot)) az_drawing_line(plot, 1, false, "");
}

static void difference_panel(struct az_drawing *plot, const struct az_account_report *report,
                             const double *steps)
{
    static const char *const names[AZ_ACCOUNT_TENSORS] = {"w", "m", "v"};
    size_t count = report->step_count;
    double most = 0;
    struct az_figure_panel *panel = az_drawing_panel(plot, "Components with other bits", "steps",
                                                     "step", "components of all rows");
    for (int tensor = 0; tensor < AZ_ACCOUNT_TENSORS; tensor++) {
        double *y = az_drawing_array(plot, count);
        for (size_t n = 0; y && n < count; n++) {
            const struct az_account_step *step = &report->steps[n];
            const struct az_account_counts *counts = &step->counts[AZ_ACCOUNT_ALL][tensor];
            y[n] = step->complete ? (double)(counts->off_by_one + counts->worse) : (double)NAN;
            most = fmax(most, y[n]);
        }
        az_drawing_add(plot, names[tensor], AZ_MARK_LINES, steps, y, count);
    }
    panel->y.min = most > 0 ? -0.03 * most : -0.03;
    panel->y.max = most > 0 ? 1.05 * most : 1;
}

enum az_status az_account_report_draw(const struct az_account_report *report, const char *file,
                                      struct az_error *error)
{
    char title[160];
    const char *slash = strrchr(report->path, '/');
    snprintf(title, sizeof title, "%.20s of %.80s, accounted with arithmetic %s", report->matrix,
             slash && slash[1] ? slash + 1 : report->path,
             az_arithmetic_name(report->result.arithmetic));
    struct az_drawing *plot = az_drawing_create(title, error);
    if (!plot) return AZ_MEMORY;
    double *steps = az_drawing_array(plot, report->step_count);
    for (size_t n = 0; steps && n < report->step_count; n++)
        steps[n] = (double)report->steps[n].step;
    norm_panel(plot, report, steps);
    ratio_panel(plot, report, steps);
    difference_panel(plot, report, steps);
    return az_drawing_finish(plot, file, error);
}
