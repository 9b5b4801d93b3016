#include "store/frame_walk.h"

#include <string.h>

#include "base/memory.h"
#include "store/recording_names.h"

static bool is_taken(const struct az_frame_walk *walk, const struct az_recorded *tensor)
{
    for (size_t n = 0; n < walk->count; n++)
        if (walk->tensors[n] == tensor) return true;
    return false;
}

static void add(struct az_frame_walk *walk, const struct az_recorded *tensor)
{
    if (!tensor || is_taken(walk, tensor)) return;
    walk->tensors[walk->count++] = tensor;
    walk->total_bytes += (uint64_t)tensor->frames * tensor->frame_bytes;
}

static void add_listed(struct az_frame_walk *walk, const struct az_recording *recording,
                       const char *list)
{
    while (list && *list) {
        char name[AZ_TENSOR_NAME_BYTES];
        size_t length = strcspn(list, " ");
        if (length < sizeof name) {
            memcpy(name, list, length);
            name[length] = 0;
            add(walk, az_recording_find(recording, name));
        }
        list += length + (list[length] == ' ');
    }
}

enum az_status az_frame_walk_open(struct az_frame_walk *walk, const struct az_recording *recording,
                                  struct az_error *error)
{
    enum az_status status = AZ_OK;
    size_t count = az_recording_count(recording);
    *walk = (struct az_frame_walk){.step = -1};
    AZ_TRY(az_memory_allocate(&walk->tensors, count, sizeof(void *), "the list of tensors", error));
    AZ_TRY(az_memory_allocate(&walk->next, count, sizeof *walk->next, "the list of frames", error));
    add_listed(walk, recording, az_recording_text(recording, AZ_RECORDING_MOVIES_KEY));
    for (size_t n = 0; n < count; n++) add(walk, az_recording_at(recording, n));
    walk->at = walk->count;
out:
    return status;
}

void az_frame_walk_close(struct az_frame_walk *walk)
{
    az_memory_free(walk->tensors);
    az_memory_free(walk->next);
    *walk = (struct az_frame_walk){0};
}

void az_frame_walk_skip(struct az_frame_walk *walk, const struct az_recorded *tensor)
{
    for (size_t n = 0; n < walk->count; n++) {
        if (walk->tensors[n] != tensor || walk->next[n] == tensor->frames) continue;
        walk->next[n] = tensor->frames;
        walk->total_bytes -= (uint64_t)tensor->frames * tensor->frame_bytes;
    }
}

/* The least step that is still to come; false when there is none. */
static bool next_step(struct az_frame_walk *walk)
{
    int64_t least = INT64_MAX;
    for (size_t n = 0; n < walk->count; n++) {
        if (walk->next[n] >= walk->tensors[n]->frames) continue;
        int64_t step = az_recording_step_of(walk->tensors[n], walk->next[n]);
        if (step < least) least = step;
    }
    walk->step = least;
    walk->at = 0;
    return least < INT64_MAX;
}

static bool is_due(const struct az_frame_walk *walk, size_t n)
{
    return walk->next[n] < walk->tensors[n]->frames &&
           az_recording_step_of(walk->tensors[n], walk->next[n]) == walk->step;
}

bool az_frame_walk_next(struct az_frame_walk *walk, struct az_frame_place *place)
{
    for (;;) {
        while (walk->at < walk->count && !is_due(walk, walk->at)) walk->at++;
        if (walk->at < walk->count) break;
        if (!next_step(walk)) return false;
    }
    *place = (struct az_frame_place){walk->tensors[walk->at], walk->next[walk->at], walk->step};
    walk->next[walk->at++]++;
    return true;
}

size_t az_frame_walk_largest(const struct az_frame_walk *walk)
{
    size_t largest = 0;
    for (size_t n = 0; n < walk->count; n++)
        if (walk->tensors[n]->frame_bytes > largest)
            largest = (size_t)walk->tensors[n]->frame_bytes;
    return largest;
}
