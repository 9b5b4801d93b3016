/* account_frames.h: the frames of the steps of a recording, one step after the other, read ahead by
 * a thread of their own while the last ones are being looked at. */
#ifndef AZ_LENS_ACCOUNT_FRAMES_H
#define AZ_LENS_ACCOUNT_FRAMES_H

#include "lens/account_source.h"

/* What was recorded of one step. */
struct az_account_step_frames {
    int64_t step;
    int64_t frames[AZ_ACCOUNT_INPUTS]; /* number of the frame, -1: there is none */
    unsigned char *bytes[AZ_ACCOUNT_INPUTS];
};

/* Bytes that may be read beyond a frame. */
#define AZ_ACCOUNT_SLACK_BYTES 64

struct az_account_frames;

/* Steps first..last, of which the first serves as the start of the second. */
enum az_status az_account_frames_open(struct az_account_frames **frames,
                                      const struct az_account_source *source, int64_t first,
                                      int64_t last, struct az_error *error);
/* The next step in *now and the one before in *before (NULL for the first); valid until the next
 * call. */
enum az_status az_account_frames_next(struct az_account_frames *frames,
                                      const struct az_account_step_frames **before,
                                      const struct az_account_step_frames **now,
                                      struct az_error *error);
void az_account_frames_close(struct az_account_frames *frames); /* NULL is allowed */

#endif
