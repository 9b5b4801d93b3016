#include "sky/snow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "sky/lattice_point.h"

#define MOST_ROWS ((int64_t)1 << 24)
#define MOST_TRIALS ((size_t)1 << 20)
#define SCRATCH_BYTES ((size_t)2 << 30) /* of one thread */

/* Random numbers of a trial: bits 8.. hold 2 * trial for the noise, 2 * trial + 1 for the rest. */
static uint32_t noise_stream(size_t trial)
{
    return AZ_STREAM_SIMULATION | (uint32_t)(2 * trial) << 8;
}
static uint32_t other_stream(size_t trial)
{
    return AZ_STREAM_SIMULATION | (uint32_t)(2 * trial + 1) << 8;
}

const char *az_noise_name(enum az_noise noise)
{
    static const char *const names[] = {
#define NOISE_NAME(id, name, meaning) name,
        AZ_NOISE_TABLE(NOISE_NAME)
#undef NOISE_NAME
    };
    return names[noise];
}

double az_snow_most(const struct az_snow *plan)
{
    if (plan->noise == AZ_NOISE_GAUSSIAN) return AZ_SNOW_GAUSSIAN_MOST * plan->scale;
    if (plan->noise == AZ_NOISE_LAPLACE) return AZ_SNOW_LAPLACE_MOST * plan->scale;
    return plan->scale * (1 + 1e-9); /* no coordinate leaves the ball; room for rounding */
}

void az_snow_find_active(const struct az_snow *plan, struct az_snow_active *active)
{
    double most = az_snow_most(plan);
    active->count = 0;
    for (size_t d = 0; d < plan->dims; d++) {
        int32_t low = az_bf16_ord(az_lattice_nearest(plan->center[d] - most));
        int32_t high = az_bf16_ord(az_lattice_nearest(plan->center[d] + most));
        if (low != high) active->dims[active->count++] = (uint32_t)d;
    }
}

enum az_status az_snow_check(const struct az_snow *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    if (!(plan->scale > 0) || isinf(plan->scale))
        AZ_RAISE(AZ_USAGE, "the scale of the noise is %g: expected a number above 0", plan->scale);
    if (plan->population < 1 || plan->population > MOST_ROWS)
        AZ_RAISE(AZ_USAGE, "%lld rows: expected 1 to %lld", (long long)plan->population,
                 (long long)MOST_ROWS);
    if (plan->survivors < 1 || plan->survivors > plan->population)
        AZ_RAISE(AZ_USAGE, "%lld survivors of %lld rows: expected 1 to all of them",
                 (long long)plan->survivors, (long long)plan->population);
    if (plan->dims < 1) AZ_RAISE(AZ_USAGE, "a vector needs a dimension");
    for (size_t d = 0; d < plan->dims; d++)
        if (!(fabs(plan->center[d]) + az_snow_most(plan) < 3.38e38))
            AZ_RAISE(AZ_USAGE, "dimension %zu of the center is %g: bf16 ends at 3.39e38", d,
                     plan->center[d]);
out:
    return status;
}

/* ---- drawing ---- */

static double laplace(uint64_t seed, uint32_t stream, uint64_t index)
{
    double uniform = ((double)az_random_u32(seed, stream, 2 * index) + 1) * 0x1p-32; /* (0, 1] */
    double exponential = -az_logarithm(uniform);
    return az_random_u32(seed, stream, 2 * index + 1) & 1 ? exponential : -exponential;
}

/* Length that turns normal deviates of a row into a point of the ball or shell. The exponential is
 * the C library's: its last bit may differ between systems. */
static double radial_factor(const struct az_snow *plan, size_t trial, uint64_t row)
{
    double squares = 0, radius = plan->scale;
    for (size_t d = 0; d < plan->dims; d++) {
        double z = az_random_normal(plan->seed, noise_stream(trial), row * plan->dims + d);
        squares += z * z;
    }
    if (plan->noise == AZ_NOISE_BALL) {
        double uniform =
            ((double)az_random_u32(plan->seed, other_stream(trial) | 0x80, row) + 1) * 0x1p-32;
        radius *= exp(az_logarithm(uniform) / (double)plan->dims);
    }
    return squares > 0 ? radius / sqrt(squares) : 0;
}

static void draw_row(const struct az_snow *plan, const struct az_snow_active *active, size_t trial,
                     uint64_t row, int32_t *orders)
{
    bool independent = plan->noise == AZ_NOISE_GAUSSIAN || plan->noise == AZ_NOISE_LAPLACE;
    double factor = independent ? plan->scale : radial_factor(plan, trial, row);
    for (size_t a = 0; a < active->count; a++) {
        uint64_t index = row * plan->dims + active->dims[a];
        double z = plan->noise == AZ_NOISE_LAPLACE
                       ? laplace(plan->seed, noise_stream(trial), index)
                       : az_random_normal(plan->seed, noise_stream(trial), index);
        orders[a] = az_bf16_ord(az_lattice_nearest(plan->center[active->dims[a]] + factor * z));
    }
}

/* The survivors: a uniform subset of 0..population-1 (Floyd's algorithm), as a bit set. */
static void choose(const struct az_snow *plan, size_t trial, unsigned char *chosen)
{
    memset(chosen, 0, (size_t)plan->population);
    for (int64_t j = plan->population - plan->survivors; j < plan->population; j++) {
        uint64_t t = az_random_below(plan->seed, other_stream(trial), (uint64_t)j, (uint64_t)j + 1);
        chosen[chosen[t] ? (uint64_t)j : t] = 1;
    }
}

/* ---- trials ---- */

struct thread_scratch {
    struct az_snow_scratch snow;
    struct az_snow_active active;
    unsigned char *chosen;
};

struct work {
    const struct az_snow *plans;
    size_t trials, first;
    struct az_snow_trial *results;
    struct thread_scratch *scratch;
};

static void run_trial(void *context, size_t chunk, int thread)
{
    struct work *work = context;
    size_t task = work->first + chunk, trial = task % work->trials, drawn = 0;
    const struct az_snow *plan = &work->plans[task / work->trials];
    struct thread_scratch *scratch = &work->scratch[thread];
    az_snow_find_active(plan, &scratch->active);
    choose(plan, trial, scratch->chosen);
    for (int64_t row = 0; row < plan->population; row++) {
        if (!scratch->chosen[row]) continue;
        draw_row(plan, &scratch->active, trial, (uint64_t)row,
                 scratch->snow.orders + drawn * scratch->active.count);
        drawn++;
    }
    az_snow_census(plan, &scratch->active, &scratch->snow, &work->results[task]);
}

static enum az_status make_scratch(struct thread_scratch *scratch, const struct az_snow *plans,
                                   size_t plan_count, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t dims = 0, rows = 0, cells = 0, population = 0;
    for (size_t p = 0; p < plan_count; p++) {
        if (plans[p].dims > dims) dims = plans[p].dims;
        if ((size_t)plans[p].survivors > rows) rows = (size_t)plans[p].survivors;
        if ((size_t)plans[p].population > population) population = (size_t)plans[p].population;
    }
    AZ_TRY(az_memory_allocate(&scratch->active.dims, dims, sizeof(uint32_t), "dims", error));
    for (size_t p = 0; p < plan_count; p++) {
        size_t needed;
        az_snow_find_active(&plans[p], &scratch->active);
        AZ_TRY(az_size_multiply((size_t)plans[p].survivors, scratch->active.count, &needed, error));
        if (needed > cells) cells = needed;
    }
    if (cells > SCRATCH_BYTES / sizeof(int32_t))
        AZ_RAISE(AZ_BUDGET, "a trial would take %.1f GB for each thread: fewer survivors",
                 (double)cells * sizeof(int32_t) / 1e9);
    AZ_TRY(az_memory_allocate(&scratch->snow.orders, cells, sizeof(int32_t), "rows", error));
    AZ_TRY(az_memory_allocate(&scratch->snow.sorted, rows, sizeof(int64_t), "rows", error));
    AZ_TRY(az_memory_allocate(&scratch->snow.parent, AZ_SNOW_PAIRED, 4, "components", error));
    AZ_TRY(az_memory_allocate(&scratch->chosen, population, 1, "survivors", error));
    AZ_TRY(az_groups_create(&scratch->snow.groups, rows, error));
out:
    return status;
}

static void free_scratch(struct thread_scratch *scratch, int threads)
{
    for (int t = 0; scratch && t < threads; t++) {
        az_memory_free(scratch[t].active.dims);
        az_memory_free(scratch[t].snow.orders);
        az_memory_free(scratch[t].snow.sorted);
        az_memory_free(scratch[t].snow.parent);
        az_memory_free(scratch[t].chosen);
        az_groups_free(&scratch[t].snow.groups);
    }
    az_memory_free(scratch);
}

/* Trials in batches, so that progress is told and a stop heeded between them. */
static enum az_status run_all(struct work *work, size_t tasks, struct az_pool *pool,
                              struct az_progress *progress, struct az_error *error)
{
    size_t batch = (size_t)az_pool_threads(pool) * 4;
    az_progress_begin(progress);
    for (work->first = 0; work->first < tasks; work->first += batch) {
        size_t left = tasks - work->first;
        if (az_progress_stopped(progress))
            return az_error_raise(error, AZ_INTERRUPTED, "stopped after %zu of %zu trials",
                                  work->first, tasks);
        az_pool_run(pool, run_trial, work, left < batch ? left : batch);
        az_progress_tell(progress, "snowing", "trial", (double)(tasks - left), (double)tasks, "");
    }
    az_progress_end(progress, "snowing", "trial", (double)tasks, (double)tasks, "");
    return AZ_OK;
}

enum az_status az_snow_run(const struct az_snow *plans, size_t plan_count, size_t trials,
                           struct az_snow_trial *results, struct az_pool *pool,
                           struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int threads = az_pool_threads(pool);
    struct work work = {.plans = plans, .trials = trials, .results = results};
    if (trials < 1 || trials > MOST_TRIALS)
        AZ_RAISE(AZ_USAGE, "%zu trials: expected 1 to %zu", trials, MOST_TRIALS);
    for (size_t p = 0; p < plan_count; p++) AZ_TRY(az_snow_check(&plans[p], error));
    AZ_TRY(az_memory_allocate(&work.scratch, (size_t)threads, sizeof *work.scratch,
                              "threads of a simulation", error));
    for (int t = 0; t < threads; t++)
        AZ_TRY(make_scratch(&work.scratch[t], plans, plan_count, error));
    AZ_TRY(run_all(&work, plan_count * trials, pool, progress, error));
out:
    free_scratch(work.scratch, threads);
    return status;
}
