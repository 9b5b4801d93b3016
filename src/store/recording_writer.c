#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "store/container.h"
#include "store/recording_names.h"
#include "store/recording_sums.h"
#include "store/recording_writer.h"

#define NOTE_INTERVAL_SECONDS 2

static enum az_status copy_movies(struct az_recording_writer *writer,
                                  const struct az_recording_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    AZ_TRY(az_memory_allocate(&writer->movies, plan->tensor_count, sizeof *writer->movies,
                              "the plan of a recording", error));
    writer->count = plan->tensor_count;
    for (size_t n = 0; n < writer->count; n++) {
        struct az_recording_movie *movie = &writer->movies[n];
        size_t frames = (size_t)plan->tensors[n].frames;
        movie->plan = plan->tensors[n];
        movie->plan.steps = movie->plan.token_ids = NULL;
        movie->plan.frame_bytes = az_recording_layout_frame_bytes(&writer->layout, n);
        AZ_TRY(az_memory_allocate(&movie->written, frames, sizeof *movie->written,
                                  "the list of frames", error));
        if (!plan->tensors[n].steps) continue;
        AZ_TRY(az_memory_allocate(&movie->steps, frames, sizeof *movie->steps, "the list of steps",
                                  error));
        memcpy(movie->steps, plan->tensors[n].steps, frames * sizeof *movie->steps);
        movie->plan.steps = movie->steps;
    }
out:
    return status;
}

/* The last step up to which every tensor's frames are written, or are whole in the file; -1 for
 * none. */
static int64_t through_step(struct az_recording_writer *writer, bool in_file)
{
    int64_t through = INT64_MAX, last = -1;
    for (size_t n = 0; n < writer->count; n++) {
        struct az_recording_movie *movie = &writer->movies[n];
        int64_t frames = movie->plan.frames, next = movie->written_first;
        while (next < frames && atomic_load(&movie->written[next])) next++;
        movie->written_first = next;
        int64_t whole = in_file ? writer->container->whole(writer->file, n) : next;
        if (whole < next) next = whole;
        int64_t before_next =
            next < frames ? az_recording_step_of(&movie->plan, next) - 1 : INT64_MAX;
        if (before_next < through) through = before_next;
        int64_t end = frames ? az_recording_step_of(&movie->plan, frames - 1) : -1;
        if (end > last) last = end;
    }
    return through < last ? through : last;
}

static enum az_status write_note(struct az_recording_writer *writer, int64_t step,
                                 struct az_error *error)
{
    char text[AZ_RECORDING_NOTE_BYTES];
    snprintf(text, sizeof text, "%012" PRId64, step);
    enum az_status status =
        writer->container->amend(writer->file, AZ_RECORDING_NOTE_KEY, text, error);
    if (status == AZ_OK) writer->noted_step = step;
    return status;
}

/* The data first, then the note, so that the note is true whenever the machine stops. */
static enum az_status note_progress(struct az_recording_writer *writer, bool all,
                                    struct az_error *error)
{
    int64_t step = through_step(writer, false);
    if (step <= writer->noted_step) return AZ_OK;
    enum az_status status = writer->container->sync(writer->file, all, error);
    if (status == AZ_OK && writer->container->whole) {
        int64_t whole = through_step(writer, true);
        if (whole < step) step = whole;
    }
    if (status != AZ_OK || step <= writer->noted_step) return status;
    return write_note(writer, step, error);
}

static void *keep_notes(void *context)
{
    struct az_recording_writer *writer = context;
    struct timespec until;
    pthread_mutex_lock(&writer->lock);
    while (!writer->ending && writer->failure.status == AZ_OK) {
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_sec += NOTE_INTERVAL_SECONDS;
        int code = 0;
        while (!writer->ending && code != ETIMEDOUT)
            code = pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
        if (!writer->ending) note_progress(writer, false, &writer->failure);
    }
    atomic_store(&writer->failed, writer->failure.status != AZ_OK);
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

enum az_status az_recording_writer_start(struct az_recording_writer *writer, struct az_error *error)
{
    int code = pthread_create(&writer->thread, NULL, keep_notes, writer);
    if (code) return az_error_system(error, code, "cannot start the thread that notes progress");
    writer->thread_runs = true;
    return AZ_OK;
}

static void init_lock(struct az_recording_writer *writer)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&writer->lock, NULL);
}

static void stop_notes(struct az_recording_writer *writer)
{
    if (!writer->thread_runs) return;
    pthread_mutex_lock(&writer->lock);
    writer->ending = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    writer->thread_runs = false;
}

static void free_writer(struct az_recording_writer *writer)
{
    for (size_t n = 0; writer->movies && n < writer->count; n++) {
        az_memory_free(writer->movies[n].steps);
        az_memory_free(writer->movies[n].written);
    }
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->wake);
    az_memory_free(writer->movies);
    az_recording_layout_free(&writer->layout);
    az_memory_free(writer);
}

/* Companions and constants, whose values are known now. */
static enum az_status write_constants(struct az_recording_writer *writer, struct az_error *error)
{
    enum az_status status = AZ_OK;
    for (size_t n = writer->count; n < writer->layout.count; n++) {
        const struct az_tensor *tensor = &writer->layout.tensors[n];
        if (!tensor->data) continue; /* sums come with their frames */
        AZ_TRY(writer->container->write(writer->file, n, 0, tensor->data, (size_t)tensor->bytes,
                                        error));
    }
out:
    return status;
}

enum az_status az_recording_writer_create(struct az_recording_writer **writer_pointer,
                                          const struct az_recording_plan *plan,
                                          struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_writer *writer;
    *writer_pointer = NULL;
    AZ_TRY(az_memory_allocate(&writer, 1, sizeof *writer, "a recording", error));
    init_lock(writer);
    writer->noted_step = -1;
    *writer_pointer = writer;
    AZ_TRY(az_recording_layout(&writer->layout, plan, error));
    writer->container = writer->layout.container;
    AZ_TRY(copy_movies(writer, plan, error));
out:
    return status;
}

enum az_status az_recording_create(struct az_recording_writer **writer_pointer, const char *path,
                                   const struct az_recording_plan *plan, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_writer *writer;
    *writer_pointer = NULL;
    AZ_TRY(az_recording_writer_create(&writer, plan, error));
    AZ_TRY(writer->container->create(&writer->file, path, writer->layout.tensors,
                                     writer->layout.count, writer->layout.metadata,
                                     plan->compression, error));
    AZ_TRY(write_constants(writer, error));
    AZ_TRY(az_recording_writer_start(writer, error));
    *writer_pointer = writer;
out:
    if (status != AZ_OK) {
        az_recording_abort(writer);
        az_error_at(error, path, -1, -1, -1);
    }
    return status;
}

/* A failed flush is told once by the system; whoever comes next must hear of it. */
static enum az_status told_failure(struct az_recording_writer *writer, struct az_error *error)
{
    if (!atomic_load(&writer->failed)) return AZ_OK;
    if (error) *error = writer->failure;
    return writer->failure.status;
}

static enum az_status write_sums(struct az_recording_writer *writer, size_t tensor, int64_t frame,
                                 const void *bytes, struct az_error *error)
{
    struct az_frame_sums sums = {0, 0};
    size_t to = writer->layout.sums_of[tensor];
    if (to == SIZE_MAX) return AZ_OK;
    az_frame_sums_add(&sums, 0, bytes, (size_t)writer->movies[tensor].plan.frame_bytes);
    return writer->container->write(writer->file, to, (uint64_t)frame * sizeof sums, &sums,
                                    sizeof sums, error);
}

enum az_status az_recording_write(struct az_recording_writer *writer, size_t tensor, int64_t frame,
                                  const void *bytes, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_recording_movie *movie = tensor < writer->count ? &writer->movies[tensor] : NULL;
    if (!movie || frame < 0 || frame >= movie->plan.frames)
        AZ_RAISE(AZ_USAGE, "frame %" PRId64 " of tensor number %zu was not planned", frame, tensor);
    AZ_TRY(told_failure(writer, error));
    uint64_t size = movie->plan.frame_bytes;
    AZ_TRY(writer->container->write(writer->file, tensor, (uint64_t)frame * size, bytes,
                                    (size_t)size, error));
    AZ_TRY(write_sums(writer, tensor, frame, bytes, error));
    atomic_store(&movie->written[frame], true);
out:
    return status;
}

enum az_status az_recording_writer_note(struct az_recording_writer *writer, int64_t step,
                                        struct az_error *error)
{
    enum az_status status = write_note(writer, step, error);
    return status == AZ_OK ? writer->container->sync(writer->file, true, error) : status;
}

enum az_status az_recording_sync(struct az_recording_writer *writer, int64_t *through,
                                 struct az_error *error)
{
    enum az_status status = told_failure(writer, error);
    if (status != AZ_OK) return status;
    pthread_mutex_lock(&writer->lock);
    status = note_progress(writer, true, error);
    if (through) *through = writer->noted_step;
    pthread_mutex_unlock(&writer->lock);
    return status;
}

enum az_status az_recording_room(struct az_recording_writer *writer, struct az_recording_room *room,
                                 struct az_error *error)
{
    *room = (struct az_recording_room){.free_bytes = UINT64_MAX};
    if (!writer->container->room) return AZ_OK;
    return writer->container->room(writer->file, room, error);
}

enum az_status az_recording_amend(struct az_recording_writer *writer, const char *key,
                                  const char *value, struct az_error *error)
{
    pthread_mutex_lock(&writer->lock);
    enum az_status status = writer->container->amend(writer->file, key, value, error);
    pthread_mutex_unlock(&writer->lock);
    return status;
}

static enum az_status check_frames(const struct az_recording_writer *writer, const int64_t *frames,
                                   struct az_error *error)
{
    for (size_t n = 0; n < writer->count; n++) {
        const struct az_recording_movie *movie = &writer->movies[n];
        if (frames[n] < 0 || frames[n] > movie->plan.frames)
            return az_error_raise(error, AZ_USAGE,
                                  "%s cannot end with %" PRId64 " frames of %" PRId64,
                                  movie->plan.name, frames[n], movie->plan.frames);
        for (int64_t frame = 0; frame < frames[n]; frame++)
            if (!atomic_load(&movie->written[frame]))
                return az_error_raise(error, AZ_USAGE, "frame %" PRId64 " of %s was never written",
                                      frame, movie->plan.name);
    }
    return AZ_OK;
}

static enum az_status shrink(struct az_recording_writer *writer, const int64_t *frames,
                             struct az_error *error)
{
    enum az_status status = AZ_OK;
    int64_t *dims = NULL;
    bool shorter = false;
    for (size_t n = 0; n < writer->count; n++) shorter |= frames[n] < writer->movies[n].plan.frames;
    if (!shorter) goto out;
    AZ_TRY(az_memory_allocate(&dims, writer->layout.count, sizeof *dims, "the shapes", error));
    az_recording_layout_shrink(&writer->layout, frames, dims);
    AZ_TRY(writer->container->shrink(writer->file, dims, error));
out:
    az_memory_free(dims);
    return status;
}

static int64_t last_step(const struct az_recording_writer *writer, const int64_t *frames)
{
    int64_t last = -1;
    for (size_t n = 0; n < writer->count; n++) {
        int64_t step =
            frames[n] ? az_recording_step_of(&writer->movies[n].plan, frames[n] - 1) : -1;
        if (step > last) last = step;
    }
    return last;
}

enum az_status az_recording_commit(struct az_recording_writer *writer, const int64_t *frames,
                                   struct az_error *error)
{
    enum az_status status = AZ_OK;
    stop_notes(writer);
    AZ_TRY(told_failure(writer, error));
    AZ_TRY(check_frames(writer, frames, error));
    AZ_TRY(shrink(writer, frames, error));
    /* The note names the end only when everything before it is on the disk. */
    AZ_TRY(writer->container->sync(writer->file, true, error));
    AZ_TRY(write_note(writer, last_step(writer, frames), error));
    struct az_container_file *file = writer->file;
    writer->file = NULL;
    AZ_TRY(writer->container->commit(file, error));
out:
    if (writer->file) writer->container->leave(writer->file);
    free_writer(writer);
    return status;
}

void az_recording_leave(struct az_recording_writer *writer)
{
    if (!writer) return;
    stop_notes(writer);
    if (writer->file && writer->failure.status == AZ_OK) note_progress(writer, true, NULL);
    if (writer->file) writer->container->leave(writer->file);
    free_writer(writer);
}

void az_recording_abort(struct az_recording_writer *writer)
{
    if (!writer) return;
    stop_notes(writer);
    if (writer->file) writer->container->abort(writer->file);
    free_writer(writer);
}
