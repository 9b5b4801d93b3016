/* vector_avx512.h: registers for kernel/guest/product.h. */
#ifndef AZ_KERNEL_X86_VECTOR_AVX512_H
#define AZ_KERNEL_X86_VECTOR_AVX512_H

#include <immintrin.h>

#include "azimuth/kernel.h"

#define VECTOR 16
#define vector __m512
#define BF16_ROWS 8 /* 16 chains and 8 sums in 32 registers */
#define BF16_VECTORS 1
#define BF16_TOGETHER 1
#define F32_ROWS 12
#define F32_VECTORS 1
#define PRODUCT_CARE 0 /* MXCSR flushes */

static inline vector vector_zero(void) { return _mm512_setzero_ps(); }
static inline vector vector_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void vector_store(float *p, vector x) { _mm512_storeu_ps(p, x); }
static inline vector vector_repeat(const float *p) { return _mm512_set1_ps(*p); }
static inline vector vector_add(vector a, vector b) { return _mm512_add_ps(a, b); }
static inline vector vector_mul(vector a, vector b) { return _mm512_mul_ps(a, b); }
static inline vector vector_fma(vector a, vector b, vector c) { return _mm512_fmadd_ps(a, b, c); }

static inline vector vector_even(const struct az_bf16 *p)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_loadu_si512(p), 16));
}

static inline vector vector_odd(const struct az_bf16 *p)
{
    __m512i high = _mm512_set1_epi32((int)0xffff0000);
    return _mm512_castsi512_ps(_mm512_and_si512(_mm512_loadu_si512(p), high));
}

#define vector_add_flushed vector_add
#define vector_mul_flushed vector_mul
#define vector_fma_flushed vector_fma

#endif
