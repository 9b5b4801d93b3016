#include "azimuth/figure.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/csv.h"
#include "store/file.h"
#include "view/gnuplot.h"
#include "view/script.h"

#define PATH_BYTES 4096
#define PICTURE_LIMIT_BYTES ((size_t)1 << 30)

/* The files of one figure. stem: DIRECTORY/NAME without ending; the names are without folder. */
struct files {
    enum az_picture format;
    char directory[PATH_BYTES];
    char picture[256], data[256], script[256], drawing[256];
    char data_path[PATH_BYTES], script_path[PATH_BYTES], drawing_path[PATH_BYTES];
};

static enum az_status split_path(struct files *files, const char *path, struct az_error *error)
{
    static const struct {
        const char *ending;
        enum az_picture format;
    } formats[] = {{".png", AZ_PICTURE_PNG}, {".svg", AZ_PICTURE_SVG}, {".pdf", AZ_PICTURE_PDF}};
    enum az_status status = AZ_OK;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    bool known = false;
    for (size_t n = 0; n < sizeof formats / sizeof *formats; n++) {
        if (!dot || dot == name || strcmp(dot, formats[n].ending) != 0) continue;
        files->format = formats[n].format;
        known = true;
    }
    if (!known) AZ_RAISE(AZ_USAGE, "%s: a figure's name ends in .png, .svg or .pdf", path);
    if (strlen(name) > 200 || (size_t)(name - path) >= sizeof files->directory)
        AZ_RAISE(AZ_USAGE, "%s: the name is too long", path);
    int stem = (int)(dot - name), folder = slash ? (int)(slash - path) : 0;
    snprintf(files->directory, sizeof files->directory, "%.*s", slash ? (folder ? folder : 1) : 1,
             slash ? path : ".");
    snprintf(files->picture, sizeof files->picture, "%s", name);
    snprintf(files->data, sizeof files->data, "%.*s.csv", stem, name);
    snprintf(files->script, sizeof files->script, "%.*s.gp", stem, name);
    snprintf(files->drawing, sizeof files->drawing, "%s.drawing", name);
    AZ_TRY(az_path_join(files->data_path, PATH_BYTES, files->directory, files->data, error));
    AZ_TRY(az_path_join(files->script_path, PATH_BYTES, files->directory, files->script, error));
    AZ_TRY(az_path_join(files->drawing_path, PATH_BYTES, files->directory, files->drawing, error));
out:
    return status;
}

/* Arrays that several series share, such as the steps, become one column. */
static void add_column(struct az_columns *columns, const char *name, const double *values,
                       size_t count)
{
    if (!values) return;
    size_t known = az_columns_find(columns, values);
    if (known) {
        if (count > columns->list[known - 1].count) columns->list[known - 1].count = count;
        return;
    }
    columns->list[columns->count++] = (struct az_column){name, values, count};
}

static enum az_status collect(struct az_columns *columns, const struct az_figure *figure,
                              struct az_error *error)
{
    size_t series_count = 0;
    for (size_t p = 0; p < figure->panel_count; p++) series_count += figure->panels[p].series_count;
    enum az_status status = az_memory_allocate(
        &columns->list, series_count * 4, sizeof *columns->list, "the columns of a figure", error);
    if (status != AZ_OK) return status;
    for (size_t p = 0; p < figure->panel_count; p++) {
        const struct az_figure_panel *panel = &figure->panels[p];
        for (size_t s = 0; s < panel->series_count; s++) {
            const struct az_figure_series *series = &panel->series[s];
            add_column(columns, panel->x.label, series->x, series->count);
            add_column(columns, series->name, series->y, series->count);
            add_column(columns, "low", series->low, series->count);
            add_column(columns, panel->level.label, series->level, series->count);
        }
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
        az_csv_text(csv, columns->list[c].name ? columns->list[c].name : "");
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
    status = az_csv_commit(csv, error);
    csv = NULL;
out:
    az_csv_abort(csv);
    return status;
}

/* gnuplot says nothing of the resolution; the chunk pHYs after IHDR does: 7874 dots per metre. */
static enum az_status write_png(const char *path, const char *bytes, size_t length_bytes,
                                struct az_error *error)
{
    static const char signature[8] = {'\x89', 'P', 'N', 'G', '\r', '\n', '\x1a', '\n'};
    static const unsigned char resolution[21] = {0,    0,    0, 9,    'p',  'H',  'Y',
                                                 's',  0,    0, 0x1e, 0xc2, 0,    0,
                                                 0x1e, 0xc2, 1, 0x6e, 0xd0, 0x75, 0x3e};
    const size_t header_bytes = 8 + 25;
    if (length_bytes < header_bytes || memcmp(bytes, signature, sizeof signature) != 0)
        return az_error_raise(error, AZ_IO, "gnuplot did not draw a PNG file");
    char *stamped;
    enum az_status status =
        az_memory_allocate(&stamped, length_bytes + sizeof resolution, 1, "a picture", error);
    if (status != AZ_OK) return status;
    memcpy(stamped, bytes, header_bytes);
    memcpy(stamped + header_bytes, resolution, sizeof resolution);
    memcpy(stamped + header_bytes + sizeof resolution, bytes + header_bytes,
           length_bytes - header_bytes);
    status = az_file_write(path, stamped, length_bytes + sizeof resolution, error);
    az_memory_free(stamped);
    return status;
}

/* The picture takes its name when it is complete. */
static enum az_status draw(const struct files *files, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *bytes = NULL;
    size_t length_bytes = 0;
    AZ_TRY(az_gnuplot_run(files->directory, files->script, files->drawing, error));
    AZ_TRY(az_file_read(files->drawing_path, PICTURE_LIMIT_BYTES, &bytes, &length_bytes, error));
    if (length_bytes == 0) AZ_RAISE(AZ_IO, "gnuplot drew an empty file for %s", path);
    AZ_TRY(files->format == AZ_PICTURE_PNG ? write_png(path, bytes, length_bytes, error)
                                           : az_file_write(path, bytes, length_bytes, error));
out:
    az_memory_free(bytes);
    unlink(files->drawing_path);
    return status;
}

enum az_status az_figure_draw(const struct az_figure *figure, const char *path,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct files files;
    struct az_columns columns = {0};
    char *script = NULL;
    if (figure->panel_count == 0) AZ_RAISE(AZ_USAGE, "%s: a figure needs a panel", path);
    AZ_TRY(split_path(&files, path, error));
    AZ_TRY(collect(&columns, figure, error));
    struct az_script_names names = {files.picture, files.data, files.format};
    AZ_TRY(az_script_write(figure, &names, &columns, &script, error));
    AZ_TRY(write_data(files.data_path, &columns, error));
    AZ_TRY(az_file_write(files.script_path, script, strlen(script), error));
    AZ_TRY(draw(&files, path, error));
out:
    az_memory_free(script);
    az_memory_free(columns.list);
    return status;
}
