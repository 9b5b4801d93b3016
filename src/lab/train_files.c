#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "lab/train_state.h"
#include "store/file.h"

enum run_file {
    RUN_JSON,
    RUN_RECORDING,
    RUN_HDF5,
    RUN_METRICS,
    RUN_TOKENIZER,
    RUN_MASKS,
    RUN_MODEL,
    RUN_FILES
};

static const char *const names[RUN_FILES] = {[RUN_JSON] = "run.json",
                                             [RUN_RECORDING] = "recording.safetensors",
                                             [RUN_HDF5] = "recording.h5",
                                             [RUN_METRICS] = "metrics.csv",
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

enum az_status az_train_open_directory(struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *directory = train->options->directory;
    char path[AZ_TEXT_BYTES];
    if (!directory || !*directory)
        AZ_RAISE(AZ_USAGE, "a run needs a directory to write to: -o DIR");
    train->directory_made = !az_file_exists(directory);
    AZ_TRY(az_directory_create(directory, error));
    for (enum run_file file = 0; file < RUN_FILES; file++) {
        AZ_TRY(path_of(train, file, path, error));
        if (az_file_exists(path))
            AZ_RAISE(AZ_USAGE,
                     "%s holds a run already, or a part of one (%s): choose another directory "
                     "with -o, or remove it",
                     directory, names[file]);
    }
    if (access(directory, W_OK | X_OK) != 0)
        status = az_error_system(error, errno, "cannot write to %s", directory);
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
    AZ_TRY(path_of(train, RUN_TOKENIZER, path, error));
    AZ_TRY(az_tokenizer_save(train->corpus->tokenizer, path, error));
    AZ_TRY(path_of(train, RUN_MASKS, path, error));
    AZ_TRY(az_masks_write(path, train->counts, train->model_plan.vocabulary, error));
    AZ_TRY(path_of(train, RUN_METRICS, path, error));
    AZ_TRY(az_metrics_create(&train->metrics, path, error));
    AZ_TRY(az_recorder_capture(train->recorder, 0, error));
    az_train_mark(train, AZ_CLOCK_SETUP);
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
                                 .moved = train->motion->moved};
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
    static const enum run_file written[] = {RUN_TOKENIZER, RUN_MASKS, RUN_METRICS};
    char path[AZ_TEXT_BYTES];
    az_recorder_abort(train->recorder);
    az_metrics_abort(train->metrics);
    train->recorder = NULL;
    train->metrics = NULL;
    for (size_t n = 0; n < sizeof written / sizeof *written; n++)
        if (path_of(train, written[n], path, NULL) == AZ_OK) unlink(path);
    if (train->directory_made) rmdir(train->options->directory);
}
