#include "lab/train_live.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "lab/hidden_sums.h"
#include "lattice/tally.h"

#define CHUNK_TOKENS AZ_HIDDEN_ROWS
#define EVERY 10

bool az_train_live_is_due(int64_t step) { return step <= EVERY || step % EVERY == 0; }

static size_t chunks_of(size_t count, size_t chunk) { return (count + chunk - 1) / chunk; }

enum az_status az_train_live_memory(size_t dead, size_t dims, size_t positions, size_t *bytes,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t rows = 2 * (chunks_of(dead, CHUNK_TOKENS) + 1);
    size_t sums =
        (2 * (chunks_of(positions, AZ_HIDDEN_POSITIONS) + 1) + rows) * dims * sizeof(double);
    AZ_TRY(az_size_multiply(dead, dims * sizeof(float) + 2 * sizeof(int64_t), bytes, error));
    AZ_TRY(az_size_add(*bytes, sums + AZ_TALLY_POINTS * sizeof(uint32_t), bytes, error));
out:
    return status;
}

static enum az_status allocate_sums(struct az_train_live *live, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct {
        double **sums;
        size_t vectors;
    } sums[] = {{&live->h_sums, 2 * live->h_chunks},
                {&live->pushes, live->row_chunks},
                {&live->drifts, live->row_chunks},
                {&live->push, 1},
                {&live->drift, 1},
                {&live->h_mean, 1},
                {&live->h_now, 1}};
    for (size_t n = 0; n < sizeof sums / sizeof *sums; n++)
        AZ_TRY(az_memory_allocate(sums[n].sums, sums[n].vectors, live->width * sizeof(double),
                                  "the measures", error));
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
                                   .h_chunks = chunks_of(positions, AZ_HIDDEN_POSITIONS),
                                   .row_chunks = chunks_of(motion->count, CHUNK_TOKENS)};
    live->offset = (size_t)(motion->matrix[live->which] - optimizer->target.values);
    AZ_TRY(az_memory_allocate(&live->drives, motion->count * dims, sizeof(float), "the measures",
                              error));
    AZ_TRY(
        az_memory_allocate(&live->l1_cells, motion->count, sizeof(int64_t), "the measures", error));
    AZ_TRY(az_memory_allocate(&live->linf_cells, motion->count, sizeof(int64_t), "the measures",
                              error));
    AZ_TRY(az_memory_allocate(&live->tally, AZ_TALLY_POINTS, sizeof *live->tally, "the measures",
                              error));
    AZ_TRY(allocate_sums(live, error));
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
    az_memory_free(live->pushes);
    az_memory_free(live->drifts);
    az_memory_free(live->push);
    az_memory_free(live->drift);
    az_memory_free(live->h_now);
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

/* Gradients and motions of the chunk's rows. */
static void sum_forces(struct az_train_live *live, size_t chunk, size_t count)
{
    const struct az_train_motion *motion = live->motion;
    const struct az_optimizer_target *target = &live->optimizer->target;
    size_t element = target->gradients_f32 ? sizeof(float) : sizeof(struct az_bf16);
    struct az_hidden_rows gradients = {(const char *)target->gradients + live->offset * element,
                                       target->gradients_f32, motion->tokens};
    struct az_hidden_rows before = {motion->previous[live->which], false, NULL};
    struct az_hidden_rows after = {motion->matrix[live->which], false, motion->tokens};
    size_t first = chunk * CHUNK_TOKENS, at = chunk * live->width;
    az_hidden_sum_rows(&gradients, first, count, live->width, live->pushes + at);
    az_hidden_sum_motions(&before, &after, first, count, live->width, live->drifts + at);
}

static void measure_chunk(void *context, size_t chunk, int thread)
{
    (void)thread;
    struct az_train_live *live = context;
    size_t end = (chunk + 1) * CHUNK_TOKENS;
    if (end > live->motion->count) end = live->motion->count;
    for (size_t n = chunk * CHUNK_TOKENS; n < end; n++) measure_token(live, n);
    sum_forces(live, chunk, end - chunk * CHUNK_TOKENS);
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
    size_t from = chunk * AZ_HIDDEN_POSITIONS, left = live->positions - from;
    az_hidden_sum_states(live->hidden + from * live->width,
                         left < AZ_HIDDEN_POSITIONS ? left : AZ_HIDDEN_POSITIONS, live->width,
                         live->h_sums + 2 * chunk * live->width);
}

static void follow_hidden(struct az_train_live *live, struct az_pool *pool)
{
    double squares = 0;
    az_pool_run(pool, sum_chunk, live, live->h_chunks);
    live->h_resultant_length =
        az_hidden_mean(live->h_sums, live->h_chunks, live->positions, live->width, live->h_now);
    live->h_autocorrelation = az_hidden_cosine(live->h_mean, live->h_now, live->width);
    memcpy(live->h_mean, live->h_now, live->width * sizeof *live->h_mean);
    for (size_t d = 0; d < live->width; d++) squares += live->h_mean[d] * live->h_mean[d];
    live->h_mean_norm = sqrt(squares);
}

/* The dead tokens' gradients add up to a multiple of h_dead. */
static void follow_forces(struct az_train_live *live)
{
    size_t width = live->width;
    az_hidden_add_chunks(live->pushes, live->row_chunks, width, live->push);
    az_hidden_add_chunks(live->drifts, live->row_chunks, width, live->drift);
    live->cos_h_dead_h_mean = az_hidden_cosine(live->push, live->h_mean, width);
    live->cos_h_mean_minus_dc = -az_hidden_cosine(live->h_mean, live->drift, width);
    live->cos_h_dead_minus_dc = -az_hidden_cosine(live->push, live->drift, width);
}

void az_train_live_step(struct az_train_live *live, int64_t step, const struct az_bf16 *hidden,
                        struct az_pool *pool)
{
    live->l1_median_cells = live->l1_q99_cells = (double)NAN;
    live->linf_median_cells = live->linf_q99_cells = (double)NAN;
    live->drive_median = live->drive_q99 = (double)NAN;
    live->cos_h_dead_h_mean = live->cos_h_mean_minus_dc = (double)NAN;
    live->cos_h_dead_minus_dc = (double)NAN;
    live->hidden = hidden;
    follow_hidden(live, pool);
    if (!live->motion->count || !az_train_live_is_due(step)) return;
    measure_dead(live, pool);
    follow_forces(live);
}
