/* adamw.h: AdamW over the operations of lanes.h; the roundings are those of
 * kernel/reference/adamw.c, which also takes what is left of a count beyond a multiple of 16, and
 * stochastic rounding. Include it once in a guest's file, after the header with its lanes. */
#ifndef AZ_KERNEL_GUEST_ADAMW_H
#define AZ_KERNEL_GUEST_ADAMW_H

#include "kernel/guest/inline.h"
#include "kernel/guest/lanes.h"
#include "kernel/reference/reference.h"

/* One group of 16 coordinates, as struct coordinate of the reference. Of the bf16 arithmetics m and
 * v are rounded, and every NaN has its lower half 0, because g, m and v had. */
struct adamw_group {
    struct lanes p, m, v;
};

struct adamw_scalars {
    struct lanes decay, beta1, beta2, one_minus_beta1, one_minus_beta2, lerp, eps;
    struct lanes lr, bias1, bias2, sqrt_bias2, step_size, scale;
    bool lerp_from_start;
};

static struct adamw_scalars adamw_scalars_of(const struct az_adamw *a)
{
    bool from_start = a->one_minus_beta1 < 0.5f;
    return (struct adamw_scalars){
        .decay = lanes_set(a->decay),
        .beta1 = lanes_set(a->beta1_f32),
        .beta2 = lanes_set(a->beta2_f32),
        .one_minus_beta1 = lanes_set(a->one_minus_beta1),
        .one_minus_beta2 = lanes_set(a->one_minus_beta2),
        .lerp = lanes_set(from_start ? a->one_minus_beta1 : a->one_minus_beta1 - 1),
        .eps = lanes_set(a->eps_f32),
        .lr = lanes_set(a->lr_f32),
        .bias1 = lanes_set(a->bias1),
        .bias2 = lanes_set(a->bias2),
        .sqrt_bias2 = lanes_set(a->sqrt_bias2),
        .step_size = lanes_set(a->step_size),
        .scale = lanes_set(a->scale),
        .lerp_from_start = from_start};
}

typedef struct adamw_group adamw_function(const struct adamw_scalars *s, struct adamw_group x,
                                          struct lanes g);

static AZ_INLINE struct lanes adamw_lerp(const struct adamw_scalars *s, struct lanes m,
                                         struct lanes g)
{
    return lanes_fma(s->lerp, lanes_sub(g, m), s->lerp_from_start ? m : g);
}

static AZ_INLINE struct adamw_group adamw_step_f32(const struct adamw_scalars *s,
                                                   struct adamw_group x, struct lanes g)
{
    struct lanes v_new = lanes_mul(lanes_mul(s->one_minus_beta2, g), g);
    x.m = lanes_add(lanes_mul(s->beta1, x.m), lanes_mul(s->one_minus_beta1, g));
    x.v = lanes_add(lanes_mul(s->beta2, x.v), v_new);
    struct lanes root = lanes_sqrt(lanes_div(x.v, s->bias2));
    struct lanes numerator = lanes_mul(s->lr, lanes_div(x.m, s->bias1));
    struct lanes change = lanes_div(numerator, lanes_add(root, s->eps));
    x.p = lanes_sub(lanes_mul(x.p, s->decay), change);
    return x;
}

static AZ_INLINE struct adamw_group adamw_finish_rounded(const struct adamw_scalars *s,
                                                         struct adamw_group x, struct lanes g)
{
    struct lanes kept = lanes_rounded(lanes_mul(x.v, s->beta2));
    x.v = lanes_rounded(lanes_fma(lanes_mul(s->one_minus_beta2, g), g, kept));
    struct lanes root = lanes_rounded(lanes_sqrt(x.v));
    root = lanes_rounded(lanes_div(root, s->sqrt_bias2));
    root = lanes_rounded(lanes_add(root, s->eps));
    struct lanes change = lanes_div(lanes_mul(s->step_size, x.m), root);
    x.p = lanes_sub(lanes_rounded(lanes_mul(x.p, s->decay)), change);
    return x;
}

static AZ_INLINE struct adamw_group adamw_step_bf16(const struct adamw_scalars *s,
                                                    struct adamw_group x, struct lanes g)
{
    x.m = lanes_rounded(adamw_lerp(s, x.m, g));
    return adamw_finish_rounded(s, x, g);
}

static AZ_INLINE struct adamw_group adamw_step_bf16_legacy(const struct adamw_scalars *s,
                                                           struct adamw_group x, struct lanes g)
{
    struct lanes kept = lanes_rounded(lanes_mul(x.m, s->beta1));
    x.m = lanes_rounded(lanes_fma(s->one_minus_beta1, g, kept));
    return adamw_finish_rounded(s, x, g);
}

static AZ_INLINE struct adamw_group adamw_step_bf16_fused(const struct adamw_scalars *s,
                                                          struct adamw_group x, struct lanes g)
{
    struct lanes scaled = lanes_mul(s->one_minus_beta2, g);
    x.m = adamw_lerp(s, x.m, g);
    x.v = lanes_fma(scaled, g, lanes_mul(x.v, s->beta2));
    struct lanes root = lanes_add(lanes_div(lanes_sqrt(x.v), s->sqrt_bias2), s->eps);
    struct lanes change = lanes_div(lanes_mul(s->step_size, x.m), root);
    x.p = lanes_sub(lanes_mul(x.p, s->decay), change);
    x.m = lanes_rounded(x.m);
    x.v = lanes_rounded(x.v);
    return x;
}

/* ---- loops ---- */

static AZ_INLINE struct lanes adamw_gradient(const struct adamw_scalars *s,
                                             const struct az_adamw_range *range, bool wide,
                                             size_t i)
{
    struct lanes g = wide ? lanes_load((const float *)range->g + i)
                          : lanes_widen((const struct az_bf16 *)range->g + i);
    return lanes_mul(g, s->scale);
}

static AZ_INLINE void adamw_store(const struct az_adamw_range *range, bool kahan, size_t i,
                                  struct lanes p)
{
    p = lanes_canonical(p);
    if (kahan) {
        p = lanes_canonical(lanes_add(p, lanes_widen(range->residue + i)));
        struct lanes lost = lanes_sub(p, lanes_rounded(p));
        lanes_store_upper(range->residue + i, lanes_rounded(lanes_canonical(lost)));
    }
    lanes_store_upper(range->p + i, lanes_rounded(p));
}

/* What is kept between steps. */
enum adamw_state { STATE_BF16, STATE_F32, STATE_MASTER };

/* state, wide and kahan are known where this is called, so that one loop remains. */
static AZ_INLINE void adamw_loop(const struct az_adamw *a, const struct az_adamw_range *range,
                                 adamw_function *step, enum adamw_state state, bool wide,
                                 bool kahan)
{
    struct adamw_scalars s = adamw_scalars_of(a);
    bool narrow = state == STATE_BF16;
    size_t whole = whole_lanes(range->count);
    for (size_t i = 0; i < whole; i += AZ_LANES) {
        struct az_bf16 *m16 = (struct az_bf16 *)range->m + i, *v16 = (struct az_bf16 *)range->v + i;
        float *m32 = (float *)range->m + i, *v32 = (float *)range->v + i;
        struct lanes g = adamw_gradient(&s, range, wide, i);
        struct adamw_group x = {.p = state == STATE_MASTER ? lanes_load(range->master + i)
                                                           : lanes_widen(range->p + i),
                                .m = narrow ? lanes_widen(m16) : lanes_load(m32),
                                .v = narrow ? lanes_widen(v16) : lanes_load(v32)};
        x = step(&s, x, narrow ? lanes_rounded(lanes_canonical(g)) : g);
        if (narrow) {
            lanes_store_upper(m16, lanes_canonical(x.m));
            lanes_store_upper(v16, lanes_canonical(x.v));
        } else {
            lanes_store(m32, lanes_canonical(x.m));
            lanes_store(v32, lanes_canonical(x.v));
        }
        if (state == STATE_MASTER) lanes_store(range->master + i, lanes_canonical(x.p));
        adamw_store(range, kahan, i, x.p);
    }
}

static AZ_INLINE void adamw_choose(const struct az_adamw *a, const struct az_adamw_range *range,
                                   adamw_function *step, enum adamw_state state)
{
    bool kahan = a->rounding == AZ_ROUNDING_KAHAN && range->residue;
    if (kahan && range->g_is_f32)
        adamw_loop(a, range, step, state, true, true);
    else if (kahan)
        adamw_loop(a, range, step, state, false, true);
    else if (range->g_is_f32)
        adamw_loop(a, range, step, state, true, false);
    else
        adamw_loop(a, range, step, state, false, false);
}

/* The elements after the last whole group. */
static struct az_adamw_range adamw_rest(const struct az_adamw *a,
                                        const struct az_adamw_range *range)
{
    struct az_adamw_range rest = *range;
    size_t whole = whole_lanes(range->count), state = az_arithmetic_state_bytes(a->arithmetic);
    rest.count -= whole;
    rest.p += whole;
    rest.g = (const char *)range->g + whole * (range->g_is_f32 ? sizeof(float) : sizeof *range->p);
    rest.m = (char *)range->m + whole * state;
    rest.v = (char *)range->v + whole * state;
    if (range->master) rest.master += whole;
    if (range->residue) rest.residue += whole;
    rest.first_index += whole;
    return rest;
}

/* step: of the arithmetic; name: of the reference. */
#define ADAMW_KERNEL(name, step, state)                                                            \
    static void adamw_##name(const struct az_adamw *a, const struct az_adamw_range *range)         \
    {                                                                                              \
        struct az_adamw_range rest = *range;                                                       \
        if (a->rounding != AZ_ROUNDING_STOCHASTIC) {                                               \
            adamw_choose(a, range, step, state);                                                   \
            rest = adamw_rest(a, range);                                                           \
        }                                                                                          \
        az_reference_adamw_##name(a, &rest);                                                       \
    }

ADAMW_KERNEL(f32, adamw_step_f32, STATE_F32)
ADAMW_KERNEL(master, adamw_step_f32, STATE_MASTER)
ADAMW_KERNEL(bf16, adamw_step_bf16, STATE_BF16)
ADAMW_KERNEL(bf16_legacy, adamw_step_bf16_legacy, STATE_BF16)
ADAMW_KERNEL(bf16_fused, adamw_step_bf16_fused, STATE_BF16)

static void fill_adamw(struct az_kernels *kernels)
{
    kernels->adamw[AZ_ARITHMETIC_F32] = adamw_f32;
    kernels->adamw[AZ_ARITHMETIC_BF16] = adamw_bf16;
    kernels->adamw[AZ_ARITHMETIC_BF16_FOREACH] = adamw_bf16; /* other scalars */
    kernels->adamw[AZ_ARITHMETIC_BF16_LEGACY] = adamw_bf16_legacy;
    kernels->adamw[AZ_ARITHMETIC_BF16_FUSED] = adamw_bf16_fused;
    kernels->adamw[AZ_ARITHMETIC_MASTER] = adamw_master;
}

#endif
