#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "cli/drawing.h"
#include "cli/lifecycle_report.h"

#define BINS 60
#define MAP_ROWS 300

static const char *const phase_colors[AZ_LIVES] = {"#2c3e50", "#4682b4", "#7fb069", "#e6aa3c",
                                                   "#c0392b"};

/* ---- phases ---- */

/* Shares of the phases on top of one another, Fimbulwinter lowest. */
static void stack_panel(struct az_drawing *drawing, const struct az_lens *lens, const double *steps,
                        double *const *tops, bool logarithmic)
{
    struct az_figure_panel *panel =
        az_drawing_panel(drawing, logarithmic ? "Phases, logarithmic time" : "Phases, linear time",
                         "steps", "step", "share of tokens");
    panel->x.logarithmic = logarithmic;
    panel->x.min = (double)lens->subject.steps[1];
    panel->x.max = (double)lens->subject.steps[lens->subject.moves];
    panel->y.max = 1;
    for (int phase = AZ_LIFE_HYPERNOVA; phase >= 0; phase--) {
        struct az_figure_series *series =
            az_drawing_add(drawing, az_life_phase_name((enum az_life)phase), AZ_MARK_FILLED, steps,
                           tops[phase], (size_t)lens->subject.moves);
        series->low = phase ? tops[phase - 1] : NULL;
        series->color = phase_colors[phase];
    }
}

static enum az_status draw_phases(const struct az_lens *lens, enum az_lens_set set,
                                  const char *title, const char *file, struct az_error *error)
{
    struct az_drawing *drawing = az_drawing_create(title, error);
    size_t count = (size_t)lens->subject.moves;
    if (!drawing) return AZ_MEMORY;
    double *tops[AZ_LIVES], *steps = az_drawing_array(drawing, count);
    for (int phase = 0; phase < AZ_LIVES; phase++) tops[phase] = az_drawing_array(drawing, count);
    for (size_t n = 0; n < count && drawing->status == AZ_OK; n++) {
        double sum = 0;
        steps[n] = (double)lens->subject.steps[n + 1];
        for (int phase = 0; phase < AZ_LIVES; phase++) {
            sum += (double)lens->lifecycle->phases[set][n][phase];
            tops[phase][n] = sum / (double)lens->subject.counts[set];
        }
    }
    if (drawing->status == AZ_OK) {
        stack_panel(drawing, lens, steps, tops, false);
        stack_panel(drawing, lens, steps, tops, true);
    }
    return az_drawing_draw(drawing, file, "phases", error);
}

/* ---- onsets ---- */

static bool in_set(const struct az_lens *lens, enum az_lens_set set, int64_t row)
{
    return lens->subject.sets[row] >> set & 1;
}

/* Freeze steps of one set: tokens in each bin, and the share that froze before each of the bins'
 * edges; the last of counts[BINS + 1] ends the last bin. Censored tokens are not frozen. */
static void add_onsets(struct az_drawing *drawing, const struct az_lens *lens, enum az_lens_set set,
                       double *counts, double *sums)
{
    double first = (double)lens->subject.steps[0];
    double last = (double)lens->subject.steps[lens->subject.moves];
    if (drawing->status != AZ_OK) return;
    for (int64_t row = 0; row < lens->subject.rows; row++) {
        const struct az_token_life *life = &lens->lifecycle->tokens[row];
        if (!in_set(lens, set, row) || life->censored) continue;
        int bin = (int)(((double)life->freeze_step - first) / (last - first) * BINS);
        counts[bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin]++;
    }
    for (int bin = 0; bin < BINS; bin++)
        sums[bin + 1] = sums[bin] + counts[bin] / (double)lens->subject.counts[set];
    counts[BINS] = counts[BINS - 1];
}

static struct az_figure_panel *onset_panel(struct az_drawing *drawing, const double *edges,
                                           const char *title, const char *y)
{
    struct az_figure_panel *panel = az_drawing_panel(drawing, title, "tokens", "step", y);
    if (!edges) return panel;
    panel->x.min = edges[0];
    panel->x.max = edges[BINS];
    return panel;
}

static void onset_panels(struct az_drawing *drawing, const struct az_lens *lens,
                         enum az_lens_set from, const double *edges)
{
    double *counts[AZ_LENS_SETS] = {NULL}, *sums[AZ_LENS_SETS] = {NULL};
    size_t rows = (size_t)lens->subject.rows, frozen = 0;
    for (size_t row = 0; row < rows; row++) frozen += !lens->lifecycle->tokens[row].censored;
    struct az_figure_panel *panel = onset_panel(
        drawing, edges, frozen ? "Tokens that froze" : "Of these none froze", "tokens per bin");
    panel->count = frozen ? frozen : rows;
    for (enum az_lens_set set = from; set < AZ_LENS_SETS; set++) {
        if (!lens->subject.present[set]) continue;
        counts[set] = az_drawing_array(drawing, BINS + 1);
        sums[set] = az_drawing_array(drawing, BINS + 1);
        add_onsets(drawing, lens, set, counts[set], sums[set]);
        az_drawing_add(drawing, az_lens_set_title(lens, set), AZ_MARK_STEPS, edges, counts[set],
                       BINS + 1);
    }
    panel = onset_panel(drawing, edges, "Share frozen by then", "share of tokens");
    panel->count = rows;
    panel->y.min = -0.03;
    panel->y.max = 1.03;
    for (enum az_lens_set set = from; set < AZ_LENS_SETS; set++)
        if (sums[set])
            az_drawing_add(drawing, az_lens_set_title(lens, set), AZ_MARK_LINES, edges, sums[set],
                           BINS + 1);
    for (int n = 0; n < 3; n++) {
        static const char *const labels[] = {"50 %", "90 %", "99 %"};
        az_drawing_line(drawing, az_life_share(n), false, labels[n]);
    }
}

static enum az_status draw_onsets(const struct az_lens *lens, const char *title, const char *file,
                                  struct az_error *error)
{
    struct az_drawing *drawing = az_drawing_create(title, error);
    if (!drawing) return AZ_MEMORY;
    double *edges = az_drawing_array(drawing, BINS + 1), first = (double)lens->subject.steps[0];
    double width = ((double)lens->subject.steps[lens->subject.moves] - first) / BINS;
    for (int bin = 0; edges && bin <= BINS; bin++) edges[bin] = first + width * bin;
    onset_panels(drawing, lens, lens->subject.present[AZ_LENS_DEAD] ? AZ_LENS_DEAD : AZ_LENS_ALL,
                 edges);
    return az_drawing_draw(drawing, file, "onsets", error);
}

/* ---- map ---- */

struct sorted {
    int64_t step, row;
};

static int compare_sorted(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    if (x->step != y->step) return x->step < y->step ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* Tokens by freeze step, upward; with more than MAP_ROWS every so manyth is shown. */
static enum az_status draw_map(const struct az_lens *lens, enum az_lens_set set, const char *title,
                               const char *file, struct az_error *error)
{
    const struct az_lifecycle *life = lens->lifecycle;
    struct sorted *order;
    int64_t count = 0, rows = lens->subject.rows;
    enum az_status status =
        az_memory_allocate(&order, (size_t)rows, sizeof *order, "a figure", error);
    if (status != AZ_OK) return status;
    for (int64_t row = 0; row < rows; row++)
        if (in_set(lens, set, row))
            order[count++] = (struct sorted){life->tokens[row].freeze_step, row};
    qsort(order, (size_t)count, sizeof *order, compare_sorted);
    int64_t shown = count < MAP_ROWS ? count : MAP_ROWS, spans = life->span_count;
    struct az_drawing *drawing = az_drawing_create(title, error);
    size_t cells = (size_t)(shown * spans);
    if (drawing && shown > 1 && spans > 1) {
        double *x = az_drawing_array(drawing, cells), *y = az_drawing_array(drawing, cells);
        double *level = az_drawing_array(drawing, cells);
        double first = (double)lens->subject.steps[0];
        double width = ((double)lens->subject.steps[lens->subject.moves] - first) / (double)spans;
        for (int64_t n = 0; n < shown * spans && drawing->status == AZ_OK; n++) {
            int64_t line = n / spans, place = line * (count - 1) / (shown - 1);
            x[n] = first + width * ((double)(n % spans) + 0.5);
            y[n] = ((double)line + 0.5) / (double)shown;
            level[n] = life->spans[n % spans * rows + order[place].row];
        }
        static const char *const names[AZ_LIVES] = {"still", "late", "midlife", "early",
                                                    "hypernova"};
        struct az_figure_panel *panel =
            az_drawing_panel(drawing,
                             shown < count ? "Hottest state of tokens, 300 of them shown"
                                           : "Hottest state of each token",
                             "tokens", "step", "share of tokens, by freeze step");
        panel->count = (size_t)count;
        panel->level =
            (struct az_figure_axis){.max = AZ_LIVES - 1, .names = names, .name_count = AZ_LIVES};
        panel->x.min = first;
        panel->x.max = first + width * (double)spans;
        panel->y.max = 1;
        drawing->figure.panel_height_inches = 5;
        az_drawing_add(drawing, "state", AZ_MARK_CELLS, x, y, cells)->level = level;
        status = az_drawing_draw(drawing, file, "map", error);
        drawing = NULL;
    }
    az_drawing_free(drawing);
    az_memory_free(order);
    return status;
}

enum az_status az_lifecycle_draw(const struct az_lifecycle_report *report, const char *file,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_lens *lens = report->lens;
    char title[128];
    enum az_lens_set set = report->request->set;
    snprintf(title, sizeof title, "%s of %.60s tokens", lens->subject.matrix,
             az_lens_set_title(lens, set));
    AZ_TRY(draw_phases(lens, set, title, file, error));
    AZ_TRY(draw_onsets(lens, lens->subject.matrix, file, error));
    AZ_TRY(draw_map(lens, set, title, file, error));
    AZ_TRY(az_lifecycle_draw_worldlines(report, title, file, error));
out:
    return status;
}
