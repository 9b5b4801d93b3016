/* recording_state.h: a recording that is open for reading, for the parts of its reader. */
#ifndef AZ_STORE_RECORDING_STATE_H
#define AZ_STORE_RECORDING_STATE_H

#include "azimuth/recording.h"
#include "store/container.h"

/* A tensor with frames: what it is, where its bytes are. steps and token_ids are owned here. */
struct az_recording_movie {
    const struct az_tensor *source;
    int64_t *steps, *token_ids;
    struct az_frame_sums *sums; /* [sum_count], NULL: none */
    int64_t sum_count;
    int64_t planned; /* frames that have room; as many are whole, unless the run was cut short */
};

struct az_recording {
    char *path;
    const struct az_container_functions *container;
    struct az_container_file *file;
    struct az_recorded *tensors;
    struct az_recording_movie *movies; /* beside tensors */
    size_t count;
    bool cut_short;
    int64_t through_step; /* of the note; INT64_MAX: there is none */
};

#endif
