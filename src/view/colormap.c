#include "view/colormap.h"

#include <stdio.h>
#include <string.h>

static const struct az_colormap maps[] = {
    {"inferno",
     {0x000004, 0x1b0c41, 0x4a0c6b, 0x781c6d, 0xa52c60, 0xcf4446, 0xed6925, 0xfb9b06, 0xf7d13d,
      0xfcffa4}},
    {"inferno_r",
     {0xfcffa4, 0xf7d13d, 0xfb9b06, 0xed6925, 0xcf4446, 0xa52c60, 0x781c6d, 0x4a0c6b, 0x1b0c41,
      0x000004}},
    {"viridis",
     {0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e, 0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b,
      0xfde725}},
    {"greys",
     {0xe0e0e0, 0xc7c7c7, 0xaeaeae, 0x959595, 0x7c7c7c, 0x646464, 0x4b4b4b, 0x323232, 0x191919,
      0x000000}},
    {"hot",
     {0x0b0000, 0x520000, 0x9b0000, 0xe20000, 0xff2c00, 0xff7500, 0xffbe00, 0xffff0c, 0xffff7f,
      0xffffff}},
    {"bwr",
     {0x0000ff, 0x3838ff, 0x7070ff, 0xa8a8ff, 0xe2e2ff, 0xffe2e2, 0xffa8a8, 0xff7070, 0xff3838,
      0xff0000}},
};

#define MAPS (sizeof maps / sizeof *maps)

enum az_status az_colormap_find(const char *name, const struct az_colormap **map,
                                struct az_error *error)
{
    char list[128] = "";
    *map = &maps[0];
    if (!name) return AZ_OK;
    for (size_t n = 0; n < MAPS; n++) {
        *map = &maps[n];
        if (strcmp(name, maps[n].name) == 0) return AZ_OK;
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s %s", n ? "," : "",
                 maps[n].name);
    }
    *map = NULL;
    return az_error_raise(error, AZ_USAGE, "there is no colormap \"%.60s\"; there are%s", name,
                          list);
}

void az_colormap_color(const struct az_colormap *map, double value, float rgb[3])
{
    double at = (value > 0 ? value < 1 ? value : 1 : 0) * (AZ_COLORMAP_STOPS - 1);
    int low = at < AZ_COLORMAP_STOPS - 2 ? (int)at : AZ_COLORMAP_STOPS - 2;
    double part = at - low;
    for (int c = 0; c < 3; c++) {
        unsigned a = map->stops[low] >> (16 - 8 * c) & 255;
        unsigned b = map->stops[low + 1] >> (16 - 8 * c) & 255;
        rgb[c] = (float)((a * (1 - part) + b * part) / 255);
    }
}

void az_colormap_text(const struct az_colormap *map, char text[AZ_COLORMAP_TEXT_BYTES])
{
    size_t used = 0;
    for (int n = 0; n < AZ_COLORMAP_STOPS; n++)
        used += (size_t)snprintf(text + used, AZ_COLORMAP_TEXT_BYTES - used, "%s%d '#%06x'",
                                 n ? ", " : "", n, map->stops[n]);
}
