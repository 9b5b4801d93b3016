/* png.h: PNG files. */
#ifndef AZ_VIEW_PNG_H
#define AZ_VIEW_PNG_H

#include <stddef.h>

#include "base/raise.h"

/* *bytes: a PNG of rgb[height][width][3], free with az_memory_free. */
enum az_status az_png_encode(const unsigned char *rgb, size_t width, size_t height, char **bytes,
                             size_t *length_bytes, struct az_error *error);

/* A copy of a PNG with a chunk pHYs, the resolution, after its header. AZ_IO for what is no PNG. */
enum az_status az_png_stamp(const char *bytes, size_t length_bytes, double dots_per_inch,
                            char **stamped, size_t *stamped_bytes, struct az_error *error);

#endif
