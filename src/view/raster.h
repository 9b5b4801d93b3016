/* raster.h: stars and densities as pixels. */
#ifndef AZ_VIEW_RASTER_H
#define AZ_VIEW_RASTER_H

#include "azimuth/chart.h"
#include "view/colormap.h"

struct az_raster {
    size_t width, height;
    float *rgb; /* [height][width][3], 0..1, the top row first */
};

enum az_status az_raster_create(struct az_raster *raster, size_t width, size_t height,
                                struct az_error *error);
void az_raster_free(struct az_raster *raster);

/* Paints the stars and the density of a panel. AZ_USAGE for a colour that is not "#rrggbb". */
enum az_status az_raster_panel(struct az_raster *raster, const struct az_chart *chart,
                               const struct az_chart_panel *panel, const struct az_colormap *map,
                               struct az_error *error);
/* As 8 bits a colour; free with az_memory_free. */
enum az_status az_raster_bytes(const struct az_raster *raster, unsigned char **bytes,
                               struct az_error *error);

#endif
