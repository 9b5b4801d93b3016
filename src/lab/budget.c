#include "lab/budget.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/memory.h"
#include "lab/checkpoint.h"
#include "lab/optimizer.h"
#include "lab/train_live.h"

/* ---- the table ---- */

static enum az_status add_line(struct az_train_plan *plan, const char *name, uint64_t memory_bytes,
                               uint64_t disk_bytes, struct az_error *error)
{
    size_t memory, disk;
    if (plan->line_count == AZ_BUDGET_LINES)
        return az_error_raise(error, AZ_BUDGET, "the table of the budget is full");
    struct az_budget_line *line = &plan->lines[plan->line_count++];
    snprintf(line->name, sizeof line->name, "%s", name);
    line->memory_bytes = memory_bytes;
    line->disk_bytes = disk_bytes;
    enum az_status status = az_size_add(plan->memory_bytes, memory_bytes, &memory, error);
    if (status == AZ_OK) status = az_size_add(plan->disk_bytes, disk_bytes, &disk, error);
    if (status != AZ_OK) return status;
    plan->memory_bytes = memory;
    plan->disk_bytes = disk;
    return AZ_OK;
}

static enum az_status add_model(struct az_train_plan *plan, const struct az_budget_facts *facts,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_model_memory memory;
    size_t optimizer, motion, live;
    size_t positions = facts->model->batch * facts->model->context;
    AZ_TRY(az_model_memory_plan(facts->model, facts->threads, &memory, error));
    AZ_TRY(az_optimizer_memory(facts->experiment, facts->parameters, &optimizer, error));
    AZ_TRY(az_train_motion_memory(facts->dead, facts->model->width, facts->model->tied, &motion,
                                  error));
    AZ_TRY(az_train_live_memory(facts->dead, facts->model->width, positions, &live, error));
    AZ_TRY(add_line(plan, "model: parameters", memory.parameters, 0, error));
    AZ_TRY(add_line(plan, "model: gradients", memory.gradients, 0, error));
    AZ_TRY(add_line(plan, "model: activations", memory.activations, 0, error));
    AZ_TRY(add_line(plan, "model: scratch", memory.scratch, 0, error));
    AZ_TRY(add_line(plan, "optimizer", optimizer, 0, error));
    AZ_TRY(add_line(plan, "batch, dead tokens", motion + live + 2 * positions * sizeof(uint32_t), 0,
                    error));
out:
    return status;
}

/* What packing leaves of a record, at least and at most, as measured (docs/recordings.md): little
 * of rows that have frozen, most of the first steps. */
struct share {
    double least, most;
};

static bool is_packed(const struct az_recorder_plan *recorder)
{
    return recorder->recording.container == AZ_CONTAINER_HDF5 &&
           recorder->recording.compression != AZ_COMPRESSION_NONE;
}

static struct share share_of(const struct az_recorder_plan *recorder, enum az_record record)
{
    static const struct share shares[AZ_RECORD_COUNT] = {
        [AZ_RECORD_W] = {0.03, 0.78},
        [AZ_RECORD_GRADIENT] = {0.3, 0.9},
        [AZ_RECORD_MOMENTUM] = {0.1, 0.95},
        [AZ_RECORD_VARIANCE] = {0.05, 0.95},
        [AZ_RECORD_UNEMBEDDING] = {0.03, 0.78},
        [AZ_RECORD_UNEMBEDDING_GRADIENT] = {0.3, 0.9},
        [AZ_RECORD_UNEMBEDDING_MOMENTUM] = {0.1, 0.95},
        [AZ_RECORD_UNEMBEDDING_VARIANCE] = {0.05, 0.95},
        [AZ_RECORD_HIDDEN] = {0.4, 0.9},
        [AZ_RECORD_PARAMETERS] = {0.3, 1}};
    return is_packed(recorder) ? shares[record] : (struct share){1, 1};
}

/* Bytes of the frames of one record after a step (-1: all); 0 when it is not recorded. */
static enum az_status frames_bytes(const struct az_recorder_plan *recorder, enum az_record record,
                                   int64_t after, uint64_t *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t sum = 0, product;
    for (size_t s = 0; s < recorder->source_count; s++) {
        const struct az_recorded *recorded = &recorder->sources[s].recorded;
        if (recorder->origins[s].is_series || recorder->origins[s].record != record) continue;
        int64_t frames = recorded->frames - az_recording_frames_through(recorded, after);
        AZ_TRY(az_size_multiply(recorded->frame_bytes, (size_t)frames, &product, error));
        AZ_TRY(az_size_add(sum, product, &sum, error));
    }
    *bytes = sum;
out:
    return status;
}

/* Of the file, and of the memory of its writer. */
static enum az_status recording_bytes(const struct az_recorder_plan *recorder, uint64_t *bytes,
                                      uint64_t *memory_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recorded *tensors = NULL;
    struct az_recording_plan whole;
    AZ_TRY(az_recorder_plan_whole(recorder, &whole, &tensors, error));
    AZ_TRY(az_recording_plan_bytes(&whole, bytes, error));
    AZ_TRY(az_recording_plan_memory(&whole, memory_bytes, error));
out:
    az_memory_free(tensors);
    return status;
}

/* The file; of a packed one that is gone on with, what it takes now and the frames to come. */
static enum az_status add_frames(struct az_train_plan *plan, const struct az_budget_facts *facts,
                                 uint64_t total, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorder_plan *recorder = facts->recorder;
    bool grows = is_packed(recorder) && facts->held;
    uint64_t there = grows ? facts->held->recording_bytes : 0, left = total;
    plan->recording_bytes = plan->recording_least_bytes = there;
    if (there) AZ_TRY(add_line(plan, "recording: what is there", 0, there, error));
    for (int r = 0; r < AZ_RECORD_COUNT; r++) {
        char name[64];
        uint64_t all, bytes;
        AZ_TRY(frames_bytes(recorder, (enum az_record)r, -1, &all, error));
        if (all == 0) continue;
        AZ_TRY(frames_bytes(recorder, (enum az_record)r, grows ? facts->held->step : -1, &bytes,
                            error));
        struct share share = share_of(recorder, (enum az_record)r);
        uint64_t most = (uint64_t)(share.most * (double)bytes);
        snprintf(name, sizeof name, "recording: %s%s", az_record_name((enum az_record)r),
                 grows ? ", to come" : "");
        AZ_TRY(add_line(plan, name, 0, most, error));
        left -= all;
        plan->recording_bytes += most;
        plan->recording_least_bytes += (uint64_t)(share.least * (double)bytes);
    }
    AZ_TRY(add_line(plan, "recording: losses, lists, header", 0, left, error));
    plan->recording_bytes += left;
    plan->recording_least_bytes += left;
out:
    return status;
}

static enum az_status add_recording(struct az_train_plan *plan, const struct az_budget_facts *facts,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorder_plan *recorder = facts->recorder;
    size_t ring;
    uint64_t total, packing;
    AZ_TRY(recording_bytes(recorder, &total, &packing, error));
    AZ_TRY(az_recorder_memory(recorder->sources, recorder->source_count, &ring, error));
    AZ_TRY(add_line(plan, "recording: frames on their way", ring, 0, error));
    if (packing) AZ_TRY(add_line(plan, "recording: chunks being packed", packing, 0, error));
    AZ_TRY(add_frames(plan, facts, total, error));
out:
    return status;
}

/* The checkpoint is written beside the one that is there. */
static void count_held(struct az_train_plan *plan, const struct az_budget_held *held)
{
    if (!held) return;
    plan->resumed = true;
    plan->resumed_step = held->step;
    plan->disk_held_bytes = held->recording_bytes + held->checkpoint_bytes;
    if (plan->disk_held_bytes > plan->disk_bytes) plan->disk_held_bytes = plan->disk_bytes;
}

/* The nearest ancestor that exists says how much room there is. */
static enum az_status measure_disk(struct az_train_plan *plan, const char *directory,
                                   struct az_error *error)
{
    char path[AZ_TEXT_BYTES];
    struct statvfs about;
    snprintf(path, sizeof path, "%s", directory);
    while (statvfs(path, &about) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return az_error_system(error, errno, "cannot see how much room there is for %s",
                                   directory);
        char *slash = strrchr(path, '/');
        if (slash && slash != path)
            *slash = 0;
        else
            snprintf(path, sizeof path, slash ? "/" : ".");
    }
    plan->disk_free_bytes = (uint64_t)about.f_bavail * about.f_frsize;
    return AZ_OK;
}

/* Tokenizer, masks, metrics, manifest: the first by a guess on the large side. */
static uint64_t other_files_bytes(const struct az_budget_facts *facts)
{
    uint64_t vocabulary = facts->model->vocabulary;
    return vocabulary * (90 + 18) + (uint64_t)facts->experiment->train.steps * 96 + (1 << 16);
}

enum az_status az_budget_fill(struct az_train_plan *plan, const struct az_budget_facts *facts,
                              struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_experiment *experiment = facts->experiment;
    size_t checkpoint;
    az_memory_trim();
    plan->memory_limit_bytes = (uint64_t)experiment->budget.memory_bytes;
    plan->recording_limit_bytes = (uint64_t)(experiment->record.container == AZ_CONTAINER_HDF5
                                                 ? experiment->budget.hdf5_bytes
                                                 : experiment->budget.safetensors_bytes);
    size_t resident = az_memory_resident_bytes(), available = az_memory_available_bytes();
    plan->memory_free_bytes = available ? available + resident : 0;
    AZ_TRY(add_line(plan, "program, corpus, tokenizer", resident, 0, error));
    AZ_TRY(add_model(plan, facts, error));
    AZ_TRY(add_recording(plan, facts, error));
    AZ_TRY(add_line(plan, "trained model", 0, facts->parameters * sizeof(struct az_bf16), error));
    AZ_TRY(az_checkpoint_bytes(experiment, facts->parameters, facts->dead, &checkpoint, error));
    AZ_TRY(add_line(plan, "checkpoint, the next beside it", 0, 2 * (uint64_t)checkpoint, error));
    AZ_TRY(add_line(plan, "tokenizer, masks, metrics", 0, other_files_bytes(facts), error));
    uint64_t peak = az_memory_peak_bytes();
    if (peak > plan->memory_bytes)
        AZ_TRY(
            add_line(plan, "reading the text, before that", peak - plan->memory_bytes, 0, error));
    count_held(plan, facts->held);
    if (facts->directory) AZ_TRY(measure_disk(plan, facts->directory, error));
out:
    return status;
}

/* ---- the limits ---- */

static double gigabytes(uint64_t bytes) { return (double)bytes / 1e9; }

/* In tenths of a gigabyte, rounded up: a limit that lets the run through. */
static double enough(uint64_t bytes) { return ceil(gigabytes(bytes) * 10) / 10; }

static enum az_status check_memory(const struct az_train_plan *plan, struct az_error *error)
{
    uint64_t need = plan->memory_bytes, limit = plan->memory_limit_bytes;
    uint64_t there = plan->memory_free_bytes;
    if (need <= limit && (need <= there || there == 0)) return AZ_OK;
    if (need <= limit)
        return az_error_raise(error, AZ_BUDGET,
                              "the run would take %.3f GB of memory, %.3f GB more than the %.3f GB "
                              "that this machine has to give: lower train.batch or the size of "
                              "the model, or end other programs",
                              gigabytes(need), gigabytes(need - there), gigabytes(there));
    return az_error_raise(error, AZ_BUDGET,
                          "the run would take %.3f GB of memory, %.3f GB over budget.memory = "
                          "%.3f GB: lower train.batch or the size of the model, or allow it with "
                          "-P budget.memory=%.1fGB",
                          gigabytes(need), gigabytes(need - limit), gigabytes(limit), enough(need));
}

static enum az_status check_recording(const struct az_train_plan *plan, const char *key,
                                      struct az_error *error)
{
    uint64_t need = plan->recording_least_bytes, limit = plan->recording_limit_bytes;
    if (need <= limit) return AZ_OK;
    return az_error_raise(error, AZ_BUDGET,
                          "the recording would take %.3f GB, %.3f GB over budget.%s = %.3f GB: "
                          "record fewer steps (such as -P record.W=10) or rows (-P "
                          "record.rows=dead), or allow it with -P budget.%s=%.1fGB",
                          gigabytes(need), gigabytes(need - limit), key, gigabytes(limit), key,
                          enough(need));
}

static enum az_status check_disk(const struct az_train_plan *plan, const char *directory,
                                 struct az_error *error)
{
    uint64_t need = plan->disk_bytes - (plan->recording_bytes - plan->recording_least_bytes);
    uint64_t free_bytes = plan->disk_free_bytes;
    need -= plan->disk_held_bytes < need ? plan->disk_held_bytes : need;
    if (!directory || need <= free_bytes) return AZ_OK;
    if (plan->resumed)
        return az_error_raise(error, AZ_BUDGET,
                              "to go on the run would write %.3f GB, %.3f GB more than the %.3f GB "
                              "that are free where %s lies: make room there, or go on to fewer "
                              "steps with -P train.steps",
                              gigabytes(need), gigabytes(need - free_bytes), gigabytes(free_bytes),
                              directory);
    return az_error_raise(error, AZ_BUDGET,
                          "the run would write %.3f GB, %.3f GB more than the %.3f GB that are "
                          "free where %s lies: record fewer steps (such as -P record.W=10) or "
                          "rows (-P record.rows=dead), or choose another place with -o",
                          gigabytes(need), gigabytes(need - free_bytes), gigabytes(free_bytes),
                          directory);
}

enum az_status az_budget_check(const struct az_train_plan *plan,
                               const struct az_budget_facts *facts, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool hdf5 = facts->experiment->record.container == AZ_CONTAINER_HDF5;
    AZ_TRY(check_memory(plan, error));
    AZ_TRY(check_recording(plan, hdf5 ? "hdf5" : "safetensors", error));
    AZ_TRY(check_disk(plan, facts->directory, error));
out:
    return status;
}
