#include "kernel/reference/arithmetic.h"
#include "kernel/reference/reference.h"

void az_reference_widen(size_t count, const struct az_bf16 *from, float *to)
{
    for (size_t i = 0; i < count; i++) to[i] = az_bf16_to_f32(from[i]);
}

void az_reference_narrow(size_t count, const float *from, struct az_bf16 *to)
{
    for (size_t i = 0; i < count; i++) to[i] = az_bf16_from_f32(from[i]);
}

void az_reference_add(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++) y[i] = y[i] + x[i];
}

void az_reference_scale(size_t count, float factor, float *y)
{
    for (size_t i = 0; i < count; i++) y[i] = y[i] * factor;
}

void az_reference_add_row(size_t rows, size_t columns, const float *row, float *y)
{
    for (size_t r = 0; r < rows; r++) az_reference_add(columns, row, y + r * columns);
}

void az_reference_sum_rows(size_t rows, size_t columns, const float *x, float *column_sums)
{
    for (size_t r = 0; r < rows; r++) az_reference_add(columns, x + r * columns, column_sums);
}

void az_reference_exponential(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++) y[i] = az_exp(x[i]);
}

/* exp(v) at xc, x clamped to the range where GELU is not yet its asymptote. */
static float gelu_exp(float xc, float square)
{
    return az_exp_inside(xc * fmaf(AZ_GELU_CUBIC, square, AZ_GELU_LINEAR));
}

static float at_least(float x, float low) { return low > x ? low : x; }
static float at_most(float x, float high) { return high < x ? high : x; }

void az_reference_gelu(size_t count, const float *x, float *y)
{
    for (size_t i = 0; i < count; i++) {
        float low = at_least(x[i], -AZ_GELU_LIMIT), xc = at_most(low, AZ_GELU_LIMIT);
        y[i] = low / (1 + gelu_exp(xc, xc * xc));
    }
}

/* GELU' = s - x v' w s with s = 1 / (1 + exp(v)), w = 1 - s = exp(v) s, v' = LINEAR + 3 CUBIC x^2.
 */
void az_reference_gelu_backward(size_t count, const float *x, const float *dy, float *dx)
{
    for (size_t i = 0; i < count; i++) {
        float xc = at_most(at_least(x[i], -AZ_GELU_LIMIT), AZ_GELU_LIMIT), square = xc * xc;
        float e = gelu_exp(xc, square), s = 1 / (1 + e), w = e * s;
        float slope = xc * fmaf(AZ_GELU_CUBIC_3, square, AZ_GELU_LINEAR);
        dx[i] = dy[i] * fmaf(-(slope * w), s, s);
    }
}
