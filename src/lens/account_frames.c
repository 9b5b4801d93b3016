#include "lens/account_frames.h"

#include <pthread.h>

#include "base/memory.h"

#define SLOTS 3 /* the step before, the step, the one that is read */

struct az_account_frames {
    const struct az_account_source *source;
    int64_t first, last;
    struct az_account_step_frames slots[SLOTS];

    pthread_mutex_t lock; /* of all that follows */
    pthread_cond_t changed;
    pthread_t thread;
    bool thread_runs, ending;
    int64_t filled; /* steps below this are read */
    int64_t wanted; /* steps below this may be read */
    enum az_status status;
    struct az_error error; /* of the thread */
    int64_t next;          /* step that the caller gets next */
};

static struct az_account_step_frames *slot_of(struct az_account_frames *frames, int64_t step)
{
    return &frames->slots[(step - frames->first) % SLOTS];
}

static enum az_status read_step(struct az_account_frames *frames, int64_t step,
                                struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_step_frames *slot = slot_of(frames, step);
    slot->step = step;
    for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) {
        const struct az_recorded *tensor = frames->source->tensors[n];
        slot->frames[n] = az_recording_frame_of(tensor, step);
        if (slot->frames[n] < 0) continue;
        AZ_TRY(az_recording_read(frames->source->recording, tensor, slot->frames[n], 1,
                                 slot->bytes[n], error));
    }
out:
    return status;
}

static void *read_ahead(void *context)
{
    struct az_account_frames *frames = context;
    struct az_error error;
    az_error_clear(&error);
    pthread_mutex_lock(&frames->lock);
    while (!frames->ending && frames->status == AZ_OK && frames->filled <= frames->last) {
        if (frames->filled >= frames->wanted) {
            pthread_cond_wait(&frames->changed, &frames->lock);
            continue;
        }
        int64_t step = frames->filled;
        pthread_mutex_unlock(&frames->lock);
        enum az_status status = read_step(frames, step, &error);
        pthread_mutex_lock(&frames->lock);
        frames->status = status;
        frames->error = error;
        if (status == AZ_OK) frames->filled++;
        pthread_cond_broadcast(&frames->changed);
    }
    pthread_mutex_unlock(&frames->lock);
    return NULL;
}

enum az_status az_account_frames_open(struct az_account_frames **frames_pointer,
                                      const struct az_account_source *source, int64_t first,
                                      int64_t last, struct az_error *error)
{
    enum az_status status = AZ_OK;
    struct az_account_frames *frames;
    *frames_pointer = NULL;
    AZ_TRY(az_memory_allocate(&frames, 1, sizeof *frames, "the frames", error));
    pthread_mutex_init(&frames->lock, NULL);
    pthread_cond_init(&frames->changed, NULL);
    frames->source = source;
    frames->first = frames->filled = frames->next = first;
    frames->last = last;
    frames->wanted = first + 1;
    for (int slot = 0; slot < SLOTS; slot++)
        for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++)
            AZ_TRY(
                az_memory_allocate(&frames->slots[slot].bytes[n],
                                   (size_t)source->tensors[n]->frame_bytes + AZ_ACCOUNT_SLACK_BYTES,
                                   1, "three frames of each tensor", error));
    int code = pthread_create(&frames->thread, NULL, read_ahead, frames);
    if (code) {
        status = az_error_system(error, code, "cannot start the thread that reads ahead");
        goto out;
    }
    frames->thread_runs = true;
    *frames_pointer = frames;
out:
    if (status != AZ_OK) az_account_frames_close(frames);
    return status;
}

enum az_status az_account_frames_next(struct az_account_frames *frames,
                                      const struct az_account_step_frames **before,
                                      const struct az_account_step_frames **now,
                                      struct az_error *error)
{
    int64_t step = frames->next++;
    pthread_mutex_lock(&frames->lock);
    frames->wanted = step + 2; /* into the slot of the step before the one before */
    pthread_cond_broadcast(&frames->changed);
    while (frames->filled <= step && frames->status == AZ_OK)
        pthread_cond_wait(&frames->changed, &frames->lock);
    enum az_status status = frames->filled > step ? AZ_OK : frames->status;
    if (status != AZ_OK && error) *error = frames->error;
    pthread_mutex_unlock(&frames->lock);
    *before = step > frames->first ? slot_of(frames, step - 1) : NULL;
    *now = slot_of(frames, step);
    return status;
}

void az_account_frames_close(struct az_account_frames *frames)
{
    if (!frames) return;
    pthread_mutex_lock(&frames->lock);
    frames->ending = true;
    pthread_cond_broadcast(&frames->changed);
    pthread_mutex_unlock(&frames->lock);
    if (frames->thread_runs) pthread_join(frames->thread, NULL);
    for (int slot = 0; slot < SLOTS; slot++)
        for (int n = 0; n < AZ_ACCOUNT_INPUTS; n++) az_memory_free(frames->slots[slot].bytes[n]);
    pthread_mutex_destroy(&frames->lock);
    pthread_cond_destroy(&frames->changed);
    az_memory_free(frames);
}
