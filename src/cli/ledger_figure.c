/* The figure of `azimuth ledger`: of dead tokens, or of live ones where none are known to be dead.
 */
#include <math.h>
#include <stdio.h>

#include "cli/drawing.h"
#include "cli/ledger_report.h"

#define MEDIAN 3
#define GAPS 3 /* freezing lines against sqrt(vhat): of the gaps that most tokens have */

struct drawing {
    struct az_drawing *drawing;
    const struct az_ledger_report *report;
    enum az_ledger_set set;
    double *steps;
    char title[96];
};

/* ---- against the step ---- */

enum curve { DRIVE, M_ABS = AZ_LEDGER_QUANTILES, V_ROOT, V_UNCHANGED, V_POWER, DRIVEN, MOVED };

static double value_of(const struct az_ledger_set_step *of, int curve)
{
    double values[] = {of->m_abs[MEDIAN], of->v_root[MEDIAN], of->v_unchanged_share,
                       of->v_power_share, of->drive_share,    of->moved_share};
    double value = curve < M_ABS ? of->drive[curve] : values[curve - M_ABS];
    /* A logarithmic axis has no zero. */
    return curve <= V_ROOT && !(value > 0) ? (double)NAN : value;
}

static void add_curve(struct drawing *to, int curve, const char *name)
{
    size_t count = to->report->step_count;
    double *values = az_drawing_array(to->drawing, count);
    for (size_t n = 0; values && n < count; n++)
        values[n] = value_of(&to->report->steps[n].sets[to->set], curve);
    az_drawing_add(to->drawing, name, AZ_MARK_LINES, to->steps, values, count);
}

static void step_panels(struct drawing *to)
{
    struct az_drawing *drawing = to->drawing;
    az_drawing_panel(drawing, to->title, "steps", "step", "|a| / half gap")->y.logarithmic = true;
    add_curve(to, DRIVE + 5, "99 %");
    add_curve(to, DRIVE + 4, "75 %");
    add_curve(to, DRIVE + MEDIAN, "median");
    add_curve(to, DRIVE + 2, "25 %");
    add_curve(to, DRIVE + 1, "1 %");
    az_drawing_line(drawing, 1, false, "moves above");
    az_drawing_panel(drawing, "Adam's moments, medians", "steps", "step", "weight units")
        ->y.logarithmic = true;
    add_curve(to, V_ROOT, "sqrt(v)");
    add_curve(to, M_ABS, "|m|");
    az_drawing_panel(drawing, "What moves and what is locked", "steps", "step",
                     "share of coordinates");
    add_curve(to, V_UNCHANGED, "v has the bits of the step before");
    add_curve(to, V_POWER, "v is a power of two");
    add_curve(to, DRIVEN, "drive ratio above 1");
    add_curve(to, MOVED, "moved");
}

/* ---- at the last step, token by token ---- */

static bool is_shown(const struct drawing *to, const struct az_ledger_token *token)
{
    bool of_set = token->dead == (to->set == AZ_LEDGER_DEAD);
    return of_set && token->m_end > 0 && isfinite(token->m_needed_end) && token->v_root_end > 0 &&
           token->half_gap_end_w > 0;
}

/* |mhat| of each token against what it takes to move it, or against sqrt(vhat): frozen tokens by
 * their freeze step, the others in one colour. */
static void add_tokens(struct drawing *to, bool against_root)
{
    size_t rows = (size_t)to->report->ledger.rows;
    for (int frozen = 0; frozen < 2; frozen++) {
        double *x = az_drawing_array(to->drawing, rows), *y = az_drawing_array(to->drawing, rows);
        double *level = az_drawing_array(to->drawing, rows);
        size_t count = 0;
        for (size_t row = 0; x && y && level && row < rows; row++) {
            const struct az_ledger_token *token = &to->report->ledger.tokens[row];
            if (!is_shown(to, token) || token->frozen != frozen) continue;
            x[count] = against_root ? token->v_root_end : token->m_needed_end;
            y[count] = token->m_end;
            level[count++] = (double)token->last_motion_step + 1;
        }
        if (count == 0) continue;
        struct az_figure_series *series =
            az_drawing_add(to->drawing, frozen ? "frozen tokens" : "tokens that are not frozen",
                           AZ_MARK_POINTS, x, y, count);
        series->level = frozen ? level : NULL;
        series->color = frozen ? NULL : "#4682b4";
    }
}

/* Below the line |mhat| = slope x nothing moves; over the tokens' x. */
static void add_freezing_line(struct drawing *to, bool against_root, double slope, const char *name,
                              const char *color)
{
    double *x = az_drawing_array(to->drawing, 2), *y = az_drawing_array(to->drawing, 2);
    if (!x || !y) return;
    x[0] = INFINITY;
    for (int64_t row = 0; row < to->report->ledger.rows; row++) {
        const struct az_ledger_token *token = &to->report->ledger.tokens[row];
        double at = against_root ? token->v_root_end : token->m_needed_end;
        if (!is_shown(to, token)) continue;
        x[0] = fmin(x[0], at);
        x[1] = fmax(x[1], at);
    }
    for (int end = 0; end < 2; end++) y[end] = slope * x[end];
    az_drawing_add(to->drawing, name, AZ_MARK_LINES, x, y, 2)->color = color;
}

/* The exponents of the half gaps that most tokens have, most first; returns how many there are. */
static int find_gaps(const struct drawing *to, int gaps[GAPS], double *lr)
{
    int64_t counts[400] = {0};
    int found = 0;
    for (int64_t row = 0; row < to->report->ledger.rows; row++) {
        const struct az_ledger_token *token = &to->report->ledger.tokens[row];
        if (!is_shown(to, token)) continue;
        counts[-ilogb(token->half_gap_end_w) + 200]++;
        *lr = token->half_gap_end_w * token->v_root_end / token->m_needed_end;
    }
    for (; found < GAPS; found++) {
        int best = 0;
        for (int n = 1; n < 400; n++)
            if (counts[n] > counts[best]) best = n;
        if (counts[best] == 0) break;
        counts[best] = 0;
        gaps[found] = 200 - best;
    }
    return found;
}

static void token_panels(struct drawing *to, size_t tokens)
{
    static const char *const colors[GAPS] = {"#dc143c", "#e08214", "#2e8b57"};
    int gaps[GAPS], count;
    double lr = 1;
    for (int against_root = 0; against_root < 2; against_root++) {
        struct az_figure_panel *panel = az_drawing_panel(
            to->drawing,
            against_root ? "The same against the second moment, gap by gap"
                         : "At the last step, the coordinate with most drive of each token",
            "tokens",
            against_root ? "sqrt(vhat) + eps (weight units)"
                         : "|mhat| that would move it (weight units)",
            "|mhat| (weight units)");
        panel->count = tokens;
        panel->x.logarithmic = panel->y.logarithmic = true;
        panel->level.label = "freeze step";
        add_tokens(to, against_root);
        if (!against_root) {
            add_freezing_line(to, false, 1, "freezing line: below it nothing moves", colors[0]);
            continue;
        }
        count = find_gaps(to, gaps, &lr);
        for (int n = 0; n < GAPS && n < count; n++) {
            char name[64];
            snprintf(name, sizeof name, "freezing at half gap 2^%d", gaps[n]);
            add_freezing_line(to, true, ldexp(1, gaps[n]) / lr, name, colors[n]);
        }
    }
}

enum az_status az_ledger_report_draw(const struct az_ledger_report *report, const char *path,
                                     struct az_error *error)
{
    const struct az_ledger *ledger = &report->ledger;
    struct drawing to = {.report = report, .drawing = az_drawing_create(NULL, error)};
    size_t count = report->step_count, tokens = 0;
    if (!to.drawing) return AZ_MEMORY;
    to.set = ledger->rows_of[AZ_LEDGER_DEAD] ? AZ_LEDGER_DEAD : AZ_LEDGER_LIVE;
    to.steps = az_drawing_array(to.drawing, count);
    for (size_t n = 0; to.steps && n < count; n++) to.steps[n] = (double)report->steps[n].step;
    for (int64_t row = 0; row < ledger->rows; row++) tokens += is_shown(&to, &ledger->tokens[row]);
    snprintf(to.title, sizeof to.title, "Drive ratio of the coordinates of %s tokens",
             to.set == AZ_LEDGER_DEAD ? "dead" : "all");
    step_panels(&to);
    if (tokens) token_panels(&to, tokens);
    return az_drawing_finish(to.drawing, path, error);
}
