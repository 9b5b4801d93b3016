/* lanes_avx2.h: the 16 virtual lanes in two ymm registers. Contracts: kernel/guest/lanes.h. */
#ifndef AZ_KERNEL_X86_LANES_AVX2_H
#define AZ_KERNEL_X86_LANES_AVX2_H

#include <immintrin.h>
#include <string.h>

#include "azimuth/kernel.h"
#include "kernel/constants.h"

struct lanes {
    __m256 v[2];
};

/* Masks of the first n < 16 lanes: two halves of a window into ones and zeros. */
struct lanes_mask {
    __m256i v[2];
};

static inline struct lanes_mask first_lanes(size_t n)
{
    static const int32_t window[32] = {-1, -1, -1, -1, -1, -1, -1, -1,
                                       -1, -1, -1, -1, -1, -1, -1, -1};
    const int32_t *start = window + 16 - n;
    return (struct lanes_mask){{_mm256_loadu_si256((const __m256i *)start),
                                _mm256_loadu_si256((const __m256i *)(start + 8))}};
}

static inline struct lanes lanes_set(float x)
{
    return (struct lanes){{_mm256_set1_ps(x), _mm256_set1_ps(x)}};
}

static inline struct lanes lanes_load(const float *p)
{
    return (struct lanes){{_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}};
}

static inline struct lanes lanes_load_some(const float *p, size_t n, float other)
{
    struct lanes_mask mask = first_lanes(n);
    struct lanes x = lanes_set(other);
    for (int h = 0; h < 2; h++)
        x.v[h] = _mm256_blendv_ps(x.v[h], _mm256_maskload_ps(p + 8 * h, mask.v[h]),
                                  _mm256_castsi256_ps(mask.v[h]));
    return x;
}

static inline void lanes_store(float *p, struct lanes x)
{
    _mm256_storeu_ps(p, x.v[0]);
    _mm256_storeu_ps(p + 8, x.v[1]);
}

static inline void lanes_store_some(float *p, size_t n, struct lanes x)
{
    struct lanes_mask mask = first_lanes(n);
    for (int h = 0; h < 2; h++) _mm256_maskstore_ps(p + 8 * h, mask.v[h], x.v[h]);
}

static inline struct lanes lanes_first(size_t n, struct lanes x)
{
    struct lanes_mask mask = first_lanes(n);
    for (int h = 0; h < 2; h++) x.v[h] = _mm256_and_ps(x.v[h], _mm256_castsi256_ps(mask.v[h]));
    return x;
}

#define LANES_OPERATION(name, intrinsic)                                                           \
    static inline struct lanes lanes_##name(struct lanes a, struct lanes b)                        \
    {                                                                                              \
        return (struct lanes){{intrinsic(a.v[0], b.v[0]), intrinsic(a.v[1], b.v[1])}};             \
    }

LANES_OPERATION(add, _mm256_add_ps)
LANES_OPERATION(sub, _mm256_sub_ps)
LANES_OPERATION(mul, _mm256_mul_ps)
LANES_OPERATION(div, _mm256_div_ps)
LANES_OPERATION(greater, _mm256_max_ps)
LANES_OPERATION(lesser, _mm256_min_ps)

static inline struct lanes lanes_sqrt(struct lanes x)
{
    return (struct lanes){{_mm256_sqrt_ps(x.v[0]), _mm256_sqrt_ps(x.v[1])}};
}

static inline struct lanes lanes_rounded(struct lanes x)
{
    for (int h = 0; h < 2; h++) {
        __m256i bits = _mm256_castps_si256(x.v[h]);
        __m256i even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
        bits = _mm256_add_epi32(_mm256_add_epi32(bits, even), _mm256_set1_epi32(0x7fff));
        bits = _mm256_and_si256(bits, _mm256_set1_epi32(-0x10000));
        x.v[h] = _mm256_castsi256_ps(bits);
    }
    return x;
}

static inline struct lanes lanes_canonical(struct lanes x)
{
    __m256 quiet = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
    for (int h = 0; h < 2; h++) {
        __m256 nan = _mm256_cmp_ps(x.v[h], x.v[h], _CMP_UNORD_Q);
        x.v[h] = _mm256_blendv_ps(x.v[h], quiet, nan);
    }
    return x;
}

static inline struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
    return (struct lanes){
        {_mm256_fmadd_ps(a.v[0], b.v[0], c.v[0]), _mm256_fmadd_ps(a.v[1], b.v[1], c.v[1])}};
}

static inline struct lanes lanes_fnma(struct lanes a, struct lanes b, struct lanes c)
{
    return (struct lanes){
        {_mm256_fnmadd_ps(a.v[0], b.v[0], c.v[0]), _mm256_fnmadd_ps(a.v[1], b.v[1], c.v[1])}};
}

static inline struct lanes lanes_where_below(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    for (int h = 0; h < 2; h++) {
        __m256 below = _mm256_cmp_ps(x.v[h], _mm256_set1_ps(bound), _CMP_LT_OQ);
        y.v[h] = _mm256_blendv_ps(y.v[h], _mm256_set1_ps(value), below);
    }
    return y;
}

static inline struct lanes lanes_where_above(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    for (int h = 0; h < 2; h++) {
        __m256 above = _mm256_cmp_ps(x.v[h], _mm256_set1_ps(bound), _CMP_GT_OQ);
        y.v[h] = _mm256_blendv_ps(y.v[h], _mm256_set1_ps(value), above);
    }
    return y;
}

struct lanes_integer {
    __m256i v[2];
};

static inline struct lanes_integer lanes_nearest(struct lanes x)
{
    return (struct lanes_integer){{_mm256_cvtps_epi32(x.v[0]), _mm256_cvtps_epi32(x.v[1])}};
}

static inline struct lanes lanes_from_integer(struct lanes_integer n)
{
    return (struct lanes){{_mm256_cvtepi32_ps(n.v[0]), _mm256_cvtepi32_ps(n.v[1])}};
}

static inline struct lanes lanes_add_exponent(struct lanes x, struct lanes_integer n)
{
    for (int h = 0; h < 2; h++) {
        __m256i shifted = _mm256_slli_epi32(n.v[h], 23);
        x.v[h] = _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x.v[h]), shifted));
    }
    return x;
}

static inline float lanes_tree_sum(struct lanes x)
{
    __m256 half = _mm256_add_ps(x.v[0], x.v[1]);
    __m128 quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps(half, 1));
    quarter = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    return _mm_cvtss_f32(_mm_add_ss(quarter, _mm_movehdup_ps(quarter)));
}

static inline float lanes_tree_greater(struct lanes x)
{
    __m256 half = _mm256_max_ps(x.v[1], x.v[0]);
    __m128 quarter = _mm_max_ps(_mm256_extractf128_ps(half, 1), _mm256_castps256_ps128(half));
    quarter = _mm_max_ps(_mm_movehl_ps(quarter, quarter), quarter);
    return _mm_cvtss_f32(_mm_max_ss(_mm_movehdup_ps(quarter), quarter));
}

static inline __m256 widened(const struct az_bf16 *p)
{
    __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    return _mm256_castsi256_ps(_mm256_slli_epi32(words, 16));
}

static inline struct lanes lanes_widen(const struct az_bf16 *p)
{
    return (struct lanes){{widened(p), widened(p + 8)}};
}

static inline struct lanes lanes_widen_some(const struct az_bf16 *p, size_t n)
{
    struct az_bf16 some[AZ_LANES] = {0};
    memcpy(some, p, n * sizeof *p);
    return lanes_widen(some);
}

/* az_bf16_from_f32 on 8 values, as words. */
static inline __m256i rounded(__m256 x)
{
    __m256i bits = _mm256_castps_si256(x), top = _mm256_srli_epi32(bits, 16);
    __m256i even = _mm256_and_si256(top, _mm256_set1_epi32(1));
    __m256i sum = _mm256_add_epi32(_mm256_add_epi32(bits, even), _mm256_set1_epi32(0x7fff));
    __m256 nan = _mm256_cmp_ps(x, x, _CMP_UNORD_Q);
    return _mm256_blendv_epi8(_mm256_srli_epi32(sum, 16),
                              _mm256_or_si256(top, _mm256_set1_epi32(0x40)),
                              _mm256_castps_si256(nan));
}

static inline void lanes_narrow(struct az_bf16 *p, struct lanes x)
{
    __m256i packed = _mm256_packus_epi32(rounded(x.v[0]), rounded(x.v[1]));
    _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(packed, 0xd8));
}

static inline void lanes_store_upper(struct az_bf16 *p, struct lanes x)
{
    __m256i low = _mm256_srli_epi32(_mm256_castps_si256(x.v[0]), 16);
    __m256i high = _mm256_srli_epi32(_mm256_castps_si256(x.v[1]), 16);
    __m256i packed = _mm256_packus_epi32(low, high);
    _mm256_storeu_si256((__m256i *)p, _mm256_permute4x64_epi64(packed, 0xd8));
}

static inline void lanes_narrow_some(struct az_bf16 *p, size_t n, struct lanes x)
{
    struct az_bf16 some[AZ_LANES];
    lanes_narrow(some, x);
    memcpy(p, some, n * sizeof *p);
}

static inline void lanes_narrow_pair(struct az_bf16 *p, struct lanes even, struct lanes odd)
{
    for (int h = 0; h < 2; h++) {
        __m256i high = _mm256_slli_epi32(rounded(odd.v[h]), 16);
        _mm256_storeu_si256((__m256i *)(p + 16 * h), _mm256_or_si256(rounded(even.v[h]), high));
    }
}

struct lanes_f64 {
    __m256d v[4];
};

static inline struct lanes_f64 lanes_f64_zero(void) { return (struct lanes_f64){0}; }

static inline struct lanes_f64 lanes_f64_add_square(struct lanes_f64 sum, struct lanes x)
{
    for (int q = 0; q < 4; q++) {
        __m256 half = x.v[q / 2];
        __m128 quarter = q & 1 ? _mm256_extractf128_ps(half, 1) : _mm256_castps256_ps128(half);
        __m256d wide = _mm256_cvtps_pd(quarter);
        sum.v[q] = _mm256_fmadd_pd(wide, wide, sum.v[q]);
    }
    return sum;
}

static inline double lanes_f64_tree_sum(struct lanes_f64 x)
{
    __m256d low = _mm256_add_pd(x.v[0], x.v[2]), high = _mm256_add_pd(x.v[1], x.v[3]);
    __m256d four = _mm256_add_pd(low, high);
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* ---- tiles of TILE x TILE words of 32 bits ---- */
#define TILE 8

struct words {
    __m256i v;
};

/* n bytes of 32, the rest zero. */
static inline __m256i load_bytes(const void *p, size_t n)
{
    if (n == sizeof(__m256i)) return _mm256_loadu_si256(p);
    unsigned char some[sizeof(__m256i)] = {0};
    memcpy(some, p, n);
    return _mm256_loadu_si256((const __m256i *)some);
}

static inline void store_bytes(void *p, size_t n, __m256i x)
{
    if (n == sizeof x)
        _mm256_storeu_si256(p, x);
    else
        memcpy(p, &x, n);
}

static inline struct words words_load_some(const void *p, size_t n)
{
    return (struct words){load_bytes(p, 4 * n)};
}

static inline void words_store_some(void *p, size_t n, struct words x)
{
    store_bytes(p, 4 * n, x.v);
}

static inline struct words words_load_halves(const void *p, size_t n)
{
    return (struct words){load_bytes(p, 2 * n)};
}

static inline void words_store_halves(void *p, size_t n, struct words x)
{
    store_bytes(p, 2 * n, x.v);
}

static inline __m256i load_units(const struct az_bf16 *p, size_t n)
{
    if (n == TILE) return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p));
    struct az_bf16 some[TILE] = {0};
    memcpy(some, p, n * sizeof *p);
    return _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)some));
}

static inline struct words words_zip(const struct az_bf16 *even, const struct az_bf16 *odd,
                                     size_t n_even, size_t n_odd)
{
    __m256i high = _mm256_slli_epi32(load_units(odd, n_odd), 16);
    return (struct words){_mm256_or_si256(load_units(even, n_even), high)};
}

/* Three rounds: pairs of words, pairs of pairs, 128-bit halves. */
static inline void words_transpose(struct words x[TILE])
{
    __m256i t[TILE];
    for (int i = 0; i < TILE; i += 2) {
        t[i] = _mm256_unpacklo_epi32(x[i].v, x[i + 1].v);
        t[i + 1] = _mm256_unpackhi_epi32(x[i].v, x[i + 1].v);
    }
    for (int i = 0; i < TILE; i += 4) {
        x[i].v = _mm256_unpacklo_epi64(t[i], t[i + 2]);
        x[i + 1].v = _mm256_unpackhi_epi64(t[i], t[i + 2]);
        x[i + 2].v = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
        x[i + 3].v = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    for (int i = 0; i < TILE / 2; i++) {
        t[i] = _mm256_permute2x128_si256(x[i].v, x[i + 4].v, 0x20);
        t[i + 4] = _mm256_permute2x128_si256(x[i].v, x[i + 4].v, 0x31);
    }
    for (int i = 0; i < TILE; i++) x[i].v = t[i];
}

#endif
