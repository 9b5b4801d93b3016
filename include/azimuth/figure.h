/* figure.h: figures from plain arrays, drawn by gnuplot.
 *
 * A figure is a column of panels; a panel holds series over one pair of axes. az_figure_draw writes
 * three files side by side: the picture (NAME.png, .svg or .pdf), the numbers (NAME.csv) and the
 * script (NAME.gp), so that it can be restyled with `gnuplot NAME.gp` where they lie. Look:
 * docs/formats.md, "Figures": light paper, steelblue for a single series, legends where they hide
 * least. All structs may be zeroed: 0 and NULL take the default. */
#ifndef AZIMUTH_FIGURE_H
#define AZIMUTH_FIGURE_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/status.h"

enum az_figure_mark {
    AZ_MARK_LINES,
    AZ_MARK_STEPS,   /* horizontal, then vertical at the next x */
    AZ_MARK_POINTS,  /* small discs */
    AZ_MARK_FILLED,  /* the area between low and y */
    AZ_MARK_BARS,    /* lying bars at y, from low (NULL: the left edge) to x, each 0.7 thick */
    AZ_MARK_COLUMNS, /* standing bars from the bottom to y, between low and x (NULL: x -+ 0.35) */
    AZ_MARK_JOINED,  /* discs joined by lines */
    AZ_MARK_CELLS,   /* a grid of evenly spaced x and y (linear axes), coloured by level */
    AZ_MARK_WEDGES /* a panel without axes: slices of a disc, clockwise from the top, from low to x
                    * of a turn; y is what each stands for, y.names of the panel its legend */
};

/* Colours for kinds of things, that wedges take in turn. */
#define AZ_FIGURE_KIND_COLORS 12
AZ_API const char *az_figure_kind_color(size_t number);

/* Arrays are borrowed for the call. A value that is not finite is a gap. */
struct az_figure_series {
    const char *name; /* in the legend and at the head of its column: y, or x where y has names */
    enum az_figure_mark mark;
    const double *x, *y;
    const double *low;   /* FILLED: NULL is the bottom of the panel; bars, columns, wedges: an x */
    const double *level; /* points, bars, cells: coloured by the colormap; NULL is one colour */
    const double *sizes; /* points: diameters, 1 is that of a tick; NULL: all 0.3 */
    size_t count;
    const char *color; /* "#rrggbb"; NULL: the palette's next, steelblue first */
    double opacity;    /* of what is filled and of wedges; 0: 0.35 */
};

struct az_figure_axis {
    const char *label; /* name and unit */
    bool logarithmic;  /* ignored where the data spans less than a factor of 3 */
    bool bare;         /* no numbers: places mean nothing */
    double min, max;   /* both 0: from the data, with a margin */
    const char *const
        *names; /* y, level: what stands at 0, 1, 2, ... instead of numbers, upwards */
    size_t name_count;
};

/* A dashed line across the panel, with a label on it: horizontal at y, or upright at x. */
struct az_figure_line {
    double at;
    const char *label;
    bool upright;
};

/* Words in the panel, centred at a place. */
struct az_figure_text {
    double x, y;
    const char *text;
};

struct az_figure_panel {
    const char *title; /* ", n = 1,000 POINT_UNIT" is added */
    const char *point_unit;
    size_t count;         /* the n of the title; 0: the points of the longest series */
    double height_inches; /* 0: that of the figure */
    bool no_legend;
    struct az_figure_axis x, y, level; /* level: label and range of the colour bar */
    const struct az_figure_series *series;
    size_t series_count;
    const struct az_figure_line *lines;
    size_t line_count;
    const struct az_figure_text *texts;
    size_t text_count;
};

struct az_figure {
    const char *title;                        /* above all panels, or NULL */
    double width_inches, panel_height_inches; /* 8 and 3 */
    const char *colormap;                     /* "inferno" (default), "viridis", "greys", ... */
    const struct az_figure_panel *panels;
    size_t panel_count;
};

/* Draws the figure to path, whose ending says the format; PNG has 200 dots per inch. AZ_USAGE for
 * another ending, an unknown colormap or nothing to draw; AZ_MISSING where gnuplot is not
 * installed; AZ_IO with gnuplot's own words where it failed. The folder must exist. */
AZ_API enum az_status az_figure_draw(const struct az_figure *figure, const char *path,
                                     struct az_error *error);

#endif
