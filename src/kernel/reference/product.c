#include "kernel/reference/arithmetic.h"
#include "kernel/reference/reference.h"

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

static float load_flushed(struct az_bf16 x) { return az_flush(az_bf16_to_f32(x)); }

/* acc + (e + o) over one block of 32: e chains the even products, o the odd ones, both from 0.
 * a: 32 elements of a row of A; b: 16 pairs of one column of B, AZ_PACK_COLUMNS pairs apart. */
static float add_block(float acc, const struct az_bf16 *a, const struct az_bf16 *b)
{
    float e = 0, o = 0;
    for (size_t i = 0; i < AZ_PRODUCT_BLOCK / 2; i++) {
        const struct az_bf16 *pair = b + i * AZ_PACK_COLUMNS * 2;
        e = az_fma_flushed(load_flushed(a[2 * i]), load_flushed(pair[0]), e);
        o = az_fma_flushed(load_flushed(a[2 * i + 1]), load_flushed(pair[1]), o);
    }
    return az_add_flushed(acc, az_add_flushed(e, o));
}

/* One output: panels of 512 in ascending order. column: the column's first pair in packed B. */
static float output_bf16(const struct az_product_bf16 *product, const struct az_bf16 *a,
                         const struct az_bf16 *column, float c)
{
    size_t k = (product->k + AZ_PRODUCT_BLOCK - 1) / AZ_PRODUCT_BLOCK * AZ_PRODUCT_BLOCK;
    bool started = product->accumulate;
    if (!started) c = 0;
    for (size_t start = 0; start < k; start += AZ_PRODUCT_PANEL) {
        size_t end = min_size(k, start + AZ_PRODUCT_PANEL);
        float acc = 0;
        for (size_t i = start; i < end; i += AZ_PRODUCT_BLOCK)
            acc = add_block(acc, a + i, column + i * AZ_PACK_COLUMNS);
        c = started ? az_add_flushed(az_flush(c), acc) : acc;
        started = true;
    }
    return c;
}

void az_reference_product_bf16(const struct az_product_bf16 *product)
{
    size_t k = (product->k + AZ_PRODUCT_BLOCK - 1) / AZ_PRODUCT_BLOCK * AZ_PRODUCT_BLOCK;
    size_t group = product->b_group ? product->b_group : k * AZ_PACK_COLUMNS;
    for (size_t i = 0; i < product->m; i++) {
        const struct az_bf16 *a = product->a + i * product->a_stride;
        float *c = product->c + i * product->c_stride;
        for (size_t j = 0; j < product->n; j++) {
            size_t column = j % AZ_PACK_COLUMNS;
            const struct az_bf16 *b = product->b + j / AZ_PACK_COLUMNS * group + 2 * column;
            c[j] = output_bf16(product, a, b, product->accumulate ? c[j] : 0);
        }
    }
}

/* column: the column's first element in packed B, AZ_PACK_COLUMNS apart. */
static float output_f32(const struct az_product_f32 *product, const float *a, const float *column,
                        float c)
{
    bool started = product->accumulate;
    for (size_t start = 0; start < product->k; start += AZ_PRODUCT_PANEL) {
        size_t end = min_size(product->k, start + AZ_PRODUCT_PANEL);
        float acc = 0;
        for (size_t i = start; i < end; i++) acc = fmaf(a[i], column[i * AZ_PACK_COLUMNS], acc);
        c = started ? c + acc : acc;
        started = true;
    }
    return c;
}

void az_reference_product_f32(const struct az_product_f32 *product)
{
    size_t group = product->b_group ? product->b_group : product->k * AZ_PACK_COLUMNS;
    for (size_t i = 0; i < product->m; i++) {
        const float *a = product->a + i * product->a_stride;
        float *c = product->c + i * product->c_stride;
        for (size_t j = 0; j < product->n; j++) {
            size_t column = j % AZ_PACK_COLUMNS;
            const float *b = product->b + j / AZ_PACK_COLUMNS * group + column;
            c[j] = output_f32(product, a, b, product->accumulate ? c[j] : 0);
        }
    }
}
