#include "lab/trial.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/scratch.h"

#define WARM_STEPS 3
#define RUN_SECONDS 2.0
#define STEPS_LEAST 4
#define STEPS_MOST 5000

/* One run of a trial. */
struct outcome {
    double steps_per_second;
    struct az_train_result result;
};

static void keep_plan(void *context, const struct az_train_plan *plan)
{
    struct az_trial *trial = context;
    trial->plan = *plan;
}

static double writing_seconds(const struct az_train_result *result)
{
    for (size_t p = 0; p < result->phase_count; p++)
        if (result->phases[p].place == AZ_PHASE_BESIDE) return result->phases[p].seconds;
    return 0;
}

static void judge(struct outcome *outcome)
{
    const struct az_train_result *result = &outcome->result;
    double writing = writing_seconds(result);
    outcome->steps_per_second = result->steps_per_second;
    if (writing * result->steps_per_second > (double)result->steps)
        outcome->steps_per_second = (double)result->steps / writing;
}

static enum az_status run_once(struct az_trial *trial, const char *scratch, int64_t steps,
                               struct outcome *outcome, struct az_progress *progress,
                               struct az_error *error)
{
    enum az_status status = AZ_OK, removed;
    static struct az_experiment experiment;
    char directory[AZ_TEXT_BYTES] = "";
    experiment = *trial->experiment;
    experiment.train.steps = steps;
    experiment.checkpoint.every = 0;
    for (int r = 0; r < AZ_RECORD_COUNT && !trial->recording; r++)
        experiment.record.cadence[r] = (struct az_cadence){0};
    AZ_TRY(az_path_join(directory, sizeof directory, scratch, "run", error));
    struct az_train_options options = {.directory = directory,
                                       .isa = az_isa_name(trial->isa),
                                       .threads = trial->threads,
                                       .planned = keep_plan,
                                       .context = trial};
    az_memory_peak_reset();
    AZ_TRY(az_train_run(&experiment, &options, &outcome->result, progress, error));
    judge(outcome);
    if (outcome->result.steps < steps)
        AZ_RAISE(AZ_INTERRUPTED, "a timed run ended early: %s", outcome->result.ended);
out:
    removed = az_scratch_remove(directory, status == AZ_OK ? error : NULL);
    return status == AZ_OK ? removed : status;
}

/* The first run trains the tokenizer, if that is not in the cache yet. */
static enum az_status warm_up(struct az_trial *trial, const char *scratch,
                              struct az_progress *progress, struct az_error *error)
{
    struct outcome outcome;
    enum az_status status = run_once(trial, scratch, WARM_STEPS, &outcome, progress, error);
    if (status != AZ_OK || trial->steps) return status;
    double steps = outcome.result.steps_per_second * RUN_SECONDS;
    trial->steps = steps < STEPS_LEAST  ? STEPS_LEAST
                   : steps > STEPS_MOST ? STEPS_MOST
                                        : (int64_t)steps;
    return AZ_OK;
}

static int compare_outcomes(const void *a, const void *b)
{
    double x = ((const struct outcome *)a)->steps_per_second;
    double y = ((const struct outcome *)b)->steps_per_second;
    return (x > y) - (x < y);
}

static void conclude(struct az_trial *trial, struct outcome *outcomes, unsigned rounds)
{
    qsort(outcomes, rounds, sizeof *outcomes, compare_outcomes);
    trial->least = outcomes[0].steps_per_second;
    trial->most = outcomes[rounds - 1].steps_per_second;
    trial->median = outcomes[rounds / 2].steps_per_second;
    trial->result = outcomes[rounds / 2].result;
}

static enum az_status run_rounds(struct az_trial *trials, size_t count, unsigned rounds,
                                 const char *scratch, struct outcome *outcomes,
                                 struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_progress quiet;
    double done = 0, total = (double)count * rounds;
    az_progress_init(&quiet, NULL, NULL, progress ? progress->stop : NULL);
    for (size_t t = 0; t < count; t++) AZ_TRY(warm_up(&trials[t], scratch, progress, error));
    az_progress_begin(progress);
    for (unsigned round = 0; round < rounds; round++) {
        for (size_t t = 0; t < count; t++) {
            az_progress_tell(progress, "timing", "run", done++, total, "");
            AZ_TRY(run_once(&trials[t], scratch, trials[t].steps, &outcomes[t * rounds + round],
                            &quiet, error));
        }
    }
    az_progress_end(progress, "timing", "run", done, total, "");
    for (size_t t = 0; t < count; t++) conclude(&trials[t], outcomes + t * rounds, rounds);
out:
    return status;
}

enum az_status az_trial_run(struct az_trial *trials, size_t count, unsigned rounds,
                            struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK, removed;
    char scratch[AZ_SCRATCH_BYTES];
    struct outcome *outcomes = NULL;
    if (rounds < 1 || rounds > AZ_TRIAL_ROUNDS)
        return az_error_raise(error, AZ_USAGE, "rounds: 1 to %d", AZ_TRIAL_ROUNDS);
    AZ_TRY(az_memory_allocate(&outcomes, count * rounds, sizeof *outcomes, "the timings", error));
    AZ_TRY(az_scratch_create(scratch, error));
    status = run_rounds(trials, count, rounds, scratch, outcomes, progress, error);
    removed = az_scratch_remove(scratch, status == AZ_OK ? error : NULL);
    if (status == AZ_OK) status = removed;
out:
    az_memory_free(outcomes);
    return status;
}

void az_trial_floors(const struct az_trial *trial, struct az_floor floors[AZ_FLOOR_COUNT])
{
    const struct az_experiment *experiment = trial->experiment;
    bool f32 = experiment->model.compute == AZ_COMPUTE_F32;
    struct az_model_plan plan = {
        .layers = (size_t)experiment->model.layers,
        .width = (size_t)experiment->model.width,
        .heads = (size_t)experiment->model.heads,
        .context = (size_t)experiment->model.context,
        .ffn_width = (size_t)(experiment->model.ffn_multiplier * experiment->model.width),
        .vocabulary = trial->plan.vocabulary,
        .batch = (size_t)experiment->train.batch,
        .tied = experiment->model.tied,
        .compute = experiment->model.compute,
        .gradient_f32 = f32};
    az_floor_fill(&plan, experiment->optimizer.arithmetic,
                  (double)trial->plan.recording_bytes / (double)trial->plan.frames, floors);
}
