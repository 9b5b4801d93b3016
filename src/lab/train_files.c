#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "lab/checkpoint.h"
#include "lab/train_state.h"
#include "store/file.h"
#include "store/system.h"

enum run_file {
    RUN_JSON,
    RUN_RECORDING,
    RUN_HDF5,
    RUN_METRICS,
    RUN_CHECKPOINT,
    RUN_TOKENIZER,
    RUN_MASKS,
    RUN_MODEL,
    RUN_FILES
};

static const char *const names[RUN_FILES] = {[RUN_JSON] = "run.json",
                                             [RUN_RECORDING] = "recording.safetensors",
                                             [RUN_HDF5] = "recording.h5",
                                             [RUN_METRICS] = "metrics.csv",
                                             [RUN_CHECKPOINT] = "checkpoint.safetensors",
                                             [RUN_TOKENIZER] = "tokenizer.json",
                                             [RUN_MASKS] = "live_dead_tokens.safetensors",
                                             [RUN_MODEL] = "model"};

static enum az_status path_of(const struct az_train *train, enum run_file file,
                              char path[AZ_TEXT_BYTES], struct az_error *error)
{
    return az_path_join(path, AZ_TEXT_BYTES, train->options->directory, names[file], error);
}

static enum run_file recording_file(const struct az_train *train)
{
    return train->experiment->record.container == AZ_CONTAINER_HDF5 ? RUN_HDF5 : RUN_RECORDING;
}

static enum az_status lock_directory(struct az_train *train, struct az_error *error)
{
    const char *directory = train->options->directory;
    int code = az_system_lock_directory(directory, &train->lock);
    if (code == EWOULDBLOCK)
        return az_error_raise(error, AZ_IO,
                              "a run is going on in %s: wait until it ends, or stop it", directory);
    return code ? az_error_system(error, code, "cannot open the directory %s", directory) : AZ_OK;
}

enum az_status az_train_open_directory(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *directory = train->options->directory;
    char path[AZ_TEXT_BYTES];
    if (!directory || !*directory)
        AZ_RAISE(AZ_USAGE, "a run needs a directory to write to: -o DIR");
    train->directory_made = !az_file_exists(directory);
    AZ_TRY(az_directory_create(directory, error));
    AZ_TRY(lock_directory(train, error));
    for (enum run_file file = 0; file < RUN_FILES; file++) {
        AZ_TRY(path_of(train, file, path, error));
        if (az_file_exists(path))
            AZ_RAISE(AZ_USAGE,
                     "%s holds a run already, or a part of one (%s): choose another directory "
                     "with -o, remove it, or go on with the run by --resume",
                     directory, names[file]);
    }
    train->directory_ours = true;
    if (access(directory, W_OK | X_OK) != 0)
        status = az_error_system(error, errno, "cannot write to %s", directory);
out:
    return status;
}

static enum az_status open_checkpoint(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    AZ_TRY(path_of(train, RUN_CHECKPOINT, path, error));
    if (!az_file_exists(path))
        AZ_RAISE(AZ_MISSING,
                 "%s has no checkpoint.safetensors: it is not the directory of a run, or one that "
                 "ended before its first step; begin it with azimuth train EXPERIMENT -o DIR",
                 train->options->directory);
    AZ_TRY(az_checkpoint_open(&train->checkpoint, path, error));
out:
    return status;
}

enum az_status az_train_open_run(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    int64_t steps = train->experiment->train.steps;
    if (!az_file_is_directory(train->options->directory))
        AZ_RAISE(AZ_MISSING, "%s is not a directory", train->options->directory);
    AZ_TRY(lock_directory(train, error));
    AZ_TRY(open_checkpoint(train, error));
    AZ_TRY(az_checkpoint_compare(train->checkpoint, train->experiment, error));
    AZ_TRY(path_of(train, RUN_JSON, path, error));
    if (az_file_exists(path) && az_checkpoint_step(train->checkpoint) >= steps)
        AZ_RAISE(AZ_USAGE,
                 "the run is complete: its %" PRId64 " steps are done; -P train.steps=N goes on to "
                 "step N",
                 steps);
out:
    return status;
}

enum az_status az_train_read_experiment(const char *directory, struct az_experiment *experiment,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_train_options options = {.directory = directory};
    struct az_train train = {.options = &options};
    AZ_TRY(open_checkpoint(&train, error));
    AZ_TRY(az_checkpoint_experiment(train.checkpoint, experiment, error));
out:
    az_checkpoint_close(train.checkpoint);
    return status;
}

enum az_status az_train_held(const struct az_train *train, struct az_budget_held *held,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    struct az_recording_plan whole;
    struct az_recorded *tensors = NULL;
    struct stat about;
    *held = (struct az_budget_held){.step = az_checkpoint_step(train->checkpoint)};
    AZ_TRY(path_of(train, RUN_CHECKPOINT, path, error));
    if (stat(path, &about) == 0) held->checkpoint_bytes = (uint64_t)about.st_blocks * 512;
    AZ_TRY(path_of(train, recording_file(train), path, error));
    AZ_TRY(az_recorder_plan_whole(train->recorder_plan, &whole, &tensors, error));
    AZ_TRY(az_recording_held(path, &whole, held->step, &held->recording_bytes, error));
out:
    az_memory_free(tensors);
    return status;
}

/* Files that can be made anew: they are the same whether the run stopped or not. */
static enum az_status write_tables(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    AZ_TRY(path_of(train, RUN_TOKENIZER, path, error));
    AZ_TRY(az_tokenizer_save(train->corpus->tokenizer, path, error));
    AZ_TRY(path_of(train, RUN_MASKS, path, error));
    AZ_TRY(az_masks_write(path, train->counts, train->model_plan.vocabulary, error));
out:
    return status;
}

enum az_status az_train_open_files(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    struct az_recorder_plan *plan = train->recorder_plan;
    /* The recording first: it reserves its room, so a disk that is too small shows here. */
    AZ_TRY(path_of(train, recording_file(train), path, error));
    AZ_TRY(az_recorder_create(&train->recorder, path, &plan->recording, plan->sources,
                              plan->source_count, train->pool, error));
    AZ_TRY(write_tables(train, error));
    AZ_TRY(path_of(train, RUN_METRICS, path, error));
    AZ_TRY(az_metrics_create(&train->metrics, path, error));
    AZ_TRY(az_recorder_capture(train->recorder, 0, error));
    AZ_TRY(az_train_save(train, error));
    az_train_mark(train, AZ_CLOCK_SETUP);
out:
    return status;
}

/* run.json says that a run is over and everything else whole. Under the name that the next one is
 * written by it says nothing; it is put back when the run cannot be gone on with after all. */
static enum az_status set_manifest_aside(struct az_train *train, bool aside, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES], part[AZ_TEXT_BYTES + 8];
    AZ_TRY(path_of(train, RUN_JSON, path, error));
    snprintf(part, sizeof part, "%s.part", path);
    int code = az_system_rename(aside ? path : part, aside ? part : path);
    if (code && code != ENOENT) status = az_error_system(error, code, "cannot rename %s", path);
out:
    return status;
}

static enum az_status reopen_recording(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    struct az_recorder_plan *plan = train->recorder_plan;
    struct az_recorder_from from = {train->step, train->fingerprint_state};
    AZ_TRY(path_of(train, RUN_JSON, path, error));
    bool over = az_file_exists(path);
    AZ_TRY(path_of(train, recording_file(train), path, error));
    if (over) AZ_TRY(set_manifest_aside(train, true, error));
    status = az_recorder_resume(&train->recorder, path, &plan->recording, plan->sources,
                                plan->source_count, train->pool, &from, train->progress, error);
    if (status != AZ_OK && over) set_manifest_aside(train, false, NULL);
out:
    return status;
}

enum az_status az_train_reopen_files(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    AZ_TRY(reopen_recording(train, error));
    AZ_TRY(write_tables(train, error));
    AZ_TRY(path_of(train, RUN_METRICS, path, error));
    AZ_TRY(az_metrics_reopen(&train->metrics, path, train->step, error));
    az_train_mark(train, AZ_CLOCK_SETUP);
out:
    return status;
}

enum az_status az_train_save(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    if (train->checkpoint_step == train->step) return AZ_OK;
    AZ_TRY(path_of(train, RUN_CHECKPOINT, path, error));
    AZ_TRY(az_checkpoint_write(train, path, error));
out:
    return status;
}

enum az_status az_train_record(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorder_plan *plan = train->recorder_plan;
    for (size_t s = 0; s < plan->source_count; s++)
        if (!plan->origins[s].is_series && plan->origins[s].record == AZ_RECORD_HIDDEN)
            plan->sources[s].data = az_model_hidden(train->model);
    AZ_TRY(az_recorder_capture(train->recorder, train->step, error));
    az_train_mark(train, AZ_CLOCK_RECORDING);
    struct az_metrics_row row = {.step = train->step,
                                 .loss = train->loss,
                                 .clip = train->clip,
                                 .lr = train->lr,
                                 .dead = train->motion->count,
                                 .moved = train->motion->moved,
                                 .live = train->live};
    AZ_TRY(az_metrics_add(train->metrics, &row, error));
    az_train_mark(train, AZ_CLOCK_METRICS);
out:
    return status;
}

enum az_status az_train_close_recording(struct az_train *train, struct az_train_result *result,
                                        struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(path_of(train, recording_file(train), result->recording, error));
    if (train->recorder) status = az_recorder_commit(train->recorder, &train->recorded, error);
    train->recorder = NULL;
out:
    return status;
}

enum az_status az_train_close_metrics(struct az_train *train, struct az_error *error)
{
    enum az_status status = train->metrics ? az_metrics_commit(train->metrics, error) : AZ_OK;
    train->metrics = NULL;
    return status;
}

enum az_status az_train_write_model(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    AZ_TRY(path_of(train, RUN_MODEL, path, error));
    AZ_TRY(az_directory_create(path, error));
    AZ_TRY(az_model_export(train->model, path, error));
out:
    return status;
}

enum az_status az_train_write_manifest(struct az_train *train, const struct az_train_result *result,
                                       struct az_error *error)
{
    enum az_status status = AZ_OK;
    char path[AZ_TEXT_BYTES];
    AZ_TRY(path_of(train, RUN_JSON, path, error));
    AZ_TRY(az_manifest_write(train, result, path, error));
out:
    return status;
}

void az_train_remove_files(struct az_train *train)
{
    static const enum run_file written[] = {RUN_TOKENIZER, RUN_MASKS, RUN_METRICS, RUN_CHECKPOINT};
    char path[AZ_TEXT_BYTES];
    az_recorder_abort(train->recorder);
    az_metrics_abort(train->metrics);
    train->recorder = NULL;
    train->metrics = NULL;
    for (size_t n = 0; train->directory_ours && n < sizeof written / sizeof *written; n++)
        if (path_of(train, written[n], path, NULL) == AZ_OK) unlink(path);
    if (train->directory_made) rmdir(train->options->directory);
}
