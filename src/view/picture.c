#include "view/picture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "store/file.h"
#include "view/gnuplot.h"
#include "view/png.h"

#define PICTURE_LIMIT_BYTES ((size_t)1 << 30)

enum az_status az_picture_name(struct az_picture_files *files, const char *path,
                               struct az_error *error)
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
    snprintf(files->raster, sizeof files->raster, "%.*s.raster.png", stem, name);
    snprintf(files->drawing, sizeof files->drawing, "%s.drawing", name);
    AZ_TRY(az_path_join(files->data_path, AZ_PICTURE_PATH_BYTES, files->directory, files->data,
                        error));
    AZ_TRY(az_path_join(files->script_path, AZ_PICTURE_PATH_BYTES, files->directory, files->script,
                        error));
    AZ_TRY(az_path_join(files->raster_path, AZ_PICTURE_PATH_BYTES, files->directory, files->raster,
                        error));
    AZ_TRY(az_path_join(files->drawing_path, AZ_PICTURE_PATH_BYTES, files->directory,
                        files->drawing, error));
out:
    return status;
}

enum az_status az_picture_draw(const struct az_picture_files *files, const char *path,
                               const char *script, double dots_per_inch, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *bytes = NULL, *stamped = NULL;
    size_t length_bytes = 0;
    AZ_TRY(az_file_write(files->script_path, script, strlen(script), error));
    AZ_TRY(az_gnuplot_run(files->directory, files->script, files->drawing, error));
    AZ_TRY(az_file_read(files->drawing_path, PICTURE_LIMIT_BYTES, &bytes, &length_bytes, error));
    if (length_bytes == 0) AZ_RAISE(AZ_IO, "gnuplot drew an empty file for %s", path);
    if (files->format == AZ_PICTURE_PNG) {
        AZ_TRY(az_png_stamp(bytes, length_bytes, dots_per_inch, &stamped, &length_bytes, error));
        AZ_TRY(az_file_write(path, stamped, length_bytes, error));
    } else
        AZ_TRY(az_file_write(path, bytes, length_bytes, error));
out:
    az_memory_free(bytes);
    az_memory_free(stamped);
    unlink(files->drawing_path);
    return status;
}
