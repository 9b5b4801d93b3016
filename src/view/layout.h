/* layout.h: where things go in a panel: ranges of the axes, the legend, labels of lines. */
#ifndef AZ_VIEW_LAYOUT_H
#define AZ_VIEW_LAYOUT_H

#include "azimuth/figure.h"

#define AZ_FIGURE_FONT_POINTS 9.0
#define AZ_FIGURE_CHARACTER_EMS 0.62 /* mean width of a character of the typeface */

/* Range of an axis as drawn: the given one, or that of the data and a margin. */
struct az_range {
    double min, max;
    bool logarithmic;
    bool whole; /* its places are whole numbers */
    bool ends;  /* at `end` the tics do: a range with room for the legend above it */
    double end;
};

/* A box inside the panel's frame, in parts of it: 0,0 is bottom left, 1,1 top right. */
struct az_box {
    double left, right, bottom, top;
};

enum az_side { AZ_SIDE_LOW, AZ_SIDE_MIDDLE, AZ_SIDE_HIGH };

struct az_label_place {
    enum az_side side; /* along the line: its left, centre or right end; lower, centre or upper */
    bool below;        /* below the line; of an upright one: to its left */
};

#define AZ_LAYOUT_LINES 16

struct az_layout {
    struct az_range x, y;
    size_t points; /* of the longest series: those with finite x and y */
    bool legend;
    size_t legend_rows; /* more series than that: columns beside each other */
    enum az_side legend_x, legend_y;
    struct az_label_place labels[AZ_LAYOUT_LINES];
};

/* frame_*_inches: size of the panel's frame. AZ_USAGE when no series has a finite point (on a
 * logarithmic axis: a positive one) or there are more than AZ_LAYOUT_LINES lines. */
enum az_status az_layout_panel(struct az_layout *layout, const struct az_figure_panel *panel,
                               double frame_width_inches, double frame_height_inches,
                               struct az_error *error);

#endif
