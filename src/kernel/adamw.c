#include <math.h>

#include "azimuth/kernel.h"

/* A number as the unevaluated sum of two doubles, about 106 bits. */
struct pair {
    double high, low;
};

/* Error below 2^-102 of the product (Dekker 1971, with fma). */
static struct pair multiply(struct pair a, struct pair b)
{
    double high = a.high * b.high;
    double low = fma(a.high, b.high, -high) + (a.high * b.low + a.low * b.high);
    double sum = high + low;
    return (struct pair){sum, low - (sum - high)};
}

/* 1 - beta^t. */
static double bias(double beta, int64_t t)
{
    struct pair power = {1, 0}, square = {beta, 0};
    for (; t > 0; t >>= 1) {
        if (t & 1) power = multiply(power, square);
        square = multiply(square, square);
    }
    return 1 - (power.high + power.low);
}

static float rounded(double x) { return az_bf16_to_f32(az_bf16_from_f32((float)x)); }

/* The scalars that PyTorch rounds to bf16, because it wraps them in a bf16 tensor. */
static void round_scalars(struct az_adamw *a)
{
    bool legacy = a->arithmetic == AZ_ARITHMETIC_BF16_LEGACY;
    bool foreach = a->arithmetic == AZ_ARITHMETIC_BF16_FOREACH;
    if (!legacy && !foreach && a->arithmetic != AZ_ARITHMETIC_BF16) return;
    a->eps_f32 = rounded(a->eps);
    if (!legacy && !foreach) return;
    a->decay = rounded(1 - a->lr * a->weight_decay);
    a->beta2_f32 = rounded(a->beta2);
    if (!legacy) return;
    a->beta1_f32 = rounded(a->beta1);
    a->one_minus_beta1 = rounded(1 - a->beta1);
    a->sqrt_bias2 = rounded(sqrt(bias(a->beta2, a->step)));
}

void az_adamw_prepare(struct az_adamw *a)
{
    double bias1 = bias(a->beta1, a->step), bias2 = bias(a->beta2, a->step);
    a->decay = (float)(1 - a->lr * a->weight_decay);
    a->beta1_f32 = (float)a->beta1;
    a->beta2_f32 = (float)a->beta2;
    a->one_minus_beta1 = (float)(1 - a->beta1);
    a->one_minus_beta2 = (float)(1 - a->beta2);
    a->eps_f32 = (float)a->eps;
    a->lr_f32 = (float)a->lr;
    a->bias1 = (float)bias1;
    a->bias2 = (float)bias2;
    a->sqrt_bias2 = (float)sqrt(bias2);
    a->step_size = (float)(a->lr / bias1);
    a->scale = (float)a->gradient_scale;
    round_scalars(a);
}

size_t az_arithmetic_state_bytes(enum az_arithmetic arithmetic)
{
    bool wide = arithmetic == AZ_ARITHMETIC_F32 || arithmetic == AZ_ARITHMETIC_MASTER;
    return wide ? sizeof(float) : sizeof(struct az_bf16);
}
