/* account_source.h: what accounting takes from a recording: the four tensors of one matrix, the
 * hyperparameters of every step, the rows that are dead and live. */
#ifndef AZ_LENS_ACCOUNT_SOURCE_H
#define AZ_LENS_ACCOUNT_SOURCE_H

#include "azimuth/account.h"

enum az_account_row { AZ_ACCOUNT_ROW_DEAD, AZ_ACCOUNT_ROW_LIVE, AZ_ACCOUNT_ROW_KINDS };

struct az_account_source {
    struct az_recording *recording;
    const struct az_recorded *tensors[AZ_ACCOUNT_INPUTS];
    const char *names[AZ_ACCOUNT_INPUTS]; /* static */
    size_t element_bytes[AZ_ACCOUNT_INPUTS];
    int64_t last_step, rows, dims, vocabulary; /* vocabulary: -1 where it is not known */
    const int64_t *token_ids;                  /* [rows] or NULL: all */
    const char *const *assignments;            /* borrowed */
    int64_t dead;                              /* -1: not known, then every row counts as live */
    uint8_t *kinds;                            /* [rows] enum az_account_row */
    bool upcast;                               /* moments in float32 that hold bf16 values */

    struct az_adamw adamw; /* without arithmetic, step, lr, gradient_scale */
    uint64_t first_index;  /* of the matrix in the flat parameter vector */
    double *rates;         /* [last_step + 1]; NaN: not recorded */
    float *clips;          /* [last_step + 1]; NaN: not recorded */
};

/* matrix: "W" or "U". assignments: as in account.h. AZ_MISSING names all tensors and
 * hyperparameters that are not there. */
enum az_status az_account_source_open(struct az_account_source *source, const char *path,
                                      const char *matrix, const char *const *assignments,
                                      struct az_error *error);
void az_account_source_close(struct az_account_source *source);

/* The name of the other matrix when the recording has what accounting for it needs, else NULL. */
const char *az_account_source_other(const struct az_account_source *source);

/* True when the moments of this arithmetic can be what was recorded. */
bool az_account_source_fits(const struct az_account_source *source, enum az_arithmetic arithmetic);

static inline int64_t az_account_token(const struct az_account_source *source, int64_t row)
{
    return source->token_ids ? source->token_ids[row] : row;
}

#endif
