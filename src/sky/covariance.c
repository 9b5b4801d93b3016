#include <string.h>

#include "base/memory.h"
#include "sky/frame_parts.h"

/* Rows whose products are summed in float32, in chains of 512, before they are added in double:
 * a sum of 2,048 products is wrong by at most (512 + 4) 2^-24 of the sum of their magnitudes. */
#define BLOCK_ROWS 2048
#define TILE 256

struct covariance {
    const struct az_rows_view *view;
    const struct az_kernels *kernels;
    size_t dims, padded; /* columns, up to a whole number of groups of 16 */
    int64_t first, rows; /* of the block */
    float *x;            /* [BLOCK_ROWS][dims] */
    float *transposed;   /* [dims][BLOCK_ROWS] */
    float *packed;       /* [padded][BLOCK_ROWS] */
    float *tiles;        /* [threads][TILE][TILE] */
    double *sums;        /* [dims][dims], the upper triangle */
    size_t tile_rows;    /* tiles along one side */
};

#define READ_ROWS 64

static void read_part(void *context, size_t chunk, int thread)
{
    struct covariance *work = context;
    int64_t first = (int64_t)chunk * READ_ROWS, left = work->rows - first;
    (void)thread;
    az_rows_read(work->view, work->first + first, left < READ_ROWS ? left : READ_ROWS,
                 work->x + (size_t)first * work->dims);
}

/* One group of columns, transposed and packed. */
static void turn_part(void *context, size_t chunk, int thread)
{
    struct covariance *work = context;
    size_t first = chunk * AZ_PACK_COLUMNS, left = work->dims - first, k = (size_t)work->rows;
    size_t count = left < AZ_PACK_COLUMNS ? left : AZ_PACK_COLUMNS;
    (void)thread;
    work->kernels->transpose_f32(k, count, work->x + first, work->dims,
                                 work->transposed + first * BLOCK_ROWS, BLOCK_ROWS);
    work->kernels->pack_b_f32(k, count, work->x + first, work->dims, work->packed + first * k, 0);
}

static void add_tile(void *context, size_t chunk, int thread)
{
    struct covariance *work = context;
    size_t i = 0, j, k = (size_t)work->rows;
    for (j = chunk; j >= work->tile_rows - i; i++) j -= work->tile_rows - i;
    size_t row = i * TILE, column = (i + j) * TILE;
    size_t m = work->dims - row < TILE ? work->dims - row : TILE;
    size_t n = work->dims - column < TILE ? work->dims - column : TILE;
    float *tile = work->tiles + (size_t)thread * TILE * TILE;
    struct az_product_f32 product = {.m = m,
                                     .n = n,
                                     .k = k,
                                     .a = work->transposed + row * BLOCK_ROWS,
                                     .a_stride = BLOCK_ROWS,
                                     .b = work->packed + column * k,
                                     .c = tile,
                                     .c_stride = TILE};
    work->kernels->product_f32(&product);
    for (size_t r = 0; r < m; r++)
        for (size_t c = 0; c < n; c++)
            work->sums[(row + r) * work->dims + column + c] += (double)tile[r * TILE + c];
}

static enum az_status allocate(struct covariance *work, size_t threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t cells, padded;
    AZ_TRY(az_size_multiply(work->dims, BLOCK_ROWS, &cells, error));
    AZ_TRY(az_size_multiply(work->padded, BLOCK_ROWS, &padded, error));
    AZ_TRY(az_memory_allocate(&work->x, cells, sizeof(float), "a block of rows", error));
    AZ_TRY(az_memory_allocate(&work->transposed, cells, sizeof(float), "a block of rows", error));
    AZ_TRY(az_memory_allocate(&work->packed, padded, sizeof(float), "a block of rows", error));
    AZ_TRY(az_memory_allocate(&work->tiles, threads * TILE * TILE, sizeof(float), "tiles", error));
out:
    return status;
}

static void finish(struct covariance *work, int64_t used)
{
    size_t dims = work->dims;
    for (size_t i = 0; i < dims; i++)
        for (size_t j = i; j < dims; j++) {
            work->sums[i * dims + j] /= (double)used;
            work->sums[j * dims + i] = work->sums[i * dims + j];
        }
}

enum az_status az_covariance_find(const struct az_rows_view *view, int64_t used, double *covariance,
                                  const struct az_kernels *kernels, struct az_pool *pool,
                                  struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = (size_t)view->matrix->dims,
           groups = (dims + AZ_PACK_COLUMNS - 1) / AZ_PACK_COLUMNS;
    struct covariance work = {.view = view,
                              .kernels = kernels,
                              .dims = dims,
                              .padded = groups * AZ_PACK_COLUMNS,
                              .sums = covariance,
                              .tile_rows = (dims + TILE - 1) / TILE};
    double total = (double)view->matrix->rows;
    memset(covariance, 0, dims * dims * sizeof *covariance);
    AZ_TRY(allocate(&work, (size_t)az_pool_threads(pool), error));
    az_progress_begin(progress);
    for (; work.first < view->matrix->rows; work.first += BLOCK_ROWS) {
        int64_t left = view->matrix->rows - work.first;
        work.rows = left < BLOCK_ROWS ? left : BLOCK_ROWS;
        if (az_progress_stopped(progress))
            AZ_RAISE(AZ_INTERRUPTED, "the covariance was stopped at row %lld",
                     (long long)work.first);
        az_progress_tell(progress, "covariance", "row", (double)work.first, total, "");
        az_pool_run(pool, read_part, &work, (size_t)((work.rows + READ_ROWS - 1) / READ_ROWS));
        az_pool_run(pool, turn_part, &work, groups);
        az_pool_run(pool, add_tile, &work, work.tile_rows * (work.tile_rows + 1) / 2);
    }
    az_progress_end(progress, "covariance", "row", total, total, "");
    finish(&work, used);
out:
    az_memory_free(work.x);
    az_memory_free(work.transposed);
    az_memory_free(work.packed);
    az_memory_free(work.tiles);
    return status;
}
