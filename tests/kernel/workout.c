#include "workout.h"

#include <string.h>

#define PERFORM(name)                                                                              \
    static void name(const struct az_kernels *kernels, struct scene *scene,                        \
                     const struct shape *shape)

static size_t rounded_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

/* An output buffer: it has contents, which show what is not written. */
static float *output(struct scene *scene, size_t count)
{
    float *out = scene_floats(scene, count);
    scene_allow_any_nan(scene);
    return out;
}

/* rows lines of `used` elements that are `stride` apart, the last one no longer than used. */
static size_t strided(size_t rows, size_t used, size_t stride)
{
    return rows == 0 ? 0 : (rows - 1) * stride + used;
}

/* A is zero from depth to the next multiple of 32, as the contract asks. */
static struct az_bf16 *padded_a(struct scene *scene, const struct shape *shape, size_t stride)
{
    size_t k = rounded_up(shape->depth, AZ_PRODUCT_BLOCK);
    struct az_bf16 *a = scene_bf16(scene, strided(shape->rows, k, stride));
    for (size_t i = 0; i < shape->rows; i++)
        memset(a + i * stride + shape->depth, 0, (k - shape->depth) * sizeof *a);
    return a;
}

/* rows more of B than depth, packed with the others: what b_group is for. */
static void perform_bf16(const struct az_kernels *kernels, struct scene *scene,
                         const struct shape *shape, size_t more)
{
    size_t a_stride = rounded_up(shape->depth, AZ_PRODUCT_BLOCK) + scene_choice(scene, 0, 3) * 8;
    size_t c_stride = shape->columns + scene_choice(scene, 1, 3), depth = shape->depth + more;
    struct az_bf16 *a = padded_a(scene, shape, a_stride);
    struct az_bf16 *b = scene_bf16(scene, depth * shape->columns);
    struct az_bf16 *packed =
        scene_zeros(scene, az_packed_bf16(depth, shape->columns) * sizeof *packed);
    float *c = output(scene, strided(shape->rows, shape->columns, c_stride));
    kernels->pack_b(depth, shape->columns, b, shape->columns, packed, 0);
    struct az_product_bf16 product = {.m = shape->rows,
                                      .n = shape->columns,
                                      .k = shape->depth,
                                      .a = a,
                                      .a_stride = a_stride,
                                      .b = packed + more / 2 * AZ_PACK_COLUMNS,
                                      .c = c,
                                      .c_stride = c_stride,
                                      .accumulate = scene_choice(scene, 2, 2),
                                      .b_group = more ? az_packed_bf16(depth, 1) : 0};
    kernels->product_bf16(&product);
}

static void perform_f32(const struct az_kernels *kernels, struct scene *scene,
                        const struct shape *shape, size_t more)
{
    size_t a_stride = shape->depth + scene_choice(scene, 0, 3);
    size_t c_stride = shape->columns + scene_choice(scene, 1, 3), depth = shape->depth + more;
    float *a = scene_floats(scene, strided(shape->rows, shape->depth, a_stride));
    float *b = scene_floats(scene, depth * shape->columns);
    float *packed = scene_zeros(scene, az_packed_f32(depth, shape->columns) * sizeof *packed);
    float *c = output(scene, strided(shape->rows, shape->columns, c_stride));
    kernels->pack_b_f32(depth, shape->columns, b, shape->columns, packed, 0);
    struct az_product_f32 product = {.m = shape->rows,
                                     .n = shape->columns,
                                     .k = shape->depth,
                                     .a = a,
                                     .a_stride = a_stride,
                                     .b = packed + more / 2 * AZ_PACK_COLUMNS,
                                     .c = c,
                                     .c_stride = c_stride,
                                     .accumulate = scene_choice(scene, 2, 2),
                                     .b_group = more ? az_packed_f32(depth, 1) : 0};
    kernels->product_f32(&product);
}

PERFORM(product_bf16) { perform_bf16(kernels, scene, shape, 0); }
PERFORM(product_bf16_of_part) { perform_bf16(kernels, scene, shape, 128); }
PERFORM(product_f32) { perform_f32(kernels, scene, shape, 0); }
PERFORM(product_f32_of_part) { perform_f32(kernels, scene, shape, 128); }

PERFORM(pack_b)
{
    size_t k = shape->rows, n = shape->columns, stride = n + scene_choice(scene, 0, 3);
    struct az_bf16 *b = scene_bf16(scene, strided(k, n, stride));
    kernels->pack_b(k, n, b, stride, scene_zeros(scene, az_packed_bf16(k, n) * sizeof *b), 0);
}

/* Rows 32 and on of a B that has 64 rows more: what lies before and after is not touched. */
PERFORM(pack_b_of_part)
{
    size_t k = shape->rows, n = shape->columns, group = az_packed_bf16(k + 64, 1);
    struct az_bf16 *b = scene_bf16(scene, k * n);
    struct az_bf16 *packed = scene_bf16(scene, az_packed_bf16(k + 64, n));
    kernels->pack_b(k, n, b, n, packed + 32 * AZ_PACK_COLUMNS, group);
}

PERFORM(pack_b_transposed)
{
    size_t k = shape->rows, n = shape->columns, stride = k + scene_choice(scene, 0, 3);
    struct az_bf16 *b = scene_bf16(scene, strided(n, k, stride));
    kernels->pack_b_transposed(k, n, b, stride,
                               scene_zeros(scene, az_packed_bf16(k, n) * sizeof *b));
}

PERFORM(pack_b_f32)
{
    size_t k = shape->rows, n = shape->columns, stride = n + scene_choice(scene, 0, 3);
    float *b = scene_floats(scene, strided(k, n, stride));
    kernels->pack_b_f32(k, n, b, stride, scene_zeros(scene, az_packed_f32(k, n) * sizeof *b), 0);
}

PERFORM(pack_b_f32_of_part)
{
    size_t k = shape->rows, n = shape->columns, group = az_packed_f32(k + 5, 1);
    float *b = scene_floats(scene, k * n);
    float *packed = scene_floats(scene, az_packed_f32(k + 5, n));
    kernels->pack_b_f32(k, n, b, n, packed + 3 * AZ_PACK_COLUMNS, group);
}

PERFORM(pack_b_f32_transposed)
{
    size_t k = shape->rows, n = shape->columns, stride = k + scene_choice(scene, 0, 3);
    float *b = scene_floats(scene, strided(n, k, stride));
    kernels->pack_b_f32_transposed(k, n, b, stride,
                                   scene_zeros(scene, az_packed_f32(k, n) * sizeof *b));
}

PERFORM(transpose_bf16)
{
    size_t from_stride = shape->columns + scene_choice(scene, 0, 3);
    size_t to_stride = shape->rows + scene_choice(scene, 1, 3);
    struct az_bf16 *from = scene_bf16(scene, strided(shape->rows, shape->columns, from_stride));
    struct az_bf16 *to = scene_bf16(scene, strided(shape->columns, shape->rows, to_stride));
    kernels->transpose_bf16(shape->rows, shape->columns, from, from_stride, to, to_stride);
}

PERFORM(transpose_f32)
{
    size_t from_stride = shape->columns + scene_choice(scene, 0, 3);
    size_t to_stride = shape->rows + scene_choice(scene, 1, 3);
    float *from = scene_floats(scene, strided(shape->rows, shape->columns, from_stride));
    float *to = scene_floats(scene, strided(shape->columns, shape->rows, to_stride));
    kernels->transpose_f32(shape->rows, shape->columns, from, from_stride, to, to_stride);
}

PERFORM(widen)
{
    struct az_bf16 *x = scene_bf16(scene, shape->columns);
    kernels->widen(shape->columns, x, scene_floats(scene, shape->columns));
}

PERFORM(narrow)
{
    float *x = scene_floats(scene, shape->columns);
    kernels->narrow(shape->columns, x, scene_bf16(scene, shape->columns));
}

PERFORM(add)
{
    float *x = scene_floats(scene, shape->columns);
    kernels->add(shape->columns, x, output(scene, shape->columns));
}

PERFORM(scale)
{
    float *factor = scene_floats(scene, 1);
    kernels->scale(shape->columns, *factor, output(scene, shape->columns));
}

PERFORM(add_row)
{
    float *row = scene_floats(scene, shape->columns);
    float *y = output(scene, shape->rows * shape->columns);
    kernels->add_row(shape->rows, shape->columns, row, y);
}

PERFORM(sum_rows)
{
    float *x = scene_floats(scene, shape->rows * shape->columns);
    kernels->sum_rows(shape->rows, shape->columns, x, output(scene, shape->columns));
}

PERFORM(gelu)
{
    float *x = scene_floats(scene, shape->columns);
    kernels->gelu(shape->columns, x, output(scene, shape->columns));
}

PERFORM(gelu_in_place)
{
    float *x = output(scene, shape->columns);
    kernels->gelu(shape->columns, x, x);
}

PERFORM(gelu_backward)
{
    float *x = scene_floats(scene, shape->columns), *dy = scene_floats(scene, shape->columns);
    kernels->gelu_backward(shape->columns, x, dy, output(scene, shape->columns));
}

PERFORM(gelu_backward_in_place)
{
    float *x = scene_floats(scene, shape->columns), *dy = output(scene, shape->columns);
    kernels->gelu_backward(shape->columns, x, dy, dy);
}

PERFORM(exponential)
{
    float *x = scene_floats(scene, shape->columns);
    /* over the whole range where exp is neither 0 nor infinite, and a little beyond */
    for (size_t i = 0; scene->fill == FILL_PLAIN && i < shape->columns; i++) x[i] *= 6;
    kernels->exponential(shape->columns, x, output(scene, shape->columns));
}

PERFORM(layernorm)
{
    size_t rows = shape->rows, columns = shape->columns;
    float *x = scene_floats(scene, rows * columns), *gain = scene_floats(scene, columns);
    float *bias = scene_floats(scene, columns), *y = output(scene, rows * columns);
    float *mean = output(scene, rows), *rstd = output(scene, rows);
    kernels->layernorm(rows, columns, x, gain, bias, 1e-5f, y, mean, rstd);
}

PERFORM(layernorm_backward)
{
    size_t rows = shape->rows, columns = shape->columns;
    float *x = scene_floats(scene, rows * columns), *gain = scene_floats(scene, columns);
    float *mean = scene_floats(scene, rows), *rstd = scene_floats(scene, rows);
    float *dy = scene_floats(scene, rows * columns), *dx = output(scene, rows * columns);
    float *dgain = output(scene, columns), *dbias = output(scene, columns);
    kernels->layernorm_backward(rows, columns, x, gain, mean, rstd, dy, dx, dgain, dbias);
}

PERFORM(softmax_exponentials)
{
    float *x = output(scene, shape->columns), *max = output(scene, 1);
    kernels->softmax_exponentials(shape->columns, x, max, output(scene, 1));
}

PERFORM(softmax_exponentials_bf16)
{
    struct az_bf16 *x = scene_bf16(scene, shape->columns);
    float *e = output(scene, shape->columns), *max = output(scene, 1);
    kernels->softmax_exponentials_bf16(shape->columns, x, e, max, output(scene, 1));
}

/* Rows 2 and 3 of a B of which the rows before and after are not touched. */
PERFORM(scale_pair)
{
    size_t columns = shape->columns, group = az_packed_bf16(32, 1);
    float *scalars = scene_floats(scene, 2);
    struct az_scaled_pair pair = {.x = {scene_floats(scene, columns), scene_floats(scene, columns)},
                                  .factor = {scalars[0], scalars[1]},
                                  .y = {scene_bf16(scene, columns), scene_bf16(scene, columns)},
                                  .packed = scene_bf16(scene, az_packed_bf16(32, columns)) +
                                            2 * AZ_PACK_COLUMNS,
                                  .group = group};
    kernels->scale_pair(columns, &pair);
}

PERFORM(softmax_apply)
{
    float *x = scene_floats(scene, shape->columns), *scalars = scene_floats(scene, 2);
    float *y = output(scene, shape->columns);
    kernels->softmax_apply(shape->columns, x, scalars[0], scalars[1], y);
}

PERFORM(softmax_apply_in_place)
{
    float *x = output(scene, shape->columns), *scalars = scene_floats(scene, 2);
    kernels->softmax_apply(shape->columns, x, scalars[0], scalars[1], x);
}

PERFORM(softmax_backward)
{
    float *p = scene_floats(scene, shape->columns), *dp = scene_floats(scene, shape->columns);
    kernels->softmax_backward(shape->columns, p, dp, 0.3f, output(scene, shape->columns));
}

PERFORM(softmax_backward_in_place)
{
    float *p = scene_floats(scene, shape->columns), *dp = output(scene, shape->columns);
    kernels->softmax_backward(shape->columns, p, dp, 0.3f, dp);
}

/* The sum is a double, in which any NaN is as good as another. */
PERFORM(sum_squares)
{
    float *x = scene_floats(scene, shape->columns);
    double sum = kernels->sum_squares(shape->columns, x);
    if (sum != sum) sum = -1;
    memcpy(scene_zeros(scene, sizeof sum), &sum, sizeof sum);
}

/* ---- AdamW ---- */

/* Of every kind of number: on either side of lerp's 0.5, with and without decay and clipping. */
static struct az_adamw some_adamw(const struct scene *scene, enum az_arithmetic arithmetic)
{
    static const double beta1[] = {0.9, 0.5, 0.3, 0}, beta2[] = {0.999, 0.95, 0.5, 0};
    static const double eps[] = {1e-8, 1e-3, 0}, decay[] = {0, 0.1, 30}, scale[] = {1, 0.37};
    struct az_adamw adamw = {.arithmetic = arithmetic,
                             .rounding = (enum az_rounding)scene_choice(scene, 0, 3),
                             .step = 1 + (int64_t)scene_choice(scene, 1, 5) * 77,
                             .lr = 1e-3,
                             .beta1 = beta1[scene_choice(scene, 2, 4)],
                             .beta2 = beta2[scene_choice(scene, 3, 4)],
                             .eps = eps[scene_choice(scene, 4, 3)],
                             .weight_decay = decay[scene_choice(scene, 5, 3)],
                             .gradient_scale = scale[scene_choice(scene, 6, 2)],
                             .rounding_seed = 11};
    az_adamw_prepare(&adamw);
    return adamw;
}

/* v and g for which body and tail of bf16-fused part with beta2 = 0.95: one pair in some 2^15. */
static void plant_fused(const struct az_adamw *adamw, const struct az_adamw_range *range)
{
    bool apart = adamw->arithmetic == AZ_ARITHMETIC_BF16_FUSED && adamw->beta2 == 0.95 &&
                 adamw->scale == 1 && !range->g_is_f32 && range->count;
    if (!apart) return;
    ((struct az_bf16 *)range->v)[range->count - 1].bits = 0x3f8a;
    ((uint16_t *)(uintptr_t)range->g)[range->count - 1] = 0x3f80;
}

static void perform_adamw(const struct az_kernels *kernels, struct scene *scene, size_t count,
                          enum az_arithmetic arithmetic)
{
    struct az_adamw adamw = some_adamw(scene, arithmetic);
    bool wide_state = az_arithmetic_state_bytes(arithmetic) == sizeof(float);
    bool wide_gradient = scene_choice(scene, 7, 2) != 0;
    struct az_adamw_range range = {.count = count, .g_is_f32 = wide_gradient, .first_index = 1003};
    range.p = scene_bf16(scene, count);
    range.g = wide_gradient ? (void *)scene_floats(scene, count) : scene_bf16(scene, count);
    range.m = wide_state ? (void *)scene_floats(scene, count) : scene_bf16(scene, count);
    range.v = wide_state ? (void *)scene_floats(scene, count) : scene_bf16(scene, count);
    if (arithmetic == AZ_ARITHMETIC_MASTER)
        range.master = scene_floats(scene, count);
    else if (adamw.rounding == AZ_ROUNDING_KAHAN)
        range.residue = scene_bf16(scene, count);
    plant_fused(&adamw, &range);
    kernels->adamw[arithmetic](&adamw, &range);
}

#define PERFORM_ADAMW(name, arithmetic)                                                            \
    PERFORM(name) { perform_adamw(kernels, scene, shape->columns, arithmetic); }

PERFORM_ADAMW(adamw_f32, AZ_ARITHMETIC_F32)
PERFORM_ADAMW(adamw_bf16, AZ_ARITHMETIC_BF16)
PERFORM_ADAMW(adamw_bf16_foreach, AZ_ARITHMETIC_BF16_FOREACH)
PERFORM_ADAMW(adamw_bf16_legacy, AZ_ARITHMETIC_BF16_LEGACY)
PERFORM_ADAMW(adamw_bf16_fused, AZ_ARITHMETIC_BF16_FUSED)
PERFORM_ADAMW(adamw_master, AZ_ARITHMETIC_MASTER)

const struct workout az_test_workouts[] = {
    {"product_bf16", SHAPES_PRODUCT, product_bf16},
    {"product_bf16 of a part of B", SHAPES_PRODUCT, product_bf16_of_part},
    {"product_f32", SHAPES_PRODUCT, product_f32},
    {"product_f32 of a part of B", SHAPES_PRODUCT, product_f32_of_part},
    {"pack_b", SHAPES_ROWS, pack_b},
    {"pack_b of a part of B", SHAPES_ROWS, pack_b_of_part},
    {"pack_b_transposed", SHAPES_ROWS, pack_b_transposed},
    {"pack_b_f32", SHAPES_ROWS, pack_b_f32},
    {"pack_b_f32 of a part of B", SHAPES_ROWS, pack_b_f32_of_part},
    {"pack_b_f32_transposed", SHAPES_ROWS, pack_b_f32_transposed},
    {"transpose_bf16", SHAPES_ROWS, transpose_bf16},
    {"transpose_f32", SHAPES_ROWS, transpose_f32},
    {"widen", SHAPES_ROW, widen},
    {"narrow", SHAPES_ROW, narrow},
    {"add", SHAPES_ROW, add},
    {"scale", SHAPES_ROW, scale},
    {"add_row", SHAPES_ROWS, add_row},
    {"sum_rows", SHAPES_ROWS, sum_rows},
    {"gelu", SHAPES_ROW, gelu},
    {"gelu in place", SHAPES_ROW, gelu_in_place},
    {"gelu_backward", SHAPES_ROW, gelu_backward},
    {"gelu_backward in place", SHAPES_ROW, gelu_backward_in_place},
    {"exponential", SHAPES_ROW, exponential},
    {"layernorm", SHAPES_ROWS, layernorm},
    {"layernorm_backward", SHAPES_ROWS, layernorm_backward},
    {"softmax_exponentials", SHAPES_ROW_1, softmax_exponentials},
    {"softmax_exponentials_bf16", SHAPES_ROW_1, softmax_exponentials_bf16},
    {"scale_pair", SHAPES_ROW, scale_pair},
    {"softmax_apply", SHAPES_ROW, softmax_apply},
    {"softmax_apply in place", SHAPES_ROW, softmax_apply_in_place},
    {"softmax_backward", SHAPES_ROW, softmax_backward},
    {"softmax_backward in place", SHAPES_ROW, softmax_backward_in_place},
    {"sum_squares", SHAPES_ROW, sum_squares},
    {"adamw_f32", SHAPES_ROW, adamw_f32},
    {"adamw_bf16", SHAPES_ROW, adamw_bf16},
    {"adamw_bf16_foreach", SHAPES_ROW, adamw_bf16_foreach},
    {"adamw_bf16_legacy", SHAPES_ROW, adamw_bf16_legacy},
    {"adamw_bf16_fused", SHAPES_ROW, adamw_bf16_fused},
    {"adamw_master", SHAPES_ROW, adamw_master},
};
const size_t az_test_workout_count = sizeof az_test_workouts / sizeof *az_test_workouts;

/* 0 .. 3 * lanes + 1, then some larger odd ones. */
static bool row_shape(size_t i, struct shape *shape)
{
    static const size_t larger[] = {63, 64, 65, 127, 257, 1000, 4099};
    const size_t small = 3 * AZ_LANES + 2;
    if (i >= small + sizeof larger / sizeof *larger) return false;
    *shape = (struct shape){.rows = 1, .columns = i < small ? i : larger[i - small]};
    return true;
}

/* Every number of columns around the sizes of vectors and tiles, with changing numbers of rows. */
static bool rows_shape(size_t i, struct shape *shape)
{
    static const size_t rows[] = {1, 0, 2, 3, 5, 8, 15, 16, 17, 31, 32, 33, 34, 47, 64, 65, 70};
    static const size_t columns[] = {0,  1,  2,  7,  8,  9,  15, 16, 17,  23,
                                     31, 32, 33, 48, 63, 64, 65, 80, 129, 200};
    const size_t row_count = sizeof rows / sizeof *rows;
    if (i >= row_count * (sizeof columns / sizeof *columns)) return false;
    *shape = (struct shape){.rows = rows[i % row_count], .columns = columns[i / row_count]};
    return true;
}

static bool product_shape(size_t i, struct shape *shape)
{
    static const struct shape more[] = {
        {0, 5, 40},   {5, 0, 40},    {5, 7, 0},      {64, 64, 64},   {33, 49, 545},
        {70, 100, 1}, {17, 300, 96}, {40, 33, 1100}, {13, 16, 1024}, {100, 40, 512},
    };
    static const size_t rows[] = {1, 2, 3, 4, 6, 7, 12, 13, 16, 17, 31, 32, 33};
    static const size_t columns[] = {1, 8, 15, 16, 17, 24, 32, 33, 48, 50};
    static const size_t depths[] = {1, 2, 31, 32, 33, 64, 70};
    const size_t row_count = sizeof rows / sizeof *rows, more_count = sizeof more / sizeof *more;
    const size_t column_count = sizeof columns / sizeof *columns;
    if (i < more_count) {
        *shape = more[i];
        return true;
    }
    i -= more_count;
    if (i >= row_count * column_count) return false;
    *shape = (struct shape){rows[i % row_count], columns[i / row_count],
                            depths[i % (sizeof depths / sizeof *depths)]};
    return true;
}

bool az_test_shape(enum shapes shapes, size_t i, struct shape *shape)
{
    switch (shapes) {
    case SHAPES_ROW: return row_shape(i, shape);
    case SHAPES_ROW_1: return row_shape(i + 1, shape);
    case SHAPES_ROWS: return rows_shape(i, shape);
    default: return product_shape(i, shape);
    }
}
