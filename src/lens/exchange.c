#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "lens/exchange_state.h"

static bool is_wanted(const struct az_selection *selection, const char *name)
{
    if (!selection->tensors) return true;
    for (const char *const *wanted = selection->tensors; *wanted; wanted++)
        if (strcmp(*wanted, name) == 0) return true;
    return false;
}

static enum az_status check_names(const struct az_recording *recording,
                                  const struct az_selection *selection, struct az_error *error)
{
    const struct az_recorded *tensor;
    for (const char *const *name = selection->tensors; name && *name; name++) {
        enum az_status status = az_recording_require(recording, *name, &tensor, error);
        if (status != AZ_OK) return status;
    }
    return AZ_OK;
}

static enum az_status make_slices(struct az_exchange *exchange,
                                  const struct az_selection *selection, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_frame_walk walk;
    size_t box = 1, largest = 1;
    exchange->whole = true;
    AZ_TRY(az_frame_walk_open(&walk, exchange->recording, error));
    AZ_TRY(az_memory_allocate(&exchange->slices, walk.count, sizeof *exchange->slices, "tensors",
                              error));
    AZ_TRY(
        az_memory_allocate(&exchange->next, walk.count, sizeof *exchange->next, "frames", error));
    for (size_t n = 0; n < walk.count; n++) {
        struct az_slice *slice = &exchange->slices[exchange->count];
        if (!is_wanted(selection, walk.tensors[n]->name)) {
            exchange->whole = false;
            continue;
        }
        exchange->count++;
        AZ_TRY(az_slice_make(slice, exchange->recording, walk.tensors[n], selection, error));
        exchange->whole &= az_slice_is_whole(slice);
        exchange->total_frames += slice->out.frames;
        exchange->total_bytes += (uint64_t)slice->out.frames * slice->out.frame_bytes;
        if (slice->box_bytes > box) box = slice->box_bytes;
        if (slice->out.frame_bytes > largest) largest = (size_t)slice->out.frame_bytes;
    }
    if (!exchange->total_frames)
        AZ_RAISE(AZ_USAGE,
                 "no frame has a step that is wanted; the recording goes to step %" PRId64,
                 az_recording_last_step(exchange->recording));
    AZ_TRY(az_memory_allocate(&exchange->box, box, 1, "a frame", error));
    for (int n = 0; n < 2; n++)
        AZ_TRY(az_memory_allocate(&exchange->frames[n].bytes, largest, 1, "a frame", error));
out:
    az_frame_walk_close(&walk);
    return status;
}

static enum az_status check_numbers(const struct az_selection *selection, struct az_error *error)
{
    bool steps = selection->first_step >= 0 && selection->every >= 0 &&
                 (!selection->end_step || selection->end_step > selection->first_step);
    if (steps && selection->first_dim >= 0 && selection->dims >= 0) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "steps and dimensions must go from 0 up, and the end "
                          "must lie after the start");
}

enum az_status az_exchange_open(struct az_exchange *exchange, const struct az_recording *recording,
                                const struct az_selection *selection, struct az_error *error)
{
    enum az_status status = AZ_OK;
    *exchange = (struct az_exchange){.recording = recording};
    AZ_TRY(check_numbers(selection, error));
    AZ_TRY(check_names(recording, selection, error));
    AZ_TRY(make_slices(exchange, selection, error));
out:
    return status;
}

void az_exchange_close(struct az_exchange *exchange)
{
    for (size_t n = 0; n < exchange->count; n++) az_slice_free(&exchange->slices[n]);
    for (int n = 0; n < 2; n++) az_memory_free(exchange->frames[n].bytes);
    az_memory_free(exchange->slices);
    az_memory_free(exchange->next);
    az_memory_free(exchange->box);
    *exchange = (struct az_exchange){0};
}

enum az_status az_exchange_check_path(const struct az_recording *recording, const char *path,
                                      struct az_error *error)
{
    char part[4096];
    struct stat read, written;
    int length = snprintf(part, sizeof part, "%s.part", path);
    if (length < 0 || (size_t)length >= sizeof part)
        return az_error_raise(error, AZ_USAGE, "the name of the file is too long");
    if (stat(az_recording_path(recording), &read) != 0 || stat(part, &written) != 0) return AZ_OK;
    if (read.st_ino != written.st_ino || read.st_dev != written.st_dev) return AZ_OK;
    return az_error_raise(error, AZ_USAGE,
                          "%s would be written under the name of the recording that is read; take "
                          "another name",
                          path);
}

static int64_t next_step(const struct az_exchange *exchange, size_t n)
{
    const struct az_slice *slice = &exchange->slices[n];
    return exchange->next[n] < slice->out.frames ? slice->steps[exchange->next[n]] : INT64_MAX;
}

void az_exchange_read(struct az_exchange *exchange, struct az_exchange_frame *frame)
{
    int64_t least = INT64_MAX;
    frame->slice = SIZE_MAX;
    frame->status = AZ_OK;
    az_error_clear(&frame->error);
    for (size_t n = 0; n < exchange->count; n++) {
        int64_t step = next_step(exchange, n);
        if (step >= least) continue;
        least = step;
        frame->slice = n;
    }
    if (frame->slice == SIZE_MAX) return;
    frame->frame = exchange->next[frame->slice]++;
    frame->status = az_slice_read(&exchange->slices[frame->slice], exchange->recording,
                                  frame->frame, exchange->box, frame->bytes, &frame->error);
}
