#include <math.h>
#include <string.h>

#include "lens/look.h"

/* One chunk of rows at one frame, about the centroid of one set. */
static void cloud_of_set(struct az_look *look, int64_t frame, int64_t chunk, int set)
{
    const struct az_kinematics *kinematics = look->lens->kinematics;
    size_t dims = look->dims;
    const double *centroid =
        kinematics->centroids[set] + (size_t)(look->block.number + frame) * dims;
    const double *drift = look->set_drifts + (size_t)(frame * AZ_LENS_SETS + set) * dims;
    double bulk = frame ? kinematics->frames[set][look->block.number + frame].bulk_w2 : 0;
    double bulk_root = sqrt(bulk);
    struct az_look_cloud *cloud =
        &look->clouds[az_look_slot(look, frame, chunk, set, AZ_LENS_SETS)];
    *cloud = (struct az_look_cloud){0};
    for (int64_t row = chunk * AZ_LOOK_CHUNK_ROWS; row < az_look_end_row(look, chunk); row++) {
        int number = look->sets.classes[row];
        if (!(look->sets.members[set] >> number & 1)) continue;
        const struct az_bf16 *now = az_look_row(look, frame, row);
        double squared = look->rows.distance_squared(now, centroid, dims), radius = sqrt(squared);
        cloud->radii += radius;
        cloud->squared_radii += squared;
        if (radius > cloud->most) cloud->most = radius;
        if (frame == 0) continue;
        bool moved = look->squares[(frame - 1) * look->sets.rows + row] > 0;
        double thermal =
            moved ? look->rows.peculiar_squared(az_look_row(look, frame - 1, row), now, drift, dims)
                  : bulk;
        cloud->thermal += thermal;
        if ((int)az_token_sets_home(&look->sets, number) == set)
            kinematics->tokens[row].peculiar_path_w += moved ? sqrt(thermal) : bulk_root;
    }
}

static void cloud_of_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_look *look = context;
    for (int64_t frame = look->from; frame <= look->block.moves; frame++)
        for (int set = 0; set < AZ_LENS_SETS; set++)
            if (look->sets.present[set]) cloud_of_set(look, frame, (int64_t)chunk, set);
}

/* Sums of the chunks, in order. */
static void sum_cloud(struct az_look *look, int64_t frame, int set)
{
    struct az_look_cloud all = {0};
    struct az_kinematics_frame *to =
        &look->lens->kinematics->frames[set][look->block.number + frame];
    double count = (double)look->sets.counts[set];
    for (int64_t chunk = 0; chunk < look->chunks; chunk++) {
        const struct az_look_cloud *part =
            &look->clouds[az_look_slot(look, frame, chunk, set, AZ_LENS_SETS)];
        all.radii += part->radii;
        all.squared_radii += part->squared_radii;
        all.thermal += part->thermal;
        if (part->most > all.most) all.most = part->most;
    }
    to->cloud_radius_w = all.radii / count;
    double variance = all.squared_radii / count - to->cloud_radius_w * to->cloud_radius_w;
    to->cloud_radius_sd_w = sqrt(fmax(variance, 0));
    to->cloud_radius_most_w = all.most;
    if (frame) to->thermal_w2 = all.thermal / count;
}

/* The cosine between neighbouring drifts. */
static void turn(struct az_look *look, int64_t frame, int set)
{
    struct az_kinematics_frame *to =
        &look->lens->kinematics->frames[set][look->block.number + frame];
    size_t dims = look->dims;
    const double *drift = look->set_drifts + (size_t)(frame * AZ_LENS_SETS + set) * dims;
    double *last = look->last_drift + (size_t)set * dims;
    double product = 0, squares = 0, last_squares = 0;
    for (size_t d = 0; d < dims; d++) {
        product += drift[d] * last[d];
        squares += drift[d] * drift[d];
        last_squares += last[d] * last[d];
    }
    double lengths = sqrt(squares) * sqrt(last_squares);
    to->centroid_turn = frame && lengths > 0 ? product / lengths : NAN;
    if (frame) memcpy(last, drift, dims * sizeof *last);
}

void az_look_cloud(struct az_look *look)
{
    az_pool_run(look->pool, cloud_of_chunk, look, (size_t)look->chunks);
    for (int64_t frame = look->from; frame <= look->block.moves; frame++) {
        for (int set = 0; set < AZ_LENS_SETS; set++) {
            if (!look->sets.present[set]) continue;
            sum_cloud(look, frame, set);
            turn(look, frame, set);
        }
    }
}
