/* The bf16 product in AMX tiles. One TDPBF16PS is one block of 32 of the canonical product: for
 * each output, e over the even and o over the odd products from 0, then acc + (e + o), with
 * subnormals read and written as zeros and without regard to MXCSR (docs/numerics.md, section 2).
 */
#include <stdbool.h>
#include <string.h>

#include "kernel/guest/inline.h"
#include "kernel/guests.h"
#include "kernel/x86/tiles.h"

#define TILE_COLUMNS AZ_PACK_COLUMNS
#define STRIP_ROWS                                                                                 \
    (2 * TILE_ROWS) /* 2 x 2 tiles of outputs: each tile that is loaded serves twice */
#define STRIP_COLUMNS (2 * TILE_COLUMNS)

/* Bytes of packed B that stay in the cache of level 2 while all rows of A pass by. */
#define CHUNK_BYTES ((size_t)512 * 1024)

/* Rows of A that are this far apart, or a multiple of it, share too few sets of the cache. */
#define BAD_STRIDE_BYTES 2048

/* A copy of a strip of A, zero where rows are missing. */
struct strip {
    struct az_bf16 a[STRIP_ROWS][AZ_PRODUCT_PANEL + 32];
};

/* What one pass over K of 2 x 2 tiles (or fewer, at the edges) works on. */
struct piece {
    size_t k; /* of the panel, a multiple of 32 */
    const struct az_bf16 *a;
    size_t a_stride;
    const struct az_bf16 *b; /* first column block; the second lies b_block further */
    size_t b_block;
    size_t rows, columns; /* of C from c on */
    float *c;
    size_t c_stride;
    bool add;
};

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

/* The part of a tile that lies in C. */
static void put_tile(const struct piece *piece, size_t row, size_t column, const float *tile)
{
    size_t rows = smaller(piece->rows - row, TILE_ROWS);
    size_t columns = smaller(piece->columns - column, TILE_COLUMNS);
    for (size_t r = 0; r < rows; r++)
        put_row(columns, tile + r * TILE_COLUMNS, piece->add,
                piece->c + (row + r) * piece->c_stride + column);
}

static bool fits(const struct piece *piece, size_t row, size_t column)
{
    return !piece->add && piece->rows >= row + TILE_ROWS && piece->columns >= column + TILE_COLUMNS;
}

/* Tile `tile` to C at (row, column) of the piece: straight where it fits, else through memory. */
#define FINISH(tile, piece, row, column)                                                           \
    do {                                                                                           \
        if (fits(piece, row, column)) {                                                            \
            tile_store(tile, (piece)->c + (row) * (piece)->c_stride + (column),                    \
                       (piece)->c_stride * sizeof(float));                                         \
        } else {                                                                                   \
            _Alignas(64) float some[TILE_ROWS * TILE_COLUMNS];                                     \
            tile_store(tile, some, TILE_ROW_BYTES);                                                \
            tile_barrier();                                                                        \
            put_tile(piece, row, column, some);                                                    \
        }                                                                                          \
    } while (0)

/* Tiles 0 1 / 2 3 are C, 4 and 5 rows of A, 6 and 7 columns of B. */
static AZ_INLINE void work(bool two_rows, bool two_columns, const struct piece *piece)
{
    const size_t a_bytes = piece->a_stride * sizeof *piece->a;
    const struct az_bf16 *a = piece->a, *b = piece->b;
    tile_clear(0);
    if (two_columns) tile_clear(1);
    if (two_rows) tile_clear(2);
    if (two_rows && two_columns) tile_clear(3);
    for (size_t i = 0; i < piece->k; i += AZ_PRODUCT_BLOCK) {
        tile_load(6, b, TILE_ROW_BYTES);
        tile_load(4, a, a_bytes);
        tile_dot(0, 4, 6);
        if (two_columns) {
            tile_load(7, b + piece->b_block, TILE_ROW_BYTES);
            tile_dot(1, 4, 7);
        }
        if (two_rows) {
            tile_load(5, a + TILE_ROWS * piece->a_stride, a_bytes);
            tile_dot(2, 5, 6);
        }
        if (two_rows && two_columns) tile_dot(3, 5, 7);
        a += AZ_PRODUCT_BLOCK, b += AZ_PRODUCT_BLOCK * AZ_PACK_COLUMNS;
    }
    FINISH(0, piece, 0, 0);
    if (two_columns) FINISH(1, piece, 0, TILE_COLUMNS);
    if (two_rows) FINISH(2, piece, TILE_ROWS, 0);
    if (two_rows && two_columns) FINISH(3, piece, TILE_ROWS, TILE_COLUMNS);
}

static void work_any(const struct piece *piece)
{
    bool two_columns = piece->columns > TILE_COLUMNS;
    if (piece->rows > TILE_ROWS)
        two_columns ? work(true, true, piece) : work(true, false, piece);
    else
        two_columns ? work(false, true, piece) : work(false, false, piece);
}

/* Lets piece->a be `rows` rows of A from `a` on, which tiles may read in full. */
static void take_strip(struct piece *piece, const struct az_bf16 *a, size_t a_stride, size_t rows,
                       struct strip *strip)
{
    piece->a = a;
    piece->a_stride = a_stride;
    piece->rows = rows;
    bool tiles_full = rows == STRIP_ROWS || rows == TILE_ROWS;
    if (tiles_full && a_stride * sizeof *a % BAD_STRIDE_BYTES != 0) return;
    for (size_t r = 0; r < STRIP_ROWS; r++)
        if (r < rows)
            memcpy(strip->a[r], a + r * a_stride, piece->k * sizeof *a);
        else
            memset(strip->a[r], 0, piece->k * sizeof *a);
    piece->a = strip->a[0];
    piece->a_stride = sizeof strip->a[0] / sizeof *a;
}

/* Columns [first, last) of the panel of K that starts at `start`; k: K rounded up to blocks. */
static void chunk(const struct az_product_bf16 *product, size_t k, size_t start, size_t first,
                  size_t last)
{
    struct strip strip;
    struct piece piece = {.k = smaller(k - start, AZ_PRODUCT_PANEL),
                          .b_block = product->b_group,
                          .c_stride = product->c_stride,
                          .add = start > 0 || product->accumulate};
    for (size_t i = 0; i < product->m; i += STRIP_ROWS) {
        take_strip(&piece, product->a + i * product->a_stride + start, product->a_stride,
                   smaller(product->m - i, STRIP_ROWS), &strip);
        tile_barrier();
        for (size_t j = first; j < last; j += STRIP_COLUMNS) {
            piece.b = product->b + j / AZ_PACK_COLUMNS * product->b_group + start * AZ_PACK_COLUMNS;
            piece.c = product->c + i * product->c_stride + j;
            piece.columns = smaller(last - j, STRIP_COLUMNS);
            work_any(&piece);
        }
    }
}

static size_t chunk_columns(size_t k)
{
    size_t columns = CHUNK_BYTES / (smaller(k, AZ_PRODUCT_PANEL) * sizeof(struct az_bf16));
    return columns / STRIP_COLUMNS * STRIP_COLUMNS;
}

static const struct tile_config config = {
    .palette = 1,
    .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
    .rows = {16, 16, 16, 16, 16, 16, 16, 16},
};

static AZ_NOINLINE void walk(const struct az_product_bf16 *product)
{
    size_t k = (product->k + AZ_PRODUCT_BLOCK - 1) / AZ_PRODUCT_BLOCK * AZ_PRODUCT_BLOCK;
    if (k == 0) {
        for (size_t i = 0; i < product->m && !product->accumulate; i++)
            memset(product->c + i * product->c_stride, 0, product->n * sizeof *product->c);
        return;
    }
    struct az_product_bf16 whole = *product;
    if (!whole.b_group) whole.b_group = k * AZ_PACK_COLUMNS;
    tile_configure(&config);
    size_t columns = chunk_columns(k);
    for (size_t start = 0; start < k; start += AZ_PRODUCT_PANEL)
        for (size_t j = 0; j < product->n; j += columns)
            chunk(&whole, k, start, j, smaller(product->n, j + columns));
    tile_release();
}

static void product_bf16(const struct az_product_bf16 *product) { flushing(walk, product); }

void az_guest_fill_amx(struct az_kernels *kernels) { kernels->product_bf16 = product_bf16; }

/* Zeros take as long as other numbers. */
double az_guest_burst_amx(size_t repeats, double *sink)
{
    _Alignas(64) float some[TILE_ROWS * TILE_COLUMNS];
    tile_configure(&config);
    for (size_t r = 0; r < repeats; r++) {
        tile_dot(0, 4, 6);
        tile_dot(1, 4, 7);
        tile_dot(2, 5, 6);
        tile_dot(3, 5, 7);
    }
    tile_store(0, some, TILE_ROW_BYTES);
    tile_barrier();
    *sink += (double)some[0];
    tile_release();
    return 4.0 * 2 * TILE_ROWS * TILE_COLUMNS * AZ_PRODUCT_BLOCK * (double)repeats;
}
