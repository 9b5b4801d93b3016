/* Following a recording while it grows: what is there now takes the place of what was known. */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "store/file.h"
#include "store/recording_state.h"

/* The writer turns the file to more frames while it is being read: what is read between two writes
 * does not hold together, and is read again. */
enum { ATTEMPTS = 5, PAUSE_NS = 20000000 };

static bool same_movies(const struct az_recording *a, const struct az_recording *b)
{
    bool same = a->count == b->count;
    for (size_t n = 0; same && n < a->count; n++) {
        const struct az_recorded *one = &a->tensors[n], *other = &b->tensors[n];
        same = strcmp(one->name, other->name) == 0 && one->dtype == other->dtype &&
               one->frame_rank == other->frame_rank &&
               memcmp(one->frame_shape, other->frame_shape, sizeof one->frame_shape) == 0;
    }
    return same;
}

/* A finished recording has lost its .part. */
static enum az_status open_again(struct az_recording **now, const char *path,
                                 struct az_error *error)
{
    enum az_status status = AZ_OK;
    char *name = NULL;
    size_t length = strlen(path), part = strlen(".part");
    bool finished =
        length > part && strcmp(path + length - part, ".part") == 0 && !az_file_exists(path);
    AZ_TRY(az_memory_copy_string(&name, path, error));
    if (finished) name[length - part] = 0;
    status = az_recording_open(now, name, error);
out:
    az_memory_free(name);
    return status;
}

/* The list of tensors stays where it is: its readers hold pointers into it. */
static void take_over(struct az_recording *recording, struct az_recording *now)
{
    struct az_recording old = *recording;
    memcpy(old.tensors, now->tensors, now->count * sizeof *now->tensors);
    *recording = *now;
    recording->tensors = old.tensors;
    old.tensors = now->tensors;
    *now = old;
}

enum az_status az_recording_refresh(struct az_recording *recording, struct az_error *error)
{
    enum az_status status = AZ_FORMAT;
    struct az_recording *now = NULL;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    for (int n = 0; n < ATTEMPTS && (status == AZ_FORMAT || status == AZ_MISSING); n++) {
        if (n) nanosleep(&pause, NULL);
        if (error) az_error_clear(error);
        status = open_again(&now, recording->path, error);
    }
    if (status != AZ_OK) return status;
    if (same_movies(recording, now)) {
        take_over(recording, now);
    } else {
        status = az_error_raise(error, AZ_FORMAT,
                                "is another recording now: it has other tensors than before");
        az_error_at(error, recording->path, -1, -1, -1);
    }
    az_recording_close(now);
    return status;
}
