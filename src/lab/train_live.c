#include "lab/train_live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lattice/tally.h"

#define CHUNK_TOKENS 128
#define CHUNK_POSITIONS 512
#define EVERY 10

bool az_train_live_is_due(int64_t step) { return step <= EVERY || step % EVERY == 0; }

static size_t chunks_of(size_t count, size_t chunk) { return (count + chunk - 1) / chunk; }

enum az_status az_train_live_memory(size_t dead, size_t dims, size_t positions, size_t *bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t sums = (chunks_of(positions, CHUNK_POSITIONS) + 1) * dims * sizeof(double);
    AZ_TRY(az_size_multiply(dead, dims * sizeof(float) + 2 * sizeof(int64_t), bytes, error));
    AZ_TRY(az_size_add(*bytes, sums + AZ_TALLY_POINTS * sizeof(uint32_t), bytes, error));
out:
    return status;
}

enum az_status az_train_live_create(struct az_train_live **live_pointer,
                                    const struct az_train_motion *motion,
                                    const struct az_optimizer *optimizer, size_t positions,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train_live *live = NULL;
    size_t dims = motion->dims;
    *live_pointer = NULL;
    AZ_TRY(az_memory_allocate(&live, 1, sizeof *live, "the measures", error));
    *live = (struct az_train_live){.motion = motion,
                                   .optimizer = optimizer,
                                   .which = motion->matrix[1] ? 1 : 0,
                                   .width = dims,
                                   .positions = positions,
                                   .h_chunks = chunks_of(positions, CHUNK_POSITIONS)};
    live->offset = (size_t)(motion->matrix[live->which] - optimizer->target.values);
    AZ_TRY(az_memory_allocate(&live->drives, motion->count * dims, sizeof(float), "the measures",
                              error));
    AZ_TRY(
        az_memory_allocate(&live->l1_cells, motion->count, sizeof(int64_t), "the measures", error));
    AZ_TRY(az_memory_allocate(&live->linf_cells, motion->count, sizeof(int64_t), "the measures",
                              error));
    AZ_TRY(az_memory_allocate(&live->tally, AZ_TALLY_POINTS, sizeof *live->tally, "the measures",
                              error));
    AZ_TRY(az_memory_allocate(&live->h_sums, live->h_chunks * dims, sizeof(double), "the measures",
                              error));
    AZ_TRY(az_memory_allocate(&live->h_mean, dims, sizeof(double), "the measures", error));
    *live_pointer = live;
out:
    if (status != AZ_OK) az_train_live_free(live);
    return status;
}

void az_train_live_free(struct az_train_live *live)
{
    if (!live) return;
    az_memory_free(live->drives);
    az_memory_free(live->l1_cells);
    az_memory_free(live->linf_cells);
    az_memory_free(live->tally);
    az_memory_free(live->h_sums);
    az_memory_free(live->h_mean);
    az_memory_free(live);
}

/* ---- dead tokens ---- */

static void load_moment(const struct az_optimizer *optimizer, const void *moments, size_t first,
                        size_t count, float *to)
{
    if (optimizer->state_bytes == sizeof(float))
        memcpy(to, (const float *)moments + first, count * sizeof *to);
    else
        optimizer->kernels->widen(count, (const struct az_bf16 *)moments + first, to);
}

/* Drive ratios of a block of coordinates of one row: |lr mhat / (sqrt(vhat) + eps)| by half the gap
 * in the direction of the step. */
static void weigh_row(const struct az_train_live *live, size_t n)
{
    enum { BLOCK = 256 };
    float m[BLOCK], v[BLOCK];
    const struct az_bf16 *before = live->motion->previous[live->which] + n * live->width;
    size_t row = live->offset + (size_t)live->motion->tokens[n] * live->width;
    const struct az_adamw *adamw = &live->optimizer->adamw;
    float rate = (float)adamw->lr / adamw->bias1, root = 1 / adamw->sqrt_bias2;
    float eps = (float)adamw->eps;
    float *drive = live->drives + n * live->width;
    for (size_t d = 0; d < live->width; d += BLOCK) {
        size_t count = live->width - d < BLOCK ? live->width - d : BLOCK;
        load_moment(live->optimizer, live->optimizer->m, row + d, count, m);
        load_moment(live->optimizer, live->optimizer->v, row + d, count, v);
        for (size_t i = 0; i < count; i++) {
            float step = rate * m[i] / (sqrtf(v[i]) * root + eps);
            int towards_zero = (before[d + i].bits & 0x8000) ? step < 0 : step > 0;
            float gap = (float)az_bf16_half_gap(before[d + i], towards_zero);
            drive[d + i] = m[i] == 0 ? 0 : fabsf(step) / gap;
        }
    }
}

static void measure_token(struct az_train_live *live, size_t n)
{
    const struct az_train_motion *motion = live->motion;
    live->l1_cells[n] = live->linf_cells[n] = 0;
    for (int which = 0; which < 2 && motion->matrix[which]; which++) {
        struct az_displacement by = az_bf16_displacement(
            motion->previous[which] + n * motion->dims,
            motion->matrix[which] + (size_t)motion->tokens[n] * motion->dims, motion->dims);
        live->l1_cells[n] += by.l1_cells;
        if (by.linf_cells > live->linf_cells[n]) live->linf_cells[n] = by.linf_cells;
    }
    weigh_row(live, n);
}

static void measure_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_train_live *live = context;
    size_t end = (chunk + 1) * CHUNK_TOKENS;
    if (end > live->motion->count) end = live->motion->count;
    for (size_t n = chunk * CHUNK_TOKENS; n < end; n++) measure_token(live, n);
}

static int ascending(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The quantile q of n values is the one with number floor(q (n - 1)) when they are sorted. */
static size_t number_at(double q, size_t n) { return (size_t)floor(q * (double)(n - 1)); }

static void sort_cells(int64_t *cells, size_t count, double *median, double *q99)
{
    qsort(cells, count, sizeof *cells, ascending);
    *median = (double)cells[number_at(0.5, count)];
    *q99 = (double)cells[number_at(0.99, count)];
}

static void measure_dead(struct az_train_live *live, struct az_pool *pool)
{
    static const double shares[] = {0.5, 0.99};
    double drives[2];
    size_t count = live->motion->count, coordinates = count * live->width;
    az_pool_run(pool, measure_chunk, live, chunks_of(count, CHUNK_TOKENS));
    sort_cells(live->l1_cells, count, &live->l1_median_cells, &live->l1_q99_cells);
    sort_cells(live->linf_cells, count, &live->linf_median_cells, &live->linf_q99_cells);
    memset(live->tally, 0, AZ_TALLY_POINTS * sizeof *live->tally);
    for (size_t i = 0; i < coordinates; i++) az_tally_add(live->tally, (double)live->drives[i]);
    az_tally_quantiles(live->tally, shares, 2, drives);
    live->drive_median = drives[0];
    live->drive_q99 = drives[1];
}

/* ---- hidden states ---- */

static void sum_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_train_live *live = context;
    double *sums = live->h_sums + chunk * live->width;
    size_t end = (chunk + 1) * CHUNK_POSITIONS;
    if (end > live->positions) end = live->positions;
    memset(sums, 0, live->width * sizeof *sums);
    for (size_t p = chunk * CHUNK_POSITIONS; p < end; p++)
        for (size_t d = 0; d < live->width; d++)
            sums[d] += (double)az_bf16_to_f32(live->hidden[p * live->width + d]);
}

static void follow_hidden(struct az_train_live *live, struct az_pool *pool)
{
    double dot = 0, before = 0, now = 0;
    az_pool_run(pool, sum_chunk, live, live->h_chunks);
    for (size_t d = 0; d < live->width; d++) {
        double mean = 0;
        for (size_t chunk = 0; chunk < live->h_chunks; chunk++)
            mean += live->h_sums[chunk * live->width + d];
        mean /= (double)live->positions;
        dot += mean * live->h_mean[d];
        before += live->h_mean[d] * live->h_mean[d];
        now += mean * mean;
        live->h_mean[d] = mean;
    }
    live->h_autocorrelation = before > 0 && now > 0 ? dot / sqrt(before * now) : (double)NAN;
}

void az_train_live_step(struct az_train_live *live, int64_t step, const struct az_bf16 *hidden,
                        struct az_pool *pool)
{
    live->l1_median_cells = live->l1_q99_cells = (double)NAN;
    live->linf_median_cells = live->linf_q99_cells = (double)NAN;
    live->drive_median = live->drive_q99 = (double)NAN;
    live->hidden = hidden;
    if (live->motion->count && az_train_live_is_due(step)) measure_dead(live, pool);
    follow_hidden(live, pool);
}
