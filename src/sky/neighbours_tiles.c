/* Candidates by fast products, and why none is missed.
 *
 * For row i the others are ranked by g_j: |a_j|^2 / 2 - a_i.a_j (half the squared distance less a
 * term of i alone), or -a_i.a_j / |a_j| under the cosine. The computed product p of two rows is off
 * by |p - a_i.a_j| <= gamma sum_d |a_id a_jd| + tau, gamma = m u / (1 - m u), u = 2^-24, m the
 * roundings on the longest way from a product to the result (Higham 2002, section 3.1): those of
 * a panel of AZ_NEAR_PANEL dimensions (near_code.c; of float32 one for each dimension) and one for
 * each panel. tau bounds what flushing loses: at most 4 dims operations and inputs, each
 * 2^-126 (1 + the greatest value); of float32, its underflow.
 * sum |a_id a_jd| <= |a_i||a_j| <= (|a_i|^2 + |a_j|^2) / 2, so the computed g is off by at most
 * e_i + e_j with e = gamma |a|^2 / 2 + tau; under the cosine by gamma |a_i| + tau / |a_j|. Sixteen
 * more units u in gamma pay for computing g itself and these bounds in float32 and for the
 * differences between g in exact arithmetic and the float64 distances that decide in the end.
 *
 * Let T_i be the k-th least of g + e_j + e_i over the rows seen so far: k rows have a true g of at
 * most T_i, so a row whose g - e_j - e_i lies above T_i is not among the k nearest, now or later,
 * for T_i only falls. Every other row is kept as a candidate. Rows that two threads see in another
 * order leave other candidates behind, but always all of those that matter.
 *
 * Most products need not be finished. After some panels the rest of a_i.a_j is at most the product
 * of the norms of what is left of both rows (Cauchy and Schwarz); where even that would bring no
 * pair of a block below its threshold, the block is done. Rows are taken by ascending norm, so that
 * rows near the origin, which are near to all, set the thresholds first, and blocks hold rows for
 * which the bound is alike.
 *
 * Pairs are computed once: (i, j) with i < j offers j to i and i to j. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/neighbours_parts.h"

#define TILE_ROWS 144     /* of A: gathered, they lie in a cache of level 2 */
#define TILE_COLUMNS 2048 /* of B: 10 MB of bf16 at 2,560 dimensions */
#define BLOCK 64          /* columns of one product */
#define SPREAD 32  /* elements between rows, so that they do not fall on one set of a cache */
#define HITS 16384 /* of a thread, before they are handed over */
#define PART_PLACES 64
#define LONGEST 1e19 /* above the norm of any row that comes here (az_points_bounded) */

struct thread_part {
    void *a;                  /* [TILE_ROWS][stride] */
    float *products;          /* [TILE_ROWS][BLOCK] */
    float *thresholds;        /* [TILE_ROWS + TILE_COLUMNS]: as they were when last learned */
    struct az_near_hit *hits; /* [HITS] */
    size_t hit_count;
};

struct tiles {
    struct az_candidates *candidates;
    const struct az_points *points;
    size_t inner, stride;   /* length of products; of a gathered row */
    size_t places, panels;  /* rows that count, by ascending norm; parts of a product */
    float *bias, *scale;    /* [places + BLOCK] struct az_near_side; NaN beyond the places */
    float *rest;            /* [panels][places + BLOCK] norm of what comes after the panel */
    size_t column, columns; /* of the tile of B */
    void *packed;
    struct thread_part *threads;
    pthread_mutex_t lock;
};

/* ---- rows ---- */

static size_t row_at(const struct tiles *work, size_t place)
{
    return work->points->first[work->candidates->order[place]];
}

/* Rows from place on into to[count][stride]. */
static void gather(const struct tiles *work, size_t place, size_t count, void *to)
{
    const struct az_points *points = work->points;
    for (size_t n = 0; n < count; n++) {
        size_t row = row_at(work, place + n);
        if (points->narrow)
            memcpy((struct az_bf16 *)to + n * work->stride,
                   points->narrow + row * points->narrow_stride, work->inner * 2);
        else
            memcpy((float *)to + n * work->stride, points->wide + row * points->dims,
                   work->inner * sizeof(float));
    }
}

/* One group of columns of B. */
static void pack_part(void *context, size_t chunk, int thread)
{
    struct tiles *work = context;
    const struct az_kernels *kernels = work->points->kernels;
    void *rows = work->threads[thread].a;
    size_t first = chunk * AZ_PACK_COLUMNS, left = work->columns - first, k = work->inner;
    size_t count = left < AZ_PACK_COLUMNS ? left : AZ_PACK_COLUMNS;
    gather(work, work->column + first, count, rows);
    if (work->points->narrow)
        kernels->pack_b_transposed(k, count, rows, work->stride,
                                   (struct az_bf16 *)work->packed + first * k);
    else
        kernels->pack_b_f32_transposed(k, count, rows, work->stride,
                                       (float *)work->packed + first * k);
}

/* ---- blocks ---- */

/* Where a block of products lies: rows of the tile of A, columns of the tile of B. */
struct block {
    size_t row, rows, column, columns;
};

static void multiply_panel(const struct tiles *work, const struct block *block, size_t panel,
                           const struct thread_part *own)
{
    size_t start = panel * AZ_NEAR_PANEL, left = work->inner - start;
    size_t k = left < AZ_NEAR_PANEL ? left : AZ_NEAR_PANEL;
    size_t b = block->column * work->inner + start * AZ_PACK_COLUMNS;
    if (work->points->narrow)
        work->points->code.estimate(
            &(struct az_product_bf16){.m = block->rows,
                                      .n = block->columns,
                                      .k = k,
                                      .a = (const struct az_bf16 *)own->a + start,
                                      .a_stride = work->stride,
                                      .b = (const struct az_bf16 *)work->packed + b,
                                      .b_group = work->inner * AZ_PACK_COLUMNS,
                                      .c = own->products,
                                      .c_stride = BLOCK,
                                      .accumulate = panel > 0});
    else
        work->points->kernels->product_f32(
            &(struct az_product_f32){.m = block->rows,
                                     .n = block->columns,
                                     .k = k,
                                     .a = (const float *)own->a + start,
                                     .a_stride = work->stride,
                                     .b = (const float *)work->packed + b,
                                     .b_group = work->inner * AZ_PACK_COLUMNS,
                                     .c = own->products,
                                     .c_stride = BLOCK,
                                     .accumulate = panel > 0});
}

/* Both sides of a block after a panel. */
static void take_sides(const struct tiles *work, const struct block *block, size_t panel,
                       const struct thread_part *own, struct az_near_side sides[2])
{
    const float *rest = work->rest + panel * (work->places + BLOCK);
    size_t column = work->column + block->column;
    sides[0] = (struct az_near_side){work->bias + block->row, work->scale + block->row,
                                     rest + block->row, own->thresholds};
    sides[1] = (struct az_near_side){work->bias + column, work->scale + column, rest + column,
                                     own->thresholds + TILE_ROWS + block->column};
}

/* False when no pair of the block can be near, whether all its panels were needed to see it or not.
 */
static bool multiply(const struct tiles *work, const struct block *block,
                     const struct thread_part *own)
{
    struct az_near_side sides[2];
    for (size_t panel = 0; panel < work->panels; panel++) {
        size_t row = 0;
        multiply_panel(work, block, panel, own);
        take_sides(work, block, panel, own, sides);
        while (row < block->rows &&
               !work->points->code.any_near(&sides[0], row, &sides[1], block->columns,
                                            own->products + row * BLOCK))
            row++;
        if (row == block->rows) return false;
    }
    return true;
}

/* Hands the hits of a thread over, and learns the thresholds as they are now. */
static void hand_over(struct tiles *work, const struct block *block, struct thread_part *own)
{
    const float *from = work->candidates->threshold;
    pthread_mutex_lock(&work->lock);
    for (size_t n = 0; n < own->hit_count; n++) az_candidates_take(work->candidates, &own->hits[n]);
    memcpy(own->thresholds, from + block->row, block->rows * sizeof *from);
    memcpy(own->thresholds + TILE_ROWS, from + work->column, work->columns * sizeof *from);
    pthread_mutex_unlock(&work->lock);
    own->hit_count = 0;
}

/* The pairs of a finished block that may be near. */
static void scan_block(struct tiles *work, const struct block *block, struct thread_part *own)
{
    struct az_near_side sides[2];
    size_t column = work->column + block->column;
    take_sides(work, block, work->panels - 1, own, sides);
    for (size_t r = 0; r < block->rows; r++) {
        uint32_t i = (uint32_t)(block->row + r);
        const float *p = own->products + r * BLOCK;
        if (!work->points->code.any_near(&sides[0], r, &sides[1], block->columns, p)) continue;
        if (own->hit_count + 2 * BLOCK > HITS) hand_over(work, block, own);
        for (size_t c = i + 1 > column ? i + 1 - column : 0; c < block->columns; c++) {
            uint32_t j = (uint32_t)(column + c);
            float for_row = work->bias[j] - work->scale[j] * p[c];
            float for_column = work->bias[i] - work->scale[i] * p[c];
            if (for_row <= own->thresholds[r])
                own->hits[own->hit_count++] = (struct az_near_hit){i, j, for_row};
            if (for_column <= own->thresholds[TILE_ROWS + block->column + c])
                own->hits[own->hit_count++] = (struct az_near_hit){j, i, for_column};
        }
    }
}

static void scan_tile(void *context, size_t chunk, int thread)
{
    struct tiles *work = context;
    struct thread_part *own = &work->threads[thread];
    struct block block = {.row = chunk * TILE_ROWS};
    size_t left = work->column + work->columns - block.row;
    block.rows = left < TILE_ROWS ? left : TILE_ROWS;
    gather(work, block.row, block.rows, own->a);
    hand_over(work, &block, own);
    for (; block.column < work->columns; block.column += BLOCK) {
        left = work->columns - block.column;
        block.columns = left < BLOCK ? left : BLOCK;
        if (work->column + block.column + block.columns <= block.row + 1) continue;
        if (multiply(work, &block, own)) scan_block(work, &block, own);
    }
    hand_over(work, &block, own);
}

/* ---- bounds ---- */

/* What is left of each row's norm after each panel. */
static void find_rests(void *context, size_t chunk, int thread)
{
    struct tiles *work = context;
    const struct az_points *points = work->points;
    size_t end = (chunk + 1) * PART_PLACES, stride = work->places + BLOCK;
    for (size_t p = chunk * PART_PLACES; p < end && p < work->places; p++) {
        const float *row = az_points_row(points, row_at(work, p), work->threads[thread].a);
        double squares = 0;
        for (size_t panel = work->panels; panel-- > 0;) {
            size_t start = panel * AZ_NEAR_PANEL, left = points->dims - start;
            work->rest[panel * stride + p] = nextafterf((float)sqrt(squares), INFINITY);
            squares += points->kernels->sum_squares(left < AZ_NEAR_PANEL ? left : AZ_NEAR_PANEL,
                                                    row + start);
        }
        work->rest[(work->panels - 1) * stride + p] = 0;
    }
}

static void find_bounds(struct tiles *work)
{
    const struct az_points *points = work->points;
    double u = 0x1p-24;
    double roundings = points->narrow ? points->code.roundings : AZ_NEAR_PANEL;
    double units = (roundings + (double)work->panels + 16) * u, gamma = units / (1 - units);
    double tau = 0x1p-124 * (double)points->dims * (1 + (double)points->most);
    bool cosine = points->metric == AZ_METRIC_COSINE;
    for (size_t p = 0; p < work->places + BLOCK; p++) {
        work->bias[p] = work->scale[p] = NAN;
        if (p >= work->places) continue;
        size_t row = row_at(work, p);
        double half = points->squares[row] / 2;
        double e = cosine ? tau * points->inverse[row] : gamma * half + tau;
        work->bias[p] = (float)((cosine ? 0 : half) - e);
        work->scale[p] = cosine ? (float)points->inverse[row] : 1;
        if (cosine && points->inverse[row] > LONGEST) { /* too short: g can be anything */
            work->scale[p] = 0;
            work->bias[p] = -(float)LONGEST;
            e = LONGEST;
        }
        work->candidates->wide_by[p] = nextafterf((float)(2 * e), INFINITY);
        work->candidates->own[p] =
            (float)(cosine ? gamma * sqrt(points->squares[row]) : e) * 1.0001f;
    }
}

struct norm {
    double squares;
    uint32_t class_number;
};

static int by_norm(const void *a, const void *b)
{
    const struct norm *x = a, *y = b;
    if (x->squares != y->squares) return x->squares < y->squares ? -1 : 1;
    return (x->class_number > y->class_number) - (x->class_number < y->class_number);
}

static enum az_status find_order(struct tiles *work, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_points *points = work->points;
    struct norm *norms;
    AZ_TRY(az_memory_allocate(&norms, work->places, sizeof *norms, "norms", error));
    for (uint32_t c = 0; c < work->places; c++)
        norms[c] = (struct norm){points->squares[points->first[c]], c};
    qsort(norms, work->places, sizeof *norms, by_norm);
    for (size_t p = 0; p < work->places; p++) work->candidates->order[p] = norms[p].class_number;
out:
    az_memory_free(norms);
    return status;
}

/* ---- all tiles ---- */

static enum az_status allocate(struct tiles *work, size_t threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t padded = work->places + BLOCK, cells, bytes;
    size_t element = work->points->narrow ? sizeof(struct az_bf16) : sizeof(float);
    AZ_TRY(az_size_multiply(padded, work->panels, &cells, error));
    AZ_TRY(az_memory_allocate(&work->bias, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_memory_allocate(&work->scale, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_memory_allocate(&work->rest, cells, sizeof(float), "bounds", error));
    AZ_TRY(az_size_multiply(TILE_COLUMNS, work->inner * element, &bytes, error));
    AZ_TRY(az_memory_allocate(&work->packed, bytes, 1, "a tile", error));
    AZ_TRY(az_memory_allocate(&work->threads, threads, sizeof *work->threads, "tiles", error));
    /* A row of the tile must also hold one row as float32 for find_rests. */
    AZ_TRY(az_size_multiply(TILE_ROWS, work->stride * element, &bytes, error));
    for (size_t t = 0; t < threads; t++) {
        struct thread_part *own = &work->threads[t];
        AZ_TRY(az_memory_allocate(&own->a, bytes, 1, "a tile", error));
        AZ_TRY(az_memory_allocate(&own->products, TILE_ROWS * BLOCK, 4, "a tile", error));
        AZ_TRY(az_memory_allocate(&own->thresholds, TILE_ROWS + TILE_COLUMNS, 4, "a tile", error));
        AZ_TRY(az_memory_allocate(&own->hits, HITS, sizeof *own->hits, "a tile", error));
    }
out:
    return status;
}

static void release(struct tiles *work, size_t threads)
{
    for (size_t t = 0; work->threads && t < threads; t++) {
        az_memory_free(work->threads[t].a);
        az_memory_free(work->threads[t].products);
        az_memory_free(work->threads[t].thresholds);
        az_memory_free(work->threads[t].hits);
    }
    az_memory_free(work->threads);
    az_memory_free(work->bias);
    az_memory_free(work->scale);
    az_memory_free(work->rest);
    az_memory_free(work->packed);
}

static enum az_status run_tiles(struct tiles *work, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    size_t places = work->places;
    double total = (double)places * (double)places / 2e6;
    az_progress_begin(progress);
    for (; work->column < places; work->column += TILE_COLUMNS) {
        size_t left = places - work->column;
        double done = (double)work->column * (double)work->column / 2e6;
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped: no neighbours were found yet");
        az_progress_tell(progress, "products", "million pairs", done, total, "");
        work->columns = left < TILE_COLUMNS ? left : TILE_COLUMNS;
        az_pool_run(pool, pack_part, work, (work->columns + AZ_PACK_COLUMNS - 1) / AZ_PACK_COLUMNS);
        az_pool_run(pool, scan_tile, work,
                    (work->column + work->columns + TILE_ROWS - 1) / TILE_ROWS);
    }
    az_progress_end(progress, "products", "million pairs", total, total, "");
    return AZ_OK;
}

enum az_status az_candidates_find(struct az_candidates *found, const struct az_points *points,
                                  size_t k, struct az_pool *pool, struct az_progress *progress,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t threads = (size_t)az_pool_threads(pool);
    struct tiles work = {.candidates = found,
                         .points = points,
                         .places = points->class_count,
                         .inner = points->narrow ? points->narrow_stride : points->dims,
                         .lock = PTHREAD_MUTEX_INITIALIZER};
    work.stride = work.inner + SPREAD;
    work.panels = (work.inner + AZ_NEAR_PANEL - 1) / AZ_NEAR_PANEL;
    AZ_TRY(az_candidates_create(found, points->class_count, k, error));
    AZ_TRY(allocate(&work, threads, error));
    AZ_TRY(find_order(&work, error));
    find_bounds(&work);
    az_pool_run(pool, find_rests, &work, (work.places + PART_PLACES - 1) / PART_PLACES);
    AZ_TRY(run_tiles(&work, pool, progress, error));
    for (uint32_t p = 0; p < work.places; p++) az_candidates_compact(found, p);
out:
    release(&work, threads);
    return status;
}
