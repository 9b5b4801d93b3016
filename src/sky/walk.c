#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "azimuth/hash.h"
#include "azimuth/kernel.h"
#include "azimuth/simulate.h"
#include "base/memory.h"
#include "base/random.h"
#include "sky/groups.h"

#define PART_ROWS 512 /* rows whose sums are one number of the total */
#define MOST_STEPS 100000
#define MOST_ROWS ((int64_t)1 << 24)

#define NOISE_STREAM (AZ_STREAM_SIMULATION)
#define CULL_STREAM (AZ_STREAM_SIMULATION | 1 << 8)

struct rank {
    uint64_t key;
    uint32_t row;
};

struct walker {
    const struct az_walk *walk;
    const struct az_kernels *kernels;
    size_t censuses, parts, first;
    float *drift;          /* [steps][dims] */
    int64_t *steps_alive;  /* [rows] the last step at which a row is alive */
    struct az_hash *state; /* [censuses][rows] */
    double *norms;         /* [censuses][parts] */
    double *sums;          /* [parts in flight][censuses][dims] */
    double *total;         /* [censuses][dims] */
    float *row;            /* [threads][dims] */
    struct az_bf16 *bits;  /* [threads][dims] */
};

size_t az_walk_censuses(const struct az_walk *walk)
{
    if (walk->census_every < 1 || walk->steps < 1) return 0;
    return 1 + (size_t)((walk->steps + walk->census_every - 1) / walk->census_every);
}

static int64_t step_of(const struct az_walk *walk, size_t census)
{
    int64_t step = (int64_t)census * walk->census_every;
    return step < walk->steps ? step : walk->steps;
}

static int64_t alive_at(const struct az_walk *walk, int64_t step)
{
    return walk->rows - step * walk->culled_per_step;
}

static enum az_status check(const struct az_walk *walk, struct az_error *error)
{
    enum az_status status = AZ_OK;
    double squares = 0;
    for (size_t d = 0; d < walk->dims; d++) squares += walk->target[d] * walk->target[d];
    if (!(squares > 0) || isinf(squares))
        AZ_RAISE(AZ_USAGE, "the target of the drift has norm %g: it needs a direction",
                 sqrt(squares));
    if (!(walk->sigma >= 0) || !(walk->length >= 0) || !(walk->decay > 0) || walk->decay > 1 ||
        walk->sigma > 1e30 || walk->length > 1e30)
        AZ_RAISE(AZ_USAGE, "sigma and length are at least 0, decay above 0 and at most 1");
    if (walk->rows < 1 || walk->rows > MOST_ROWS || walk->steps < 1 || walk->steps > MOST_STEPS ||
        walk->culled_per_step < 0 || walk->census_every < 1)
        AZ_RAISE(AZ_USAGE, "rows 1 to %lld, steps 1 to %d, a cull of at least 0",
                 (long long)MOST_ROWS, MOST_STEPS);
    if (walk->culled_per_step > walk->rows / walk->steps || alive_at(walk, walk->steps) < 1)
        AZ_RAISE(AZ_USAGE, "%lld culled in each of %lld steps leave nothing of %lld rows",
                 (long long)walk->culled_per_step, (long long)walk->steps, (long long)walk->rows);
out:
    return status;
}

/* ---- who is culled when ---- */

static int by_key(const void *a, const void *b)
{
    const struct rank *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* A random order of the rows: the first are culled at step 1, the next at step 2. */
static enum az_status plan_culls(struct walker *walker, struct az_error *error)
{
    const struct az_walk *walk = walker->walk;
    struct rank *ranks;
    size_t rows = (size_t)walk->rows;
    enum az_status status =
        az_memory_allocate(&ranks, rows, sizeof *ranks, "the order of the cull", error);
    if (status != AZ_OK) return status;
    for (size_t i = 0; i < rows; i++) {
        uint64_t high = az_random_u32(walk->seed, CULL_STREAM, 2 * i);
        ranks[i] = (struct rank){high << 32 | az_random_u32(walk->seed, CULL_STREAM, 2 * i + 1),
                                 (uint32_t)i};
    }
    qsort(ranks, rows, sizeof *ranks, by_key);
    for (size_t n = 0; n < rows; n++) {
        int64_t last = walk->culled_per_step ? (int64_t)n / walk->culled_per_step : walk->steps;
        walker->steps_alive[ranks[n].row] = last < walk->steps ? last : walk->steps;
    }
    az_memory_free(ranks);
    return AZ_OK;
}

/* ---- walking ---- */

static void plan_drift(struct walker *walker)
{
    const struct az_walk *walk = walker->walk;
    double squares = 0, length = walk->length;
    for (size_t d = 0; d < walk->dims; d++) squares += walk->target[d] * walk->target[d];
    for (size_t k = 0; k < (size_t)walk->steps; k++) {
        for (size_t d = 0; d < walk->dims; d++)
            walker->drift[k * walk->dims + d] = (float)(walk->target[d] / sqrt(squares) * length);
        length *= walk->decay;
    }
}

static void record(struct walker *walker, size_t census, size_t row, size_t part, const float *x,
                   const struct az_bf16 *bits)
{
    size_t dims = walker->walk->dims;
    double *sum = walker->sums + ((part - walker->first) * walker->censuses + census) * dims;
    walker->state[census * (size_t)walker->walk->rows + row] =
        az_hash_bytes(bits, dims * sizeof *bits);
    walker->norms[census * walker->parts + part] += sqrt(walker->kernels->sum_squares(dims, x));
    for (size_t d = 0; d < dims; d++) sum[d] += (double)x[d];
}

static void walk_row(struct walker *walker, size_t row, size_t part, int thread)
{
    const struct az_walk *walk = walker->walk;
    const struct az_kernels *kernels = walker->kernels;
    size_t dims = walk->dims, census = 0;
    float *x = walker->row + (size_t)thread * dims;
    struct az_bf16 *bits = walker->bits + (size_t)thread * dims;
    for (size_t d = 0; d < dims; d++)
        x[d] = (float)(walk->sigma * az_random_normal(walk->seed, NOISE_STREAM, row * dims + d));
    for (int64_t step = 0;; step++) {
        kernels->narrow(dims, x, bits);
        kernels->widen(dims, bits, x);
        if (step == step_of(walk, census)) record(walker, census++, row, part, x, bits);
        if (step == walker->steps_alive[row]) return;
        kernels->add(dims, walker->drift + (size_t)step * dims, x);
    }
}

static void walk_part(void *context, size_t chunk, int thread)
{
    struct walker *walker = context;
    size_t part = walker->first + chunk, rows = (size_t)walker->walk->rows;
    size_t cells = walker->censuses * walker->walk->dims;
    memset(walker->sums + chunk * cells, 0, cells * sizeof(double));
    for (size_t row = part * PART_ROWS; row < rows && row < (part + 1) * PART_ROWS; row++)
        walk_row(walker, row, part, thread);
}

/* Parts a few at a time; their sums are added in the order of the parts. */
static enum az_status walk_all(struct walker *walker, struct az_pool *pool, size_t flight,
                               struct az_progress *progress, struct az_error *error)
{
    size_t cells = walker->censuses * walker->walk->dims;
    az_progress_begin(progress);
    for (walker->first = 0; walker->first < walker->parts; walker->first += flight) {
        size_t left = walker->parts - walker->first, count = left < flight ? left : flight;
        double done = (double)walker->first * PART_ROWS, total = (double)walker->walk->rows;
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped after %.0f of %.0f rows", done,
                                  total);
        az_progress_tell(progress, "walking", "row", done, total, "");
        az_pool_run(pool, walk_part, walker, count);
        for (size_t part = 0; part < count; part++)
            for (size_t i = 0; i < cells; i++) walker->total[i] += walker->sums[part * cells + i];
    }
    az_progress_end(progress, "walking", "row", (double)walker->walk->rows,
                    (double)walker->walk->rows, "");
    return AZ_OK;
}

/* ---- censuses ---- */

static void take_census(const struct walker *walker, size_t census, struct az_groups *groups,
                        struct az_hash *alive, struct az_walk_census *result)
{
    const struct az_walk *walk = walker->walk;
    size_t rows = (size_t)walk->rows, count = 0;
    double norms = 0, squares = 0, length = walk->length;
    int64_t step = step_of(walk, census);
    for (size_t row = 0; row < rows; row++)
        if (walker->steps_alive[row] >= step) alive[count++] = walker->state[census * rows + row];
    az_groups_find(groups, alive, count, sizeof *alive);
    *result = (struct az_walk_census){.step = step, .alive = (int64_t)count};
    result->unique = (int64_t)groups->count;
    for (size_t g = 0; g < groups->count; g++) {
        bool hole = groups->population[g] > 1;
        result->black_holes += hole;
        result->in_black_holes += hole ? groups->population[g] : 0;
        if (groups->population[g] > result->largest) result->largest = groups->population[g];
    }
    for (size_t part = 0; part < walker->parts; part++)
        norms += walker->norms[census * walker->parts + part];
    for (size_t d = 0; d < walk->dims; d++) {
        double mean = walker->total[census * walk->dims + d] / (double)count;
        squares += mean * mean;
    }
    for (int64_t k = 0; k < step; k++, length *= walk->decay) result->exact_norm += length;
    result->mean_norm = norms / (double)count;
    result->centroid_norm = sqrt(squares);
}

static enum az_status allocate(struct walker *walker, size_t threads, size_t flight,
                               struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = walker->walk->dims, rows = (size_t)walker->walk->rows, cells, all;
    AZ_TRY(az_size_multiply(walker->censuses, dims, &cells, error));
    AZ_TRY(az_size_multiply((size_t)walker->walk->steps, dims, &all, error));
    AZ_TRY(az_memory_allocate(&walker->drift, all, sizeof(float), "the drift", error));
    AZ_TRY(az_memory_allocate(&walker->steps_alive, rows, sizeof(int64_t), "the rows", error));
    AZ_TRY(az_size_multiply(walker->censuses, rows, &all, error));
    AZ_TRY(az_memory_allocate(&walker->state, all, sizeof(struct az_hash), "censuses", error));
    AZ_TRY(az_memory_allocate(&walker->norms, walker->censuses * walker->parts, sizeof(double),
                              "censuses", error));
    AZ_TRY(az_memory_allocate(&walker->total, cells, sizeof(double), "censuses", error));
    AZ_TRY(az_memory_allocate(&walker->sums, flight * cells, sizeof(double), "censuses", error));
    AZ_TRY(az_memory_allocate(&walker->row, threads * dims, sizeof(float), "a row", error));
    AZ_TRY(
        az_memory_allocate(&walker->bits, threads * dims, sizeof(struct az_bf16), "a row", error));
out:
    return status;
}

static void release(struct walker *walker)
{
    az_memory_free(walker->drift);
    az_memory_free(walker->steps_alive);
    az_memory_free(walker->state);
    az_memory_free(walker->norms);
    az_memory_free(walker->sums);
    az_memory_free(walker->total);
    az_memory_free(walker->row);
    az_memory_free(walker->bits);
}

enum az_status az_walk_run(const struct az_walk *walk, struct az_walk_census *results,
                           struct az_pool *pool, struct az_progress *progress,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_kernels kernels;
    struct walker walker = {.walk = walk, .kernels = &kernels, .censuses = az_walk_censuses(walk)};
    struct az_groups groups = {0};
    struct az_hash *alive = NULL;
    size_t threads = (size_t)az_pool_threads(pool), flight = 4 * threads;
    AZ_TRY(check(walk, error));
    AZ_TRY(az_kernels_default(&kernels, NULL, error));
    walker.parts = ((size_t)walk->rows + PART_ROWS - 1) / PART_ROWS;
    AZ_TRY(allocate(&walker, threads, flight, error));
    AZ_TRY(az_groups_create(&groups, (size_t)walk->rows, error));
    AZ_TRY(az_memory_allocate(&alive, (size_t)walk->rows, sizeof *alive, "censuses", error));
    AZ_TRY(plan_culls(&walker, error));
    plan_drift(&walker);
    AZ_TRY(walk_all(&walker, pool, flight, progress, error));
    for (size_t n = 0; n < walker.censuses; n++)
        take_census(&walker, n, &groups, alive, &results[n]);
out:
    release(&walker);
    az_groups_free(&groups);
    az_memory_free(alive);
    return status;
}
