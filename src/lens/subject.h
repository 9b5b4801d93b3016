/* subject.h: the matrix and the frames that are looked at. */
#ifndef AZ_LENS_SUBJECT_H
#define AZ_LENS_SUBJECT_H

#include "azimuth/lens.h"
#include "lens/pass.h"
#include "lens/token_sets.h"

/* name: NULL is "W". AZ_MISSING, AZ_USAGE or AZ_UNSUPPORTED, with the reason, for what is not a
 * matrix of bf16 rows. */
enum az_status az_subject_matrix(const struct az_recording *recording, const char *name,
                                 const struct az_recorded **tensor, struct az_error *error);

/* Frames of first_step..last_step (0: to the end), every one; AZ_USAGE for fewer than `least`. */
enum az_status az_subject_frames(const struct az_recording *recording,
                                 const struct az_recorded *tensor, int64_t first_step,
                                 int64_t last_step, int64_t least, struct az_pass_plan *plan,
                                 struct az_error *error);

/* Fills in all that is known of matrix and rows, but not the steps. rows: [sets->rows] of the
 * tensor; NULL: all of it. Free with az_subject_free, also the steps, in any case. */
enum az_status az_subject_describe(struct az_lens_subject *subject,
                                   const struct az_recorded *tensor,
                                   const struct az_token_sets *sets, const int64_t *rows,
                                   struct az_error *error);
void az_subject_free(struct az_lens_subject *subject);

#endif
