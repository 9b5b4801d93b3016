#include "azimuth/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/csv.h"
#include "view/picture.h"
#include "view/script.h"

static bool is_taken(const struct az_columns *columns, const char *name)
{
    for (size_t c = 0; c < columns->count; c++)
        if (strcmp(columns->list[c].name, name) == 0) return true;
    return false;
}

/* "median", for a second one "median, L2 (cells)", for a third "median, L2 (cells) 3". */
static void name_column(struct az_columns *columns, struct az_column *column, const char *name,
                        const char *label)
{
    size_t capacity = sizeof column->name;
    snprintf(column->name, capacity, "%.120s", name ? name : "");
    if (!is_taken(columns, column->name)) return;
    const char *comma = label && *label ? ", " : "";
    snprintf(column->name, capacity, "%.90s%s%.90s", name ? name : "", comma, label ? label : "");
    for (int number = 2; is_taken(columns, column->name); number++)
        snprintf(column->name, capacity, "%.80s%s%.80s %d", name ? name : "", comma,
                 label ? label : "", number);
}

/* Arrays that several series share, such as the steps, become one column. label: what tells it
 * from another of the same name. */
static void add_column(struct az_columns *columns, const char *name, const char *label,
                       const double *values, size_t count)
{
    if (!values) return;
    size_t known = az_columns_find(columns, values);
    if (known) {
        if (count > columns->list[known - 1].count) columns->list[known - 1].count = count;
        return;
    }
    struct az_column *column = &columns->list[columns->count];
    name_column(columns, column, name, label);
    column->values = values;
    column->count = count;
    columns->count++;
}

/* A series is named after its y; one that is coloured by a third number, after that, and one whose
 * places have names after its x. */
static void add_series(struct az_columns *columns, const struct az_figure_panel *panel,
                       const struct az_figure_series *series)
{
    bool named = panel->y.name_count && series->mark != AZ_MARK_WEDGES;
    bool colored = series->level && !named && panel->y.label;
    char low[AZ_COLUMN_NAME_BYTES];
    snprintf(low, sizeof low, "low, %.120s", series->name ? series->name : "");
    add_column(columns, named ? series->name : panel->x.label, panel->title, series->x,
               series->count);
    add_column(columns,
               named     ? "place from below"
               : colored ? panel->y.label
                         : series->name,
               colored ? series->name : panel->y.label, series->y, series->count);
    add_column(columns, low, NULL, series->low, series->count);
    add_column(columns, "size", series->name, series->sizes, series->count);
    add_column(columns, panel->level.label ? panel->level.label : series->name, series->name,
               series->level, series->count);
}

static enum az_status collect(struct az_columns *columns, const struct az_figure *figure,
                              struct az_error *error)
{
    size_t series_count = 0;
    for (size_t p = 0; p < figure->panel_count; p++) series_count += figure->panels[p].series_count;
    enum az_status status = az_memory_allocate(
        &columns->list, series_count * 5, sizeof *columns->list, "the columns of a figure", error);
    if (status != AZ_OK) return status;
    for (size_t p = 0; p < figure->panel_count; p++) {
        const struct az_figure_panel *panel = &figure->panels[p];
        for (size_t s = 0; s < panel->series_count; s++)
            add_series(columns, panel, &panel->series[s]);
    }
    return AZ_OK;
}

static enum az_status write_data(const char *path, const struct az_columns *columns,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    size_t rows = 0;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE, NULL, error));
    for (size_t c = 0; c < columns->count; c++) {
        az_csv_text(csv, columns->list[c].name);
        if (columns->list[c].count > rows) rows = columns->list[c].count;
    }
    AZ_TRY(az_csv_end(csv, error));
    for (size_t r = 0; r < rows; r++) {
        for (size_t c = 0; c < columns->count; c++) {
            const struct az_column *column = &columns->list[c];
            if (r < column->count)
                az_csv_f64(csv, column->values[r]);
            else
                az_csv_empty(csv);
        }
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_figure_draw(const struct az_figure *figure, const char *path,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_picture_files files;
    struct az_columns columns = {0};
    char *script = NULL;
    if (figure->panel_count == 0) AZ_RAISE(AZ_USAGE, "%s: a figure needs a panel", path);
    AZ_TRY(az_picture_name(&files, path, error));
    AZ_TRY(collect(&columns, figure, error));
    struct az_script_names names = {files.picture, files.data, files.format};
    AZ_TRY(az_script_write(figure, &names, &columns, &script, error));
    AZ_TRY(write_data(files.data_path, &columns, error));
    AZ_TRY(az_picture_draw(&files, path, script, AZ_SCRIPT_DOTS_PER_INCH, error));
out:
    az_memory_free(script);
    az_memory_free(columns.list);
    return status;
}
