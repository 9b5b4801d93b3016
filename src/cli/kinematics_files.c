#include <stdio.h>
#include <string.h>

#include "azimuth/safetensors.h"
#include "base/memory.h"
#include "cli/kinematics_report.h"
#include "store/csv.h"

enum az_status az_kinematics_csv(const struct az_lens *lens, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,step,tokens,centroid_norm_w,origin_radius_w,cloud_radius_w,"
                         "cloud_radius_sd_w,cloud_radius_most_w,centroid_speed_w,centroid_turn,"
                         "total_w2,bulk_w2,thermal_w2,movers_bulk_w2,movers_thermal_w2,"
                         "radial_share,radial_size_share,movers_radial_w2,movers_tangential_w2,"
                         "participation_tokens,movers,outward,inward",
                         error));
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        for (int64_t n = 0; lens->subject.present[set] && n <= lens->subject.moves; n++) {
            const struct az_kinematics_frame *f = &lens->kinematics->frames[set][n];
            const double values[] = {f->centroid_norm_w,
                                     f->origin_radius_w,
                                     f->cloud_radius_w,
                                     f->cloud_radius_sd_w,
                                     f->cloud_radius_most_w,
                                     f->centroid_speed_w,
                                     f->centroid_turn,
                                     f->total_w2,
                                     f->bulk_w2,
                                     f->thermal_w2,
                                     f->movers_bulk_w2,
                                     f->movers_thermal_w2,
                                     f->radial_share,
                                     f->radial_size_share,
                                     f->movers_radial_w2,
                                     f->movers_tangential_w2,
                                     f->participation_tokens};
            az_csv_text(csv, az_lens_set_title(lens, set));
            az_csv_integer(csv, lens->subject.steps[n]);
            az_csv_integer(csv, lens->subject.counts[set]);
            for (size_t k = 0; k < sizeof values / sizeof *values; k++)
                az_csv_known(csv, values[k]);
            az_csv_integer(csv, f->movers);
            az_csv_integer(csv, f->outward);
            az_csv_integer(csv, f->inward);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_kinematics_tokens_csv(const struct az_lens *lens, enum az_lens_set set,
                                        const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "token,net_w,path_w,efficiency,peculiar_net_w,peculiar_path_w,"
                         "squares_w2,outward_steps,inward_steps,radial_share",
                         error));
    for (int64_t row = 0; row < lens->subject.rows; row++) {
        const struct az_token_path *token = &lens->kinematics->tokens[row];
        if (!(lens->subject.sets[row] >> set & 1)) continue;
        az_csv_integer(csv, lens->subject.tokens[row]);
        az_csv_f64(csv, token->net_w);
        az_csv_f64(csv, token->path_w);
        az_csv_known(csv, token->net_w / token->path_w);
        az_csv_f64(csv, token->peculiar_net_w);
        az_csv_f64(csv, token->peculiar_path_w);
        az_csv_f64(csv, token->squares_w2);
        az_csv_integer(csv, token->outward_steps);
        az_csv_integer(csv, token->inward_steps);
        az_csv_known(csv, token->radial_share);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_kinematics_velocity_csv(const struct az_lens *lens, const char *path,
                                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,starts_in_steps,lag_frames,pairs,products_ratio,mean_cosine", error));
    for (int n = 0; n < AZ_LENS_SETS * AZ_LENS_WINDOWS * AZ_VELOCITY_LAGS; n++) {
        int window = n / AZ_VELOCITY_LAGS % AZ_LENS_WINDOWS;
        enum az_lens_set set = (enum az_lens_set)(n / AZ_VELOCITY_LAGS / AZ_LENS_WINDOWS);
        const struct az_velocity_lag *lag =
            &lens->kinematics->sets[set].velocity[window][n % AZ_VELOCITY_LAGS];
        char text[64];
        if (!lens->subject.present[set] || !az_lens_window_text(lens, window, text, sizeof text))
            continue;
        az_csv_text(csv, az_lens_set_title(lens, set));
        az_csv_text(csv, text);
        az_csv_integer(csv, lag->lag_frames);
        az_csv_integer(csv, lag->pairs);
        az_csv_known(csv, lag->products_ratio);
        az_csv_known(csv, lag->mean_cosine);
        AZ_TRY(az_csv_end(csv, error));
    }
out:
    return az_csv_finish(csv, status, error);
}

enum az_status az_kinematics_shape_csv(const struct az_lens *lens, const char *path,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_csv *csv = NULL;
    AZ_TRY(az_csv_create(&csv, path, AZ_CSV_WHOLE,
                         "set,step,trace_w2,largest_share,participation_dims,eccentricity", error));
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        for (int64_t n = 0; lens->subject.present[set] && n < lens->kinematics->shape_count; n++) {
            const struct az_cloud_shape *shape = &lens->kinematics->shapes[set][n];
            az_csv_text(csv, az_lens_set_title(lens, set));
            az_csv_integer(csv, shape->step);
            az_csv_f64(csv, shape->trace_w2);
            az_csv_known(csv, shape->largest_share);
            az_csv_known(csv, shape->participation_dims);
            az_csv_known(csv, shape->eccentricity);
            AZ_TRY(az_csv_end(csv, error));
        }
    }
out:
    return az_csv_finish(csv, status, error);
}

/* ---- safetensors ---- */

#define MOST_TENSORS (3 + 2 * AZ_LENS_SETS)

static void add(struct az_tensor *tensors, size_t *count, const char *name, enum az_dtype dtype,
                int64_t first, int64_t second, const void *data)
{
    struct az_tensor *tensor = &tensors[(*count)++];
    *tensor = (struct az_tensor){
        .dtype = dtype, .rank = second ? 2 : 1, .shape = {first, second}, .data = data};
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
}

enum az_status az_kinematics_arrays(const struct az_lens *lens, const char *path,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor tensors[MOST_TENSORS];
    const struct az_lens_subject *subject = &lens->subject;
    const struct az_kinematics *kinematics = lens->kinematics;
    const char *metadata[] = {"format", "azimuth-kinematics-1", "matrix", subject->matrix, NULL};
    size_t count = 0, shapes = (size_t)kinematics->shape_count;
    int64_t *shape_steps = NULL;
    AZ_TRY(az_memory_allocate(&shape_steps, shapes, sizeof *shape_steps, "arrays", error));
    add(tensors, &count, "steps", AZ_DTYPE_I64, subject->moves + 1, 0, subject->steps);
    add(tensors, &count, "token_ids", AZ_DTYPE_I64, subject->rows, 0, subject->tokens);
    for (enum az_lens_set set = 0; set < AZ_LENS_SETS; set++) {
        char name[64];
        if (!subject->present[set]) continue;
        snprintf(name, sizeof name, "centroid_%s", az_lens_set_name(set));
        add(tensors, &count, name, AZ_DTYPE_F64, subject->moves + 1, subject->dims,
            kinematics->centroids[set]);
        snprintf(name, sizeof name, "spectrum_%s", az_lens_set_name(set));
        for (size_t n = 0; n < shapes; n++) shape_steps[n] = kinematics->shapes[set][n].step;
        if (shapes)
            add(tensors, &count, name, AZ_DTYPE_F64, kinematics->shape_count, subject->dims,
                kinematics->spectra[set]);
    }
    if (shapes)
        add(tensors, &count, "spectrum_steps", AZ_DTYPE_I64, kinematics->shape_count, 0,
            shape_steps);
    AZ_TRY(az_safetensors_save(path, tensors, count, metadata, error));
out:
    az_memory_free(shape_steps);
    return status;
}
