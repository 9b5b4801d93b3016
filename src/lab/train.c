#include "azimuth/train.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "lab/train_state.h"

/* ---- running ---- */

static void tell(struct az_train *train)
{
    if (!az_progress_due(train->progress)) return;
    char detail[128];
    const struct az_train_motion *motion = train->motion;
    int length = snprintf(detail, sizeof detail, "loss %.3f", (double)train->loss);
    if (motion->count)
        snprintf(detail + length, sizeof detail - (size_t)length, ", %.1f %% of dead tokens moving",
                 100 * (double)motion->moved / (double)motion->count);
    az_progress_tell(train->progress, "training", "step", (double)train->step,
                     (double)train->experiment->train.steps, detail);
}

/* True when the loop must end before its last step; says why. */
static bool ends_early(struct az_train *train)
{
    if (train->step > 0 && !isfinite(train->loss)) {
        snprintf(train->ended, sizeof train->ended,
                 "the loss was not finite at step %" PRId64
                 ": the run diverged (try a smaller optimizer.lr, or optimizer.clip_norm = 1)",
                 train->step);
        return true;
    }
    uint64_t limit = (uint64_t)train->experiment->budget.hdf5_bytes;
    uint64_t others = train->plan.disk_bytes - train->plan.recording_bytes;
    if (train->step < train->experiment->train.steps &&
        az_recorder_is_full(train->recorder, limit, others, train->ended, sizeof train->ended))
        return true;
    int64_t guard = train->experiment->stop.when_frozen;
    if (guard > 0 && az_train_motion_still_steps(train->motion, train->step) >= guard) {
        snprintf(train->ended, sizeof train->ended,
                 "frozen: no dead token moved in the %" PRId64 " steps up to step %" PRId64, guard,
                 train->step);
        return true;
    }
    if (train->step < train->experiment->train.steps && az_progress_stopped(train->progress)) {
        snprintf(train->ended, sizeof train->ended, AZ_TRAIN_STOPPED " after step %" PRId64,
                 train->step);
        return true;
    }
    return false;
}

/* The last one is written after the loop, wherever that ends. */
static enum az_status save_when_due(struct az_train *train, struct az_error *error)
{
    int64_t every = train->experiment->checkpoint.every;
    if (every == 0 || train->step % every != 0) return AZ_OK;
    enum az_status status = az_train_save(train, error);
    az_train_mark(train, AZ_CLOCK_CHECKPOINT);
    return status;
}

static enum az_status loop(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t start_ns = az_clock_ns(), process_ns = az_clock_process_ns();
    az_progress_begin_at(train->progress, (double)train->step);
    while (train->step < train->experiment->train.steps && !ends_early(train)) {
        az_train_step(train);
        AZ_TRY(az_train_record(train, error));
        AZ_TRY(save_when_due(train, error));
        tell(train);
    }
    az_progress_end(train->progress, "training", "step", (double)train->step,
                    (double)train->experiment->train.steps, train->ended);
out:
    train->loop_ns = az_clock_ns() - start_ns;
    train->process_ns = az_clock_process_ns() - process_ns;
    if (status != AZ_OK && error)
        snprintf(train->ended, sizeof train->ended, "%.200s", error->message);
    return status;
}

static void add_phase(struct az_train_result *result, const char *name, enum az_phase_place place,
                      double seconds)
{
    if (result->phase_count == AZ_TRAIN_PHASES) return;
    result->phases[result->phase_count++] = (struct az_train_phase){name, place, seconds};
}

static enum az_phase_place place_of(enum az_train_clock clock)
{
    bool outside = clock == AZ_CLOCK_TEXT || clock == AZ_CLOCK_SETUP || clock == AZ_CLOCK_SAVING;
    return outside ? AZ_PHASE_OUTSIDE : AZ_PHASE_LOOP;
}

static void fill_phases(const struct az_train *train, struct az_train_result *result)
{
#define AZ_TRAIN_CLOCK_NAME(id, name) name,
    static const char *const names[] = {AZ_TRAIN_CLOCK_TABLE(AZ_TRAIN_CLOCK_NAME)};
#undef AZ_TRAIN_CLOCK_NAME
    for (int c = 0; c < AZ_CLOCK_COUNT; c++) {
        if (c != AZ_CLOCK_GRADIENT) {
            add_phase(result, names[c], place_of((enum az_train_clock)c),
                      (double)train->clock_ns[c] / 1e9);
            continue;
        }
        for (int p = 0; p < AZ_MODEL_PHASE_COUNT; p++) {
            enum az_model_phase phase = (enum az_model_phase)p;
            if (phase != AZ_MODEL_PACKING)
                add_phase(result, az_model_phase_name(phase), AZ_PHASE_LOOP,
                          (double)az_model_phase_ns(train->model, phase) / 1e9);
        }
    }
    add_phase(result, "of recording: waiting for the writer", AZ_PHASE_PART,
              train->recorded.wait_seconds);
    add_phase(result, "beside the loop: writing", AZ_PHASE_BESIDE, train->recorded.write_seconds);
}

static enum az_status fill_result(const struct az_train *train, struct az_train_result *result,
                                  struct az_error *error)
{
    double loop_seconds = (double)train->loop_ns / 1e9;
    int64_t steps = train->step - train->resumed_step;
    result->steps = train->step;
    result->resumed = train->checkpoint != NULL;
    result->resumed_step = train->resumed_step;
    snprintf(result->ended, sizeof result->ended, "%s", train->ended);
    result->first_loss = train->first_loss;
    result->last_loss = train->loss;
    result->steps_per_second = loop_seconds > 0 ? (double)steps / loop_seconds : 0;
    result->processor_seconds = (double)train->process_ns / 1e9;
    result->fingerprint = train->recorded.fingerprint;
    result->peak_memory_bytes = az_memory_peak_bytes();
    fill_phases(train, result);
    return az_train_motion_freeze(train->motion, train->step, result, error);
}

/* Keeps the first failure, and its error; later ones are followed but not told. */
#define KEEP(call)                                                                                 \
    do {                                                                                           \
        enum az_status kept = (call);                                                              \
        if (status == AZ_OK) status = kept;                                                        \
    } while (0)
#define UNTOLD (status == AZ_OK ? error : NULL)

/* status: how the loop ended. A model that was trained to no planned end is still written, unless
 * writing has failed already. run.json says that everything else is there: it is not written when
 * that failed at the end of a loop that went well. */
static enum az_status close_files(struct az_train *train, struct az_train_result *result,
                                  enum az_status status, struct az_error *error)
{
    enum az_status looped = status;
    if (status == AZ_OK) status = az_train_save(train, error);
    KEEP(az_train_close_recording(train, result, UNTOLD));
    KEEP(az_train_close_metrics(train, UNTOLD));
    if (status == AZ_OK) status = az_train_write_model(train, error);
    az_train_mark(train, AZ_CLOCK_SAVING);
    KEEP(fill_result(train, result, UNTOLD));
    if (status == looped) KEEP(az_train_write_manifest(train, result, UNTOLD));
    return status;
}

enum az_status az_train_run(const struct az_experiment *experiment,
                            const struct az_train_options *options, struct az_train_result *result,
                            struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train train = {.experiment = experiment, .options = options, .progress = progress};
    bool begun = options->resume; /* what is there already stays, whatever happens */
    memset(result, 0, sizeof *result);
    train.lock = -1;
    train.checkpoint_step = -1;
    AZ_TRY(options->resume ? az_train_open_run(&train, error)
                           : az_train_open_directory(&train, error));
    AZ_TRY(az_train_prepare(&train, error));
    if (options->planned) options->planned(options->context, &train.plan);
    AZ_TRY(az_train_make(&train, error));
    AZ_TRY(options->resume ? az_train_reopen_files(&train, error)
                           : az_train_open_files(&train, error));
    begun = true;
    status = loop(&train, error);
    status = close_files(&train, result, status, error);
out:
    if (!begun) az_train_remove_files(&train);
    az_train_release(&train);
    return status;
}
