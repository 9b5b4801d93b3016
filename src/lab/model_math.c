#include "lab/model_math.h"

#include <string.h>

void az_math_init(struct az_math *math, const struct az_kernels *kernels, bool f32)
{
    math->kernels = *kernels;
    math->f32 = f32;
    math->bytes = f32 ? sizeof(float) : sizeof(struct az_bf16);
}

void *az_math_at(const struct az_math *math, const void *base, size_t index)
{
    return (char *)(uintptr_t)base + index * math->bytes;
}

static void store(const struct az_math *math, size_t count, const float *from, void *to)
{
    if (math->f32)
        memcpy(to, from, count * sizeof *from);
    else
        math->kernels.narrow(count, from, to);
}

void az_math_store(const struct az_math *math, size_t rows, size_t columns, const float *from,
                   void *to, size_t to_stride)
{
    if (to_stride == columns) {
        store(math, rows * columns, from, to);
        return;
    }
    for (size_t row = 0; row < rows; row++)
        store(math, columns, from + row * columns, az_math_at(math, to, row * to_stride));
}

static void load(const struct az_math *math, size_t count, const void *from, float *to)
{
    if (math->f32)
        memcpy(to, from, count * sizeof *to);
    else
        math->kernels.widen(count, from, to);
}

void az_math_load(const struct az_math *math, size_t rows, size_t columns, const void *from,
                  size_t from_stride, float *to)
{
    if (from_stride == columns) {
        load(math, rows * columns, from, to);
        return;
    }
    for (size_t row = 0; row < rows; row++)
        load(math, columns, az_math_at(math, from, row * from_stride), to + row * columns);
}

void az_math_product(const struct az_math *math, const struct az_math_product *p)
{
    if (math->f32)
        math->kernels.product_f32(&(struct az_product_f32){.m = p->m,
                                                           .n = p->n,
                                                           .k = p->k,
                                                           .a = p->a,
                                                           .a_stride = p->a_stride,
                                                           .b = p->b,
                                                           .c = p->c,
                                                           .c_stride = p->c_stride,
                                                           .accumulate = p->accumulate,
                                                           .b_group = p->b_group});
    else
        math->kernels.product_bf16(&(struct az_product_bf16){.m = p->m,
                                                             .n = p->n,
                                                             .k = p->k,
                                                             .a = p->a,
                                                             .a_stride = p->a_stride,
                                                             .b = p->b,
                                                             .c = p->c,
                                                             .c_stride = p->c_stride,
                                                             .accumulate = p->accumulate,
                                                             .b_group = p->b_group});
}

size_t az_math_group(const struct az_math *math, size_t k)
{
    return math->f32 ? az_packed_f32(k, 1) : az_packed_bf16(k, 1);
}

size_t az_math_packed(const struct az_math *math, size_t k, size_t n)
{
    return math->f32 ? az_packed_f32(k, n) : az_packed_bf16(k, n);
}

void az_math_pack(const struct az_math *math, size_t k, size_t n, const void *b, size_t b_stride,
                  void *packed)
{
    az_math_pack_rows(math, 0, k, n, b, b_stride, packed, az_math_group(math, k));
}

void az_math_pack_transposed(const struct az_math *math, size_t k, size_t n, const void *b,
                             size_t b_stride, void *packed)
{
    if (math->f32)
        math->kernels.pack_b_f32_transposed(k, n, b, b_stride, packed);
    else
        math->kernels.pack_b_transposed(k, n, b, b_stride, packed);
}

void az_math_pack_rows(const struct az_math *math, size_t k0, size_t k, size_t n, const void *b,
                       size_t b_stride, void *packed, size_t group)
{
    void *to = az_math_at(math, packed, k0 * AZ_PACK_COLUMNS);
    if (math->f32)
        math->kernels.pack_b_f32(k, n, b, b_stride, to, group);
    else
        math->kernels.pack_b(k, n, b, b_stride, to, group);
}

size_t az_math_packed_at(const struct az_math *math, size_t group, size_t row, size_t column)
{
    size_t first = column / AZ_PACK_COLUMNS * group, j = column % AZ_PACK_COLUMNS;
    if (math->f32) return first + row * AZ_PACK_COLUMNS + j;
    return first + row / 2 * 2 * AZ_PACK_COLUMNS + 2 * j + row % 2;
}

void az_math_exponentials(const struct az_math *math, size_t count, const void *x, float *e,
                          float *max, float *sum)
{
    if (!math->f32) {
        math->kernels.softmax_exponentials_bf16(count, x, e, max, sum);
        return;
    }
    memcpy(e, x, count * sizeof *e);
    math->kernels.softmax_exponentials(count, e, max, sum);
}

void az_math_scale_pair(const struct az_math *math, const struct az_math_pair *pair)
{
    void *y[2] = {pair->y, az_math_at(math, pair->y, pair->y_stride)};
    if (!math->f32) {
        math->kernels.scale_pair(
            pair->columns, &(struct az_scaled_pair){.x = {pair->x[0], pair->x[1]},
                                                    .factor = {pair->factor[0], pair->factor[1]},
                                                    .y = {y[0], y[1]},
                                                    .packed = pair->packed,
                                                    .group = pair->group});
        return;
    }
    for (size_t row = 0; row < 2; row++) {
        memcpy(y[row], pair->x[row], pair->columns * sizeof(float));
        math->kernels.scale(pair->columns, pair->factor[row], y[row]);
    }
    math->kernels.pack_b_f32(2, pair->columns, pair->y, pair->y_stride, pair->packed, pair->group);
}

void az_math_transpose(const struct az_math *math, size_t rows, size_t columns, const void *from,
                       size_t from_stride, void *to, size_t to_stride)
{
    if (math->f32)
        math->kernels.transpose_f32(rows, columns, from, from_stride, to, to_stride);
    else
        math->kernels.transpose_bf16(rows, columns, from, from_stride, to, to_stride);
}
