/* rows.h: elementwise kernels and rows over the operations of lanes.h; the roundings are those of
 * kernel/reference. Include it once in a guest's file, after the header with its lanes. */
#ifndef AZ_KERNEL_GUEST_ROWS_H
#define AZ_KERNEL_GUEST_ROWS_H

#include <math.h>

#include "kernel/constants.h"
#include "kernel/guest/inline.h"
#include "kernel/guest/lanes.h"

/* ---- conversion ---- */

static void widen(size_t count, const struct az_bf16 *from, float *to)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES) lanes_store(to + i, lanes_widen(from + i));
    if (rest) lanes_store_some(to + whole, rest, lanes_widen_some(from + whole, rest));
}

static void narrow(size_t count, const float *from, struct az_bf16 *to)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES) lanes_narrow(to + i, lanes_load(from + i));
    if (rest) lanes_narrow_some(to + whole, rest, lanes_load_some(from + whole, rest, 0));
}

/* ---- elementwise ---- */

static void add(size_t count, const float *x, float *y)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES)
        lanes_store(y + i, lanes_add(lanes_load(y + i), lanes_load(x + i)));
    x += whole, y += whole;
    if (rest)
        lanes_store_some(y, rest,
                         lanes_add(lanes_load_some(y, rest, 0), lanes_load_some(x, rest, 0)));
}

static void scale(size_t count, float factor, float *y)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes f = lanes_set(factor);
    for (size_t i = 0; i < whole; i += AZ_LANES)
        lanes_store(y + i, lanes_mul(lanes_load(y + i), f));
    y += whole;
    if (rest) lanes_store_some(y, rest, lanes_mul(lanes_load_some(y, rest, 0), f));
}

static void add_row(size_t rows, size_t columns, const float *row, float *y)
{
    for (size_t r = 0; r < rows; r++) add(columns, row, y + r * columns);
}

/* Sums of `groups` (<= 4) times 16 columns, kept in registers over all rows. */
static inline __attribute__((always_inline)) void
sum_column_groups(size_t groups, size_t rows, size_t stride, const float *x, float *sums)
{
    struct lanes sum[4];
    for (size_t g = 0; g < groups; g++) sum[g] = lanes_load(sums + g * AZ_LANES);
    for (size_t r = 0; r < rows; r++)
        for (size_t g = 0; g < groups; g++)
            sum[g] = lanes_add(sum[g], lanes_load(x + r * stride + g * AZ_LANES));
    for (size_t g = 0; g < groups; g++) lanes_store(sums + g * AZ_LANES, sum[g]);
}

static void sum_rows(size_t rows, size_t columns, const float *x, float *column_sums)
{
    size_t c = 0, rest = columns % AZ_LANES;
    for (; c + 4 * AZ_LANES <= columns; c += 4 * AZ_LANES)
        sum_column_groups(4, rows, columns, x + c, column_sums + c);
    for (; c + AZ_LANES <= columns; c += AZ_LANES)
        sum_column_groups(1, rows, columns, x + c, column_sums + c);
    if (!rest) return;
    struct lanes sum = lanes_load_some(column_sums + c, rest, 0);
    for (size_t r = 0; r < rows; r++)
        sum = lanes_add(sum, lanes_load_some(x + r * columns + c, rest, 0));
    lanes_store_some(column_sums + c, rest, sum);
}

/* ---- exp and GELU ---- */

static inline struct lanes exp_inside(struct lanes x)
{
    struct lanes_integer n = lanes_nearest(lanes_mul(x, lanes_set(AZ_EXP_LOG2E)));
    struct lanes whole = lanes_from_integer(n);
    struct lanes r = lanes_fnma(whole, lanes_set(AZ_EXP_LN2_HIGH), x);
    r = lanes_fnma(whole, lanes_set(AZ_EXP_LN2_LOW), r);
    struct lanes p = lanes_fma(lanes_set(AZ_EXP_C6), r, lanes_set(AZ_EXP_C5));
    p = lanes_fma(p, r, lanes_set(AZ_EXP_C4));
    p = lanes_fma(p, r, lanes_set(AZ_EXP_C3));
    p = lanes_fma(p, r, lanes_set(AZ_EXP_C2));
    p = lanes_fma(p, r, lanes_set(1));
    p = lanes_fma(p, r, lanes_set(1));
    return lanes_add_exponent(p, n);
}

/* exp where no x is above AZ_EXP_HIGHEST. */
static inline struct lanes exp_of_low(struct lanes x)
{
    return lanes_where_below(x, AZ_EXP_LOWEST, 0, exp_inside(x));
}

static inline struct lanes exp_of(struct lanes x)
{
    return lanes_where_above(x, AZ_EXP_HIGHEST, INFINITY, exp_of_low(x));
}

static void exponential(size_t count, const float *x, float *y)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES) lanes_store(y + i, exp_of(lanes_load(x + i)));
    if (rest) lanes_store_some(y + whole, rest, exp_of(lanes_load_some(x + whole, rest, 0)));
}

static inline struct lanes gelu_exp(struct lanes x, struct lanes square)
{
    struct lanes cubic = lanes_set(AZ_GELU_CUBIC), linear = lanes_set(AZ_GELU_LINEAR);
    return exp_inside(lanes_mul(x, lanes_fma(cubic, square, linear)));
}

static inline struct lanes gelu_of(struct lanes x)
{
    struct lanes low = lanes_greater(lanes_set(-AZ_GELU_LIMIT), x);
    struct lanes xc = lanes_lesser(lanes_set(AZ_GELU_LIMIT), low);
    return lanes_div(low, lanes_add(lanes_set(1), gelu_exp(xc, lanes_mul(xc, xc))));
}

static void gelu(size_t count, const float *x, float *y)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES) lanes_store(y + i, gelu_of(lanes_load(x + i)));
    if (rest) lanes_store_some(y + whole, rest, gelu_of(lanes_load_some(x + whole, rest, 0)));
}

static inline struct lanes gelu_slope(struct lanes x)
{
    struct lanes xc = lanes_greater(lanes_set(-AZ_GELU_LIMIT), x);
    xc = lanes_lesser(lanes_set(AZ_GELU_LIMIT), xc);
    struct lanes square = lanes_mul(xc, xc), e = gelu_exp(xc, square);
    struct lanes s = lanes_div(lanes_set(1), lanes_add(lanes_set(1), e)), w = lanes_mul(e, s);
    struct lanes linear = lanes_set(AZ_GELU_LINEAR), cubic = lanes_set(AZ_GELU_CUBIC_3);
    struct lanes slope = lanes_mul(xc, lanes_fma(cubic, square, linear));
    return lanes_fnma(lanes_mul(slope, w), s, s);
}

static void gelu_backward(size_t count, const float *x, const float *dy, float *dx)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    for (size_t i = 0; i < whole; i += AZ_LANES)
        lanes_store(dx + i, lanes_mul(lanes_load(dy + i), gelu_slope(lanes_load(x + i))));
    x += whole, dy += whole, dx += whole;
    if (!rest) return;
    struct lanes slope = gelu_slope(lanes_load_some(x, rest, 0));
    lanes_store_some(dx, rest, lanes_mul(lanes_load_some(dy, rest, 0), slope));
}

/* ---- layer normalisation ---- */

static inline float row_mean(size_t columns, const float *x)
{
    size_t whole = whole_lanes(columns), rest = columns - whole;
    struct lanes sum = lanes_set(0);
    for (size_t i = 0; i < whole; i += AZ_LANES) sum = lanes_add(sum, lanes_load(x + i));
    if (rest) sum = lanes_add(sum, lanes_load_some(x + whole, rest, 0));
    return lanes_tree_sum(sum) / (float)columns;
}

static inline float row_variance(size_t columns, const float *x, float mean)
{
    size_t whole = whole_lanes(columns), rest = columns - whole;
    struct lanes sum = lanes_set(0), mu = lanes_set(mean);
    for (size_t i = 0; i < whole; i += AZ_LANES) {
        struct lanes d = lanes_sub(lanes_load(x + i), mu);
        sum = lanes_fma(d, d, sum);
    }
    if (rest) {
        struct lanes d = lanes_sub(lanes_load_some(x + whole, rest, 0), mu);
        d = lanes_first(rest, d);
        sum = lanes_fma(d, d, sum);
    }
    return lanes_tree_sum(sum) / (float)columns;
}

static inline struct lanes normalised(struct lanes x, struct lanes mean, struct lanes rstd)
{
    return lanes_mul(lanes_sub(x, mean), rstd);
}

static inline void normalise_row(size_t columns, const float *x, const float *gain,
                                 const float *bias, float mean, float rstd, float *y)
{
    size_t whole = whole_lanes(columns), rest = columns - whole;
    struct lanes mu = lanes_set(mean), inverse = lanes_set(rstd);
    for (size_t i = 0; i < whole; i += AZ_LANES) {
        struct lanes n = normalised(lanes_load(x + i), mu, inverse);
        lanes_store(y + i, lanes_fma(n, lanes_load(gain + i), lanes_load(bias + i)));
    }
    if (!rest) return;
    struct lanes n = normalised(lanes_load_some(x + whole, rest, 0), mu, inverse);
    struct lanes g = lanes_load_some(gain + whole, rest, 0);
    struct lanes b = lanes_load_some(bias + whole, rest, 0);
    lanes_store_some(y + whole, rest, lanes_fma(n, g, b));
}

static void layernorm(size_t rows, size_t columns, const float *x, const float *gain,
                      const float *bias, float eps, float *y, float *mean, float *rstd)
{
    for (size_t r = 0; r < rows; r++, x += columns, y += columns) {
        float mu = row_mean(columns, x);
        float inverse = 1 / sqrtf(row_variance(columns, x, mu) + eps);
        mean[r] = mu, rstd[r] = inverse;
        normalise_row(columns, x, gain, bias, mu, inverse, y);
    }
}

/* Sixteen columns of one row of the backward pass: their parts of the two sums, of dgain and of
 * dbias. n is zero in lanes that do not exist, where it could be NaN otherwise. */
struct layernorm_sums {
    struct lanes g, gn;
};

static inline struct layernorm_sums layernorm_part(struct layernorm_sums sums, struct lanes n,
                                                   struct lanes dy, struct lanes gain)
{
    struct lanes g = lanes_mul(dy, gain);
    return (struct layernorm_sums){lanes_add(sums.g, g), lanes_fma(g, n, sums.gn)};
}

static inline struct layernorm_sums layernorm_row_sums(size_t columns, const float *x,
                                                       const float *gain, float mean, float rstd,
                                                       const float *dy, float *dgain, float *dbias)
{
    size_t whole = whole_lanes(columns), rest = columns - whole;
    struct lanes mu = lanes_set(mean), inverse = lanes_set(rstd);
    struct layernorm_sums sums = {lanes_set(0), lanes_set(0)};
    for (size_t i = 0; i < whole; i += AZ_LANES) {
        struct lanes n = normalised(lanes_load(x + i), mu, inverse), d = lanes_load(dy + i);
        sums = layernorm_part(sums, n, d, lanes_load(gain + i));
        lanes_store(dgain + i, lanes_fma(d, n, lanes_load(dgain + i)));
        lanes_store(dbias + i, lanes_add(lanes_load(dbias + i), d));
    }
    if (!rest) return sums;
    x += whole, gain += whole, dy += whole, dgain += whole, dbias += whole;
    struct lanes n = normalised(lanes_load_some(x, rest, 0), mu, inverse);
    struct lanes d = lanes_load_some(dy, rest, 0);
    n = lanes_first(rest, n);
    sums = layernorm_part(sums, n, d, lanes_load_some(gain, rest, 0));
    lanes_store_some(dgain, rest, lanes_fma(d, n, lanes_load_some(dgain, rest, 0)));
    lanes_store_some(dbias, rest, lanes_add(lanes_load_some(dbias, rest, 0), d));
    return sums;
}

struct layernorm_row {
    struct lanes mean, rstd, mean_g, mean_gn;
};

static inline struct lanes layernorm_dx(const struct layernorm_row *row, struct lanes x,
                                        struct lanes dy, struct lanes gain)
{
    struct lanes n = normalised(x, row->mean, row->rstd), g = lanes_mul(dy, gain);
    return lanes_mul(lanes_fnma(n, row->mean_gn, lanes_sub(g, row->mean_g)), row->rstd);
}

static void layernorm_backward(size_t rows, size_t columns, const float *x, const float *gain,
                               const float *mean, const float *rstd, const float *dy, float *dx,
                               float *dgain, float *dbias)
{
    size_t whole = whole_lanes(columns), rest = columns - whole;
    for (size_t r = 0; r < rows; r++, x += columns, dy += columns, dx += columns) {
        struct layernorm_sums sums =
            layernorm_row_sums(columns, x, gain, mean[r], rstd[r], dy, dgain, dbias);
        struct layernorm_row row = {lanes_set(mean[r]), lanes_set(rstd[r]),
                                    lanes_set(lanes_tree_sum(sums.g) / (float)columns),
                                    lanes_set(lanes_tree_sum(sums.gn) / (float)columns)};
        for (size_t i = 0; i < whole; i += AZ_LANES)
            lanes_store(dx + i, layernorm_dx(&row, lanes_load(x + i), lanes_load(dy + i),
                                             lanes_load(gain + i)));
        if (rest)
            lanes_store_some(dx + whole, rest,
                             layernorm_dx(&row, lanes_load_some(x + whole, rest, 0),
                                          lanes_load_some(dy + whole, rest, 0),
                                          lanes_load_some(gain + whole, rest, 0)));
    }
}

/* ---- softmax ---- */

/* A row of float32, or of bf16 where h is not NULL: 16 values at i; the first n, `other` beyond. */
static AZ_INLINE struct lanes row_load(const float *x, const struct az_bf16 *h, size_t i)
{
    return h ? lanes_widen(h + i) : lanes_load(x + i);
}

static AZ_INLINE struct lanes row_load_some(const float *x, const struct az_bf16 *h, size_t i,
                                            size_t n, float other)
{
    float some[AZ_LANES];
    if (h) lanes_store(some, lanes_widen_some(h + i, n));
    return lanes_load_some(h ? some : x + i, n, other);
}

static AZ_INLINE float row_max(size_t count, const float *x, const struct az_bf16 *h)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes max = lanes_set(-INFINITY);
    for (size_t i = 0; i < whole; i += AZ_LANES) max = lanes_greater(row_load(x, h, i), max);
    if (rest) max = lanes_greater(row_load_some(x, h, whole, rest, -INFINITY), max);
    return lanes_tree_greater(max);
}

/* x - max is never above 0. */
static AZ_INLINE void exponentials_of(size_t count, const float *x, const struct az_bf16 *h,
                                      float *e, float *max, float *sum)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes top = lanes_set(*max = row_max(count, x, h)), total = lanes_set(0);
    for (size_t i = 0; i < whole; i += AZ_LANES) {
        struct lanes y = exp_of_low(lanes_sub(row_load(x, h, i), top));
        lanes_store(e + i, y);
        total = lanes_add(total, y);
    }
    if (rest) {
        struct lanes y = exp_of_low(lanes_sub(row_load_some(x, h, whole, rest, 0), top));
        lanes_store_some(e + whole, rest, y);
        total = lanes_add(total, lanes_first(rest, y));
    }
    *sum = lanes_tree_sum(total);
}

static void softmax_exponentials(size_t count, float *x, float *max, float *sum)
{
    exponentials_of(count, x, NULL, x, max, sum);
}

static void softmax_exponentials_bf16(size_t count, const struct az_bf16 *x, float *e, float *max,
                                      float *sum)
{
    exponentials_of(count, NULL, x, e, max, sum);
}

/* Groups of packed B that the stores are ahead of: they lie far apart, and their lines are fetched
 * before they can be written. */
#define PAIR_AHEAD 48

static void scale_pair(size_t count, const struct az_scaled_pair *pair)
{
    size_t whole = whole_lanes(count), rest = count - whole, group = pair->group;
    const float *x0 = pair->x[0], *x1 = pair->x[1];
    struct lanes f0 = lanes_set(pair->factor[0]), f1 = lanes_set(pair->factor[1]);
    struct az_bf16 *packed = pair->packed, *y0 = pair->y[0], *y1 = pair->y[1];
    for (size_t i = 0; i < whole; i += AZ_LANES, packed += group) {
        struct lanes even = lanes_mul(lanes_load(x0 + i), f0);
        struct lanes odd = lanes_mul(lanes_load(x1 + i), f1);
        FETCH_WRITE(packed, PAIR_AHEAD * group * sizeof *packed);
        lanes_narrow(y0 + i, even);
        lanes_narrow(y1 + i, odd);
        lanes_narrow_pair(packed, even, odd);
    }
    if (!rest) return;
    struct lanes even = lanes_mul(lanes_load_some(x0 + whole, rest, 0), f0);
    struct lanes odd = lanes_mul(lanes_load_some(x1 + whole, rest, 0), f1);
    lanes_narrow_some(y0 + whole, rest, even);
    lanes_narrow_some(y1 + whole, rest, odd);
    lanes_narrow_pair(packed, lanes_first(rest, even), lanes_first(rest, odd));
}

static void softmax_apply(size_t count, const float *x, float max, float factor, float *y)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes top = lanes_set(max), f = lanes_set(factor);
    for (size_t i = 0; i < whole; i += AZ_LANES)
        lanes_store(y + i, lanes_mul(exp_of(lanes_sub(lanes_load(x + i), top)), f));
    if (!rest) return;
    struct lanes e = exp_of(lanes_sub(lanes_load_some(x + whole, rest, 0), top));
    lanes_store_some(y + whole, rest, lanes_mul(e, f));
}

static inline struct lanes softmax_dx(struct lanes p, struct lanes dp, struct lanes sum,
                                      struct lanes factor)
{
    return lanes_mul(lanes_mul(p, lanes_sub(dp, sum)), factor);
}

static void softmax_backward(size_t count, const float *p, const float *dp, float factor, float *dx)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes sum = lanes_set(0), f = lanes_set(factor);
    for (size_t i = 0; i < whole; i += AZ_LANES)
        sum = lanes_fma(lanes_load(p + i), lanes_load(dp + i), sum);
    if (rest)
        sum = lanes_fma(lanes_load_some(p + whole, rest, 0), lanes_load_some(dp + whole, rest, 0),
                        sum);
    sum = lanes_set(lanes_tree_sum(sum));
    for (size_t i = 0; i < whole; i += AZ_LANES)
        lanes_store(dx + i, softmax_dx(lanes_load(p + i), lanes_load(dp + i), sum, f));
    p += whole, dp += whole, dx += whole;
    if (rest)
        lanes_store_some(
            dx, rest,
            softmax_dx(lanes_load_some(p, rest, 0), lanes_load_some(dp, rest, 0), sum, f));
}

static double sum_squares(size_t count, const float *x)
{
    size_t whole = whole_lanes(count), rest = count - whole;
    struct lanes_f64 sum = lanes_f64_zero();
    for (size_t i = 0; i < whole; i += AZ_LANES) sum = lanes_f64_add_square(sum, lanes_load(x + i));
    if (rest) sum = lanes_f64_add_square(sum, lanes_load_some(x + whole, rest, 0));
    return lanes_f64_tree_sum(sum);
}

static void fill_rows(struct az_kernels *kernels)
{
    kernels->widen = widen;
    kernels->narrow = narrow;
    kernels->add = add;
    kernels->scale = scale;
    kernels->add_row = add_row;
    kernels->sum_rows = sum_rows;
    kernels->gelu = gelu;
    kernels->gelu_backward = gelu_backward;
    kernels->exponential = exponential;
    kernels->layernorm = layernorm;
    kernels->layernorm_backward = layernorm_backward;
    kernels->softmax_exponentials = softmax_exponentials;
    kernels->softmax_exponentials_bf16 = softmax_exponentials_bf16;
    kernels->softmax_apply = softmax_apply;
    kernels->softmax_backward = softmax_backward;
    kernels->scale_pair = scale_pair;
    kernels->sum_squares = sum_squares;
}

#endif
