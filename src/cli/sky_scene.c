#include "cli/sky_scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/unit.h"
#include "config/number.h"
#include "store/file.h"
#include "view/colormap.h"

#define FRAME_COMPONENTS 10 /* at least: the same that `azimuth frame --leading 10` keeps */

static const char *const colors[AZ_SCENE_OVERLAYS] = {"#ff4500", "#4fb3ff", "#ffd700",
                                                      "#7cfc00", "#ff69b4", "#00e5ee"};

enum az_status az_scene_real(const struct az_arguments *arguments, const char *name, double *value,
                             struct az_error *error)
{
    const char *given = az_arguments_value(arguments, name);
    if (!given || az_number_parse(given, value)) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "%s %.60s: expected a number", name, given);
}

static enum az_status parse_axes(const char *text, int axes[3], struct az_error *error)
{
    char end;
    if (!text || sscanf(text, "%d,%d,%d%c", &axes[0], &axes[1], &axes[2], &end) == 3) return AZ_OK;
    return az_error_raise(error, AZ_USAGE, "--axes %.60s: expected three components such as 2,1,3",
                          text);
}

/* ---- overlays ---- */

/* "FILE:NAME": opens the file, which stays open with its tensor. */
static enum az_status open_named(const char *option, const char *text, struct az_safetensors **file,
                                 const struct az_tensor **tensor, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_SCENE_PATH_BYTES];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof path)
        AZ_RAISE(AZ_USAGE, "%s %.100s: expected FILE:NAME", option, text);
    snprintf(path, sizeof path, "%.*s", (int)(colon - text), text);
    AZ_TRY(az_safetensors_open(file, path, error));
    AZ_TRY(az_safetensors_require(*file, colon + 1, tensor, error));
out:
    return status;
}

static int64_t element(const struct az_tensor *tensor, int64_t index)
{
    const unsigned char *at = tensor->data;
    int32_t narrow;
    int64_t wide;
    if (tensor->dtype == AZ_DTYPE_I32) {
        memcpy(&narrow, at + 4 * index, 4);
        return narrow;
    }
    memcpy(&wide, at + 8 * index, 8);
    return wide;
}

static enum az_status fill_overlay(struct az_scene_overlay *overlay, const struct az_tensor *tensor,
                                   int64_t rows, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool mask = tensor->dtype == AZ_DTYPE_BOOL || tensor->dtype == AZ_DTYPE_U8;
    bool list = tensor->dtype == AZ_DTYPE_I32 || tensor->dtype == AZ_DTYPE_I64;
    int64_t count = tensor->rank == 1 ? tensor->shape[0] : -1;
    if (count < 0 || !(mask || list) || (mask && count != rows))
        AZ_RAISE(AZ_FORMAT,
                 "overlay \"%s\": expected a mask over %lld rows (BOOL, U8) or a list of rows "
                 "(I32, I64)",
                 tensor->name, (long long)rows);
    for (int64_t i = 0; i < count; i++) {
        int64_t row = mask ? i : element(tensor, i);
        if (row < 0 || row >= rows)
            AZ_RAISE(AZ_FORMAT, "overlay \"%s\": row %lld is not among %lld", tensor->name,
                     (long long)row, (long long)rows);
        if (!mask || ((const unsigned char *)tensor->data)[i]) overlay->use[row] = 1;
    }
    for (int64_t row = 0; row < rows; row++) overlay->count += overlay->use[row];
out:
    return status;
}

static enum az_status read_overlay(struct az_scene *scene, const char *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    const struct az_tensor *tensor;
    if (scene->overlay_count == AZ_SCENE_OVERLAYS)
        AZ_RAISE(AZ_USAGE, "at most %d overlays", AZ_SCENE_OVERLAYS);
    struct az_scene_overlay *overlay = &scene->overlays[scene->overlay_count];
    AZ_TRY(open_named("--overlay", text, &file, &tensor, error));
    AZ_TRY(az_memory_allocate(&overlay->use, (size_t)scene->matrix->rows, 1, "an overlay", error));
    scene->overlay_count++;
    snprintf(overlay->name, sizeof overlay->name, "%.100s", tensor->name);
    overlay->color = colors[scene->overlay_count - 1];
    AZ_TRY(fill_overlay(overlay, tensor, scene->matrix->rows, error));
out:
    az_safetensors_close(file);
    return status;
}

/* ---- a number for each row ---- */

static double number_at(const struct az_tensor *tensor, int64_t index)
{
    const unsigned char *at = tensor->data;
    float narrow;
    double wide;
    switch (tensor->dtype) {
    case AZ_DTYPE_F32: memcpy(&narrow, at + 4 * index, 4); return (double)narrow;
    case AZ_DTYPE_F64: memcpy(&wide, at + 8 * index, 8); return wide;
    case AZ_DTYPE_BOOL:
    case AZ_DTYPE_U8: return at[index];
    default: return (double)element(tensor, index);
    }
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The colours span the middle 98 % of the numbers. */
static enum az_status find_levels(struct az_scene *scene, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = 0;
    double *sorted = NULL;
    AZ_TRY(
        az_memory_allocate(&sorted, (size_t)scene->matrix->rows, sizeof *sorted, "levels", error));
    for (int64_t row = 0; row < scene->matrix->rows; row++)
        if (isfinite(scene->level[row])) sorted[count++] = scene->level[row];
    if (!count) AZ_RAISE(AZ_USAGE, "--level \"%s\" has no finite number", scene->level_name);
    qsort(sorted, count, sizeof *sorted, ascending);
    scene->level_min = sorted[(count - 1) / 100];
    scene->level_max = sorted[(count - 1) - (count - 1) / 100];
    if (!(scene->level_max > scene->level_min)) scene->level_max = scene->level_min + 1;
out:
    az_memory_free(sorted);
    return status;
}

static enum az_status read_level(struct az_scene *scene, const char *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    const struct az_tensor *tensor;
    int64_t rows = scene->matrix->rows;
    AZ_TRY(open_named("--level", text, &file, &tensor, error));
    bool number = tensor->dtype == AZ_DTYPE_F32 || tensor->dtype == AZ_DTYPE_F64 ||
                  tensor->dtype == AZ_DTYPE_I32 || tensor->dtype == AZ_DTYPE_I64 ||
                  tensor->dtype == AZ_DTYPE_U8 || tensor->dtype == AZ_DTYPE_BOOL;
    int64_t stride = tensor->rank == 2 ? tensor->shape[1] : 1;
    if (!number || tensor->rank < 1 || tensor->rank > 2 || tensor->shape[0] != rows || stride < 1)
        AZ_RAISE(AZ_FORMAT,
                 "--level \"%s\": expected a number for each of %lld rows (F32, F64, I32, I64, U8 "
                 "or BOOL); of several columns the first counts",
                 tensor->name, (long long)rows);
    AZ_TRY(az_memory_allocate(&scene->level, (size_t)rows, sizeof(double), "levels", error));
    for (int64_t row = 0; row < rows; row++) scene->level[row] = number_at(tensor, row * stride);
    snprintf(scene->level_name, sizeof scene->level_name, "%.60s%s", tensor->name,
             tensor->rank == 2 ? ", first column" : "");
    AZ_TRY(find_levels(scene, error));
out:
    az_safetensors_close(file);
    return status;
}

void az_scene_color(const struct az_scene *scene, struct az_chart *chart)
{
    if (!scene->level) return;
    chart->bar_label = scene->level_name;
    /* Beyond the last level: the end of most colormaps is as black as the paper or white. */
    chart->level_min = scene->level_min;
    chart->level_max = scene->level_max + 0.25 * (scene->level_max - scene->level_min);
    if (!chart->colormap) chart->colormap = "inferno_r";
}

/* ---- axes that are no components ---- */

static enum az_status read_basis(struct az_scene *scene, const char *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_safetensors *file = NULL;
    const struct az_tensor *tensor;
    int64_t dims = scene->matrix->dims;
    AZ_TRY(open_named("--basis", text, &file, &tensor, error));
    if ((tensor->dtype != AZ_DTYPE_F32 && tensor->dtype != AZ_DTYPE_F64) || tensor->rank != 2 ||
        tensor->shape[0] != 3 || tensor->shape[1] != dims)
        AZ_RAISE(AZ_FORMAT,
                 "--basis \"%s\": expected north, meridian and equinox as 3 x %lld numbers (F32, "
                 "F64)",
                 tensor->name, (long long)dims);
    AZ_TRY(az_memory_allocate(&scene->basis, 3 * (size_t)dims, sizeof(double), "axes", error));
    for (int64_t i = 0; i < 3 * dims; i++) {
        scene->basis[i] = number_at(tensor, i);
        if (!isfinite(scene->basis[i]))
            AZ_RAISE(AZ_FORMAT, "--basis \"%s\" holds a NaN or an infinity", tensor->name);
    }
    scene->plan.basis = scene->basis;
    snprintf(scene->basis_name, sizeof scene->basis_name, "%.60s", tensor->name);
out:
    az_safetensors_close(file);
    return status;
}

/* ---- viewpoint ---- */

static enum az_status mean_of_overlay(struct az_scene *scene, struct az_error *error)
{
    enum az_status status = AZ_OK;
    float *row = NULL;
    int64_t dims = scene->matrix->dims, used = 0;
    if (!scene->overlay_count || !scene->overlays[0].count)
        AZ_RAISE(AZ_USAGE, "--from overlay needs an --overlay that holds a row");
    AZ_TRY(az_memory_allocate(&row, (size_t)dims, sizeof *row, "a row", error));
    for (int64_t i = 0; i < scene->matrix->rows; i++) {
        if (!scene->overlays[0].use[i]) continue;
        az_matrix_row_f32(scene->matrix, i, row);
        used++;
        for (int64_t d = 0; d < dims; d++) scene->viewpoint[d] += (double)row[d];
    }
    for (int64_t d = 0; d < dims; d++) scene->viewpoint[d] /= (double)used;
out:
    az_memory_free(row);
    return status;
}

static enum az_status take_row(struct az_scene *scene, const char *text, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t row;
    float *values = NULL;
    size_t dims = (size_t)scene->matrix->dims;
    if (!az_number_parse_integer(text, &row) || row < 0 || row >= scene->matrix->rows)
        AZ_RAISE(AZ_USAGE, "--from %.60s: expected origin, mean, overlay or a row 0 to %lld", text,
                 (long long)scene->matrix->rows - 1);
    AZ_TRY(az_memory_allocate(&values, dims, sizeof *values, "a row", error));
    az_matrix_row_f32(scene->matrix, row, values);
    for (size_t d = 0; d < dims; d++) scene->viewpoint[d] = (double)values[d];
out:
    az_memory_free(values);
    return status;
}

static enum az_status find_viewpoint(struct az_scene *scene, const char *from,
                                     struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (!from) from = scene->plan.causal ? "mean" : "origin";
    if (scene->plan.causal && strcmp(from, "mean") != 0)
        AZ_RAISE(AZ_USAGE, "the causal metric is about the mean: --from mean");
    int axes[3] = {2, 1, 3};
    for (int n = 0; n < 3 && scene->plan.axes[0]; n++) axes[n] = scene->plan.axes[n];
    const char *row = strspn(from, "0123456789") == strlen(from) ? "row " : "";
    if (scene->basis)
        snprintf(scene->description, sizeof scene->description, "from %s%.40s, axes of %s", row,
                 from, scene->basis_name);
    else
        snprintf(scene->description, sizeof scene->description,
                 "from %s%.40s, north PC%d, meridian PC%d, equinox PC%d%s", row, from, axes[0],
                 axes[1], axes[2], scene->plan.causal ? ", causal metric" : "");
    if (strcmp(from, "origin") == 0) return AZ_OK;
    AZ_TRY(az_memory_allocate(&scene->viewpoint, (size_t)scene->matrix->dims, sizeof(double),
                              "a viewpoint", error));
    scene->plan.viewpoint = scene->viewpoint;
    if (strcmp(from, "mean") == 0)
        memcpy(scene->viewpoint, scene->frame->mean, (size_t)scene->matrix->dims * sizeof(double));
    else
        AZ_TRY((strcmp(from, "overlay") == 0 ? mean_of_overlay(scene, error)
                                             : take_row(scene, from, error)));
out:
    return status;
}

static enum az_status read_options(struct az_scene *scene, const struct az_arguments *arguments,
                                   int *threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *directory = az_arguments_value(arguments, "--output");
    const struct az_colormap *map;
    scene->directory = directory ? directory : "sky";
    scene->colormap = az_arguments_value(arguments, "--colormap");
    scene->plan.causal = az_arguments_has(arguments, "--causal");
    scene->plan.ridge = 1e-6;
    scene->dots_per_inch = 200;
    scene->star_points = 1.2;
    scene->alpha = 0.5;
    AZ_TRY(az_colormap_find(scene->colormap, &map, error));
    AZ_TRY(az_arguments_threads(arguments, threads, error));
    AZ_TRY(parse_axes(az_arguments_value(arguments, "--axes"), scene->plan.axes, error));
    AZ_TRY(az_scene_real(arguments, "--ridge", &scene->plan.ridge, error));
    AZ_TRY(az_scene_real(arguments, "--dpi", &scene->dots_per_inch, error));
    AZ_TRY(az_scene_real(arguments, "--star", &scene->star_points, error));
    AZ_TRY(az_scene_real(arguments, "--alpha", &scene->alpha, error));
    if (scene->dots_per_inch < 10 || scene->dots_per_inch > 1200 || scene->star_points <= 0 ||
        scene->alpha <= 0 || scene->alpha > 1)
        AZ_RAISE(AZ_USAGE, "--dpi is 10 to 1200, --star above 0, --alpha above 0 and at most 1");
out:
    return status;
}

enum az_status az_scene_open(struct az_scene *scene, const struct az_arguments *arguments,
                             struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_frame_plan plan = {.leading = FRAME_COMPONENTS,
                                 .cache = az_arguments_value(arguments, "--cache")};
    const char *overlay;
    size_t cursor = 0;
    int threads;
    *scene = (struct az_scene){0};
    AZ_TRY(read_options(scene, arguments, &threads, error));
    AZ_TRY(az_pool_create(&scene->pool, threads, error));
    AZ_TRY(az_matrix_open(&scene->matrix, arguments->operands[0], error));
    while ((overlay = az_arguments_next(arguments, "--overlay", &cursor)))
        AZ_TRY(read_overlay(scene, overlay, error));
    const char *level = az_arguments_value(arguments, "--level");
    const char *basis = az_arguments_value(arguments, "--basis");
    if (basis) AZ_TRY(read_basis(scene, basis, error));
    if (level) AZ_TRY(read_level(scene, level, error));
    for (int n = 0; n < 3; n++) {
        int axis = scene->plan.axes[n] < 0 ? -scene->plan.axes[n] : scene->plan.axes[n];
        if (axis > plan.leading) plan.leading = axis;
    }
    AZ_TRY(az_frame_find(&scene->frame, scene->matrix, &plan, scene->pool, progress, error));
    AZ_TRY(find_viewpoint(scene, az_arguments_value(arguments, "--from"), error));
    AZ_TRY(az_sky_project(&scene->sky, scene->matrix, scene->frame, &scene->plan, scene->pool,
                          progress, error));
    AZ_TRY(az_directory_create(scene->directory, error));
out:
    return status;
}

void az_scene_close(struct az_scene *scene)
{
    for (size_t n = 0; n < scene->overlay_count; n++) az_memory_free(scene->overlays[n].use);
    az_memory_free(scene->viewpoint);
    az_memory_free(scene->level);
    az_memory_free(scene->basis);
    az_sky_free(scene->sky);
    az_frame_free(scene->frame);
    az_matrix_close(scene->matrix);
    az_pool_free(scene->pool);
}

/* ---- what is seen ---- */

static void print_spread(const char *name, const double *values, int64_t count)
{
    double least = INFINITY, most = -INFINITY, sum = 0, squares = 0, n = 0;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(values[i])) continue;
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
        sum += values[i];
        n++;
    }
    for (int64_t i = 0; i < count; i++)
        if (!isnan(values[i])) squares += (values[i] - sum / n) * (values[i] - sum / n);
    printf("  %-10s %11.6g to %11.6g   mean %11.6g   deviation %11.6g\n", name, least, most,
           sum / n, sqrt(squares / n));
}

void az_scene_print(const struct az_scene *scene)
{
    char rows[AZ_UNIT_TEXT_BYTES];
    az_unit_count((uint64_t)(scene->sky->rows - scene->sky->not_finite), rows);
    printf("%s stars %s\n", rows, scene->description);
    print_spread("latitude", scene->sky->latitude, scene->sky->rows);
    print_spread("longitude", scene->sky->longitude, scene->sky->rows);
    print_spread("r", scene->sky->r, scene->sky->rows);
    for (size_t n = 0; n < scene->overlay_count; n++) {
        double latitude, longitude;
        printf("  %s: %lld rows", scene->overlays[n].name, (long long)scene->overlays[n].count);
        if (az_sky_mean_direction(scene->sky, scene->overlays[n].use, &latitude, &longitude))
            printf(", mean direction %.6f, %.6f", latitude, longitude);
        printf("\n");
    }
}

enum az_status az_scene_path(const struct az_scene *scene, const char *name,
                             char path[AZ_SCENE_PATH_BYTES], struct az_error *error)
{
    return az_path_join(path, AZ_SCENE_PATH_BYTES, scene->directory, name, error);
}

enum az_status az_scene_save(const struct az_scene *scene, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_SCENE_PATH_BYTES], hash[AZ_HASH_TEXT_BYTES];
    float *values = NULL;
    size_t rows = (size_t)scene->sky->rows;
    const double *from[] = {scene->sky->latitude, scene->sky->longitude, scene->sky->r,
                            scene->sky->x,        scene->sky->y,         scene->sky->z};
    static const char *const names[] = {"latitude", "longitude", "r", "x", "y", "z"};
    struct az_tensor tensors[6];
    memset(tensors, 0, sizeof tensors);
    az_hash_text(scene->frame->matrix_hash, hash);
    const char *metadata[] = {
        "format", "azimuth sky 1", "frame", scene->description, "matrix_hash", hash, NULL};
    AZ_TRY(az_memory_allocate(&values, 6 * rows, sizeof *values, "coordinates", error));
    for (size_t n = 0; n < 6; n++) {
        for (size_t i = 0; i < rows; i++) values[n * rows + i] = (float)from[n][i];
        snprintf(tensors[n].name, sizeof tensors[n].name, "%s", names[n]);
        tensors[n].dtype = AZ_DTYPE_F32;
        tensors[n].rank = 1;
        tensors[n].shape[0] = scene->sky->rows;
        tensors[n].data = values + n * rows;
    }
    AZ_TRY(az_scene_path(scene, "sky.safetensors", path, error));
    AZ_TRY(az_safetensors_save(path, tensors, 6, metadata, error));
out:
    az_memory_free(values);
    return status;
}

/* ---- layers ---- */

/* The overlay that draws a row, the last that holds it; 0: none. */
static size_t overlay_of(const struct az_scene *scene, int64_t row)
{
    for (size_t n = scene->overlay_count; n > 0; n--)
        if (scene->overlays[n - 1].use[row]) return n;
    return 0;
}

enum az_status az_layers_make(struct az_layers *layers, const struct az_scene *scene,
                              const double *u, const double *v, const double *sizes,
                              const double *level, const unsigned char *keep,
                              struct az_error *error)
{
    size_t rows = (size_t)scene->sky->rows, at = 0;
    if (!level) level = scene->level;
    *layers = (struct az_layers){.count = scene->overlay_count + 1};
    enum az_status status =
        az_memory_allocate(&layers->values, 4 * rows, sizeof(double), "a map", error);
    if (status != AZ_OK) return status;
    double *x = layers->values, *y = x + rows, *size = y + rows, *levels = size + rows;
    for (size_t n = 0; n < layers->count; n++) {
        struct az_chart_stars *stars = &layers->stars[n];
        const struct az_scene_overlay *overlay = n ? &scene->overlays[n - 1] : NULL;
        *stars = (struct az_chart_stars){.x = x + at,
                                         .y = y + at,
                                         .sizes = sizes ? size + at : NULL,
                                         .level = level && !overlay ? levels + at : NULL,
                                         .size_points = scene->star_points * (n ? 1.6 : 1),
                                         .color = overlay             ? overlay->color
                                                  : layers->count > 1 ? "#8c8c8c"
                                                                      : "#ffffff",
                                         .alpha = n ? fmin(1, 1.6 * scene->alpha) : scene->alpha,
                                         .name = overlay ? overlay->name : NULL};
        for (size_t i = 0; i < rows; i++) {
            if ((keep && !keep[i]) || overlay_of(scene, (int64_t)i) != n) continue;
            x[at] = u[i];
            y[at] = v[i];
            size[at] = sizes ? sizes[i] : 0;
            levels[at++] = level ? level[i] : 0;
            stars->count++;
        }
    }
    return AZ_OK;
}

void az_layers_free(struct az_layers *layers) { az_memory_free(layers->values); }
