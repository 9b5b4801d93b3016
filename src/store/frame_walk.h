/* frame_walk.h: every frame of a recording in the order of its fingerprint: of step, then of
 * tensor as `movies` of the metadata lists them (where it does not: as the file does). */
#ifndef AZ_STORE_FRAME_WALK_H
#define AZ_STORE_FRAME_WALK_H

#include <stdbool.h>

#include "azimuth/recording.h"

struct az_frame_place {
    const struct az_recorded *tensor;
    int64_t frame, step;
};

struct az_frame_walk {
    const struct az_recorded **tensors; /* in order */
    int64_t *next;                      /* frame of each */
    size_t count, at;
    int64_t step; /* of the frames that are being given */
    uint64_t total_bytes;
};

/* The recording is borrowed. Free in any case. */
enum az_status az_frame_walk_open(struct az_frame_walk *walk, const struct az_recording *recording,
                                  struct az_error *error);
void az_frame_walk_close(struct az_frame_walk *walk);
/* Leaves a tensor out; before the first frame. */
void az_frame_walk_skip(struct az_frame_walk *walk, const struct az_recorded *tensor);
/* False at the end. */
bool az_frame_walk_next(struct az_frame_walk *walk, struct az_frame_place *place);
/* Bytes of the largest frame. */
size_t az_frame_walk_largest(const struct az_frame_walk *walk);

#endif
