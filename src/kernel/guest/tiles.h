/* tiles.h: packing and transposing by square tiles of 32-bit words, over the operations of lanes.h.
 * Include it once in a guest's file, after the header with its lanes. Nothing is rounded here. */
#ifndef AZ_KERNEL_GUEST_TILES_H
#define AZ_KERNEL_GUEST_TILES_H

#include "kernel/guest/lanes.h"

static inline size_t at_most(size_t x, size_t limit) { return x < limit ? x : limit; }

/* What of [start, start + TILE) lies before end. */
static inline size_t tile_part(size_t start, size_t end)
{
    return start < end ? at_most(end - start, TILE) : 0;
}

static inline size_t rounded_up(size_t x, size_t unit) { return (x + unit - 1) / unit * unit; }

/* Columns handled together by pack_b: whole cache lines of B's rows are used. */
#define PACK_STRIPE 64

/* One pair of rows of B into the blocks of columns first..last; odd_row NULL when there is none. */
static void pack_pair(const struct az_bf16 *even_row, const struct az_bf16 *odd_row, size_t first,
                      size_t last, size_t n, size_t block_stride, struct az_bf16 *packed)
{
    for (size_t j = first; j < last; j += TILE) {
        size_t part = tile_part(j, n);
        struct words pair =
            words_zip(part ? even_row + j : even_row, odd_row && part ? odd_row + j : even_row,
                      part, odd_row ? part : 0);
        struct az_bf16 *block = packed + j / AZ_PACK_COLUMNS * block_stride;
        words_store_some(block + j % AZ_PACK_COLUMNS * 2, TILE, pair);
    }
}

static void pack_b(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                   struct az_bf16 *packed, size_t group)
{
    size_t rows = rounded_up(k, AZ_PRODUCT_BLOCK), columns = rounded_up(n, AZ_PACK_COLUMNS);
    if (group == 0) group = rows * AZ_PACK_COLUMNS;
    static const struct az_bf16 none[AZ_PACK_COLUMNS];
    for (size_t first = 0; first < columns; first += PACK_STRIPE) {
        size_t last = at_most(columns, first + PACK_STRIPE);
        for (size_t i = 0; i < rows; i += 2)
            pack_pair(i < k ? b + i * b_stride : none, i + 1 < k ? b + (i + 1) * b_stride : NULL,
                      first, last, i < k ? n : 0, group, packed + i * AZ_PACK_COLUMNS);
    }
}

/* One tile of pairs: TILE rows of the transpose (columns of B), TILE pairs of k. */
static void pack_pairs_transposed(size_t k, size_t columns, const struct az_bf16 *b,
                                  size_t b_stride, struct az_bf16 *packed)
{
    struct words x[TILE];
    for (size_t j = 0; j < TILE; j++)
        x[j] = words_load_halves(j < columns ? b + j * b_stride : b,
                                 j < columns ? at_most(k, 2 * TILE) : 0);
    words_transpose(x);
    for (size_t i = 0; i < TILE; i++)
        words_store_some(packed + i * AZ_PACK_COLUMNS * 2, TILE, x[i]);
}

static void pack_b_transposed(size_t k, size_t n, const struct az_bf16 *b, size_t b_stride,
                              struct az_bf16 *packed)
{
    size_t rows = rounded_up(k, AZ_PRODUCT_BLOCK), columns = rounded_up(n, AZ_PACK_COLUMNS);
    for (size_t j = 0; j < columns; j += TILE) {
        struct az_bf16 *block = packed + j / AZ_PACK_COLUMNS * rows * AZ_PACK_COLUMNS;
        size_t part = tile_part(j, n);
        for (size_t i = 0; i < rows; i += 2 * TILE) {
            size_t left = i < k ? k - i : 0;
            pack_pairs_transposed(left, part, part && left ? b + j * b_stride + i : b, b_stride,
                                  block + (i * AZ_PACK_COLUMNS + j % AZ_PACK_COLUMNS * 2));
        }
    }
}

static void pack_b_f32(size_t k, size_t n, const float *b, size_t b_stride, float *packed,
                       size_t group)
{
    size_t columns = rounded_up(n, AZ_PACK_COLUMNS);
    if (group == 0) group = k * AZ_PACK_COLUMNS;
    for (size_t first = 0; first < columns; first += PACK_STRIPE / 2)
        for (size_t i = 0; i < k; i++)
            for (size_t j = first; j < at_most(columns, first + PACK_STRIPE / 2); j += TILE) {
                size_t part = tile_part(j, n), row = i * AZ_PACK_COLUMNS + j % AZ_PACK_COLUMNS;
                struct words x = words_load_some(part ? b + i * b_stride + j : b, part);
                words_store_some(packed + j / AZ_PACK_COLUMNS * group + row, TILE, x);
            }
}

/* to[c][r] = from[r][c] for one tile; `columns` rows of `to` are written, `width` of each, of which
 * those from `rows` on are zero. */
static void transpose_tile(size_t rows, size_t columns, size_t width, const float *from,
                           size_t from_stride, float *to, size_t to_stride)
{
    struct words x[TILE];
    for (size_t r = 0; r < TILE; r++)
        x[r] = words_load_some(r < rows ? from + r * from_stride : from, r < rows ? columns : 0);
    words_transpose(x);
    if (columns == TILE && width == TILE) {
        for (size_t c = 0; c < TILE; c++) words_store_some(to + c * to_stride, TILE, x[c]);
        return;
    }
    for (size_t c = 0; c < columns; c++) words_store_some(to + c * to_stride, width, x[c]);
}

static void pack_b_f32_transposed(size_t k, size_t n, const float *b, size_t b_stride,
                                  float *packed)
{
    size_t columns = rounded_up(n, AZ_PACK_COLUMNS);
    for (size_t j = 0; j < columns; j += TILE) {
        size_t part = tile_part(j, n), block = j / AZ_PACK_COLUMNS * AZ_PACK_COLUMNS;
        float *to = packed + block * k + (j - block);
        for (size_t i = 0; i < k; i += TILE)
            transpose_tile(part, tile_part(i, k), TILE, part ? b + j * b_stride + i : b, b_stride,
                           to + i * AZ_PACK_COLUMNS, AZ_PACK_COLUMNS);
    }
}

static void transpose_f32(size_t rows, size_t columns, const float *from, size_t from_stride,
                          float *to, size_t to_stride)
{
    for (size_t r = 0; r < rows; r += TILE)
        for (size_t c = 0; c < columns; c += TILE) {
            size_t part = tile_part(r, rows);
            transpose_tile(part, tile_part(c, columns), part, from + r * from_stride + c,
                           from_stride, to + c * to_stride + r, to_stride);
        }
}

/* Pairs of rows zipped to words, then a tile of words transposed: 2 TILE rows, TILE columns. */
static void transpose_pairs(size_t rows, size_t columns, const struct az_bf16 *from,
                            size_t from_stride, struct az_bf16 *to, size_t to_stride)
{
    struct words x[TILE];
    for (size_t i = 0; i < TILE; i++) {
        size_t even = 2 * i < rows ? columns : 0, odd = 2 * i + 1 < rows ? columns : 0;
        x[i] = words_zip(even ? from + 2 * i * from_stride : from,
                         odd ? from + (2 * i + 1) * from_stride : from, even, odd);
    }
    words_transpose(x);
    if (columns == TILE && rows == 2 * TILE) {
        for (size_t c = 0; c < TILE; c++) words_store_halves(to + c * to_stride, 2 * TILE, x[c]);
        return;
    }
    for (size_t c = 0; c < columns; c++) words_store_halves(to + c * to_stride, rows, x[c]);
}

static void transpose_bf16(size_t rows, size_t columns, const struct az_bf16 *from,
                           size_t from_stride, struct az_bf16 *to, size_t to_stride)
{
    for (size_t r = 0; r < rows; r += 2 * TILE)
        for (size_t c = 0; c < columns; c += TILE)
            transpose_pairs(at_most(rows - r, 2 * TILE), tile_part(c, columns),
                            from + r * from_stride + c, from_stride, to + c * to_stride + r,
                            to_stride);
}

static void fill_tiles(struct az_kernels *kernels)
{
    kernels->pack_b = pack_b;
    kernels->pack_b_transposed = pack_b_transposed;
    kernels->pack_b_f32 = pack_b_f32;
    kernels->pack_b_f32_transposed = pack_b_f32_transposed;
    kernels->transpose_bf16 = transpose_bf16;
    kernels->transpose_f32 = transpose_f32;
}

#endif
