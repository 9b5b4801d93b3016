#include <math.h>
#include <string.h>

#include "lens/look.h"

static void add_counts(struct az_motion_step *to, const struct az_motion_step *from)
{
    to->movers += from->movers;
    to->l1_cells += from->l1_cells;
    to->hops += from->hops;
    to->down_hops += from->down_hops;
    to->zero_flips += from->zero_flips;
    to->sign_crossings += from->sign_crossings;
    to->binade_crossings += from->binade_crossings;
    to->zeros += from->zeros;
}

static void add_sums(struct az_look_sums *to, const struct az_look_sums *from)
{
    add_counts(&to->motion, &from->motion);
    for (int state = 0; state < AZ_LIVES; state++) to->states[state] += from->states[state];
    to->norms += from->norms;
    to->squares += from->squares;
    to->fourths += from->fourths;
    to->radial += from->radial;
    to->radial_sizes += from->radial_sizes;
    to->radial_squares += from->radial_squares;
    to->outward += from->outward;
    to->inward += from->inward;
}

static double norm_of(const double *values, size_t dims)
{
    double squares = 0;
    for (size_t d = 0; d < dims; d++) squares += values[d] * values[d];
    return sqrt(squares);
}

/* ---- centroids ---- */

/* The mean over the rows of a set: chunks in order, and in each the classes in order. */
static void mean_of(const struct az_look *look, const double *parts, int64_t frame, int set,
                    double *mean)
{
    size_t dims = look->dims;
    memset(mean, 0, dims * sizeof *mean);
    for (int64_t chunk = 0; chunk < look->chunks; chunk++) {
        for (int number = 0; number < AZ_TOKEN_CLASSES; number++) {
            if (!(look->sets.members[set] >> number & 1) || !look->sets.class_rows[number])
                continue;
            size_t slot = az_look_slot(look, frame, chunk, number, AZ_TOKEN_CLASSES);
            look->rows.add_scaled(1, parts + slot * dims, dims, mean);
        }
    }
    for (size_t d = 0; d < dims; d++) mean[d] /= (double)look->sets.counts[set];
}

static void sum_kinematics(struct az_look *look, int64_t frame, int set,
                           const struct az_look_sums *sums)
{
    struct az_kinematics *kinematics = look->lens->kinematics;
    int64_t number = look->block.number + frame;
    struct az_kinematics_frame *to = &kinematics->frames[set][number];
    double *centroid = kinematics->centroids[set] + (size_t)number * look->dims;
    double *drift = look->set_drifts + (size_t)(frame * AZ_LENS_SETS + set) * look->dims;
    double count = (double)look->sets.counts[set], movers = (double)sums->motion.movers;
    mean_of(look, look->positions, frame, set, centroid);
    to->centroid_norm_w = norm_of(centroid, look->dims);
    to->origin_radius_w = sums->norms / count;
    if (frame == 0) {
        to->centroid_speed_w = to->total_w2 = to->bulk_w2 = to->thermal_w2 = NAN;
        to->movers_bulk_w2 = to->movers_thermal_w2 = to->participation_tokens = NAN;
        to->radial_share = to->radial_size_share = NAN;
        to->movers_radial_w2 = to->movers_tangential_w2 = NAN;
        return;
    }
    mean_of(look, look->drifts, frame, set, drift);
    to->centroid_speed_w = norm_of(drift, look->dims);
    to->movers = sums->motion.movers;
    to->outward = sums->outward;
    to->inward = sums->inward;
    to->total_w2 = sums->squares / count;
    to->bulk_w2 = to->centroid_speed_w * to->centroid_speed_w;
    /* The movers' mean is the set's, made longer by count / movers. */
    to->movers_bulk_w2 = movers > 0 ? to->bulk_w2 * (count / movers) * (count / movers) : NAN;
    to->movers_thermal_w2 = fmax(sums->squares / movers - to->movers_bulk_w2, 0);
    to->radial_share = sums->radial / movers;
    to->radial_size_share = sums->radial_sizes / movers;
    to->movers_radial_w2 = sums->radial_squares / movers;
    to->movers_tangential_w2 = fmax(sums->squares / movers - to->movers_radial_w2, 0);
    to->participation_tokens = sums->squares * sums->squares / sums->fourths;
    if (movers == 0) to->movers_thermal_w2 = to->movers_tangential_w2 = NAN;
}

/* ---- one frame ---- */

static void sum_frame(void *context, size_t number, int thread)
{
    (void)thread;
    struct az_look *look = context;
    int64_t frame = look->from + (int64_t)number, move = look->block.number + frame - 1;
    struct az_look_sums classes[AZ_TOKEN_CLASSES];
    memset(classes, 0, sizeof classes);
    for (int64_t chunk = 0; chunk < look->chunks; chunk++)
        for (int k = 0; k < AZ_TOKEN_CLASSES; k++)
            add_sums(&classes[k],
                     &look->sums[az_look_slot(look, frame, chunk, k, AZ_TOKEN_CLASSES)]);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        struct az_look_sums sums;
        if (!look->sets.present[set]) continue;
        memset(&sums, 0, sizeof sums);
        for (int k = 0; k < AZ_TOKEN_CLASSES; k++)
            if (look->sets.members[set] >> k & 1) add_sums(&sums, &classes[k]);
        if (look->kinematics) sum_kinematics(look, frame, set, &sums);
        if (frame == 0) continue;
        add_counts(&look->lens->motion->steps[set][move], &sums.motion);
        memcpy(look->lens->lifecycle->states[set][move], sums.states, sizeof sums.states);
    }
}

void az_look_sum(struct az_look *look)
{
    az_pool_run(look->pool, sum_frame, look, (size_t)(look->block.moves + 1 - look->from));
}

/* ---- windows ---- */

/* Adds what a thread counted for one class in one window. */
static void add_hops(const struct az_look_counts *counts, int w, int k, int64_t (*sizes)[2],
                     struct az_motion_stratum *strata)
{
    for (int e = 0; e < AZ_MOTION_EXPONENTS; e++) {
        struct az_motion_stratum *to = &strata[e];
        to->coordinates += counts->coordinates[w][k][e];
        to->cells += counts->large_cells[w][k][e];
        for (int size = 0; size < AZ_MOTION_SIZES; size++) {
            int64_t ways[2] = {0, 0}, both;
            for (int n = 0; n < 8; n++)
                ways[n & 1] += counts->hops[w][k][n >> 1][e << 6 | size << 1 | (n & 1)];
            both = ways[0] + ways[1];
            sizes[size][0] += ways[0];
            sizes[size][1] += ways[1];
            to->hops += both;
            to->down_hops += ways[1];
            if (az_motion_size_from(size) == az_motion_size_to(size))
                to->cells += both * az_motion_size_from(size);
        }
    }
}

void az_look_finish_motion(struct az_look *look)
{
    struct az_motion *motion = look->lens->motion;
    for (int thread = 0; thread < az_pool_threads(look->pool); thread++)
        for (int set = 0; set < AZ_LENS_SETS; set++)
            for (int w = 0; w < AZ_LENS_WINDOWS && look->sets.present[set]; w++)
                for (int k = 0; k < AZ_TOKEN_CLASSES; k++)
                    if (look->sets.members[set] >> k & 1)
                        add_hops(&look->counts[thread], w, k, motion->sizes[set][w],
                                 motion->strata[set][w]);
}
