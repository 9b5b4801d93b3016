/* verify.h: are the frames of a recording those that were written?
 *
 * Every frame is read and compared with the two sums that were written with it (docs/formats.md,
 * NAME.sums), and all of them with the fingerprint of the metadata. The container's structure is
 * checked when it is opened; lists of steps and tokens are held against the cadences and sets that
 * they come from. What has neither sums nor fingerprint is read and no more. */
#ifndef AZIMUTH_VERIFY_H
#define AZIMUTH_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/status.h"

/* A frame that is not as it was written. */
struct az_verify_place {
    const struct az_recorded *tensor; /* NULL: none */
    int64_t frame, step;
    bool unreadable; /* the container could not give it; `reason` says why */
    char reason[256];
    int64_t element;    /* of the frame, when a single bit flipped in it; else -1 */
    int bit;            /* of the element, 0 the lowest */
    int64_t token, dim; /* of that element where frames have rows; else -1 */
};

struct az_verify_tensor {
    const struct az_recorded *tensor;
    int64_t frames, summed, bad; /* read; those of them that have sums; those not as written */
};

enum az_verify_fingerprint {
    AZ_FINGERPRINT_NONE, /* there is none, or the recording is unfinished */
    AZ_FINGERPRINT_EQUAL,
    AZ_FINGERPRINT_OTHER
};

struct az_verify_result {
    int64_t frames, summed, bad;
    uint64_t bytes;
    enum az_verify_fingerprint fingerprint;
    struct az_verify_place first;
    char
        lists[256]; /* which list of steps or tokens is not what the rest of the file says, or "" */
};

struct az_verify_options {
    int threads;
    /* Called for each tensor at the end; may be NULL. */
    void (*tensor)(void *context, const struct az_verify_tensor *tensor);
    void *context;
};

/* Memory: two frames. AZ_DIFFERENCE when a frame, a list or the fingerprint is not as written
 * (result is complete then). AZ_INTERRUPTED when progress was asked to stop. */
AZ_API enum az_status az_verify(const struct az_recording *recording,
                                const struct az_verify_options *options,
                                struct az_verify_result *result, struct az_progress *progress,
                                struct az_error *error);

#endif
