/* Two runs' forces over one another: what the type of Adam's moments, or another rule, changes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/drawing.h"
#include "cli/ledger_report.h"

#define MEDIAN 3

/* What is drawn of a step; log: a zero is a gap. */
enum curve { V_ROOT, M_ABS, DRIVE, V_UNCHANGED, MOVED };

static double value_of(const struct az_ledger_set_step *step, enum curve curve)
{
    const double values[] = {step->v_root[MEDIAN], step->m_abs[MEDIAN], step->drive[MEDIAN],
                             step->v_unchanged_share, step->moved_share};
    bool logarithmic = curve <= DRIVE;
    return logarithmic && !(values[curve] > 0) ? (double)NAN : values[curve];
}

static enum az_ledger_set set_of(const struct az_ledger_report *report)
{
    return report->ledger.rows_of[AZ_LEDGER_DEAD] ? AZ_LEDGER_DEAD : AZ_LEDGER_LIVE;
}

/* The last part of a path: the run's directory, or its file. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void add_curve(struct az_drawing *drawing, const struct az_ledger_report *report,
                      enum curve curve)
{
    size_t count = report->step_count;
    double *x = az_drawing_array(drawing, count), *y = az_drawing_array(drawing, count);
    for (size_t n = 0; x && y && n < count; n++) {
        x[n] = (double)report->steps[n].step;
        y[n] = value_of(&report->steps[n].sets[set_of(report)], curve);
    }
    az_drawing_add(drawing, name_of(report->path), AZ_MARK_LINES, x, y, count);
}

enum az_status az_ledger_report_draw_beside(const struct az_ledger_report *report,
                                            const struct az_ledger_report *other, const char *file,
                                            struct az_error *error)
{
    static const struct {
        const char *title, *label;
    } panels[] = {[V_ROOT] = {"Second moment, median", "sqrt(v) (weight units)"},
                  [M_ABS] = {"First moment, median", "|m| (weight units)"},
                  [DRIVE] = {"Drive ratio, median", "|a| / half gap"},
                  [V_UNCHANGED] = {"v has the bits of the step before", "share of coordinates"},
                  [MOVED] = {"Moved", "share of coordinates"}};
    struct az_drawing *drawing = az_drawing_create(
        set_of(report) == AZ_LEDGER_DEAD ? "Dead tokens of two runs" : "Tokens of two runs", error);
    if (!drawing) return AZ_MEMORY;
    for (enum curve curve = V_ROOT; curve <= MOVED; curve++) {
        struct az_figure_panel *panel =
            az_drawing_panel(drawing, panels[curve].title, "steps", "step", panels[curve].label);
        panel->y.logarithmic = curve <= DRIVE;
        if (curve > DRIVE) {
            panel->y.min = -0.03;
            panel->y.max = 1.03;
        }
        add_curve(drawing, report, curve);
        add_curve(drawing, other, curve);
        if (curve == DRIVE) az_drawing_line(drawing, 1, false, "moves above");
    }
    return az_drawing_draw(drawing, file, "beside", error);
}
