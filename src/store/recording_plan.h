/* recording_plan.h: the tensors and metadata of a recording's file, from its plan. */
#ifndef AZ_STORE_RECORDING_PLAN_H
#define AZ_STORE_RECORDING_PLAN_H

#include <stddef.h>
#include <stdint.h>

#include "azimuth/recording.h"
#include "store/container.h"

struct az_recording_layout {
    const struct az_container_functions *container;
    size_t movie_count;
    struct az_tensor *tensors; /* the plan's tensors in order, their companions, the constants */
    size_t count;
    size_t *movie_of;      /* [count] for NAME.steps and NAME.sums their movie, else SIZE_MAX */
    size_t *sums_of;       /* [movie_count] NAME.sums of the movie, else SIZE_MAX */
    const char **metadata; /* pairs ended by NULL; strings of the plan and of the text below */
    char *movies_text;
    int64_t *made_steps; /* numbers of the steps that the plan left to be counted */
};

/* Checks the plan: AZ_USAGE with the tensor that is wrong. Borrows from the plan until the file is
 * created. Free in any case. */
enum az_status az_recording_layout(struct az_recording_layout *layout,
                                   const struct az_recording_plan *plan, struct az_error *error);
void az_recording_layout_free(struct az_recording_layout *layout);

uint64_t az_recording_layout_frame_bytes(const struct az_recording_layout *layout, size_t movie);

/* dims[count]: the leading dimensions when the movies have frames[movie_count] frames. */
void az_recording_layout_shrink(const struct az_recording_layout *layout, const int64_t *frames,
                                int64_t *dims);

#endif
