/* The bf16 product by VDPBF16PS, which multiplies pairs of bf16 and adds them to float32: twice the
 * multiply-adds of an FMA. Its roundings are not those of the canonical product. */
#include <immintrin.h>
#include <string.h>

#include "kernel/guest/inline.h"
#include "sky/near_code.h"

#define ROWS 12 /* of A in registers, by two registers of columns */
#define COLUMNS 32

/* One pair of A's row in all lanes. */
static inline __m512bh repeat(const struct az_bf16 *pair)
{
    int bits;
    memcpy(&bits, pair, sizeof bits);
    return (__m512bh)_mm512_set1_epi32(bits);
}

static inline __m512bh load(const struct az_bf16 *pairs)
{
    return (__m512bh)_mm512_loadu_si512(pairs);
}

/* Where a block of the result goes; what lies beyond rows and columns is not touched. */
struct place {
    size_t rows, columns;
    float *c;
    size_t c_stride;
    bool add;
};

static void put(const struct place *place, __m512 sums[ROWS][2])
{
    for (size_t r = 0; r < place->rows; r++)
        for (size_t v = 0; v < 2 && v * 16 < place->columns; v++) {
            size_t left = place->columns - v * 16;
            __mmask16 mask = 0xffff; /* the columns that are there */
            if (left < 16) mask = (__mmask16)((1u << left) - 1);
            float *c = place->c + r * place->c_stride + v * 16;
            __m512 sum = sums[r][v];
            if (place->add) sum = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, c), sum);
            _mm512_mask_storeu_ps(c, mask, sum);
        }
}

/* ROWS x COLUMNS outputs. Columns that are not there are the first 16 once more. */
static void block(const struct az_product_bf16 *product, const struct az_bf16 *a,
                  const struct az_bf16 *b, const struct place *place)
{
    __m512 sums[ROWS][2], done[ROWS][2];
    const struct az_bf16 *next = place->columns > 16 ? b + product->b_group : b;
    size_t stride = product->a_stride;
    AZ_UNROLL
    for (size_t r = 0; r < ROWS; r++) sums[r][0] = sums[r][1] = _mm512_setzero_ps();
    for (size_t i = 0; i < product->k; i += 2) {
        __m512bh y = load(b + i * AZ_PACK_COLUMNS), z = load(next + i * AZ_PACK_COLUMNS);
        AZ_UNROLL
        for (size_t r = 0; r < ROWS; r++) {
            __m512bh x = repeat(a + r * stride + i);
            sums[r][0] = _mm512_dpbf16_ps(sums[r][0], x, y);
            sums[r][1] = _mm512_dpbf16_ps(sums[r][1], x, z);
        }
    }
    /* a copy that may be indexed, so that sums itself stays in registers */
    AZ_UNROLL
    for (size_t r = 0; r < ROWS; r++) done[r][0] = sums[r][0], done[r][1] = sums[r][1];
    put(place, done);
}

void az_near_estimate_avx512bf16(const struct az_product_bf16 *product)
{
    struct az_product_bf16 whole = *product;
    if (!whole.b_group) whole.b_group = az_packed_bf16(product->k, AZ_PACK_COLUMNS);
    for (size_t j = 0; j < product->n; j += COLUMNS)
        for (size_t i = 0; i < product->m; i += ROWS) {
            size_t rows = product->m - i, columns = product->n - j;
            struct place place = {.rows = rows < ROWS ? rows : ROWS,
                                  .columns = columns < COLUMNS ? columns : COLUMNS,
                                  .c = product->c + i * product->c_stride + j,
                                  .c_stride = product->c_stride,
                                  .add = product->accumulate};
            block(&whole, product->a + i * product->a_stride,
                  product->b + j / AZ_PACK_COLUMNS * whole.b_group, &place);
        }
}
