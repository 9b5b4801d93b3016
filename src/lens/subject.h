/* subject.h: the matrix and the frames that are looked at. */
#ifndef AZ_LENS_SUBJECT_H
#define AZ_LENS_SUBJECT_H

#include "lens/pass.h"

/* name: NULL is "W". AZ_MISSING, AZ_USAGE or AZ_UNSUPPORTED, with the reason, for what is not a
 * matrix of bf16 rows. */
enum az_status az_subject_matrix(const struct az_recording *recording, const char *name,
                                 const struct az_recorded **tensor, struct az_error *error);

/* Frames of first_step..last_step (0: to the end), every one; AZ_USAGE for fewer than `least`. */
enum az_status az_subject_frames(const struct az_recording *recording,
                                 const struct az_recorded *tensor, int64_t first_step,
                                 int64_t last_step, int64_t least, struct az_pass_plan *plan,
                                 struct az_error *error);

#endif
