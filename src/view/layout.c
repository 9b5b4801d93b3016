#include "view/layout.h"

#include <math.h>

#include "base/raise.h"

#define SAMPLES_PER_SERIES 4000 /* places at which a curve is looked at, at least */
#define HIDDEN_MOST 0.01 /* of a curve that a legend may hide before the axis makes room for it */
#define LINE_EMS 1.5
#define DISC_FRAME 1.08 /* from the middle of a disc of radius 1 to its frame */
#define SAMPLE_EMS 4.0  /* the piece of line before a name in the legend */

static bool drawable(const struct az_range *range, double value)
{
    return isfinite(value) && (!range->logarithmic || value > 0);
}

/* Position along an axis: 0 at min, 1 at max. */
static double position(const struct az_range *range, double value)
{
    if (range->logarithmic) return log(value / range->min) / log(range->max / range->min);
    return (value - range->min) / (range->max - range->min);
}

static void widen(struct az_range *range, double value)
{
    if (!drawable(range, value)) return;
    range->min = fmin(range->min, value);
    range->max = fmax(range->max, value);
}

/* Adds a margin on both sides, and some width to a range of one value. */
static void pad(struct az_range *range, double share)
{
    if (range->logarithmic) {
        double factor = range->max > range->min ? pow(range->max / range->min, share) : 2.0;
        range->min /= factor;
        range->max *= factor;
        return;
    }
    double margin = (range->max - range->min) * share;
    if (margin <= 0 && range->max == 0) { /* most likely a count of nothing */
        range->min = -share;
        range->max = 1;
        return;
    }
    if (margin <= 0) margin = fabs(range->max) * 0.1;
    range->min -= margin;
    range->max += margin;
}

static bool is_given(const struct az_figure_axis *axis) { return axis->min < axis->max; }

static bool has_upright(const struct az_figure_panel *panel)
{
    for (size_t n = 0; n < panel->line_count; n++)
        if (panel->lines[n].upright) return true;
    return false;
}

/* Room above the data, for the labels of upright lines. */
static void raise_top(struct az_range *range, double share)
{
    if (range->logarithmic)
        range->max *= pow(range->max / range->min, share);
    else
        range->max += (range->max - range->min) * share;
}

static bool has_mark(const struct az_figure_panel *panel, enum az_figure_mark mark)
{
    for (size_t s = 0; s < panel->series_count; s++)
        if (panel->series[s].mark == mark) return true;
    return false;
}

/* Whether columns (along x) and cells stand at whole numbers and nowhere else. */
static bool has_whole_places(const struct az_figure_panel *panel, bool along_y)
{
    bool found = false;
    for (size_t s = 0; s < panel->series_count; s++) {
        const struct az_figure_series *series = &panel->series[s];
        bool columns = series->mark == AZ_MARK_COLUMNS && !series->low && !along_y;
        if (!columns && series->mark != AZ_MARK_CELLS) continue;
        const double *places = along_y ? series->y : series->x;
        for (size_t i = 0; i < series->count; i++)
            if (places[i] != floor(places[i])) return false;
        found = true;
    }
    return found;
}

/* Less than a factor of 3 needs no logarithms, and would have no tics. */
static void straighten(struct az_range *range, const struct az_figure_axis *axis)
{
    if (!is_given(axis) && range->max < 3 * range->min) range->logarithmic = false;
}

/* What the range must hold of a series' point besides (x, y). */
static void widen_by_low(struct az_range *x, struct az_range *y,
                         const struct az_figure_series *series, size_t i)
{
    bool columns = series->mark == AZ_MARK_COLUMNS;
    if (series->low) widen(columns || series->mark == AZ_MARK_BARS ? x : y, series->low[i]);
    if (!columns || series->low) return;
    widen(x, series->x[i] - 0.5);
    widen(x, series->x[i] + 0.5);
}

static enum az_status find_ranges(struct az_layout *layout, const struct az_figure_panel *panel,
                                  struct az_error *error)
{
    struct az_range x = {.min = INFINITY,
                         .max = -INFINITY,
                         .logarithmic = panel->x.logarithmic,
                         .whole = has_whole_places(panel, false)};
    struct az_range y = {.min = INFINITY,
                         .max = -INFINITY,
                         .logarithmic = panel->y.logarithmic,
                         .whole = has_whole_places(panel, true)};
    for (size_t s = 0; s < panel->series_count; s++) {
        const struct az_figure_series *series = &panel->series[s];
        size_t points = 0;
        for (size_t i = 0; i < series->count; i++) {
            if (!drawable(&x, series->x[i]) || !drawable(&y, series->y[i])) continue;
            points++;
            widen(&x, series->x[i]);
            widen(&y, series->y[i]);
            widen_by_low(&x, &y, series, i);
        }
        if (points > layout->points) layout->points = points;
    }
    if (layout->points == 0)
        return az_error_raise(error, AZ_USAGE, "the panel \"%s\" has no point that can be drawn",
                              panel->title ? panel->title : "");
    for (size_t n = 0; n < panel->line_count; n++)
        widen(panel->lines[n].upright ? &x : &y, panel->lines[n].at);
    straighten(&x, &panel->x);
    straighten(&y, &panel->y);
    bool from_zero = has_mark(panel, AZ_MARK_BARS) && !x.logarithmic && x.min >= 0;
    bool on_zero = has_mark(panel, AZ_MARK_COLUMNS) && !y.logarithmic && y.min >= 0;
    pad(&x, 0.015);
    pad(&y, 0.05);
    if (from_zero) x.min = 0;
    if (on_zero) y.min = 0;
    /* A column of one on a logarithmic axis stands as high as it is counted. */
    if (has_mark(panel, AZ_MARK_COLUMNS) && y.logarithmic) y.min = fmin(y.min, 0.5);
    if (has_upright(panel)) raise_top(&y, 0.12);
    if ((is_given(&panel->x) && x.logarithmic && panel->x.min <= 0) ||
        (is_given(&panel->y) && y.logarithmic && panel->y.min <= 0))
        return az_error_raise(error, AZ_USAGE, "a logarithmic axis cannot begin at 0 or below");
    if (panel->y.name_count)
        y = (struct az_range){.min = -0.6, .max = (double)panel->y.name_count - 0.4};
    if (is_given(&panel->x)) x.min = panel->x.min, x.max = panel->x.max;
    if (is_given(&panel->y)) y.min = panel->y.min, y.max = panel->y.max;
    layout->x = x;
    layout->y = y;
    return AZ_OK;
}

static bool contains(const struct az_box *box, double x, double y)
{
    return x >= box->left && x <= box->right && y >= box->bottom && y <= box->top;
}

/* What of one stretch of a series, from (x0, y0) to (x1, y1), lies in the box. */
static double hidden_of_stretch(const struct az_box *box, double x0, double y0, double x1,
                                double y1, size_t samples)
{
    size_t inside = 0;
    for (size_t k = 0; k < samples; k++) {
        double part = (double)k / (double)samples;
        inside += contains(box, x0 + (x1 - x0) * part, y0 + (y1 - y0) * part);
    }
    return (double)inside / (double)samples;
}

static double hidden_of_series(const struct az_layout *layout,
                               const struct az_figure_series *series, const struct az_box *box)
{
    bool joined = series->mark != AZ_MARK_POINTS && series->mark != AZ_MARK_BARS &&
                  series->mark != AZ_MARK_COLUMNS && series->mark != AZ_MARK_CELLS;
    size_t samples = joined && series->count ? 1 + SAMPLES_PER_SERIES / series->count : 1;
    double sum = 0, last_x = NAN, last_y = NAN;
    bool stretches = joined && series->count > 1; /* one less than points: the first has none */
    for (size_t i = 0; i < series->count; i++) {
        if (!drawable(&layout->x, series->x[i]) || !drawable(&layout->y, series->y[i])) continue;
        double x = position(&layout->x, series->x[i]), y = position(&layout->y, series->y[i]);
        bool first = isnan(last_x);
        if (!joined || first) last_x = x, last_y = y;
        if (!(stretches && first)) sum += hidden_of_stretch(box, last_x, last_y, x, y, samples);
        if (series->mark == AZ_MARK_FILLED) {
            double low = series->low && drawable(&layout->y, series->low[i])
                             ? position(&layout->y, series->low[i])
                             : 0;
            sum += hidden_of_stretch(box, x, low, x, y, 8);
        }
        if (series->mark == AZ_MARK_BARS) {
            double low = series->low && drawable(&layout->x, series->low[i])
                             ? position(&layout->x, series->low[i])
                             : 0;
            sum += hidden_of_stretch(box, low, y, x, y, 64);
        }
        if (series->mark == AZ_MARK_COLUMNS) sum += hidden_of_stretch(box, x, 0, x, y, 64);
        last_x = x;
        last_y = y;
    }
    return series->count ? sum / (double)(series->count - stretches) : 0;
}

/* Share of the drawing, series by series, that a box would hide. */
static double hidden(const struct az_layout *layout, const struct az_figure_panel *panel,
                     const struct az_box *box)
{
    double sum = 0;
    for (size_t s = 0; s < panel->series_count; s++)
        sum += hidden_of_series(layout, &panel->series[s], box);
    for (size_t n = 0; n < panel->line_count; n++) {
        const struct az_figure_line *line = &panel->lines[n];
        double at = position(line->upright ? &layout->x : &layout->y, line->at);
        if (line->upright && at >= box->left && at <= box->right) sum += box->top - box->bottom;
        if (!line->upright && at >= box->bottom && at <= box->top) sum += box->right - box->left;
    }
    return sum;
}

/* A box of the given size at one of three places along each axis, 2 % off the frame. */
static struct az_box box_at(enum az_side x, enum az_side y, double width, double height)
{
    double left = x == AZ_SIDE_LOW ? 0.02 : x == AZ_SIDE_HIGH ? 0.98 - width : 0.5 - width / 2;
    double low = y == AZ_SIDE_LOW ? 0.02 : y == AZ_SIDE_HIGH ? 0.98 - height : 0.5 - height / 2;
    return (struct az_box){left, left + width, low, low + height};
}

static double text_width(const char *text, double frame_inches)
{
    size_t characters = 0; /* UTF-8: continuation bytes are 10xxxxxx */
    for (; text && *text; text++) characters += ((unsigned char)*text & 0xc0) != 0x80;
    return (double)characters * AZ_FIGURE_CHARACTER_EMS * AZ_FIGURE_FONT_POINTS / 72 / frame_inches;
}

/* The place where a legend of that size hides least; returns what it hides. */
static double find_place(struct az_layout *layout, const struct az_figure_panel *panel,
                         double width, double height, struct az_box *best)
{
    static const enum az_side order[3] = {AZ_SIDE_HIGH, AZ_SIDE_LOW, AZ_SIDE_MIDDLE};
    double least = INFINITY;
    for (int n = 0; n < 9; n++) {
        enum az_side x = order[n % 3], y = order[n / 3];
        struct az_box box = box_at(x, y, width, height);
        double cost = hidden(layout, panel, &box);
        if (cost >= least) continue;
        least = cost;
        *best = box;
        layout->legend_x = x;
        layout->legend_y = y;
    }
    return least;
}

/* Lets the axis go on upward, so that a part of that height above what is drawn is free. */
static void make_room(struct az_range *y, double height)
{
    double stretch = 1 / (1 - height - 0.04);
    if (y->logarithmic)
        y->max = y->min * pow(y->max / y->min, stretch);
    else
        y->max = y->min + (y->max - y->min) * stretch;
}

static struct az_box place_legend(struct az_layout *layout, const struct az_figure_panel *panel,
                                  double frame_width, double frame_height)
{
    double em_inches = AZ_FIGURE_FONT_POINTS / 72, width = 0;
    for (size_t s = 0; s < panel->series_count; s++)
        width = fmax(width, text_width(panel->series[s].name, frame_width));
    width += SAMPLE_EMS * em_inches / frame_width;
    double line = LINE_EMS * em_inches / frame_height;
    double height = ((double)panel->series_count + 0.5) * line;
    struct az_box best = {0};
    double least = find_place(layout, panel, width, height, &best);
    if (least <= HIDDEN_MOST || panel->y.name_count) return best;
    size_t columns = (size_t)fmax(1, fmin(0.96 / width, (double)panel->series_count));
    size_t rows = (panel->series_count + columns - 1) / columns;
    height = ((double)rows + 0.5) * line;
    if (height > 0.5) return best;
    layout->legend_rows = rows;
    layout->y.ends = !layout->y.logarithmic;
    layout->y.end = layout->y.max;
    make_room(&layout->y, height);
    find_place(layout, panel, fmin(1, width * (double)columns), height, &best);
    return best;
}

static bool overlap(const struct az_box *a, const struct az_box *b)
{
    return a->left < b->right && b->left < a->right && a->bottom < b->top && b->bottom < a->top;
}

/* Where a label of that size stands at a place of its line. */
static struct az_box label_box(const struct az_layout *layout, const struct az_figure_line *line,
                               const struct az_label_place *place, double width, double height)
{
    double at = position(line->upright ? &layout->x : &layout->y, line->at);
    struct az_box box;
    if (line->upright) {
        box = box_at(AZ_SIDE_LOW, place->side, width, height);
        box.left = place->below ? at - width * 1.02 : at + width * 0.02;
        box.right = box.left + width;
    } else {
        box = box_at(place->side, AZ_SIDE_LOW, width, height);
        box.bottom = place->below ? at - height * 1.01 : at + height * 0.01;
        box.top = box.bottom + height;
    }
    return box;
}

/* Chooses a label's place; taken: the legend and the labels before it. */
static void place_label(struct az_layout *layout, const struct az_figure_panel *panel, size_t line,
                        struct az_box *taken, double frame_width, double frame_height)
{
    static const enum az_side order[3] = {AZ_SIDE_HIGH, AZ_SIDE_LOW, AZ_SIDE_MIDDLE};
    double width = text_width(panel->lines[line].label, frame_width), least = INFINITY;
    double height = LINE_EMS * AZ_FIGURE_FONT_POINTS / 72 / frame_height;
    for (int n = 0; n < 6; n++) {
        struct az_label_place place = {order[n % 3], n >= 3};
        struct az_box box = label_box(layout, &panel->lines[line], &place, width, height);
        double cost = hidden(layout, panel, &box);
        for (size_t k = 0; k <= line; k++) cost += overlap(&box, &taken[k]) ? 10 : 0;
        if (box.bottom < 0 || box.top > 1 || box.left < 0 || box.right > 1) cost += 100;
        if (cost >= least) continue;
        least = cost;
        layout->labels[line] = place;
        taken[line + 1] = box;
    }
}

/* A disc of radius 1 about 0,0 on the left, round whatever the frame, and the legend beside it. */
static void place_disc(struct az_layout *layout, double frame_width, double frame_height)
{
    layout->y = (struct az_range){.min = -DISC_FRAME, .max = DISC_FRAME};
    layout->x = layout->y;
    layout->x.max += 2 * DISC_FRAME * (frame_width / frame_height - 1);
    layout->legend = true;
    layout->legend_x = layout->legend_y = AZ_SIDE_MIDDLE;
}

enum az_status az_layout_panel(struct az_layout *layout, const struct az_figure_panel *panel,
                               double frame_width_inches, double frame_height_inches,
                               struct az_error *error)
{
    *layout = (struct az_layout){.legend = panel->series_count > 1 && !panel->no_legend,
                                 .legend_rows = panel->series_count};
    if (panel->line_count > AZ_LAYOUT_LINES)
        return az_error_raise(error, AZ_USAGE, "a panel has %zu lines, there is room for %d",
                              panel->line_count, AZ_LAYOUT_LINES);
    for (size_t s = 0; s < panel->series_count; s++)
        if (panel->series[s].mark == AZ_MARK_WEDGES && !panel->series[s].low)
            return az_error_raise(error, AZ_USAGE, "wedges need low, where each begins");
    enum az_status status = find_ranges(layout, panel, error);
    if (status != AZ_OK) return status;
    struct az_box taken[AZ_LAYOUT_LINES + 1] = {{0}};
    if (has_mark(panel, AZ_MARK_WEDGES))
        place_disc(layout, frame_width_inches, frame_height_inches);
    else if (layout->legend)
        taken[0] = place_legend(layout, panel, frame_width_inches, frame_height_inches);
    for (size_t n = 0; n < panel->line_count; n++)
        place_label(layout, panel, n, taken, frame_width_inches, frame_height_inches);
    return AZ_OK;
}
