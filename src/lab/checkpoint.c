#include "lab/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/key.h"
#include "config/number.h"
#include "store/file.h"

#define FORMAT "azimuth-checkpoint-1"
#define FORMAT_KEY "format"
#define HASH_KEY "hash"
#define FILE_KEY "experiment_file"

/* ---- the hash: that every bit is the one that was written ---- */

static void add_text(struct az_hasher *hasher, const char *text)
{
    az_hasher_add(hasher, text, strlen(text) + 1);
}

static void add_entry(struct az_hasher *hasher, const struct az_checkpoint_entry *entry)
{
    add_text(hasher, entry->tensor.name);
    az_hasher_add(hasher, entry->tensor.data, entry->tensor.bytes);
}

/* ---- writing ---- */

/* format, hash, experiment_file; then what the recording's metadata say of the experiment. */
static enum az_status describe(const struct az_train *train, const char *hash,
                               const char ***metadata, struct az_error *error)
{
    const struct az_recorder_plan *plan = train->recorder_plan;
    enum az_status status = az_memory_allocate(metadata, plan->metadata_count + 7,
                                               sizeof **metadata, "the metadata", error);
    if (status != AZ_OK) return status;
    const char *const first[] = {FORMAT_KEY, FORMAT,   HASH_KEY,
                                 hash,       FILE_KEY, train->experiment->path};
    size_t used = sizeof first / sizeof *first;
    memcpy(*metadata, first, sizeof first);
    for (size_t n = 0; n < plan->metadata_count; n += 2) {
        if (strcmp(plan->metadata[n], AZ_RECORDER_FINGERPRINT) == 0) continue;
        (*metadata)[used++] = plan->metadata[n];
        (*metadata)[used++] = plan->metadata[n + 1];
    }
    return AZ_OK;
}

static enum az_status hash_all(const struct az_checkpoint_state *state, const char *const *metadata,
                               char text[AZ_HASH_TEXT_BYTES], struct az_error *error)
{
    struct az_hasher *hasher;
    enum az_status status = az_hasher_create(&hasher, error);
    if (status != AZ_OK) return status;
    for (const char *const *pair = metadata; *pair; pair += 2) {
        if (strcmp(pair[0], HASH_KEY) == 0) continue;
        add_text(hasher, pair[0]);
        add_text(hasher, pair[1]);
    }
    for (size_t n = 0; n < state->count; n++) add_entry(hasher, &state->entries[n]);
    az_hash_text(az_hasher_value(hasher), text);
    az_hasher_free(hasher);
    return AZ_OK;
}

static enum az_status save(const struct az_checkpoint_state *state, const char *path,
                           const char *const *metadata, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_tensor *tensors;
    AZ_TRY(az_memory_allocate(&tensors, state->count, sizeof *tensors, "the checkpoint", error));
    for (size_t n = 0; n < state->count; n++) tensors[n] = state->entries[n].tensor;
    AZ_TRY(az_safetensors_save(path, tensors, state->count, metadata, error));
out:
    az_memory_free(tensors);
    return status;
}

enum az_status az_checkpoint_save(struct az_train *train, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_checkpoint_state state = {0};
    const char **metadata = NULL;
    char hash[AZ_HASH_TEXT_BYTES];
    AZ_TRY(az_checkpoint_list(&state, train, error));
    AZ_TRY(describe(train, hash, &metadata, error));
    AZ_TRY(hash_all(&state, metadata, hash, error));
    AZ_TRY(save(&state, path, metadata, error));
out:
    az_checkpoint_list_free(&state);
    az_memory_free(metadata);
    return status;
}

enum az_status az_checkpoint_write(struct az_train *train, const char *path, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_recorder_settle(train->recorder, train->step, train->fingerprint_state, error));
    AZ_TRY(az_metrics_sync(train->metrics, error));
    AZ_TRY(az_checkpoint_save(train, path, error));
    train->checkpoint_step = train->step;
out:
    return status;
}

/* ---- reading ---- */

struct az_checkpoint {
    char *path;
    struct az_safetensors *file;
    int64_t step;
};

static enum az_status read_number(const struct az_checkpoint *checkpoint, const char *name,
                                  enum az_dtype dtype, void *value, struct az_error *error)
{
    const struct az_tensor *tensor = az_safetensors_find(checkpoint->file, name);
    if (!tensor || tensor->dtype != dtype || tensor->rank != 0)
        return az_error_raise(error, AZ_FORMAT, "the checkpoint does not tell its %s", name);
    return az_safetensors_read(checkpoint->file, tensor, 0, value, tensor->bytes, error);
}

static enum az_status check_format(const struct az_checkpoint *checkpoint, struct az_error *error)
{
    const char *format = az_safetensors_metadata(checkpoint->file, FORMAT_KEY);
    if (format && strcmp(format, FORMAT) == 0) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "is not a checkpoint: its metadata do not say format = " FORMAT);
}

enum az_status az_checkpoint_open(struct az_checkpoint **checkpoint_pointer, const char *path,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_checkpoint *checkpoint;
    *checkpoint_pointer = NULL;
    AZ_TRY(az_memory_allocate(&checkpoint, 1, sizeof *checkpoint, "the checkpoint", error));
    AZ_TRY(az_memory_copy_string(&checkpoint->path, path, error));
    AZ_TRY(az_safetensors_open(&checkpoint->file, path, error));
    AZ_TRY(check_format(checkpoint, error));
    AZ_TRY(read_number(checkpoint, "step", AZ_DTYPE_I64, &checkpoint->step, error));
    if (checkpoint->step < 0)
        AZ_RAISE(AZ_FORMAT, "the checkpoint is of step %" PRId64, checkpoint->step);
    *checkpoint_pointer = checkpoint;
out:
    if (status != AZ_OK) {
        az_error_at(error, path, -1, -1, -1);
        az_checkpoint_close(checkpoint);
    }
    return status;
}

void az_checkpoint_close(struct az_checkpoint *checkpoint)
{
    if (!checkpoint) return;
    az_safetensors_close(checkpoint->file);
    az_memory_free(checkpoint->path);
    az_memory_free(checkpoint);
}

int64_t az_checkpoint_step(const struct az_checkpoint *checkpoint) { return checkpoint->step; }

static const char *parameter_text(const struct az_checkpoint *checkpoint, const struct az_key *key)
{
    char name[160];
    snprintf(name, sizeof name, "%s.%s", key->section, key->name);
    return az_safetensors_metadata(checkpoint->file, name);
}

enum az_status az_checkpoint_experiment(const struct az_checkpoint *checkpoint,
                                        struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char *file = az_safetensors_metadata(checkpoint->file, FILE_KEY);
    az_experiment_init(experiment);
    snprintf(experiment->path, sizeof experiment->path, "%s", file ? file : "");
    for (size_t k = 0; k < az_key_count; k++) {
        const char *text = parameter_text(checkpoint, &az_keys[k]);
        if (!text)
            AZ_RAISE(
                AZ_FORMAT,
                "the checkpoint does not tell %s.%s: another version of azimuth made it, which can "
                "go on with it",
                az_keys[k].section, az_keys[k].name);
        AZ_TRY(az_key_parse(&az_keys[k], text, experiment, error));
    }
out:
    if (status == AZ_USAGE) status = AZ_FORMAT; /* of a value in the file */
    if (status != AZ_OK) az_error_at(error, checkpoint->path, -1, -1, -1);
    return status;
}

/* Those that differ and may not: "optimizer.lr (0.001, not 0.002)". */
static size_t list_changes(const struct az_checkpoint *checkpoint,
                           const struct az_experiment *experiment, char *text, size_t capacity)
{
    char value[AZ_KEY_TEXT_BYTES];
    size_t changes = 0, used = 0;
    text[0] = 0;
    for (size_t k = 0; k < az_key_count; k++) {
        const char *before = parameter_text(checkpoint, &az_keys[k]);
        az_key_format(&az_keys[k], experiment, value);
        if (!before || strcmp(before, value) == 0 ||
            az_key_may_change(az_keys[k].section, az_keys[k].name))
            continue;
        if (used < capacity)
            used += (size_t)snprintf(text + used, capacity - used, "%s%s.%s (%.60s, not %.60s)",
                                     changes ? ", " : "", az_keys[k].section, az_keys[k].name,
                                     before, value);
        changes++;
    }
    return changes;
}

static enum az_status check_steps(const struct az_checkpoint *checkpoint,
                                  const struct az_experiment *before,
                                  const struct az_experiment *now, struct az_error *error)
{
    if (now->train.steps < checkpoint->step)
        return az_error_raise(error, AZ_USAGE,
                              "train.steps = %" PRId64 " is less than the %" PRId64
                              " steps that are done",
                              now->train.steps, checkpoint->step);
    if (now->train.steps == before->train.steps) return AZ_OK;
    if (now->optimizer.schedule != AZ_SCHEDULE_CONSTANT)
        return az_error_raise(error, AZ_USAGE,
                              "train.steps cannot become %" PRId64
                              ": optimizer.schedule spreads the learning rate over the %" PRId64
                              " steps that were planned, so the steps that are done would have "
                              "had another one",
                              now->train.steps, before->train.steps);
    return AZ_OK;
}

enum az_status az_checkpoint_compare(const struct az_checkpoint *checkpoint,
                                     const struct az_experiment *experiment, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_experiment *before = NULL;
    char list[700];
    AZ_TRY(az_memory_allocate(&before, 1, sizeof *before, "the experiment", error));
    AZ_TRY(az_checkpoint_experiment(checkpoint, before, error));
    if (list_changes(checkpoint, experiment, list, sizeof list))
        AZ_RAISE(AZ_USAGE,
                 "a run goes on with the parameters it was begun with; this would change %s", list);
    AZ_TRY(check_steps(checkpoint, before, experiment, error));
out:
    if (status != AZ_OK) az_error_at(error, checkpoint->path, -1, -1, -1);
    az_memory_free(before);
    return status;
}

static enum az_status check_hash(const struct az_checkpoint *checkpoint, const char *key,
                                 struct az_hash now, const char *what, struct az_error *error)
{
    char text[AZ_HASH_TEXT_BYTES];
    const char *before = az_safetensors_metadata(checkpoint->file, key);
    az_hash_text(now, text);
    if (before && strcmp(before, text) == 0) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "%s is not the one that the run was begun with (hash %s, then %.40s): "
                          "put it back, or begin a new run",
                          what, text, before ? before : "none");
}

enum az_status az_checkpoint_check_text(const struct az_checkpoint *checkpoint,
                                        const struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorder_tokens *tokens = &train->tokens;
    AZ_TRY(check_hash(checkpoint, "corpus.hash", train->corpus->text_hash, "the training text",
                      error));
    AZ_TRY(check_hash(checkpoint, "tokenizer.hash", train->corpus->tokenizer_hash, "the tokenizer",
                      error));
    const struct az_tensor *dead = az_safetensors_find(checkpoint->file, "dead_indices");
    if (dead && dead->data && dead->dtype == AZ_DTYPE_I64 &&
        dead->bytes == tokens->dead_count * sizeof *tokens->dead &&
        memcmp(dead->data, tokens->dead, dead->bytes) == 0)
        goto out;
    char steps[AZ_NUMBER_TEXT_BYTES];
    const char *before = az_safetensors_metadata(checkpoint->file, "train.steps");
    snprintf(steps, sizeof steps, "%" PRId64, train->experiment->train.steps);
    if (!before || strcmp(before, steps) == 0)
        AZ_RAISE(AZ_FORMAT, "the checkpoint is damaged, or of another run: its dead tokens are not "
                            "those of this text");
    AZ_RAISE(AZ_USAGE,
             "with train.steps = %s %zu tokens are dead, with the %.20s that the run was begun "
             "with %" PRIu64 ": rows and metrics of the steps that are done would be others",
             steps, tokens->dead_count, before, dead ? dead->bytes / sizeof *tokens->dead : 0);
out:
    if (status != AZ_OK) az_error_at(error, checkpoint->path, -1, -1, -1);
    return status;
}

/* ---- the state ---- */

static enum az_status check_shape(const struct az_tensor *expected, const struct az_tensor *found,
                                  struct az_error *error)
{
    bool same = found && found->dtype == expected->dtype && found->rank == expected->rank;
    for (int n = 0; same && n < expected->rank; n++) same = found->shape[n] == expected->shape[n];
    if (same) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT, "the checkpoint is of another experiment: it has %s %s",
                          found ? "another shape or type of" : "no", expected->name);
}

static enum az_status load_entry(const struct az_checkpoint *checkpoint,
                                 const struct az_checkpoint_entry *entry, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_tensor *found = az_safetensors_find(checkpoint->file, entry->tensor.name);
    AZ_TRY(check_shape(&entry->tensor, found, error));
    if (entry->derived) /* compared by az_checkpoint_check_text */
        goto out;
    AZ_TRY(az_safetensors_read(checkpoint->file, found, 0, (void *)(uintptr_t)entry->tensor.data,
                               entry->tensor.bytes, error));
out:
    return status;
}

static enum az_status load_state(const struct az_checkpoint *checkpoint,
                                 const struct az_checkpoint_state *state, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = 0; n < state->count; n++)
        AZ_TRY(load_entry(checkpoint, &state->entries[n], error));
    if (az_safetensors_count(checkpoint->file) != state->count)
        AZ_RAISE(AZ_FORMAT, "the checkpoint is of another experiment: it has %zu tensors, not %zu",
                 az_safetensors_count(checkpoint->file), state->count);
out:
    return status;
}

/* With the parameters as they are in the file: a few may have been changed for the steps to come.
 */
static enum az_status check_whole(const struct az_checkpoint *checkpoint,
                                  const struct az_checkpoint_state *state,
                                  const struct az_train *train, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const char **metadata = NULL;
    char hash[AZ_HASH_TEXT_BYTES];
    const char *written = az_safetensors_metadata(checkpoint->file, HASH_KEY);
    AZ_TRY(describe(train, "", &metadata, error));
    for (const char **pair = metadata; *pair; pair += 2) {
        pair[1] = az_safetensors_metadata(checkpoint->file, pair[0]);
        if (!pair[1]) AZ_RAISE(AZ_FORMAT, "the checkpoint does not tell %s", pair[0]);
    }
    AZ_TRY(hash_all(state, metadata, hash, error));
    if (!written || strcmp(written, hash) != 0)
        AZ_RAISE(AZ_FORMAT,
                 "the checkpoint is damaged: the hash of what it holds is %s, and it "
                 "was written with %.40s",
                 hash, written ? written : "none");
out:
    az_memory_free(metadata);
    return status;
}

static enum az_status check_motion(const struct az_train *train, struct az_error *error)
{
    for (size_t n = 0; n < train->motion->count; n++)
        if (train->motion->last_motion_step[n] < 0 ||
            train->motion->last_motion_step[n] > train->step)
            return az_error_raise(error, AZ_FORMAT,
                                  "the checkpoint is damaged: a token moved last at step %" PRId64,
                                  train->motion->last_motion_step[n]);
    return AZ_OK;
}

enum az_status az_checkpoint_load(const struct az_checkpoint *checkpoint, struct az_train *train,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_checkpoint_state state;
    AZ_TRY(az_checkpoint_list(&state, train, error));
    AZ_TRY(load_state(checkpoint, &state, error));
    AZ_TRY(check_whole(checkpoint, &state, train, error));
    AZ_TRY(check_motion(train, error));
    if (train->step > 0 && !isfinite(train->loss))
        AZ_RAISE(AZ_USAGE,
                 "the run diverged at step %" PRId64 " (the loss was not finite): there is nothing "
                 "to go on with",
                 train->step);
    train->checkpoint_step = train->resumed_step = train->step;
out:
    az_checkpoint_list_free(&state);
    if (status != AZ_OK) az_error_at(error, checkpoint->path, -1, -1, -1);
    return status;
}
