/* What a recording has besides its frames: metadata, constants, room. */
#include <stdio.h>
#include <string.h>

#include "base/raise.h"
#include "store/recording_names.h"
#include "store/recording_state.h"

bool az_recording_metadata_at(const struct az_recording *recording, size_t index, const char **key,
                              const char **value)
{
    return recording->container->metadata_at(recording->file, index, key, value);
}

const char *az_recording_container(const struct az_recording *recording)
{
    static const char *const names[] = {
#define CONTAINER_NAME(id, name, meaning) [id] = name,
        AZ_CONTAINER_TABLE(CONTAINER_NAME)
#undef CONTAINER_NAME
    };
    return names[recording->container->kind];
}

int64_t az_recording_planned(const struct az_recording *recording, const struct az_recorded *tensor)
{
    return recording->movies[tensor - recording->tensors].planned;
}

/* True when the name is that of a movie with this suffix. */
static bool belongs_to_movie(const struct az_recording *recording, const char *name,
                             const char *suffix)
{
    char movie[AZ_TENSOR_NAME_BYTES];
    size_t length = strlen(name), ending = strlen(suffix);
    if (length < ending || strcmp(name + length - ending, suffix) != 0) return false;
    snprintf(movie, sizeof movie, "%.*s", (int)(length - ending), name);
    return az_recording_find(recording, movie) != NULL;
}

static bool is_constant(const struct az_recording *recording, const struct az_tensor *tensor)
{
    return !belongs_to_movie(recording, tensor->name, "") &&
           !belongs_to_movie(recording, tensor->name, AZ_RECORDING_STEPS_SUFFIX) &&
           !belongs_to_movie(recording, tensor->name, AZ_RECORDING_IDS_SUFFIX) &&
           !belongs_to_movie(recording, tensor->name, AZ_RECORDING_SUMS_SUFFIX);
}

const struct az_tensor *az_recording_constant_next(const struct az_recording *recording,
                                                   size_t *cursor)
{
    size_t count = recording->container->count(recording->file);
    while (*cursor < count) {
        const struct az_tensor *tensor = recording->container->at(recording->file, (*cursor)++);
        if (is_constant(recording, tensor)) return tensor;
    }
    return NULL;
}

enum az_status az_recording_read_constant(const struct az_recording *recording,
                                          const struct az_tensor *constant, void *bytes,
                                          struct az_error *error)
{
    static const int64_t origin[AZ_TENSOR_DIMS];
    enum az_status status = recording->container->read(recording->file, constant, origin,
                                                       constant->shape, bytes, error);
    if (status != AZ_OK) az_error_at(error, recording->path, -1, -1, -1);
    return status;
}
