/* chart.h: pictures of many thousand points, drawn by ourselves, with gnuplot's lines and letters.
 *
 * A chart is a page with panels at given places. Stars and densities are painted into one raster of
 * the whole page (NAME.raster.png); gnuplot puts it behind axes, curves, labels and the colour bar
 * (NAME.gp), so these can be restyled with `gnuplot NAME.gp` where the files lie. Black paper and
 * light lines: docs/formats.md, "Figures". All structs may be zeroed; arrays are borrowed. */
#ifndef AZIMUTH_CHART_H
#define AZIMUTH_CHART_H

#include <stdbool.h>
#include <stddef.h>

#include "azimuth/status.h"

/* Discs at (x, y) in the panel's units. One that is not finite, or outside, is not drawn. */
struct az_chart_stars {
    const char *name; /* in the legend; NULL: not there */
    const double *x, *y;
    size_t count;
    double size_points;  /* diameter; 0: 1 point */
    const double *sizes; /* diameters of each star, or NULL */
    const double *level; /* coloured by the colormap over the chart's levels; NULL: color */
    const char *color;   /* "#rrggbb"; NULL: white */
    double alpha;        /* of each disc, 0..1; 0 is taken as 1 */
};

/* cells[rows][columns] over u in [u_min, u_max] (columns) and v (rows), coloured over the chart's
 * levels. inverse gives u and v of a place of the panel, false where there is nothing; NULL: x and
 * y are u and v. Cells of 0 are left black. */
struct az_chart_density {
    const double *cells;
    size_t columns, rows;
    double u_min, u_max, v_min, v_max;
    bool (*inverse)(double x, double y, double *u, double *v);
};

struct az_chart_curve {
    const double *x, *y; /* a value that is not finite breaks the line */
    size_t count;
    const char *color; /* NULL: a faint white */
};

struct az_chart_text {
    double x, y;
    const char *text;
};

struct az_chart_panel {
    double left, bottom, width, height; /* of the frame, in inches on the page */
    const char *title;
    const char *x_label, *y_label;
    bool axes; /* frame, tics and grid */
    double x_min, x_max, y_min, y_max;
    const struct az_chart_stars *stars;
    size_t star_count;
    const struct az_chart_density *density;
    const struct az_chart_curve *curves;
    size_t curve_count;
    const struct az_chart_text *texts;
    size_t text_count;
};

struct az_chart {
    const char *title;
    double width_inches, height_inches;
    double dots_per_inch;  /* 0: 200 */
    const char *colormap;  /* NULL: inferno */
    const char *bar_label; /* a colour bar with this label at the right edge; NULL: none */
    double level_min, level_max;
    bool level_logarithmic;
    const struct az_chart_panel *panels;
    size_t panel_count;
};

/* Draws to path, whose ending says the format (.png, .svg, .pdf). Errors as az_figure_draw. */
AZ_API enum az_status az_chart_draw(const struct az_chart *chart, const char *path,
                                    struct az_error *error);

#endif
