/* script.h: the gnuplot script of a figure, as text. */
#ifndef AZ_VIEW_SCRIPT_H
#define AZ_VIEW_SCRIPT_H

#include "azimuth/figure.h"

#define AZ_SCRIPT_DOTS_PER_INCH 200.0

enum az_picture { AZ_PICTURE_PNG, AZ_PICTURE_SVG, AZ_PICTURE_PDF };

/* Column of the data file that holds an array, counted from 1. */
#define AZ_COLUMN_NAME_BYTES 192
struct az_column {
    char name[AZ_COLUMN_NAME_BYTES]; /* no two are equal */
    const double *values;
    size_t count;
};

struct az_columns {
    struct az_column *list;
    size_t count;
};

/* Number of the column that holds `values`; 0 when none does. */
size_t az_columns_find(const struct az_columns *columns, const double *values);

/* Escapes text for gnuplot's single quotes into the caller's buffer, control characters as spaces;
 * what does not fit is cut. Returns quoted. */
#define AZ_QUOTED_BYTES 1024
const char *az_script_quote(char quoted[AZ_QUOTED_BYTES], const char *text);

struct az_script_names {
    const char *picture, *data; /* names without folder */
    enum az_picture format;
};

/* *script: free with az_memory_free. */
enum az_status az_script_write(const struct az_figure *figure, const struct az_script_names *names,
                               const struct az_columns *columns, char **script,
                               struct az_error *error);

#endif
