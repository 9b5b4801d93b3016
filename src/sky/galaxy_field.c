#include <math.h>
#include <string.h>

#include "azimuth/bf16.h"
#include "base/memory.h"
#include "base/random.h"
#include "sky/galaxy_parts.h"

/* Published figures of Qwen3-4B's matrix (docs/census.md); those of the bulk are what makes the
 * whole matrix, core and halo with it, come out so. */
#define BULK_NORM 1.1120
#define BULK_NORM_DEVIATION 0.1185
#define LEAST_NORM 0.55
#define GREATEST_NORM 1.605024
#define TRACE 1.1175

static const double eigenvalues[AZ_GALAXY_COMPONENTS] = {
    .010487, .003178, .002791, .002616, .001973, .001805, .001609, .001549, .001468, .001389};
/* Cosines of the centre with the leading directions: they put it where the maps show it. */
static const double center_cosines[3] = {.7965, -.1025, .0970};
#define MEAN_ALONG_CENTER .2790 /* of the mean of the bulk, in weight units */
#define MEAN_NORM .3040

enum { DEVIATES = 65536, LANES = 8 };

uint32_t az_galaxy_stream(enum az_galaxy_stream stream)
{
    return AZ_STREAM_SIMULATION | 0x100u * (0x40u + (uint32_t)stream);
}

/* Quantile of the normal distribution, by P. J. Acklam's rational approximation (relative error
 * below 1.2e-9), with our own logarithm: the same bits on every system. */
static double quantile(double p)
{
    static const double a[] = {-3.969683028665376e+01, 2.209460984245205e+02,
                               -2.759285104469687e+02, 1.383577518672690e+02,
                               -3.066479806614716e+01, 2.506628277459239e+00};
    static const double b[] = {-5.447609879822406e+01, 1.615858368580409e+02,
                               -1.556989798598866e+02, 6.680131188771972e+01,
                               -1.328068155288572e+01};
    static const double c[] = {-7.784894002430293e-03, -3.223964580411365e-01,
                               -2.400758277161838e+00, -2.549732539343734e+00,
                               4.374664141464968e+00,  2.938163982698783e+00};
    static const double e[] = {7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                               3.754408661907416e+00};
    if (p > .5) return -quantile(1 - p);
    if (p < .02425) {
        double q = sqrt(-2 * az_logarithm(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((e[0] * q + e[1]) * q + e[2]) * q + e[3]) * q + 1);
    }
    double q = p - .5, r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1);
}

static double dot(const double *x, const double *y, int64_t dims)
{
    double sum = 0;
    for (int64_t d = 0; d < dims; d++) sum += x[d] * y[d];
    return sum;
}

static void take_out(double *x, const double *unit, int64_t dims)
{
    double along = dot(x, unit, dims);
    for (int64_t d = 0; d < dims; d++) x[d] -= along * unit[d];
}

static void make_unit(double *x, int64_t dims)
{
    double length = sqrt(dot(x, x, dims));
    for (int64_t d = 0; d < dims; d++) x[d] /= length;
}

/* frame: [AZ_GALAXY_COMPONENTS + 2][dims]: the centre's direction, then random ones at right angles
 * to all before them. */
static void draw_frame(double *frame, const float *center, int64_t dims, uint64_t seed)
{
    for (int64_t d = 0; d < dims; d++) frame[d] = (double)center[d];
    make_unit(frame, dims);
    for (int k = 1; k < AZ_GALAXY_COMPONENTS + 2; k++) {
        double *x = frame + k * dims;
        for (int64_t d = 0; d < dims; d++)
            x[d] =
                az_random_normal(seed, az_galaxy_stream(AZ_GALAXY_FRAME), (uint64_t)(k * dims + d));
        for (int pass = 0; pass < 2; pass++)
            for (int j = 0; j < k; j++) take_out(x, frame + j * dims, dims);
        make_unit(x, dims);
    }
}

/* Turns the leading directions towards the centre, in the plane of the centre and of
 * q = sum cosine_k direction_k / length, so that they stay orthonormal and have the cosines. */
static void turn(double *frame, int64_t dims)
{
    double length = 0;
    for (int k = 0; k < 3; k++) length += center_cosines[k] * center_cosines[k];
    length = sqrt(length);
    double across = sqrt(1 - length * length);
    for (int64_t d = 0; d < dims; d++) {
        double q = 0;
        for (int k = 0; k < 3; k++) q += center_cosines[k] / length * frame[(k + 1) * dims + d];
        double shift = length * frame[d] + across * q - q;
        for (int k = 0; k < 3; k++) frame[(k + 1) * dims + d] += center_cosines[k] / length * shift;
    }
}

/* The mean: so much along the centre, the rest along a direction of its own. */
static void place_mean(struct az_galaxy_field *field, const double *frame)
{
    double across = sqrt(MEAN_NORM * MEAN_NORM - MEAN_ALONG_CENTER * MEAN_ALONG_CENTER);
    const double *own = frame + (AZ_GALAXY_COMPONENTS + 1) * field->dims;
    for (int64_t d = 0; d < field->dims; d++)
        field->mean[d] = MEAN_ALONG_CENTER * frame[d] + across * own[d];
    field->mean_square = dot(field->mean, field->mean, field->dims);
}

enum az_status az_galaxy_field_make(struct az_galaxy_field *field,
                                    const struct az_galaxy_core *core, uint64_t seed,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)core->dims;
    double *frame = NULL;
    *field = (struct az_galaxy_field){
        .dims = core->dims,
        .seed = seed,
        .finest = core->finest,
        .center_bits = core->bits + AZ_GALAXY_CENTER * core->dims,
    };
    const char *what = "the sky";
    AZ_TRY(az_memory_allocate(&field->center, dims, sizeof(float), what, error));
    AZ_TRY(az_memory_allocate(&field->mean, dims, sizeof(double), what, error));
    AZ_TRY(az_memory_allocate(&field->directions, dims, AZ_GALAXY_COMPONENTS * sizeof(float), what,
                              error));
    AZ_TRY(az_memory_allocate(&field->deviates, DEVIATES, sizeof(float), what, error));
    AZ_TRY(
        az_memory_allocate(&frame, dims, (AZ_GALAXY_COMPONENTS + 2) * sizeof(double), what, error));
    for (size_t d = 0; d < dims; d++)
        field->center[d] = az_bf16_to_f32((struct az_bf16){field->center_bits[d]});
    draw_frame(frame, field->center, core->dims, seed);
    turn(frame, core->dims);
    place_mean(field, frame);
    for (size_t n = 0; n < dims * AZ_GALAXY_COMPONENTS; n++)
        field->directions[n] = (float)frame[dims + n];
    for (int n = 0; n < DEVIATES; n++)
        field->deviates[n] = (float)quantile(((double)n + .5) / DEVIATES);
out:
    az_memory_free(frame);
    return status;
}

void az_galaxy_field_free(struct az_galaxy_field *field)
{
    az_memory_free(field->center);
    az_memory_free(field->mean);
    az_memory_free(field->directions);
    az_memory_free(field->deviates);
    *field = (struct az_galaxy_field){0};
}

/* Eight deviates from one block of Philox; block: number within the row. */
static void draw(const struct az_galaxy_field *field, int64_t row, uint32_t block, float *out)
{
    const uint32_t key[2] = {(uint32_t)field->seed, (uint32_t)(field->seed >> 32)};
    const uint32_t counter[4] = {block, (uint32_t)row, az_galaxy_stream(AZ_GALAXY_ROWS_OF), 0};
    uint32_t words[4];
    az_philox(key, counter, words);
    for (int n = 0; n < 4; n++) {
        out[2 * n] = field->deviates[words[n] & 0xffff];
        out[2 * n + 1] = field->deviates[words[n] >> 16];
    }
}

/* Variance of every direction that is none of the leading ones. */
static double background(int64_t dims)
{
    double remaining = TRACE;
    for (int k = 0; k < AZ_GALAXY_COMPONENTS; k++) remaining -= eigenvalues[k];
    return remaining / (double)(dims - AZ_GALAXY_COMPONENTS);
}

/* v: a deviate of the planted covariance, of trace 1. The first two blocks of the row give the
 * leading components; the last number of the second is the row's own, for its norm. */
static float draw_deviation(const struct az_galaxy_field *field, int64_t row, float *v)
{
    int64_t dims = field->dims;
    float leading[16], rest[8];
    double rest_variance = background(dims);
    float scale = (float)sqrt(rest_variance / TRACE);
    draw(field, row, 0, leading);
    draw(field, row, 1, leading + 8);
    for (int64_t d = 0; d < dims; d += 8) {
        draw(field, row, (uint32_t)(2 + d / 8), rest);
        for (int64_t n = 0; n < 8 && d + n < dims; n++) v[d + n] = scale * rest[n];
    }
    for (int k = 0; k < AZ_GALAXY_COMPONENTS; k++) {
        float along = leading[k] * (float)sqrt((eigenvalues[k] - rest_variance) / TRACE);
        const float *direction = field->directions + k * dims;
        for (int64_t d = 0; d < dims; d++) v[d] += along * direction[d];
    }
    return leading[15];
}

/* Length of mean + s v is `norm`: the positive root of a quadratic. */
static double stretch(const struct az_galaxy_field *field, const float *v, double norm)
{
    double along[LANES] = {0}, square[LANES] = {0}, b = 0, a = 0;
    for (int64_t d = 0; d < field->dims; d++) {
        along[d % LANES] += field->mean[d] * (double)v[d];
        square[d % LANES] += (double)v[d] * (double)v[d];
    }
    for (int lane = 0; lane < LANES; lane++) {
        b += along[lane];
        a += square[lane];
    }
    return (sqrt(b * b + a * (norm * norm - field->mean_square)) - b) / a;
}

/* Where the finest dimension of the centre has an exponent too near its own, it is moved away, so
 * that no row but the planted ones is within exponent distance 5. */
static void keep_away(const struct az_galaxy_field *field, uint16_t *bits)
{
    for (int64_t d = 0; d < field->dims; d++) {
        int gap = (bits[d] >> 7 & 255) - (field->center_bits[d] >> 7 & 255);
        if (gap > 5 || gap < -5) return;
    }
    bits[field->finest] = (uint16_t)(field->center_bits[field->finest] + (7 << 7));
}

void az_galaxy_field_row(const struct az_galaxy_field *field, int64_t row, float radius,
                         uint16_t *bits, float *scratch)
{
    float own = draw_deviation(field, row, scratch);
    double norm = BULK_NORM + BULK_NORM_DEVIATION * (double)own, length = 0;
    if (norm < LEAST_NORM) norm = LEAST_NORM;
    if (norm > GREATEST_NORM) norm = GREATEST_NORM;
    double s = stretch(field, scratch, norm);
    for (int64_t d = 0; d < field->dims; d++)
        scratch[d] = (float)(field->mean[d] + s * (double)scratch[d]);
    for (int64_t d = 0; radius > 0 && d < field->dims; d++) {
        double gap = (double)scratch[d] - (double)field->center[d];
        length += gap * gap;
    }
    if (radius > 0)
        for (int64_t d = 0; d < field->dims; d++) {
            double gap = (double)scratch[d] - (double)field->center[d];
            scratch[d] = (float)((double)field->center[d] + (double)radius / sqrt(length) * gap);
        }
    for (int64_t d = 0; d < field->dims; d++) bits[d] = az_bf16_from_f32(scratch[d]).bits;
    keep_away(field, bits);
}
