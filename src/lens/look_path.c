#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lens/look.h"

#define DECELERATED_SHARE 0.01 /* of the fastest growth */

static int compare_f64(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- tokens ---- */

static void net_of_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_look *look = context;
    const struct az_kinematics *kinematics = look->lens->kinematics;
    size_t dims = look->dims;
    for (int64_t row = (int64_t)chunk * AZ_LOOK_CHUNK_ROWS;
         row < az_look_end_row(look, (int64_t)chunk); row++) {
        struct az_token_path *path = &kinematics->tokens[row];
        const struct az_bf16 *start = look->start + (size_t)row * dims;
        const struct az_bf16 *end = az_look_row(look, look->block.moves, row);
        int home = (int)az_token_sets_home(&look->sets, look->sets.classes[row]);
        struct az_row_motion motion;
        look->rows.motion(start, end, dims, &motion);
        path->net_w = sqrt(motion.displacement_squared);
        path->peculiar_net_w = sqrt(
            look->rows.peculiar_squared(start, end, look->set_drifts + (size_t)home * dims, dims));
        int64_t motions = look->lens->lifecycle->tokens[row].moving_steps;
        path->radial_share = motions ? path->radial_share / (double)motions : NAN;
    }
}

/* ---- sets ---- */

/* The centroid's way from the first frame to the last, into the first place of set_drifts. */
static void centroid_path(struct az_look *look, int set)
{
    struct az_kinematics *kinematics = look->lens->kinematics;
    struct az_set_path *path = &kinematics->sets[set];
    size_t dims = look->dims, moves = (size_t)look->subject->moves;
    const double *first = kinematics->centroids[set], *last = first + moves * dims;
    double *net = look->set_drifts + (size_t)set * dims, squares = 0, totals = 0;
    for (size_t d = 0; d < dims; d++) {
        net[d] = last[d] - first[d];
        squares += net[d] * net[d];
    }
    for (size_t n = 1; n <= moves; n++) {
        const struct az_kinematics_frame *frame = &kinematics->frames[set][n];
        double apart = fabs(frame->total_w2 - frame->bulk_w2 - frame->thermal_w2);
        path->centroid_path_w += frame->centroid_speed_w;
        totals += frame->total_w2;
        if (frame->total_w2 > 0)
            path->identity_error = fmax(path->identity_error, apart / frame->total_w2);
    }
    path->centroid_net_w = sqrt(squares);
    path->centroid_efficiency = path->centroid_net_w / path->centroid_path_w;
    path->walk_null_w = sqrt(totals / (double)look->sets.counts[set]);
    path->walk_ratio = path->centroid_net_w / path->walk_null_w;
}

/* Inhale: to the least radius; sneeze: from there to the fastest growth; deceleration: to the first
 * step whose growth is below a hundredth of it. */
static void find_epochs(struct az_look *look, int set)
{
    const struct az_kinematics_frame *frames = look->lens->kinematics->frames[set];
    struct az_set_path *path = &look->lens->kinematics->sets[set];
    const int64_t *steps = look->subject->steps;
    int64_t moves = look->subject->moves, least = 0, fastest = -1;
    double peak = 0;
    for (int64_t n = 1; n <= moves; n++)
        if (frames[n].origin_radius_w < frames[least].origin_radius_w) least = n;
    path->inhale_end_step = steps[least];
    path->sneeze_end_step = path->deceleration_end_step = -1;
    for (int64_t n = least + 1; n <= moves; n++) {
        double rate = (frames[n].origin_radius_w - frames[n - 1].origin_radius_w) /
                      (double)(steps[n] - steps[n - 1]);
        if (rate <= peak) continue;
        peak = rate;
        fastest = n;
    }
    if (fastest < 0) return;
    path->sneeze_end_step = steps[fastest];
    for (int64_t n = fastest + 1; n <= moves && path->deceleration_end_step < 0; n++) {
        double rate = (frames[n].origin_radius_w - frames[n - 1].origin_radius_w) /
                      (double)(steps[n] - steps[n - 1]);
        if (rate < DECELERATED_SHARE * peak) path->deceleration_end_step = steps[n];
    }
}

/* The median over the tokens that moved. */
static void token_walks(struct az_look *look, int set, double *ratios)
{
    const struct az_kinematics *kinematics = look->lens->kinematics;
    int64_t count = 0;
    for (int64_t row = 0; row < look->sets.rows; row++) {
        const struct az_token_path *path = &kinematics->tokens[row];
        if ((look->sets.members[set] >> look->sets.classes[row] & 1) && path->squares_w2 > 0)
            ratios[count++] = path->net_w / sqrt(path->squares_w2);
    }
    qsort(ratios, (size_t)count, sizeof *ratios, compare_f64);
    look->lens->kinematics->sets[set].token_walk_ratio = count ? ratios[(count - 1) / 2] : NAN;
}

enum az_status az_look_finish_paths(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double *ratios = NULL;
    AZ_TRY(
        az_memory_allocate(&ratios, (size_t)look->sets.rows, sizeof *ratios, "the paths", error));
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        centroid_path(look, set);
        find_epochs(look, set);
    }
    az_pool_run(look->pool, net_of_chunk, look, (size_t)look->chunks);
    for (int set = 0; set < AZ_LENS_SETS; set++)
        if (look->sets.present[set]) token_walks(look, set, ratios);
out:
    az_memory_free(ratios);
    return status;
}
