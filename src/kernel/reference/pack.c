#include "kernel/reference/reference.h"

static size_t round_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

static struct az_bf16 element(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                              size_t row, size_t column)
{
    return row < k && column < n ? b[row * b_stride + column] : (struct az_bf16){0};
}

void az_reference_pack_b(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                         struct az_bf16 *packed, size_t group)
{
    size_t rows = round_up(k, AZ_PRODUCT_BLOCK), columns = round_up(n, AZ_PACK_COLUMNS);
    if (group == 0) group = rows * AZ_PACK_COLUMNS;
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < rows; i++) {
            struct az_bf16 *pairs =
                packed + j / AZ_PACK_COLUMNS * group + i / 2 * 2 * AZ_PACK_COLUMNS;
            pairs[j % AZ_PACK_COLUMNS * 2 + i % 2] = element(k, n, b, b_stride, i, j);
        }
}

/* Packed B is written in order: the next element is B[row][column], 0 outside of B. */
void az_reference_pack_b_transposed(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                                    struct az_bf16 *packed)
{
    size_t rows = round_up(k, AZ_PRODUCT_BLOCK), columns = round_up(n, AZ_PACK_COLUMNS);
    for (size_t first = 0; first < columns; first += AZ_PACK_COLUMNS)
        for (size_t i = 0; i < rows; i += 2)
            for (size_t j = first; j < first + AZ_PACK_COLUMNS; j++)
                for (size_t odd = 0; odd < 2; odd++)
                    *packed++ =
                        i + odd < k && j < n ? b[j * b_stride + i + odd] : (struct az_bf16){0};
}

void az_reference_pack_b_f32(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                             size_t group)
{
    size_t columns = round_up(n, AZ_PACK_COLUMNS);
    if (group == 0) group = k * AZ_PACK_COLUMNS;
    for (size_t j = 0; j < columns; j++)
        for (size_t i = 0; i < k; i++)
            packed[j / AZ_PACK_COLUMNS * group + i * AZ_PACK_COLUMNS + j % AZ_PACK_COLUMNS] =
                j < n ? b[i * b_stride + j] : 0;
}

void az_reference_pack_b_f32_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                        float *packed)
{
    size_t columns = round_up(n, AZ_PACK_COLUMNS);
    for (size_t first = 0; first < columns; first += AZ_PACK_COLUMNS)
        for (size_t i = 0; i < k; i++)
            for (size_t j = first; j < first + AZ_PACK_COLUMNS; j++)
                *packed++ = j < n ? b[j * b_stride + i] : 0;
}

void az_reference_transpose_bf16(size_t rows, size_t columns, const struct az_bf16 *from,
                                 size_t from_stride, struct az_bf16 *to, size_t to_stride)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) to[c * to_stride + r] = from[r * from_stride + c];
}

void az_reference_transpose_f32(size_t rows, size_t columns, const float *from, size_t from_stride,
                                float *to, size_t to_stride)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) to[c * to_stride + r] = from[r * from_stride + c];
}
