#include "mutation.h"

#include <math.h>
#include <string.h>

/* What the wrong kernels call. */
static struct az_kernels honest;

#define WRONG(kernel, name)                                                                        \
    static void apply_##name(struct az_kernels *kernels) { kernels->kernel = name; }

static float next(float x) { return nextafterf(x, INFINITY); }

/* ---- products ---- */

static void product_one_ulp(const struct az_product_bf16 *product)
{
    honest.product_bf16(product);
    if (!product->m || !product->n) return;
    float *last = product->c + (product->m - 1) * product->c_stride + product->n - 1;
    *last = next(*last);
}
WRONG(product_bf16, product_one_ulp)

/* Panels of 32 instead of 512: the sums are the same but for rounding. */
static void product_other_panels(const struct az_product_bf16 *product)
{
    if (product->n > AZ_PACK_COLUMNS) {
        honest.product_bf16(product);
        return;
    }
    struct az_product_bf16 part = *product;
    for (size_t start = 0; start == 0 || start < product->k; start += AZ_PRODUCT_BLOCK) {
        size_t left = product->k - start;
        part.a = product->a + start;
        part.b = product->b + start * AZ_PACK_COLUMNS;
        part.k = left < AZ_PRODUCT_BLOCK ? left : AZ_PRODUCT_BLOCK;
        honest.product_bf16(&part);
        part.accumulate = true;
    }
}
WRONG(product_bf16, product_other_panels)

/* No flushing: every output is made again in one chain with gradual underflow where it is tiny. */
static void product_unflushed(const struct az_product_bf16 *product)
{
    honest.product_bf16(product);
    for (size_t i = 0; i < product->m; i++)
        for (size_t j = 0; j < product->n && !product->accumulate; j++) {
            float *c = &product->c[i * product->c_stride + j], sum = 0;
            if (*c != 0) continue;
            size_t k = (product->k + 31) / 32 * 32, column = j % AZ_PACK_COLUMNS;
            const struct az_bf16 *b = product->b + (j - column) * k + 2 * column;
            for (size_t l = 0; l < product->k; l++)
                sum = fmaf(az_bf16_to_f32(product->a[i * product->a_stride + l]),
                           az_bf16_to_f32(b[l / 2 * 2 * AZ_PACK_COLUMNS + l % 2]), sum);
            *c = sum;
        }
}
WRONG(product_bf16, product_unflushed)

static void product_f32_reversed(const struct az_product_f32 *product)
{
    honest.product_f32(product);
    if (product->k != 2 || product->accumulate || product->n > AZ_PACK_COLUMNS) return;
    for (size_t j = 0; j < product->n && product->m; j++)
        product->c[j] =
            fmaf(product->a[0], product->b[j], 0) + product->a[1] * product->b[AZ_PACK_COLUMNS + j];
}
WRONG(product_f32, product_f32_reversed)

/* ---- packing: something in the padding, an element from its neighbour ---- */

static void pack_b_dirty(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                         struct az_bf16 *packed, size_t group)
{
    honest.pack_b(k, n, b, b_stride, packed, group);
    if (k % 2 && n) packed[(k - 1) * AZ_PACK_COLUMNS + 1].bits = 1;
}
WRONG(pack_b, pack_b_dirty)

static void pack_b_transposed_swapped(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                                      struct az_bf16 *packed)
{
    honest.pack_b_transposed(k, n, b, b_stride, packed);
    if (k < 2 || n == 0) return;
    struct az_bf16 even = packed[0];
    packed[0] = packed[1], packed[1] = even;
}
WRONG(pack_b_transposed, pack_b_transposed_swapped)

static void pack_b_f32_overrun(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                               size_t group)
{
    honest.pack_b_f32(k, n, b, b_stride, packed, group);
    if (k == 1) packed[-1] = 0;
}

/* An overrun can be tried only where it does not end the program: at the side with marks. */
static void pack_b_f32_marks(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                             size_t group)
{
    size_t page_bytes = 4096;
    if ((uintptr_t)packed % page_bytes == 0)
        honest.pack_b_f32(k, n, b, b_stride, packed, group);
    else
        pack_b_f32_overrun(k, n, b, b_stride, packed, group);
}
WRONG(pack_b_f32, pack_b_f32_marks)

static void pack_b_f32_transposed_short(size_t k, size_t n, const float *b, size_t b_stride,
                                        float *packed)
{
    honest.pack_b_f32_transposed(k, n ? n - 1 : 0, b, b_stride, packed);
}
WRONG(pack_b_f32_transposed, pack_b_f32_transposed_short)

static void transpose_bf16_short(size_t rows, size_t columns, const struct az_bf16 *from,
                                 size_t from_stride, struct az_bf16 *to, size_t to_stride)
{
    honest.transpose_bf16(rows, columns ? columns - 1 : 0, from, from_stride, to, to_stride);
}
WRONG(transpose_bf16, transpose_bf16_short)

static void transpose_f32_wide(size_t rows, size_t columns, const float *from, size_t from_stride,
                               float *to, size_t to_stride)
{
    honest.transpose_f32(rows, columns, from, from_stride, to, to_stride);
    if (columns > 1 && to_stride > rows) to[rows] = 0;
}
WRONG(transpose_f32, transpose_f32_wide)

/* ---- elementwise ---- */

static void widen_nan(size_t count, const struct az_bf16 *from, float *to)
{
    honest.widen(count, from, to);
    for (size_t i = 0; i < count; i++)
        if (to[i] != to[i]) to[i] = az_f32_from_bits(az_f32_bits(to[i]) | 0x8000);
}
WRONG(widen, widen_nan)

/* Ties away from zero. */
static void narrow_ties(size_t count, const float *from, struct az_bf16 *to)
{
    honest.narrow(count, from, to);
    for (size_t i = 0; i < count; i++)
        if ((az_f32_bits(from[i]) & 0x1ffff) == 0x8000) to[i].bits++;
}
WRONG(narrow, narrow_ties)

static void add_last(size_t count, const float *x, float *y)
{
    honest.add(count ? count - 1 : 0, x, y);
}
WRONG(add, add_last)

static void scale_flushed(size_t count, float factor, float *y)
{
    honest.scale(count, factor, y);
    for (size_t i = 0; i < count; i++)
        if (fabsf(y[i]) < 0x1p-126f) y[i] = copysignf(0, y[i]);
}
WRONG(scale, scale_flushed)

static void add_row_first(size_t rows, size_t columns, const float *row, float *y)
{
    honest.add_row(rows ? 1 : 0, columns, row, y);
}
WRONG(add_row, add_row_first)

static void sum_rows_backwards(size_t rows, size_t columns, const float *x, float *column_sums)
{
    for (size_t r = rows; r-- > 0;) honest.sum_rows(1, columns, x + r * columns, column_sums);
}
WRONG(sum_rows, sum_rows_backwards)

static void gelu_ulp(size_t count, const float *x, float *y)
{
    honest.gelu(count, x, y);
    if (count % AZ_LANES == 3) y[count - 1] = next(y[count - 1]);
}
WRONG(gelu, gelu_ulp)

static void gelu_backward_ulp(size_t count, const float *x, const float *dy, float *dx)
{
    honest.gelu_backward(count, x, dy, dx);
    if (count == 1000) dx[517] = next(dx[517]);
}
WRONG(gelu_backward, gelu_backward_ulp)

static void exponential_subnormal(size_t count, const float *x, float *y)
{
    honest.exponential(count, x, y);
    for (size_t i = 0; i < count; i++)
        if (x[i] < AZ_EXP_LOWEST && x[i] > -100) y[i] = (float)exp((double)x[i]);
}
WRONG(exponential, exponential_subnormal)

/* ---- rows ---- */

/* The variance in one chain instead of 16 lanes. */
static void layernorm_chain(size_t rows, size_t columns, const float *x, const float *gain,
                            const float *bias, float eps, float *y, float *mean, float *rstd)
{
    honest.layernorm(rows, columns, x, gain, bias, eps, y, mean, rstd);
    for (size_t r = 0; r < rows && columns; r++) {
        float sum = 0;
        for (size_t i = 0; i < columns; i++) {
            float d = x[r * columns + i] - mean[r];
            sum = fmaf(d, d, sum);
        }
        rstd[r] = 1 / sqrtf(sum / (float)columns + eps);
    }
}
WRONG(layernorm, layernorm_chain)

static void layernorm_backward_bias(size_t rows, size_t columns, const float *x, const float *gain,
                                    const float *mean, const float *rstd, const float *dy,
                                    float *dx, float *dgain, float *dbias)
{
    honest.layernorm_backward(rows, columns, x, gain, mean, rstd, dy, dx, dgain, dbias);
    if (columns == 23) dbias[22] = next(dbias[22]);
}
WRONG(layernorm_backward, layernorm_backward_bias)

static void exponentials_chain(size_t count, float *x, float *max, float *sum)
{
    honest.softmax_exponentials(count, x, max, sum);
    *sum = 0;
    for (size_t i = 0; i < count; i++) *sum += x[i];
}
WRONG(softmax_exponentials, exponentials_chain)

/* Lanes that do not exist count as exp(0 - max). */
static void exponentials_padded(size_t count, const struct az_bf16 *x, float *e, float *max,
                                float *sum)
{
    honest.softmax_exponentials_bf16(count, x, e, max, sum);
    if (count % AZ_LANES) *sum += expf(-*max);
}
WRONG(softmax_exponentials_bf16, exponentials_padded)

static void scale_pair_swapped(size_t count, const struct az_scaled_pair *pair)
{
    struct az_scaled_pair other = *pair;
    other.x[0] = pair->x[1], other.x[1] = pair->x[0];
    honest.scale_pair(count, pair);
    if (count == 17) honest.scale_pair(count, &other);
}
WRONG(scale_pair, scale_pair_swapped)

static void apply_fused(size_t count, const float *x, float max, float factor, float *y)
{
    for (size_t i = 0; i < count; i++) y[i] = (float)(exp((double)x[i] - (double)max) * factor);
}
WRONG(softmax_apply, apply_fused)

static void softmax_backward_order(size_t count, const float *p, const float *dp, float factor,
                                   float *dx)
{
    honest.softmax_backward(count, p, dp, 1, dx);
    honest.scale(count, factor * 1.0000001f, dx);
}
WRONG(softmax_backward, softmax_backward_order)

static double squares_f32(size_t count, const float *x)
{
    float sum = 0;
    for (size_t i = 0; i < count; i++) sum = fmaf(x[i], x[i], sum);
    return (double)sum;
}
WRONG(sum_squares, squares_f32)

/* ---- AdamW ---- */

#define ADAMW(arithmetic) honest.adamw[arithmetic](a, range)

static void adamw_f32_bias(const struct az_adamw *a, const struct az_adamw_range *range)
{
    struct az_adamw other = *a;
    other.bias2 = nextafterf(other.bias2, 0);
    a = &other;
    ADAMW(AZ_ARITHMETIC_F32);
}
WRONG(adamw[AZ_ARITHMETIC_F32], adamw_f32_bias)

/* eps not rounded to bf16. */
static void adamw_bf16_eps(const struct az_adamw *a, const struct az_adamw_range *range)
{
    struct az_adamw other = *a;
    other.eps_f32 = (float)other.eps;
    a = &other;
    ADAMW(AZ_ARITHMETIC_BF16);
}
WRONG(adamw[AZ_ARITHMETIC_BF16], adamw_bf16_eps)

static void adamw_foreach_scalars(const struct az_adamw *a, const struct az_adamw_range *range)
{
    struct az_adamw other = *a;
    other.beta2_f32 = (float)other.beta2;
    a = &other;
    ADAMW(AZ_ARITHMETIC_BF16_FOREACH);
}
WRONG(adamw[AZ_ARITHMETIC_BF16_FOREACH], adamw_foreach_scalars)

/* m as PyTorch makes it since 2.1. */
static void adamw_legacy_lerp(const struct az_adamw *a, const struct az_adamw_range *range)
{
    ADAMW(AZ_ARITHMETIC_BF16);
}
WRONG(adamw[AZ_ARITHMETIC_BF16_LEGACY], adamw_legacy_lerp)

/* The last elements as all others. */
static void adamw_fused_tail(const struct az_adamw *a, const struct az_adamw_range *range)
{
    struct az_bf16 p[16] = {0}, g[16] = {0}, m[16] = {0}, v[16] = {0};
    const struct az_adamw_range whole = *range,
                                padded = {.count = 16, .p = p, .g = g, .m = m, .v = v};
    size_t rest = whole.count % 16, from = whole.count - rest;
    bool plain = !whole.g_is_f32 && a->rounding == AZ_ROUNDING_NEAREST;
    if (plain && rest) {
        memcpy(p, whole.p + from, 2 * rest);
        memcpy(g, (const struct az_bf16 *)whole.g + from, 2 * rest);
        memcpy(m, (struct az_bf16 *)whole.m + from, 2 * rest);
        memcpy(v, (struct az_bf16 *)whole.v + from, 2 * rest);
        range = &padded;
        ADAMW(AZ_ARITHMETIC_BF16_FUSED);
        range = &whole;
    }
    ADAMW(AZ_ARITHMETIC_BF16_FUSED);
    if (plain && rest) memcpy((struct az_bf16 *)whole.v + from, v, 2 * rest);
}
WRONG(adamw[AZ_ARITHMETIC_BF16_FUSED], adamw_fused_tail)

static void adamw_master_forgets(const struct az_adamw *a, const struct az_adamw_range *range)
{
    ADAMW(AZ_ARITHMETIC_MASTER);
    for (size_t i = 0; i < range->count; i++)
        range->master[i] = az_bf16_to_f32(az_bf16_from_f32(range->master[i]));
}
WRONG(adamw[AZ_ARITHMETIC_MASTER], adamw_master_forgets)

#define MUTATION(kernel, what, name)                                                               \
    {                                                                                              \
        kernel ": " what, apply_##name                                                             \
    }

const struct mutation az_test_mutations[] = {
    MUTATION("product_bf16", "one output is an ulp too high", product_one_ulp),
    MUTATION("product_bf16", "panels of another length", product_other_panels),
    MUTATION("product_bf16", "subnormals come out", product_unflushed),
    MUTATION("product_f32", "not fused", product_f32_reversed),
    MUTATION("pack_b", "padding not zero", pack_b_dirty),
    MUTATION("pack_b_transposed", "a pair swapped", pack_b_transposed_swapped),
    MUTATION("pack_b_f32", "writes before its buffer", pack_b_f32_marks),
    MUTATION("pack_b_f32_transposed", "last column missing", pack_b_f32_transposed_short),
    MUTATION("transpose_bf16", "last column missing", transpose_bf16_short),
    MUTATION("transpose_f32", "touches what lies between rows", transpose_f32_wide),
    MUTATION("widen", "changes the payload of a NaN", widen_nan),
    MUTATION("narrow", "ties away from even", narrow_ties),
    MUTATION("add", "last element missing", add_last),
    MUTATION("scale", "flushes subnormals", scale_flushed),
    MUTATION("add_row", "first row only", add_row_first),
    MUTATION("sum_rows", "rows descending", sum_rows_backwards),
    MUTATION("gelu", "an ulp in the tail", gelu_ulp),
    MUTATION("gelu_backward", "an ulp in one element", gelu_backward_ulp),
    MUTATION("exponential", "subnormal results", exponential_subnormal),
    MUTATION("layernorm", "variance in another order", layernorm_chain),
    MUTATION("layernorm_backward", "an ulp in dbias", layernorm_backward_bias),
    MUTATION("softmax_exponentials", "sum in another order", exponentials_chain),
    MUTATION("softmax_exponentials_bf16", "lanes beyond the end", exponentials_padded),
    MUTATION("scale_pair", "rows in another order", scale_pair_swapped),
    MUTATION("softmax_apply", "another exp", apply_fused),
    MUTATION("softmax_backward", "a factor that is off", softmax_backward_order),
    MUTATION("sum_squares", "in float32", squares_f32),
    MUTATION("adamw_f32", "an ulp in the bias correction", adamw_f32_bias),
    MUTATION("adamw_bf16", "eps as it was given", adamw_bf16_eps),
    MUTATION("adamw_bf16_foreach", "beta2 as it was given", adamw_foreach_scalars),
    MUTATION("adamw_bf16_legacy", "m in one rounding", adamw_legacy_lerp),
    MUTATION("adamw_bf16_fused", "no tail", adamw_fused_tail),
    MUTATION("adamw_master", "forgets what the model does not see", adamw_master_forgets),
};
const size_t az_test_mutation_count = sizeof az_test_mutations / sizeof *az_test_mutations;

void az_test_mutate(struct az_kernels *kernels, const struct mutation *mutation)
{
    honest = *kernels;
    mutation->apply(kernels);
}
