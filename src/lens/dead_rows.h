/* dead_rows.h: which rows of a recorded matrix belong to dead tokens. */
#ifndef AZ_LENS_DEAD_ROWS_H
#define AZ_LENS_DEAD_ROWS_H

#include "azimuth/recording.h"

/* Sets kinds[row] = dead for each row of the tensor that is in dead_indices or dead_mask, of the
 * recording or else of live_dead_tokens.safetensors beside it; *count is how many, -1 where neither
 * is there. */
enum az_status az_dead_rows_mark(const struct az_recording *recording,
                                 const struct az_recorded *tensor, uint8_t *kinds, uint8_t dead,
                                 int64_t *count, struct az_error *error);

static inline int64_t az_recorded_token(const struct az_recorded *tensor, int64_t row)
{
    return tensor->token_ids ? tensor->token_ids[row] : row;
}

/* The row of a token, -1 where it was not recorded. */
int64_t az_recorded_row(const struct az_recorded *tensor, int64_t token);

#endif
