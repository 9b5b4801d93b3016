/* What a run would take, told before it starts: az_train_plan. */
#include "azimuth/train.h"
#include "base/clock.h"
#include "kernel/bench.h"
#include "lab/floor.h"
#include "lab/train_state.h"

#define ESTIMATE_STEPS 5
#define ESTIMATE_NS 2000000000
/* A step whose floor is above this, at a rate that any machine passes, is not tried out. */
#define TRIED_SECONDS 5.0
#define SLOW_FLOPS 20e9
/* A step takes this many times its floor; docs/performance.md has what was measured. */
#define STEP_BY_FLOOR 1.6
#define PEAK_SAMPLES 3

static void fill_floors(const struct az_train *train, struct az_floor floors[AZ_FLOOR_COUNT])
{
    az_floor_fill(&train->model_plan, train->experiment->optimizer.arithmetic,
                  (double)train->plan.recording_bytes / (double)train->plan.frames, floors);
}

/* A few steps, done. The first pays for cold caches and is not counted, unless it takes long. */
static double try_steps(struct az_train *train)
{
    int64_t steps = train->experiment->train.steps, first = train->step;
    int64_t start_ns = az_clock_ns(), counted_ns = start_ns;
    int64_t counted = 0;
    while (train->step < steps && train->step < first + ESTIMATE_STEPS &&
           !az_progress_stopped(train->progress)) {
        az_train_step(train);
        counted++;
        if (az_clock_ns() - start_ns > ESTIMATE_NS) break;
        if (train->step == first + 1) {
            counted_ns = az_clock_ns();
            counted = 0;
        }
    }
    double to_come = (double)(steps - first);
    if (counted == 0) return (double)(counted_ns - start_ns) / 1e9 * to_come;
    return (double)(az_clock_ns() - counted_ns) / 1e9 / (double)counted * to_come;
}

/* From the operations and bytes of a step and the peaks of this machine. */
static enum az_status compute_seconds(struct az_train *train,
                                      const struct az_floor floors[AZ_FLOOR_COUNT],
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_bench_peaks peaks;
    double seconds = 0;
    AZ_TRY(az_bench_measure_peaks(train->kernels.isa, train->pool, PEAK_SAMPLES, &peaks, error));
    for (size_t f = 0; f < AZ_FLOOR_COUNT; f++)
        seconds += az_floor_seconds(&floors[f], &peaks, train->model_plan.compute);
    int64_t to_come = train->experiment->train.steps - train->plan.resumed_step;
    train->plan.seconds_estimate = STEP_BY_FLOOR * seconds * (double)to_come;
out:
    return status;
}

enum az_status az_train_plan(const struct az_experiment *experiment,
                             const struct az_train_options *options, struct az_train_plan *plan,
                             struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train train = {.experiment = experiment, .options = options, .progress = progress};
    struct az_floor floors[AZ_FLOOR_COUNT];
    double operations = 0;
    train.lock = -1;
    if (options->resume) AZ_TRY(az_train_open_run(&train, error));
    AZ_TRY(az_train_prepare(&train, error));
    if (options->untimed) goto out;
    fill_floors(&train, floors);
    for (size_t f = 0; f < AZ_FLOOR_COUNT; f++) operations += floors[f].products;
    bool slow = operations > TRIED_SECONDS * SLOW_FLOPS;
    if (slow) AZ_TRY(compute_seconds(&train, floors, error));
    if (!slow || options->resume) /* whose checkpoint is checked by taking it up */
        AZ_TRY(az_train_make(&train, error));
    if (!slow) train.plan.seconds_estimate = try_steps(&train);
out:
    *plan = train.plan;
    az_train_release(&train);
    return status;
}
