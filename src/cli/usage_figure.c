/* The figure of `azimuth tokenizer usage`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "cli/drawing.h"
#include "cli/usage_report.h"

#define LINES ((size_t)24) /* sets and groups shown */
#define POINT_SIZE 0.6
#define NAME_BYTES ((size_t)160)

static int descending(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? 1 : left > right ? -1 : 0;
}

/* Where counts repeat, only the ends of a run are kept: on a line nothing is lost. counts: of the
 * live rows, the greatest first. */
static void draw_ranks(struct az_drawing *drawing, const struct az_usage *usage,
                       const uint64_t *counts)
{
    double *rank = az_drawing_array(drawing, usage->live);
    double *count = az_drawing_array(drawing, usage->live);
    double *covered = az_drawing_array(drawing, usage->live);
    size_t points = 0;
    uint64_t sum = 0;
    for (size_t n = 0; rank && count && covered && n < usage->live; n++) {
        sum += counts[n];
        bool inside =
            n && n + 1 < usage->live && counts[n - 1] == counts[n] && counts[n + 1] == counts[n];
        if (inside) continue;
        rank[points] = (double)(n + 1);
        count[points] = (double)counts[n];
        covered[points++] = 100.0 * (double)sum / (double)usage->tokens;
    }
    struct az_figure_panel *panel = az_drawing_panel(drawing, "Occurrences by rank", "live tokens",
                                                     "rank of the token", "occurrences");
    panel->count = usage->live;
    panel->x.logarithmic = panel->y.logarithmic = true;
    az_drawing_add(drawing, "occurrences", AZ_MARK_LINES, rank, count, points);
    panel = az_drawing_panel(drawing, "Share of the text that the first ranks cover", "live tokens",
                             "rank of the token", "% of all occurrences");
    panel->count = usage->live;
    panel->x.logarithmic = true;
    az_drawing_add(drawing, "covered", AZ_MARK_LINES, rank, covered, points);
}

/* ---- enrichment ---- */

struct shown {
    const struct az_usage_line *lines[LINES]; /* from the top */
    char names[LINES][NAME_BYTES];
    const char *upwards[LINES];
    size_t count;
};

/* The sets, then the groups with most rows. */
static void choose_lines(struct shown *shown, const struct az_usage_report *report)
{
    size_t groups = report->line_count - report->set_count;
    for (size_t n = groups; n < report->line_count && shown->count < LINES; n++)
        shown->lines[shown->count++] = &report->lines[n];
    for (size_t n = 1; n < groups && shown->count < LINES; n++)
        shown->lines[shown->count++] = &report->lines[n];
    for (size_t n = 0; n < shown->count; n++) {
        const struct az_usage_line *line = shown->lines[n];
        char live[AZ_UNIT_TEXT_BYTES], rows[AZ_UNIT_TEXT_BYTES];
        az_unit_count(line->share.live, live);
        az_unit_count(line->share.rows, rows);
        snprintf(shown->names[n], NAME_BYTES, "%.60s  %s of %s", line->name, live, rows);
        shown->upwards[shown->count - 1 - n] = shown->names[n];
    }
}

/* The ends of the axis: what is greater than 0, and 1, with some room. */
static void find_axis(struct az_figure_axis *axis, const struct shown *shown)
{
    double least = 1, most = 1;
    for (size_t n = 0; n < shown->count; n++) {
        const struct az_usage_share *share = &shown->lines[n]->share;
        const double values[] = {share->live_enrichment, share->live_high, share->live_low,
                                 share->token_enrichment};
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++) {
            if (!(values[k] > 0)) continue;
            least = fmin(least, values[k]);
            most = fmax(most, values[k]);
        }
    }
    axis->min = least / 2;
    axis->max = most * 30; /* the legend stands there */
    axis->logarithmic = true;
}

static void draw_sets(struct az_drawing *drawing, const struct shown *shown)
{
    size_t count = shown->count;
    double *place = az_drawing_array(drawing, count), *live = az_drawing_array(drawing, count);
    double *low = az_drawing_array(drawing, count), *high = az_drawing_array(drawing, count);
    double *tokens = az_drawing_array(drawing, count), *sizes = az_drawing_array(drawing, count);
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, "Enrichment over all rows", "sets",
                         "times as often live, or used, as any row", NULL);
    panel->count = count;
    panel->height_inches = 1.4 + 0.17 * fmax(8, (double)count);
    panel->y.names = shown->upwards;
    panel->y.name_count = count;
    find_axis(&panel->x, shown);
    for (size_t n = 0; sizes && n < count; n++) {
        const struct az_usage_share *share = &shown->lines[n]->share;
        place[n] = (double)(count - 1 - n);
        live[n] = share->live_enrichment;
        low[n] = fmax(share->live_low, panel->x.min);
        high[n] = share->live_high;
        tokens[n] = share->token_enrichment;
        sizes[n] = POINT_SIZE;
    }
    az_drawing_line(drawing, 1, true, "as any row");
    struct az_figure_series *interval =
        az_drawing_add(drawing, "live: 95 % interval", AZ_MARK_BARS, high, place, count);
    interval->low = low;
    interval->color = "#b0c4de";
    struct az_figure_series *points =
        az_drawing_add(drawing, "live", AZ_MARK_POINTS, live, place, count);
    points->sizes = sizes;
    points->color = "#1f4e79";
    points = az_drawing_add(drawing, "occurrences", AZ_MARK_POINTS, tokens, place, count);
    points->sizes = sizes;
    points->color = "#dc143c";
}

enum az_status az_usage_report_figure(const struct az_usage_report *report, const char *path,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_usage *usage = &report->usage;
    uint64_t *counts = NULL;
    struct shown *shown = NULL;
    if (!usage->live) AZ_RAISE(AZ_USAGE, "no token occurs; there is nothing to draw");
    AZ_TRY(az_memory_allocate(&shown, 1, sizeof *shown, "a figure", error));
    AZ_TRY(az_memory_allocate(&counts, usage->rows, sizeof *counts, "ranks", error));
    memcpy(counts, usage->counts, usage->rows * sizeof *counts);
    qsort(counts, usage->rows, sizeof *counts, descending);
    choose_lines(shown, report);
    struct az_drawing *drawing = az_drawing_create(NULL, error);
    if (!drawing) AZ_RAISE(AZ_MEMORY, "cannot allocate a figure");
    drawing->figure.width_inches = 10;
    draw_ranks(drawing, usage, counts);
    draw_sets(drawing, shown);
    AZ_TRY(az_drawing_finish(drawing, path, error));
out:
    az_memory_free(counts);
    az_memory_free(shown);
    return status;
}
