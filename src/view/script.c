#include "view/script.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/unit.h"
#include "view/colormap.h"
#include "view/layout.h"

#define DOTS_PER_INCH AZ_SCRIPT_DOTS_PER_INCH
#define TERMINAL_DOTS_PER_INCH 96.0 /* what pngcairo and svg take a point to be 1/72 of */
#define LEFT_INCHES 0.95            /* around a panel's frame: tics and label of the y axis, */
#define RIGHT_INCHES 0.25
#define COLOUR_BAR_INCHES 1.1 /* the same where there is a colour bar, */
#define TOP_INCHES 0.4        /* the panel's title, */
#define BOTTOM_INCHES 0.55    /* tics and label of the x axis, */
#define HEAD_INCHES 0.35      /* the figure's title */

static const char *const palette[] = {"#4682b4", "#dc143c", "#e08214", "#2e8b57",
                                      "#6a5acd", "#696969"}; /* steelblue, crimson, ... */
static const char *const kind_colors[AZ_FIGURE_KIND_COLORS] = {
    "#4682b4", "#e08214", "#2e8b57", "#dc143c", "#6a5acd", "#d4b106",
    "#20b2aa", "#c71585", "#8fbc6f", "#a0522d", "#87ceeb", "#a9a9a9"};

struct text {
    struct az_buffer buffer;
    enum az_status status;
};

/* Appends; after a failure it does nothing. */
AZ_PRINTF(2, 3) static void put(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (text->status == AZ_OK)
        text->status = az_buffer_print(&text->buffer, NULL, format, arguments);
    va_end(arguments);
}

const char *az_script_quote(char quoted[AZ_QUOTED_BYTES], const char *text)
{
    size_t used = 0;
    for (; text && *text && used < AZ_QUOTED_BYTES - 2; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '\'') quoted[used++] = '\'';
        quoted[used++] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
    }
    quoted[used] = 0;
    return quoted;
}

size_t az_columns_find(const struct az_columns *columns, const double *values)
{
    for (size_t n = 0; n < columns->count; n++)
        if (columns->list[n].values == values) return n + 1;
    return 0;
}

static double width_inches(const struct az_figure *figure)
{
    return figure->width_inches > 0 ? figure->width_inches : 8;
}

static double panel_height_inches(const struct az_figure *figure)
{
    return figure->panel_height_inches > 0 ? figure->panel_height_inches : 3;
}

static double height_of(const struct az_figure *figure, size_t number)
{
    double height = figure->panels[number].height_inches;
    return height > 0 ? height : panel_height_inches(figure);
}

static double head_inches(const struct az_figure *figure)
{
    return figure->title ? HEAD_INCHES : 0;
}

static double height_inches(const struct az_figure *figure)
{
    double height = head_inches(figure);
    for (size_t p = 0; p < figure->panel_count; p++) height += height_of(figure, p);
    return height;
}

static bool has_levels(const struct az_figure_panel *panel)
{
    for (size_t s = 0; s < panel->series_count; s++)
        if (panel->series[s].level) return true;
    return false;
}

static void put_terminal(struct text *text, const struct az_figure *figure, enum az_picture format)
{
    double width = width_inches(figure), height = height_inches(figure);
    double font = AZ_FIGURE_FONT_POINTS;
    double scale = DOTS_PER_INCH / TERMINAL_DOTS_PER_INCH;
    if (format == AZ_PICTURE_PNG)
        put(text,
            "set terminal pngcairo size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f "
            "linewidth %.4f pointscale %.4f background '#ffffff'\n",
            width * DOTS_PER_INCH, height * DOTS_PER_INCH, font, scale, scale, scale);
    else if (format == AZ_PICTURE_PDF)
        put(text,
            "set terminal pdfcairo size %gin,%gin font 'DejaVu Sans,%g' fontscale 0.75 linewidth 1 "
            "background '#ffffff'\n",
            width, height, font);
    else
        put(text,
            "set terminal svg size %.0f,%.0f font 'DejaVu Sans,%g' fontscale %.4f linewidth 1 "
            "background '#ffffff'\n",
            width * TERMINAL_DOTS_PER_INCH, height * TERMINAL_DOTS_PER_INCH, font,
            TERMINAL_DOTS_PER_INCH / 72);
}

static void put_axes(struct text *text)
{
    put(text, "set border 3 linecolor '#606060'\n"
              "set grid linetype 1 linecolor '#e4e4e4' linewidth 0.5\n"
              "set xtics nomirror out scale 0.6 textcolor '#303030'\n"
              "set ytics nomirror out scale 0.6 textcolor '#303030'\n");
}

static void put_head(struct text *text, const struct az_figure *figure,
                     const struct az_colormap *map, const struct az_script_names *names)
{
    char picture[AZ_QUOTED_BYTES], title[AZ_QUOTED_BYTES];
    char stops[AZ_COLORMAP_TEXT_BYTES];
    az_colormap_text(map, stops);
    put(text, "# Made by azimuth. Change what you like and draw it again:  gnuplot FILE.gp\n"
              "set encoding utf8\n");
    put_terminal(text, figure, names->format);
    put(text, "if (!exists('output')) output = '%s'\nset output output\n",
        az_script_quote(picture, names->picture));
    put(text, "set datafile separator comma\nset datafile columnheaders\n"
              "set tics nomirror out scale 0.6 textcolor '#303030'\n"
              "set style textbox opaque noborder margins 0.3,0.3\n"
              "set key noautotitle noenhanced opaque Left reverse samplen 2 spacing 1.2\n");
    put_axes(text);
    put(text, "set palette defined (%s)\n", stops);
    put(text, "set multiplot\n");
    if (figure->title)
        put(text, "set label 1 '%s' at screen 0.5,%.5f center noenhanced font ',%g'\n",
            az_script_quote(title, figure->title), 1 - 0.2 / height_inches(figure),
            AZ_FIGURE_FONT_POINTS + 2);
}

/* Where doublings begin: at a power of ten in the range, halved as often as the range allows; else
 * at the one below it. */
static double first_doubling(const struct az_range *range)
{
    double ten = pow(10, ceil(log10(range->min)));
    if (ten > range->max) return pow(10, floor(log10(2 * range->min)));
    return ten / pow(2, floor(log2(ten / range->min)));
}

/* A step of 1, 2 or 5 times a power of ten, of which four to ten lie between. */
static double tic_step(double least, double most)
{
    double step = pow(10, floor(log10((most - least) / 4)));
    while ((most - least) / step >= 10) step *= (most - least) / step >= 20 ? 5 : 2;
    return step;
}

static void put_tics_to(struct text *text, char axis, const struct az_range *range)
{
    double step = tic_step(range->min, range->end);
    put(text, "set %ctics %.10g,%.10g,%.10g\n", axis, step * ceil(range->min / step - 1e-9) + 0.0,
        step, range->end);
}

/* An axis over several decades has powers of ten at its tics, a shorter logarithmic one doublings,
 * one of few places whole numbers. */
static void put_axis(struct text *text, char axis, const struct az_figure_axis *drawn,
                     const struct az_range *range)
{
    char quoted[AZ_QUOTED_BYTES];
    bool decades = range->logarithmic && range->max > 100 * range->min;
    put(text, "%s logscale %c\n", range->logarithmic ? "set" : "unset", axis);
    if (drawn->bare)
        put(text, "unset %ctics\n", axis);
    else if (range->logarithmic && !decades)
        put(text, "set %ctics %.17g,2\n", axis, first_doubling(range));
    else if (range->whole && range->max - range->min < 11)
        put(text, "set %ctics 1\n", axis);
    else if (range->ends)
        put_tics_to(text, axis, range);
    else
        put(text, "set %ctics autofreq\n", axis);
    put(text, "set format %c '%s'\n", axis, decades ? "10^{%L}" : "%g");
    put(text, "set %crange [%.17g:%.17g]\n", axis, range->min, range->max);
    put(text, "set %clabel '%s' noenhanced%s\n", axis, az_script_quote(quoted, drawn->label),
        axis == 'x' ? " offset 0,0.3" : "");
}

/* Names at the places of an axis: y, or that of the colour bar, cb. */
static void put_names(struct text *text, const char *which, const struct az_figure_axis *axis)
{
    char quoted[AZ_QUOTED_BYTES];
    put(text, "set %stics (", which);
    for (size_t n = 0; n < axis->name_count; n++) {
        put(text, "%s'", n ? ", " : "");
        az_script_quote(quoted, axis->names[n]);
        for (const char *c = quoted; *c; c++) put(text, *c == '%' ? "%%%%" : "%c", *c);
        put(text, "' %zu", n);
    }
    put(text, ") noenhanced\n");
}

static void put_line(struct text *text, const struct az_figure_line *line,
                     const struct az_label_place *place, size_t number)
{
    static const struct {
        double at;
        const char *align;
    } sides[] = {{0.01, "left"}, {0.5, "center"}, {0.99, "right"}};
    static const double heights[] = {0.05, 0.5, 0.94};
    const char *look = "nohead front dashtype 2 linecolor '#505050' linewidth 0.8";
    char quoted[AZ_QUOTED_BYTES];
    az_script_quote(quoted, line->label);
    if (line->upright) {
        put(text, "set arrow from first %.17g, graph 0 to first %.17g, graph 1 %s\n", line->at,
            line->at, look);
        put(text, "set label %zu '%s' at first %.17g, graph %g %s offset %g,0", number, quoted,
            line->at, heights[place->side], place->below ? "right" : "left",
            place->below ? -0.5 : 0.5);
    } else {
        put(text, "set arrow from graph 0, first %.17g to graph 1, first %.17g %s\n", line->at,
            line->at, look);
        put(text, "set label %zu '%s' at graph %g, first %.17g %s offset 0,%g", number, quoted,
            sides[place->side].at, line->at, sides[place->side].align, place->below ? -0.7 : 0.6);
    }
    put(text, " noenhanced textcolor '#505050' front\n");
}

/* The figure's title is label 1; labels of lines and other words come after it. */
static void put_words(struct text *text, const struct az_figure_panel *panel,
                      const struct az_layout *layout)
{
    char quoted[AZ_QUOTED_BYTES];
    size_t number = 10;
    put(text, "unset arrow\n");
    for (size_t n = 0; n < panel->line_count; n++)
        put_line(text, &panel->lines[n], &layout->labels[n], number++);
    for (size_t n = 0; n < panel->text_count; n++) {
        const struct az_figure_text *words = &panel->texts[n];
        put(text, "set label %zu '%s' at first %.17g, first %.17g center noenhanced front boxed\n",
            number++, az_script_quote(quoted, words->text), words->x, words->y);
    }
}

static void put_legend(struct text *text, const struct az_layout *layout)
{
    static const char *const across[] = {"left", "center", "right"};
    static const char *const up[] = {"bottom", "center", "top"};
    if (layout->legend)
        put(text, "set key inside %s %s vertical maxrows %zu\n", across[layout->legend_x],
            up[layout->legend_y], layout->legend_rows);
    else
        put(text, "unset key\n");
}

/* The series' own colour, or the palette's next. */
static const char *color_of(const struct az_figure_panel *panel, size_t number)
{
    if (panel->series[number].color) return panel->series[number].color;
    size_t place = 0;
    for (size_t s = 0; s < number; s++) place += panel->series[s].color == NULL;
    return palette[place % (sizeof palette / sizeof *palette)];
}

/* The columns that a mark is drawn from. left, bottom: of the panel, where bars begin. */
static void put_places(struct text *text, const struct az_figure_series *series, double left,
                       double bottom, const struct az_columns *columns)
{
    size_t x = az_columns_find(columns, series->x), y = az_columns_find(columns, series->y);
    size_t low = az_columns_find(columns, series->low);
    put(text, "%zu:", x);
    switch (series->mark) {
    case AZ_MARK_FILLED:
        if (low) put(text, "%zu:", low);
        put(text, "%zu", y);
        break;
    case AZ_MARK_BARS:
        if (low)
            put(text, "%zu:%zu:", y, low);
        else
            put(text, "%zu:(%.17g):", y, left);
        put(text, "%zu:(column(%zu)-0.35):(column(%zu)+0.35)", x, y, y);
        break;
    case AZ_MARK_COLUMNS:
        if (low)
            put(text, "%zu:%zu:%zu:", y, low, x);
        else
            put(text, "%zu:(column(%zu)-0.35):(column(%zu)+0.35):", y, x, x);
        put(text, "(%.17g):%zu", bottom, y);
        break;
    default: put(text, "%zu", y);
    }
    if (series->mark == AZ_MARK_POINTS && series->sizes)
        put(text, ":%zu", az_columns_find(columns, series->sizes));
}

const char *az_figure_kind_color(size_t number)
{
    return kind_colors[number % AZ_FIGURE_KIND_COLORS];
}

static double opacity_of(const struct az_figure_series *series)
{
    return series->opacity > 0 ? series->opacity : 0.35;
}

/* A clause for each wedge; gnuplot's circles turn the other way, from the right. */
static void put_wedges(struct text *text, const struct az_figure_panel *panel, size_t number,
                       const struct az_columns *columns, const char *data)
{
    const struct az_figure_series *series = &panel->series[number];
    char quoted[AZ_QUOTED_BYTES];
    for (size_t n = 0; n < series->count; n++) {
        put(text, "%s    '%s' every ::%zu::%zu using (0):(0):(1)", n ? ", \\\n" : "",
            az_script_quote(quoted, data), n, n);
        if (series->x[n] - series->low[n] >= 1)
            put(text, ":(0):(360)"); /* the angles of a whole turn are equal, and nothing */
        else
            put(text, ":(450-360*column(%zu)):(450-360*column(%zu))",
                az_columns_find(columns, series->x), az_columns_find(columns, series->low));
        put(text, " with circles fillstyle solid %g noborder fillcolor '%s'", opacity_of(series),
            az_figure_kind_color(n));
        put(text, " title '%s'",
            az_script_quote(quoted, n < panel->y.name_count ? panel->y.names[n] : ""));
    }
}

static void put_series(struct text *text, const struct az_figure_panel *panel, size_t number,
                       const struct az_layout *layout, const struct az_columns *columns,
                       const char *data)
{
    const struct az_figure_series *series = &panel->series[number];
    static const char *const with[] = {
        [AZ_MARK_LINES] = "lines linewidth 1.2",
        [AZ_MARK_STEPS] = "steps linewidth 1.2",
        [AZ_MARK_POINTS] = "points pointtype 7",
        [AZ_MARK_FILLED] = "filledcurves",
        [AZ_MARK_BARS] = "boxxyerror fillstyle solid 0.85 noborder",
        [AZ_MARK_COLUMNS] = "boxxyerror fillstyle solid 0.85 noborder",
        [AZ_MARK_JOINED] = "linespoints linewidth 1.2 pointtype 7 pointsize 0.35",
        [AZ_MARK_CELLS] = "image",
    };
    if (series->mark == AZ_MARK_WEDGES) {
        put_wedges(text, panel, number, columns, data);
        return;
    }
    char quoted[AZ_QUOTED_BYTES];
    bool cells = series->mark == AZ_MARK_CELLS, points = series->mark == AZ_MARK_POINTS;
    bool levels = (series->mark == AZ_MARK_BARS || cells || points) && series->level;
    put(text, "    '%s' using ", az_script_quote(quoted, data));
    put_places(text, series, layout->x.min, layout->y.min, columns);
    if (levels) put(text, ":%zu", az_columns_find(columns, series->level));
    put(text, " with %s", with[series->mark]);
    if (points) put(text, " pointsize %s", series->sizes ? "variable" : "0.3");
    if (series->mark == AZ_MARK_FILLED)
        put(text, "%s fillstyle solid %g noborder", series->low ? "" : " x1", opacity_of(series));
    if (levels && !cells)
        put(text, " linecolor palette");
    else if (!cells)
        put(text, " linecolor '%s'", az_script_quote(quoted, color_of(panel, number)));
    put(text, " title '%s'", az_script_quote(quoted, series->name));
}

static bool is_disc(const struct az_figure_panel *panel)
{
    return panel->series_count && panel->series[0].mark == AZ_MARK_WEDGES;
}

/* Width of the longest name of an axis, 0 where it has none. */
static double names_inches(const struct az_figure_axis *axis)
{
    size_t longest = 0;
    for (size_t n = 0; n < axis->name_count; n++) {
        size_t length = 0;
        for (const char *c = axis->names[n]; *c; c++) length += (*c & 0xc0) != 0x80;
        if (length > longest) longest = length;
    }
    return (double)longest * AZ_FIGURE_CHARACTER_EMS * AZ_FIGURE_FONT_POINTS / 72;
}

/* Room for the numbers or names of the y axis. */
static double left_inches(const struct az_figure_panel *panel)
{
    double names = is_disc(panel) ? 0 : names_inches(&panel->y);
    return fmax(names > 0 ? 0.35 + names : 0, LEFT_INCHES);
}

/* Room for the colour bar, where there is one. */
static double right_inches(const struct az_figure_panel *panel)
{
    if (!has_levels(panel)) return RIGHT_INCHES;
    return fmax(0.55 + names_inches(&panel->level), COLOUR_BAR_INCHES);
}

/* Where the frame of panel number `number` lies, in parts of the figure. */
static struct az_box frame_of(const struct az_figure *figure, size_t number)
{
    double width = width_inches(figure), height = height_inches(figure);
    double top = height - head_inches(figure);
    for (size_t p = 0; p < number; p++) top -= height_of(figure, p);
    double right = right_inches(&figure->panels[number]);
    return (struct az_box){.left = left_inches(&figure->panels[number]) / width,
                           .right = 1 - right / width,
                           .bottom = (top - height_of(figure, number) + BOTTOM_INCHES) / height,
                           .top = (top - TOP_INCHES) / height};
}

static enum az_status put_panel(struct text *text, const struct az_figure *figure, size_t number,
                                const struct az_columns *columns, const char *data,
                                struct az_error *error)
{
    const struct az_figure_panel *panel = &figure->panels[number];
    struct az_box frame = frame_of(figure, number);
    struct az_layout layout;
    enum az_status status =
        az_layout_panel(&layout, panel, (frame.right - frame.left) * width_inches(figure),
                        (frame.top - frame.bottom) * height_inches(figure), error);
    if (status != AZ_OK) return status;
    char quoted[AZ_QUOTED_BYTES], points[AZ_UNIT_TEXT_BYTES];
    az_unit_count(panel->count ? panel->count : layout.points, points);
    put(text, "\nset lmargin at screen %.5f; set rmargin at screen %.5f\n", frame.left,
        frame.right);
    put(text, "set bmargin at screen %.5f; set tmargin at screen %.5f\n", frame.bottom, frame.top);
    put(text, "set title '%s", az_script_quote(quoted, panel->title));
    put(text, "%sn = %s %s' noenhanced offset 0,-0.5\n", panel->title && *panel->title ? ", " : "",
        points, az_script_quote(quoted, panel->point_unit ? panel->point_unit : "points"));
    put_axis(text, 'x', &panel->x, &layout.x);
    put_axis(text, 'y', &panel->y, &layout.y);
    if (is_disc(panel))
        put(text,
            "unset border\nunset grid\nunset xtics\nunset ytics\nunset xlabel\nunset ylabel\n");
    else if (panel->y.name_count)
        put_names(text, "y", &panel->y);
    if (panel->level.min < panel->level.max)
        put(text, "set cbrange [%.17g:%.17g]\n", panel->level.min, panel->level.max);
    else
        put(text, "set cbrange [*:*]\n");
    if (panel->level.name_count)
        put_names(text, "cb", &panel->level);
    else
        put(text, "set cbtics autofreq\n");
    put(text, "set cblabel '%s' noenhanced offset 1.5,0\n",
        az_script_quote(quoted, panel->level.label));
    put(text, "set colorbox user origin screen %.5f,%.5f size screen %.5f,%.5f\n",
        frame.right + 0.15 / width_inches(figure), frame.bottom, 0.15 / width_inches(figure),
        frame.top - frame.bottom);
    put_words(text, panel, &layout);
    put_legend(text, &layout);
    put(text, "plot \\\n");
    for (size_t s = 0; s < panel->series_count; s++) {
        put_series(text, panel, s, &layout, columns, data);
        put(text, s + 1 < panel->series_count ? ", \\\n" : "\n");
    }
    put(text, "unset label\n");
    if (is_disc(panel)) put_axes(text);
    return AZ_OK;
}

enum az_status az_script_write(const struct az_figure *figure, const struct az_script_names *names,
                               const struct az_columns *columns, char **script,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct text text = {0};
    const struct az_colormap *map;
    AZ_TRY(az_colormap_find(figure->colormap, &map, error));
    put_head(&text, figure, map, names);
    for (size_t n = 0; n < figure->panel_count; n++)
        AZ_TRY(put_panel(&text, figure, n, columns, names->data, error));
    put(&text, "\nunset multiplot\nunset output\n");
    if (text.status != AZ_OK) AZ_RAISE(text.status, "no memory for a script for gnuplot");
    size_t length_bytes;
    AZ_TRY(az_buffer_take(&text.buffer, script, &length_bytes, error));
out:
    az_buffer_free(&text.buffer);
    return status;
}
