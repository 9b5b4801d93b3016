#include "kernel/reference/arithmetic.h"
#include "kernel/reference/reference.h"

static float mean_of(size_t columns, const float *x)
{
    float lanes[AZ_LANES] = {0};
    for (size_t i = 0; i < columns; i++) lanes[i % AZ_LANES] += x[i];
    return az_tree_sum(lanes) / (float)columns;
}

static float variance_of(size_t columns, const float *x, float mean)
{
    float lanes[AZ_LANES] = {0};
    for (size_t i = 0; i < columns; i++) {
        float d = x[i] - mean;
        lanes[i % AZ_LANES] = fmaf(d, d, lanes[i % AZ_LANES]);
    }
    return az_tree_sum(lanes) / (float)columns;
}

void az_reference_layernorm(size_t rows, size_t columns, const float *x, const float *gain,
                            const float *bias, float eps, float *y, float *mean, float *rstd)
{
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
        mean[r] = mean_of(columns, x);
        rstd[r] = 1 / sqrtf(variance_of(columns, x, mean[r]) + eps);
        for (size_t i = 0; i < columns; i++)
            y[i] = fmaf((x[i] - mean[r]) * rstd[r], gain[i], bias[i]);
    }
}

/* With n = (x - mean) rstd and g = dy gain: dx = rstd (g - mean(g) - n mean(g n)). */
static void layernorm_row_backward(size_t columns, const float *x, const float *gain, float mean,
                                   float rstd, const float *dy, float *dx)
{
    float sums[AZ_LANES] = {0}, products[AZ_LANES] = {0};
    for (size_t i = 0; i < columns; i++) {
        float n = (x[i] - mean) * rstd, g = dy[i] * gain[i];
        sums[i % AZ_LANES] += g;
        products[i % AZ_LANES] = fmaf(g, n, products[i % AZ_LANES]);
    }
    float mean_g = az_tree_sum(sums) / (float)columns;
    float mean_gn = az_tree_sum(products) / (float)columns;
    for (size_t i = 0; i < columns; i++) {
        float n = (x[i] - mean) * rstd, g = dy[i] * gain[i];
        dx[i] = fmaf(-n, mean_gn, g - mean_g) * rstd;
    }
}

void az_reference_layernorm_backward(size_t rows, size_t columns, const float *x, const float *gain,
                                     const float *mean, const float *rstd, const float *dy,
                                     float *dx, float *dgain, float *dbias)
{
    for (size_t r = 0; r < rows; r++, x += columns, dy += columns, dx += columns) {
        for (size_t i = 0; i < columns; i++) {
            dgain[i] = fmaf(dy[i], (x[i] - mean[r]) * rstd[r], dgain[i]);
            dbias[i] = dbias[i] + dy[i];
        }
        layernorm_row_backward(columns, x, gain, mean[r], rstd[r], dy, dx);
    }
}
