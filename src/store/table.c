#include "store/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "config/number.h"
#include "store/file.h"

#define TABLE_LIMIT_BYTES ((size_t)1 << 30)

static size_t count(const char *text, char wanted)
{
    size_t n = 0;
    for (; *text; text++) n += *text == wanted;
    return n;
}

/* Ends the line at its line feed (and a carriage return before it); the next one, or NULL. */
static char *cut_line(char *line)
{
    char *end = strchr(line, '\n');
    if (!end) return NULL;
    if (end > line && end[-1] == '\r') end[-1] = 0;
    *end = 0;
    return end + 1;
}

/* Ends the field at its comma; the next one, or NULL after the last. */
static char *cut_field(char *field)
{
    char *comma = strchr(field, ',');
    if (!comma) return NULL;
    *comma = 0;
    return comma + 1;
}

static enum az_status read_header(struct az_table *table, char *line, struct az_error *error)
{
    table->columns = count(line, ',') + 1;
    enum az_status status = az_memory_allocate(&table->names, table->columns, sizeof *table->names,
                                               "names of columns", error);
    if (status != AZ_OK) return status;
    size_t c = 0;
    for (char *next, *field = line; field; field = next) {
        next = cut_field(field);
        table->names[c++] = field;
    }
    return AZ_OK;
}

static enum az_status read_row(struct az_table *table, size_t row, char *line,
                               struct az_error *error)
{
    size_t c = 0;
    for (char *next, *field = line; field; field = next) {
        next = cut_field(field);
        char *end = field;
        double value = *field ? az_number_read(field, &end) : NAN;
        if (*end || (*field && end == field))
            return az_error_raise(error, AZ_FORMAT, "field %zu is \"%.40s\", which is no number",
                                  c + 1, field);
        if (c < table->columns) table->values[c * table->rows + row] = value;
        c++;
    }
    if (c != table->columns)
        return az_error_raise(error, AZ_FORMAT, "has %zu fields, the header has %zu", c,
                              table->columns);
    return AZ_OK;
}

enum az_status az_table_read(struct az_table *table, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t length_bytes;
    int64_t line_number = 1;
    *table = (struct az_table){0};
    AZ_TRY(az_file_read(path, TABLE_LIMIT_BYTES, &table->text, &length_bytes, error));
    size_t lines = count(table->text, '\n');
    if (strlen(table->text) != length_bytes || lines == 0)
        AZ_RAISE(AZ_FORMAT, "is not a CSV file: there is no line of names");
    table->rows = lines - 1;
    char *next = cut_line(table->text);
    AZ_TRY(read_header(table, table->text, error));
    AZ_TRY(az_memory_allocate(&table->values, table->columns * table->rows, sizeof *table->values,
                              "a table", error));
    for (size_t r = 0; r < table->rows; r++) {
        char *line = next;
        next = cut_line(line);
        line_number++;
        AZ_TRY(read_row(table, r, line, error));
    }
out:
    if (status != AZ_OK) {
        az_error_at(error, path, status == AZ_FORMAT ? line_number : -1, -1, -1);
        az_table_free(table);
    }
    return status;
}

void az_table_free(struct az_table *table)
{
    az_memory_free(table->text);
    az_memory_free(table->names);
    az_memory_free(table->values);
    *table = (struct az_table){0};
}

static size_t append(char *text, size_t capacity_bytes, size_t used, const char *word)
{
    if (used >= capacity_bytes) return used;
    int length = snprintf(text + used, capacity_bytes - used, "%s%s", used ? ", " : "", word);
    return used + (size_t)(length > 0 ? length : 0);
}

enum az_status az_table_column(const struct az_table *table, const char *name,
                               const double **values, struct az_error *error)
{
    char there[400] = "";
    size_t used = 0;
    for (size_t c = 0; c < table->columns; c++) {
        *values = table->values + c * table->rows;
        if (strcmp(table->names[c], name) == 0) return AZ_OK;
        used = append(there, sizeof there, used, table->names[c]);
    }
    return az_error_raise(error, AZ_MISSING, "there is no column \"%s\"; there are: %s", name,
                          there);
}
