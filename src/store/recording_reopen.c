/* Going on with a recording: the frames up to a step, in place where the plan is the file's own,
 * else in a copy. While it is copied, the old file stands under the final name. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "config/key.h"
#include "store/container.h"
#include "store/file.h"
#include "store/recording_names.h"
#include "store/recording_sums.h"
#include "store/recording_writer.h"
#include "store/system.h"

#define COPY_BYTES ((uint64_t)8 << 20)

struct reopening {
    const struct az_recording_plan *plan;
    const char *path;
    char *part;
    int64_t step;
    int64_t *keep; /* [tensor_count] frames up to the step */
    struct az_progress *progress;
    struct az_recording_writer *writer;
};

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
    *keep = az_recording_frames_through(planned, step);
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

/* "SECTION.KEY" of a parameter that may change. */
static bool may_change(const char *text)
{
    char section[64];
    const char *dot = strchr(text, '.');
    snprintf(section, sizeof section, "%.*s", (int)(dot - text), text);
    return az_key_may_change(section, dot + 1);
}

/* Parameters must be those of the beginning, but for a few. *same: all of them are. */
static enum az_status check_metadata(const struct az_recording *recording,
                                     const char *const *metadata, bool *same,
                                     struct az_error *error)
{
    *same = true;
    for (; metadata && *metadata; metadata += 2) {
        const char *value = az_recording_text(recording, metadata[0]);
        if (!strchr(metadata[0], '.') || (value && strcmp(value, metadata[1]) == 0)) continue;
        *same = false;
        if (may_change(metadata[0])) continue;
        return az_error_raise(error, AZ_USAGE, "the recording was begun with %s = %s, not %s",
                              metadata[0], value ? value : "(nothing)", metadata[1]);
    }
    return AZ_OK;
}

/* *same: the plan is also that of the file, so that it can be gone on with in place. */
static enum az_status check_recording(const struct reopening *re,
                                      const struct az_recording *recording, bool *same,
                                      struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recording_plan *plan = re->plan;
    AZ_TRY(check_metadata(recording, plan->metadata, same, error));
    for (size_t n = 0; n < plan->tensor_count; n++)
        AZ_TRY(check_movie(recording, &plan->tensors[n], re->step, &re->keep[n], error));
out:
    if (status != AZ_OK) az_error_at(error, az_recording_path(recording), -1, -1, -1);
    return status;
}

/* ---- in place ---- */

static void mark_written(struct az_recording_writer *writer, const int64_t *keep)
{
    for (size_t n = 0; n < writer->count; n++)
        for (int64_t frame = 0; frame < keep[n]; frame++)
            atomic_store(&writer->movies[n].written[frame], true);
}

/* The note first: frames after the step are about to change. AZ_USAGE: the file is of another plan.
 */
static enum az_status go_on_in_place(struct reopening *re, struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *dims = NULL;
    struct az_recording_writer *writer;
    AZ_TRY(az_recording_writer_create(&writer, re->plan, error));
    AZ_TRY(az_memory_allocate(&dims, writer->layout.count, sizeof *dims, "the shapes", error));
    az_recording_layout_shrink(&writer->layout, re->keep, dims);
    AZ_TRY(writer->container->reopen(&writer->file, re->path, writer->layout.tensors,
                                     writer->layout.count, writer->layout.metadata,
                                     re->plan->compression, dims, error));
    mark_written(writer, re->keep);
    AZ_TRY(az_recording_writer_note(writer, re->step, error));
    AZ_TRY(az_recording_writer_start(writer, error));
    re->writer = writer;
out:
    if (status != AZ_OK) az_recording_leave(writer);
    az_memory_free(dims);
    return status;
}

/* Leaves re->writer NULL where the .part has to be copied, or is behind the file beside it, as that
 * of a copy which was itself cut short. */
static enum az_status take_up_part(struct reopening *re, bool beside, struct az_error *error)
{
    struct az_recording *recording = NULL;
    bool same;
    enum az_status status = az_recording_open(&recording, re->part, error);
    if (status == AZ_OK) status = check_recording(re, recording, &same, error);
    az_recording_close(recording);
    const struct az_container_functions *container = az_container_of(re->plan->container);
    if (status == AZ_OK && (same || (container && container->takes_changes))) {
        status = go_on_in_place(re, error);
        if (status == AZ_USAGE) status = AZ_OK;
    }
    if (beside && (status == AZ_FORMAT || status == AZ_USAGE)) status = AZ_OK;
    if (status == AZ_OK && error) az_error_clear(error);
    return status;
}

/* ---- in a copy ---- */

static enum az_status check_sums(const struct az_recording *recording,
                                 const struct az_recorded *movie, int64_t frame, const void *bytes,
                                 struct az_error *error)
{
    struct az_frame_sums written, found = {0, 0};
    if (!az_recording_sums(recording, movie, frame, &written)) return AZ_OK;
    az_frame_sums_add(&found, 0, bytes, (size_t)movie->frame_bytes);
    if (found.plain == written.plain && found.weighted == written.weighted) return AZ_OK;
    return az_error_raise(error, AZ_FORMAT,
                          "the frame of step %" PRId64 " of %s is not what was recorded: the file "
                          "is damaged",
                          az_recording_step_of(movie, frame), movie->name);
}

struct copying {
    double done, total; /* megabytes */
};

static enum az_status copy_movie(struct reopening *re, const struct az_recording *recording,
                                 size_t number, struct copying *copying, struct az_error *error)
{
    enum az_status status = AZ_OK;
    const struct az_recorded *from = az_recording_find(recording, re->plan->tensors[number].name);
    int64_t batch = (int64_t)(COPY_BYTES / from->frame_bytes) + 1, keep = re->keep[number];
    unsigned char *bytes;
    AZ_TRY(az_memory_allocate(&bytes, (size_t)batch, (size_t)from->frame_bytes, "copying frames",
                              error));
    for (int64_t first = 0; first < keep; first += batch) {
        int64_t count = keep - first < batch ? keep - first : batch;
        AZ_TRY(az_recording_read(recording, from, first, count, bytes, error));
        for (int64_t n = 0; n < count; n++) {
            const unsigned char *frame = bytes + (uint64_t)n * from->frame_bytes;
            AZ_TRY(check_sums(recording, from, first + n, frame, error));
            AZ_TRY(az_recording_write(re->writer, number, first + n, frame, error));
        }
        copying->done += (double)count * (double)from->frame_bytes / 1e6;
        az_progress_tell(re->progress, "copying the recording", "MB", copying->done, copying->total,
                         "");
        if (az_progress_stopped(re->progress))
            AZ_RAISE(AZ_INTERRUPTED, "stopped while the recording was copied; nothing is lost");
    }
out:
    az_memory_free(bytes);
    return status;
}

static enum az_status copy_movies(struct reopening *re, const struct az_recording *recording,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct copying copying = {0, 0};
    for (size_t n = 0; n < re->plan->tensor_count; n++)
        copying.total += (double)re->keep[n] * (double)re->writer->movies[n].plan.frame_bytes / 1e6;
    az_progress_begin(re->progress);
    for (size_t n = 0; n < re->plan->tensor_count; n++)
        AZ_TRY(copy_movie(re, recording, n, &copying, error));
    az_progress_end(re->progress, "copying the recording", "MB", copying.done, copying.total, "");
    AZ_TRY(az_recording_sync(re->writer, NULL, error));
out:
    return status;
}

/* From the file of the final name, which goes when the frames are in the new one. */
static enum az_status go_on_in_copy(struct reopening *re, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording = NULL;
    bool same;
    AZ_TRY(az_recording_open(&recording, re->path, error));
    AZ_TRY(check_recording(re, recording, &same, error));
    AZ_TRY(az_recording_create(&re->writer, re->path, re->plan, error));
    AZ_TRY(copy_movies(re, recording, error));
out:
    az_recording_close(recording);
    if (status != AZ_OK) {
        az_recording_abort(re->writer);
        re->writer = NULL;
    }
    return status;
}

/* ---- the whole ---- */

static enum az_status rename_file(const char *from, const char *to, struct az_error *error)
{
    int code = az_system_rename(from, to);
    return code ? az_error_system(error, code, "cannot rename %s", from) : AZ_OK;
}

/* A file under the final name that is as long as planned becomes the .part again. */
static enum az_status go_on(struct reopening *re, struct az_error *error)
{
    enum az_status status = AZ_OK;
    bool whole = az_file_exists(re->path), part = az_file_exists(re->part), renamed = false;
    if (!part) {
        AZ_TRY(rename_file(re->path, re->part, error));
        renamed = true;
        whole = false;
    }
    AZ_TRY(take_up_part(re, whole, error));
    if (!re->writer) {
        if (!whole) AZ_TRY(rename_file(re->part, re->path, error));
        renamed = false;
        whole = true;
        AZ_TRY(go_on_in_copy(re, error));
    }
    if (whole && unlink(re->path) != 0) AZ_RAISE(AZ_IO, "cannot remove the file that was copied");
out:
    if (status != AZ_OK && renamed) az_system_rename(re->part, re->path);
    if (status != AZ_OK) az_recording_leave(re->writer);
    return status;
}

static enum az_status prepare(struct reopening *re, struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t capacity = strlen(re->path) + sizeof ".part", count = re->plan->tensor_count;
    AZ_TRY(az_memory_allocate(&re->part, capacity, 1, "a file name", error));
    snprintf(re->part, capacity, "%s.part", re->path);
    AZ_TRY(az_memory_allocate(&re->keep, count, sizeof *re->keep, "the frames", error));
out:
    return status;
}

static enum az_status finish(struct reopening *re, enum az_status status, struct az_error *error)
{
    if (status != AZ_OK) az_error_at(error, re->path, -1, -1, -1);
    az_memory_free(re->keep);
    az_memory_free(re->part);
    return status;
}

enum az_status az_recording_reopen(struct az_recording_writer **writer, const char *path,
                                   const struct az_recording_plan *plan, int64_t step,
                                   struct az_progress *progress, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct reopening re = {.plan = plan, .path = path, .step = step, .progress = progress};
    *writer = NULL;
    AZ_TRY(prepare(&re, error));
    AZ_TRY(go_on(&re, error));
    *writer = re.writer;
out:
    return finish(&re, status, error);
}

/* ---- looking at it beforehand ---- */

/* Of one of the two files that there may be. */
static enum az_status look(const struct reopening *re, const char *path, bool *in_place,
                           struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording *recording;
    const struct az_container_functions *container = az_container_of(re->plan->container);
    AZ_TRY(az_recording_open(&recording, path, error));
    AZ_TRY(check_recording(re, recording, in_place, error));
    for (size_t n = 0; n < re->plan->tensor_count; n++) {
        const struct az_recorded *planned = &re->plan->tensors[n];
        const struct az_recorded *found = az_recording_find(recording, planned->name);
        *in_place &= az_recording_planned(recording, found) == planned->frames;
    }
    *in_place |= container && container->takes_changes;
out:
    az_recording_close(recording);
    return status;
}

enum az_status az_recording_held(const char *path, const struct az_recording_plan *plan,
                                 int64_t step, uint64_t *held_bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct reopening re = {.plan = plan, .path = path, .step = step};
    struct stat about;
    bool in_place;
    *held_bytes = 0;
    AZ_TRY(prepare(&re, error));
    bool whole = az_file_exists(path), part = az_file_exists(re.part);
    const char *file = part ? re.part : path;
    if (!part && !whole) AZ_RAISE(AZ_MISSING, "neither %s nor its .part is there", path);
    status = look(&re, file, &in_place, error);
    if (part && whole && (status == AZ_FORMAT || status == AZ_USAGE)) {
        if (error) az_error_clear(error);
        status = look(&re, path, &in_place, error);
        in_place = false;
    }
    if (status == AZ_OK && in_place && stat(file, &about) == 0)
        *held_bytes = (uint64_t)about.st_blocks * 512;
out:
    return finish(&re, status, error);
}
