#include "kernel/reference/arithmetic.h"
#include "kernel/reference/reference.h"

static float greater(float x, float max) { return x > max ? x : max; }

static float max_of(size_t count, const float *x)
{
    float lanes[AZ_LANES];
    for (size_t j = 0; j < AZ_LANES; j++) lanes[j] = -INFINITY;
    for (size_t i = 0; i < count; i++) lanes[i % AZ_LANES] = greater(x[i], lanes[i % AZ_LANES]);
    for (size_t half = AZ_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lanes[j] = greater(lanes[j + half], lanes[j]);
    return lanes[0];
}

void az_reference_softmax_exponentials(size_t count, float *x, float *max, float *sum)
{
    float lanes[AZ_LANES] = {0};
    *max = max_of(count, x);
    for (size_t i = 0; i < count; i++) {
        x[i] = az_exp(x[i] - *max);
        lanes[i % AZ_LANES] += x[i];
    }
    *sum = az_tree_sum(lanes);
}

void az_reference_softmax_exponentials_bf16(size_t count, const struct az_bf16 *x, float *e,
                                            float *max, float *sum)
{
    az_reference_widen(count, x, e);
    az_reference_softmax_exponentials(count, e, max, sum);
}

void az_reference_softmax_apply(size_t count, const float *x, float max, float factor, float *y)
{
    for (size_t i = 0; i < count; i++) y[i] = az_exp(x[i] - max) * factor;
}

void az_reference_softmax_backward(size_t count, const float *p, const float *dp, float factor,
                                   float *dx)
{
    float lanes[AZ_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % AZ_LANES] = fmaf(p[i], dp[i], lanes[i % AZ_LANES]);
    float sum = az_tree_sum(lanes);
    for (size_t i = 0; i < count; i++) dx[i] = p[i] * (dp[i] - sum) * factor;
}

void az_reference_scale_pair(size_t count, const struct az_scaled_pair *pair)
{
    for (size_t j = 0; j < (count + AZ_PACK_COLUMNS - 1) / AZ_PACK_COLUMNS * AZ_PACK_COLUMNS; j++)
        for (size_t h = 0; h < 2; h++) {
            struct az_bf16 y = {0};
            if (j < count) pair->y[h][j] = y = az_bf16_from_f32(pair->x[h][j] * pair->factor[h]);
            pair->packed[j / AZ_PACK_COLUMNS * pair->group + j % AZ_PACK_COLUMNS * 2 + h] = y;
        }
}

/* In double; the square of a float32 is exact there, so one rounding an element. */
double az_reference_sum_squares(size_t count, const float *x)
{
    double lanes[AZ_LANES] = {0};
    for (size_t i = 0; i < count; i++) lanes[i % AZ_LANES] += (double)x[i] * (double)x[i];
    for (size_t half = AZ_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lanes[j] += lanes[j + half];
    return lanes[0];
}
