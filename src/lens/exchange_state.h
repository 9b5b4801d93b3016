/* exchange_state.h: the slices of a selection, and their frames one after another. */
#ifndef AZ_LENS_EXCHANGE_STATE_H
#define AZ_LENS_EXCHANGE_STATE_H

#include "lens/slice.h"
#include "store/frame_walk.h"

/* A frame of a slice in memory. */
struct az_exchange_frame {
    size_t slice;  /* SIZE_MAX: there is none */
    int64_t frame; /* number in the selection */
    unsigned char *bytes;
    enum az_status status;
    struct az_error error;
};

struct az_exchange {
    const struct az_recording *recording;
    struct az_slice *slices; /* in the order of the fingerprint */
    size_t count;
    int64_t *next; /* frame of each slice that comes next */
    unsigned char *box;
    uint64_t total_bytes;
    int64_t total_frames;
    bool whole;                         /* everything is taken */
    struct az_exchange_frame frames[2]; /* the one at hand, the one that is read meanwhile */
};

/* AZ_USAGE: a tensor that is not there, an empty selection. Free in any case. */
enum az_status az_exchange_open(struct az_exchange *exchange, const struct az_recording *recording,
                                const struct az_selection *selection, struct az_error *error);
void az_exchange_close(struct az_exchange *exchange);

/* AZ_USAGE when writing PATH.part would destroy the recording that is read. */
enum az_status az_exchange_check_path(const struct az_recording *recording, const char *path,
                                      struct az_error *error);

/* Reads the next frame, in order of step and then of slice; its status is kept in it. */
void az_exchange_read(struct az_exchange *exchange, struct az_exchange_frame *frame);

#endif
