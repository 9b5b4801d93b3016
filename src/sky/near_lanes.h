/* near_lanes.h: two functions of near_code.h, compiled for each instruction set by a source file
 * that defines NEAR_FILL. The distance is in vectors of 64 bytes, which the compiler cuts to what
 * the set has: lane = coordinate mod 8, added in a fixed order. */
#include <string.h>

#include "sky/near_code.h"

typedef float f32x8 __attribute__((vector_size(32)));
typedef double f64x8 __attribute__((vector_size(64)));

static inline void add_lanes(const float *a, double fa, const float *b, double fb, f64x8 *sums)
{
    f32x8 x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    f64x8 difference =
        __builtin_convertvector(x, f64x8) * fa - __builtin_convertvector(y, f64x8) * fb;
    *sums += difference * difference;
}

static double distance(size_t dims, const float *a, double fa, const float *b, double fb)
{
    f64x8 sums = {0};
    size_t d = 0;
    for (; d + 8 <= dims; d += 8) add_lanes(a + d, fa, b + d, fb, &sums);
    double first = sums[0];
    for (; d < dims; d++) {
        double difference = (double)a[d] * fa - (double)b[d] * fb;
        first += difference * difference;
    }
    return ((first + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

static bool any_near(const struct az_near_side *rows, size_t row,
                     const struct az_near_side *columns, size_t count, const float *p)
{
    const float *bias = columns->bias, *scale = columns->scale, *rest = columns->rest;
    const float *threshold = columns->threshold;
    float row_bias = rows->bias[row], row_scale = rows->scale[row], row_rest = rows->rest[row];
    float row_threshold = rows->threshold[row];
    int near = 0;
    for (size_t c = 0; c < count; c++) {
        float most = p[c] + row_rest * rest[c];
        near |= (bias[c] - scale[c] * most <= row_threshold) |
                (row_bias - row_scale * most <= threshold[c]);
    }
    return near != 0;
}

void NEAR_FILL(struct az_near_code *code)
{
    code->distance = distance;
    code->any_near = any_near;
}
