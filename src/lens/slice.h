/* slice.h: what a selection takes of one tensor: some frames, some rows, some dimensions. */
#ifndef AZ_LENS_SLICE_H
#define AZ_LENS_SLICE_H

#include "azimuth/exchange.h"

struct az_slice {
    const struct az_recorded *tensor; /* of the recording */
    struct az_recorded out;           /* of the selection; steps and token_ids point below */
    int64_t *frames;                  /* [out.frames] numbers in the recording */
    int64_t *steps, *token_ids;       /* NULL where out needs none */
    int64_t *rows;                    /* [out.frame_shape[0]] within the box; NULL: all of it */
    int64_t begin[AZ_TENSOR_DIMS], size[AZ_TENSOR_DIMS]; /* the box that is read */
    size_t box_bytes;
};

/* AZ_USAGE when it takes nothing or what is not there. Free in any case. */
enum az_status az_slice_make(struct az_slice *slice, const struct az_recording *recording,
                             const struct az_recorded *tensor, const struct az_selection *selection,
                             struct az_error *error);
void az_slice_free(struct az_slice *slice);

/* Frame number n of the selection into bytes [out.frame_bytes]; box: scratch of box_bytes. */
enum az_status az_slice_read(const struct az_slice *slice, const struct az_recording *recording,
                             int64_t n, unsigned char *box, unsigned char *bytes,
                             struct az_error *error);

/* True when everything of the tensor is taken. */
bool az_slice_is_whole(const struct az_slice *slice);

#endif
