/* Going on with a recording: the same plan, the frames up to a step. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "store/container.h"
#include "store/file.h"
#include "store/recording_names.h"
#include "store/recording_writer.h"

static int64_t frames_through(const struct az_recorded *movie, int64_t step)
{
    int64_t frames = 0;
    if (!movie->steps && step < movie->first_step) return 0;
    if (!movie->steps) frames = step - movie->first_step + 1;
    while (movie->steps && frames < movie->frames && movie->steps[frames] <= step) frames++;
    return frames < movie->frames ? frames : movie->frames;
}

static bool same_frames(const struct az_recorded *planned, const struct az_recorded *found)
{
    size_t shape = (size_t)planned->frame_rank * sizeof planned->frame_shape[0];
    if (planned->dtype != found->dtype || planned->frame_rank != found->frame_rank ||
        memcmp(planned->frame_shape, found->frame_shape, shape) != 0 ||
        !planned->token_ids != !found->token_ids)
        return false;
    size_t ids = planned->token_ids ? (size_t)planned->frame_shape[0] * sizeof(int64_t) : 0;
    return ids == 0 || memcmp(planned->token_ids, found->token_ids, ids) == 0;
}

/* *keep: frames of the movie up to the step. */
static enum az_status check_movie(const struct az_recording *recording,
                                  const struct az_recorded *planned, int64_t step, int64_t *keep,
                                  struct az_error *error)
{
    const struct az_recorded *found = az_recording_find(recording, planned->name);
    *keep = frames_through(planned, step);
    if (!found || !same_frames(planned, found))
        return az_error_raise(error, AZ_USAGE,
                              "the recording has no %s of the type, shape and rows that are to be "
                              "recorded; it goes on as it was begun, or not at all",
                              planned->name);
    if (found->frames < *keep)
        return az_error_raise(error, AZ_FORMAT,
                              "%s has %" PRId64 " whole frames; to go on after step %" PRId64
                              " it needs %" PRId64,
                              planned->name, found->frames, step, *keep);
    for (int64_t n = 0; n < *keep; n++)
        if (az_recording_step_of(found, n) != az_recording_step_of(planned, n))
            return az_error_raise(error, AZ_USAGE,
                                  "frame %" PRId64 " of %s was recorded at step %" PRId64
                                  ", not at %" PRId64 ": record.%s has changed",
                                  n, planned->name, az_recording_step_of(found, n),
                                  az_recording_step_of(planned, n), planned->name);
    return AZ_OK;
}

/* Parameters, SECTION.KEY, must be those of the beginning. */
static enum az_status check_metadata(const struct az_recording *recording,
                                     const char *const *metadata, struct az_error *error)
{
    for (; metadata && *metadata; metadata += 2) {
        const char *value = az_recording_text(recording, metadata[0]);
        if (!strchr(metadata[0], '.') || (value && strcmp(value, metadata[1]) == 0)) continue;
        return az_error_raise(error, AZ_USAGE, "the recording was begun with %s = %s, not %s",
                              metadata[0], value ? value : "(nothing)", metadata[1]);
    }
    return AZ_OK;
}

static enum az_status check_recording(const struct az_recording *recording,
                                      const struct az_recording_plan *plan, int64_t step,
                                      int64_t *keep, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(check_metadata(recording, plan->metadata, error));
    for (size_t n = 0; n < plan->tensor_count; n++)
        AZ_TRY(check_movie(recording, &plan->tensors[n], step, &keep[n], error));
out:
    if (status != AZ_OK) az_error_at(error, az_recording_path(recording), -1, -1, -1);
    return status;
}

static void mark_written(struct az_recording_writer *writer, const int64_t *keep)
{
    for (size_t n = 0; n < writer->count; n++)
        for (int64_t frame = 0; frame < keep[n]; frame++)
            atomic_store(&writer->movies[n].written[frame], true);
}

/* The note first: frames after the step are about to change. */
static enum az_status go_on_in_place(struct az_recording_writer **writer_pointer, const char *path,
                                     const struct az_recording_plan *plan, int64_t step,
                                     const int64_t *keep, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *dims = NULL;
    struct az_recording_writer *writer;
    AZ_TRY(az_recording_writer_create(&writer, plan, error));
    AZ_TRY(az_memory_allocate(&dims, writer->layout.count, sizeof *dims, "the shapes", error));
    az_recording_layout_shrink(&writer->layout, keep, dims);
    AZ_TRY(writer->container->reopen(&writer->file, path, writer->layout.tensors,
                                     writer->layout.count, writer->layout.metadata, dims, error));
    mark_written(writer, keep);
    AZ_TRY(az_recording_writer_note(writer, step, error));
    AZ_TRY(az_recording_writer_start(writer, error));
    *writer_pointer = writer;
out:
    if (status != AZ_OK) az_recording_leave(writer);
    az_memory_free(dims);
    return status;
}

/* A new file; the old one stays until the new one takes its name. */
static enum az_status go_on_in_copy(struct az_recording_writer **writer_pointer, const char *path,
                                    const struct az_recording_plan *plan,
                                    const struct az_recording *recording, const int64_t *keep,
                                    struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_writer *writer = NULL;
    void *frame = NULL;
    AZ_TRY(az_recording_create(&writer, path, plan, error));
    for (size_t n = 0; n < plan->tensor_count; n++) {
        const struct az_recorded *from = az_recording_find(recording, plan->tensors[n].name);
        az_memory_free(frame);
        AZ_TRY(az_memory_allocate(&frame, 1, (size_t)from->frame_bytes, "a frame", error));
        for (int64_t t = 0; t < keep[n]; t++) {
            AZ_TRY(az_recording_read(recording, from, t, 1, frame, error));
            AZ_TRY(az_recording_write(writer, n, t, frame, error));
        }
    }
    AZ_TRY(az_recording_sync(writer, NULL, error));
    *writer_pointer = writer;
out:
    if (status != AZ_OK) az_recording_abort(writer);
    az_memory_free(frame);
    return status;
}

/* *recording: of `path`, fit to go on after the step, or NULL with the reason. */
static enum az_status open_fit(struct az_recording **recording, const char *path,
                               const struct az_recording_plan *plan, int64_t step, int64_t *keep,
                               struct az_error *error)
{
    enum az_status status = az_recording_open(recording, path, error);
    if (status != AZ_OK) return status;
    status = check_recording(*recording, plan, step, keep, error);
    if (status == AZ_OK) return AZ_OK;
    az_recording_close(*recording);
    *recording = NULL;
    return status;
}

enum az_status az_recording_reopen(struct az_recording_writer **writer, const char *path,
                                   const struct az_recording_plan *plan, int64_t step,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording = NULL;
    int64_t *keep = NULL;
    char *part = NULL;
    size_t capacity = strlen(path) + sizeof ".part";
    *writer = NULL;
    AZ_TRY(az_memory_allocate(&part, capacity, 1, "a file name", error));
    snprintf(part, capacity, "%s.part", path);
    AZ_TRY(az_memory_allocate(&keep, plan->tensor_count, sizeof *keep, "the frames", error));
    bool whole = az_file_exists(path);
    if (az_file_exists(part)) {
        /* A .part of a copy that was itself cut short may be behind the whole file. */
        status = open_fit(&recording, part, plan, step, keep, error);
        if (status != AZ_OK && !whole) goto out;
        az_recording_close(recording);
        if (status == AZ_OK) {
            recording = NULL;
            AZ_TRY(go_on_in_place(writer, path, plan, step, keep, error));
            goto out;
        }
    }
    AZ_TRY(open_fit(&recording, path, plan, step, keep, error));
    AZ_TRY(go_on_in_copy(writer, path, plan, recording, keep, error));
out:
    az_recording_close(recording);
    az_memory_free(keep);
    az_memory_free(part);
    if (status != AZ_OK) az_error_at(error, path, -1, -1, -1);
    return status;
}
