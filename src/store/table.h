/* table.h: a CSV file of numbers, read as named columns. */
#ifndef AZ_STORE_TABLE_H
#define AZ_STORE_TABLE_H

#include <stddef.h>

#include "base/raise.h"

struct az_table {
    size_t rows, columns;
    char *text;         /* of the header */
    const char **names; /* [columns], in text */
    double *values;     /* [columns][rows] */
};

/* First line: names, without quotes. Others: a number in each field, NaN where it is empty or says
 * "nan". A last line that does not end is left out: the file may be growing. Another number of
 * fields, or a field that is no number, is AZ_FORMAT with the line. Free in any case. */
enum az_status az_table_read(struct az_table *table, const char *path, struct az_error *error);
void az_table_free(struct az_table *table);

/* [rows]; AZ_MISSING, with the names that are there, when there is no such column. */
enum az_status az_table_column(const struct az_table *table, const char *name,
                               const double **values, struct az_error *error);

#endif
