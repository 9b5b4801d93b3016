#include <math.h>

#include "base/random.h"
#include "kernel/reference/reference.h"

/* One coordinate. p is float32 until its last rounding, m and v hold what will be stored. */
struct coordinate {
    float p, m, v;
};

static float rn(float x) { return az_bf16_to_f32(az_bf16_from_f32(x)); }

/* PyTorch's lerp: two forms, so that a weight of 1 gives exactly the end. */
static float lerp(float start, float end, float weight)
{
    if (weight < 0.5f) return fmaf(weight, end - start, start);
    return fmaf(weight - 1, end - start, end);
}

/* p - lr m^ / (sqrt(v^) + eps), every operation rounded to float32 by itself. */
static struct coordinate step_f32(const struct az_adamw *a, struct coordinate c, float g)
{
    float m_kept = a->beta1_f32 * c.m, m_new = a->one_minus_beta1 * g;
    float v_kept = a->beta2_f32 * c.v, v_new = a->one_minus_beta2 * g * g;
    c.m = m_kept + m_new;
    c.v = v_kept + v_new;
    float m_hat = c.m / a->bias1, v_hat = c.v / a->bias2;
    float kept = c.p * a->decay, numerator = a->lr_f32 * m_hat;
    c.p = kept - numerator / (sqrtf(v_hat) + a->eps_f32);
    return c;
}

/* What follows the moments in the arithmetics that round each operation to bf16. */
static float step_rounded(const struct az_adamw *a, float p, float m, float v)
{
    float s = rn(rn(sqrtf(v)) / a->sqrt_bias2);
    s = rn(s + a->eps_f32);
    return p - a->step_size * m / s;
}

static float second_moment_rounded(const struct az_adamw *a, float v, float g)
{
    float scaled = a->one_minus_beta2 * g;
    return rn(fmaf(scaled, g, rn(v * a->beta2_f32)));
}

static struct coordinate step_bf16(const struct az_adamw *a, struct coordinate c, float g)
{
    c.m = rn(lerp(c.m, g, a->one_minus_beta1));
    c.v = second_moment_rounded(a, c.v, g);
    c.p = step_rounded(a, rn(c.p * a->decay), c.m, c.v);
    return c;
}

static struct coordinate step_legacy(const struct az_adamw *a, struct coordinate c, float g)
{
    c.m = rn(fmaf(a->one_minus_beta1, g, rn(c.m * a->beta1_f32)));
    c.v = second_moment_rounded(a, c.v, g);
    c.p = step_rounded(a, rn(c.p * a->decay), c.m, c.v);
    return c;
}

static struct coordinate finish_fused(const struct az_adamw *a, struct coordinate c)
{
    float kept = c.p * a->decay, s = sqrtf(c.v) / a->sqrt_bias2 + a->eps_f32;
    c.p = kept - a->step_size * c.m / s;
    return c;
}

static struct coordinate step_fused(const struct az_adamw *a, struct coordinate c, float g)
{
    float scaled = a->one_minus_beta2 * g;
    c.m = lerp(c.m, g, a->one_minus_beta1);
    c.v = fmaf(scaled, g, c.v * a->beta2_f32);
    return finish_fused(a, c);
}

/* The last elements of a tensor: here the compiler of PyTorch contracted the other product. */
static struct coordinate step_fused_tail(const struct az_adamw *a, struct coordinate c, float g)
{
    float scaled = a->one_minus_beta2 * g;
    c.m = lerp(c.m, g, a->one_minus_beta1);
    c.v = fmaf(c.v, a->beta2_f32, scaled * g);
    return finish_fused(a, c);
}

static float canonical(float x) { return isnan(x) ? az_f32_from_bits(0x7fc00000) : x; }

static struct az_bf16 store_bf16(float x) { return az_bf16_from_f32(canonical(x)); }

static float load_gradient(const struct az_adamw *a, const struct az_adamw_range *range, size_t i)
{
    float g = range->g_is_f32 ? ((const float *)range->g)[i]
                              : az_bf16_to_f32(((const struct az_bf16 *)range->g)[i]);
    return g * a->scale;
}

/* The last rounding of a parameter. */
static void store_parameter(const struct az_adamw *a, const struct az_adamw_range *range, size_t i,
                            float p)
{
    p = canonical(p);
    if (a->rounding == AZ_ROUNDING_STOCHASTIC) {
        uint32_t stream = AZ_STREAM_ROUNDING | (uint32_t)a->step << 8;
        uint32_t random = az_random_u32(a->rounding_seed, stream, range->first_index + i);
        range->p[i] = az_bf16_from_f32_stochastic(p, random);
    } else if (a->rounding == AZ_ROUNDING_KAHAN && range->residue) {
        p = p + az_bf16_to_f32(range->residue[i]);
        range->p[i] = store_bf16(p);
        range->residue[i] = store_bf16(p - az_bf16_to_f32(range->p[i]));
    } else {
        range->p[i] = az_bf16_from_f32(p);
    }
}

typedef struct coordinate step_function(const struct az_adamw *a, struct coordinate c, float g);

static void run_bf16(const struct az_adamw *a, const struct az_adamw_range *range, size_t first,
                     size_t end, step_function *step)
{
    struct az_bf16 *m = range->m, *v = range->v;
    for (size_t i = first; i < end; i++) {
        struct coordinate c = {az_bf16_to_f32(range->p[i]), az_bf16_to_f32(m[i]),
                               az_bf16_to_f32(v[i])};
        c = step(a, c, rn(load_gradient(a, range, i)));
        m[i] = store_bf16(c.m);
        v[i] = store_bf16(c.v);
        store_parameter(a, range, i, c.p);
    }
}

void az_reference_adamw_f32(const struct az_adamw *a, const struct az_adamw_range *range)
{
    float *m = range->m, *v = range->v;
    for (size_t i = 0; i < range->count; i++) {
        struct coordinate c = {az_bf16_to_f32(range->p[i]), m[i], v[i]};
        c = step_f32(a, c, load_gradient(a, range, i));
        m[i] = canonical(c.m);
        v[i] = canonical(c.v);
        store_parameter(a, range, i, c.p);
    }
}

void az_reference_adamw_master(const struct az_adamw *a, const struct az_adamw_range *range)
{
    float *m = range->m, *v = range->v;
    for (size_t i = 0; i < range->count; i++) {
        struct coordinate c = {range->master[i], m[i], v[i]};
        c = step_f32(a, c, load_gradient(a, range, i));
        m[i] = canonical(c.m);
        v[i] = canonical(c.v);
        range->master[i] = canonical(c.p);
        store_parameter(a, range, i, c.p);
    }
}

void az_reference_adamw_bf16(const struct az_adamw *a, const struct az_adamw_range *range)
{
    run_bf16(a, range, 0, range->count, step_bf16);
}

void az_reference_adamw_bf16_legacy(const struct az_adamw *a, const struct az_adamw_range *range)
{
    run_bf16(a, range, 0, range->count, step_legacy);
}

void az_reference_adamw_bf16_fused(const struct az_adamw *a, const struct az_adamw_range *range)
{
    size_t body = range->count / 16 * 16;
    run_bf16(a, range, 0, body, step_fused);
    run_bf16(a, range, body, range->count, step_fused_tail);
}
