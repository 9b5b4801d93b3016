/* colormap.h: colours of values between 0 and 1, the same for gnuplot and for our own pictures. */
#ifndef AZ_VIEW_COLORMAP_H
#define AZ_VIEW_COLORMAP_H

#include "base/raise.h"

#define AZ_COLORMAP_STOPS 10

struct az_colormap {
    const char *name;
    unsigned stops[AZ_COLORMAP_STOPS]; /* 0xrrggbb, equidistant */
};

/* NULL: the first, inferno. AZ_USAGE for a name that there is not. */
enum az_status az_colormap_find(const char *name, const struct az_colormap **map,
                                struct az_error *error);
/* Linear between the stops; values outside 0..1 are those at the ends. rgb in 0..1. */
void az_colormap_color(const struct az_colormap *map, double value, float rgb[3]);

/* "0 '#000004', 1 '#1b0c41', ...", for gnuplot's "set palette defined". */
#define AZ_COLORMAP_TEXT_BYTES 256
void az_colormap_text(const struct az_colormap *map, char text[AZ_COLORMAP_TEXT_BYTES]);

#endif
