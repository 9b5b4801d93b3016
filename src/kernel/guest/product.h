/* product.h: both products from vector registers. Include it once in a guest's file, after the
 * header with its vectors.
 *
 * A strip of a few rows of A is spread out to float32 once per panel of K; then the columns of
 * packed B pass by, and each output has its two chains (even, odd) in registers for a block of 32.
 * The guest's header (x86/vector_avx2.h ...) defines, all static inline:
 *
 *   VECTOR                      float32 values in a register; divides AZ_PACK_COLUMNS
 *   vector                      the type of a register (a macro)
 *   BF16_ROWS, BF16_VECTORS     outputs in registers: rows of A, registers of columns;
 *   BF16_TOGETHER               whether both chains of all these fit in registers
 *   F32_ROWS, F32_VECTORS       VECTOR * ..._VECTORS divides AZ_PACK_COLUMNS
 *   vector_zero(), vector_load(p), vector_store(p, x), vector_repeat(p)   of float32, unaligned
 *   vector_add(a, b), vector_mul(a, b), vector_fma(a, b, c)               one rounding
 *   vector_even(p), vector_odd(p)      halves of VECTOR pairs of bf16, as float32
 *   vector_mul_flushed, vector_fma_flushed, vector_add_flushed   with every input and result
 *                                      flushed as azimuth/kernel.h says
 *   PRODUCT_CARE                0 where the processor flushes by itself and the three above are the
 *                               plain ones; 1 where a second, careful code path is needed
 */
#ifndef AZ_KERNEL_GUEST_PRODUCT_H
#define AZ_KERNEL_GUEST_PRODUCT_H

#include <stdbool.h>
#include <string.h>

#include "azimuth/kernel.h"
#include "kernel/guest/inline.h"

/* 16 more than a panel, so that rows do not fall on one set of the cache. */
#define STRIP_STRIDE (AZ_PRODUCT_PANEL + 16)

/* Bytes of packed B that stay in the cache of level 2 while all rows of A pass by. */
#define CHUNK_BYTES ((size_t)256 * 1024)

/* The part of a product that is worked on: some rows, some columns, one panel of K. */
struct piece {
    size_t rows;    /* of the strip; what lies beyond in registers is not stored */
    size_t k;       /* of the panel, for bf16 a multiple of 32 */
    const float *a; /* the strip */
    size_t columns; /* of C from c on, at most what the registers hold */
    float *c;
    size_t c_stride;
    bool add;     /* to C; else C is written */
    bool careful; /* subnormals may occur */
    size_t ahead; /* elements of packed B to the next columns, which are fetched meanwhile */
};

static AZ_INLINE vector product_mul(bool careful, vector a, vector b)
{
    return careful ? vector_mul_flushed(a, b) : vector_mul(a, b);
}

static AZ_INLINE vector product_fma(bool careful, vector a, vector b, vector c)
{
    return careful ? vector_fma_flushed(a, b, c) : vector_fma(a, b, c);
}

static AZ_INLINE vector product_add(bool careful, vector a, vector b)
{
    return careful ? vector_add_flushed(a, b) : vector_add(a, b);
}

/* One output register to C, or to its first columns. `flush` for bf16. */
static AZ_INLINE void put(const struct piece *piece, size_t offset, size_t row, bool flush,
                          vector x)
{
    float *c = piece->c + row * piece->c_stride + offset, some[VECTOR];
    size_t columns = piece->columns - offset;
    if (columns >= VECTOR) {
        if (piece->add) x = product_add(flush, vector_load(c), x);
        vector_store(c, x);
        return;
    }
    if (piece->add) {
        memset(some, 0, sizeof some);
        memcpy(some, c, columns * sizeof *c);
        x = product_add(flush, vector_load(some), x);
    }
    vector_store(some, x);
    memcpy(c, some, columns * sizeof *c);
}

/* All outputs: x[rows][vectors]. Without conditions inside where all of them lie in C. */
static AZ_INLINE void put_all(size_t rows, size_t vectors, const struct piece *piece, bool flush,
                              const vector *x)
{
    if (piece->rows < rows || piece->columns < vectors * VECTOR) {
        for (size_t r = 0; r < rows && r < piece->rows; r++)
            for (size_t v = 0; v < vectors && v * VECTOR < piece->columns; v++)
                put(piece, v * VECTOR, r, flush, x[r * vectors + v]);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        float *c = piece->c + r * piece->c_stride;
        AZ_UNROLL
        for (size_t v = 0; v < vectors; v++, c += VECTOR) {
            vector sum = x[r * vectors + v];
            vector_store(c, piece->add ? product_add(flush, vector_load(c), sum) : sum);
        }
    }
}

/* ---- bf16 ---- */

/* One step of the even (half 0) or the odd chains (half 1) of all outputs. */
static AZ_INLINE void add_half(bool careful, bool first, size_t half, size_t rows, const float *a,
                               const struct az_bf16 *b, vector sums[][BF16_VECTORS])
{
    vector y[BF16_VECTORS];
    AZ_UNROLL
    for (size_t v = 0; v < BF16_VECTORS; v++)
        y[v] = half ? vector_odd(b + v * VECTOR * 2) : vector_even(b + v * VECTOR * 2);
    AZ_UNROLL
    for (size_t r = 0; r < rows; r++) {
        vector x = vector_repeat(a + r * STRIP_STRIDE + half);
        AZ_UNROLL
        for (size_t v = 0; v < BF16_VECTORS; v++)
            sums[r][v] =
                first ? product_mul(careful, x, y[v]) : product_fma(careful, x, y[v], sums[r][v]);
    }
}

/* Both chains of all outputs over one block: together, or one after the other where there are not
 * registers enough for both. A chain begins with a product alone: fma(a, b, 0) differs from it in
 * the sign of a zero only, which adding to acc, +0 at first and never -0 later, removes. */
static AZ_INLINE void chain_block(bool careful, size_t rows, const float *a,
                                  const struct az_bf16 *b, size_t ahead, vector e[][BF16_VECTORS],
                                  vector o[][BF16_VECTORS])
{
    FETCH_READ(b, ahead * sizeof *b);
    add_half(careful, true, 0, rows, a, b, e);
    if (!BF16_TOGETHER)
        for (size_t i = 2; i < AZ_PRODUCT_BLOCK; i += 2)
            add_half(careful, false, 0, rows, a + i, b + i * AZ_PACK_COLUMNS, e);
    add_half(careful, true, 1, rows, a, b, o);
    for (size_t i = 2; i < AZ_PRODUCT_BLOCK; i += 2) {
        FETCH_READ(b, (ahead + i * AZ_PACK_COLUMNS) * sizeof *b);
        if (BF16_TOGETHER) add_half(careful, false, 0, rows, a + i, b + i * AZ_PACK_COLUMNS, e);
        add_half(careful, false, 1, rows, a + i, b + i * AZ_PACK_COLUMNS, o);
    }
}

/* acc = acc + (e + o), acc being +0 at first. */
static AZ_INLINE void add_sums(bool careful, bool first, size_t rows, vector acc[][BF16_VECTORS],
                               vector e[][BF16_VECTORS], vector o[][BF16_VECTORS])
{
    AZ_UNROLL
    for (size_t r = 0; r < rows; r++) {
        AZ_UNROLL
        for (size_t v = 0; v < BF16_VECTORS; v++) {
            vector sum = product_add(careful, e[r][v], o[r][v]);
            acc[r][v] = product_add(careful, first ? vector_zero() : acc[r][v], sum);
        }
    }
}

/* The outputs of one strip and BF16_VECTORS registers of columns. */
static AZ_INLINE void piece_bf16(bool careful, size_t rows, const struct piece *piece,
                                 const struct az_bf16 *b)
{
    vector acc[BF16_ROWS][BF16_VECTORS];
    const float *a = piece->a;
    size_t block = 0;
    do {
        vector e[BF16_ROWS][BF16_VECTORS], o[BF16_ROWS][BF16_VECTORS];
        chain_block(careful, rows, a, b, piece->ahead, e, o);
        if (block == 0)
            add_sums(careful, true, rows, acc, e, o);
        else
            add_sums(careful, false, rows, acc, e, o);
        a += AZ_PRODUCT_BLOCK, b += AZ_PRODUCT_BLOCK * AZ_PACK_COLUMNS;
        block += AZ_PRODUCT_BLOCK;
    } while (block < piece->k);
    put_all(rows, BF16_VECTORS, piece, true, acc[0]);
}

/* There is code for all, two and one third of the rows: the least that holds the strip. */
static void piece_bf16_any(const struct piece *piece, const struct az_bf16 *b)
{
    if (PRODUCT_CARE && piece->careful)
        piece_bf16(PRODUCT_CARE, BF16_ROWS, piece, b);
    else if (piece->rows > BF16_ROWS * 2 / 3)
        piece_bf16(false, BF16_ROWS, piece, b);
    else if (piece->rows > BF16_ROWS / 3)
        piece_bf16(false, BF16_ROWS * 2 / 3, piece, b);
    else
        piece_bf16(false, BF16_ROWS / 3, piece, b);
}

/* ---- float32 ---- */

static AZ_INLINE void piece_f32(size_t rows, const struct piece *piece, const float *b)
{
    vector acc[F32_ROWS][F32_VECTORS], done[F32_ROWS][F32_VECTORS];
    AZ_UNROLL
    for (size_t r = 0; r < rows; r++) {
        AZ_UNROLL
        for (size_t v = 0; v < F32_VECTORS; v++) acc[r][v] = vector_zero();
    }
    for (size_t i = 0; i < piece->k; i++, b += AZ_PACK_COLUMNS) {
        AZ_UNROLL
        for (size_t r = 0; r < rows; r++) {
            vector x = vector_repeat(piece->a + r * STRIP_STRIDE + i);
            AZ_UNROLL
            for (size_t v = 0; v < F32_VECTORS; v++)
                acc[r][v] = vector_fma(x, vector_load(b + v * VECTOR), acc[r][v]);
        }
    }
    /* a copy that may be indexed, so that acc itself can stay in registers */
    AZ_UNROLL
    for (size_t r = 0; r < rows; r++) {
        AZ_UNROLL
        for (size_t v = 0; v < F32_VECTORS; v++) done[r][v] = acc[r][v];
    }
    put_all(rows, F32_VECTORS, piece, false, done[0]);
}

static void piece_f32_any(const struct piece *piece, const float *b)
{
    if (piece->rows > F32_ROWS * 2 / 3)
        piece_f32(F32_ROWS, piece, b);
    else if (piece->rows > F32_ROWS / 3)
        piece_f32(F32_ROWS * 2 / 3, piece, b);
    else
        piece_f32(F32_ROWS / 3, piece, b);
}

/* ---- the walk over panels, chunks of columns, strips, columns ---- */

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void spread_bf16(size_t rows, size_t k, const struct az_bf16 *a, size_t a_stride, float *to)
{
    for (size_t r = 0; r < rows; r++) widen(k, a + r * a_stride, to + r * STRIP_STRIDE);
}

/* Rows of a strip that are not there: their outputs are made but not stored. */
static void clear_rows(size_t rows, size_t all_rows, size_t k, float *strip)
{
    for (size_t r = rows; r < all_rows; r++) memset(strip + r * STRIP_STRIDE, 0, k * sizeof *strip);
}

#if PRODUCT_CARE
/* The exponent field of the nonzero element that is nearest to zero; 255 where there is none. */
static unsigned least_exponent(size_t rows, size_t columns, const struct az_bf16 *x, size_t stride)
{
    uint16_t least = 0xffff; /* of the bits below the sign, less 1, so that zeros count as most */
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < columns; i++) {
            uint16_t magnitude = (uint16_t)((x[r * stride + i].bits & 0x7fff) - 1);
            least = magnitude < least ? magnitude : least;
        }
    return least == 0xffff ? 255 : (least + 1u) >> 7;
}

/* Nothing subnormal goes in, and nothing can come out: bf16 values have 8 bits, so all products are
 * multiples of 2^(ea + eb - 2 * 134), and so are all sums of them, rounded or not. Where that is at
 * least FLT_MIN = 2^-126, a result is zero or at least FLT_MIN. */
static bool may_be_subnormal(unsigned ea, unsigned eb)
{
    return ea == 0 || eb == 0 || ea + eb < 2 * 134 - 126;
}
#else
static unsigned least_exponent(size_t rows, size_t columns, const struct az_bf16 *x, size_t stride)
{
    (void)rows, (void)columns, (void)x, (void)stride;
    return 255;
}

static bool may_be_subnormal(unsigned ea, unsigned eb)
{
    (void)ea, (void)eb;
    return false;
}
#endif

/* Columns of C that are worked on while their part of packed B stays in the cache. */
static size_t chunk_columns(size_t k, size_t element_bytes)
{
    size_t columns = CHUNK_BYTES / (smaller(k, AZ_PRODUCT_PANEL) * element_bytes);
    return columns < AZ_PACK_COLUMNS ? AZ_PACK_COLUMNS
                                     : columns / AZ_PACK_COLUMNS * AZ_PACK_COLUMNS;
}

/* Columns [first, last) of the panel of K that starts at `start`; k: K rounded up to blocks. */
static void chunk_bf16(const struct az_product_bf16 *product, size_t k, size_t start, size_t first,
                       size_t last)
{
    struct piece piece = {.k = smaller(k - start, AZ_PRODUCT_PANEL),
                          .c_stride = product->c_stride,
                          .add = start > 0 || product->accumulate,
                          .ahead = product->b_group};
    const size_t step = VECTOR * BF16_VECTORS;
    float strip[BF16_ROWS * STRIP_STRIDE];
    unsigned eb = 255;
    piece.a = strip;
    for (size_t j = first; j < last; j += AZ_PACK_COLUMNS) {
        const struct az_bf16 *b =
            product->b + j / AZ_PACK_COLUMNS * product->b_group + start * AZ_PACK_COLUMNS;
        unsigned e = least_exponent(1, piece.k * AZ_PACK_COLUMNS, b, 0);
        eb = e < eb ? e : eb;
    }
    for (size_t i = 0; i < product->m; i += BF16_ROWS) {
        const struct az_bf16 *a = product->a + i * product->a_stride + start;
        piece.rows = smaller(product->m - i, BF16_ROWS);
        piece.careful =
            may_be_subnormal(least_exponent(piece.rows, piece.k, a, product->a_stride), eb);
        spread_bf16(piece.rows, piece.k, a, product->a_stride, strip);
        clear_rows(piece.rows, BF16_ROWS, piece.k, strip);
        for (size_t j = first; j < last; j += step) {
            size_t column = j % AZ_PACK_COLUMNS;
            piece.c = product->c + i * product->c_stride + j;
            piece.columns = smaller(last - j, step);
            piece_bf16_any(&piece, product->b + j / AZ_PACK_COLUMNS * product->b_group +
                                       start * AZ_PACK_COLUMNS + 2 * column);
        }
    }
}

/* C = 0 where there is nothing to add up. */
static void clear(size_t m, size_t n, float *c, size_t c_stride)
{
    for (size_t i = 0; i < m; i++) memset(c + i * c_stride, 0, n * sizeof *c);
}

static AZ_NOINLINE void walk_bf16(const struct az_product_bf16 *product)
{
    size_t k = (product->k + AZ_PRODUCT_BLOCK - 1) / AZ_PRODUCT_BLOCK * AZ_PRODUCT_BLOCK;
    if (k == 0) {
        if (!product->accumulate) clear(product->m, product->n, product->c, product->c_stride);
        return;
    }
    struct az_product_bf16 whole = *product;
    if (!whole.b_group) whole.b_group = k * AZ_PACK_COLUMNS;
    size_t columns = chunk_columns(k, sizeof(struct az_bf16));
    for (size_t start = 0; start < k; start += AZ_PRODUCT_PANEL)
        for (size_t j = 0; j < product->n; j += columns)
            chunk_bf16(&whole, k, start, j, smaller(product->n, j + columns));
}

static void chunk_f32(const struct az_product_f32 *product, size_t start, size_t first, size_t last)
{
    struct piece piece = {.k = smaller(product->k - start, AZ_PRODUCT_PANEL),
                          .c_stride = product->c_stride,
                          .add = start > 0 || product->accumulate};
    const size_t step = VECTOR * F32_VECTORS;
    float strip[F32_ROWS * STRIP_STRIDE];
    piece.a = strip;
    for (size_t i = 0; i < product->m; i += F32_ROWS) {
        piece.rows = smaller(product->m - i, F32_ROWS);
        for (size_t r = 0; r < piece.rows; r++)
            memcpy(strip + r * STRIP_STRIDE, product->a + (i + r) * product->a_stride + start,
                   piece.k * sizeof *strip);
        clear_rows(piece.rows, F32_ROWS, piece.k, strip);
        for (size_t j = first; j < last; j += step) {
            size_t column = j % AZ_PACK_COLUMNS;
            piece.c = product->c + i * product->c_stride + j;
            piece.columns = smaller(last - j, step);
            piece_f32_any(&piece, product->b + j / AZ_PACK_COLUMNS * product->b_group +
                                      start * AZ_PACK_COLUMNS + column);
        }
    }
}

static void walk_f32(const struct az_product_f32 *product)
{
    if (product->k == 0) {
        if (!product->accumulate) clear(product->m, product->n, product->c, product->c_stride);
        return;
    }
    struct az_product_f32 whole = *product;
    if (!whole.b_group) whole.b_group = product->k * AZ_PACK_COLUMNS;
    size_t columns = chunk_columns(product->k, sizeof(float));
    for (size_t start = 0; start < product->k; start += AZ_PRODUCT_PANEL)
        for (size_t j = 0; j < product->n; j += columns)
            chunk_f32(&whole, start, j, smaller(product->n, j + columns));
}

#endif
