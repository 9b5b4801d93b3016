/* lanes_avx512.h: the 16 virtual lanes in one zmm register. Contracts: kernel/guest/lanes.h. */
#ifndef AZ_KERNEL_X86_LANES_AVX512_H
#define AZ_KERNEL_X86_LANES_AVX512_H

#include <immintrin.h>

#include "azimuth/kernel.h"
#include "kernel/constants.h"

struct lanes {
    __m512 v;
};

static inline struct lanes lanes_of(__m512 v) { return (struct lanes){v}; }

static inline __mmask16 first_lanes(size_t n) { return (__mmask16)((1u << n) - 1); }

static inline struct lanes lanes_set(float x) { return lanes_of(_mm512_set1_ps(x)); }

static inline struct lanes lanes_load(const float *p) { return lanes_of(_mm512_loadu_ps(p)); }

static inline struct lanes lanes_load_some(const float *p, size_t n, float other)
{
    return lanes_of(_mm512_mask_loadu_ps(_mm512_set1_ps(other), first_lanes(n), p));
}

static inline void lanes_store(float *p, struct lanes x) { _mm512_storeu_ps(p, x.v); }

static inline void lanes_store_some(float *p, size_t n, struct lanes x)
{
    _mm512_mask_storeu_ps(p, first_lanes(n), x.v);
}

static inline struct lanes lanes_first(size_t n, struct lanes x)
{
    return lanes_of(_mm512_maskz_mov_ps(first_lanes(n), x.v));
}

static inline struct lanes lanes_add(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_add_ps(a.v, b.v));
}

static inline struct lanes lanes_sub(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_sub_ps(a.v, b.v));
}

static inline struct lanes lanes_mul(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_mul_ps(a.v, b.v));
}

static inline struct lanes lanes_div(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_div_ps(a.v, b.v));
}

static inline struct lanes lanes_sqrt(struct lanes x) { return lanes_of(_mm512_sqrt_ps(x.v)); }

static inline struct lanes lanes_rounded(struct lanes x)
{
    __m512i bits = _mm512_castps_si512(x.v);
    __m512i even = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
    bits = _mm512_add_epi32(_mm512_add_epi32(bits, even), _mm512_set1_epi32(0x7fff));
    bits = _mm512_and_si512(bits, _mm512_set1_epi32(-0x10000));
    return lanes_of(_mm512_castsi512_ps(bits));
}

static inline struct lanes lanes_canonical(struct lanes x)
{
    __mmask16 nan = _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q);
    __m512 quiet = _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000));
    return lanes_of(_mm512_mask_mov_ps(x.v, nan, quiet));
}

static inline struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
    return lanes_of(_mm512_fmadd_ps(a.v, b.v, c.v));
}

static inline struct lanes lanes_fnma(struct lanes a, struct lanes b, struct lanes c)
{
    return lanes_of(_mm512_fnmadd_ps(a.v, b.v, c.v));
}

static inline struct lanes lanes_greater(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_max_ps(a.v, b.v));
}

static inline struct lanes lanes_lesser(struct lanes a, struct lanes b)
{
    return lanes_of(_mm512_min_ps(a.v, b.v));
}

static inline struct lanes lanes_where_below(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    __mmask16 below = _mm512_cmp_ps_mask(x.v, _mm512_set1_ps(bound), _CMP_LT_OQ);
    return lanes_of(_mm512_mask_mov_ps(y.v, below, _mm512_set1_ps(value)));
}

static inline struct lanes lanes_where_above(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    __mmask16 above = _mm512_cmp_ps_mask(x.v, _mm512_set1_ps(bound), _CMP_GT_OQ);
    return lanes_of(_mm512_mask_mov_ps(y.v, above, _mm512_set1_ps(value)));
}

static inline struct lanes_integer {
    __m512i v;
} lanes_nearest(struct lanes x) { return (struct lanes_integer){_mm512_cvtps_epi32(x.v)}; }

static inline struct lanes lanes_from_integer(struct lanes_integer n)
{
    return lanes_of(_mm512_cvtepi32_ps(n.v));
}

static inline struct lanes lanes_add_exponent(struct lanes x, struct lanes_integer n)
{
    __m512i sum = _mm512_add_epi32(_mm512_castps_si512(x.v), _mm512_slli_epi32(n.v, 23));
    return lanes_of(_mm512_castsi512_ps(sum));
}

static inline float lanes_tree_sum(struct lanes x)
{
    __m256 half = _mm256_add_ps(_mm512_castps512_ps256(x.v), _mm512_extractf32x8_ps(x.v, 1));
    __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}

static inline float lanes_tree_greater(struct lanes x)
{
    __m256 half = _mm256_max_ps(_mm512_extractf32x8_ps(x.v, 1), _mm512_castps512_ps256(x.v));
    __m128 quarter = _mm_max_ps(_mm256_extractf128_ps(half, 1), _mm256_castps256_ps128(half));
    quarter = _mm_max_ps(_mm_movehl_ps(quarter, quarter), quarter);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(quarter), quarter));
}

static inline __m512 widened(__m256i x)
{
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16));
}

static inline struct lanes lanes_widen(const struct az_bf16 *p)
{
    return lanes_of(widened(_mm256_loadu_si256((const __m256i *)p)));
}

static inline struct lanes lanes_widen_some(const struct az_bf16 *p, size_t n)
{
    return lanes_of(widened(_mm256_maskz_loadu_epi16(first_lanes(n), p)));
}

/* az_bf16_from_f32 on 16 values, as words. */
static inline __m512i narrowed_words(__m512 x)
{
    __m512i bits = _mm512_castps_si512(x), top = _mm512_srli_epi32(bits, 16);
    __m512i even = _mm512_and_si512(top, _mm512_set1_epi32(1));
    __m512i sum = _mm512_add_epi32(_mm512_add_epi32(bits, even), _mm512_set1_epi32(0x7fff));
    __mmask16 nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    return _mm512_mask_or_epi32(_mm512_srli_epi32(sum, 16), nan, top, _mm512_set1_epi32(0x40));
}

#ifdef __AVX512BF16__
#define SUBNORMAL 0x20 /* of VFPCLASSPS */

/* az_bf16_from_f32 on 16 values. VCVTNEPS2BF16 does the same but for subnormals, which it takes
 * for zeros; they are so rare that a branch costs less than a blend. */
static inline __m256i narrowed(__m512 x)
{
    if (__builtin_expect(_mm512_fpclass_ps_mask(x, SUBNORMAL) != 0, 0))
        return _mm512_cvtepi32_epi16(narrowed_words(x));
    return (__m256i)_mm512_cvtneps_pbh(x);
}
#else
static inline __m256i narrowed(__m512 x) { return _mm512_cvtepi32_epi16(narrowed_words(x)); }
#endif

static inline void lanes_narrow(struct az_bf16 *p, struct lanes x)
{
    _mm256_storeu_si256((__m256i *)p, narrowed(x.v));
}

static inline void lanes_store_upper(struct az_bf16 *p, struct lanes x)
{
    __m512i upper = _mm512_srli_epi32(_mm512_castps_si512(x.v), 16);
    _mm256_storeu_si256((__m256i *)p, _mm512_cvtepi32_epi16(upper));
}

static inline void lanes_narrow_some(struct az_bf16 *p, size_t n, struct lanes x)
{
    _mm256_mask_storeu_epi16(p, first_lanes(n), narrowed(x.v));
}

static inline void lanes_narrow_pair(struct az_bf16 *p, struct lanes even, struct lanes odd)
{
    static const uint16_t order[32] = {0,  16, 1,  17, 2,  18, 3,  19, 4,  20, 5,
                                       21, 6,  22, 7,  23, 8,  24, 9,  25, 10, 26,
                                       11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    __m512i both = _mm512_castsi256_si512(narrowed(even.v));
    both = _mm512_inserti64x4(both, narrowed(odd.v), 1);
    _mm512_storeu_si512(p, _mm512_permutexvar_epi16(_mm512_loadu_si512(order), both));
}

struct lanes_f64 {
    __m512d v[2];
};

static inline struct lanes_f64 lanes_f64_zero(void)
{
    return (struct lanes_f64){{_mm512_setzero_pd(), _mm512_setzero_pd()}};
}

static inline struct lanes_f64 lanes_f64_add_square(struct lanes_f64 sum, struct lanes x)
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x.v));
    __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x.v, 1));
    sum.v[0] = _mm512_fmadd_pd(low, low, sum.v[0]);
    sum.v[1] = _mm512_fmadd_pd(high, high, sum.v[1]);
    return sum;
}

static inline double lanes_f64_tree_sum(struct lanes_f64 x)
{
    __m512d eight = _mm512_add_pd(x.v[0], x.v[1]);
    __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* ---- tiles of TILE x TILE words of 32 bits ---- */
#define TILE 16

struct words {
    __m512i v;
};

/* A full register without a mask: masked loads and stores of units are slow on some processors. */
static inline struct words words_load_some(const void *p, size_t n)
{
    if (n == TILE) return (struct words){_mm512_loadu_si512(p)};
    return (struct words){_mm512_maskz_loadu_epi32(first_lanes(n), p)};
}

static inline void words_store_some(void *p, size_t n, struct words x)
{
    if (n == TILE)
        _mm512_storeu_si512(p, x.v);
    else
        _mm512_mask_storeu_epi32(p, first_lanes(n), x.v);
}

static inline __mmask32 first_halves(size_t n) { return (__mmask32)((1ull << n) - 1); }

static inline struct words words_load_halves(const void *p, size_t n)
{
    if (n == 2 * TILE) return (struct words){_mm512_loadu_si512(p)};
    return (struct words){_mm512_maskz_loadu_epi16(first_halves(n), p)};
}

static inline void words_store_halves(void *p, size_t n, struct words x)
{
    if (n == 2 * TILE)
        _mm512_storeu_si512(p, x.v);
    else
        _mm512_mask_storeu_epi16(p, first_halves(n), x.v);
}

static inline __m512i load_units(const struct az_bf16 *p, size_t n)
{
    if (n == TILE) return _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p));
    return _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}

static inline struct words words_zip(const struct az_bf16 *even, const struct az_bf16 *odd,
                                     size_t n_even, size_t n_odd)
{
    __m512i high = _mm512_slli_epi32(load_units(odd, n_odd), 16);
    return (struct words){_mm512_or_si512(load_units(even, n_even), high)};
}

/* Four rounds: pairs of words, pairs of pairs, then 128-bit quarters twice. */
static inline void words_transpose(struct words x[TILE])
{
    __m512i t[TILE];
    for (int i = 0; i < TILE; i += 2) {
        t[i] = _mm512_unpacklo_epi32(x[i].v, x[i + 1].v);
        t[i + 1] = _mm512_unpackhi_epi32(x[i].v, x[i + 1].v);
    }
    for (int i = 0; i < TILE; i += 4) {
        x[i].v = _mm512_unpacklo_epi64(t[i], t[i + 2]);
        x[i + 1].v = _mm512_unpackhi_epi64(t[i], t[i + 2]);
        x[i + 2].v = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
        x[i + 3].v = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_i32x4(x[i].v, x[i + 4].v, 0x88);
        t[i + 4] = _mm512_shuffle_i32x4(x[i].v, x[i + 4].v, 0xdd);
        t[i + 8] = _mm512_shuffle_i32x4(x[i + 8].v, x[i + 12].v, 0x88);
        t[i + 12] = _mm512_shuffle_i32x4(x[i + 8].v, x[i + 12].v, 0xdd);
    }
    for (int i = 0; i < 8; i++) {
        x[i].v = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        x[i + 8].v = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

#endif
