/* vector_avx2.h: registers for kernel/guest/product.h. */
#ifndef AZ_KERNEL_X86_VECTOR_AVX2_H
#define AZ_KERNEL_X86_VECTOR_AVX2_H

#include <immintrin.h>

#include "azimuth/kernel.h"

#define VECTOR 8
#define vector __m256
#define BF16_ROWS 6
#define BF16_VECTORS 2
#define BF16_TOGETHER 0 /* 12 of 16 registers are the chains of one half */
#define F32_ROWS 6
#define F32_VECTORS 2
#define PRODUCT_CARE 0 /* MXCSR flushes */

static inline vector vector_zero(void) { return _mm256_setzero_ps(); }
static inline vector vector_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void vector_store(float *p, vector x) { _mm256_storeu_ps(p, x); }
static inline vector vector_repeat(const float *p) { return _mm256_broadcast_ss(p); }
static inline vector vector_add(vector a, vector b) { return _mm256_add_ps(a, b); }
static inline vector vector_mul(vector a, vector b) { return _mm256_mul_ps(a, b); }
static inline vector vector_fma(vector a, vector b, vector c) { return _mm256_fmadd_ps(a, b, c); }

static inline vector vector_even(const struct az_bf16 *p)
{
    __m256i pairs = _mm256_loadu_si256((const __m256i *)p);
    return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16));
}

/* By blending, which leaves the ports of the FMAs alone. */
static inline vector vector_odd(const struct az_bf16 *p)
{
    __m256i pairs = _mm256_loadu_si256((const __m256i *)p);
    return _mm256_castsi256_ps(_mm256_blend_epi16(_mm256_setzero_si256(), pairs, 0xaa));
}

#define vector_add_flushed vector_add
#define vector_mul_flushed vector_mul
#define vector_fma_flushed vector_fma

#endif
