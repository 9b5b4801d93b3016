#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "lens/eigenvalues.h"
#include "lens/look.h"

#define MOST_DIMS 512 /* beyond, covariances would take longer than all the rest */
#define PARTS 16      /* of the rows, each summed alone */

/* Frames 0, 1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70, 100 ... and the last one. */
static bool has_shape(int64_t number, int64_t last)
{
    static const int64_t firsts[] = {1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 70};
    if (number == 0 || number == last) return true;
    for (int64_t ten = 1; ten <= number; ten *= 10)
        for (size_t k = 0; k < sizeof firsts / sizeof *firsts; k++)
            if (number == firsts[k] * ten) return true;
    return false;
}

static int64_t count_shapes(int64_t last)
{
    int64_t count = 0;
    for (int64_t number = 0; number <= last; number++) count += has_shape(number, last);
    return count;
}

enum az_status az_look_shapes_create(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kinematics *kinematics = look->lens->kinematics;
    if (look->dims > MOST_DIMS) return AZ_OK;
    size_t count = (size_t)count_shapes(look->subject->moves);
    for (int set = 0; set < AZ_LENS_SETS; set++) {
        if (!look->sets.present[set]) continue;
        AZ_TRY(az_memory_allocate(&kinematics->shapes[set], count, sizeof *kinematics->shapes[set],
                                  "shapes", error));
        AZ_TRY(az_memory_allocate(&kinematics->spectra[set], count * look->dims, sizeof(double),
                                  "shapes", error));
    }
out:
    return status;
}

struct covariance {
    struct az_look *look;
    int64_t frame;
    int set;
    double *parts;   /* [PARTS][dims][dims] */
    double *centred; /* [threads][dims] */
};

static void add_part(void *context, size_t part, int thread)
{
    struct covariance *covariance = context;
    const struct az_look *look = covariance->look;
    size_t dims = look->dims;
    double *sums = covariance->parts + part * dims * dims;
    double *centred = covariance->centred + (size_t)thread * dims;
    const double *centroid = look->lens->kinematics->centroids[covariance->set] +
                             (size_t)(look->block.number + covariance->frame) * dims;
    int64_t rows = look->sets.rows, from = rows * (int64_t)part / PARTS;
    memset(sums, 0, dims * dims * sizeof *sums);
    for (int64_t row = from; row < rows * (int64_t)(part + 1) / PARTS; row++) {
        if (!(look->sets.members[covariance->set] >> look->sets.classes[row] & 1)) continue;
        const struct az_bf16 *now = az_look_row(look, covariance->frame, row);
        for (size_t d = 0; d < dims; d++) centred[d] = (double)az_bf16_to_f32(now[d]) - centroid[d];
        for (size_t d = 0; d < dims; d++)
            look->rows.add_scaled(centred[d], centred, dims, sums + d * dims);
    }
}

static void shape_of(struct covariance *covariance, double *scratch, struct az_cloud_shape *shape,
                     double *spectrum)
{
    struct az_look *look = covariance->look;
    size_t dims = look->dims;
    double *all = covariance->parts, squares = 0;
    az_pool_run(look->pool, add_part, covariance, PARTS);
    for (size_t part = 1; part < PARTS; part++)
        look->rows.add_scaled(1, covariance->parts + part * dims * dims, dims * dims, all);
    for (size_t i = 0; i < dims * dims; i++) all[i] /= (double)look->sets.counts[covariance->set];
    *shape = (struct az_cloud_shape){.step = az_look_step(look, covariance->frame)};
    if (az_eigenvalues(all, dims, spectrum, scratch, NULL) != AZ_OK)
        for (size_t d = 0; d < dims; d++) spectrum[d] = NAN; /* positions that are not finite */
    for (size_t d = 0; d < dims; d++) {
        if (spectrum[d] < 0) spectrum[d] = 0; /* rounding of a singular matrix */
        shape->trace_w2 += spectrum[d];
        squares += spectrum[d] * spectrum[d];
    }
    shape->largest_share = spectrum[0] / shape->trace_w2;
    shape->participation_dims = shape->trace_w2 * shape->trace_w2 / squares;
    shape->eccentricity = spectrum[0] / spectrum[dims - 1];
}

enum az_status az_look_shapes(struct az_look *look, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kinematics *kinematics = look->lens->kinematics;
    size_t dims = look->dims, threads = (size_t)az_pool_threads(look->pool);
    struct covariance covariance = {.look = look};
    double *scratch = NULL;
    if (dims > MOST_DIMS) return AZ_OK;
    for (int64_t frame = look->from; frame <= look->block.moves; frame++) {
        if (!has_shape(look->block.number + frame, look->subject->moves)) continue;
        if (!scratch) {
            AZ_TRY(az_memory_allocate(&covariance.parts, PARTS * dims * dims, sizeof(double),
                                      "a covariance", error));
            AZ_TRY(az_memory_allocate(&covariance.centred, threads * dims, sizeof(double),
                                      "a covariance", error));
            AZ_TRY(az_memory_allocate(&scratch, dims, sizeof(double), "a covariance", error));
        }
        covariance.frame = frame;
        for (covariance.set = 0; covariance.set < AZ_LENS_SETS; covariance.set++) {
            if (!look->sets.present[covariance.set]) continue;
            size_t at = (size_t)kinematics->shape_count;
            shape_of(&covariance, scratch, &kinematics->shapes[covariance.set][at],
                     kinematics->spectra[covariance.set] + at * dims);
        }
        kinematics->shape_count++;
    }
out:
    az_memory_free(covariance.parts);
    az_memory_free(covariance.centred);
    az_memory_free(scratch);
    return status;
}
