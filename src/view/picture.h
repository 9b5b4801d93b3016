/* picture.h: the files of a figure: NAME.png (.svg, .pdf), its data and its script beside it. */
#ifndef AZ_VIEW_PICTURE_H
#define AZ_VIEW_PICTURE_H

#include "base/raise.h"
#include "view/script.h"

#define AZ_PICTURE_PATH_BYTES 4096

/* Names are without folder, paths with it. */
struct az_picture_files {
    enum az_picture format;
    char directory[AZ_PICTURE_PATH_BYTES];
    char picture[256], data[256], script[256], raster[256], drawing[256];
    char data_path[AZ_PICTURE_PATH_BYTES], script_path[AZ_PICTURE_PATH_BYTES];
    char raster_path[AZ_PICTURE_PATH_BYTES], drawing_path[AZ_PICTURE_PATH_BYTES];
};

/* From the picture's path, whose ending says the format. AZ_USAGE for another ending. */
enum az_status az_picture_name(struct az_picture_files *files, const char *path,
                               struct az_error *error);

/* Writes the script and has gnuplot draw it; the picture takes its name when it is complete.
 * dots_per_inch is noted in a PNG. */
enum az_status az_picture_draw(const struct az_picture_files *files, const char *path,
                               const char *script, double dots_per_inch, struct az_error *error);

#endif
