/* exchange.h: parts of a recording, or all of it, in other files.
 *
 * What is written is bit for bit what was recorded. Two frames are in memory at a time, and
 * for csv the text of one. */
#ifndef AZIMUTH_EXCHANGE_H
#define AZIMUTH_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "azimuth/experiment.h"
#include "azimuth/hash.h"
#include "azimuth/progress.h"
#include "azimuth/recording.h"
#include "azimuth/status.h"

/* Which frames, and what of each. Zeroed: everything. */
struct az_selection {
    const char *const *tensors;   /* names, ended by NULL; NULL: all */
    int64_t first_step, end_step; /* end_step is not in it; 0: to the end */
    int64_t every;                /* first_step, first_step + every, ...; 0: 1 */
    /* NULL: all; "dead", "live"; token ids and ranges, "3,5,100:110" (its end is not in it); or a
     * file of token ids or masks, as az_token_sets takes. For tensors whose frames are rows of
     * tokens; the others keep all they have. */
    const char *rows;
    int64_t first_dim, dims; /* of the last dimension of a frame; dims 0: to its end */
    int threads;
};

struct az_exchange_result {
    int64_t frames;
    uint64_t bytes; /* of the frames that were written */
    struct az_hash fingerprint;
};

/* A recording of the selection, in the given container, with steps, tokens, sums, fingerprint, all
 * constants and all metadata. compression is for HDF5. path: PATH.part until it is
 * complete. AZ_USAGE: the selection is empty or names what is not there. AZ_FORMAT: a frame is not
 * as it was written, by its sums; or, where everything is copied, the fingerprint is another. */
AZ_API enum az_status az_exchange_copy(const struct az_recording *recording,
                                       const struct az_selection *selection, const char *path,
                                       enum az_container container, enum az_compression compression,
                                       struct az_exchange_result *result,
                                       struct az_progress *progress, struct az_error *error);

/* One tensor as one array [frames][...]: .npy, or .csv with a line for each row of each frame. BF16
 * becomes float32, which is exact; with bits, numbers are written as the unsigned integers of their
 * bits. The tensor may also be a constant (dead_indices). */
enum az_exchange_form { AZ_EXCHANGE_NPY, AZ_EXCHANGE_CSV };

AZ_API enum az_status az_exchange_array(const struct az_recording *recording,
                                        const struct az_selection *selection, const char *path,
                                        enum az_exchange_form form, bool bits,
                                        struct az_exchange_result *result,
                                        struct az_progress *progress, struct az_error *error);

#endif
