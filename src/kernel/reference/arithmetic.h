/* arithmetic.h: the scalar operations from which the reference kernels are made. */
#ifndef AZ_KERNEL_REFERENCE_ARITHMETIC_H
#define AZ_KERNEL_REFERENCE_ARITHMETIC_H

#include <float.h>
#include <math.h>

#include "azimuth/kernel.h"
#include "kernel/constants.h"

/* A subnormal becomes the zero of its sign. */
static inline float az_flush(float x) { return fabsf(x) < FLT_MIN ? copysignf(0, x) : x; }

/* a * b + c as x86 computes it with FTZ: tiny when the result, rounded to 24 bits as if exponents
 * had no bound, is below FLT_MIN in magnitude. fmaf rounds at the fixed spacing 2^-149 there, so an
 * exact value in (FLT_MIN - 2^-150, FLT_MIN - 2^-151) comes out as FLT_MIN although it is tiny. A
 * result that is inexact at this place has |a * b| < 2^-133 (its last bit lies below 2^-149 and it
 * has 16 bits), hence the smaller factor is below 2^-66 and everything can be scaled by 2^100,
 * where spacings are those of the unbounded exponent. a and b are bf16 values, none of a, b, c is
 * subnormal. */
static inline float az_fma_flushed(float a, float b, float c)
{
    float result = fmaf(a, b, c);
    if (fabsf(result) != FLT_MIN) return az_flush(result);
    float small = fabsf(a) < fabsf(b) ? a : b, large = fabsf(a) < fabsf(b) ? b : a;
    float scaled = fmaf(small * 0x1p100f, large, c * 0x1p100f);
    return fabsf(scaled) < FLT_MIN * 0x1p100f ? copysignf(0, result) : result;
}

/* Sums of float32 are exact where they are tiny, so no second look is needed. */
static inline float az_add_flushed(float a, float b) { return az_flush(a + b); }

/* The halving tree over the virtual lanes. */
static inline float az_tree_sum(float lanes[AZ_LANES])
{
    for (size_t half = AZ_LANES / 2; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lanes[j] += lanes[j + half];
    return lanes[0];
}

/* exp(x) = 2^n exp(r), n = x log2(e) rounded to nearest even, r = x - n ln 2 in two steps, of which
 * the first is exact. x is within the range where n fits and 2^n p is normal, or NaN. */
static inline float az_exp_inside(float x)
{
    if (x != x) return x;
    float n = rintf(x * AZ_EXP_LOG2E);
    float r = fmaf(n, -AZ_EXP_LN2_HIGH, x);
    r = fmaf(n, -AZ_EXP_LN2_LOW, r);
    float p = fmaf(AZ_EXP_C6, r, AZ_EXP_C5);
    p = fmaf(p, r, AZ_EXP_C4);
    p = fmaf(p, r, AZ_EXP_C3);
    p = fmaf(p, r, AZ_EXP_C2);
    p = fmaf(p, r, 1);
    p = fmaf(p, r, 1);
    return az_f32_from_bits(az_f32_bits(p) + ((uint32_t)(int32_t)n << 23));
}

static inline float az_exp(float x)
{
    if (x < AZ_EXP_LOWEST) return 0;
    if (x > AZ_EXP_HIGHEST) return INFINITY;
    return az_exp_inside(x);
}

#endif
