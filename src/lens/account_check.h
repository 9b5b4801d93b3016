/* account_check.h: one arithmetic against the recording, a step at a time, on all threads. */
#ifndef AZ_LENS_ACCOUNT_CHECK_H
#define AZ_LENS_ACCOUNT_CHECK_H

#include "azimuth/pool.h"
#include "lens/account_frames.h"

struct az_account_check;

/* source and kernels are borrowed. */
enum az_status az_account_check_create(struct az_account_check **check,
                                       const struct az_account_source *source,
                                       const struct az_kernels *kernels, struct az_pool *pool,
                                       enum az_arithmetic arithmetic, struct az_error *error);
void az_account_check_free(struct az_account_check *check); /* NULL is allowed */

/* Applies the formula to `before` (NULL at the start) and the gradient of `now`, and compares with
 * `now`. Steps come in order without gaps; master and Kahan start at step 0. *first is filled with
 * the first difference of the formula in this step, or first->found is false. */
void az_account_check_step(struct az_account_check *check,
                           const struct az_account_step_frames *before,
                           const struct az_account_step_frames *now, struct az_account_step *step,
                           struct az_account_place *first);

/* Elements that take the kernel's other path. */
void az_account_find_tail(const struct az_account_check *check, struct az_account_tail *tail);

/* Compares the frames of a step with the sums that were written with them. Adds to *summed those
 * that have sums; returns how many of them are altered, the first of them in *first. */
int64_t az_account_check_sums(struct az_account_check *check,
                              const struct az_account_step_frames *now, int64_t *summed,
                              struct az_account_place *first);

#endif
