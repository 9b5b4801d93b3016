/* Candidates by fast products, and why none is missed.
 *
 * For row i the others are ranked by g_j: |a_j|^2 / 2 - a_i.a_j (half the squared distance less a
 * term of i alone), or -a_i.a_j / |a_j| under the cosine. The kernel's product p of two rows is off
 * by |p - a_i.a_j| <= gamma sum_d |a_id a_jd| + tau, gamma = m u / (1 - m u), u = 2^-24, m the
 * roundings on the longest way from a product to the result (Higham 2002, section 3.1):
 * - bf16: 16 in a chain, 1 for e + o, 16 blocks in a panel, one for each panel; tau bounds what
 *   flushing loses: at most 4 dims operations and inputs, each 2^-126 (1 + the greatest value);
 * - f32: 512 in a chain and one for each panel; tau bounds its underflow.
 * sum |a_id a_jd| <= |a_i||a_j| <= (|a_i|^2 + |a_j|^2) / 2, so the computed g is off by at most
 * e_i + e_j with e = gamma |a|^2 / 2 + tau; under the cosine by gamma |a_i| + tau / |a_j|. Eight
 * more units u in gamma pay for computing g itself and these bounds in float32 and for the
 * differences between g in exact arithmetic and the float64 distances that decide in the end.
 *
 * Let T_i be the k-th least of g + e_j + e_i over the rows seen so far: k rows have a true g of at
 * most T_i, so a row whose g - e_j - e_i lies above T_i is not among the k nearest, now or later,
 * for T_i only falls. Every other row is kept as a candidate. Rows that two threads see in another
 * order leave other candidates behind, but always all of those that matter.
 *
 * Pairs are computed once: (i, j) with i < j offers j to i and i to j. */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "sky/neighbours_parts.h"

#define TILE_ROWS 128     /* of A */
#define TILE_COLUMNS 2048 /* of B: 10 MB of bf16 at 2,560 dimensions */
#define HITS 16384        /* of a thread, before they are handed over */
#define MOST_CANDIDATES 4096

struct hit {
    uint32_t of, other; /* classes */
    float low;
};

struct tiles {
    struct az_candidates *candidates;
    const struct az_points *points;
    size_t k, inner;                     /* products; their length rounded up */
    float *bias, *scale, *wide_by, *own; /* [rows]: g = bias - scale p is low; low + wide_by is the
                                            upper end without own, which is e_i */
    size_t column, columns;              /* of the tile of B */
    size_t rows;
    void *packed;
    float *products;   /* [threads][TILE_ROWS][TILE_COLUMNS] */
    float *thresholds; /* [threads][TILE_ROWS + TILE_COLUMNS] */
    struct hit *hits;  /* [threads][HITS] */
    float *upper;      /* scratch of compact, under the lock */
    pthread_mutex_t lock;
};

/* ---- candidates of one class, under the lock ---- */

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Drops what cannot be among the k nearest. */
static void compact(struct tiles *work, uint32_t class_number)
{
    struct az_candidates *found = work->candidates;
    size_t row = work->points->first[class_number], count = found->counts[class_number], kept = 0;
    float *low = found->low[class_number];
    uint32_t *list = found->list[class_number];
    if (count < work->k) return;
    for (size_t n = 0; n < count; n++)
        work->upper[n] = low[n] + work->wide_by[work->points->first[list[n]]];
    qsort(work->upper, count, sizeof *work->upper, ascending);
    double threshold = (double)work->upper[work->k - 1] + 2 * (double)work->own[row];
    float rounded = nextafterf((float)threshold, INFINITY);
    if (rounded < found->threshold[row]) found->threshold[row] = rounded;
    for (size_t n = 0; n < count; n++) {
        if (low[n] > found->threshold[row]) continue;
        low[kept] = low[n];
        list[kept++] = list[n];
    }
    found->counts[class_number] = kept;
}

/* More room, or a note that there are too many. */
static void grow(struct tiles *work, uint32_t class_number)
{
    struct az_candidates *found = work->candidates;
    size_t capacity = found->capacities[class_number], more = 2 * capacity;
    float *low = NULL;
    uint32_t *list = NULL;
    if (more > MOST_CANDIDATES || az_memory_allocate(&low, more, sizeof *low, "", NULL) != AZ_OK ||
        az_memory_allocate(&list, more, sizeof *list, "", NULL) != AZ_OK) {
        az_memory_free(low);
        found->counts[class_number] = SIZE_MAX;
        found->threshold[work->points->first[class_number]] = -INFINITY;
        return;
    }
    memcpy(low, found->low[class_number], capacity * sizeof *low);
    memcpy(list, found->list[class_number], capacity * sizeof *list);
    if (capacity > found->capacity) {
        az_memory_free(found->low[class_number]);
        az_memory_free(found->list[class_number]);
    }
    found->low[class_number] = low;
    found->list[class_number] = list;
    found->capacities[class_number] = more;
}

static void take(struct tiles *work, const struct hit *hit)
{
    struct az_candidates *found = work->candidates;
    size_t *count = &found->counts[hit->of];
    if (*count == SIZE_MAX || hit->low > found->threshold[work->points->first[hit->of]]) return;
    if (*count == found->capacities[hit->of]) {
        compact(work, hit->of);
        if (*count > found->capacities[hit->of] / 4 * 3) grow(work, hit->of);
        if (*count == SIZE_MAX || hit->low > found->threshold[work->points->first[hit->of]]) return;
    }
    found->low[hit->of][*count] = hit->low;
    found->list[hit->of][(*count)++] = hit->other;
}

static void refresh(const struct tiles *work, float *thresholds, size_t row, size_t rows)
{
    const float *from = work->candidates->threshold;
    memcpy(thresholds, from + row, rows * sizeof *from);
    memcpy(thresholds + TILE_ROWS, from + work->column, work->columns * sizeof *from);
}

/* Hands the hits of a thread over, and learns the thresholds as they are now. */
static size_t hand_over(struct tiles *work, const struct hit *hits, size_t count, float *thresholds,
                        size_t row, size_t rows)
{
    pthread_mutex_lock(&work->lock);
    for (size_t n = 0; n < count; n++) take(work, &hits[n]);
    refresh(work, thresholds, row, rows);
    pthread_mutex_unlock(&work->lock);
    return 0;
}

/* ---- tiles ---- */

static void multiply(const struct tiles *work, size_t row, size_t rows, float *products)
{
    const struct az_points *points = work->points;
    if (points->narrow) {
        struct az_product_bf16 product = {.m = rows,
                                          .n = work->columns,
                                          .k = work->inner,
                                          .a = points->narrow + row * points->narrow_stride,
                                          .a_stride = points->narrow_stride,
                                          .b = work->packed,
                                          .c = products,
                                          .c_stride = TILE_COLUMNS};
        points->kernels->product_bf16(&product);
    } else {
        struct az_product_f32 product = {.m = rows,
                                         .n = work->columns,
                                         .k = points->dims,
                                         .a = points->wide + row * points->dims,
                                         .a_stride = points->dims,
                                         .b = work->packed,
                                         .c = products,
                                         .c_stride = TILE_COLUMNS};
        points->kernels->product_f32(&product);
    }
}

/* True where a stretch of 16 columns holds a hit for the row or for a column. The NaN of a row that
 * is left out compares false. */
static bool any_hit(const float *p, const float *bias, const float *scale, float row_bias,
                    float row_scale, float threshold, const float *thresholds)
{
    int hits = 0;
    for (size_t c = 0; c < AZ_PACK_COLUMNS; c++)
        hits += (bias[c] - scale[c] * p[c] <= threshold) |
                (row_bias - row_scale * p[c] <= thresholds[c]);
    return hits > 0;
}

static void scan_tile(void *context, size_t chunk, int thread)
{
    struct tiles *work = context;
    const struct az_points *points = work->points;
    size_t row = chunk * TILE_ROWS, last = work->column + work->columns, count = 0;
    size_t rows = last - row < TILE_ROWS ? last - row : TILE_ROWS;
    float *products = work->products + (size_t)thread * TILE_ROWS * TILE_COLUMNS;
    float *thresholds = work->thresholds + (size_t)thread * (TILE_ROWS + TILE_COLUMNS);
    struct hit *hits = work->hits + (size_t)thread * HITS;
    multiply(work, row, rows, products);
    hand_over(work, NULL, 0, thresholds, row, rows);
    for (size_t r = 0; r < rows; r++) {
        size_t i = row + r, begin = i + 1 > work->column ? i + 1 - work->column : 0;
        if (points->class_of[i] == UINT32_MAX || points->first[points->class_of[i]] != i) continue;
        const float *p = products + r * TILE_COLUMNS;
        float row_bias = work->bias[i], row_scale = work->scale[i];
        for (size_t c = begin; c < work->columns;) {
            const float *bias = work->bias + work->column + c;
            const float *scale = work->scale + work->column + c;
            size_t stretch =
                work->columns - c < AZ_PACK_COLUMNS ? work->columns - c : AZ_PACK_COLUMNS;
            if (stretch == AZ_PACK_COLUMNS && !any_hit(p + c, bias, scale, row_bias, row_scale,
                                                       thresholds[r], thresholds + TILE_ROWS + c)) {
                c += stretch;
                continue;
            }
            if (count + 2 * stretch > HITS)
                count = hand_over(work, hits, count, thresholds, row, rows);
            for (size_t n = 0; n < stretch; n++, c++) {
                float for_row = bias[n] - scale[n] * p[c], for_column = row_bias - row_scale * p[c];
                uint32_t other = points->class_of[work->column + c];
                if (for_row <= thresholds[r])
                    hits[count++] = (struct hit){points->class_of[i], other, for_row};
                if (for_column <= thresholds[TILE_ROWS + c])
                    hits[count++] = (struct hit){other, points->class_of[i], for_column};
            }
        }
    }
    hand_over(work, hits, count, thresholds, row, rows);
}

static void pack_part(void *context, size_t chunk, int thread)
{
    struct tiles *work = context;
    const struct az_points *points = work->points;
    size_t first = chunk * AZ_PACK_COLUMNS, left = work->columns - first;
    size_t count = left < AZ_PACK_COLUMNS ? left : AZ_PACK_COLUMNS, row = work->column + first;
    (void)thread;
    if (points->narrow)
        points->kernels->pack_b_transposed(
            work->inner, count, points->narrow + row * points->narrow_stride, points->narrow_stride,
            (struct az_bf16 *)work->packed + first * work->inner);
    else
        points->kernels->pack_b_f32_transposed(points->dims, count,
                                               points->wide + row * points->dims, points->dims,
                                               (float *)work->packed + first * points->dims);
}

/* Bounds of every row; those that are no class's first row get NaN, with which nothing compares. */
static void find_bounds(struct tiles *work)
{
    const struct az_points *points = work->points;
    double u = 0x1p-24, panels = ceil((double)points->dims / AZ_PRODUCT_PANEL);
    double roundings = (points->narrow ? 33 : AZ_PRODUCT_PANEL) + panels + 8;
    double gamma = roundings * u / (1 - roundings * u);
    double tau = 0x1p-124 * (double)points->dims * (1 + (double)points->most);
    bool cosine = points->metric == AZ_METRIC_COSINE;
    for (size_t row = 0; row < points->rows; row++) {
        uint32_t class_number = points->class_of[row];
        work->bias[row] = work->scale[row] = NAN;
        work->candidates->threshold[row] = NAN; /* not even minus infinity is below it */
        if (class_number == UINT32_MAX || points->first[class_number] != row) continue;
        double half = points->squares[row] / 2;
        double e = cosine ? tau * points->inverse[row] : gamma * half + tau;
        work->bias[row] = (float)((cosine ? 0 : half) - e);
        work->scale[row] = cosine ? (float)points->inverse[row] : 1;
        work->wide_by[row] = nextafterf((float)(2 * e), INFINITY);
        work->own[row] = (float)(cosine ? gamma * sqrt(points->squares[row]) : e) * 1.0001f;
        work->candidates->threshold[row] = INFINITY;
    }
}

static enum az_status allocate(struct tiles *work, size_t threads, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_candidates *found = work->candidates;
    size_t rows = work->points->rows, classes = work->points->class_count, cells, element;
    size_t padded = rows + AZ_PACK_COLUMNS;
    found->classes = classes;
    found->capacity = 2 * work->k + 24;
    element = work->points->narrow ? sizeof(struct az_bf16) : sizeof(float);
    AZ_TRY(az_size_multiply(classes, found->capacity, &cells, error));
    AZ_TRY(az_memory_allocate(&found->slab, cells, sizeof(uint32_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->low_slab, cells, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->list, classes, sizeof *found->list, "candidates", error));
    AZ_TRY(az_memory_allocate(&found->low, classes, sizeof *found->low, "candidates", error));
    AZ_TRY(az_memory_allocate(&found->counts, classes, sizeof(size_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->capacities, classes, sizeof(size_t), "candidates", error));
    AZ_TRY(az_memory_allocate(&found->threshold, padded, sizeof(float), "candidates", error));
    AZ_TRY(az_memory_allocate(&work->bias, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_memory_allocate(&work->scale, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_memory_allocate(&work->wide_by, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_memory_allocate(&work->own, padded, sizeof(float), "bounds", error));
    AZ_TRY(az_size_multiply(TILE_COLUMNS, work->inner * element, &cells, error));
    AZ_TRY(az_memory_allocate(&work->packed, cells, 1, "a tile", error));
    AZ_TRY(az_memory_allocate(&work->products, threads * TILE_ROWS * TILE_COLUMNS, sizeof(float),
                              "a tile", error));
    AZ_TRY(az_memory_allocate(&work->thresholds, threads * (TILE_ROWS + TILE_COLUMNS),
                              sizeof(float), "a tile", error));
    AZ_TRY(az_memory_allocate(&work->hits, threads * HITS, sizeof *work->hits, "a tile", error));
    AZ_TRY(az_memory_allocate(&work->upper, MOST_CANDIDATES + found->capacity, sizeof(float), "",
                              error));
    for (size_t c = 0; c < classes; c++) {
        found->list[c] = found->slab + c * found->capacity;
        found->low[c] = found->low_slab + c * found->capacity;
        found->capacities[c] = found->capacity;
    }
out:
    return status;
}

static enum az_status run_tiles(struct tiles *work, struct az_pool *pool,
                                struct az_progress *progress, struct az_error *error)
{
    size_t rows = work->points->rows;
    double total = (double)rows * (double)rows / 2e6;
    az_progress_begin(progress);
    for (; work->column < rows; work->column += TILE_COLUMNS) {
        size_t left = rows - work->column;
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

enum az_status az_candidates_find(struct az_candidates *candidates, const struct az_points *points,
                                  size_t k, struct az_pool *pool, struct az_progress *progress,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct tiles work = {.candidates = candidates,
                         .points = points,
                         .k = k,
                         .inner = points->narrow ? points->narrow_stride : points->dims,
                         .lock = PTHREAD_MUTEX_INITIALIZER};
    *candidates = (struct az_candidates){0};
    AZ_TRY(allocate(&work, (size_t)az_pool_threads(pool), error));
    find_bounds(&work);
    AZ_TRY(run_tiles(&work, pool, progress, error));
    for (uint32_t c = 0; c < points->class_count; c++)
        if (candidates->counts[c] != SIZE_MAX) compact(&work, c);
out:
    az_memory_free(work.bias);
    az_memory_free(work.scale);
    az_memory_free(work.wide_by);
    az_memory_free(work.own);
    az_memory_free(work.packed);
    az_memory_free(work.products);
    az_memory_free(work.thresholds);
    az_memory_free(work.hits);
    az_memory_free(work.upper);
    return status;
}

void az_candidates_free(struct az_candidates *candidates)
{
    for (size_t c = 0; candidates->capacities && c < candidates->classes; c++)
        if (candidates->capacities[c] > candidates->capacity) {
            az_memory_free(candidates->list[c]);
            az_memory_free(candidates->low[c]);
        }
    az_memory_free(candidates->slab);
    az_memory_free(candidates->low_slab);
    az_memory_free(candidates->list);
    az_memory_free(candidates->low);
    az_memory_free(candidates->counts);
    az_memory_free(candidates->capacities);
    az_memory_free(candidates->threshold);
}
