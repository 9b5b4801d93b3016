/* lanes_neon.h: the 16 virtual lanes in four q registers. Contracts: kernel/guest/lanes.h. */
#ifndef AZ_KERNEL_ARM_LANES_NEON_H
#define AZ_KERNEL_ARM_LANES_NEON_H

#include <arm_neon.h>
#include <string.h>

#include "azimuth/kernel.h"
#include "kernel/constants.h"
#include "kernel/guest/inline.h"

struct lanes {
    float32x4_t v[4];
};

/* statement for each of the four registers q */
#define EACH_QUARTER(statement)                                                                    \
    AZ_UNROLL                                                                                      \
    for (int q = 0; q < 4; q++) statement

static inline struct lanes lanes_set(float x)
{
    struct lanes y;
    EACH_QUARTER(y.v[q] = vdupq_n_f32(x);)
    return y;
}

static inline struct lanes lanes_load(const float *p)
{
    struct lanes x;
    EACH_QUARTER(x.v[q] = vld1q_f32(p + 4 * q);)
    return x;
}

static inline void lanes_store(float *p, struct lanes x)
{
    EACH_QUARTER(vst1q_f32(p + 4 * q, x.v[q]);)
}

static inline struct lanes lanes_load_some(const float *p, size_t n, float other)
{
    float some[AZ_LANES];
    lanes_store(some, lanes_set(other));
    memcpy(some, p, n * sizeof *p);
    return lanes_load(some);
}

static inline void lanes_store_some(float *p, size_t n, struct lanes x)
{
    float some[AZ_LANES];
    lanes_store(some, x);
    memcpy(p, some, n * sizeof *p);
}

static inline struct lanes lanes_first(size_t n, struct lanes x)
{
    float some[AZ_LANES];
    lanes_store(some, x);
    return lanes_load_some(some, n, 0);
}

#define LANES_OPERATION(name, intrinsic)                                                           \
    static inline struct lanes lanes_##name(struct lanes a, struct lanes b)                        \
    {                                                                                              \
        EACH_QUARTER(a.v[q] = intrinsic(a.v[q], b.v[q]);)                                          \
        return a;                                                                                  \
    }

LANES_OPERATION(add, vaddq_f32)
LANES_OPERATION(sub, vsubq_f32)
LANES_OPERATION(mul, vmulq_f32)
LANES_OPERATION(div, vdivq_f32)

static inline float32x4_t greater(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

static inline float32x4_t lesser(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

LANES_OPERATION(greater, greater)
LANES_OPERATION(lesser, lesser)

static inline struct lanes lanes_sqrt(struct lanes x)
{
    EACH_QUARTER(x.v[q] = vsqrtq_f32(x.v[q]);)
    return x;
}

static inline float32x4_t rounded_quarter(float32x4_t x)
{
    uint32x4_t bits = vreinterpretq_u32_f32(x);
    uint32x4_t even = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    bits = vaddq_u32(vaddq_u32(bits, even), vdupq_n_u32(0x7fff));
    return vreinterpretq_f32_u32(vandq_u32(bits, vdupq_n_u32(0xffff0000)));
}

static inline struct lanes lanes_rounded(struct lanes x)
{
    EACH_QUARTER(x.v[q] = rounded_quarter(x.v[q]);)
    return x;
}

static inline struct lanes lanes_canonical(struct lanes x)
{
    float32x4_t quiet = vreinterpretq_f32_u32(vdupq_n_u32(0x7fc00000));
    EACH_QUARTER(x.v[q] = vbslq_f32(vceqq_f32(x.v[q], x.v[q]), x.v[q], quiet);)
    return x;
}

static inline struct lanes lanes_fma(struct lanes a, struct lanes b, struct lanes c)
{
    EACH_QUARTER(c.v[q] = vfmaq_f32(c.v[q], a.v[q], b.v[q]);)
    return c;
}

static inline struct lanes lanes_fnma(struct lanes a, struct lanes b, struct lanes c)
{
    EACH_QUARTER(c.v[q] = vfmsq_f32(c.v[q], a.v[q], b.v[q]);)
    return c;
}

static inline struct lanes lanes_where_below(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    float32x4_t limit = vdupq_n_f32(bound), instead = vdupq_n_f32(value);
    EACH_QUARTER(y.v[q] = vbslq_f32(vcltq_f32(x.v[q], limit), instead, y.v[q]);)
    return y;
}

static inline struct lanes lanes_where_above(struct lanes x, float bound, float value,
                                             struct lanes y)
{
    float32x4_t limit = vdupq_n_f32(bound), instead = vdupq_n_f32(value);
    EACH_QUARTER(y.v[q] = vbslq_f32(vcgtq_f32(x.v[q], limit), instead, y.v[q]);)
    return y;
}

struct lanes_integer {
    int32x4_t v[4];
};

static inline struct lanes_integer lanes_nearest(struct lanes x)
{
    struct lanes_integer n;
    EACH_QUARTER(n.v[q] = vcvtnq_s32_f32(x.v[q]);)
    return n;
}

static inline struct lanes lanes_from_integer(struct lanes_integer n)
{
    struct lanes x;
    EACH_QUARTER(x.v[q] = vcvtq_f32_s32(n.v[q]);)
    return x;
}

static inline struct lanes lanes_add_exponent(struct lanes x, struct lanes_integer n)
{
    EACH_QUARTER(x.v[q] = vreinterpretq_f32_s32(
                     vaddq_s32(vreinterpretq_s32_f32(x.v[q]), vshlq_n_s32(n.v[q], 23)));)
    return x;
}

static inline float lanes_tree_sum(struct lanes x)
{
    float32x4_t four = vaddq_f32(vaddq_f32(x.v[0], x.v[2]), vaddq_f32(x.v[1], x.v[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

static inline float lanes_tree_greater(struct lanes x)
{
    float some[4];
    vst1q_f32(some, greater(greater(x.v[3], x.v[1]), greater(x.v[2], x.v[0])));
    float even = some[2] > some[0] ? some[2] : some[0];
    float odd = some[3] > some[1] ? some[3] : some[1];
    return odd > even ? odd : even;
}

static inline struct lanes lanes_widen(const struct az_bf16 *p)
{
    struct lanes x;
    EACH_QUARTER(x.v[q] =
                     vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *)p + 4 * q), 16));)
    return x;
}

static inline struct lanes lanes_widen_some(const struct az_bf16 *p, size_t n)
{
    struct az_bf16 some[AZ_LANES] = {0};
    memcpy(some, p, n * sizeof *p);
    return lanes_widen(some);
}

/* az_bf16_from_f32 on four values. */
static inline uint16x4_t rounded(float32x4_t x)
{
    uint32x4_t bits = vreinterpretq_u32_f32(x), top = vshrq_n_u32(bits, 16);
    uint32x4_t even = vandq_u32(top, vdupq_n_u32(1));
    uint32x4_t sum = vaddq_u32(vaddq_u32(bits, even), vdupq_n_u32(0x7fff));
    uint32x4_t number = vceqq_f32(x, x), quiet = vorrq_u32(top, vdupq_n_u32(0x40));
    return vmovn_u32(vbslq_u32(number, vshrq_n_u32(sum, 16), quiet));
}

static inline void lanes_narrow(struct az_bf16 *p, struct lanes x)
{
    EACH_QUARTER(vst1_u16((uint16_t *)p + 4 * q, rounded(x.v[q]));)
}

static inline void lanes_store_upper(struct az_bf16 *p, struct lanes x)
{
    EACH_QUARTER(vst1_u16((uint16_t *)p + 4 * q, vshrn_n_u32(vreinterpretq_u32_f32(x.v[q]), 16));)
}

static inline void lanes_narrow_some(struct az_bf16 *p, size_t n, struct lanes x)
{
    struct az_bf16 some[AZ_LANES];
    lanes_narrow(some, x);
    memcpy(p, some, n * sizeof *p);
}

static inline void lanes_narrow_pair(struct az_bf16 *p, struct lanes even, struct lanes odd)
{
    EACH_QUARTER(
        vst2_u16((uint16_t *)p + 8 * q, ((uint16x4x2_t){{rounded(even.v[q]), rounded(odd.v[q])}}));)
}

struct lanes_f64 {
    float64x2_t v[8];
};

static inline struct lanes_f64 lanes_f64_zero(void)
{
    struct lanes_f64 x;
    for (int i = 0; i < 8; i++) x.v[i] = vdupq_n_f64(0);
    return x;
}

static inline struct lanes_f64 lanes_f64_add_square(struct lanes_f64 sum, struct lanes x)
{
    for (int q = 0; q < 4; q++) {
        float64x2_t low = vcvt_f64_f32(vget_low_f32(x.v[q])), high = vcvt_high_f64_f32(x.v[q]);
        sum.v[2 * q] = vfmaq_f64(sum.v[2 * q], low, low);
        sum.v[2 * q + 1] = vfmaq_f64(sum.v[2 * q + 1], high, high);
    }
    return sum;
}

static inline double lanes_f64_tree_sum(struct lanes_f64 x)
{
    for (int half = 4; half > 0; half /= 2)
        for (int i = 0; i < half; i++) x.v[i] = vaddq_f64(x.v[i], x.v[i + half]);
    return vgetq_lane_f64(x.v[0], 0) + vgetq_lane_f64(x.v[0], 1);
}

/* ---- tiles of TILE x TILE words of 32 bits ---- */
#define TILE 4

struct words {
    uint32x4_t v;
};

/* n bytes of 16, the rest zero. */
static inline uint32x4_t load_bytes(const void *p, size_t n)
{
    uint32_t some[4] = {0};
    memcpy(some, p, n);
    return vld1q_u32(some);
}

static inline struct words words_load_some(const void *p, size_t n)
{
    return (struct words){n == TILE ? vreinterpretq_u32_u8(vld1q_u8(p)) : load_bytes(p, 4 * n)};
}

static inline struct words words_load_halves(const void *p, size_t n)
{
    return (struct words){n == 2 * TILE ? vreinterpretq_u32_u8(vld1q_u8(p)) : load_bytes(p, 2 * n)};
}

static inline void words_store_some(void *p, size_t n, struct words x)
{
    if (n == TILE)
        vst1q_u8(p, vreinterpretq_u8_u32(x.v));
    else
        memcpy(p, &x.v, 4 * n);
}

static inline void words_store_halves(void *p, size_t n, struct words x)
{
    if (n == 2 * TILE)
        vst1q_u8(p, vreinterpretq_u8_u32(x.v));
    else
        memcpy(p, &x.v, 2 * n);
}

static inline uint16x4_t load_units(const struct az_bf16 *p, size_t n)
{
    uint16_t some[TILE] = {0};
    if (n == TILE) return vld1_u16((const uint16_t *)p);
    memcpy(some, p, n * sizeof *p);
    return vld1_u16(some);
}

static inline struct words words_zip(const struct az_bf16 *even, const struct az_bf16 *odd,
                                     size_t n_even, size_t n_odd)
{
    uint16x4_t low = load_units(even, n_even), high = load_units(odd, n_odd);
    return (struct words){vorrq_u32(vmovl_u16(low), vshll_n_u16(high, 16))};
}

static inline void words_transpose(struct words x[TILE])
{
    uint32x4_t a = vtrn1q_u32(x[0].v, x[1].v), b = vtrn2q_u32(x[0].v, x[1].v);
    uint32x4_t c = vtrn1q_u32(x[2].v, x[3].v), d = vtrn2q_u32(x[2].v, x[3].v);
    x[0].v = vcombine_u32(vget_low_u32(a), vget_low_u32(c));
    x[1].v = vcombine_u32(vget_low_u32(b), vget_low_u32(d));
    x[2].v = vcombine_u32(vget_high_u32(a), vget_high_u32(c));
    x[3].v = vcombine_u32(vget_high_u32(b), vget_high_u32(d));
}

#endif
