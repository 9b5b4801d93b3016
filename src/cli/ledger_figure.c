/* The figure of `azimuth ledger`: of dead tokens, or of live ones where none are known to be dead.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "azimuth/figure.h"
#include "base/memory.h"
#include "cli/ledger_report.h"

#define QUANTILE_SERIES 5
#define COLUMNS 13

/* Columns over the steps, and points over the tokens. */
struct columns {
    double *block, *points;
    double *x;
    double *of[COLUMNS - 1];
    double *needed, *m, *freeze;
    size_t count, tokens;
};

/* A logarithmic axis has no zero. */
static double positive(double value) { return value > 0 ? value : (double)NAN; }

static void fill_step(struct columns *columns, size_t s, const struct az_ledger_step *step, int set)
{
    static const int shown[QUANTILE_SERIES] = {1, 2, 3, 4, 5};
    const struct az_ledger_set_step *of = &step->sets[set];
    columns->x[s] = (double)step->step;
    for (int q = 0; q < QUANTILE_SERIES; q++) columns->of[q][s] = positive(of->drive[shown[q]]);
    columns->of[5][s] = positive(of->m_abs[3]);
    columns->of[6][s] = positive(of->v_root[3]);
    columns->of[7][s] = of->v_unchanged_share;
    columns->of[8][s] = of->v_power_share;
    columns->of[9][s] = of->drive_share;
    columns->of[10][s] = of->moved_share;
}

static enum az_status fill(struct columns *columns, const struct az_ledger_report *report, int set,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t n = report->step_count, rows = (size_t)report->ledger.rows;
    AZ_TRY(az_memory_allocate(&columns->block, n * COLUMNS, sizeof(double), "the figure", error));
    AZ_TRY(az_memory_allocate(&columns->points, rows * 3, sizeof(double), "the figure", error));
    columns->count = n;
    columns->x = columns->block;
    for (size_t c = 0; c < COLUMNS - 1; c++) columns->of[c] = columns->block + (c + 1) * n;
    columns->needed = columns->points;
    columns->m = columns->points + rows;
    columns->freeze = columns->points + 2 * rows;
    for (size_t s = 0; s < n; s++) fill_step(columns, s, &report->steps[s], set);
    for (size_t row = 0; row < rows; row++) {
        const struct az_ledger_token *token = &report->ledger.tokens[row];
        if (token->dead != (set == AZ_LEDGER_DEAD)) continue;
        columns->needed[columns->tokens] = positive(token->m_needed_end);
        columns->m[columns->tokens] = positive(token->m_end);
        columns->freeze[columns->tokens++] = (double)token->last_motion_step + 1;
    }
out:
    return status;
}

static struct az_figure_series line(const struct columns *columns, size_t column, const char *name)
{
    return (struct az_figure_series){
        .name = name, .x = columns->x, .y = columns->of[column], .count = columns->count};
}

/* The ends of the freezing line: the least and the greatest |mhat| that would move a token. */
static void find_ends(const struct columns *columns, double ends[2])
{
    ends[0] = INFINITY;
    ends[1] = 0;
    for (size_t t = 0; t < columns->tokens; t++) {
        ends[0] = fmin(ends[0], columns->needed[t]);
        ends[1] = fmax(ends[1], columns->needed[t]);
    }
}

static struct az_figure_panel panel(const char *title, const char *label, bool logarithmic,
                                    const struct az_figure_series *series, size_t count)
{
    return (struct az_figure_panel){.title = title,
                                    .point_unit = "steps",
                                    .x = {.label = "step"},
                                    .y = {.label = label, .logarithmic = logarithmic},
                                    .series = series,
                                    .series_count = count};
}

static enum az_status draw(const struct columns *columns, const char *path, struct az_error *error)
{
    const struct az_figure_line one = {.at = 1, .label = "moves above"};
    double ends[2];
    find_ends(columns, ends);
    struct az_figure_series drive[] = {line(columns, 4, "99 %"), line(columns, 3, "75 %"),
                                       line(columns, 2, "median"), line(columns, 1, "25 %"),
                                       line(columns, 0, "1 %")};
    struct az_figure_series moments[] = {line(columns, 6, "sqrt(v)"), line(columns, 5, "|m|")};
    struct az_figure_series shares[] = {line(columns, 7, "v has the bits of the step before"),
                                        line(columns, 8, "v is a power of two"),
                                        line(columns, 9, "drive ratio above 1"),
                                        line(columns, 10, "moved")};
    struct az_figure_series freezing[] = {
        {.name = "tokens",
         .mark = AZ_MARK_POINTS,
         .x = columns->needed,
         .y = columns->m,
         .level = columns->freeze,
         .count = columns->tokens},
        {.name = "freezing line: below it nothing moves", .x = ends, .y = ends, .count = 2}};
    struct az_figure_panel drives =
        panel("Drive ratio of the coordinates of dead tokens", "|a| / half gap", true, drive, 5);
    drives.lines = &one;
    drives.line_count = 1;
    const struct az_figure_panel panels[] = {
        drives,
        panel("Adam's moments, medians", "weight units", true, moments, 2),
        panel("What moves and what is locked", "share of coordinates", false, shares, 4),
        {.title = "At the last step, the coordinate with most drive of each token",
         .point_unit = "tokens",
         .x = {.label = "|mhat| that would move it (weight units)", .logarithmic = true},
         .y = {.label = "|mhat| (weight units)", .logarithmic = true},
         .level = {.label = "freeze step"},
         .series = freezing,
         .series_count = 2}};
    return az_figure_draw(&(struct az_figure){.panels = panels, .panel_count = 4}, path, error);
}

enum az_status az_ledger_report_draw(const struct az_ledger_report *report, const char *path,
                                     struct az_error *error)
{
    int set = report->ledger.rows_of[AZ_LEDGER_DEAD] ? AZ_LEDGER_DEAD : AZ_LEDGER_LIVE;
    struct columns columns = {0};
    enum az_status status = fill(&columns, report, set, error);
    if (status == AZ_OK) status = draw(&columns, path, error);
    az_memory_free(columns.block);
    az_memory_free(columns.points);
    return status;
}
