/* vector_neon.h: registers for kernel/guest/product.h.
 *
 * The processor's own flush-to-zero mode decides before rounding, so it is not used: where
 * subnormals can occur every result is flushed by hand. */
#ifndef AZ_KERNEL_ARM_VECTOR_NEON_H
#define AZ_KERNEL_ARM_VECTOR_NEON_H

#include <arm_neon.h>
#include <float.h>

#include "azimuth/kernel.h"
#include "kernel/reference/arithmetic.h"

#define VECTOR 4
#define vector float32x4_t
#define BF16_ROWS 6 /* 24 of 32 registers are chains */
#define BF16_VECTORS 2
#define BF16_TOGETHER 1
#define F32_ROWS 4
#define F32_VECTORS 4
#define PRODUCT_CARE 1

static inline vector vector_zero(void) { return vdupq_n_f32(0); }
static inline vector vector_load(const float *p) { return vld1q_f32(p); }
static inline void vector_store(float *p, vector x) { vst1q_f32(p, x); }
static inline vector vector_repeat(const float *p) { return vld1q_dup_f32(p); }
static inline vector vector_add(vector a, vector b) { return vaddq_f32(a, b); }
static inline vector vector_mul(vector a, vector b) { return vmulq_f32(a, b); }
static inline vector vector_fma(vector a, vector b, vector c) { return vfmaq_f32(c, a, b); }

static inline vector vector_even(const struct az_bf16 *p)
{
    uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16((const uint16_t *)p));
    return vreinterpretq_f32_u32(vshlq_n_u32(pairs, 16));
}

static inline vector vector_odd(const struct az_bf16 *p)
{
    uint32x4_t pairs = vreinterpretq_u32_u16(vld1q_u16((const uint16_t *)p));
    return vreinterpretq_f32_u32(vandq_u32(pairs, vdupq_n_u32(0xffff0000)));
}

/* az_flush */
static inline vector flushed(vector x)
{
    uint32x4_t tiny = vcaltq_f32(x, vdupq_n_f32(FLT_MIN));
    uint32x4_t bits = vreinterpretq_u32_f32(x), zero = vandq_u32(bits, vdupq_n_u32(0x80000000));
    return vreinterpretq_f32_u32(vbslq_u32(tiny, zero, bits));
}

static inline vector vector_add_flushed(vector a, vector b)
{
    return flushed(vaddq_f32(flushed(a), flushed(b)));
}

/* A product of two bf16 has 16 bits: none of them is lost just below FLT_MIN. */
static inline vector vector_mul_flushed(vector a, vector b)
{
    return flushed(vmulq_f32(flushed(a), flushed(b)));
}

/* A result of exactly FLT_MIN may be a tiny one that was rounded up: see az_fma_flushed. */
static inline vector vector_fma_flushed(vector a, vector b, vector c)
{
    a = flushed(a), b = flushed(b);
    vector result = vfmaq_f32(c, a, b);
    if (vmaxvq_u32(vceqq_f32(vabsq_f32(result), vdupq_n_f32(FLT_MIN))) == 0) return flushed(result);
    float x[VECTOR], y[VECTOR], z[VECTOR];
    vector_store(x, a), vector_store(y, b), vector_store(z, c);
    for (int i = 0; i < VECTOR; i++) z[i] = az_fma_flushed(x[i], y[i], z[i]);
    return vector_load(z);
}

#endif
